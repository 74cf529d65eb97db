/* SPDX-License-Identifier: Apache-2.0
 *
 * MSH-1 and MSH-2, HL7 v2 section 2.5.4. Any single byte can be a delimiter as long as it cannot be part of a word or
 * of a terminator and no two are the same. A blank is what a delimiter in a text becomes where there is no escape
 * character, so it is none itself.
 */
#include "hl7/delims.h"

#include <afferent/build.h>

static bool is_usable(char c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	bool digit = c >= '0' && c <= '9';
	return c != '\0' && c != '\r' && c != '\n' && c != ' ' && !letter && !digit;
}

/* The usual delimiters beside any field separator: whichever equals it gives way to '|', which is then free. */
static struct aff_delims usual_beside(char field)
{
	struct aff_delims d = aff_delims_default;
	char *others[] = {&d.component, &d.repetition, &d.escape, &d.subcomponent};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (*others[i] == field)
			*others[i] = d.field;
	}
	d.field = field;
	return d;
}

static int fail(struct aff_delims *out, char field, unsigned number, const char *what, struct aff_diag *diag)
{
	*out = usual_beside(field);
	aff_diag_set(diag, AFF_EDELIMITER, "%s", what);
	aff_diag_at(diag, "MSH", 1, number);
	aff_diag_hint(diag, "a message begins with MSH|^~\\&| or other single, distinct characters");
	return AFF_EDELIMITER;
}

int delims_read(struct aff_delims *out, struct aff_view msh, unsigned lenient, struct aff_diag *diag)
{
	memset(out, 0, sizeof *out);
	if (msh.n < 4 || !is_usable(msh.p[3])) {
		int error = fail(out, 0, 1, "MSH-1 is not a usable field separator", diag);
		memset(out, 0, sizeof *out);
		return error;
	}
	struct aff_delims d = {msh.p[3], 0, 0, 0, 0, 0};
	char *others[] = {&d.component, &d.repetition, &d.escape, &d.subcomponent, &d.truncation};
	const char *p = msh.p + 4, *end = memchr(p, d.field, msh.n - 4);
	size_t n = end ? (size_t)(end - p) : msh.n - 4;
	if (n == 0)
		return fail(out, d.field, 2, "MSH-2 is empty", diag);
	bool twice = (lenient & AFF_LENIENT_ENCODING) && n >= 5 && p[2] == p[3];
	if (n - twice > sizeof others / sizeof others[0])
		return fail(out, d.field, 2, "MSH-2 has more than five characters", diag);
	for (size_t i = 0; i < n; i++) {
		if (twice && i == 3)
			continue;
		if (!is_usable(p[i]))
			return fail(out, d.field, 2, "MSH-2 holds a letter, a digit, a blank or a line end", diag);
		if (memchr(p, p[i], i))
			return fail(out, d.field, 2, "MSH-2 holds a character twice", diag);
		*others[i - (twice && i > 3)] = p[i];
	}
	*out = d;
	return 0;
}
