/* SPDX-License-Identifier: Apache-2.0
 *
 * One repetition of a field against its data type: the form of primitives, the codes of HL7 tables, and the components
 * and subcomponents of composite types as the schema has them. What is not known is not wrong.
 */
#include <stdio.h>

#include "base/utf8.h"
#include "validate/fields.h"

/* Lengths hold since version 2.7, and for primitive types alone (HL7 v2 section 2.4.5). */
enum { LENGTHS_SINCE = 270 };

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

const char *check_name(const char *name, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "%s", name);
	for (size_t i = 0; i + 1 < n && i + 1 < size; i++) {
		bool starts = buf[i] >= 'A' && buf[i] <= 'Z' && (!i || !is_letter(buf[i - 1]));
		bool word = buf[i + 1] >= 'a' && buf[i + 1] <= 'z';
		bool id = buf[i] == 'I' && buf[i + 1] == 'D' && !is_letter(buf[i + 2]);
		if (starts && (word || id))
			buf[i] = (char)(buf[i] + 'a' - 'A');
		if (starts && id)
			buf[i + 1] = 'd';
	}
	return buf;
}

/* "OBX-5.2 (num1)", or the field and its name where no component is meant. */
static const char *label(const struct subject *s, const char *part, char *buf, size_t size)
{
	const struct place *at = &s->at;
	char name[CHECK_NAME];
	bool whole = !at->component || !part;
	check_name(whole ? s->name : part, name, sizeof name);
	if (whole)
		snprintf(buf, size, "%s-%u (%s)", s->segment, at->field, name);
	else if (at->subcomponent)
		snprintf(buf, size, "%s-%u.%u.%u (%s)", s->segment, at->field, at->component, at->subcomponent, name);
	else
		snprintf(buf, size, "%s-%u.%u (%s)", s->segment, at->field, at->component, name);
	return buf;
}

static void wrong(struct subject *s, enum aff_severity severity, const char *part, const char *hint)
{
	char where[160];
	label(s, part, where, sizeof where);
	if (s->type[0])
		check_report_as(s->c, s->rule, severity, s->at, hint, "%s does not fit data type %s of OBX-2", where,
		                s->type);
	else
		check_report_as(s->c, s->rule, severity, s->at, hint, "%s does not fit its data type", where);
}

void check_wrong(struct subject *s, enum aff_severity severity, const char *hint)
{
	wrong(s, severity, NULL, hint);
}

/* ---- what is asked again and again ---- */

/* A place among what is known, for a text of up to eight bytes as a number. */
static size_t slot_of(uint64_t packed)
{
	return (packed * UINT64_C(0x9e3779b97f4a7c15) >> 32) % CHECK_KNOWN;
}

static const struct aff_schema *type_of(struct check *c, const char *name)
{
	uint64_t packed = 0;
	size_t n = 0;
	for (; name[n] && n < sizeof packed; n++)
		packed = packed << 8 | (unsigned char)name[n];
	if (name[n])
		return aff_schema_type(c->version, aff_view_of(name));
	struct known_type *k = &c->types[slot_of(packed)];
	if (k->name != packed)
		*k = (struct known_type){packed, aff_schema_type(c->version, aff_view(name, n))};
	return k->schema;
}

static enum aff_schema_fit look_up(const struct check *c, unsigned table, struct aff_view code)
{
	return aff_schema_table_has(table, code, c->version);
}

static enum aff_schema_fit fit_of(struct check *c, unsigned table, struct aff_view code)
{
	uint64_t packed = 0;
	if (code.n > sizeof packed)
		return look_up(c, table, code);
	for (size_t i = 0; i < code.n; i++)
		packed = packed << 8 | (unsigned char)code.p[i];
	struct known_code *k = &c->codes[slot_of(packed ^ table)];
	if (k->table != table || k->code != packed || k->n != code.n)
		*k = (struct known_code){packed, (uint16_t)table, (uint8_t)code.n, (uint8_t)look_up(c, table, code)};
	return (enum aff_schema_fit)k->fit;
}

