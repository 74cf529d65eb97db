/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent validate --explain: what a rule asks, why, what to do, and where it is written.
 */
#include <stdio.h>
#include <strings.h>

#include <afferent/ack.h>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/term.h"
#include "cli/verdict.h"

#define LABEL_WIDTH 14

static void print_line(const char *label, const char *text)
{
	printf("  %-*s", LABEL_WIDTH - 2, label);
	term_wrap(stdout, aff_view_of(text), LABEL_WIDTH, term_width(stdout));
}

static void print_rule(const struct aff_check_rule *r)
{
	struct aff_diag d = {.severity = r->severity};
	char condition[96];
	snprintf(condition, sizeof condition, "%s, condition %d (%s)", verdict_severity(&d),
	         aff_error_condition(r->code), aff_ack_condition_text(aff_error_condition(r->code)));
	printf("%s%s%s\n", term_style(stdout, TERM_BOLD), r->id, term_style(stdout, TERM_PLAIN));
	print_line("rule", r->what);
	print_line("why", r->why);
	print_line("mend", r->mend);
	print_line("as a rule", condition);
	print_line("written in", r->source);
}

static void print_all(void)
{
	static const char *const titles[] = {"rule", "severity", "what it asks"};
	struct table table;
	table_init(&table, titles, 3);
	for (size_t i = 0; aff_check_rule_at(i); i++) {
		const struct aff_check_rule *r = aff_check_rule_at(i);
		struct aff_diag d = {.severity = r->severity};
		table_cell(&table, aff_view_of(r->id));
		table_cell(&table, aff_view_of(verdict_severity(&d)));
		table_cell(&table, aff_view_of(r->what));
	}
	table_print(&table, stdout);
}

int verdict_no_rule(const char *id)
{
	struct nearest near = {.word = aff_view_of(id)};
	for (size_t i = 0; aff_check_rule_at(i); i++)
		nearest_offer(&near, aff_check_rule_at(i)->id);
	if (near.best)
		return command_error("there is no rule '%s'; did you mean '%s'?", id, near.best);
	return command_error("there is no rule '%s'; --explain all lists them", id);
}

int verdict_explain(const char *id)
{
	const struct aff_check_rule *r = aff_check_rule_find(id);
	if (strcasecmp(id, "all") == 0)
		print_all();
	else if (r)
		print_rule(r);
	else
		return verdict_no_rule(id);
	return 0;
}
