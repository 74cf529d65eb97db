/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiles paths and what they are compared with: a word, a list, a regular expression, a number with or without a
 * unit, a date, or another path.
 */
#include <afferent/number.h>

#include <stdio.h>

#include "base/nearest.h"
#include "base/number.h"
#include "base/vector.h"
#include "rules/compiler.h"

static const char *const reserved[] = {"and", "or", "not", "in", "matches", "exists", "empty", "any", "all", "count"};
static const size_t reserved_count = sizeof reserved / sizeof reserved[0];

static int add_value(struct compiler *c, struct aff_view value)
{
	struct aff_expr *x = c->x;
	if (vector_room(&x->values, &x->values_allocated, x->value_count, sizeof *x->values))
		return AFF_ENOMEM;
	x->values[x->value_count++] = value;
	return 0;
}

static int add_operand(struct compiler *c, struct instruction *in, const struct operand *operand)
{
	struct aff_expr *x = c->x;
	if (vector_room(&x->operands, &x->operands_allocated, x->operand_count, sizeof *x->operands))
		return AFF_ENOMEM;
	x->operands[x->operand_count++] = *operand;
	in->operand = (unsigned)x->operand_count;
	return 0;
}

static bool is_reserved(struct aff_view word)
{
	for (size_t i = 0; i < reserved_count; i++) {
		if (aff_view_is(word, reserved[i]))
			return true;
	}
	return false;
}

/* ---- paths ---- */

int compiler_take_path(struct compiler *c, struct aff_path *path)
{
	static const char *const words[] = {"exists", "empty", "not", "any", "all", "count"};
	static const size_t n = sizeof words / sizeof words[0];
	struct aff_diag why = {0};
	size_t at = c->lexer.at;
	struct aff_view word = lexer_peek_word(&c->lexer);
	struct nearest nearest = {.word = word};
	for (size_t i = 0; i < n; i++)
		nearest_offer(&nearest, words[i]);
	bool near = nearest.best != NULL;
	struct aff_view text = lexer_take_path(&c->lexer);
	if (text.n && aff_path_parse(path, text, &why) == 0)
		return 0;
	if (near || !text.n)
		compiler_fail(c, at, "a path is expected here");
	else
		compiler_fail(c, why.column ? at + why.column - 1 : at, why.text);
	if (!near && memchr(text.p, '/', text.n))
		aff_diag_hint(c->diag, "%s", why.hint); /* it knows the groups */
	else
		compiler_hint(c, at, words, n, "a path looks like PV1-3.1 or OBX-5");
	return AFF_ESYNTAX;
}

/* ---- words ---- */

static int take_value(struct compiler *c, bool in_list, struct aff_view *out)
{
	bool quoted;
	size_t at = c->lexer.at;
	if (lexer_take_value(&c->lexer, in_list, out, &quoted))
		return compiler_fail(c, at, "these quotes are not closed");
	if (quoted)
		return 0;
	if (!out->n) {
		compiler_fail(c, at, "a value is missing here");
		aff_diag_hint(c->diag, "write a word, a number or \"text in quotes\"");
		return AFF_ESYNTAX;
	}
	if (is_reserved(*out)) {
		compiler_fail(c, at, "a value is expected here, not a word of the language");
		aff_diag_hint(c->diag, "put \"%.*s\" in quotes if it is the value", (int)out->n, out->p);
		return AFF_ESYNTAX;
	}
	if (strchr("=!<>", out->p[0])) {
		compiler_fail(c, at, "an operator has no place here");
		aff_diag_hint(c->diag, "%s",
		              out->p[0] == '=' ? "write = once for equal; put a value that starts so in quotes"
		                               : "operators are = != < <= > >= in matches; put a value that starts so "
		                                 "in quotes");
		return AFF_ESYNTAX;
	}
	return 0;
}

/* upper() and lower() leave no letters of the other case: a text with one is never equal. */
static int check_case(struct compiler *c, const struct instruction *in, size_t at, struct aff_view text)
{
	char from = in->function == FUNCTION_UPPER ? 'a' : 'A';
	if (in->function != FUNCTION_UPPER && in->function != FUNCTION_LOWER)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < from || text.p[i] > from + 25)
			continue;
		compiler_fail(c, at, from == 'a' ? "upper() leaves no small letters: this is never equal"
		                                 : "lower() leaves no capitals: this is never equal");
		aff_diag_hint(c->diag, from == 'a' ? "write it in capitals" : "write it in small letters");
		return AFF_ESYNTAX;
	}
	return 0;
}

