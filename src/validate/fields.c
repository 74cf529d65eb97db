/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields of a segment by the schema: which must be there, and what they hold. fields.def says how bad it is, where
 * that is not the usual warning.
 */
#include "validate/fields.h"

#include <stdio.h>

#include "hl7/index.h"

struct special {
	char segment[4];
	unsigned field;
	enum aff_severity missing;
	enum aff_severity wrong;
	unsigned table;
	const char *name;
};

static const struct special specials[] = {
#define FIELD(segment, field, missing, wrong, table, name)                                                             \
	{segment, field, AFF_SEVERITY_##missing, AFF_SEVERITY_##wrong, table, name},
#include "validate/fields.def"
#undef FIELD
};

enum { SPECIALS = sizeof specials / sizeof specials[0] };

struct fields {
	struct check *c;
	struct subject *subject; /* the field that is checked */
	unsigned segment;
	const struct known_segment *known;
	const struct aff_schema *newest;  /* for fields that later versions added: senders use them early */
};

static void find_specials(struct known_segment *k)
{
	size_t i = 0;
	while (i < SPECIALS && memcmp(k->id, specials[i].segment, 3) != 0)
		i++;
	k->first = specials + i;
	for (; i < SPECIALS && memcmp(k->id, specials[i].segment, 3) == 0; i++) {
		uint64_t bit = UINT64_C(1) << specials[i].field;
		k->specials++;
		k->special |= bit;
		k->site |= specials[i].table ? bit : 0;
	}
}

static const struct known_segment *know_segment(struct check *c, struct aff_view id)
{
	struct known_segment *k = &c->segment;
	if (memcmp(k->id, id.p, 3) == 0)
		return k;
	*k = (struct known_segment){.schema = aff_schema_segment(c->version, id)};
	memcpy(k->id, id.p, 3);
	find_specials(k);
	return k;
}

static const struct special *special_of(const struct fields *f, unsigned field)
{
	for (size_t i = 0; f->known->special >> field & 1 && i < f->known->specials; i++) {
		if (f->known->first[i].field == field)
			return &f->known->first[i];
	}
	return NULL;
}

static const struct aff_schema_part *part_of(const struct fields *f, unsigned field)
{
	const struct aff_schema *schema = f->known->schema;
	return aff_schema_part(field <= schema->count ? schema : f->newest, field);
}

static const char *name_of(const struct fields *f, const struct special *special, unsigned field)
{
	const struct aff_schema_part *part = part_of(f, field);
	return special ? special->name : part ? part->name : "field";
}

/* ---- what must be there ---- */

/* MSH-1 and MSH-2 are there, and check_header tells of MSH-9 to MSH-12. */
static uint64_t told_elsewhere(const struct fields *f)
{
	return aff_msg_is(f->c->m, f->segment, "MSH") ? UINT64_C(0x1e06) : 0;
}

static void check_missing(struct fields *f, unsigned field)
{
	const struct special *special = special_of(f, field);
	struct place at = {.segment = f->segment, .field = field};
	struct aff_view id = aff_msg_id(f->c->m, f->segment);
	char name[CHECK_NAME], hint[64] = "fill it: HL7 requires it";
	unsigned version = f->c->version;
	if (version)
		snprintf(hint, sizeof hint, version % 10 ? "fill it: HL7 2.%u.%u requires it"
		                                : "fill it: HL7 2.%u requires it",
		         version / 10 % 10, version % 10);
	check_report_as(f->c, RULE_REQUIRED, special ? special->missing : AFF_SEVERITY_WARNING, at, hint,
	                "%.3s-%u (%s) is empty", id.p, field,
	                check_name(name_of(f, special, field), name, sizeof name));
}

static void check_required(struct fields *f, uint64_t missing)
{
	missing &= f->known->schema->required & ~told_elsewhere(f);
	for (; missing; missing &= missing - 1)
		check_missing(f, (unsigned)__builtin_ctzll(missing));
}

/* ---- what it holds ---- */

static void check_field(struct fields *f, unsigned field, struct aff_view text)
{
	const struct aff_schema_part *part = part_of(f, field);
	const struct special *special = special_of(f, field);
	unsigned site_table = special && f->c->checks->level >= AFF_CHECK_TABLES ? special->table : 0;
	struct subject *s = f->subject;
	s->at.field = field;
	s->at.repetition = 1;
	s->name = special ? special->name : part->name;
	s->wrong = special ? special->wrong : AFF_SEVERITY_WARNING;
	struct aff_parts repetitions = aff_parts(text, f->c->repetition);
	struct aff_view repetition;
	for (; aff_parts_next(&repetitions, &repetition); s->at.repetition++) {
		check_repetition(s, part->type, part->table, part->length, repetition);
		if (site_table) {
			struct aff_view code = aff_primitive(repetition, &f->c->delims);
			s->at.component = code.n < repetition.n ? 1 : 0;
			check_site_code(s, site_table, code);
			s->at.component = 0;
		}
	}
}

static bool is_header(struct aff_view id)
{
	return memcmp(id.p, "MSH", 3) == 0 || memcmp(id.p, "FHS", 3) == 0 || memcmp(id.p, "BHS", 3) == 0;
}

/* Bit n: field n holds what can be wrong. */
static uint64_t judged_fields(const struct fields *f)
{
	const struct aff_schema *schema = f->known->schema;
	enum aff_check_level level = f->c->checks->level;
	uint64_t judged = level >= AFF_CHECK_TYPES ? schema->judged : 0;
	if (level >= AFF_CHECK_TYPES && f->newest->count > schema->count)
		judged |= f->newest->judged >> schema->count >> 1 << schema->count << 1;
	if (level >= AFF_CHECK_TABLES)
		judged |= f->known->site;
	if (f->c->charset_told && memcmp(f->known->id, "MSH", 3) == 0)
		judged &= ~(UINT64_C(1) << 18);
	/* MSH-1 and MSH-2 are delimiters, not values. */
	return is_header(aff_view(f->known->id, 3)) ? judged & ~UINT64_C(6) : judged;
}

void check_fields(struct check *c, unsigned segment)
{
	struct aff_view id = aff_msg_id(c->m, segment);
	struct subject subject = {.c = c,
	                          .at = {.segment = segment},
	                          .rule = RULE_TYPE,
	                          .wrong_part = AFF_SEVERITY_WARNING};
	struct fields f = {.c = c, .subject = &subject, .segment = segment};
	if (id.n != 3)
		return;
	memcpy(subject.segment, id.p, 3);
	f.known = know_segment(c, id);
	if (!f.known->schema)
		return;
	unsigned fields = aff_msg_fields(c->m, segment);
	f.newest = fields > f.known->schema->count ? aff_schema_segment(0, id) : f.known->schema;
	uint64_t judged = judged_fields(&f), missing = f.known->schema->required;
	uint64_t there = fields < 63 ? (UINT64_C(2) << fields) - 1 : ~UINT64_C(0);
	for (uint64_t rest = (judged | missing) & there; rest; rest &= rest - 1) {
		unsigned field = (unsigned)__builtin_ctzll(rest);
		struct aff_view text = index_field(c->m, &c->m->segments[segment], field);
		if (!text.n || check_is_empty(c, text))
			continue;
		missing &= ~(UINT64_C(1) << field);
		if (judged >> field & 1)
			check_field(&f, field, text);
	}
	if (missing)
		check_required(&f, missing);
}
