/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading templates.
 */
#include "rules/template.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "base/number.h"
#include "rules/place.h"

enum { TEMPLATE_MAX = 4096, CHARACTERS_MAX = 99999 };

static const char functions_text[] = "upper, lower, trim, length, substr or default";

struct reading {
	struct template *t;
	struct lexer lexer;
	unsigned level;
	struct aff_diag *diag;
};

static int wrong(const struct reading *r, size_t at, const char *what, const char *hint)
{
	aff_diag_set(r->diag, AFF_ESYNTAX, "%s", what);
	aff_diag_hint(r->diag, "%s", hint);
	if (r->diag)
		r->diag->column = (unsigned)at + 1;
	return AFF_ESYNTAX;
}

static void add_text(struct reading *r, size_t from, size_t to)
{
	struct template *t = r->t;
	if (to > from)
		t->parts[t->count++] = (struct part){
			.kind = PART_TEXT, .at = from, .text = aff_view(t->text + from, to - from)};
}

/* ---- within braces: {path}, {function(path)}, {function(function(path, ...))} ---- */

static int take_count(struct reading *r, unsigned *out)
{
	size_t from = r->lexer.at;
	struct aff_view text = r->lexer.text;
	uint64_t n;
	while (r->lexer.at < text.n && text.p[r->lexer.at] >= '0' && text.p[r->lexer.at] <= '9')
		r->lexer.at++;
	if (number_u64(aff_view(text.p + from, r->lexer.at - from), CHARACTERS_MAX, &n) || !n)
		return wrong(r, from, "a number of characters from 1 is expected here",
		             "substr(PID-3.1, 1, 8) is the first eight characters");
	*out = (unsigned)n;
	lexer_skip_blanks(&r->lexer);
	return 0;
}

static bool take_comma(struct reading *r)
{
	bool there = lexer_take(&r->lexer, ",");
	lexer_skip_blanks(&r->lexer);
	return there;
}

static int take_arguments(struct reading *r, struct call *call)
{
	int rc = 0;
	bool quoted = false;
	lexer_skip_blanks(&r->lexer);
	size_t at = r->lexer.at;
	if (call->function == FUNCTION_SUBSTR) {
		call->count = CHARACTERS_MAX;
		if (!take_comma(r))
			return wrong(r, at, "substr needs a first character", "write substr(PID-3.1, 1, 8)");
		rc = take_count(r, &call->from);
		if (!rc && take_comma(r))
			rc = take_count(r, &call->count);
	} else if (call->function == FUNCTION_DEFAULT) {
		if (!take_comma(r) || lexer_take_value(&r->lexer, true, &call->text, &quoted) || !quoted)
			return wrong(r, at, "default needs a text in quotes", "write default(PV1-3.4, \"ICU\")");
		lexer_skip_blanks(&r->lexer);
	}
	if (!rc && !lexer_take(&r->lexer, ")"))
		return wrong(r, r->lexer.at, "`)` is expected here", "write upper(PID-5.1)");
	return rc;
}

static int unknown_function(struct reading *r, size_t at)
{
	static const char *const names[] = {"upper", "lower", "trim", "length", "substr", "default"};
	struct nearest nearest = {.word = lexer_peek_word(&r->lexer)};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		nearest_offer(&nearest, names[i]);
	int rc = wrong(r, at, "there is no such function", functions_text);
	if (nearest.best)
		aff_diag_hint(r->diag, "did you mean `%s`?", nearest.best);
	return rc;
}

static int take_path(struct reading *r, struct part *part)
{
	struct aff_diag why = {0};
	size_t at = r->lexer.at;
	struct aff_view word = lexer_peek_word(&r->lexer), text = lexer_take_path(&r->lexer);
	if (aff_view_is(word, "now") || aff_view_is(word, "today"))
		return wrong(r, at, "a transform has no clock, so that a replay gives the same message",
		             "{MSH-7} is when the message was made");
	if (aff_path_parse(&part->path, text, &why))
		return wrong(r, at + (why.column ? why.column - 1 : 0),
		             why.text[0] ? why.text : "a path is expected here",
		             memchr(text.p, '/', text.n) ? why.hint
		                                         : "a path looks like PV1-3.4; write {{ for a brace");
	if (!part->path.field)
		return wrong(r, at, "a field is expected here, not a segment", "a path looks like PV1-3.4");
	if (strcmp(part->path.segment, "MSH") == 0 && part->path.field <= 2)
		return wrong(r, at, "MSH-1 and MSH-2 are the message's delimiters",
		             "write them out where you mean text");
	return 0;
}