/* ---- tables ---- */

static void codes_hint(unsigned table, char *hint, size_t size)
{
	size_t n = (size_t)snprintf(hint, size, "write one of");
	const char *code;
	for (unsigned i = 0; (code = aff_schema_table_code(table, i)) != NULL; i++) {
		if (n + strlen(code) + 1 >= size) {
			snprintf(hint, size, "write a code of HL7 table %04u", table);
			return;
		}
		n += (size_t)snprintf(hint + n, size - n, " %s", code);
	}
}

static void tell_code(struct subject *s, unsigned table, enum aff_schema_fit fit, enum aff_severity severity,
                      const char *part)
{
	char where[160], hint[140];
	if (fit == AFF_SCHEMA_OTHER_CASE) {
		check_report_as(s->c, RULE_TABLE, AFF_SEVERITY_WARNING, s->at,
		                "write the code in capitals or small letters as the table has it",
		                "%s is in HL7 table %04u only in other case", label(s, part, where, sizeof where),
		                table);
	} else {
		codes_hint(table, hint, sizeof hint);
		check_report_as(s->c, RULE_TABLE, severity, s->at, hint, "%s is not in HL7 table %04u",
		                label(s, part, where, sizeof where), table);
	}
}

static bool is_strange(enum aff_schema_fit fit)
{
	return fit == AFF_SCHEMA_ABSENT || fit == AFF_SCHEMA_OTHER_CASE;
}

/* To a user's table a site may add what it likes. */
static void code_of_part(struct subject *s, unsigned table, struct aff_view value, enum aff_severity severity,
                         const char *part)
{
	if (!table || !value.n || s->c->checks->level < AFF_CHECK_TABLES || aff_is_null(value))
		return;
	enum aff_schema_fit fit = fit_of(s->c, table, value);
	if (is_strange(fit) && !aff_schema_table(table)->user)
		tell_code(s, table, fit, severity, part);
}

void check_site_code(struct subject *s, unsigned table, struct aff_view value)
{
	enum aff_schema_fit fit = value.n && !aff_is_null(value) ? fit_of(s->c, table, value) : AFF_SCHEMA_PRESENT;
	if (is_strange(fit))
		tell_code(s, table, fit, s->wrong, NULL);
}

/* ---- parts ---- */

/* Characters of UTF-8 and of ISO 8859: no more than bytes. Escape characters do not count (HL7 v2 section 2.4.5). */
static size_t characters(struct aff_view text, char escape)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += utf8_starts(text.p[i]) && text.p[i] != escape;
	return n;
}

static void check_length(struct subject *s, unsigned length, struct aff_view text)
{
	char where[160];
	if (!length || text.n <= length || s->c->version < LENGTHS_SINCE || aff_is_null(text) ||
	    characters(text, s->c->delims.escape) <= length)
		return;
	check_report(s->c, RULE_LENGTH, s->at, "%s is longer than %u characters",
	             label(s, NULL, where, sizeof where), length);
}

/* A primitive is the first part of what stands there, if a later version made it composite. */
static void check_primitive(struct subject *s, enum type type, unsigned table, struct aff_view text,
                            enum aff_severity severity, const char *part)
{
	if (!text.n || aff_is_null(text))
		return;
	if (!type_fits(type, text))
		wrong(s, severity, part, type_looks(type));
	else if (type == TYPE_CODE)
		code_of_part(s, table, text, severity, part);
}

static void check_subcomponents(struct subject *s, const struct aff_schema *schema, struct aff_view text)
{
	struct aff_parts parts = aff_parts(text, s->c->delims.subcomponent);
	struct aff_view part;
	for (s->at.subcomponent = 1; s->at.subcomponent <= schema->count && aff_parts_next(&parts, &part);
	     s->at.subcomponent++) {
		const struct aff_schema_part *known = aff_schema_part(schema, s->at.subcomponent);
		if (part.n && schema->judged >> s->at.subcomponent & 1)
			check_primitive(s, type_of_text(known->type), known->table, part, s->wrong_part,
			                known->name);
	}
	s->at.subcomponent = 0;
}

