/* SPDX-License-Identifier: Apache-2.0
 *
 * An explanation for people: what was asked, what it found, and what changed, field by field. Steps and segments at
 * which nothing happened take a line together.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/explain.h"
#include "cli/term.h"
#include "engine/out/output.h"

static void style(enum term_style_name s)
{
	fputs(term_style(stdout, s), stdout);
}

static void print_place(const struct explain_place *at)
{
	if (!at->id[0])
		fputs("the message", stdout);
	else if (at->repetition)
		printf("%s[%u]-%u[%u]", at->id, at->occurrence, at->field, at->repetition);
	else
		printf("%s[%u]", at->id, at->occurrence);
}

static bool follows(const struct explain_place *a, const struct explain_place *b)
{
	return strcmp(a->id, b->id) == 0 && a->id[0] && !a->repetition && b->occurrence == a->occurrence + 1;
}

/* Places one after the other as "OBX[1] to OBX[5], OBX[9]". */
struct places {
	struct explain_place first, last;
	unsigned n;          /* printed or pending */
};

static void flush_places(struct places *p)
{
	if (!p->n)
		return;
	print_place(&p->first);
	if (p->first.occurrence != p->last.occurrence) {
		fputs(follows(&p->first, &p->last) ? ", " : " to ", stdout);
		print_place(&p->last);
	}
}

static void add_place(struct places *p, const struct explain_place *at)
{
	if (p->n && follows(&p->last, at)) {
		p->last = *at;
		return;
	}
	flush_places(p);
	if (p->n++)
		fputs(", ", stdout);
	p->first = p->last = *at;
}

/* ---- accept ---- */

const char *explain_check_name(const struct conf_channel *channel, char *buf, size_t size)
{
	static const char *const levels[] = {
		[AFF_CHECK_NONE] = "none", [AFF_CHECK_SYNTAX] = "syntax", [AFF_CHECK_STRUCTURE] = "structure",
		[AFF_CHECK_TYPES] = "types", [AFF_CHECK_TABLES] = "tables",
	};
	const struct aff_checks *c = &channel->accept.checks;
	const char *ihe = aff_ihe_name(c->ihe);
	if (c->nprofiles)
		snprintf(buf, size, "%s and the profile %s", levels[c->level], aff_profile_name(c->profiles[0]));
	else
		snprintf(buf, size, "%s", ihe ? ihe : levels[c->level]);
	return buf;
}

static void print_finding(const struct aff_diag *d)
{
	char line[640];
	fputs("    ", stdout);
	style(TERM_RED);
	term_put_safe(stdout, aff_view_of(aff_diag_format(d, line, sizeof line)));
	style(TERM_PLAIN);
	putchar('\n');
}

static void print_accept(const struct explanation *x)
{
	const struct ingest_decision *d = &x->decision;
	char check[96];
	style(TERM_BOLD);
	puts("accept");
	style(TERM_PLAIN);
	fputs("  ", stdout);
	if (d->row.verdict == JOURNAL_ACCEPTED)
		printf("accepted, checked as %s", explain_check_name(x->channel, check, sizeof check));
	else
		printf("%s%s%s", term_style(stdout, TERM_RED),
		       d->row.verdict == JOURNAL_KEPT ? "kept in the journal, and sent nowhere" : "refused",
		       term_style(stdout, TERM_PLAIN));
	if (d->awaits)
		printf("; answer %s%swhen it is known what became of it at %s\n", x->answer,
		       x->answer[0] ? ", and another one " : "", x->channel->source.delivered_to);
	else
		printf("; %s%s\n", x->answer[0] ? "answer " : "no answer", x->answer);
	if (d->row.verdict == JOURNAL_ACCEPTED)
		return;
	if (d->why.code)
		print_finding(&d->why);
	for (size_t i = 0; i < d->findings->count; i++) {
		const struct aff_diag *f = &d->findings->items[i];
		if (f->severity == AFF_SEVERITY_ERROR && strcmp(f->text, d->why.text) != 0)
			print_finding(f);
	}
}

/* ---- steps ---- */

static void print_asks(const struct explain *x, const struct explain_step *s)
{
	size_t end = s->ask + s->asks;
	for (size_t i = s->ask; i < end && s->when.n;) {
		const struct explain_ask *a = &x->asks[i];
		struct places places = {.n = 0};
		printf("       %s", a->holds ? "yes" : "no");
		if (s->for_each[0])
			fputs(a->holds ? "  " : "   ", stdout);
		for (; i < end && x->asks[i].holds == a->holds && aff_view_equal(x->asks[i].why, a->why); i++)
			if (s->for_each[0])
				add_place(&places, &x->asks[i].at);
		flush_places(&places);
		fputs(": ", stdout);
		term_put_safe(stdout, a->why);
		putchar('\n');
	}
}

