/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent dead edit: a changed copy of a dead letter is delivered instead of it. The message itself stays as it was
 * received; the copy is a message of its own in the journal, kept.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/cmd_dead.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/edit_copy.h"
#include "cli/replay.h"
#include "cli/replay_run.h"
#include "cli/stop.h"

struct edit {
	struct dead_question q;
	int64_t id;
	const char *file, *reason, *journal, *config, *folder;
	uint64_t tries;
	struct conf *conf;
	struct journal_reader *reader;
	const struct conf_dest *dest;
	struct dead_letters letters;
	struct aff_buf original, copy;
	struct recorder recorder;
	struct replay replay;
};

static int keep_raw(void *arg, const struct journal_row *row)
{
	struct edit *e = arg;
	if (row->body_removed_us) {
		journal_command_removed(row->message.id, row->body_removed_us);
		return AFF_ENOTFOUND;
	}
	aff_buf_put_view(&e->original, row->raw);
	return e->original.error;
}

static int find(struct edit *e)
{
	dead_free(&e->letters);
	int rc = dead_find(&e->letters, e->reader, &e->q);
	if (rc || e->letters.n == 1)
		return rc;
	if (e->letters.n)
		return command_error("message %" PRId64 " is dead at several destinations; say which with --to", e->id);
	command_error("message %" PRId64 " is no dead letter%s%s", e->id, e->q.destination ? " of " : "",
		      e->q.destination ? e->q.destination : "");
	return COMMAND_NEGATIVE;
}

static int read_original(struct edit *e)
{
	struct aff_diag diag = {0};
	int rc = journal_get(e->reader, e->id, keep_raw, e, &diag);
	if (rc < 0)
		return diag.code ? command_error_diag(&diag) : command_error("%s", aff_error_text(rc));
	e->dest = config_destination(e->conf, e->letters.item[0].destination, &e->replay.channel);
	return e->dest ? 0 : COMMAND_FAILED;
}

/* ---- what the copy must be like ---- */

static bool has_control_id(const struct aff_msg *m, struct aff_view id)
{
	return aff_view_equal(aff_msg_field(m, 0, 10), id);
}

/* It is the same message for the receiver: its delivery key stays. */
static int check_key(const struct edit *e)
{
	struct aff_msg *from = NULL, *to = NULL;
	struct aff_diag diag = {0};
	int rc = aff_msg_new(&from, NULL);
	if (!rc)
		rc = aff_msg_new(&to, NULL);
	if (!rc)
		(void)aff_msg_parse(from, e->original.p, e->original.n, AFF_LENIENT_ALL, NULL);
	if (!rc)
		rc = aff_msg_parse(to, e->copy.p, e->copy.n, e->replay.channel->source.lenient, &diag);
	if (rc)
		command_error_diag(&diag);
	else if (!has_control_id(to, aff_msg_field(from, 0, 10)))
		rc = command_error(
			"MSH-10 of the copy differs; it must stay, or the receiver could not tell that it is "
			"the same message");
	aff_msg_free(from);
	aff_msg_free(to);
	return rc ? COMMAND_FAILED : 0;
}

static int check_copy(const struct edit *e)
{
	struct pipeline *p = NULL;
	struct pipeline_result r;
	if (aff_view_equal(aff_buf_view(&e->copy), aff_buf_view(&e->original))) {
		command_error("nothing was changed; afferent dead resend sends it as it is");
		return COMMAND_NEGATIVE;
	}
	if (check_key(e))
		return COMMAND_FAILED;
	int rc = pipeline_new(&p);
	if (!rc)
		rc = pipeline_run(p, e->replay.channel, e->dest, aff_buf_view(&e->copy), &r);
	if (rc)
		command_error("out of memory");
	else if (r.verdict != PIPELINE_SEND)
		rc = command_error("the copy would not be sent: %s", r.detail);
	pipeline_free(p);
	return rc ? COMMAND_FAILED : 0;
}

/* ---- doing it ---- */

static int record(struct edit *e)
{
	struct aff_buf detail;
	struct json_writer j;
	struct recorder *r = &e->recorder;
	aff_buf_init(&detail, DEEDS_ACTION_MAX);
	jsonw_begin(&j, &detail, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "to", e->dest->full_name);
	jsonw_i64(&j, "message", e->id);
	jsonw_text(&j, "reason", e->reason);
	jsonw_object_end(&j);
	deeds_put_action(&r->batch, "edit", aff_buf_view(&detail), e->conf->sha256);
	deeds_put_message(&r->batch, aff_view_of(e->replay.channel->name), aff_view_of("edit"), aff_buf_view(&e->copy));
	aff_buf_free(&detail);
	int rc = recorder_flush(r);
	e->replay.action_us = r->done.action_us;
	e->replay.copy = r->done.message;
	return rc;
}

