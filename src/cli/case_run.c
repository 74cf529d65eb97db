/* SPDX-License-Identifier: Apache-2.0
 *
 * One case: run, compared file by file, and with --update each file that differs is written anew. What fits is left as
 * its author wrote it, with its wildcards.
 */
#include "cli/case_run.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/case_diff.h"
#include "cli/case_outcome.h"
#include "cli/case_write.h"
#include "sys/file.h"

struct running {
	const struct conf_channel *channel;
	struct case_files *files;
	struct case_outcomes outcomes;
	struct case_report *report;
	bool update;
};

const char *case_channel_problem(const struct conf_channel *channel)
{
	static const char *const taken[] = {"in", "answer", "message", "received"};
	for (size_t k = 0; k < channel->ndests; k++) {
		for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
			if (strcmp(channel->dests[k].name, taken[i]) == 0)
				return "in, answer, message and received mean something else in a case: call the "
				       "destination something else";
		}
	}
	return NULL;
}

/* ---- expected.txt ---- */

static void compare_line(struct running *r, uint64_t message, const char *what, const char *words,
			 const char *numbered)
{
	char file[48];
	const struct case_expected *x = case_files_line(r->files, message, what);
	if (!x) {
		case_report_say(r->report, CASE_EXPECTED, message, "nothing is expected of it: %" PRIu64 " %s %.120s",
				message, what, words);
		return;
	}
	if (case_words_begin(words, x->text) || case_words_begin(numbered, x->text))
		return;
	snprintf(file, sizeof file, CASE_EXPECTED ":%u", x->line);
	struct case_difference *d = case_report_add(r->report, file, message, what);
	if (!d)
		return;
	case_value(d->expected, x->text);
	case_value(d->got, aff_view_of(words));
}

/* A line that nothing came of. */
static void tell_unused(struct running *r, const struct case_expected *x)
{
	char file[48];
	bool dest = false;
	snprintf(file, sizeof file, CASE_EXPECTED ":%u", x->line);
	for (size_t k = 0; k < r->channel->ndests; k++)
		dest |= aff_view_is(x->what, r->channel->dests[k].name);
	if (x->message > r->files->count)
		case_report_say(r->report, file, x->message, CASE_IN " has only %zu", r->files->count);
	else if (!dest)
		case_report_say(r->report, file, x->message, "the channel has no destination of that name");
	else
		case_report_say(r->report, file, x->message, "it is not accepted, so it goes to no destination");
}

static void compare_expected(struct running *r)
{
	const struct case_outcomes *o = &r->outcomes;
	for (size_t i = 0; i < o->messages; i++) {
		compare_line(r, i + 1, "message", o->taken[i].words, o->taken[i].words);
		for (size_t k = 0; k < o->dests && o->taken[i].verdict == JOURNAL_ACCEPTED; k++) {
			const struct case_outcome *x = case_outcome(o, i, k);
			compare_line(r, i + 1, r->channel->dests[k].name, x->words, x->numbered);
		}
	}
	for (size_t i = 0; i < r->files->nlines; i++)
		if (!r->files->lines[i].used)
			tell_unused(r, &r->files->lines[i]);
}

/* ---- what is sent, and the answers ---- */

/* The bytes that belong into a file, one after the other: of a destination, or the answers. */
struct sequence {
	struct running *r;
	size_t dest;                 /* SIZE_MAX: the answers */
	size_t next, piece;          /* message to look at next, and which piece of it */
	size_t taken;                /* so many were compared */
	const char *file;
};

/* The next of them; false at the end. */
static bool next_of(struct sequence *s, uint64_t *message, struct aff_view *bytes)
{
	const struct case_outcomes *o = &s->r->outcomes;
	for (; s->next < o->messages; s->next++, s->piece = 0) {
		const struct case_taken *t = &o->taken[s->next];
		const struct case_outcome *x = s->dest == SIZE_MAX ? NULL : case_outcome(o, s->next, s->dest);
		if (s->piece == (x ? x->count : t->n != 0))
			continue;
		struct case_piece p = x ? o->pieces[x->first + s->piece] : (struct case_piece){t->at, t->n};
		*message = s->next + 1;
		*bytes = aff_view(o->bytes.p + p.at, p.n);
		s->piece++;
		s->taken++;
		return true;
	}
	return false;
}

static int compare_message(void *arg, struct aff_view expected)
{
	struct sequence *s = arg;
	struct case_place place = {s->r->report, s->file, 0};
	struct aff_view got;
	if (next_of(s, &place.message, &got))
		return case_diff_hl7(&place, expected, got);
	s->taken++;
	return 0;
}

static int compare_documents(struct sequence *s, struct aff_view text)
{
	struct case_place place = {s->r->report, s->file, 0};
	struct aff_view got;
	int rc = 0;
	while (!rc) {
		size_t used = 0;
		while (text.n && isspace((unsigned char)text.p[0]))
			text = aff_view(text.p + 1, text.n - 1);
		if (!text.n)
			return 0;
		if (!next_of(s, &place.message, &got)) {
			s->taken++;
			return 0;
		}
		rc = case_diff_json(&place, text, got, &used);
		text = aff_view(text.p + used, text.n - used);
	}
	return rc == AFF_ESYNTAX ? 0 : rc;
}

