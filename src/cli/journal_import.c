/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal import: messages of another journal into this one, kept. The file is read twice: all of it is
 * checked before anything is stored.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/cmd_dead.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/export_write.h"
#include "cli/import_there.h"
#include "cli/option.h"
#include "cli/recorder.h"
#include "cli/replay_run.h"
#include "cli/stop.h"
#include "cli/term.h"
#include "sys/clock.h"

#define BATCH_ROWS  256
#define BATCH_BYTES (8u << 20)

struct import {
	const char *file, *reason, *journal, *config, *key_file, *folder;
	bool json;
	struct conf *conf;
	struct journal_reader *reader, *bodies;
	struct import_there there;
	struct recorder recorder;
	struct journal_packer *packer;
	struct aff_buf body;
	uint64_t stored;             /* and committed */
	char exported_at[sizeof((struct export_reader *)NULL)->exported_at];
	struct progress progress;
	int stop;
	struct aff_diag diag;
};

/* ---- the whole file, before anything is done ---- */

static int note(struct import *im, const struct export_message *m)
{
	if (m->received_us > clock_wall_us()) {
		aff_diag_set(&im->diag, AFF_EARGUMENT, "%s: a message was received later than now", im->file);
		aff_diag_hint(&im->diag, "set the clock of this machine right");
		return AFF_EARGUMENT;
	}
	int rc = import_there_add(&im->there, m);
	if (rc == AFF_ELIMIT) {
		aff_diag_set(&im->diag, rc, "%s has more than %u messages", im->file, IMPORT_MOST);
		aff_diag_hint(&im->diag, "export them in parts, with --since and --until");
	} else if (rc) {
		aff_diag_set(&im->diag, rc, "out of memory");
	}
	return rc;
}

static int check_file(struct import *im)
{
	struct export_reader r;
	struct export_message m;
	int rc = export_reader_open(&r, im->file, &im->diag);
	progress_start(&im->progress, "checked", r.size);
	while (!rc && (rc = export_reader_next(&r, &m, &im->diag)) > 0) {
		progress_update_at(&im->progress, r.messages, r.position);
		rc = note(im, &m);
	}
	progress_end(&im->progress);
	snprintf(im->exported_at, sizeof im->exported_at, "%s", r.exported_at);
	export_reader_close(&r);
	return rc ? command_error_diag(&im->diag) : 0;
}

static int find_what_is_there(struct import *im)
{
	int rc = dead_open(&im->conf, &im->reader, &im->folder, im->config, im->journal);
	const char *keys = rc ? NULL : im->key_file ? im->key_file : im->conf->engine.secret_file;
	if (!rc && im->key_file && journal_reader_use_keys(im->reader, im->key_file, &im->diag))
		return command_error_diag(&im->diag);
	if (!rc)
		rc = journal_command_open_with(&im->bodies, im->folder, NULL, keys);
	if (!rc && import_there_find(&im->there, im->reader, im->bodies, &im->diag))
		rc = command_error_diag(&im->diag);
	return rc;
}

/* ---- storing ---- */

static int record(struct import *im)
{
	struct aff_buf detail;
	struct json_writer j;
	const struct import_there *t = &im->there;
	aff_buf_init(&detail, DEEDS_ACTION_MAX);
	jsonw_begin(&j, &detail, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "messages", (int64_t)(t->n - t->already - t->without_body));
	jsonw_i64(&j, "already_there", (int64_t)t->already);
	jsonw_i64(&j, "without_body", (int64_t)t->without_body);
	jsonw_text(&j, "exported_at", im->exported_at);
	jsonw_text(&j, "reason", im->reason);
	jsonw_object_end(&j);
	int rc = recorder_act(&im->recorder, "import", aff_buf_view(&detail));
	aff_buf_free(&detail);
	return rc;
}

static int store(struct import *im, const struct export_message *m)
{
	struct journal_message row = {
		.received_us = m->received_us, .channel = m->channel, .peer = m->peer, .type = m->type,
		.control_id = m->control_id, .patient = m->patient, .device = m->device, .verdict = JOURNAL_KEPT,
		.length = (uint32_t)m->raw.n,
	};
	memcpy(row.snapshot, im->conf->sha256, sizeof row.snapshot);
	aff_buf_clear(&im->body);
	int rc = journal_pack(im->packer, m->channel, m->raw, &im->body, &row.dictionary);
	if (!rc)
		rc = im->body.error;
	row.body = aff_buf_view(&im->body);
	if (!rc)
		rc = journal_encrypt(im->packer, &row);
	if (rc)
		return aff_diag_set(&im->diag, rc, "cannot store a message: %s", aff_error_text(rc));
	return journal_add_message(im->recorder.journal, &row, &im->diag);
}

struct batch {
	uint64_t rows, bytes;
};

static int commit(struct import *im, struct batch *b)
{
	int rc = journal_commit(im->recorder.journal, &im->diag);
	im->stored += rc ? 0 : b->rows;
	*b = (struct batch){0};
	return rc;
}