static void print_line(char sign, enum term_style_name s, struct aff_view text)
{
	style(s);
	printf("%c ", sign);
	term_put_safe(stdout, text);
	style(TERM_PLAIN);
	putchar('\n');
}

static void print_change(const struct explain *x, const struct explain_change *c)
{
	char label[32];
	struct aff_view before, after;
	if (c->inserted || c->deleted) {
		printf("       %s[%u] %s\n         ", c->at.id, c->at.occurrence, c->deleted ? "goes" : "is new");
		print_line(c->deleted ? '-' : '+', c->deleted ? TERM_RED : TERM_GREEN,
		           c->deleted ? c->before : c->after);
		return;
	}
	for (unsigned field = 0; explain_next_field(c, x->delims.field, &field, &before, &after);) {
		int n = snprintf(label, sizeof label, "%s[%u]-%u", c->at.id, c->at.occurrence, field);
		printf("       %s  ", label);
		print_line('-', TERM_RED, before);
		printf("       %*s  ", n, "");
		print_line('+', TERM_GREEN, after);
	}
}

static void print_unknown(const struct explain_place *at, const struct explain_unmapped *u)
{
	bool unit = u->kind == AFF_UNMAPPED_UNIT || u->kind == AFF_UNMAPPED_VALUE;
	fputs("       ", stdout);
	style(TERM_YELLOW);
	print_place(at);
	printf("-%u: the %s ", u->field, unit ? "unit" : "code");
	term_put_safe(stdout, unit ? u->unit : u->code);
	if (!unit && u->name.n) {
		fputs(" (", stdout);
		term_put_safe(stdout, u->name);
		putchar(')');
	}
	if (!unit && u->system.n) {
		fputs(" of ", stdout);
		term_put_safe(stdout, u->system);
	}
	switch (u->kind) {
	case AFF_UNMAPPED_CODE:
		printf(" is not in the table %s", u->table);
		break;
	case AFF_UNMAPPED_NAME:
		printf(" is in the table %s under another name, unit or container", u->table);
		break;
	case AFF_UNMAPPED_UNIT:
		fputs(" is not known", stdout);
		break;
	case AFF_UNMAPPED_VALUE:
		printf(" cannot become the one that the table %s asks for", u->table);
		break;
	}
	style(TERM_PLAIN);
	putchar('\n');
}

/* Which row it was, where the code alone does not say it. */
static void print_row(const struct explain_deed *d)
{
	const struct aff_table_row *row = d->row;
	if (!row || (!row->asks && row->from.p[row->from.n - 1] != '*'))
		return;
	printf("       %s", term_style(stdout, TERM_DIM));
	print_place(&d->at);
	fputs(": row ", stdout);
	term_put_safe(stdout, row->from);
	printf(" in line %u of the table %s%s\n", row->line, d->table, term_style(stdout, TERM_PLAIN));
}

static void print_deeds(const struct explain *x, const struct explain_step *s)
{
	struct places idle = {.n = 0};
	bool begun = false;
	for (size_t i = s->deed; i < s->deed + s->deeds; i++) {
		const struct explain_deed *d = &x->deeds[i];
		print_row(d);
		for (size_t k = d->unknown; k < d->unknown + d->unknowns; k++)
			print_unknown(&d->at, &x->unknowns[k]);
		for (size_t k = d->change; k < d->change + d->changes; k++)
			print_change(x, &x->changes[k]);
	}
	for (size_t i = s->deed; i < s->deed + s->deeds; i++) {
		const struct explain_deed *d = &x->deeds[i];
		if (d->changes || d->unknowns || d->outcome)
			continue;
		if (!begun)
			printf("       %sno change%s", term_style(stdout, TERM_DIM), d->at.id[0] ? " to " : "");
		begun = true;
		if (d->at.id[0])
			add_place(&idle, &d->at);
	}
	flush_places(&idle);
	if (begun)
		printf("%s\n", term_style(stdout, TERM_PLAIN));
}

