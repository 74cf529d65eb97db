/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent dead discard: dead letters that nobody wants any more. They stay in the journal and count as dead.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/cmd_dead.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/recorder.h"
#include "cli/replay_run.h"
#include "cli/replay_source.h"
#include "sys/clock.h"

#define AT_ONCE 1000

struct discard {
	struct dead_question q;
	int64_t ids[SOURCE_IDS_MAX];
	const char *reason, *journal, *config, *folder;
	bool dry_run, yes, all;
	struct conf *conf;
	struct journal_reader *reader;
	struct recorder recorder;
	struct dead_letters letters;
	char destination[128];
};

/* As much of the reason as an outcome holds, whole characters. */
static struct aff_view short_reason(const char *reason)
{
	size_t n = strlen(reason);
	if (n > DEEDS_DETAIL_MAX) {
		n = DEEDS_DETAIL_MAX;
		while (n && (reason[n] & 0xc0) == 0x80)
			n--;
	}
	return aff_view(reason, n);
}

static void put_outcome(struct discard *d, const struct dead_letter *l, int64_t action)
{
	struct journal_outcome o = {
		.message = l->id,
		.destination = aff_view_of(l->destination),
		.kind = JOURNAL_DISCARDED,
		.at_us = clock_wall_us(),
		.detail = short_reason(d->reason),
		.instead = JOURNAL_DEAD,
		.action_us = action,
	};
	memcpy(o.snapshot, d->conf->sha256, SHA256_SIZE);
	deeds_put_outcome(&d->recorder.batch, &o);
}

static int record(struct discard *d)
{
	struct aff_buf detail;
	struct json_writer j;
	int64_t action = DEEDS_THIS_ACTION;
	int rc = 0;
	aff_buf_init(&detail, DEEDS_ACTION_MAX);
	jsonw_begin(&j, &detail, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "to", d->destination);
	jsonw_i64(&j, "messages", (int64_t)d->letters.n);
	jsonw_text(&j, "reason", d->reason);
	jsonw_object_end(&j);
	deeds_put_action(&d->recorder.batch, "discard", aff_buf_view(&detail), d->conf->sha256);
	aff_buf_free(&detail);
	for (size_t i = 0; i < d->letters.n && !rc; i++) {
		put_outcome(d, &d->letters.item[i], action);
		if ((i + 1) % AT_ONCE && i + 1 < d->letters.n)
			continue;
		rc = recorder_flush(&d->recorder);
		action = action == DEEDS_THIS_ACTION ? d->recorder.done.action_us : action;
	}
	return rc;
}

/* All are of one destination, or it has to be said which. */
static int choose_destination(struct discard *d)
{
	const struct dead_letters *l = &d->letters;
	for (size_t i = 1; i < l->n; i++)
		if (strcmp(l->item[i].destination, l->item[0].destination) != 0)
			return command_error("they are dead at several destinations, %s and %s; say which with --to",
					     l->item[0].destination, l->item[i].destination);
	snprintf(d->destination, sizeof d->destination, "%s", l->item[0].destination);
	return 0;
}

static int find(struct discard *d)
{
	dead_free(&d->letters);
	int rc = dead_find(&d->letters, d->reader, &d->q);
	if (!rc && !d->letters.n) {
		command_error("no dead letter fits");
		rc = COMMAND_NEGATIVE;
	}
	return rc;
}

static int discard(struct discard *d)
{
	int rc = find(d);
	if (!rc)
		rc = choose_destination(d);
	if (rc)
		return rc;
	size_t n = d->letters.n;
	if (d->dry_run) {
		printf("%zu dead letter%s would be discarded\n", n, n == 1 ? "" : "s");
		return COMMAND_OK;
	}
	if (!d->yes && !d->q.nids)
		rc = replay_confirm("discard dead letters:", n, d->destination);
	if (!rc)
		rc = recorder_open(&d->recorder, d->conf, d->folder, d->destination);
	d->q.destination = d->destination;
	if (!rc) /* once more: nobody else changes them now */
		rc = find(d);
	if (!rc)
		rc = record(d);
	if (rc)
		return rc;
	n = d->letters.n;
	printf("%zu dead letter%s of %s discarded; recorded as %" PRId64 "\n", n, n == 1 ? "" : "s", d->destination,
	       d->recorder.done.action_us);
	if (d->letters.more)
		command_note("there are more; say it again for the next ones");
	return d->q.nids > n ? COMMAND_NEGATIVE : COMMAND_OK;
}

static int prepare(struct discard *d, char **argv, int n)
{
	const struct query *q = &d->q.query;
	if (n > SOURCE_IDS_MAX)
		return command_error("more than %d message ids; use --since and --until", SOURCE_IDS_MAX);
	for (int i = 0; i < n; i++)
		if (journal_command_id(argv[i], &d->ids[i]))
			return COMMAND_FAILED;
	d->q.ids = d->ids;
	d->q.nids = (size_t)n;
	if (!d->dry_run && replay_check_reason(d->reason))
		return COMMAND_FAILED;
	if (!n && !d->all && !q->type && !q->control_id && !q->patient && !q->device && !q->peer && !q->since &&
	    !q->until)
		return command_error("this would discard all of them; choose messages, or say --all");
	return dead_open(&d->conf, &d->reader, &d->folder, d->config, d->journal);
}

int dead_discard_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent dead discard 1795163400123456 --reason 'sent by hand'",
		"afferent dead discard --to icu-monitors/ehr --since 1d --reason 'an exercise' --dry-run", NULL};
	const struct usage usage = {
		.command = "dead discard",
		.arguments = "[ID]...",
		.examples = examples,
		.least = 0,
		.most = -1,
		.about = "Puts dead letters aside: they are not listed any more. They stay in the journal, with who "
			 "discarded them and why; the ledger counts them as dead, of them so many discarded; afferent "
			 "replay can still send them.",
		.exit0 = "discarded",
		.exit1 = "no dead letter fits, or some did not",
	};
	struct discard *d = calloc(1, sizeof *d);
	if (!d)
		return command_error("out of memory");
	d->q.kind = JOURNAL_DEAD;
	d->recorder.lock = -1;
	const struct option options[] = {
		OPTION_TEXT('T', "to", &d->q.destination, "DESTINATION", "of this one: ehr, or icu-monitors/ehr"),
		OPTION_TEXT('r', "reason", &d->reason, "TEXT", "why; kept in the journal"),
		OPTION_FLAG('n', "dry-run", &d->dry_run, "only say how many it would be"),
		OPTION_FLAG('y', "yes", &d->yes, "do not ask"),
		OPTION_FLAG(0, "all", &d->all, "all of them"),
		DEAD_QUERY_OPTIONS(&d->q.query),
		JOURNAL_WHERE_OPTIONS(&d->journal, &d->config),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	int rc = n < 0 ? option_exit(n) : prepare(d, argv, n);
	if (n >= 0 && !rc)
		rc = discard(d);
	if (d->reader || d->conf)
		recorder_close(&d->recorder);
	journal_reader_close(d->reader);
	dead_free(&d->letters);
	conf_unref(d->conf);
	free(d);
	return command_finish(rc);
}
