/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: source (one for each source over HTTP, and for each folder).
 * Owns    what its kind says, an ingest object, the mailbox that answers come to.
 * Wakes   by what its kind waits for, by its mailbox (answers, requests of the engine), once a second.
 * Blocks  on what its kind says.
 */
#include "engine/in/source.h"

#include <stdlib.h>
#include <time.h>

#include "engine/in/source_internal.h"
#include "sys/clock.h"

static const struct source_kind *const kinds[] = {
	[CONF_SOURCE_HTTP] = &source_http,
	[CONF_SOURCE_DIRECTORY] = &source_directory,
};

bool source_is_own(enum conf_source_kind kind)
{
	return (size_t)kind < sizeof kinds / sizeof kinds[0] && kinds[kind];
}

bool source_queue(struct source *s, const struct envelopes *all)
{
	s->unanswered += all->count;
	return intake_queue(&s->in, all);
}

bool source_waits(const struct envelope *e)
{
	return e->awaits && !e->result &&
	       (e->row.verdict == JOURNAL_ACCEPTED || e->row.verdict == JOURNAL_DUPLICATE);
}

static void read_mailbox(struct source *s)
{
	for (struct envelope *e = mailbox_take(&s->in.mailbox), *next; e; e = next) {
		next = e->next;
		if (e->about) {
			s->unanswered--;
			s->kind->told(s, e);
			continue;
		}
		s->unanswered -= !source_waits(e);
		intake_came_back(&s->in, e);
		s->kind->came_back(s, e);
	}
}

/* What the engine asked for. false: the end. */
static bool read_requests(struct source *s)
{
	pthread_mutex_lock(&s->lock);
	struct conf *conf = s->conf;
	const struct conf_channel *settings = s->settings;
	bool end = s->asked_end, stop = s->asked_stop;
	s->conf = NULL;
	s->in.writer = s->writer;
	pthread_mutex_unlock(&s->lock);
	if (conf) {
		intake_use(&s->of, conf, settings);
		conf_unref(conf);
		s->kind->use(s);
	}
	if (end && !s->ending) {
		s->ending = true;
		s->kind->end(s);
	}
	return !stop;
}

static void tell_over(struct source *s)
{
	pthread_mutex_lock(&s->lock);
	s->over = s->ending && !s->unanswered;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* Nothing is taken before there is a snapshot. false: there will be none. */
static bool wait_for_snapshot(struct source *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->conf && !s->asked_end && !s->asked_stop)
		pthread_cond_wait(&s->changed, &s->lock);
	bool is_there = s->conf != NULL;
	pthread_mutex_unlock(&s->lock);
	return is_there;
}

static void *source_main(void *arg)
{
	struct source *s = arg;
	if (wait_for_snapshot(s)) {
		while (read_requests(s)) {
			if (s->ending)
				tell_over(s);
			s->kind->turn(s);
			read_mailbox(s);
			intake_submit(&s->in);
		}
	}
	s->kind->close(s);
	return NULL;
}

/* ---- from other threads ---- */

static void destroy(struct source *s)
{
	intake_destroy(&s->in);
	if (s->of.conf)
		conf_unref(s->of.conf);
	if (s->conf)
		conf_unref(s->conf);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int source_new(struct source **out, const struct source_env *env, const struct conf_channel *settings,
	       struct channel *channel, int listener, struct aff_diag *diag)
{
	struct source *s = calloc(1, sizeof *s);
	if (!s)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	s->kind = kinds[settings->source.kind];
	s->of.channel = channel;
	s->journal = env->journal;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	int rc = intake_init(&s->in, env->number, env->journal, NULL, env->budget);
	if (!rc)
		rc = s->kind->open(s, settings, listener, diag);
	if (rc) {
		destroy(s);
		return diag && diag->code ? rc : aff_diag_set(diag, rc, "%s", aff_error_text(rc));
	}
	if (pthread_create(&s->thread, NULL, source_main, s)) {
		s->kind->close(s);
		destroy(s);
		return aff_diag_set(diag, AFF_ENOMEM, "no thread for a source");
	}
	pthread_setname_np(s->thread, "source");
	*out = s;
	return 0;
}

static void wake(struct source *s)
{
	pthread_cond_broadcast(&s->changed);
	mailbox_wake(&s->in.mailbox);
}

void source_use(struct source *s, struct writer *writer, struct conf *conf, const struct conf_channel *settings)
{
	pthread_mutex_lock(&s->lock);
	struct conf *unused = s->conf;
	s->writer = writer;
	s->conf = conf_ref(conf);
	s->settings = settings;
	pthread_mutex_unlock(&s->lock);
	wake(s);
	if (unused)
		conf_unref(unused);
}

void source_end(struct source *s)
{
	pthread_mutex_lock(&s->lock);
	s->asked_end = true;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

bool source_is_over(struct source *s, int64_t deadline_us)
{
	pthread_mutex_lock(&s->lock);
	while (!s->over && clock_mono_us() < deadline_us) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&s->changed, &s->lock, &until);
	}
	bool over = s->over;
	pthread_mutex_unlock(&s->lock);
	return over;
}

const struct histogram *source_latency(const struct source *s)
{
	return &s->in.latency;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->asked_stop = true;
	pthread_mutex_unlock(&s->lock);
	wake(s);
	pthread_join(s->thread, NULL);
	destroy(s);
}
