/* SPDX-License-Identifier: Apache-2.0
 *
 * See unmapped.h. Memory is bounded: so many entries, each of a fixed size, and a table of slots that is never full.
 */
#include "cli/unmapped.h"

#include <afferent/coded.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/vector.h"

#define OPEN_MAX   1000 /* codes of one message */
#define TABLES_MAX 64   /* that did not know one code */
#define SLOTS 32768u /* a power of two, more than three times UNMAPPED_MAX */

int unmapped_init(struct unmapped *u)
{
	memset(u, 0, sizeof *u);
	u->slots = calloc(SLOTS, sizeof *u->slots);
	return u->slots ? 0 : AFF_ENOMEM;
}

void unmapped_free(struct unmapped *u)
{
	free(u->entries);
	free(u->last_message);
	free(u->slots);
	free(u->open);
}

const char *unmapped_kind_text(enum aff_unmapped_kind kind)
{
	static const char *const texts[] = {[AFF_UNMAPPED_CODE] = "code",
	                                    [AFF_UNMAPPED_NAME] = "name",
	                                    [AFF_UNMAPPED_UNIT] = "unit",
	                                    [AFF_UNMAPPED_VALUE] = "conversion"};
	return texts[kind];
}

/* Text that is shown and compared, cut where a character begins. */
static void keep(char out[UNMAPPED_TEXT], struct aff_view text)
{
	size_t n = text.n;
	if (n >= UNMAPPED_TEXT)
		for (n = UNMAPPED_TEXT - 1; n && ((unsigned char)text.p[n] & 0xc0) == 0x80;)
			n--;
	memcpy(out, text.p, n);
	memset(out + n, 0, UNMAPPED_TEXT - n);
}

/* What makes an entry: of a code without its unit, of a unit without its code. */
static bool same(const struct unmapped_entry *a, const struct unmapped_entry *b)
{
	bool by_code = a->kind != AFF_UNMAPPED_UNIT;
	bool by_unit = a->kind == AFF_UNMAPPED_UNIT || a->kind == AFF_UNMAPPED_VALUE;
	if (a->hash != b->hash || a->kind != b->kind || a->channel != b->channel || strcmp(a->table, b->table) != 0)
		return false;
	if (by_code && (strcmp(a->code, b->code) != 0 || strcmp(a->name, b->name) != 0 ||
			strcmp(a->system, b->system) != 0))
		return false;
	return !by_unit || (strcmp(a->unit, b->unit) == 0 && strcmp(a->unit_name, b->unit_name) == 0 &&
			    strcmp(a->unit_system, b->unit_system) == 0);
}

static uint64_t mix(uint64_t hash, const char *text)
{
	return (hash ^ hash64(aff_view_of(text))) * 0x9e3779b97f4a7c15u;
}

static uint64_t hash_of(const struct unmapped_entry *e)
{
	uint64_t h = mix(mix((uint64_t)e->kind + 1, e->channel), e->table);
	if (e->kind != AFF_UNMAPPED_UNIT)
		h = mix(mix(mix(h, e->code), e->name), e->system);
	if (e->kind == AFF_UNMAPPED_UNIT || e->kind == AFF_UNMAPPED_VALUE)
		h = mix(mix(mix(h, e->unit), e->unit_name), e->unit_system);
	return h ^ h >> 32;
}

/* The entry that is the same, or a new one; NULL: there is no room. */
static struct unmapped_entry *find(struct unmapped *u, const struct unmapped_entry *wanted)
{
	uint32_t slot = (uint32_t)wanted->hash & (SLOTS - 1);
	for (; u->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		struct unmapped_entry *e = &u->entries[u->slots[slot] - 1];
		if (same(e, wanted))
			return e;
	}
	if (u->count == UNMAPPED_MAX)
		return NULL;
	if (vector_room(&u->entries, &u->capacity, u->count, sizeof *u->entries) ||
	    vector_room(&u->last_message, &u->last_capacity, u->count, sizeof *u->last_message)) {
		u->error = AFF_ENOMEM;
		return NULL;
	}
	u->entries[u->count] = *wanted;
	u->last_message[u->count] = 0;
	u->slots[slot] = (uint32_t)++u->count;
	return &u->entries[u->count - 1];
}