static void print_step(const struct explanation *x, size_t i)
{
	const struct explain *e = x->steps;
	const struct explain_step *s = &e->steps[i];
	printf("  %s%zu. %s%s%s%s%s%s", term_style(stdout, TERM_BOLD), i + 1, s->name, s->what[0] ? " " : "", s->what,
	       s->for_each[0] ? ", for " : "", s->for_each, s->when.n ? ", when " : "");
	term_put_safe(stdout, s->when);
	printf("%s  %s%s:%u%s\n", term_style(stdout, TERM_PLAIN), term_style(stdout, TERM_DIM), x->channel->file,
	       s->line, term_style(stdout, TERM_PLAIN));
	print_asks(e, s);
	print_deeds(e, s);
	if (s->failed) {
		printf("       %sfails: ", term_style(stdout, TERM_RED));
		term_put_safe(stdout, s->reason);
		printf("%s\n%s", term_style(stdout, TERM_PLAIN),
		       s->skipped ? "       skipped (on_error): what this entry did is undone\n" : "");
	}
	if (!s->deeds && s->for_each[0] && !s->asks)
		printf("       %sthere is no %s%s\n", term_style(stdout, TERM_DIM), s->for_each,
		       term_style(stdout, TERM_PLAIN));
	else if (!s->deeds && strcmp(s->name, "steps") != 0 &&
	         !(s->when.n && s->asks && !e->asks[s->ask + s->asks - 1].holds))
		printf("       %sthere is nothing to do it to%s\n", term_style(stdout, TERM_DIM),
		       term_style(stdout, TERM_PLAIN));
}

static void print_steps(const struct explanation *x)
{
	style(TERM_BOLD);
	puts("\ntransform");
	style(TERM_PLAIN);
	if (!x->channel->transform)
		puts("  the channel has no steps");
	for (size_t i = 0; i < x->steps->nsteps; i++)
		print_step(x, i);
	if (x->transformed.verdict == PIPELINE_SEND)
		return;
	printf("  %s%s: %s%s\n", term_style(stdout, TERM_RED),
	       x->transformed.verdict == PIPELINE_DEAD ? "dead letter" : "filtered", x->transformed.detail,
	       term_style(stdout, TERM_PLAIN));
}

/* ---- destinations ---- */

/* HL7 a segment a line, FHIR as it is. */
static void print_bytes(struct aff_view bytes)
{
	while (bytes.n) {
		size_t n = 0;
		while (n < bytes.n && bytes.p[n] != '\r' && bytes.p[n] != '\n')
			n++;
		fputs("      ", stdout);
		term_put_safe(stdout, aff_view(bytes.p, n));
		putchar('\n');
		n += n < bytes.n;
		bytes = aff_view(bytes.p + n, bytes.n - n);
	}
}

static void print_dest(const struct explanation *x, const struct explain_dest *d)
{
	const struct pipeline_result *r = &d->result;
	printf("  %s%s%s: ", term_style(stdout, TERM_BOLD), d->dest->name, term_style(stdout, TERM_PLAIN));
	switch (r->verdict) {
	case PIPELINE_SEND:
		printf("%sgoes out%s by %s, %zu bytes\n", term_style(stdout, TERM_GREEN),
		       term_style(stdout, TERM_PLAIN), output_kind_text(d->dest->kind), d->bytes.n);
		if (d->dest->sample.every_ms)
			printf("    but sample (line %u) looks at other messages too: readings that it does not keep "
			       "are left out\n", d->dest->sample_line);
		if (x->full)
			print_bytes(d->bytes);
		return;
	case PIPELINE_FILTERED:
		printf("filtered by %s", r->detail);
		if (d->why.n) {
			putchar(' ');
			term_put_safe(stdout, aff_expr_text(d->dest->when));
			fputs(": ", stdout);
			term_put_safe(stdout, d->why);
		}
		putchar('\n');
		return;
	case PIPELINE_DEAD:
		printf("%sdead letter%s: %s\n", term_style(stdout, TERM_RED), term_style(stdout, TERM_PLAIN),
		       r->detail);
		return;
	}
}

void explain_print_text(const struct explanation *x)
{
	printf("%s%s%s, ", term_style(stdout, TERM_BOLD), x->where, term_style(stdout, TERM_PLAIN));
	term_put_safe(stdout, x->decision.row.type);
	if (x->control_id.n) {
		putchar(' ');
		term_put_safe(stdout, x->control_id);
	}
	printf(", %zu bytes, through %s\n\n", x->length, x->channel->name);
	print_accept(x);
	if (!x->steps)
		return;
	print_steps(x);
	if (x->transformed.verdict != PIPELINE_SEND)
		return;
	style(TERM_BOLD);
	puts("\ndestinations");
	style(TERM_PLAIN);
	if (!x->ndests)
		puts("  the channel has none: the message stays in the journal");
	for (size_t i = 0; i < x->ndests; i++)
		print_dest(x, &x->dests[i]);
}
