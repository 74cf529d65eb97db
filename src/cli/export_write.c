/* SPDX-License-Identifier: Apache-2.0
 *
 * See export_write.h.
 */
#include "cli/export_write.h"

#include "base/base64.h"
#include "cli/cmd_journal.h"
#include "cli/when.h"
#include "sys/clock.h"
#include "sys/file.h"

#define ENOUGH (4u << 20) /* bytes of lines that wait */

static int failed(struct export_writer *w, int rc)
{
	return w->diag.code ? w->diag.code : aff_diag_set(&w->diag, rc, "cannot write: %s", aff_error_text(rc));
}

static int put(struct export_writer *w, struct aff_view bytes)
{
	int rc = file_write_all(w->fd, bytes.p, bytes.n);
	hasher_add(w->hash, bytes.p, bytes.n);
	w->bytes += bytes.n;
	return rc ? failed(w, rc) : 0;
}

/* Ends the line that was written into w->line and lets it go. */
static int put_line(struct export_writer *w)
{
	jsonw_object_end(&w->json);
	aff_buf_put_char(&w->line, '\n');
	return w->line.error ? failed(w, w->line.error) : put(w, aff_buf_view(&w->line));
}

static void begin_line(struct export_writer *w)
{
	aff_buf_clear(&w->line);
	jsonw_begin(&w->json, &w->line, 0);
	jsonw_object(&w->json, NULL);
}

int export_writer_begin(struct export_writer *w)
{
	char when[WHEN_SIZE];
	aff_buf_init(&w->texts, EXPORT_LINE_MAX);
	aff_buf_init(&w->line, EXPORT_LINE_MAX);
	w->hash = hasher_new();
	if (!w->hash)
		return failed(w, AFF_ENOMEM);
	hasher_begin(w->hash);
	begin_line(w);
	jsonw_i64(&w->json, "afferent_export", EXPORT_VERSION);
	jsonw_text(&w->json, "exported_at", when_utc(clock_wall_us(), when));
	return put_line(w);
}

/* ---- what became of the messages that wait ---- */

static void begin_row(struct export_writer *w)
{
	size_t begin = w->begin[w->current];
	aff_buf_clear(&w->line);
	aff_buf_put(&w->line, w->texts.p + begin, w->end[w->current] - begin);
	w->json = w->after;
	w->json.out = &w->line;
	w->pending = false;
	jsonw_array(&w->json, "outcomes");
}

static void begin_pending(struct export_writer *w)
{
	if (!w->pending) {
		jsonw_array_end(&w->json);
		jsonw_array(&w->json, "pending");
	}
	w->pending = true;
}

static int end_row(struct export_writer *w)
{
	begin_pending(w);
	jsonw_array_end(&w->json);
	w->messages++;
	return put_line(w);
}

/* Ends the rows before row i and begins it. */
static int go_to(struct export_writer *w, size_t i)
{
	int rc = 0;
	while (w->current != i && !rc) {
		rc = end_row(w);
		w->current++;
		if (!rc && w->current < w->n)
			begin_row(w);
	}
	return rc;
}

static int take_fate(void *writer, size_t i, const struct journal_outcome *fate)
{
	struct export_writer *w = writer;
	int rc = go_to(w, i);
	if (rc)
		return rc;
	if ((int)fate->kind == JOURNAL_PENDING) {
		begin_pending(w);
		jsonw_view(&w->json, NULL, fate->destination);
	} else {
		journal_command_put_outcome(&w->json, fate);
	}
	return w->line.error;
}

static int flush(struct export_writer *w)
{
	if (!w->n)
		return 0;
	for (size_t i = 0; i < w->n; i++)
		w->row[i].channel.p = w->texts.p + w->end[i];
	w->current = 0;
	begin_row(w);
	int rc = journal_get_fates(w->fates, w->row, w->n, take_fate, w, &w->diag);
	if (!rc)
		rc = go_to(w, w->n);
	w->n = 0;
	aff_buf_clear(&w->texts);
	return rc ? failed(w, rc) : 0;
}

/* ---- messages ---- */

static void put_raw(struct json_writer *j, struct aff_view raw)
{
	unsigned char sha[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	sha256(sha, raw);
	jsonw_text(j, "sha256", journal_command_hex(sha, hex));
	jsonw_raw(j, "raw", aff_view_of("\""));
	base64_put(j->out, raw);
	aff_buf_put_char(j->out, '"');
}

int export_writer_row(void *writer, const struct journal_row *row)
{
	struct export_writer *w = writer;
	struct json_writer j;
	char when[WHEN_SIZE];
	int rc = w->n == EXPORT_ROWS || w->texts.n > ENOUGH ? flush(w) : 0;
	if (rc)
		return rc;
	struct journal_message *kept = &w->row[w->n];
	w->begin[w->n] = w->texts.n;
	jsonw_begin(&j, &w->texts, 0);
	jsonw_object(&j, NULL);
	journal_command_put_message(&j, &row->message);
	jsonw_i64(&j, "received_us", row->message.received_us);
	if (row->body_removed_us) {
		w->removed++;
		jsonw_text(&j, "body_removed", when_utc(row->body_removed_us, when));
	} else {
		put_raw(&j, row->raw);
	}
	w->end[w->n++] = w->texts.n;
	w->after = j;
	*kept = (struct journal_message){.id = row->message.id, .verdict = row->message.verdict};
	kept->channel.n = row->message.channel.n; /* the texts may still move */
	aff_buf_put_view(&w->texts, row->message.channel);
	return w->texts.error ? failed(w, w->texts.error) : 0;
}

int export_writer_end(struct export_writer *w)
{
	unsigned char sha[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	int rc = flush(w);
	if (rc)
		return rc;
	hasher_end(w->hash, sha);
	hasher_begin(w->hash);
	begin_line(w);
	jsonw_bool(&w->json, "end", true);
	jsonw_i64(&w->json, "messages", (int64_t)w->messages);
	jsonw_text(&w->json, "sha256", journal_command_hex(sha, hex));
	return put_line(w);
}

void export_writer_free(struct export_writer *w)
{
	aff_buf_free(&w->texts);
	aff_buf_free(&w->line);
	hasher_free(w->hash);
}
