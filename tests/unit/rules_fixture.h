/* SPDX-License-Identifier: Apache-2.0
 *
 * A message under edit, for the tests of conditions and transforms. Segments are written with \n for readability.
 */
#ifndef TESTS_RULES_FIXTURE_H
#define TESTS_RULES_FIXTURE_H

#include <afferent/edit.h>
#include <afferent/expr.h>

#include "hl7_test.h"

#define MSH "MSH|^~\\&|MON^0011^EUI-64|HOSP|EHR|HOSP|20250115103000+0000||ORU^R01^ORU_R01|A1|P|2.6\n"

struct fixture {
	char *bytes;
	struct aff_msg *msg;
	struct aff_edit *edit;
	struct aff_buf written;
};

static inline void fixture_open(struct fixture *f, const char *text)
{
	size_t n = strlen(text);
	f->bytes = malloc(n + 1);
	ck_assert_ptr_nonnull(f->bytes);
	memcpy(f->bytes, text, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (f->bytes[i] == '\n')
			f->bytes[i] = '\r';
	}
	ck_assert_int_eq(aff_msg_new(&f->msg, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&f->edit, 1 << 20), 0);
	ck_assert_int_eq(aff_msg_parse(f->msg, f->bytes, n, 0, NULL), 0);
	ck_assert_int_eq(aff_edit_begin(f->edit, f->msg), 0);
	aff_buf_init(&f->written, 1 << 20);
}

static inline void fixture_close(struct fixture *f)
{
	aff_buf_free(&f->written);
	aff_edit_free(f->edit);
	aff_msg_free(f->msg);
	free(f->bytes);
}

/* The edited message, with \n after each segment. */
static inline const char *fixture_text(struct fixture *f)
{
	aff_buf_clear(&f->written);
	aff_edit_write(f->edit, &f->written);
	aff_buf_put_char(&f->written, '\0');
	ck_assert_int_eq(f->written.error, 0);
	for (size_t i = 0; i < f->written.n; i++) {
		if (f->written.p[i] == '\r')
			f->written.p[i] = '\n';
	}
	return f->written.p;
}

static inline struct aff_expr *condition(const char *text)
{
	struct aff_expr *x = NULL;
	struct aff_diag diag = {0};
	ck_assert_msg(aff_expr_compile(&x, aff_view_of(text), &diag) == 0, "%s: %s", text, diag.text);
	return x;
}

#endif