static int take_list(struct compiler *c, struct instruction *in)
{
	size_t open = c->lexer.at;
	if (!lexer_take(&c->lexer, "[")) {
		compiler_fail(c, open, "`in` needs a list");
		aff_diag_hint(c->diag, "write in [A, B]");
		return AFF_ESYNTAX;
	}
	do {
		struct aff_view value;
		lexer_skip_blanks(&c->lexer);
		size_t at = c->lexer.at;
		int rc = take_value(c, true, &value);
		rc = rc ? rc : check_case(c, in, at, value);
		rc = rc ? rc : add_value(c, value);
		if (rc)
			return rc;
		in->values++;
		lexer_skip_blanks(&c->lexer);
	} while (lexer_take(&c->lexer, ","));
	if (lexer_take(&c->lexer, "]"))
		return 0;
	compiler_fail(c, c->lexer.at, "the list is not closed");
	aff_diag_hint(c->diag,
	              "values are separated by `,` and the list ends with `]`; text with blanks goes in quotes");
	return AFF_ESYNTAX;
}

static int take_regex(struct compiler *c, struct instruction *in)
{
	size_t at = c->lexer.at, offset = 0;
	struct aff_view pattern;
	char why[128] = "", text[192];
	if (!lexer_take(&c->lexer, "/")) {
		compiler_fail(c, at, "`matches` needs a regular expression");
		aff_diag_hint(c->diag, "write matches /^MDC_/");
		return AFF_ESYNTAX;
	}
	if (lexer_take_pattern(&c->lexer, &pattern))
		return compiler_fail(c, at, "this regular expression is not closed with /");
	bool ignore_case = lexer_take_word(&c->lexer, "i");
	int rc = regex_compile(&in->regex, pattern, ignore_case, &offset, why, sizeof why);
	if (rc == AFF_ESYNTAX) {
		snprintf(text, sizeof text, "the regular expression is wrong: %s", why);
		return compiler_fail(c, at + 1 + offset, text);
	}
	return rc;
}

/* ---- another path, a time moved ---- */

struct period {
	const char *unit;
	int64_t us;
};
static const struct period periods[] = {
	{"s", 1000000}, {"min", 60000000}, {"h", 3600000000}, {"d", 86400000000}, {"w", 604800000000},
};

/* 30min, 2h, 18y */
static int take_shift(struct compiler *c, bool back, struct operand *o)
{
	struct aff_view value;
	size_t at = c->lexer.at, digits = 0;
	uint64_t n;
	int rc = take_value(c, false, &value);
	if (rc)
		return rc;
	while (digits < value.n && value.p[digits] >= '0' && value.p[digits] <= '9')
		digits++;
	struct aff_view unit = aff_view(value.p + digits, value.n - digits);
	if (digits == 0 || number_u64(aff_view(value.p, digits), 100000, &n)) {
		compiler_fail(c, at, "a duration is expected here");
		aff_diag_hint(c->diag, "such as 90s, 30min, 2h, 7d, 2w or 18y, the number up to 100000");
		return AFF_ESYNTAX;
	}
	int sign = back ? -1 : 1;
	o->shifted = true;
	if (aff_view_is(unit, "y")) {
		o->shift_years = sign * (int)(n < 10000 ? n : 10000);
		return 0;
	}
	for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
		if (aff_view_is(unit, periods[i].unit)) {
			o->shift_us = sign * (int64_t)n * periods[i].us;
			return 0;
		}
	}
	compiler_fail(c, at + digits, "this is no unit of time");
	aff_diag_hint(c->diag, "s, min, h, d, w and y are");
	return AFF_ESYNTAX;
}

/* Behind the opening brace. */
static int take_other(struct compiler *c, struct instruction *in, bool ordered)
{
	struct operand o = {.kind = OPERAND_PATH};
	size_t at = c->lexer.at;
	int rc = compiler_take_path(c, &o.path);
	if (rc)
		return rc;
	if (!o.path.field)
		return compiler_fail(c, at, "a field is expected here, not a segment");
	if (!lexer_take(&c->lexer, "}"))
		return compiler_fail(c, c->lexer.at, "the brace is not closed");
	lexer_skip_blanks(&c->lexer);
	size_t sign = c->lexer.at;
	bool back = lexer_take(&c->lexer, "-");
	if (back || lexer_take(&c->lexer, "+")) {
		if (!ordered)
			return compiler_fail(c, sign, "only < <= > >= compare times");
		lexer_skip_blanks(&c->lexer);
		rc = take_shift(c, back, &o);
	}
	return rc ? rc : add_operand(c, in, &o);
}

/* ---- numbers and dates ---- */

