/* SPDX-License-Identifier: Apache-2.0
 *
 * See search_output.h.
 */
#include "cli/search_output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/cmd_journal.h"
#include "cli/when.h"
#include "sys/clock.h"
#include "sys/file.h"

#define LINE_MAX_BYTES  (1u << 20)
#define TEXTS_BYTES     (1u << 20)
#define TEXTS_MAX_BYTES (256u << 20)

static const char *const titles[] = {"id", "received", "channel", "type", "control id", "verdict", "outcomes"};
#define COLUMNS (sizeof titles / sizeof titles[0])

bool search_output_wants_raw(const struct search_output *o)
{
	return o->format == SEARCH_HL7 || o->format == SEARCH_FILES;
}

static int failed(struct search_output *o, int rc, const char *what)
{
	return o->diag.code ? o->diag.code : aff_diag_set(&o->diag, rc, "%s: %s", what, aff_error_text(rc));
}

/* ---- lines for people, as they come ---- */

static const int widths[COLUMNS] = {16, 23, 14, 8, 20, 9, 0};

static void put_cell(size_t column, struct aff_view text)
{
	int pad = widths[column] - (int)utf8_characters(text);
	term_put_safe(stdout, text);
	printf("%*s%s", pad > 0 ? pad : 0, "", column + 1 == COLUMNS ? "\n" : "  ");
}

static void put_titles(void)
{
	fputs(term_style(stdout, TERM_BOLD), stdout);
	for (size_t i = 0; i < COLUMNS; i++)
		put_cell(i, aff_view_of(titles[i]));
	fputs(term_style(stdout, TERM_PLAIN), stdout);
}

static void end_columns(struct search_output *o, const struct journal_message *m)
{
	char id[24], when[CLOCK_TEXT_SIZE], verdict[64];
	snprintf(id, sizeof id, "%" PRId64, m->id);
	snprintf(verdict, sizeof verdict, "%s%s%s", journal_verdict_text(m->verdict), m->error ? " " : "",
	         m->error == AFF_EIDREUSE ? "id-reuse" : m->error ? aff_error_name(m->error) : "");
	const struct aff_view cells[COLUMNS] = {
		aff_view_of(id), aff_view_of(clock_local_text(m->received_us, when)), m->channel, m->type,
		journal_command_is_hidden(m) ? aff_view_of("(encrypted)") : m->control_id, aff_view_of(verdict),
		aff_buf_view(&o->line),
	};
	for (size_t i = 0; i < COLUMNS; i++) {
		if (o->format == SEARCH_TABLE)
			table_cell(&o->table, cells[i]);
		else
			put_cell(i, cells[i]);
	}
}

/* ---- CSV (RFC 4180) ---- */

static void csv_cell(struct aff_view text)
{
	bool quoted = false;
	for (size_t i = 0; i < text.n && !quoted; i++)
		quoted = text.p[i] == '"' || text.p[i] == ',' || (unsigned char)text.p[i] < 0x20;
	if (quoted)
		putchar('"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			putchar('"');
		putchar(text.p[i]);
	}
	fputs(quoted ? "\"," : ",", stdout);
}

static void end_csv(struct search_output *o, const struct journal_message *m)
{
	char when[WHEN_SIZE];
	printf("%" PRId64 ",%s,", m->id, when_utc(m->received_us, when));
	csv_cell(m->channel);
	csv_cell(m->peer);
	csv_cell(m->type);
	csv_cell(m->control_id);
	csv_cell(m->patient);
	csv_cell(m->device);
	printf("%s,%s,%" PRIu32 ",", journal_verdict_text(m->verdict), m->error ? aff_error_name(m->error) : "",
	       m->length);
	printf("\"%.*s\"\r\n", (int)o->line.n, o->line.p ? o->line.p : "");
}

/* ---- one message after the other: its members, its fates, its end ---- */

