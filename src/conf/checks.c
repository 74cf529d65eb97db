/* SPDX-License-Identifier: Apache-2.0
 *
 * accept: errors, ignore and zone: how bad the rules of the checks are for a channel.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/reader.h"

#define MAX_RULES 256

/* true when the text names a rule, or with a star at least one. */
static bool names_rule(const char *text)
{
	const struct aff_check_rule *rule;
	for (size_t i = 0; (rule = aff_check_rule_at(i)) != NULL; i++)
		if (aff_check_rule_is(rule, text))
			return true;
	return false;
}

static void report_unknown(struct reader *r, const struct node *n)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest nearest = {.word = n->text};
	const struct aff_check_rule *rule;
	for (size_t i = 0; (rule = aff_check_rule_at(i)) != NULL; i++)
		nearest_offer(&nearest, rule->id);
	const char *mend = did_you_mean(hint, &nearest);
	report_error(&r->report, n->at, mend ? mend : "afferent validate --explain all lists the rules",
	             "there is no rule '%s'", shown(word, n->text));
}

static void read_rules(struct reader *r, struct conf_accept *a, const struct node *list, bool off)
{
	size_t *count = &a->checks.override_count;
	for (const struct node *n = list ? list->first : NULL; n; n = n->next) {
		char *rule = n->kind == NODE_SCALAR ? keep_text(r, n->text) : NULL;
		if (rule && names_rule(rule)) {
			a->overrides[(*count)++] = (struct aff_check_override){rule, off, AFF_SEVERITY_ERROR};
			continue;
		}
		if (n->kind != NODE_SCALAR || rule)
			report_unknown(r, n);
		free(rule);
	}
}

/* What makes no sense is looked for only where it can refuse a message: nobody would be told of a warning. */
static bool refuses_nonsense(const struct aff_checks *checks)
{
	const struct aff_check_rule *rule;
	for (size_t i = 0; (rule = aff_check_rule_at(i)) != NULL; i++) {
		bool refuses = false;
		for (size_t k = 0; k < checks->override_count; k++)
			if (aff_check_rule_is(rule, checks->overrides[k].rule))
				refuses = !checks->overrides[k].off;
		if (refuses && strncmp(rule->id, "sense-", 6) == 0)
			return true;
	}
	return false;
}

void read_checks(struct reader *r, struct conf_accept *a, const struct fields *f)
{
	const struct node *errors = f->value[KEY_ACCEPT_errors], *ignored = f->value[KEY_ACCEPT_ignore];
	size_t count = (errors ? errors->count : 0) + (ignored ? ignored->count : 0);
	if (count > MAX_RULES) {
		report_error(&r->report, (errors ? errors : ignored)->at, "write sense-* for all of a kind",
		             "there are more than %d rules",
		             MAX_RULES);
		return;
	}
	a->overrides = keep_array(r, count + 1, sizeof *a->overrides);
	char *sense = keep_text(r, aff_view_of("sense-*"));
	if (!a->overrides || !sense) {
		free(sense);
		return;
	}
	/* Rules of sense that nobody names refuse nothing here, though some are errors by themselves. */
	a->overrides[a->checks.override_count++] = (struct aff_check_override){.rule = sense, .off = true};
	read_rules(r, a, errors, false);
	read_rules(r, a, ignored, true);
	a->checks.overrides = a->overrides;
	a->checks.sense = refuses_nonsense(&a->checks);
	if (get_zone(r, f, KEY_ACCEPT_zone, &a->zone))
		a->checks.zone = &a->zone;
}
