/* SPDX-License-Identifier: Apache-2.0
 *
 * Start: configuration, journal, writer, cursors, senders, io threads, and the listeners last: nothing is accepted
 * before everything behind it works. Stop: the other way round. Reload: everything that can fail is done first, then
 * the switch.
 */
#include "engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/listen.h"
#include "sys/clock.h"
#include "sys/log.h"

#define FEEDS_SHARE 8 /* an eighth of the memory for messages is for the feeds */

/* ---- channels ---- */

static struct channel *find_channel(const struct engine *e, const char *name)
{
	for (struct channel *c = e->channels; c; c = c->next) {
		if (strcmp(feed_channel(c->feed), name) == 0)
			return c;
	}
	return NULL;
}

static int add_channels(struct engine *e, const struct conf *conf)
{
	size_t share = conf->engine.memory / FEEDS_SHARE / (conf->nchannels ? conf->nchannels : 1);
	for (size_t i = 0; i < conf->nchannels; i++) {
		if (find_channel(e, conf->channels[i].name))
			continue;
		struct channel *c = calloc(1, sizeof *c);
		if (!c)
			return AFF_ENOMEM;
		c->feed = feed_new(conf->channels[i].name, journal_head(e->journal), share);
		if (!c->feed) {
			free(c);
			return AFF_ENOMEM;
		}
		c->next = e->channels;
		e->channels = c;
	}
	return 0;
}

/* ---- cursors and snapshots, on the writer's thread ---- */

struct prepare {
	struct engine *engine;
	struct conf *conf;
	struct journal_reader *reader;
	uint64_t *published;
};

/* Stores the snapshot and gives every destination that has none a cursor at the journal's head, so that a new
 * destination starts with the next message. Runs between two transactions: what the feeds have published then is
 * exact. */
