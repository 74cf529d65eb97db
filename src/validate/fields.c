/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields of a segment by the schema: which must be there, and what they hold. fields.def says how bad it is, where
 * that is not the usual warning.
 */
#include "validate/fields.h"

#include <stdio.h>

struct special {
	char segment[4];
	unsigned field;
	enum aff_severity missing;
	bool ihe;
	enum aff_severity wrong;
	unsigned table;
	const char *name;
};

static const struct special specials[] = {
#define FIELD(segment, field, missing, ihe, wrong, table, name)                                                        \
	{segment, field, AFF_SEVERITY_##missing, ihe, AFF_SEVERITY_##wrong, table, name},
#include "validate/fields.def"
#undef FIELD
};

enum { SPECIALS = sizeof specials / sizeof specials[0] };

/* What is known of a segment. */
struct fields {
	struct check *c;
	unsigned segment;
	const struct aff_schema *schema;  /* in the version of the message; NULL: nothing */
	const struct aff_schema *newest;  /* for fields that later versions added: senders use them early */
	const struct special *first;      /* its rows */
	size_t specials;
};

static void find_specials(struct fields *f, struct aff_view id)
{
	size_t i = 0;
	while (i < SPECIALS && memcmp(id.p, specials[i].segment, 3) != 0)
		i++;
	f->first = specials + i;
	f->specials = 0;
	while (i + f->specials < SPECIALS && memcmp(id.p, specials[i + f->specials].segment, 3) == 0)
		f->specials++;
}

static const struct special *special_of(const struct fields *f, unsigned field)
{
	for (size_t i = 0; i < f->specials; i++) {
		if (f->first[i].field == field)
			return &f->first[i];
	}
	return NULL;
}

static const struct aff_schema_part *part_of(const struct fields *f, unsigned field)
{
	return aff_schema_part(field <= f->schema->count ? f->schema : f->newest, field);
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

static void check_missing(struct fields *f, unsigned field, bool ihe)
{
	const struct special *special = special_of(f, field);
	struct place at = {.segment = f->segment, .field = field};
	struct aff_view id = aff_msg_id(f->c->m, f->segment);
	enum aff_severity severity = ihe ? AFF_SEVERITY_ERROR : special ? special->missing : AFF_SEVERITY_WARNING;
	char hint[64] = "IHE PCD-01 requires it";
	unsigned version = f->c->version;
	if (!ihe && version)
		snprintf(hint, sizeof hint, version % 10 ? "HL7 2.%u.%u requires it" : "HL7 2.%u requires it",
		         version / 10 % 10, version % 10);
	else if (!ihe)
		snprintf(hint, sizeof hint, "HL7 requires it");
	check_report_as(f->c, ihe ? RULE_PCD_REQUIRED : RULE_REQUIRED, severity, at, hint, "%.3s-%u (%s) is empty",
	                id.p, field, name_of(f, special, field));
}

static void check_required(struct fields *f, uint64_t valued)
{
	uint64_t missing = f->schema->required & ~valued & ~told_elsewhere(f);
	for (size_t i = 0; f->c->checks->ihe && i < f->specials; i++) {
		uint64_t bit = UINT64_C(1) << f->first[i].field;
		if (!f->first[i].ihe || valued & bit)
			continue;
		check_missing(f, f->first[i].field, true);
		missing &= ~bit;
	}
	for (unsigned n = 1; n < 64 && missing >> n; n++) {
		if (missing >> n & 1)
			check_missing(f, n, false);
	}
}

/* ---- what it holds ---- */

static void check_field(struct fields *f, unsigned field, struct aff_view text)
{
	const struct aff_schema_part *part = part_of(f, field);
	const struct special *special;
	if (!part)
		return;
	bool is_free = check_is_free(f->c, type_of_name(aff_view_of(part->type)), part->table, part->length);
	special = special_of(f, field);
	unsigned site_table = special && f->c->checks->level >= AFF_CHECK_TABLES ? special->table : 0;
	if (is_free && !site_table)
		return;
	enum aff_severity severity = special ? special->wrong : AFF_SEVERITY_WARNING;
	struct subject s = {.c = f->c,
	                    .at = {.segment = f->segment, .field = field, .repetition = 1},
	                    .name = name_of(f, special, field),
	                    .rule = RULE_TYPE,
	                    .wrong = severity,
	                    .wrong_part = AFF_SEVERITY_WARNING};
	memcpy(s.segment, aff_msg_id(f->c->m, f->segment).p, 3);
	struct aff_parts repetitions = aff_parts(text, f->c->delims.repetition);
	struct aff_view repetition;
	for (; aff_parts_next(&repetitions, &repetition); s.at.repetition++) {
		check_repetition(&s, part->type, part->table, part->length, repetition);
		if (site_table) {
			struct aff_view code = aff_primitive(repetition, &f->c->delims);
			s.at.component = code.n < repetition.n ? 1 : 0;
			check_site_code(&s, site_table, code);
			s.at.component = 0;
		}
	}
}

static bool is_header(struct aff_view id)
{
	return memcmp(id.p, "MSH", 3) == 0 || memcmp(id.p, "FHS", 3) == 0 || memcmp(id.p, "BHS", 3) == 0;
}

void check_fields(struct check *c, unsigned segment)
{
	struct aff_view id = aff_msg_id(c->m, segment);
	struct fields f = {.c = c, .segment = segment};
	uint64_t valued = 0;
	if (id.n != 3)
		return;
	if (memcmp(c->last_id, id.p, 3) != 0) {
		memcpy(c->last_id, id.p, 3);
		c->last_schema = aff_schema_segment(c->version, id);
	}
	f.schema = c->last_schema;
	if (!f.schema)
		return;
	find_specials(&f, id);
	unsigned fields = aff_msg_fields(c->m, segment);
	f.newest = fields > f.schema->count ? aff_schema_segment(0, id) : f.schema;
	for (unsigned n = 1; n <= fields && n <= f.newest->count; n++) {
		struct aff_view text = aff_msg_field(c->m, segment, n);
		if (!text.n || check_is_empty(c, text))
			continue;
		valued |= UINT64_C(1) << n;
		/* MSH-1 and MSH-2 are delimiters, not values. */
		if (c->checks->level >= AFF_CHECK_TYPES && (n > 2 || !is_header(id)))
			check_field(&f, n, text);
	}
	check_required(&f, valued);
}