static int deliver(struct edit *e)
{
	struct replay *p = &e->replay;
	p->recorder = &e->recorder;
	p->tries = (unsigned)e->tries;
	p->stop = stop_open();
	int rc = p->stop < 0 ? command_error("cannot wait for signals") : replay_open(p, e->dest, NULL, false);
	if (!rc)
		rc = replay_message(p, e->id, JOURNAL_DEAD, aff_buf_view(&e->copy));
	if (recorder_flush(&e->recorder) || (replay_close(p) && !rc))
		rc = COMMAND_FAILED;
	if (rc)
		command_note("the copy is in the journal as message %" PRId64 "; the dead letter is what it was",
			     p->copy);
	return rc == REPLAY_STOPPED ? COMMAND_NEGATIVE : rc;
}

static int edit(struct edit *e)
{
	int rc = find(e);
	if (!rc)
		rc = read_original(e);
	if (!rc)
		rc = e->file ? edit_from_file(e->file, &e->copy) : edit_by_hand(aff_buf_view(&e->original), &e->copy);
	if (!rc)
		rc = check_copy(e);
	if (!rc)
		rc = recorder_open(&e->recorder, e->conf, e->folder, e->dest->full_name);
	if (!rc)
		e->q.destination = e->dest->full_name;
	if (!rc) /* once more: nobody else changes it now */
		rc = find(e);
	if (!rc)
		rc = record(e);
	if (!rc)
		rc = deliver(e);
	if (rc)
		return rc;
	printf("copy %" PRId64 " of message %" PRId64 " %s %s; recorded as %" PRId64 "\n", e->replay.copy, e->id,
	       e->replay.sent ? "delivered to" : "refused by", e->dest->full_name, e->replay.action_us);
	return e->replay.sent ? COMMAND_OK : COMMAND_NEGATIVE;
}

static int prepare(struct edit *e, const char *id)
{
	if (journal_command_id(id, &e->id) || replay_check_reason(e->reason))
		return COMMAND_FAILED;
	e->q.ids = &e->id;
	e->q.nids = 1;
	aff_buf_init(&e->original, EDIT_MAX);
	aff_buf_init(&e->copy, EDIT_MAX);
	return dead_open(&e->conf, &e->reader, &e->folder, e->config, e->journal);
}

static void end(struct edit *e)
{
	recorder_close(&e->recorder);
	journal_reader_close(e->reader);
	dead_free(&e->letters);
	aff_buf_free(&e->original);
	aff_buf_free(&e->copy);
	conf_unref(e->conf);
	free(e);
}

int dead_edit_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent dead edit 1795163400123456 --reason 'PID-3 was cut off'",
		"afferent dead edit 1795163400123456 --file mended.hl7 --reason 'PID-3 was cut off'", NULL};
	const struct usage usage = {
		.command = "dead edit",
		.arguments = "ID",
		.examples = examples,
		.least = 1,
		.most = 1,
		.about =
			"Lets you change a copy of a dead letter with $VISUAL or $EDITOR, or takes it from a file, and "
			"delivers it to the destination that refused the message. The message itself stays as it was "
			"received; the copy is in the journal, too, with who made it and why.\n\n"
			"The copy must be a message that the channel takes, and MSH-10 must stay: for the receiver it "
			"is "
			"the same message. Segments may end with a line feed in the editor and in the file.",
		.exit0 = "the destination took the copy: the message is dead no more",
		.exit1 = "it is no dead letter, nothing was changed, or the copy was refused, too",
	};
	struct edit *e = calloc(1, sizeof *e);
	if (!e)
		return command_error("out of memory");
	e->q.kind = JOURNAL_DEAD;
	e->recorder.lock = -1;
	e->tries = 5;
	const struct option options[] = {
		OPTION_TEXT('T', "to", &e->q.destination, "DESTINATION", "where it is dead: ehr, or icu-monitors/ehr"),
		OPTION_TEXT('r', "reason", &e->reason, "TEXT", "why; kept in the journal"),
		OPTION_TEXT('f', "file", &e->file, "FILE", "the changed message, instead of the editor"),
		OPTION_NUMBER(0, "tries", &e->tries, "N", 1, 1000, "how often the copy is tried before giving up"),
		JOURNAL_WHERE_OPTIONS(&e->journal, &e->config),
		OPTION_END};
	signal(SIGPIPE, SIG_IGN);
	int n = option_parse(&usage, options, argc, argv);
	int rc = n < 0 ? option_exit(n) : prepare(e, argv[0]);
	if (n >= 0 && !rc)
		rc = edit(e);
	end(e);
	return command_finish(rc);
}