static int prepare(void *arg, struct journal *journal, struct aff_diag *diag)
{
	struct prepare *p = arg;
	size_t n = 0;
	int rc = journal_set_snapshot(journal, p->conf->sha256, aff_buf_view(&p->conf->packed), diag);
	if (!rc)
		rc = journal_begin(journal, diag);
	for (size_t c = 0; !rc && c < p->conf->nchannels; c++) {
		const struct conf_channel *channel = &p->conf->channels[c];
		for (size_t d = 0; !rc && d < channel->ndests; d++) {
			struct aff_view name = aff_view_of(channel->dests[d].full_name);
			int64_t position;
			rc = journal_read_cursor(p->reader, name, &position, diag);
			if (rc == AFF_ENOTFOUND)
				rc = journal_set_cursor(journal, name, journal_head(journal), diag);
			p->published[n++] = feed_published(find_channel(p->engine, channel->name)->feed);
		}
	}
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

static struct sender *find_sender(const struct engine *e, const char *full_name)
{
	for (struct sending *s = e->sending; s; s = s->next) {
		if (strcmp(sender_destination(s->sender), full_name) == 0)
			return s->sender;
	}
	return NULL;
}

static uint64_t backlog_of(const struct journal_stats *stats, const char *destination)
{
	for (size_t i = 0; i < stats->nledgers; i++) {
		if (strcmp(stats->ledgers[i].destination, destination) == 0)
			return stats->ledgers[i].pending;
	}
	return 0;
}

static int start_sender(struct engine *e, struct sender_setup *setup, struct aff_diag *diag)
{
	struct sending *s = calloc(1, sizeof *s);
	if (!s)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	int rc = sender_start(&s->sender, setup, diag);
	if (rc) {
		free(s);
		return rc;
	}
	s->next = e->sending;
	e->sending = s;
	return 0;
}

/* Makes the snapshot and its cursors known to the journal, then starts the senders that do not run yet and hands the
 * snapshot to those that do. */
static int prepare_senders(struct engine *e, struct conf *conf, struct aff_diag *diag)
{
	struct journal_stats stats = {0};
	struct prepare p = {.engine = e, .conf = conf};
	size_t n = 0;
	p.published = calloc(count_destinations(conf) + 1, sizeof *p.published);
	if (!p.published)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	int rc = journal_reader_open(&p.reader, conf->engine.journal, diag);
	if (!rc)
		rc = writer_call(e->writer, prepare, &p, diag);
	if (!rc && !e->sending) /* at the start; later a new destination has no backlog */
		rc = journal_read_stats(p.reader, &stats, diag);
	for (size_t c = 0; !rc && c < conf->nchannels; c++) {
		const struct conf_channel *channel = &conf->channels[c];
		for (size_t d = 0; !rc && d < channel->ndests; d++, n++) {
			const struct conf_dest *dest = &channel->dests[d];
			struct sender *running = find_sender(e, dest->full_name);
			struct sender_setup setup = {.journal = conf->engine.journal,
						     .writer = e->writer,
						     .conf = conf,
						     .channel = find_channel(e, channel->name),
						     .settings = channel,
						     .dest = dest,
						     .backlog = backlog_of(&stats, dest->full_name),
						     .published = p.published[n]};
			if (running)
				sender_reconfigure(running, conf, channel, dest);
			else
				rc = start_sender(e, &setup, diag);
		}
	}
	journal_stats_free(&stats);
	journal_reader_close(p.reader);
	free(p.published);
	return rc;
}

static void retire_senders(struct engine *e, const struct conf *conf)
{
	int64_t deadline = clock_mono_us() + conf->engine.drain_ms * 1000;
	for (struct sending **at = &e->sending; *at;) {
		struct sending *s = *at;
		if (conf_dest(conf, aff_view_of(sender_destination(s->sender)))) {
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

/* ---- listeners ---- */

static struct served *find_served(const struct engine *e, const char *name)
{
	for (struct served *s = e->served; s; s = s->next) {
		if (strcmp(feed_channel(s->channel->feed), name) == 0)
			return s;
	}
	return NULL;
}

static bool same_address(const struct conf_address *a, const struct conf_address *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static int bind_one(struct engine *e, const struct conf_channel *channel, struct served **out, struct aff_diag *diag)
{
	struct net_address address;
	int rc = net_address_make(&address, channel->source.listen.host, channel->source.listen.port, diag);
	if (rc)
		return rc;
	int fd = net_listen(&address, false, diag);
	if (fd < 0) {
		if (diag)
			diag->code = AFF_EREFUSED; /* whatever the reason: it cannot listen there */
		return AFF_EREFUSED;
	}
	struct served *s = calloc(1, sizeof *s);
	if (!s) {
		close(fd);
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	}
	net_listen_address(fd, &address);
	net_address_format(&address, s->address, sizeof s->address);
	s->listener = fd;
	s->asked = channel->source.listen;
	s->channel = find_channel(e, channel->name);
	*out = s;
	return 0;
}

/* Binds what conf listens on and nothing listens on yet. All or none. */
static int bind_new(struct engine *e, const struct conf *conf, struct served **bound, struct aff_diag *diag)
{
	*bound = NULL;
	for (size_t i = 0; i < conf->nchannels; i++) {
		const struct conf_channel *channel = &conf->channels[i];
		struct served *now = find_served(e, channel->name), *s = NULL;
		if (now && same_address(&now->asked, &channel->source.listen))
			continue;
		int rc = bind_one(e, channel, &s, diag);
		if (rc) {
			while (*bound) {
				s = *bound;
				*bound = s->next;
				close(s->listener);
				free(s);
			}
			return rc;
		}
		s->next = *bound;
		*bound = s;
	}
	return 0;
}

static void forget_served(struct engine *e, const struct channel *channel)
{
	for (struct served **at = &e->served; *at; at = &(*at)->next) {
		if ((*at)->channel == channel) {
			struct served *s = *at;
			*at = s->next;
			close(s->listener);
			free(s);
			return;
		}
	}
}

/* The switch: new sockets, new snapshot for the others, no more service for channels that are gone. */
static void serve(struct engine *e, struct conf *conf, struct served *bound)
{
	for (size_t i = 0; i < conf->nchannels; i++) {
		const struct conf_channel *channel = &conf->channels[i];
		struct channel *state = find_channel(e, channel->name);
		struct served *s = bound;
		while (s && s->channel != state)
			s = s->next;
		for (unsigned t = 0; t < e->nio; t++)
			io_serve(e->io[t], s ? s->listener : -1, conf, channel, state);
		if (s)
			forget_served(e, state);
	}
	for (struct served *s = e->served, *next; s; s = next) {
		next = s->next;
		if (conf_channel(conf, aff_view_of(feed_channel(s->channel->feed))))
			continue;
		for (unsigned t = 0; t < e->nio; t++)
			io_leave(e->io[t], s->channel);
		forget_served(e, s->channel);
	}
	while (bound) {
		struct served *s = bound;
		bound = s->next;
		s->next = e->served;
		e->served = s;
		log_info("listener", "%s listens on %s", feed_channel(s->channel->feed), s->address);
	}
}

/* ---- start, reload, stop ---- */

static int read_conf(struct conf **out, const char *path, struct aff_diag_list *findings, struct aff_diag *diag)
{
	struct conf_files files = {0};
	int rc = conf_files_read(&files, path, diag);
	if (!rc) {
		rc = conf_load(out, &files, findings);
		if (rc == AFF_ECONFIG)
			aff_diag_set(diag, rc, "the configuration has %zu mistakes", findings->errors);
	}
	conf_files_free(&files);
	return rc;
}

static unsigned io_threads(const struct conf *conf)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = conf->engine.io_threads ? conf->engine.io_threads : cores > 2 ? (unsigned)cores / 2 : 1;
	return n < IO_THREADS_MAX ? n : IO_THREADS_MAX;
}

/* As many descriptors as the system lets us have. */
static void raise_limits(void)
{
	struct rlimit r;
	if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

int engine_start(struct engine **out, const char *path, struct aff_diag_list *findings, struct aff_diag *diag)
{
	struct served *bound = NULL;
	struct engine *e = calloc(1, sizeof *e);
	if (!e)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	pthread_mutex_init(&e->lock, NULL);
	e->started_us = clock_wall_us();
	e->path = strdup(path);
	raise_limits();
	int rc = e->path ? read_conf(&e->conf, path, findings, diag) : AFF_ENOMEM;
	if (!rc) {
		struct journal_options options = {.folder = e->conf->engine.journal,
						  .file_rows = e->conf->engine.file_rows,
						  .file_bytes = e->conf->engine.file_bytes};
		e->budget.max = e->conf->engine.memory;
		rc = journal_open(&e->journal, &options, diag);
	}
	if (!rc)
		rc = add_channels(e, e->conf);
	if (!rc)
		rc = bind_new(e, e->conf, &bound, diag);
	if (!rc)
		rc = writer_start(&e->writer, e->journal);
	if (!rc)
		rc = prepare_senders(e, e->conf, diag);
	for (unsigned i = 0, n = rc ? 0 : io_threads(e->conf); !rc && i < n; i++) {
		rc = io_start(&e->io[i], i, e->journal, e->writer, &e->budget);
		e->nio += !rc;
	}
	if (rc) {
		if (diag && !diag->code)
			aff_diag_set(diag, rc, "%s", aff_error_text(rc));
		while (bound) {
			struct served *s = bound;
			bound = s->next;
			close(s->listener);
			free(s);
		}
		engine_stop(e);
		return rc;
	}
	serve(e, e->conf, bound);
	*out = e;
	return 0;
}

/* What cannot change while the engine runs. */
static void warn_fixed(const struct conf_engine *now, const struct conf_engine *then)
{
	if (strcmp(now->journal, then->journal) != 0 || strcmp(now->control, then->control) != 0 ||
	    now->io_threads != then->io_threads || now->memory != then->memory || now->file_rows != then->file_rows ||
	    now->file_bytes != then->file_bytes)
		log_warn("reload", "afferent.yaml: journal, log_file, control, io_threads and memory change at the "
				   "next start only");
}

static int reload_locked(struct engine *e, bool *changed, struct aff_diag_list *findings, struct aff_diag *diag)
{
	struct conf *conf = NULL;
	struct served *bound = NULL;
	int rc = read_conf(&conf, e->path, findings, diag);
	if (rc)
		return rc;
	*changed = memcmp(conf->sha256, e->conf->sha256, sizeof conf->sha256) != 0;
	if (!*changed) {
		conf_unref(conf);
		return 0;
	}
	rc = add_channels(e, conf);
	if (!rc)
		rc = bind_new(e, conf, &bound, diag);
	if (!rc)
		rc = prepare_senders(e, conf, diag);
	if (rc) {
		while (bound) {
			struct served *s = bound;
			bound = s->next;
			close(s->listener);
			free(s);
		}
		conf_unref(conf);
		return rc;
	}
	warn_fixed(&e->conf->engine, &conf->engine);
	serve(e, conf, bound);
	retire_senders(e, conf);
	conf_unref(e->conf);
	e->conf = conf;
	return 0;
}

int engine_reload(struct engine *e, bool *changed, struct aff_diag_list *findings, struct aff_diag *diag)
{
	*changed = false;
	pthread_mutex_lock(&e->lock);
	int rc = reload_locked(e, changed, findings, diag);
	e->reloads += !rc && *changed;
	e->reloads_refused += rc != 0;
	pthread_mutex_unlock(&e->lock);
	return rc;
}

static void free_senders(struct sending *list)
{
	while (list) {
		struct sending *s = list;
		list = s->next;
		sender_free(s->sender);
		free(s);
	}
}

void engine_stop(struct engine *e)
{
	if (!e)
		return;
	int64_t deadline = clock_mono_us() + (e->conf ? e->conf->engine.drain_ms : 0) * 1000;
	for (unsigned i = 0; i < e->nio; i++)
		io_drain(e->io[i], deadline);
	for (struct sending *s = e->sending; s; s = s->next)
		sender_end(s->sender, deadline);
	for (struct sending *s = e->sending; s; s = s->next)
		sender_join(s->sender);
	writer_stop(e->writer);
	for (unsigned i = 0; i < e->nio; i++)
		io_stop(e->io[i]);
	free_senders(e->sending);
	free_senders(e->retired);
	while (e->served)
		forget_served(e, e->served->channel);
	while (e->channels) {
		struct channel *c = e->channels;
		e->channels = c->next;
		feed_free(c->feed);
		free(c);
	}
	journal_close(e->journal);
	if (e->conf)
		conf_unref(e->conf);
	pthread_mutex_destroy(&e->lock);
	free(e->path);
	free(e);
}

const char *engine_control_path(const struct engine *e)
{
	return e->conf->engine.control;
}