/* 2026-11-20, 2026-11-20T10:30, with seconds, with Z or +01:00: as HL7 writes it. */
static bool read_date(struct aff_view text, struct aff_dtm *out)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	char hl7[32];
	size_t n = 0, i = 0;
	for (; i < text.n && i < sizeof shape - 1; i++) {
		bool digit = text.p[i] >= '0' && text.p[i] <= '9';
		if (shape[i] == 'd' ? !digit : text.p[i] != shape[i])
			break;
		if (digit)
			hl7[n++] = text.p[i];
	}
	struct aff_view zone = aff_view(text.p + i, text.n - i);
	if (i != 10 && i != 16 && i != 19)
		return false;
	if (aff_view_is(zone, "Z")) {
		memcpy(hl7 + n, "+0000", 5);
		n += 5;
	} else if (zone.n == 6 && (zone.p[0] == '+' || zone.p[0] == '-') && zone.p[3] == ':') {
		memcpy(hl7 + n, zone.p, 3);
		memcpy(hl7 + n + 3, zone.p + 4, 2);
		n += 5;
	} else if (zone.n) {
		return false;
	}
	return (zone.n == 0 || i > 10) && aff_dtm_parse(out, aff_view(hl7, n)) == 0;
}

/* A word behind the number that no connective is: its unit. */
static int take_unit(struct compiler *c, const struct instruction *in, struct operand *o)
{
	struct lexer ahead = c->lexer;
	struct aff_view word;
	bool quoted;
	lexer_skip_blanks(&ahead);
	size_t at = ahead.at;
	if (lexer_take_value(&ahead, false, &word, &quoted) || !word.n || (!quoted && is_reserved(word)))
		return 0;
	const struct aff_path *p = &in->path;
	if (in->function || strcmp(p->segment, "OBX") != 0 || p->field != 5) {
		compiler_fail(c, at, "only OBX-5 has a unit");
		aff_diag_hint(c->diag, "`and`, `or` or the end is expected here");
		return AFF_ESYNTAX;
	}
	o->unit = aff_unit_by_ucum(word);
	if (!o->unit)
		o->unit = aff_unit_by_alias(word);
	if (!o->unit) {
		compiler_fail(c, at, "this unit is not known");
		aff_diag_hint(c->diag, "units are those of UCUM, such as mm[Hg], /min, Cel");
		return AFF_ESYNTAX;
	}
	c->lexer = ahead;
	return 0;
}

static int take_ordered(struct compiler *c, struct instruction *in)
{
	struct operand o = {.kind = OPERAND_NUMBER};
	size_t at = c->lexer.at;
	if (in->function != FUNCTION_COUNT && lexer_take(&c->lexer, "{"))
		return take_other(c, in, true);
	int rc = take_value(c, false, &o.number);
	if (rc)
		return rc;
	if (aff_is_number(o.number)) {
		rc = take_unit(c, in, &o);
	} else if (!in->function && read_date(o.number, &o.date)) {
		o.kind = OPERAND_DATE;
	} else {
		compiler_fail(c, at, "a number or a date is expected here");
		aff_diag_hint(c->diag, "< <= > >= compare numbers such as 37.5, also with a unit (38 Cel), dates such "
		                       "as 2026-01-31T10:00 and {PATH}; use = or matches for text");
		rc = AFF_ESYNTAX;
	}
	return rc ? rc : add_operand(c, in, &o);
}

/* `=` of a count or a length is that of numbers. */
static int take_equal(struct compiler *c, struct instruction *in)
{
	struct aff_view value;
	size_t at = c->lexer.at;
	if (in->function != FUNCTION_COUNT && lexer_take(&c->lexer, "{"))
		return take_other(c, in, false);
	int rc = take_value(c, false, &value);
	rc = rc ? rc : check_case(c, in, at, value);
	if (!rc && in->function >= FUNCTION_LENGTH && !aff_is_number(value)) {
		compiler_fail(c, at, "a number is expected here");
		aff_diag_hint(c->diag, "count and length are numbers");
		return AFF_ESYNTAX;
	}
	if (!rc && in->function >= FUNCTION_LENGTH)
		return add_operand(c, in, &(struct operand){.kind = OPERAND_NUMBER, .number = value});
	return rc ? rc : add_value(c, value);
}

int compiler_take_operands(struct compiler *c, struct instruction *in)
{
	in->value = (unsigned)c->x->value_count;
	switch (in->op) {
	case OP_IN:
		return take_list(c, in);
	case OP_MATCHES:
		return take_regex(c, in);
	case OP_EQUAL:
	case OP_UNEQUAL:
		return take_equal(c, in);
	default:
		return take_ordered(c, in);
	}
}
