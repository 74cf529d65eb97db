/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's state as JSON. Field names are an interface: `afferent status`, scripts and monitoring read them.
 */
#include "engine/engine_internal.h"

#include "base/json.h"
#include "sys/clock.h"

#define LATENCIES_MAX (IO_THREADS_MAX + 64)

static void put_sources(struct json_writer *j, const struct conf_channel *settings)
{
	jsonw_array(j, "channels");
	for (size_t i = 0; settings && i < settings->source.nchannels; i++)
		jsonw_text(j, NULL, settings->source.channels[i]);
	jsonw_array_end(j);
}

static void put_folder(struct json_writer *j, const struct served *s)
{
	jsonw_text(j, "folder", s->path);
	jsonw_i64(j, "files_waiting", atomic_load(&s->channel->files_waiting));
}

static void put_channel(struct json_writer *j, const struct served *s, const struct conf *conf)
{
	static const char *const kinds[] = {[CONF_SOURCE_MLLP] = "mllp",
					    [CONF_SOURCE_HTTP] = "http",
					    [CONF_SOURCE_MLLP_CLIENT] = "mllp-client",
					    [CONF_SOURCE_DIRECTORY] = "directory",
					    [CONF_SOURCE_CHANNELS] = "channels"};
	struct channel *c = s->channel;
	const struct conf_channel *settings = conf_channel(conf, aff_view_of(feed_channel(c->feed)));
	size_t ndests = settings ? settings->ndests : 0;
	char why[160];
	bool down = channel_is_down(c, why);
	jsonw_object(j, NULL);
	jsonw_text(j, "channel", feed_channel(c->feed));
	jsonw_text(j, "source", kinds[s->kind]);
	jsonw_text(j, "state", down ? "down" : "up");
	jsonw_text(j, "why", why);
	if (s->kind == CONF_SOURCE_CHANNELS)
		put_sources(j, settings);
	else if (s->kind == CONF_SOURCE_DIRECTORY)
		put_folder(j, s);
	else if (s->listener >= 0)
		jsonw_text(j, "listen", s->address);
	else
		jsonw_text(j, "connect", s->address);
	jsonw_i64(j, "destinations", (int64_t)ndests);
	jsonw_i64(j, "connections", atomic_load(&c->connections));
	jsonw_i64(j, "accepted", (int64_t)atomic_load(&c->accepted));
	jsonw_i64(j, "kept", (int64_t)atomic_load(&c->kept));
	jsonw_i64(j, "rejected", (int64_t)atomic_load(&c->rejected));
	jsonw_i64(j, "duplicates", (int64_t)atomic_load(&c->duplicates));
	jsonw_i64(j, "ids_reused", (int64_t)atomic_load(&c->ids_reused));
	jsonw_i64(j, "refused", (int64_t)atomic_load(&c->refused));
	jsonw_i64(j, "bytes", (int64_t)atomic_load(&c->bytes));
	jsonw_i64(j, "framing_errors", (int64_t)atomic_load(&c->framing_errors));
	jsonw_i64(j, "connections_refused", (int64_t)atomic_load(&c->connections_refused));
	jsonw_i64(j, "last_us", atomic_load(&c->last_us));
	jsonw_object_end(j);
}

static void put_destination(struct json_writer *j, struct sender *s, const struct ledger_gauge *gauge)
{
	struct sender_status d;
	sender_status(s, &d);
	const struct journal_ledger *ledger = ledger_of(gauge, d.destination);
	jsonw_object(j, NULL);
	jsonw_text(j, "destination", d.destination);
	jsonw_text(j, "kind", d.kind);
	jsonw_text(j, "state", d.down ? "down" : "up");
	if (d.rate_an_hour) {
		jsonw_i64(j, "rate_an_hour", (int64_t)d.rate_an_hour);
		jsonw_bool(j, "held_back", d.held);
	}
	jsonw_text(j, "last_answer", d.detail);
	jsonw_i64(j, "delivered", (int64_t)d.delivered);
	jsonw_i64(j, "filtered", (int64_t)d.filtered);
	jsonw_i64(j, "merged", (int64_t)d.merged);
	jsonw_i64(j, "dead", (int64_t)d.dead);
	jsonw_i64(j, "pending", (int64_t)d.pending);
	if (ledger) {
		jsonw_i64(j, "dead_now", (int64_t)(ledger->dead - ledger->discarded));
		jsonw_i64(j, "discarded", (int64_t)ledger->discarded);
		jsonw_i64(j, "ledger_imbalance", ledger_imbalance(ledger));
	}
	jsonw_i64(j, "retries", (int64_t)d.retries);
	jsonw_i64(j, "skipped_steps", (int64_t)d.skipped);
	jsonw_i64(j, "oldest_us", d.oldest_us);
	jsonw_i64(j, "delivered_us", d.delivered_us);
	jsonw_i64(j, "latency_p50_us", d.latency_p50_us);
	jsonw_i64(j, "latency_p99_us", d.latency_p99_us);
	jsonw_object_end(j);
}