static void begin_row(struct search_output *o)
{
	aff_buf_clear(&o->line);
	o->pending = false;
	if (o->format != SEARCH_JSON)
		return;
	jsonw_begin(&o->json, &o->line, 0);
	jsonw_object(&o->json, NULL);
	journal_command_put_message(&o->json, &o->row[o->current]);
	jsonw_array(&o->json, "outcomes");
}

static void begin_pending(struct search_output *o)
{
	if (!o->pending) {
		jsonw_array_end(&o->json);
		jsonw_array(&o->json, "pending");
	}
	o->pending = true;
}

static void end_row(struct search_output *o)
{
	const struct journal_message *m = &o->row[o->current];
	if (o->format == SEARCH_CSV) {
		end_csv(o, m);
	} else if (o->format == SEARCH_JSON) {
		begin_pending(o);
		jsonw_array_end(&o->json);
		jsonw_object_end(&o->json);
		aff_buf_put_char(&o->line, '\n');
		if (!o->line.error)
			fwrite(o->line.p, 1, o->line.n, stdout);
	} else {
		end_columns(o, m);
	}
}

/* Takes back what an earlier outcome said that this one stands for: "ehr dead". */
static void take_back(struct search_output *o, struct aff_view name, enum journal_outcome_kind kind)
{
	char said[160];
	int n = snprintf(said, sizeof said, "%.*s %s", (int)name.n, name.p, journal_outcome_text(kind));
	for (size_t at = 0; n > 0 && (size_t)n < sizeof said && at + (size_t)n <= o->line.n;) {
		const char *end = memchr(o->line.p + at, ',', o->line.n - at);
		size_t length = end ? (size_t)(end - o->line.p) - at : o->line.n - at;
		size_t next = end ? at + length + 2 : o->line.n;
		if (aff_view_equal(aff_view(o->line.p + at, length), aff_view(said, (size_t)n))) {
			size_t from = end || !at ? at : at - 2; /* the comma before it, when it is the last one */
			memmove(o->line.p + from, o->line.p + next, o->line.n - next);
			o->line.n -= next - from;
			return;
		}
		at = next;
	}
}

static void put_fate(struct search_output *o, const struct journal_outcome *f)
{
	bool pending = (int)f->kind == JOURNAL_PENDING;
	struct aff_view name = journal_command_short(f->destination);
	if (o->format != SEARCH_JSON) {
		if (f->instead)
			take_back(o, name, f->instead);
		aff_buf_printf(&o->line, "%s%.*s %s", o->line.n ? ", " : "", (int)name.n, name.p,
		               pending ? "pending" : journal_outcome_text(f->kind));
	} else if (pending) {
		begin_pending(o);
		jsonw_view(&o->json, NULL, f->destination);
	} else {
		journal_command_put_outcome(&o->json, f);
	}
}

/* Ends the rows before row i and begins it. */
static int go_to(struct search_output *o, size_t i)
{
	while (o->current != i && !o->line.error && !o->table.text.error) {
		end_row(o);
		o->current++;
		if (o->current < o->n)
			begin_row(o);
	}
	return o->line.error ? o->line.error : o->table.text.error;
}

static int take_fate(void *arg, size_t i, const struct journal_outcome *fate)
{
	struct search_output *o = arg;
	int rc = go_to(o, i);
	if (!rc)
		put_fate(o, fate);
	return rc;
}

int search_output_flush(struct search_output *o)
{
	if (o->n == 0)
		return 0;
	o->current = 0;
	begin_row(o);
	int rc = journal_get_fates(o->fates, o->row, o->n, take_fate, o, &o->diag);
	if (!rc)
		rc = go_to(o, o->n);
	o->n = 0;
	aff_buf_clear(&o->texts);
	return rc < 0 ? failed(o, rc, "cannot write what was found") : 0;
}

/* ---- taking rows ---- */