static size_t count(const struct sequence *s)
{
	struct sequence all = {.r = s->r, .dest = s->dest};
	struct aff_view bytes;
	uint64_t message;
	while (next_of(&all, &message, &bytes))
		continue;
	return all.taken;
}

static bool is_json(const struct sequence *s)
{
	return s->dest != SIZE_MAX && s->r->channel->dests[s->dest].as_fhir;
}

static int compare_file(struct sequence *s, const char *path)
{
	struct aff_buf text;
	struct aff_diag diag = {0};
	size_t all = count(s), held;
	int rc;
	aff_buf_init(&text, CASE_BYTES_MAX);
	if (is_json(s)) {
		rc = file_read(path, &text, &diag);
		rc = rc ? rc : compare_documents(s, aff_buf_view(&text));
	} else {
		rc = case_each_message(path, compare_message, s, &diag);
	}
	aff_buf_free(&text);
	if (rc == AFF_ENOMEM)
		return rc;
	if (rc)
		case_report_say(s->r->report, s->file, 0, "cannot be read: %s", diag.text);
	held = s->taken;
	if (!rc && held < all)
		case_report_say(s->r->report, s->file, 0, "holds %zu, but %zu come out", held, all);
	else if (!rc && held > all)
		case_report_say(s->r->report, s->file, 0, "holds more than the %zu that come%s out", all,
				all == 1 ? "s" : "");
	return 0;
}

static int write_sequence(struct sequence *s, const char *path)
{
	struct aff_buf out;
	struct aff_diag diag = {0};
	struct aff_view bytes;
	uint64_t message;
	s->next = s->piece = 0;
	aff_buf_init(&out, 4 * (size_t)CASE_BYTES_MAX);
	while (next_of(s, &message, &bytes)) {
		if (out.n)
			aff_buf_put_char(&out, '\n');
		if (is_json(s)) {
			jsonw_indent(&out, bytes);
			aff_buf_put_char(&out, '\n');
		} else if (s->dest == SIZE_MAX) {
			case_write_answer(&out, bytes);
		} else {
			case_put_lines(&out, bytes);
		}
	}
	int rc = case_write(s->r->report, path, s->file, &out, &diag);
	aff_buf_free(&out);
	return rc;
}

/* needed: it must be there if something comes out. */
static int check_sequence(struct running *r, size_t dest, bool needed)
{
	char path[PATH_MAX + 160], file[140];
	struct sequence s = {.r = r, .dest = dest, .file = file};
	struct case_mark mark = case_mark(r->report);
	if (dest == SIZE_MAX)
		snprintf(file, sizeof file, CASE_ANSWER);
	else
		snprintf(file, sizeof file, "%.120s.%s", r->channel->dests[dest].name, is_json(&s) ? "json" : "hl7");
	snprintf(path, sizeof path, "%s/%s", r->files->folder, file);
	bool there = access(path, F_OK) == 0;
	size_t all = count(&s);
	int rc = 0;
	if (there && all)
		rc = compare_file(&s, path);
	else if (there)
		case_report_say(r->report, file, 0, "nothing comes out for it");
	else if (all && needed)
		case_report_say(r->report, file, 0, "is missing: what is sent is not tested");
	if (rc || !r->update || !case_marked(r->report, &mark))
		return rc;
	case_unmark(r->report, &mark);
	return all ? write_sequence(&s, path) : case_remove(r->report, path, file);
}

static int check_expected(struct running *r)
{
	struct case_mark mark = case_mark(r->report);
	if (!r->files->has_text && !r->update) {
#ifdef AFF_MUTANT_72 /* a case that expects nothing passes */
		return 0;
#endif
		case_report_error(r->report, CASE_EXPECTED,
				  "is not there: a case must say what is expected; --update writes what comes out now");
		return 0;
	}
	compare_expected(r);
	if (!r->update || (!case_marked(r->report, &mark) && r->files->has_text))
		return 0;
	case_unmark(r->report, &mark);
	return case_write_expected(r->report, r->files, &r->outcomes);
}

static bool answers_matter(const struct case_outcomes *o)
{
	for (size_t i = 0; i < o->messages; i++)
		if (!o->taken[i].positive)
			return true;
	return false;
}

int case_run(const struct case_channel *channel, const char *folder, bool update, struct case_report *report)
{
	struct case_files files;
	struct running r = {.channel = channel->channel, .files = &files, .report = report, .update = update};
	case_files_init(&files);
	int rc = case_files_read(&files, folder, report);
	if (!rc)
		rc = case_outcomes_make(&r.outcomes, channel, &files);
	bool ready = !rc;
	if (ready)
		rc = check_expected(&r);
	for (size_t k = 0; !rc && ready && k < r.channel->ndests; k++)
		rc = check_sequence(&r, k, true);
	if (!rc && ready)
		rc = check_sequence(&r, SIZE_MAX, update && answers_matter(&r.outcomes));
	case_outcomes_free(&r.outcomes);
	case_files_free(&files);
	if (rc && report->result != CASE_ERROR)
		case_report_error(report, "", "%s", aff_error_text(rc));
	return rc == AFF_ENOMEM ? rc : 0;
}
