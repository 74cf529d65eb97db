/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs of steps for the tests of transforms.
 */
#ifndef TESTS_STEPS_FIXTURE_H
#define TESTS_STEPS_FIXTURE_H

#include <afferent/rules.h>

#include "rules_fixture.h"

static inline struct aff_path path(const char *text)
{
	struct aff_path p;
	ck_assert_int_eq(aff_path_parse(&p, aff_view_of(text), NULL), 0);
	return p;
}

static inline struct aff_rules *program(void)
{
	struct aff_rules *r = NULL;
	ck_assert_int_eq(aff_rules_new(&r), 0);
	return r;
}

/* Adds a step; `for_each` ("PID-3") and `when` may be NULL. Lines are counted from 10. */
static inline void add_step(struct aff_rules *r, struct aff_step s, const char *for_each, const char *when)
{
	struct aff_diag diag = {0};
	s.line = (unsigned)aff_rules_steps(r) + 10;
	if (for_each) {
		struct aff_path p = path(for_each);
		memcpy(s.for_each, p.segment, 4);
		s.for_field = p.field;
	}
	s.when = when ? condition(when) : NULL;
	ck_assert_msg(aff_rules_add(r, &s, &diag) == 0, "%s", diag.text);
}

/* What a step that cannot be run is refused with. */
static inline struct aff_diag refused(struct aff_step s, const char *for_each)
{
	struct aff_diag diag = {0};
	struct aff_rules *r = program();
	if (for_each) {
		struct aff_path p = path(for_each);
		memcpy(s.for_each, p.segment, 4);
		s.for_field = p.field;
	}
	int rc = aff_rules_add(r, &s, &diag);
	ck_assert_int_ne(rc, 0);
	ck_assert_int_eq(rc, diag.code);
	ck_assert_str_ne(diag.text, "");
	ck_assert_uint_eq(aff_rules_steps(r), 0);
	aff_rules_free(r);
	return diag;
}

/* Runs the program over MSH and the segments and compares what comes out behind the MSH; frees the program. */
static inline struct aff_rules_result run(struct aff_rules *r, const char *segments, const char *wanted,
                                          struct aff_diag *diag)
{
	struct fixture f;
	struct aff_rules_result result;
	char text[4096];
	snprintf(text, sizeof text, "%s%s", MSH, segments);
	fixture_open(&f, text);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, diag), 0);
	if (wanted) {
		ck_assert_str_eq(fixture_text(&f) + strlen(MSH), wanted);
		ck_assert_int_eq(result.verdict, AFF_VERDICT_PASS);
	}
	fixture_close(&f);
	aff_rules_free(r);
	return result;
}

/* A program of one step. */
static inline struct aff_rules_result run_step(struct aff_step s, const char *for_each, const char *when,
                                               const char *segments, const char *wanted)
{
	struct aff_rules *r = program();
	add_step(r, s, for_each, when);
	return run(r, segments, wanted, NULL);
}

#endif
