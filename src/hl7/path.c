/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths: reading, writing, following them.
 */
#include <afferent/path.h>

#include <stdio.h>

#include "hl7/index.h"

/* Far above anything a message can hold, and short enough for a path to be written in 48 bytes. */
#define NUMBER_MAX 99999

struct cursor {
	const char *p, *end, *start;
	struct aff_diag *diag;
};

static int fail(const struct cursor *c, const char *what)
{
	unsigned column = (unsigned)(c->p - c->start) + 1;
	aff_diag_set(c->diag, AFF_ESYNTAX, "%s at character %u of the path", what, column);
	aff_diag_hint(c->diag, "paths look like PID-5.1, OBX[3]-5, PID-3[2].4.1");
	aff_diag_in(c->diag, "", 0, column);
	return AFF_ESYNTAX;
}

static int read_number(struct cursor *c, unsigned *out)
{
	unsigned value = 0;
	const char *start = c->p;
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
		value = value * 10 + (unsigned)(*c->p - '0');
		if (value > NUMBER_MAX)
			return fail(c, "number too large");
	}
	if (c->p == start || value == 0) {
		c->p = start;
		return fail(c, "expected a number from 1");
	}
	*out = value;
	return 0;
}

/* "[2]", if it is there. */
static int read_bracket(struct cursor *c, unsigned *out)
{
	if (c->p == c->end || *c->p != '[')
		return 0;
	c->p++;
	int error = read_number(c, out);
	if (error)
		return error;
	if (c->p == c->end || *c->p != ']')
		return fail(c, "expected ]");
	c->p++;
	return 0;
}

/* "-5" or ".5"; at the end of the text *out stays 0. */
static int read_part(struct cursor *c, unsigned *out)
{
	if (c->p == c->end)
		return 0;
	if (*c->p != '-' && *c->p != '.')
		return fail(c, "expected - or .");
	c->p++;
	return read_number(c, out);
}

int aff_path_parse(struct aff_path *out, struct aff_view text, struct aff_diag *diag)
{
	struct cursor c = {text.p, text.p + text.n, text.p, diag};
	struct aff_path path = {0};
	if (text.n < 3 || !index_is_id(text.p, 3))
		return fail(&c, "expected a segment id, three characters, upper case,");
	memcpy(path.segment, text.p, 3);
	c.p += 3;
	int error = read_bracket(&c, &path.occurrence);
	if (!error)
		error = read_part(&c, &path.field);
	if (!error && path.field)
		error = read_bracket(&c, &path.repetition);
	if (!error && path.field)
		error = read_part(&c, &path.component);
	if (!error && path.component)
		error = read_part(&c, &path.subcomponent);
	if (!error && c.p < c.end)
		error = fail(&c, "unexpected text");
	if (!error)
		*out = path;
	return error;
}

/* Appends "<before>number<after>" when there is a number. */
static void append(char *buf, size_t size, const char *before, unsigned number, const char *after)
{
	size_t n = strlen(buf);
	if (number)
		snprintf(buf + n, size - n, "%s%u%s", before, number, after);
}

const char *aff_path_format(const struct aff_path *path, char *buf, size_t size)
{
	if (!size)
		return buf;
	snprintf(buf, size, "%.3s", path->segment);
	append(buf, size, "[", path->occurrence, "]");
	append(buf, size, "-", path->field, "");
	if (path->field) {
		append(buf, size, "[", path->repetition, "]");
		append(buf, size, ".", path->component, "");
	}
	if (path->field && path->component)
		append(buf, size, ".", path->subcomponent, "");
	return buf;
}

struct aff_view aff_path_get(const struct aff_msg *m, const struct aff_path *path)
{
	unsigned segment = aff_msg_nth(m, path->segment, path->occurrence ? path->occurrence : 1);
	if (segment == AFF_NONE)
		return aff_view("", 0);
	if (!path->field)
		return aff_msg_segment(m, segment);
	return aff_msg_get(m, segment, path->field, path->repetition, path->component, path->subcomponent);
}
