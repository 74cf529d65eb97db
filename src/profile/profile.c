/* SPDX-License-Identifier: Apache-2.0
 *
 * A profile in memory: filled by its readers, then only read.
 */
#include "profile/profile.h"

#include <stdlib.h>

#include "base/vector.h"

int profile_new(struct aff_profile **out, const char *source)
{
	struct aff_profile *p = calloc(1, sizeof *p);
	if (!p)
		return AFF_ENOMEM;
	arena_init(&p->texts, PROFILE_MAX_TEXT);
	p->name = "";
	int rc = profile_text(p, aff_view_of(source), &p->source);
	if (rc) {
		aff_profile_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

static void free_rule(const struct profile_rule *r)
{
	aff_expr_free(r->when);
	regex_free(r->is.matches);
}

void aff_profile_free(struct aff_profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nrules; i++)
		free_rule(&p->rules[i]);
	free(p->nodes);
	free(p->parts);
	free(p->messages);
	free(p->rules);
	free(p->values);
	arena_free(&p->texts);
	free(p);
}

int profile_text(struct aff_profile *p, struct aff_view text, const char **out)
{
	char *copy;
	int rc = arena_take(&p->texts, text.n + 1, &copy);
	if (rc)
		return rc;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*out = copy;
	return 0;
}

bool profile_usage_of(struct aff_view word, enum profile_usage *out)
{
	static const char *const words[] = {"O", "R", "RE", "C", "CE", "X", "B", "W"};
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (aff_view_is(word, words[i])) {
			*out = (enum profile_usage)i;
			return true;
		}
	}
	*out = USAGE_C;
	return word.n > 3 && word.p[0] == 'C' && word.p[1] == '(' && word.p[word.n - 1] == ')';
}

static void copy_word(char *to, size_t size, struct aff_view from)
{
	size_t n = from.n < size ? from.n : size - 1;
	memcpy(to, from.p, n);
	to[n] = '\0';
}

int profile_add_message(struct aff_profile *p, struct aff_view type, struct aff_view event)
{
	struct profile_message m = {.first = (unsigned)p->nnodes, .end = (unsigned)p->nnodes};
	if (vector_room(&p->messages, &p->max_messages, p->nmessages, sizeof *p->messages))
		return AFF_ENOMEM;
	copy_word(m.type, sizeof m.type, type);
	copy_word(m.event, sizeof m.event, event);
	p->messages[p->nmessages++] = m;
	return 0;
}

int profile_add_node(struct aff_profile *p, unsigned parent, const char *segment, const struct constraint *is)
{
	struct profile_message *m = &p->messages[p->nmessages - 1];
	unsigned self = (unsigned)p->nnodes, parts = (unsigned)p->nparts;
	if (self - m->first == PROFILE_MAX_NODES)
		return AFF_ELIMIT;
	if (vector_room(&p->nodes, &p->max_nodes, p->nnodes, sizeof *p->nodes))
		return AFF_ENOMEM;
	struct profile_node *n = &p->nodes[p->nnodes++];
	*n = (struct profile_node){
		.parent = parent, .end = self + 1, .first_part = parts, .end_part = parts, .is = *is};
	copy_word(n->segment, sizeof n->segment, aff_view_of(segment));
	m->end = self + 1;
	/* those above end behind it; the topmost is its own parent */
	for (unsigned up = parent; up < self; up = p->nodes[up].parent) {
		p->nodes[up].end = self + 1;
		if (p->nodes[up].parent == up)
			break;
	}
	return 0;
}

int profile_add_part(struct aff_profile *p, enum part_level level, unsigned number, const struct constraint *is)
{
	struct profile_node *n = &p->nodes[p->nnodes - 1];
	unsigned self = (unsigned)p->nparts;
	if (p->nparts == PROFILE_MAX_PARTS)
		return AFF_ELIMIT;
	if (vector_room(&p->parts, &p->max_parts, p->nparts, sizeof *p->parts))
		return AFF_ENOMEM;
	p->parts[p->nparts++] = (struct profile_part){level, number, self + 1, *is};
	n->end_part = self + 1;
	p->open[level] = self;
	for (unsigned above = PART_FIELD; above < level; above++)
		p->parts[p->open[above]].end = self + 1;
	return 0;
}

int profile_add_rule(struct aff_profile *p, const struct profile_rule *rule)
{
	int rc = p->nrules == PROFILE_MAX_RULES ? AFF_ELIMIT
	                                        : vector_room(&p->rules, &p->max_rules, p->nrules, sizeof *p->rules);
	if (rc)
		free_rule(rule);
	else
		p->rules[p->nrules++] = *rule;
	return rc;
}

int profile_add_value(struct aff_profile *p, struct constraint *to, struct aff_view value)
{
	const char *copy;
	if (p->nvalues == PROFILE_MAX_VALUES)
		return AFF_ELIMIT;
	int rc = vector_room(&p->values, &p->max_values, p->nvalues, sizeof *p->values);
	if (!rc)
		rc = profile_text(p, value, &copy);
	if (rc)
		return rc;
	if (!to->values)
		to->first_value = (unsigned)p->nvalues;
	to->values++;
	p->values[p->nvalues++] = aff_view(copy, value.n);
	return 0;
}

const char *aff_profile_name(const struct aff_profile *p)
{
	return p->name;
}

const char *aff_profile_source(const struct aff_profile *p)
{
	return p->source;
}

static bool is_or_any(const char *wanted, struct aff_view v)
{
	return !wanted[0] || aff_view_is(v, wanted);
}

const struct profile_message *profile_message_for(const struct aff_profile *p, const struct aff_msg *m)
{
	struct aff_view type = aff_msg_get(m, 0, 9, 1, 1, 0), event = aff_msg_get(m, 0, 9, 1, 2, 0);
	for (size_t i = 0; i < p->nmessages; i++) {
		if (is_or_any(p->messages[i].type, type) && is_or_any(p->messages[i].event, event))
			return &p->messages[i];
	}
	return NULL;
}

bool aff_profile_covers(const struct aff_profile *p, const struct aff_msg *m)
{
	return profile_message_for(p, m) != NULL;
}