static void count(struct unmapped *u, const struct unmapped_entry *e)
{
	const struct unmapped_message *m = u->message;
	struct unmapped_entry *found = find(u, e);
	if (!found) {
		u->others++;
		return;
	}
	uint64_t *last = &u->last_message[found - u->entries];
	found->count++;
	found->messages += *last != m->number;
	*last = m->number;
	if (m->at_us && (!found->first_us || m->at_us < found->first_us))
		found->first_us = m->at_us;
	if (m->at_us >= found->last_us) {
		found->last_us = m->at_us;
		snprintf(found->example, sizeof found->example, "%s", m->where);
	}
}

/* A code that one table does not know may be another one's: which it is, is known at the end of the message. */
static void keep_open(struct unmapped *u, const struct unmapped_entry *e)
{
	if (u->nopen == OPEN_MAX) {
		count(u, e);
	} else if (vector_room(&u->open, &u->open_capacity, u->nopen, sizeof *u->open)) {
		u->error = AFF_ENOMEM;
	} else {
		u->open[u->nopen++] = *e;
	}
}

static bool is_coding(const struct unmapped_entry *e, const struct aff_coding *c)
{
	return c->code.n && aff_view_is(c->code, e->code) && aff_view_is(c->text, e->name) &&
	       aff_view_is(c->system, e->system);
}

/* A table has a row for the code of this field: tables before it that did not know it are no finding. One row, one
 * reading: where a code was unknown twice and is known once, it stays unknown once for each of these tables. */
static void take_back(struct unmapped *u, const struct aff_rules_event *event)
{
	struct aff_cwe cwe;
	struct aff_delims d = aff_edit_delims(event->e);
	aff_cwe_read(&cwe, aff_edit_get(event->e, event->segment, event->path->field, event->path->repetition, 0, 0),
		     &d);
	const char *taken[TABLES_MAX];
	size_t n = 0, left = 0;
	for (size_t i = 0; i < u->nopen; i++) {
		const struct unmapped_entry *e = &u->open[i];
		bool known = (is_coding(e, &cwe.coding[0]) || is_coding(e, &cwe.coding[1])) && n < TABLES_MAX;
		for (size_t k = 0; known && k < n; k++)
			known = strcmp(taken[k], e->table) != 0;
		if (known)
			taken[n++] = e->table;
		else
			u->open[left++] = *e;
	}
	u->nopen = left;
}

void unmapped_tell(void *arg, const struct aff_rules_event *event)
{
	struct unmapped *u = arg;
	const struct aff_unmapped *x = event->unmapped;
	if (event->kind == AFF_RULES_ROW)
		take_back(u, event);
	if (event->kind != AFF_RULES_UNMAPPED)
		return;
	struct unmapped_entry e = {.channel = u->message->channel, .kind = x->kind, .first_us = u->message->at_us,
	                           .table = x->table ? aff_table_name(x->table) : ""};
	keep(e.code, x->code);
	keep(e.name, x->name);
	keep(e.system, x->system);
	keep(e.unit, x->unit);
	keep(e.unit_name, x->unit_name);
	keep(e.unit_system, x->unit_system);
	e.hash = hash_of(&e);
	if (x->kind == AFF_UNMAPPED_CODE || x->kind == AFF_UNMAPPED_NAME)
		keep_open(u, &e);
	else
		count(u, &e);
}

void unmapped_end(struct unmapped *u)
{
	for (size_t i = 0; i < u->nopen; i++)
		count(u, &u->open[i]);
	u->nopen = 0;
}

static int by_count(const void *a, const void *b)
{
	const struct unmapped_entry *x = a, *y = b;
	int c = strcmp(x->channel, y->channel);
	if (!c)
		c = x->count > y->count ? -1 : x->count < y->count;
	if (!c)
		c = strcmp(x->code, y->code);
	return c ? c : strcmp(x->unit, y->unit);
}

void unmapped_sort(struct unmapped *u)
{
	if (u->count)
		qsort(u->entries, u->count, sizeof *u->entries, by_count);
}
