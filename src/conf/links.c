/* SPDX-License-Identifier: Apache-2.0
 *
 * Ways from channel to channel: both ends say them, and none leads back to where it began.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/reader.h"

void add_link(struct reader *r, bool incoming, const struct node *name)
{
	struct link *items = realloc(r->links, (r->nlinks + 1) * sizeof *items);
	if (items)
		r->links = items;
	char *other = items ? keep_text(r, name->text) : NULL;
	if (!other) {
		r->report.error = AFF_ENOMEM;
		return;
	}
	items[r->nlinks++] = (struct link){.channel = r->conf->nchannels,
	                                   .incoming = incoming,
	                                   .other = other,
	                                   .to = SIZE_MAX,
	                                   .file = r->report.file,
	                                   .at = name->at};
}

void free_links(struct reader *r)
{
	for (size_t i = 0; i < r->nlinks; i++)
		free(r->links[i].other);
	free(r->links);
}

static size_t find_channel(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nchannels; i++)
		if (c->channels[i].name && !strcmp(c->channels[i].name, name))
			return i;
	return SIZE_MAX;
}

static void report_nowhere(struct reader *r, const struct link *l)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = aff_view_of(l->other)};
	for (size_t i = 0; i < r->conf->nchannels; i++)
		if (r->conf->channels[i].name && i != l->channel)
			nearest_offer(&near, r->conf->channels[i].name);
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, l->at, proposal ? proposal : "name a channel of the folder channels",
	             "there is no channel '%s'", shown(word, near.word));
}

/* Whether a channel says with the other end of l what l says. */
static bool is_answered(const struct conf *c, const struct link *l)
{
	const struct conf_channel *other = &c->channels[l->to];
	const char *name = c->channels[l->channel].name;
	for (size_t i = 0; i < other->source.nchannels && !l->incoming; i++)
		if (!strcmp(other->source.channels[i], name))
			return true;
	for (size_t i = 0; i < other->ndests && l->incoming; i++)
		if (other->dests[i].channel && !strcmp(other->dests[i].channel, name))
			return true;
	return false;
}

static void check_ends(struct reader *r, const struct link *l)
{
	const struct conf_channel *here = &r->conf->channels[l->channel], *there = &r->conf->channels[l->to];
	char hint[256];
	if (!here->name || is_answered(r->conf, l))
		return;
	if (l->incoming)
		snprintf(hint, sizeof hint, "give it a destination with 'channel: {to: %s}', or leave it out",
		         here->name);
	else
		snprintf(hint, sizeof hint, "write 'source: {channels: [%s]}' in %s", here->name, there->file);
	report_error(&r->report, l->at, hint,
	             l->incoming ? "the channel '%s' does not send here" : "the channel '%s' takes nothing from here",
	             there->name);
}

/* ---- loops ---- */

/* What is left of the channels: those from which and to which a way goes on. */
struct rest {
	unsigned *out, *in; /* ways left, by channel; 0 both: it is gone */
	bool *gone;         /* by link */
};

static bool is_way(const struct link *l)
{
	return !l->incoming && l->to != SIZE_MAX;
}

/* Takes away, again and again, what leads nowhere and what nothing leads to. */
static void trim(const struct reader *r, struct rest *rest)
{
	bool changed = true;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < r->nlinks; i++) {
			const struct link *l = &r->links[i];
			if (!is_way(l) || rest->gone[i] || (rest->out[l->to] && rest->in[l->channel]))
				continue;
			rest->gone[i] = changed = true;
			rest->out[l->channel]--;
			rest->in[l->to]--;
		}
	}
}

/* A way that is left out of a channel; every one that is left has one. */
static size_t way_from(const struct reader *r, const struct rest *rest, size_t channel)
{
	size_t i = 0;
	while (i < r->nlinks && (rest->gone[i] || !is_way(&r->links[i]) || r->links[i].channel != channel))
		i++;
	return i;
}

/* Tells one loop among what is left, and cuts it where it was told. */
static void tell_loop(struct reader *r, struct rest *rest, size_t from)
{
	struct aff_buf text;
	size_t at = from;
	aff_buf_init(&text, 200);
	for (size_t steps = 0; steps < r->conf->nchannels; steps++) /* into the loop, wherever it began */
		at = r->links[way_from(r, rest, at)].to;
	size_t first = way_from(r, rest, at);
	const struct link *l = &r->links[first];
	aff_buf_put_text(&text, r->conf->channels[at].name);
	do {
		at = r->links[way_from(r, rest, at)].to;
		aff_buf_printf(&text, " -> %s", r->conf->channels[at].name);
	} while (at != l->channel);
	aff_buf_put_char(&text, '\0');
	r->report.file = l->file;
	report_error(&r->report, l->at, "a message would go round for ever", "a loop: %s",
	             text.error ? "over many channels" : text.p);
	aff_buf_free(&text);
	rest->gone[first] = true;
	rest->out[l->channel]--;
	rest->in[l->to]--;
}

static void check_loops(struct reader *r)
{
	struct rest rest = {.out = keep_array(r, r->conf->nchannels + 1, sizeof *rest.out),
	                    .in = keep_array(r, r->conf->nchannels + 1, sizeof *rest.in),
	                    .gone = keep_array(r, r->nlinks + 1, sizeof *rest.gone)};
	for (size_t i = 0; i < r->nlinks && !r->report.error; i++) {
		if (is_way(&r->links[i])) {
			rest.out[r->links[i].channel]++;
			rest.in[r->links[i].to]++;
		}
	}
	for (size_t c = 0; c < r->conf->nchannels && !r->report.error;) {
		trim(r, &rest);
		if (rest.out[c])
			tell_loop(r, &rest, c);
		else
			c++;
	}
	free(rest.out);
	free(rest.in);
	free(rest.gone);
}

void check_links(struct reader *r)
{
	if (r->files->single || r->unreadable_channel || r->report.error)
		return; /* it is not known what other channels there are */
	for (size_t i = 0; i < r->nlinks; i++) {
		struct link *l = &r->links[i];
		r->report.file = l->file;
		l->to = find_channel(r->conf, l->other);
		if (l->to == SIZE_MAX)
			report_nowhere(r, l);
		else
			check_ends(r, l);
	}
	check_loops(r);
}
