/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's destinations: each has a cursor in the journal and a sender that runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/engine_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

static struct sender *find_sender(const struct engine *e, const char *full_name)
{
	for (struct sending *s = e->sending; s; s = s->next) {
		if (strcmp(sender_destination(s->sender), full_name) == 0)
			return s->sender;
	}
	return NULL;
}

struct prepare {
	struct engine *engine;
	struct conf *conf;
	const char *who;
	struct journal_reader *reader;
	struct journal_stats stats; /* filled in when a sender starts that had a cursor before */
	uint64_t *published;        /* by destination, in order */
};

/* Gives one destination a cursor at the journal's head if it has none, so that a new one starts with the next
 * message. */
static int prepare_cursor(struct prepare *p, struct journal *journal, const struct conf_dest *dest,
			  struct aff_diag *diag)
{
	struct aff_view name = aff_view_of(dest->full_name);
	int64_t position;
	int rc = journal_read_cursor(p->reader, name, &position, diag);
	if (rc == AFF_ENOTFOUND)
		return journal_set_cursor(journal, name, journal_head(journal), diag);
	if (!rc && !find_sender(p->engine, dest->full_name) && !p->stats.nledgers)
		rc = journal_read_stats(p->reader, &p->stats, diag);
	return rc;
}

int engine_add_action(struct journal *journal, const char *kind, const char *who, const struct conf *conf,
		      struct aff_diag *diag)
{
	char self[24], detail[2 * SHA256_SIZE + 32];
	struct aff_buf text = {.p = detail, .allocated = sizeof detail, .max = sizeof detail};
	snprintf(self, sizeof self, "uid %u", (unsigned)getuid());
	aff_buf_put_text(&text, "configuration ");
	hex_put(&text, conf->sha256, SHA256_SIZE);
	struct journal_action a = {.at_us = clock_wall_us(), .kind = aff_view_of(kind),
				   .who = aff_view_of(who ? who : self),
				   .detail = aff_buf_view(&text)};
	return journal_add_action(journal, &a, diag);
}

static int on_last_run(void *arg, const struct journal_action *a)
{
	struct engine *e = arg;
	e->unclean = aff_view_is(a->kind, "start");
	return e->unclean || aff_view_is(a->kind, "stop");
}

/* What was counted (careful.h) in a run that ended in order is the fault of no message. */
struct forgetting {
	struct journal *journal;
	struct aff_view destination;
	struct aff_diag *diag;
};

static int forget_attempts(void *arg, int64_t message, unsigned n)
{
	const struct forgetting *f = arg;
	(void)n;
	return journal_set_attempts(f->journal, f->destination, message, 0, f->diag);
}

static int look_at_last_run(struct prepare *p, struct journal *journal, struct aff_diag *diag)
{
	const struct conf *conf = p->conf;
	int rc = journal_read_actions(p->reader, INT64_MAX, UINT64_MAX, on_last_run, p->engine, diag);
	for (size_t c = 0; !rc && !p->engine->unclean && c < conf->nchannels; c++) {
		for (size_t d = 0; !rc && d < conf->channels[c].ndests; d++) {
			struct forgetting f = {journal, aff_view_of(conf->channels[c].dests[d].full_name), diag};
			rc = journal_read_attempts(p->reader, f.destination, forget_attempts, &f, diag);
		}
	}
	if (!rc && p->engine->unclean)
		log_info("engine", "the last run did not end in order: what is pending is tried with care");
	return rc;
}

/* Stores the snapshot and makes the cursors. Runs between two transactions, so what the feeds have published and what
 * the journal holds agree. */
static int prepare(void *arg, struct journal *journal, struct aff_diag *diag)
{
	struct prepare *p = arg;
	size_t n = 0;
	bool starts = p->conf == p->engine->conf;
	int rc = journal_set_snapshot(journal, p->conf->sha256, aff_buf_view(&p->conf->packed), diag);
	if (!rc)
		rc = journal_begin(journal, diag);
	if (!rc && starts)
		rc = look_at_last_run(p, journal, diag);
	for (size_t c = 0; !rc && c < p->conf->nchannels; c++) {
		const struct conf_channel *channel = &p->conf->channels[c];
		for (size_t d = 0; !rc && d < channel->ndests; d++) {
			rc = prepare_cursor(p, journal, &channel->dests[d], diag);
			p->published[n++] = feed_published(channel_find(p->engine->channels, channel->name)->feed);
		}
	}
	if (!rc)
		rc = engine_add_action(journal, starts ? "start" : "reload", p->who, p->conf, diag);
	if (!rc)
		return journal_commit(journal, diag);
	journal_rollback(journal);
	return rc;
}

