/* SPDX-License-Identifier: Apache-2.0
 *
 * The destination whose outcome a source answers with.
 */
#include <stdio.h>

#include "conf/reader.h"

/* The value of a key that was read without mistakes before; NULL: it is not there. */
static const struct node *value_of(const struct node *map, enum key_id key)
{
	for (const struct node *name = map->first; name; name = name->next->next)
		if (name->kind == NODE_SCALAR && aff_view_is(name->text, conf_keys[key].name))
			return name->next;
	return NULL;
}

static const struct conf_dest *find_dest(const struct conf_channel *c, struct aff_view name)
{
	for (size_t i = 0; i < c->ndests; i++)
		if (c->dests[i].name && aff_view_is(name, c->dests[i].name))
			return &c->dests[i];
	return NULL;
}

static void report_no_dest(struct reader *r, const struct conf_channel *c, const struct node *name)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = name->text};
	for (size_t i = 0; i < c->ndests; i++)
		if (c->dests[i].name)
			nearest_offer(&near, c->dests[i].name);
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, name->at, proposal ? proposal : "name one of the channel's destinations",
	             "the channel has no destination '%s'", shown(word, name->text));
}

void check_answer(struct reader *r, struct conf_channel *c, const struct node *source)
{
	const struct node *answer = source ? value_of(source, KEY_SOURCE_answer) : NULL;
	const struct node *name = source ? value_of(source, KEY_SOURCE_delivered_to) : NULL;
	if (!answer || !name || answer->kind != NODE_SCALAR || name->kind != NODE_SCALAR ||
	    !aff_view_is(answer->text, "when-delivered"))
		return;
	const struct conf_dest *d = find_dest(c, name->text);
	if (!d)
		report_no_dest(r, c, name);
	else if (d->full_name)
		c->source.delivered_to = keep_text(r, aff_view_of(d->full_name));
	if (c->source.kind == CONF_SOURCE_DIRECTORY)
		report_error(&r->report, answer->at, "leave it out", "'when-delivered' has no use with 'directory'");
	else if (c->source.split)
		report_error(&r->report, answer->at, "leave one of them out",
		             "'when-delivered' and 'batch: split' do not go together: the answers to a batch are one");
}