/* One message into the transaction, which is begun and ended as it is due. */
static int take(struct import *im, struct batch *b, const struct export_message *m)
{
	int rc = b->rows ? 0 : journal_begin(im->recorder.journal, &im->diag);
	if (rc)
		return rc;
	rc = store(im, m);
	if (rc) {
		journal_rollback(im->recorder.journal);
		*b = (struct batch){0};
		return rc;
	}
	b->rows++;
	b->bytes += m->raw.n;
	return b->rows >= BATCH_ROWS || b->bytes >= BATCH_BYTES ? commit(im, b) : 0;
}

static int store_all(struct import *im)
{
	struct export_reader r;
	struct export_message m;
	struct batch b = {0};
	int rc = export_reader_open(&r, im->file, &im->diag);
	progress_start(&im->progress, "imported", r.size);
	while (!rc && !stop_asked(im->stop) && (rc = export_reader_next(&r, &m, &im->diag)) > 0) {
		progress_update_at(&im->progress, im->stored, r.position);
		size_t number = (size_t)r.messages - 1;
		if (number >= im->there.n)
			rc = aff_diag_set(&im->diag, AFF_ECORRUPT, "%s has changed meanwhile", im->file);
		else
			rc = im->there.skip[number] ? 0 : take(im, &b, &m);
	}
	if (b.rows) {
		struct aff_diag why = im->diag;
		int last = commit(im, &b);
		if (rc)
			im->diag = why;
		rc = rc ? rc : last;
	}
	progress_end(&im->progress);
	export_reader_close(&r);
	return rc ? command_error_diag(&im->diag) : 0;
}

static int store_and_record(struct import *im)
{
	im->stop = stop_open();
	if (im->stop < 0)
		return command_error("cannot wait for signals");
	int rc = recorder_open(&im->recorder, im->conf, im->folder, "import");
	if (!rc && !im->recorder.journal)
		rc = command_error("the engine writes this journal; stop it for the import");
	if (!rc && journal_packer_new(&im->packer, im->recorder.journal))
		rc = command_error("out of memory");
	if (!rc)
		rc = record(im);
	return rc ? rc : store_all(im);
}

/* ---- the command ---- */

static void print(const struct import *im)
{
	const struct import_there *t = &im->there;
	uint64_t wanted = t->n - t->already - t->without_body;
	if (im->json) {
		printf("{\"imported\":%" PRIu64 ",\"already_there\":%" PRIu64 ",\"without_body\":%" PRIu64
		       ",\"left\":%" PRIu64 ",\"action\":%" PRId64 "}\n",
		       im->stored, t->already, t->without_body, wanted - im->stored, im->recorder.done.action_us);
		return;
	}
	printf("imported   %" PRIu64 " message%s, kept: no destination gets any\n", im->stored,
	       im->stored == 1 ? "" : "s");
	if (t->already)
		printf("there      %" PRIu64 " were in the journal already\n", t->already);
	if (t->without_body)
		printf("left out   %" PRIu64 " whose bodies retention had removed\n", t->without_body);
	if (im->recorder.done.action_us)
		printf("recorded   as %" PRId64 "\n", im->recorder.done.action_us);
}

static int run(struct import *im)
{
	int rc = replay_check_reason(im->reason);
	if (!rc)
		rc = check_file(im);
	if (!rc)
		rc = find_what_is_there(im);
	if (rc)
		return rc;
	uint64_t wanted = im->there.n - im->there.already - im->there.without_body;
	if (wanted)
		rc = store_and_record(im);
	if (!rc || im->stored)
		print(im);
	if (im->stored < wanted && im->packer)
		command_note("%" PRIu64 " messages are not imported; the same command again goes on",
			     wanted - im->stored);
	return rc ? rc : im->stored < wanted ? COMMAND_NEGATIVE : COMMAND_OK;
}

static void end(struct import *im)
{
	journal_packer_free(im->packer);
	recorder_close(&im->recorder);
	journal_reader_close(im->bodies);
	journal_reader_close(im->reader);
	import_there_free(&im->there);
	aff_buf_free(&im->body);
	conf_unref(im->conf);
}

int journal_import_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent journal import moved.jsonl --reason 'the old server is given up'", NULL};
	const struct usage usage = {
		.command = "journal import",
		.arguments = "FILE",
		.examples = examples,
		.least = 1,
		.most = 1,
		.about = "Stores the messages of a file of 'afferent journal export' in the journal, with their "
			 "channels, addresses, ids and receive times, as kept: no destination gets them. The whole "
			 "file is checked first. Messages that the journal has already are left out, so an import "
			 "that was broken off is done again. The engine must not run.",
		.exit0 = "all messages of the file are in the journal, but for those without a body",
		.exit1 = "it was stopped before the end",
	};
	struct import im = {.recorder = {.lock = -1}, .stop = -1};
	const struct option options[] = {
		OPTION_TEXT('r', "reason", &im.reason, "TEXT", "why; kept in the journal"),
		OPTION_FLAG('j', "json", &im.json, "one JSON object"),
		JOURNAL_WHERE_OPTIONS(&im.journal, &im.config),
		JOURNAL_KEY_OPTION(&im.key_file),
		OPTION_END};
	aff_buf_init(&im.body, 2 * EXPORT_MESSAGE_MAX);
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	im.file = argv[0];
	int rc = run(&im);
	end(&im);
	return command_finish(rc);
}