static size_t count_destinations(const struct conf *conf)
{
	size_t n = 0;
	for (size_t c = 0; c < conf->nchannels; c++)
		n += conf->channels[c].ndests;
	return n;
}

static uint64_t backlog_of(const struct journal_stats *stats, const char *destination)
{
	for (size_t i = 0; i < stats->nledgers; i++) {
		if (strcmp(stats->ledgers[i].destination, destination) == 0)
			return stats->ledgers[i].pending;
	}
	return 0;
}

static int start_sender(struct sending **list, const struct sender_setup *setup, struct aff_diag *diag)
{
	struct sending *s = calloc(1, sizeof *s);
	if (!s)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	int rc = sender_start(&s->sender, setup, diag);
	if (rc) {
		free(s);
		return rc;
	}
	s->next = *list;
	*list = s;
	return 0;
}

/* The channel that a destination hands over to; NULL: none. */
static struct channel *handed_to(const struct engine *e, const struct conf_dest *dest)
{
	return dest->channel ? channel_find(e->channels, dest->channel) : NULL;
}

void engine_reconfigure_senders(struct engine *e, struct conf *conf)
{
	for (size_t c = 0; c < conf->nchannels; c++) {
		const struct conf_channel *channel = &conf->channels[c];
		for (size_t d = 0; d < channel->ndests; d++) {
			struct sender *running = find_sender(e, channel->dests[d].full_name);
			if (running)
				sender_reconfigure(running, conf, channel, &channel->dests[d],
						   handed_to(e, &channel->dests[d]));
		}
	}
}

static void free_settled(struct sending **list)
{
	for (struct sending **at = list; *at;) {
		struct sending *s = *at;
		if (!sender_is_settled(s->sender)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		sender_free(s->sender);
		free(s);
	}
}

void engine_retire_senders(struct engine *e, struct sending **list, const struct conf *conf)
{
	free_settled(&e->retired);
	int64_t deadline = clock_mono_us() + e->conf->engine.drain_ms * 1000;
	for (struct sending **at = list; *at;) {
		struct sending *s = *at;
		if (conf && conf_dest(conf, aff_view_of(sender_destination(s->sender)))) {
			at = &s->next;
			continue;
		}
		sender_end(s->sender, deadline);
		sender_join(s->sender);
		*at = s->next;
		s->next = e->retired;
		e->retired = s;
	}
}

static int start_fresh(struct engine *e, struct prepare *p, struct sending **fresh, struct aff_diag *diag)
{
	int rc = 0;
	size_t n = 0;
	for (size_t c = 0; !rc && c < p->conf->nchannels; c++) {
		const struct conf_channel *channel = &p->conf->channels[c];
		for (size_t d = 0; !rc && d < channel->ndests; d++, n++) {
			const struct conf_dest *dest = &channel->dests[d];
			struct sender_setup setup = {
				.journal = e->conf->engine.journal, .writer = e->writer, .conf = p->conf};
			setup.secret_file = e->conf->engine.secret_file;
			if (e->unclean && p->conf == e->conf)
				setup.careful_until = journal_head(e->journal);
			setup.alone = &e->alone;
			setup.channel = channel_find(e->channels, channel->name);
			setup.door = (struct channel_door){e->journal, e->writer, &e->budget, handed_to(e, dest)};
			setup.settings = channel;
			setup.dest = dest;
			setup.backlog = backlog_of(&p->stats, dest->full_name);
			setup.published = p->published[n];
			if (!find_sender(e, dest->full_name))
				rc = start_sender(fresh, &setup, diag);
		}
	}
	return rc;
}

int engine_start_senders(struct engine *e, struct conf *conf, const char *who, struct aff_diag *diag)
{
	struct prepare p = {.engine = e, .conf = conf, .who = who};
	struct sending *fresh = NULL;
	p.published = calloc(count_destinations(conf) + 1, sizeof *p.published);
	if (!p.published)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	int rc = journal_reader_open(&p.reader, e->conf->engine.journal, diag);
	bool again = !rc; /* once: the journal may have given its reserve for this */
	if (!rc)
		rc = writer_call(e->writer, prepare, &p, diag);
	if (rc == AFF_EFULL && again)
		rc = writer_call(e->writer, prepare, &p, diag);
	if (!rc)
		rc = start_fresh(e, &p, &fresh, diag);
	if (rc)
		engine_retire_senders(e, &fresh, NULL);
	while (fresh) {
		struct sending *s = fresh;
		fresh = s->next;
		s->next = e->sending;
		e->sending = s;
	}
	journal_stats_free(&p.stats);
	journal_reader_close(p.reader);
	free(p.published);
	return rc;
}
