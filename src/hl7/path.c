/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths: reading, writing, following them.
 */
#include <afferent/path.h>

#include <stdio.h>

#include "base/nearest.h"
#include "hl7/group.h"
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

static int unknown_group(const struct cursor *c, struct aff_view name)
{
	struct nearest nearest = {.word = name};
	const char *known;
	for (unsigned i = 1; (known = aff_schema_group_name(i)) != NULL; i++)
		nearest_offer(&nearest, known);
	fail(c, "no message structure has a group of this name,");
	if (nearest.best)
		aff_diag_hint(c->diag, "did you mean %s?", nearest.best);
	else
		aff_diag_hint(c->diag, "groups are PATIENT_RESULT, ORDER_OBSERVATION, OBSERVATION and others");
	return AFF_ESYNTAX;
}

/* "ORDER_OBSERVATION[2]/", as often as it is there. */
static int read_groups(struct cursor *c, struct aff_path *path)
{
	const char *slash;
	while (c->p < c->end && (slash = memchr(c->p, '/', (size_t)(c->end - c->p))) != NULL) {
		size_t n = 0;
		if (slash - c->p == 3 && index_is_id(c->p, 3)) /* a segment, wrongly continued */
			return 0;
		while (c->p + n < slash && ((c->p[n] >= 'A' && c->p[n] <= 'Z') || c->p[n] == '_'))
			n++;
		unsigned group = aff_schema_group(aff_view(c->p, n));
		if (path->group_count == AFF_PATH_GROUPS)
			return fail(c, "too many groups");
		if (!group)
			return unknown_group(c, aff_view(c->p, n));
		struct aff_path_group *part = &path->groups[path->group_count++];
		part->group = group;
		c->p += n;
		int error = read_bracket(c, &part->occurrence);
		if (!error && c->p != slash)
			error = fail(c, "expected /");
		if (error)
			return error;
		c->p++;
	}
	return 0;
}

int aff_path_parse(struct aff_path *out, struct aff_view text, struct aff_diag *diag)
{
	struct cursor c = {text.p, text.p + text.n, text.p, diag};
	struct aff_path path = {0};
	int error = read_groups(&c, &path);
	if (error)
		return error;
	if (c.end - c.p < 3 || !index_is_id(c.p, 3))
		return fail(&c, "expected a segment id, three characters, upper case,");
	memcpy(path.segment, c.p, 3);
	c.p += 3;
	error = read_bracket(&c, &path.occurrence);
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

static void append_text(char *buf, size_t size, const char *text)
{
	size_t n = strlen(buf);
	snprintf(buf + n, size - n, "%s", text);
}

const char *aff_path_format(const struct aff_path *path, char *buf, size_t size)
{
	if (!size)
		return buf;
	buf[0] = '\0';
	for (unsigned i = 0; i < path->group_count && i < AFF_PATH_GROUPS; i++) {
		const char *name = aff_schema_group_name(path->groups[i].group);
		append_text(buf, size, name ? name : "?");
		append(buf, size, "[", path->groups[i].occurrence, "]");
		append_text(buf, size, "/");
	}
	append_text(buf, size, path->segment);
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

/* The segment that the path names in a group, or in the message. */
static unsigned find_in(const struct aff_msg *m, const struct aff_path *path, const struct aff_group *in,
                        unsigned current)
{
	unsigned nth = path->occurrence, at = in->first;
	if (!nth && current >= in->first && current <= in->last && aff_msg_is(m, current, path->segment))
		return current;
	for (nth = nth ? nth : 1; (at = aff_msg_find(m, path->segment, at)) != AFF_NONE && at <= in->last; at++) {
		if (--nth == 0)
			return at;
	}
	return AFF_NONE;
}

unsigned aff_path_segment(const struct aff_msg *m, const struct aff_path *path, unsigned current)
{
	const struct aff_groups *groups;
	struct aff_group in = {.last = m->count ? m->count - 1 : 0};
	if (!path->group_count && !path->occurrence && current < m->count) {
		struct group_source from = group_source_of(m);
		unsigned found = find_in(m, path, &in, current);
		return found == AFF_NONE || found == current
		               ? found
		               : group_own_patient(&from, index_pack_id(path->segment), found, current);
	}
	if (path->group_count) {
		unsigned group = aff_msg_groups(m, &groups) ? AFF_NONE : group_of_path(groups, path, current);
		if (group == AFF_NONE)
			return AFF_NONE;
		in = *aff_groups_at(groups, group);
	}
	return find_in(m, path, &in, current);
}

unsigned aff_path_next(const struct aff_msg *m, const struct aff_path *path, unsigned from)
{
	const struct aff_groups *groups = NULL;
	if (path->group_count && aff_msg_groups(m, &groups))
		return AFF_NONE;
	for (unsigned at = from; (at = aff_msg_find(m, path->segment, at)) != AFF_NONE; at++) {
		struct aff_group in = {.last = m->count - 1};
		unsigned group = 0;
		if (groups && !group_fits(groups, path, at, &group))
			continue;
		if (groups)
			in = *aff_groups_at(groups, group);
		if (!path->occurrence || find_in(m, path, &in, AFF_NONE) == at)
			return at;
	}
	return AFF_NONE;
}

struct aff_view aff_path_get(const struct aff_msg *m, const struct aff_path *path)
{
	return aff_path_read(m, path, AFF_NONE);
}

struct aff_view aff_path_read(const struct aff_msg *m, const struct aff_path *path, unsigned current)
{
	unsigned segment = aff_path_segment(m, path, current);
	if (segment == AFF_NONE)
		return aff_view("", 0);
	if (!path->field)
		return aff_msg_segment(m, segment);
	return aff_msg_get(m, segment, path->field, path->repetition, path->component, path->subcomponent);
}