static void put_retention(struct json_writer *j, const struct engine *e)
{
	struct journal_retention r;
	journal_retention(e->journal, &r);
	jsonw_i64(j, "unsealed", (int64_t)r.unsealed);
	jsonw_object(j, "retention");
	jsonw_i64(j, "keep_us", e->conf->engine.keep_ms * 1000);
	jsonw_i64(j, "keep_bytes", (int64_t)e->conf->engine.keep_bytes);
	jsonw_i64(j, "keep_bodies_us", e->conf->engine.keep_bodies_ms * 1000);
	jsonw_i64(j, "stripped_files", (int64_t)r.stripped_files);
	jsonw_i64(j, "stripped_bytes", (int64_t)r.stripped_bytes);
	jsonw_text(j, "bodies_held_by", r.bodies_held_by);
	jsonw_i64(j, "files", (int64_t)r.files);
	jsonw_i64(j, "bytes", (int64_t)r.bytes);
	jsonw_i64(j, "removed_files", (int64_t)r.removed_files);
	jsonw_i64(j, "removed_bytes", (int64_t)r.removed_bytes);
	jsonw_i64(j, "removed_us", r.removed_us);
	jsonw_i64(j, "due", (int64_t)r.due);
	jsonw_text(j, "held_by", r.held_by);
	jsonw_object_end(j);
}

static void put_syslog(struct json_writer *j, const struct engine *e)
{
	struct syslog_status s;
	if (!e->syslog)
		return;
	syslog_client_status(e->syslog, &s);
	jsonw_object(j, "syslog");
	jsonw_text(j, "to", s.to);
	jsonw_text(j, "state", s.down ? "down" : "up");
	jsonw_text(j, "why", s.why);
	jsonw_i64(j, "sent", (int64_t)s.sent);
	jsonw_i64(j, "sent_us", s.sent_us);
	jsonw_i64(j, "waiting", (int64_t)s.waiting);
	jsonw_i64(j, "dropped", (int64_t)s.dropped);
	jsonw_object_end(j);
}

static void put_writer(struct json_writer *j, const struct engine *e)
{
	struct writer_stats w;
	writer_stats(e->writer, &w);
	jsonw_object(j, "journal");
	jsonw_text(j, "folder", e->conf->engine.journal);
	jsonw_i64(j, "head", journal_head(e->journal));
	jsonw_i64(j, "commits", (int64_t)w.commits);
	jsonw_i64(j, "messages", (int64_t)w.messages);
	jsonw_i64(j, "outcomes", (int64_t)w.outcomes);
	jsonw_i64(j, "commit_p50_us", w.commit_p50_us);
	jsonw_i64(j, "commit_p99_us", w.commit_p99_us);
	jsonw_bool(j, "full", w.full);
	put_retention(j, e);
	put_syslog(j, e);
	jsonw_object_end(j);
}

/* Of all destinations there ever were: what the rows of one that is gone do not add up to counts, too. */
static void put_ledger(struct json_writer *j, const struct ledger_gauge *gauge)
{
	int64_t sum = 0;
	for (size_t i = 0; i < gauge->stats.nledgers; i++) {
		int64_t off = ledger_imbalance(&gauge->stats.ledgers[i]);
		sum += off < 0 ? -off : off;
	}
	jsonw_i64(j, "ledger_imbalance", sum);
	jsonw_i64(j, "ledger_counted_us", gauge->counted_us);
	jsonw_i64(j, "ids_reused", (int64_t)gauge->stats.ids_reused);
}

void engine_status(struct engine *e, struct aff_buf *out)
{
	const struct histogram *latencies[LATENCIES_MAX];
	unsigned nlatencies = 0;
	struct aff_buf hex;
	struct json_writer j;
	aff_buf_init(&hex, 2 * SHA256_SIZE);
	pthread_mutex_lock(&e->lock);
	ledger_look(&e->gauge, e->conf->engine.journal);
	for (unsigned i = 0; i < e->nio; i++)
		latencies[nlatencies++] = io_latency(e->io[i]);
	for (const struct served *s = e->served; s && nlatencies < LATENCIES_MAX; s = s->next) {
		if (s->kind == CONF_SOURCE_HTTP)
			latencies[nlatencies++] = source_latency(s->own);
	}
	hex_put(&hex, e->conf->sha256, SHA256_SIZE);
	jsonw_begin(&j, out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "version", aff_version());
	jsonw_i64(&j, "now_us", clock_wall_us());
	jsonw_i64(&j, "started_us", e->started_us);
	jsonw_view(&j, "configuration", aff_buf_view(&hex));
	jsonw_i64(&j, "reloads", (int64_t)e->reloads);
	jsonw_i64(&j, "reloads_refused", (int64_t)e->reloads_refused);
	jsonw_i64(&j, "memory_in_flight", (int64_t)atomic_load(&e->budget.used));
	jsonw_i64(&j, "answer_p50_us", histogram_quantile(latencies, nlatencies, 500));
	jsonw_i64(&j, "answer_p99_us", histogram_quantile(latencies, nlatencies, 990));
	jsonw_i64(&j, "answers_waiting", (int64_t)answers_waiting(e->answers));
	put_writer(&j, e);
	put_ledger(&j, &e->gauge);
	jsonw_array(&j, "channels");
	for (const struct served *s = e->served; s; s = s->next)
		put_channel(&j, s, e->conf);
	jsonw_array_end(&j);
	jsonw_array(&j, "destinations");
	for (const struct sending *s = e->sending; s; s = s->next)
		put_destination(&j, s->sender, &e->gauge);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	pthread_mutex_unlock(&e->lock);
	aff_buf_free(&hex);
}