static int take_braces(struct reading *r, size_t open)
{
	static const enum function functions[] = {FUNCTION_UPPER, FUNCTION_LOWER,  FUNCTION_TRIM,
	                                          FUNCTION_LENGTH, FUNCTION_SUBSTR, FUNCTION_DEFAULT};
	struct part part = {.kind = PART_PATH, .at = open + 1};
	enum function outer[TEMPLATE_CALLS], f;
	size_t depth = 0;
	lexer_skip_blanks(&r->lexer);
	while ((f = function_take(&r->lexer, functions, sizeof functions / sizeof functions[0])) != FUNCTION_NONE) {
		if (depth == TEMPLATE_CALLS)
			return wrong(r, open, "too many functions within each other", "make them two steps");
		outer[depth++] = f;
		lexer_skip_blanks(&r->lexer);
	}
	struct lexer ahead = r->lexer;
	ahead.at += lexer_peek_word(&ahead).n;
	if (ahead.at > r->lexer.at && lexer_take(&ahead, "("))
		return unknown_function(r, r->lexer.at);
	int rc = take_path(r, &part);
	while (!rc && depth) {
		part.calls[part.call_count].function = outer[--depth];
		rc = take_arguments(r, &part.calls[part.call_count++]);
	}
	lexer_skip_blanks(&r->lexer);
	if (!rc && !lexer_take(&r->lexer, "}"))
		return memchr(r->lexer.text.p + r->lexer.at, '}', r->lexer.text.n - r->lexer.at)
		               ? wrong(r, r->lexer.at, "`}` is expected here", "write {PV1-3.4} or {upper(PID-5.1)}")
		               : wrong(r, open, "this `{` is not closed", "write {PV1-3.4}, or {{ for a brace");
	if (!rc)
		r->t->parts[r->t->count++] = part;
	return rc;
}

static bool is_special(const struct reading *r, char c)
{
	return c == '{' || c == '}' || (r->level == LEVEL_SEGMENT && c && strchr("|^~&", c));
}

static int read_parts(struct reading *r)
{
	struct lexer *l = &r->lexer;
	const char *v = l->text.p;
	size_t from = 0;
	int rc = 0;
	while (!rc && l->at < l->text.n) {
		size_t at = l->at++;
		if (!is_special(r, v[at]))
			continue;
		bool brace = v[at] == '{' || v[at] == '}', doubled = l->at < l->text.n && v[l->at] == v[at];
		add_text(r, from, at + (brace && doubled)); /* of a doubled brace the first half is text */
		if (!brace)
			r->t->parts[r->t->count++] = (struct part){
				.kind = PART_DELIMITER, .at = at, .delimiter = v[at]};
		else if (doubled)
			l->at++;
		else if (v[at] == '}')
			return wrong(r, at, "this `}` closes nothing", "write }} for a brace");
		else
			rc = take_braces(r, at);
		from = l->at;
	}
	add_text(r, from, l->text.n);
	return rc;
}

/* ---- what a path brings along must fit into its place ---- */

/* The level that delimiters on one side of part i give it, up to the next field. Behind a coarser delimiter finer ones
 * are about other parts. */
static enum level level_beside(const struct template *t, size_t i, bool right)
{
	static const char delimiters[] = "|~^&";
	const char *coarsest = delimiters + 3;
	enum level level = LEVEL_FIELD;
	while (*coarsest != '|' && (right ? i + 1 < t->count : i > 0)) {
		i = right ? i + 1 : i - 1;
		const struct part *part = &t->parts[i];
		const char *here = part->kind == PART_DELIMITER ? strchr(delimiters, part->delimiter) : NULL;
		if (!here || here > coarsest)
			continue;
		coarsest = here;
		enum level this = (enum level)(LEVEL_FIELD + (here - delimiters));
		level = this > level ? this : level;
	}
	return level;
}

static enum level level_around(const struct template *t, size_t i)
{
	enum level left = level_beside(t, i, false), right = level_beside(t, i, true);
	return left > right ? left : right;
}

static bool is_plain(const struct part *part)
{
	for (size_t i = 0; i < part->call_count; i++)
		if (part->calls[i].function == FUNCTION_LENGTH || part->calls[i].function == FUNCTION_SUBSTR)
			return true;
	return false;
}

static int check_levels(const struct reading *r)
{
	const struct template *t = r->t;
	char text[AFF_PATH_TEXT], hint[AFF_PATH_TEXT + 40];
	for (size_t i = 0; i < t->count; i++) {
		const struct part *part = &t->parts[i];
		if (part->kind != PART_PATH || is_plain(part))
			continue;
		enum level level = r->level == LEVEL_SEGMENT ? level_around(t, i) : (enum level)r->level;
		struct aff_path finer = part->path;
		finer.component = finer.component ? finer.component : 1;
		finer.subcomponent = level < LEVEL_SUBCOMPONENT ? finer.subcomponent : 1;
		if (level < LEVEL_COMPONENT || part->path.subcomponent ||
		    (level == LEVEL_COMPONENT && part->path.component))
			continue;
		snprintf(hint, sizeof hint, "take a part of it, such as %s",
		         aff_path_format(&finer, text, sizeof text));
		return wrong(r, part->at, level == LEVEL_COMPONENT
		                                  ? "a whole field does not fit into a component"
		                                  : "more than a subcomponent does not fit into a subcomponent", hint);
	}
	return 0;
}

int template_compile(struct template *t, struct aff_view text, unsigned level, struct aff_diag *diag)
{
	struct reading r = {.t = t, .level = level, .diag = diag};
	size_t most = 1;
	*t = (struct template){NULL, NULL, 0};
	if (text.n > TEMPLATE_MAX)
		return aff_diag_set(diag, AFF_ELIMIT, "the value is longer than %d bytes", TEMPLATE_MAX);
	for (size_t i = 0; i < text.n; i++)
		most += is_special(&r, text.p[i]) ? 2 : 0;
	t->text = malloc(text.n + 1);
	t->parts = calloc(most, sizeof *t->parts);
	if (!t->text || !t->parts)
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	memcpy(t->text, text.p, text.n);
	r.lexer.text = aff_view(t->text, text.n);
	int rc = read_parts(&r);
	return rc ? rc : check_levels(&r);
}

void template_free(struct template *t)
{
	free(t->text);
	free(t->parts);
}