static void check_component(struct subject *s, const struct aff_schema_part *known, struct aff_view text,
                            enum aff_severity severity)
{
	enum type type = type_of_text(known->type);
	if (type == TYPE_COMPOSITE) {
		const struct aff_schema *schema = type_of(s->c, known->type);
		if (schema)
			check_subcomponents(s, schema, text);
		return;
	}
	struct aff_delims below = aff_delims_below(&s->c->delims);
	check_primitive(s, type, known->table, aff_primitive(text, &below), severity, known->name);
}

static void check_missing_components(struct subject *s, const struct aff_schema *schema, uint64_t valued)
{
	uint64_t missing = schema->required & ~valued;
	char where[160];
	if (s->c->pcd && s->at.field == 9 && strcmp(s->segment, "MSH") == 0)
		return; /* pcd-msh-9 tells */
	for (unsigned n = 1; n < 64 && missing >> n; n++) {
		const struct aff_schema_part *known = aff_schema_part(schema, n);
		if (!(missing >> n & 1) || !known)
			continue;
		s->at.component = n;
		check_report(s->c, RULE_COMPONENT, s->at, "%s is empty", label(s, known->name, where, sizeof where));
	}
	s->at.component = 0;
}

/* A code of an HL7 table, unless the sender names another coding system. */
static void check_coded(struct subject *s, unsigned table, struct aff_view text)
{
	struct aff_view part[3];
	aff_components(part, 3, text, &s->c->delims);
	if (part[2].n && (part[2].n < 3 || memcmp(part[2].p, "HL7", 3) != 0))
		return;
	s->at.component = part[0].n < text.n ? 1 : 0;
	code_of_part(s, table, part[0], s->wrong, NULL);
	s->at.component = 0;
}

static void check_components(struct subject *s, const char *type, unsigned table, struct aff_view text)
{
	const struct aff_schema *schema = type_of(s->c, type);
	struct aff_parts parts = aff_parts(text, s->c->delims.component);
	struct aff_view part;
	uint64_t valued = 0;
	if (!schema || aff_is_null(text))
		return;
	uint64_t wanted = schema->judged | schema->required;
	for (unsigned n = 1; n <= schema->count && wanted >> n && aff_parts_next(&parts, &part); n++) {
		if (!part.n)
			continue;
		valued |= UINT64_C(1) << n;
		s->at.component = part.n < text.n ? n : 0; /* a component that is all there is, is the field */
		if (schema->judged >> n & 1)
			check_component(s, aff_schema_part(schema, n), part, n == 1 ? s->wrong : s->wrong_part);
	}
	s->at.component = 0;
	if (schema->required & ~valued)
		check_missing_components(s, schema, valued);
	if (table && type[0] == 'C')
		check_coded(s, table, text);
}

static struct aff_view first_component(const struct subject *s, struct aff_view repetition)
{
	char delimiter = s->c->delims.component;
	const char *end = delimiter ? memchr(repetition.p, delimiter, repetition.n) : NULL;
	return end ? aff_view(repetition.p, (size_t)(end - repetition.p)) : repetition;
}

void check_repetition(struct subject *s, const char *type, unsigned table, unsigned length, struct aff_view text)
{
	enum type t = type_of_text(type);
	if (!text.n)
		return;
	if (t == TYPE_COMPOSITE) {
		check_components(s, type, table, text);
		return;
	}
	if (t == TYPE_ANY || t == TYPE_CODE)
		check_length(s, length, text);
	struct aff_view first = first_component(s, text);
	s->at.component = first.n < text.n ? 1 : 0;
	check_primitive(s, t, table, first, s->wrong, NULL);
	s->at.component = 0;
}