/* The buffer has room: views into it stay where they are. */
static struct aff_view keep(struct aff_buf *texts, struct aff_view v)
{
	size_t at = texts->n;
	aff_buf_put_view(texts, v);
	return v.n ? aff_view(texts->p + at, v.n) : aff_view("", 0);
}

static int keep_row(struct search_output *o, const struct journal_message *m)
{
	size_t need = m->channel.n + m->peer.n + m->type.n + m->control_id.n + m->patient.n + m->device.n;
	int rc = o->n == SEARCH_OUTPUT_ROWS || need > o->texts.allocated - o->texts.n ? search_output_flush(o) : 0;
	if (rc)
		return rc;
	if (o->n == 0 && !aff_buf_reserve(&o->texts, need > TEXTS_BYTES ? need : TEXTS_BYTES))
		return failed(o, o->texts.error, "cannot keep what was found");
	struct journal_message *kept = &o->row[o->n++];
	*kept = *m;
	kept->channel = keep(&o->texts, m->channel);
	kept->peer = keep(&o->texts, m->peer);
	kept->type = keep(&o->texts, m->type);
	kept->control_id = keep(&o->texts, m->control_id);
	kept->patient = keep(&o->texts, m->patient);
	kept->device = keep(&o->texts, m->device);
	o->hidden += journal_command_is_hidden(m);
	kept->body = aff_view("", 0);
	return 0;
}

/* The next message begins on a line of its own, whatever this one ended with. */
static int put_hl7(struct search_output *o, struct aff_view raw)
{
	fwrite(raw.p, 1, raw.n, stdout);
	if (raw.n && raw.p[raw.n - 1] != '\r' && raw.p[raw.n - 1] != '\n')
		putchar('\r');
	return ferror(stdout) ? failed(o, AFF_EIO, "standard output") : 0;
}

static int put_file(struct search_output *o, const struct journal_row *row)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%" PRId64 ".hl7", o->folder, row->message.id);
	if (n < 0 || (size_t)n >= sizeof path)
		return aff_diag_set(&o->diag, AFF_ELIMIT, "--output-folder: the name is too long");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return aff_diag_set(&o->diag, AFF_EIO, "cannot make %s: %s", path, strerror(errno));
	int rc = file_write_all(fd, row->raw.p, row->raw.n);
	if (close(fd) && !rc)
		rc = AFF_EIO;
	return rc ? aff_diag_set(&o->diag, rc, "cannot write %s", path) : 0;
}

int search_output_row(void *output, const struct journal_row *row)
{
	struct search_output *o = output;
	int rc;
	if (row->body_removed_us) {
		o->removed++;
		o->last_id = row->message.id;
		return 0;
	}
	if (o->format == SEARCH_HL7)
		rc = put_hl7(o, row->raw);
	else if (o->format == SEARCH_FILES)
		rc = put_file(o, row);
	else
		rc = keep_row(o, &row->message);
	if (!rc) {
		o->found++;
		o->last_id = row->message.id;
	}
	return rc;
}

int search_output_begin(struct search_output *o)
{
	aff_buf_init(&o->line, LINE_MAX_BYTES);
	aff_buf_init(&o->texts, TEXTS_MAX_BYTES);
	table_init(&o->table, titles, COLUMNS);
	if (o->format == SEARCH_LINES)
		put_titles();
	if (o->format == SEARCH_CSV)
		fputs("id,received,channel,peer,type,control_id,patient,device,verdict,error,length,outcomes\r\n",
		      stdout);
	return o->format == SEARCH_FILES ? file_make_dir(o->folder, &o->diag) : 0;
}

int search_output_end(struct search_output *o, bool fail)
{
	int rc = fail ? 0 : search_output_flush(o);
	if (!rc && !fail && o->format == SEARCH_TABLE && o->found)
		rc = table_print(&o->table, stdout);
	else
		aff_buf_free(&o->table.text);
	aff_buf_free(&o->texts);
	aff_buf_free(&o->line);
	return rc ? failed(o, rc, "cannot write what was found") : 0;
}
