/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: remember.
 * Owns    a reader of the journal and the part that it fills.
 * Wakes   at once, and works until everything is read or it is told to stop.
 * Blocks  on the disk, and on the writer for the moment in which that takes a part over.
 */
#include "engine/resends_load.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/log.h"

#define NICE 10

struct resends_load {
	struct resends *resends;
	struct conf *conf;
	struct journal_reader *reader;
	struct writer *writer;         /* NULL: resends is ours */
	struct resends_part *part;
	int64_t since_us, before_id;
	uint64_t left;                 /* messages still to be remembered */
	uint64_t rows;                 /* read in this go */
	pthread_t thread;
	bool started;
	_Atomic bool stop;
};

static int give(void *arg, struct journal *journal, struct aff_diag *diag)
{
	struct resends_load *l = arg;
	(void)journal;
	(void)diag;
	resends_take_part(l->resends, l->part);
	l->part = NULL;
	return 0;
}

/* The part is taken over by whoever has the others. */
static void hand_over(struct resends_load *l)
{
	if (l->part && l->writer)
		writer_call(l->writer, give, l, NULL);
	else if (l->part)
		give(l, NULL, NULL);
}

/* A message of a channel that delivers resends is of no use. */
static bool is_wanted(const struct resends_load *l, const struct journal_message *m)
{
	const struct conf_channel *c = conf_channel(l->conf, m->channel);
	return c && !c->source.again;
}

static int remember(void *arg, const struct journal_row *row)
{
	struct resends_load *l = arg;
	struct resend_key key;
	l->before_id = row->message.id;
	l->rows++;
	if (atomic_load(&l->stop))
		return 1;
	if (row->body_removed_us || !is_wanted(l, &row->message))
		return 0;
	resend_key(&key, row->message.channel, row->message.peer, row->raw);
	if (!key.usable)
		return 0;
	if (!l->part)
		l->part = resends_part_new();
	if (!l->part)
		return AFF_ENOMEM;
	resends_part_add(l->part, &key, row->message.received_us);
	if (resends_part_is_full(l->part))
		hand_over(l);
	return --l->left == 0;
}

/* Reads up to n rows, newest first. true: there may be more. */
static bool read_some(struct resends_load *l, uint64_t n)
{
	struct aff_diag diag = {0};
	struct journal_query q = {.verdict = JOURNAL_ACCEPTED,
				  .from_us = l->since_us,
				  .before_id = l->before_id,
				  .limit = n,
				  .raw = true};
	l->rows = 0;
	int rc = journal_search(l->reader, &q, remember, l, &diag);
	hand_over(l);
	if (rc < 0)
		log_warn("journal", "cannot remember all earlier messages: %s; a resend of one of them would be "
				    "delivered again",
			 diag.code ? diag.text : aff_error_text(rc));
	return rc >= 0 && l->rows == n && l->left && !atomic_load(&l->stop);
}

static void load_free(struct resends_load *l)
{
	journal_reader_close(l->reader);
	resends_part_free(l->part);
	if (l->conf)
		conf_unref(l->conf);
	free(l);
}

struct resends_load *resends_load_newest(struct resends *r, struct conf *conf, uint64_t at_once)
{
	struct aff_diag diag = {0};
	struct resends_load *l = calloc(1, sizeof *l);
	int rc = l ? journal_reader_open(&l->reader, conf->engine.journal, &diag) : AFF_ENOMEM;
	if (!rc)
		rc = journal_reader_use_keys(l->reader, conf->engine.secret_file, &diag);
	if (rc) {
		log_warn("journal", "cannot read the earlier messages: %s", rc == AFF_ENOMEM ? aff_error_text(rc)
											     : diag.text);
		if (l)
			journal_reader_close(l->reader);
		free(l);
		return NULL;
	}
	l->resends = r;
	l->conf = conf_ref(conf);
	l->since_us = clock_wall_us() - conf->engine.resend_ms * 1000;
	l->left = conf->engine.resend_most;
	if (read_some(l, at_once))
		return l;
	load_free(l);
	return NULL;
}

static void *load_main(void *arg)
{
	struct resends_load *l = arg;
	/* A thread that cannot be nice works all the same. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while (read_some(l, RESENDS_A_PART))
		;
	return NULL;
}

void resends_load_start(struct resends_load *l, struct writer *writer)
{
	if (!l)
		return;
	l->writer = writer;
	l->started = !pthread_create(&l->thread, NULL, load_main, l);
	if (l->started)
		pthread_setname_np(l->thread, "remember");
	else
		log_warn("journal", "no thread to remember the earlier messages");
}

void resends_load_wait(struct resends_load *l)
{
	if (l && l->started)
		pthread_join(l->thread, NULL);
	if (l)
		l->started = false;
}

void resends_load_stop(struct resends_load *l)
{
	if (!l)
		return;
	atomic_store(&l->stop, true);
	resends_load_wait(l);
	load_free(l);
}
