/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking up segments, data types and code tables. Everything is sorted at build time: definitions of one segment or
 * type stand together, oldest first, and codes of one table stand together in bytewise order.
 */
#include <afferent/schema.h>

#include <ctype.h>

#include "schema/order.h"

/* Where the definitions of a segment or type stand. */
struct schema_run {
	char id[12];
	uint16_t first, count;
};

struct schema_code {
	char text[24];
	uint16_t since, until;
};

struct schema_table {
	struct aff_schema_table table;
	uint16_t first, count;
};

#include "schema.inc"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

unsigned aff_schema_version(struct aff_view v)
{
	unsigned digits[2] = {0, 0}, n = 0;
	if (v.n < 3 || v.p[0] != '2' || v.p[1] != '.')
		return 0;
	for (size_t i = 2; i < v.n && n < 2; i++) {
		if (v.p[i] >= '0' && v.p[i] <= '9')
			digits[n++] = (unsigned)(v.p[i] - '0');
		else if (v.p[i] != '.')
			break;
	}
	return n ? 200 + digits[0] * 10 + digits[1] : 0;
}

static const struct schema_run *find_run(const struct schema_run *runs, size_t n, struct aff_view id)
{
	size_t from = 0, to = n;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = order_compare(runs[middle].id, id);
		if (order == 0)
			return &runs[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

/* The definition that holds in this version (0: the newest): the last one that is not younger, else the first. */
static const struct aff_schema *choose(const struct schema_run *run, unsigned version)
{
	const struct aff_schema *found;
	if (!run)
		return NULL;
	found = &definitions[run->first];
	for (unsigned i = 1; i < run->count && (!version || found[1].since <= version); i++)
		found++;
	return found;
}

const struct aff_schema *aff_schema_segment(unsigned version, struct aff_view id)
{
	return choose(find_run(segments, COUNT(segments), id), version);
}

const struct aff_schema *aff_schema_type(unsigned version, struct aff_view id)
{
	return choose(find_run(types, COUNT(types), id), version);
}

const struct aff_schema_part *aff_schema_field(unsigned version, const char *segment, unsigned field)
{
	const struct aff_schema *s = aff_schema_segment(version, aff_view_of(segment));
	return s ? aff_schema_part(s, field) : NULL;
}

const struct aff_schema_part *aff_schema_component(unsigned version, const char *type, unsigned component)
{
	const struct aff_schema *s = aff_schema_type(version, aff_view_of(type));
	return s ? aff_schema_part(s, component) : NULL;
}

static const struct schema_table *find_table(unsigned number)
{
	size_t from = 0, to = COUNT(tables);
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (tables[middle].table.number == number)
			return &tables[middle];
		if (tables[middle].table.number < number)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

const struct aff_schema_table *aff_schema_table(unsigned number)
{
	const struct schema_table *t = find_table(number);
	return t ? &t->table : NULL;
}

static const struct schema_code *find_code(const struct schema_table *t, struct aff_view text)
{
	size_t from = t->first, to = (size_t)t->first + t->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = order_compare(codes[middle].text, text);
		if (order == 0)
			return &codes[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

static bool has_in_other_case(const struct schema_table *t, struct aff_view text)
{
	for (unsigned i = t->first; i < (unsigned)t->first + t->count; i++) {
		if (strlen(codes[i].text) != text.n)
			continue;
		size_t k = 0;
		while (k < text.n && toupper((unsigned char)codes[i].text[k]) == toupper((unsigned char)text.p[k]))
			k++;
		if (k == text.n)
			return true;
	}
	return false;
}

enum aff_schema_fit aff_schema_table_has(unsigned number, struct aff_view code, unsigned version)
{
	const struct schema_table *t = find_table(number);
	if (!t)
		return AFF_SCHEMA_NO_TABLE;
	const struct schema_code *c = find_code(t, code);
	if (!c)
		return has_in_other_case(t, code) ? AFF_SCHEMA_OTHER_CASE : AFF_SCHEMA_ABSENT;
	bool has = !version || (version >= c->since && version <= c->until);
	return has ? AFF_SCHEMA_PRESENT : AFF_SCHEMA_OTHER_VERSION;
}

const char *aff_schema_table_code(unsigned number, unsigned nth)
{
	const struct schema_table *t = find_table(number);
	return t && nth < t->count ? codes[t->first + nth].text : NULL;
}
