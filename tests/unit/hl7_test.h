/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of src/hl7 share: running a list of tests, comparing views.
 */
#ifndef HL7_TEST_H
#define HL7_TEST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include <afferent/msg.h>

#include "run_suite.h"

/* Runs the tests as one suite; the exit code of main. */
static inline int run_tests(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *all = tcase_create(name);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(all, tests[i]);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}

#define RUN_TESTS(name, tests) run_tests(name, tests, sizeof(tests) / sizeof((tests)[0]))

#define ck_view(view, text)                                                                                    \
	do {                                                                                                   \
		struct aff_view got_ = (view);                                                                 \
		ck_assert_msg(aff_view_is(got_, text), "%s is \"%.*s\", not \"%s\"", #view, (int)got_.n, got_.p, \
		              text);                                                                           \
	} while (0)

/* A copy of the bytes in memory of exactly that size, so that a sanitizer sees the first byte read beyond. */
static inline char *exact_copy(const char *bytes, size_t n)
{
	char *p = malloc(n ? n : 1);
	ck_assert_ptr_nonnull(p);
	memcpy(p, bytes, n);
	return p;
}

/* A parsed message; its bytes are text itself. */
static inline struct aff_msg *parsed(const char *text)
{
	struct aff_msg *m;
	struct aff_diag diag = {0};
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	int error = aff_msg_parse(m, text, strlen(text), 0, &diag);
	ck_assert_msg(error == 0, "%s: %s", aff_error_name(error), diag.text);
	return m;
}

#endif
