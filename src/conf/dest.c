/* SPDX-License-Identifier: Apache-2.0
 *
 * The destinations of a channel.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/reader.h"

/* FHIR is UTF-8 whatever the message is. */
static void read_dest_charset(struct reader *r, struct conf_dest *d, const struct fields *f)
{
	const struct node *n = f->value[KEY_DEST_charset];
	if (!n)
		return;
	get_word(r, f, KEY_DEST_charset);
	d->utf8 = true;
	if (d->as_fhir)
		report_error(&r->report, n->at, "leave it out", "'charset' is for HL7 messages: FHIR is UTF-8");
}

static void read_retry(struct reader *r, struct conf_dest *d, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_RETRY, map);
	d->retry.first_ms = (int64_t)get_number(r, &f, KEY_RETRY_first);
	d->retry.most_ms = (int64_t)get_number(r, &f, KEY_RETRY_most);
	d->retry.give_up_ms = (int64_t)get_number(r, &f, KEY_RETRY_give_up);
	if (d->retry.first_ms > d->retry.most_ms)
		report_error(&r->report, map->at, "make 'most' longer, or 'first' shorter",
		             "the first pause is longer than the longest one ('first', 'most')");
}

static void read_names(struct reader *r, const struct conf_channel *c, struct conf_dest *d, const struct fields *f)
{
	d->name = get_name(r, f, KEY_DEST_name);
	if (!d->name || !c->name)
		return;
	size_t size = strlen(c->name) + 1 + strlen(d->name) + 1;
	d->full_name = keep_array(r, size, 1);
	if (d->full_name)
		snprintf(d->full_name, size, "%s/%s", c->name, d->name);
	for (size_t i = 0; i < c->ndests; i++)
		if (c->dests[i].name && !strcmp(c->dests[i].name, d->name))
			report_error(&r->report, f->value[KEY_DEST_name]->at, "give one of them another name",
			             "the channel has two destinations named '%s'", d->name);
}

static void read_split(struct reader *r, struct conf_dest *d, const struct fields *f)
{
	static const enum split_by kinds[] = {SPLIT_BY_PATIENT, SPLIT_BY_ORDER, SPLIT_BY_OBSERVATION};
	const struct node *n = f->value[KEY_DEST_split];
	if (!n)
		return;
	d->split = kinds[get_word(r, f, KEY_DEST_split)];
	if (f->meant[KEY_DEST_directory] || f->meant[KEY_DEST_channel])
		report_error(&r->report, n->at, "leave it out",
		             "'split' goes with 'mllp', 'fhir', 'http' and 'file' only");
}

static void read_destination(struct reader *r, struct conf_channel *c, const struct node *entry)
{
	static const enum conf_order orders[] = {CONF_ORDER_CONNECTION, CONF_ORDER_PATIENT, CONF_ORDER_DEVICE,
	                                         CONF_ORDER_NONE};
	struct conf_dest *d = &c->dests[c->ndests];
	struct fields f;
	if (!fields_read(r, &f, SECTION_DEST, entry))
		return;
	read_names(r, c, d, &f);
	c->ndests++;
	read_dest_kind(r, d, &f);
	read_dest_charset(r, d, &f);
	d->when = get_condition(r, &f, KEY_DEST_when);
	d->when_line = f.value[KEY_DEST_when] ? f.value[KEY_DEST_when]->at.line : 0;
	d->priority = get_condition(r, &f, KEY_DEST_priority);
	read_split(r, d, &f);
	read_sample(r, d, f.value[KEY_DEST_sample]);
	d->order = orders[get_word(r, &f, KEY_DEST_order)];
	d->lanes = (unsigned)get_number(r, &f, KEY_DEST_lanes);
	d->rate_an_hour = get_number(r, &f, KEY_DEST_rate);
	d->timeout_ms = (int64_t)get_number(r, &f, KEY_DEST_timeout);
	d->tries = (unsigned)get_number(r, &f, KEY_DEST_tries);
	read_retry(r, d, f.value[KEY_DEST_retry]);
}

#define MAX_DESTINATIONS 64

void read_destinations(struct reader *r, struct conf_channel *c, const struct node *list)
{
	if (list->kind == NODE_SCALAR)
		return; /* none */
	if (!list->count || list->count > MAX_DESTINATIONS) {
		report_error(&r->report, list->at,
		             list->count ? "make it two channels" : "write 'none' for the journal only",
		             "a channel has 1 to %d destinations", MAX_DESTINATIONS);
		return;
	}
	c->dests = keep_array(r, list->count, sizeof *c->dests);
	for (const struct node *entry = list->first; entry && c->dests; entry = entry->next)
		read_destination(r, c, entry);
}
