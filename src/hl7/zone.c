/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading TZif files (RFC 8536): the changes of a zone's clocks with 64-bit times, and the rule for what comes after.
 */
#include <afferent/zone.h>

#include <afferent/error.h>
#include <stdlib.h>

#include "hl7/zone_rule.h"

enum { HEADER = 44, CHANGES_MAX = 2000, KINDS_MAX = 256, DAY = 86400, OFFSET_MAX = 26 * 3600 };

struct change {
	int64_t at;      /* the instant from which on the offset counts */
	int offset;
};

struct aff_zone {
	int first;       /* before all changes */
	struct zone_rule rule;
	size_t count;
	struct change changes[];
};

static struct aff_zone *new_zone(size_t changes)
{
	struct aff_zone *z = calloc(1, sizeof *z + changes * sizeof z->changes[0]);
	if (z)
		z->count = changes;
	return z;
}

int aff_zone_fixed(struct aff_zone **out, int minutes)
{
	struct aff_zone *z = new_zone(0);
	if (!z)
		return AFF_ENOMEM;
	z->first = minutes * 60;
	*out = z;
	return 0;
}

int aff_zone_copy(struct aff_zone **out, const struct aff_zone *zone)
{
	struct aff_zone *z = new_zone(zone->count);
	if (!z)
		return AFF_ENOMEM;
	memcpy(z, zone, sizeof *z + zone->count * sizeof z->changes[0]);
	*out = z;
	return 0;
}

void aff_zone_free(struct aff_zone *zone)
{
	free(zone);
}

/* ---- reading ---- */

static uint64_t big_endian(const char *p, size_t n)
{
	uint64_t value = 0;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | (unsigned char)p[i];
	return value;
}

/* A block: its counts, and what it holds. */
struct block {
	uint64_t utc, standard, leaps, changes, kinds, characters;
	const char *body;
	uint64_t size;
};

/* Reads the header at the start of v. time: bytes of an instant. */
static bool read_block(struct block *b, struct aff_view v, size_t time)
{
	if (v.n < HEADER || memcmp(v.p, "TZif", 4) != 0 || v.p[4] < '2')
		return false;
	uint64_t *const counts[] = {&b->utc, &b->standard, &b->leaps, &b->changes, &b->kinds, &b->characters};
	for (size_t i = 0; i < 6; i++)
		*counts[i] = big_endian(v.p + 20 + 4 * i, 4);
	b->body = v.p + HEADER;
	b->size = b->changes * (time + 1) + b->kinds * 6 + b->characters + b->leaps * (time + 4) + b->standard + b->utc;
	return b->size <= v.n - HEADER;
}

static bool read_offset(const struct block *b, uint64_t kind, int *out)
{
	if (kind >= b->kinds)
		return false;
	uint32_t raw = (uint32_t)big_endian(b->body + b->changes * 9 + kind * 6, 4);
	int64_t offset = raw < 0x80000000u ? (int64_t)raw : (int64_t)raw - 0x100000000;
	*out = (int)offset;
	return offset > -OFFSET_MAX && offset < OFFSET_MAX;
}

static bool read_changes(struct aff_zone *z, const struct block *b)
{
	for (size_t i = 0; i < z->count; i++) {
		struct change *c = &z->changes[i];
		c->at = (int64_t)big_endian(b->body + 8 * i, 8);
		if (!read_offset(b, (unsigned char)b->body[8 * b->changes + i], &c->offset) ||
		    (i && c->at <= z->changes[i - 1].at))
			return false;
	}
	return read_offset(b, 0, &z->first);
}

static int wrong(struct aff_diag *diag, const char *what)
{
	return aff_diag_set(diag, AFF_ESYNTAX, "the time zone's file %s", what);
}

int aff_zone_read(struct aff_zone **out, struct aff_view tzif, struct aff_diag *diag)
{
	struct block old, b;
	if (!read_block(&old, tzif, 4) ||
	    !read_block(&b, aff_view(old.body + old.size, tzif.n - HEADER - old.size), 8))
		return wrong(diag, "is no TZif file of version 2 or later");
	if (b.leaps || b.changes > CHANGES_MAX || !b.kinds || b.kinds > KINDS_MAX)
		return wrong(diag, "counts leap seconds, or holds too much");
	const char *rule = b.body + b.size, *end = tzif.p + tzif.n;
	const char *line_end = rule < end && *rule == '\n' ? memchr(rule + 1, '\n', (size_t)(end - rule - 1)) : NULL;
	struct aff_zone *z = new_zone((size_t)b.changes);
	if (!z)
		return AFF_ENOMEM;
	bool good = line_end && zone_rule_read(&z->rule, aff_view(rule + 1, (size_t)(line_end - rule - 1)));
	if (!good || !read_changes(z, &b)) {
		aff_zone_free(z);
		return wrong(diag, good ? "is damaged" : "has a rule that is not known");
	}
	*out = z;
	return 0;
}

/* ---- asking ---- */

int aff_zone_at(const struct aff_zone *zone, int64_t utc)
{
	size_t low = 0, high = zone->count; /* the first change behind the instant */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->changes[middle].at <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == zone->count && zone->rule.known)
		return zone_rule_at(&zone->rule, utc);
	return low ? zone->changes[low - 1].offset : zone->first;
}

int aff_zone_at_local(const struct aff_zone *zone, int64_t local)
{
	/* Clocks are not changed twice within two days. */
	int before = aff_zone_at(zone, local - DAY), after = aff_zone_at(zone, local + DAY);
	if (aff_zone_at(zone, local - before) == before)
		return before;
	return aff_zone_at(zone, local - after) == after ? after : before;
}
