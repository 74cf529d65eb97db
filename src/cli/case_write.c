/* SPDX-License-Identifier: Apache-2.0
 *
 * See case_write.h.
 */
#include "cli/case_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <afferent/edit.h>

#include "cli/text_file.h"

#define TEXT_MAX (8u << 20)

struct case_mark case_mark(const struct case_report *r)
{
	return (struct case_mark){r->count, r->dropped, r->result};
}

bool case_marked(const struct case_report *r, const struct case_mark *mark)
{
	return r->count != mark->count || r->dropped != mark->dropped;
}

void case_unmark(struct case_report *r, const struct case_mark *mark)
{
	r->count = mark->count;
	r->dropped = mark->dropped;
	r->result = mark->result;
}

static void updated(struct case_report *r, const char *name, const char *how)
{
	enum case_result before = r->result;
	case_report_say(r, name, 0, "%s", how);
	r->result = before == CASE_PASSED ? CASE_UPDATED : before;
}

int case_write(struct case_report *r, const char *path, const char *name, const struct aff_buf *text,
	       struct aff_diag *diag)
{
	int rc = text->error ? aff_diag_set(diag, text->error, "%s", aff_error_text(text->error))
	                     : text_file_write(path, aff_buf_view(text), diag);
	if (rc)
		case_report_error(r, name, "is not written: %s", diag->text);
	else
		updated(r, name, "written");
	return rc;
}

int case_remove(struct case_report *r, const char *path, const char *name)
{
	if (unlink(path)) {
		case_report_error(r, name, "cannot be removed: %s", strerror(errno));
		return AFF_EIO;
	}
	updated(r, name, "removed: nothing comes out for it");
	return 0;
}

/* The comments and empty lines that an author put at the top. */
static struct aff_view head_of(struct aff_view text)
{
	size_t at = 0;
	while (at < text.n && (text.p[at] == '#' || text.p[at] == '\n' || text.p[at] == '\r')) {
		const char *end = memchr(text.p + at, '\n', text.n - at);
		at = end ? (size_t)(end - text.p) + 1 : text.n;
	}
	return aff_view(text.p, at);
}

static void put_line(struct aff_buf *out, struct case_files *files, uint64_t message, const char *what,
		     const char *words, const char *numbered)
{
	const struct case_expected *x = case_files_line(files, message, what);
	struct aff_view text = aff_view_of(words);
	if (x && (case_words_begin(words, x->text) || case_words_begin(numbered, x->text)))
		text = x->text;
	aff_buf_printf(out, "%-4" PRIu64 " %-12s ", message, what);
	aff_buf_put_view(out, text);
	aff_buf_put_char(out, '\n');
}

int case_write_expected(struct case_report *r, struct case_files *files, const struct case_outcomes *o)
{
	struct aff_buf out;
	char path[PATH_MAX + 32];
	struct aff_diag diag = {0};
	const struct conf_channel *channel = o->channel->channel;
	struct aff_view head = head_of(aff_buf_view(&files->text));
	aff_buf_init(&out, TEXT_MAX);
	aff_buf_put_view(&out, head.n ? head : aff_view_of("# message, where, what becomes of it\n"));
	for (size_t i = 0; i < o->messages; i++) {
		const struct case_expected *at = case_files_line(files, i + 1, "received");
		if (at)
			aff_buf_printf(&out, "%-4zu %-12s %.*s\n", i + 1, "received", (int)at->text.n, at->text.p);
		put_line(&out, files, i + 1, "message", o->taken[i].words, o->taken[i].words);
		for (size_t k = 0; k < o->dests && o->taken[i].verdict == JOURNAL_ACCEPTED; k++) {
			const struct case_outcome *x = case_outcome(o, i, k);
			put_line(&out, files, i + 1, channel->dests[k].name, x->words, x->numbered);
		}
	}
	snprintf(path, sizeof path, "%s/" CASE_EXPECTED, files->folder);
	int rc = case_write(r, path, CASE_EXPECTED, &out, &diag);
	aff_buf_free(&out);
	return rc;
}

void case_write_answer(struct aff_buf *out, struct aff_view answer)
{
	struct aff_msg *m = NULL;
	struct aff_edit *e = NULL;
	struct aff_buf text;
	aff_buf_init(&text, CASE_BYTES_MAX);
	if (aff_msg_new(&m, NULL) || aff_edit_new(&e, CASE_BYTES_MAX)) {
		out->error = AFF_ENOMEM;
	} else if (aff_msg_parse(m, answer.p, answer.n, AFF_LENIENT_ALL, NULL) || aff_edit_begin(e, m) ||
		   aff_edit_set(e, 0, 7, 0, 0, 0, aff_view_of("*")) ||
		   aff_edit_set(e, 0, 10, 0, 0, 0, aff_view_of("*"))) {
		case_put_lines(out, answer);
	} else {
		aff_edit_write(e, &text);
		case_put_lines(out, aff_buf_view(&text));
	}
	aff_edit_free(e);
	aff_msg_free(m);
	aff_buf_free(&text);
}
