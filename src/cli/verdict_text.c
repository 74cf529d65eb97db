/* SPDX-License-Identifier: Apache-2.0
 *
 * A verdict for people: the place, how bad, what; the line of the message with the place marked; what to do.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "cli/term.h"
#include "cli/verdict.h"

#define BEFORE 24  /* columns that are shown before the marked place of a long line */
#define RULES_TOLD 8
#define PLACES_TOLD 8 /* further places of one finding */

static enum term_style_name style_of(const struct aff_diag *d)
{
	static const enum term_style_name styles[] = {
		[AFF_SEVERITY_ERROR] = TERM_RED,
		[AFF_SEVERITY_WARNING] = TERM_YELLOW,
		[AFF_SEVERITY_INFO] = TERM_CYAN,
	};
	return styles[d->severity];
}

/* Prints one character of text at i in one column: what is not printable as '?'. Returns its bytes. */
static size_t put_character(struct aff_view text, size_t i)
{
	unsigned char c = (unsigned char)text.p[i];
	size_t n = utf8_length(text.p + i, text.n - i);
	if (n > 1)
		fwrite(text.p + i, 1, n, stdout);
	else
		putchar(n && c >= 0x20 && c != 0x7f ? c : '?');
	return n ? n : 1;
}

/* The start of the character that byte i belongs to, `columns` characters earlier. */
static size_t step_back(struct aff_view text, size_t i, unsigned columns)
{
	while (i && columns--) {
		i--;
		while (i && ((unsigned char)text.p[i] & 0xc0) == 0x80)
			i--;
	}
	return i;
}

/* The part of the line around the place that fits, and under it the mark. */
static void quote(const struct verdict_place *place, const struct aff_diag *d)
{
	int width = term_width(stdout) - 8, column = 0, mark_from = -1, mark_n = 0;
	struct aff_view line = place->segment;
	size_t start = place->from <= BEFORE || line.n < (size_t)width ? 0 : step_back(line, place->from, BEFORE);
	printf("    %s", start ? "..." : "");
	size_t i = start;
	for (; i < line.n && column < width; column++) {
		if (i >= place->from && mark_from < 0)
			mark_from = column;
		mark_n += i >= place->from && i < place->from + place->n;
		i += put_character(line, i);
	}
	printf("%s\n    %*s%s^", i < line.n ? "..." : "", (start ? 3 : 0) + (mark_from < 0 ? column : mark_from), "",
	       term_style(stdout, style_of(d)));
	while (--mark_n > 0)
		putchar('~');
	printf("%s\n", term_style(stdout, TERM_PLAIN));
}

static void print_finding(const struct verdict_writer *w, const struct verdict *v, const struct aff_diag *d)
{
	char at[64];
	struct verdict_place place;
	aff_location_format(&d->at, at, sizeof at);
	printf("%s%s%s: %s%s%s%s", term_style(stdout, TERM_BOLD), v->input->where, term_style(stdout, TERM_PLAIN), at,
	       at[0] ? ": " : "", term_style(stdout, style_of(d)), verdict_severity(d));
	if (d->severity == AFF_SEVERITY_ERROR)
		printf(" %d", aff_error_condition(d->code));
	printf(":%s %s %s[%s]%s\n", term_style(stdout, TERM_PLAIN), d->text, term_style(stdout, TERM_DIM),
	       d->rule, term_style(stdout, TERM_PLAIN));
	if (w->quote && verdict_locate(v->msg, &d->at, &place))
		quote(&place, d);
	if (d->hint[0]) {
		printf("    %s", "mend: ");
		term_wrap(stdout, aff_view_of(d->hint), 10, term_width(stdout));
	}
}

/* Said in the same words, be it of another place. */
static bool is_same(const struct aff_diag *a, const struct aff_diag *b)
{
	return a->rule == b->rule && a->severity == b->severity && a->code == b->code &&
	       strcmp(a->at.segment, b->at.segment) == 0 && strcmp(a->text, b->text) == 0 &&
	       strcmp(a->hint, b->hint) == 0;
}

static bool was_told(const struct verdict *v, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (is_same(v->ordered[k], v->ordered[i]))
			return true;
	}
	return false;
}

/* An empty field in thirty rows is one thing to mend. */
static void print_further_places(const struct verdict *v, size_t i)
{
	char line[PLACES_TOLD * 40 + 40] = "", at[40];
	size_t places = 0, n = 0;
	for (size_t k = i + 1; k < v->findings->count; k++) {
		if (!is_same(v->ordered[i], v->ordered[k]) || places++ >= PLACES_TOLD)
			continue;
		n += (size_t)snprintf(line + n, sizeof line - n, "%s%s", n ? ", " : "",
		                      aff_location_format(&v->ordered[k]->at, at, sizeof at));
	}
	if (!places)
		return;
	if (places > PLACES_TOLD)
		snprintf(line + n, sizeof line - n, " and %zu more", places - PLACES_TOLD);
	fputs("    also: ", stdout);
	term_wrap(stdout, aff_view_of(line), 10, term_width(stdout));
}

static int text_message(struct verdict_writer *w, const struct verdict *v)
{
	for (size_t i = 0; i < v->findings->count; i++) {
		if (was_told(v, i))
			continue;
		print_finding(w, v, v->ordered[i]);
		print_further_places(v, i);
	}
	if (v->findings->dropped)
		printf("%s: and %zu more findings\n", v->input->where, v->findings->dropped);
	return 0;
}

static void print_count(uint64_t n, const char *what)
{
	printf(", %" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

static int by_count(const void *a, const void *b)
{
	const struct verdict_rule *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->id, y->id);
}

/* The rules that were broken most often: in a folder of messages one sees the pattern, not the single case. */
static void print_rules(struct verdict_totals *t)
{
	static const char *const titles[] = {">findings", "rule", "what it asks"};
	struct table table;
	if (!t->nrules)
		return;
	qsort(t->rules, t->nrules, sizeof t->rules[0], by_count);
	table_init(&table, titles, 3);
	for (size_t i = 0; i < t->nrules && i < RULES_TOLD; i++) {
		const struct aff_check_rule *r = aff_check_rule_find(t->rules[i].id);
		table_cellf(&table, "%" PRIu64, t->rules[i].n);
		table_cell(&table, aff_view_of(t->rules[i].id));
		table_cell(&table, aff_view_of(r ? r->what : "a rule of the profile"));
	}
	putchar('\n');
	table_print(&table, stdout);
	if (t->nrules > RULES_TOLD)
		printf("and %zu more rules\n", t->nrules - RULES_TOLD);
	putchar('\n');
}

static int text_end(struct verdict_writer *w, struct verdict_totals *t)
{
	(void)w;
	if (!t->messages)
		return 0;
	if (t->messages > 1)
		print_rules(t);
	printf("%" PRIu64 " message%s", t->messages, t->messages == 1 ? "" : "s");
	if (!t->errors && !t->warnings)
		printf(": %snothing wrong%s", term_style(stdout, TERM_GREEN), term_style(stdout, TERM_PLAIN));
	print_count(t->errors, "error");
	print_count(t->warnings, "warning");
	if (t->messages > 1)
		printf(", %" PRIu64 " failed", t->failed);
	putchar('\n');
	return 0;
}

const struct verdict_format verdict_text = {text_message, text_end};
