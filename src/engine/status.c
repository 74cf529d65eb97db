/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's state as JSON. Field names are an interface: `afferent status`, scripts and monitoring read them.
 */
#include "engine/engine_internal.h"

#include "base/json.h"
#include "sys/clock.h"

static void put_channel(struct json *j, const struct served *s)
{
	const struct channel *c = s->channel;
	json_object(j, NULL);
	json_text(j, "channel", feed_channel(c->feed));
	json_text(j, "listen", s->address);
	json_i64(j, "connections", atomic_load(&c->connections));
	json_i64(j, "accepted", (int64_t)atomic_load(&c->accepted));
	json_i64(j, "kept", (int64_t)atomic_load(&c->kept));
	json_i64(j, "rejected", (int64_t)atomic_load(&c->rejected));
	json_i64(j, "refused", (int64_t)atomic_load(&c->refused));
	json_i64(j, "bytes", (int64_t)atomic_load(&c->bytes));
	json_i64(j, "framing_errors", (int64_t)atomic_load(&c->framing_errors));
	json_i64(j, "connections_refused", (int64_t)atomic_load(&c->connections_refused));
	json_i64(j, "last_us", atomic_load(&c->last_us));
	json_object_end(j);
}

static void put_destination(struct json *j, struct sender *s)
{
	struct sender_status d;
	sender_status(s, &d);
	json_object(j, NULL);
	json_text(j, "destination", d.destination);
	json_text(j, "kind", d.kind);
	json_text(j, "state", d.down ? "down" : "up");
	json_text(j, "last_answer", d.detail);
	json_i64(j, "delivered", (int64_t)d.delivered);
	json_i64(j, "filtered", (int64_t)d.filtered);
	json_i64(j, "merged", (int64_t)d.merged);
	json_i64(j, "dead", (int64_t)d.dead);
	json_i64(j, "pending", (int64_t)d.pending);
	json_i64(j, "retries", (int64_t)d.retries);
	json_i64(j, "oldest_us", d.oldest_us);
	json_i64(j, "delivered_us", d.delivered_us);
	json_i64(j, "latency_p50_us", d.latency_p50_us);
	json_i64(j, "latency_p99_us", d.latency_p99_us);
	json_object_end(j);
}

static void put_writer(struct json *j, const struct engine *e)
{
	struct writer_stats w;
	writer_stats(e->writer, &w);
	json_object(j, "journal");
	json_text(j, "folder", e->conf->engine.journal);
	json_i64(j, "head", journal_head(e->journal));
	json_i64(j, "commits", (int64_t)w.commits);
	json_i64(j, "messages", (int64_t)w.messages);
	json_i64(j, "outcomes", (int64_t)w.outcomes);
	json_i64(j, "commit_p50_us", w.commit_p50_us);
	json_i64(j, "commit_p99_us", w.commit_p99_us);
	json_bool(j, "full", w.full);
	json_object_end(j);
}

void engine_status(struct engine *e, struct aff_buf *out)
{
	const struct histogram *latencies[IO_THREADS_MAX];
	struct aff_buf hex;
	struct json j;
	aff_buf_init(&hex, 2 * SHA256_SIZE);
	pthread_mutex_lock(&e->lock);
	for (unsigned i = 0; i < e->nio; i++)
		latencies[i] = io_latency(e->io[i]);
	hex_put(&hex, e->conf->sha256, SHA256_SIZE);
	json_begin(&j, out, 0);
	json_object(&j, NULL);
	json_text(&j, "version", aff_version());
	json_i64(&j, "now_us", clock_wall_us());
	json_i64(&j, "started_us", e->started_us);
	json_view(&j, "configuration", aff_buf_view(&hex));
	json_i64(&j, "reloads", (int64_t)e->reloads);
	json_i64(&j, "reloads_refused", (int64_t)e->reloads_refused);
	json_i64(&j, "memory_in_flight", (int64_t)atomic_load(&e->budget.used));
	json_i64(&j, "answer_p50_us", histogram_quantile(latencies, e->nio, 500));
	json_i64(&j, "answer_p99_us", histogram_quantile(latencies, e->nio, 990));
	put_writer(&j, e);
	json_array(&j, "channels");
	for (const struct served *s = e->served; s; s = s->next)
		put_channel(&j, s);
	json_array_end(&j);
	json_array(&j, "destinations");
	for (const struct sending *s = e->sending; s; s = s->next)
		put_destination(&j, s->sender);
	json_array_end(&j);
	json_object_end(&j);
	pthread_mutex_unlock(&e->lock);
	aff_buf_free(&hex);
}
