/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent replay: accepted messages of the journal once more through the pipeline of a destination, to it or
 * into a file. The delivery key stays: what is sent has the same MSH-10 or the same FHIR identifiers as the first
 * time, so a receiver that honours them sees each message once. The journal is read page by page: a long replay
 * holds no read lock.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/query.h"
#include "cli/replay.h"
#include "cli/term.h"

#define IDS_MAX    10000
#define PAGE_ROWS  256
#define PAGE_BYTES (64u << 20)
#define ALL        INT64_MAX /* as a limit */

struct item {
	int64_t id;
	size_t from, length;        /* in page.bytes */
};

struct page {
	struct item items[PAGE_ROWS];
	size_t count;
	struct aff_buf bytes;
};

struct source {
	struct journal_reader *reader;
	struct journal_query query;
	int64_t ids[IDS_MAX];
	size_t nids, next_id;
	uint64_t left_out;          /* given ids that were not sent */
	struct page page;
};

static int count_row(void *arg, const struct journal_row *row)
{
	(void)row;
	(*(uint64_t *)arg)++;
	return 0;
}

static int failed(int rc, const struct aff_diag *diag)
{
	return diag->code ? command_error_diag(diag) : command_error("%s", aff_error_text(rc));
}

/* How many messages there are to replay. */
static int count(struct source *s, uint64_t *n)
{
	struct aff_diag diag = {0};
	*n = s->nids;
	if (s->nids)
		return 0;
	struct journal_query q = s->query;
	q.raw = false;
	int rc = journal_search(s->reader, &q, count_row, n, &diag);
	return rc < 0 ? failed(rc, &diag) : 0;
}

static int keep_row(void *arg, const struct journal_row *row)
{
	struct page *p = arg;
	struct item *item = &p->items[p->count];
	if (p->count == PAGE_ROWS || (p->count && p->bytes.n + row->raw.n > PAGE_BYTES))
		return 1;
	item->id = row->message.id;
	item->from = p->bytes.n;
	item->length = row->raw.n;
	aff_buf_put_view(&p->bytes, row->raw);
	p->count++;
	return p->bytes.error;
}

/* An id is easily mistyped: what came for one channel goes to no other one's receivers. */
static int keep_chosen(void *arg, const struct journal_row *row)
{
	struct source *s = arg;
	const struct aff_view channel = row->message.channel;
	if (!aff_view_equal(channel, s->query.channel)) {
		command_error("message %" PRId64 " came for channel %.*s, not %.*s: it is left out", row->message.id,
		              (int)channel.n, channel.p, (int)s->query.channel.n, s->query.channel.p);
		s->left_out++;
		return 0;
	}
	if (row->message.verdict == JOURNAL_ACCEPTED)
		return keep_row(&s->page, row);
	command_error("message %" PRId64 " was not accepted: it goes to no destination", row->message.id);
	s->left_out++;
	return 0;
}

/* Fills the page with what comes next; empty at the end. */
static int next_page(struct source *s)
{
	struct aff_diag diag = {0};
	int rc = 0;
	struct page *p = &s->page;
	p->count = 0;
	aff_buf_clear(&p->bytes);
	if (s->nids) {
		while (!rc && !p->count && s->next_id < s->nids)
			rc = journal_get(s->reader, s->ids[s->next_id++], keep_chosen, s, &diag);
	} else {
		rc = journal_search(s->reader, &s->query, keep_row, p, &diag);
		if (p->count)
			s->query.before_id = p->items[p->count - 1].id;
	}
	return rc < 0 ? failed(rc, &diag) : 0;
}

static int replay_all(struct source *s, struct replay *r, uint64_t total)
{
	struct progress progress;
	uint64_t done = 0;
	int rc = 0;
	progress_start(&progress, "messages", total);
	while (!rc && (rc = next_page(s)) == 0 && s->page.count) {
		for (size_t i = 0; !rc && i < s->page.count; i++) {
			const struct item *item = &s->page.items[i];
			rc = replay_message(r, item->id, aff_view(s->page.bytes.p + item->from, item->length));
			progress_update(&progress, ++done);
		}
	}
	progress_end(&progress);
	return rc;
}

static void print_summary(const struct replay *r, const char *where, const char *reason)
{
	printf("%" PRIu64 " sent to %s, %" PRIu64 " filtered, %" PRIu64 " dead, %" PRIu64 " refused%s%s\n", r->sent,
	       where, r->filtered, r->dead, r->refused, reason ? "; reason: " : "", reason ? reason : "");
}

struct settings {
	struct query query;
	const char *to, *to_file, *reason, *journal, *config;
	bool dry_run, all;
	const char *rate;
	uint64_t tries;
};

static int run(struct source *s, const struct settings *o, const struct conf_channel *channel,
               const struct conf_dest *dest)
{
	struct replay r = {.tries = (unsigned)o->tries};
	uint64_t total;
	if (o->rate && pace_parse(&r.pace, o->rate))
		return command_error("'%s' is no rate; write it as 20/s, 90/min or max", o->rate);
	int rc = count(s, &total);
	if (rc)
		return rc;
	if (!total) {
		command_error("no accepted message of channel %s fits", channel->name);
		return COMMAND_NEGATIVE;
	}
	if (o->dry_run) {
		printf("%" PRIu64 " message%s would be sent to %s\n", total, total == 1 ? "" : "s",
		       o->to_file ? o->to_file : dest->full_name);
		return COMMAND_OK;
	}
	rc = replay_open(&r, channel, dest, o->to_file);
	if (!rc) {
		rc = replay_all(s, &r, total);
		if (!o->to_file || strcmp(o->to_file, "-") != 0)
			print_summary(&r, o->to_file ? o->to_file : dest->full_name, o->reason);
	}
	if (replay_close(&r) && !rc)
		rc = COMMAND_FAILED;
	return rc ? rc : r.dead || r.refused || s->left_out ? COMMAND_NEGATIVE : COMMAND_OK;
}

static int read_ids(struct source *s, char **argv, int n)
{
	if (n > IDS_MAX)
		return command_error("more than %d message ids; use --since and --until", IDS_MAX);
	for (int i = 0; i < n; i++)
		if (journal_command_id(argv[i], &s->ids[s->nids++]))
			return COMMAND_FAILED;
	return 0;
}

/* Everything of a channel is replayed only when asked for in so many words. */
static bool is_everything(const struct settings *o, size_t nids)
{
	const struct query *q = &o->query;
	return !nids && !o->all && !q->type && !q->control_id && !q->patient && !q->device && !q->peer && !q->since &&
	       !q->until && !q->status;
}

static int check_settings(const struct settings *o, size_t nids)
{
	if (!o->to)
		return command_error("no destination given; --to DESTINATION says it, also with --to-file");
	if (o->reason ? !o->reason[0] : !o->to_file && !o->dry_run)
		return command_error("a replay needs a reason: say why with --reason TEXT");
	if (is_everything(o, nids))
		return command_error("this would replay the whole channel; choose messages, or say --all");
	return 0;
}

/* --channel icu-monitors --to ehr means icu-monitors/ehr. */
static const char *destination_name(const struct settings *o, char *buf, size_t size)
{
	if (!o->query.channel || strchr(o->to, '/'))
		return o->to;
	snprintf(buf, size, "%s/%s", o->query.channel, o->to);
	return buf;
}

static int prepare_and_run(struct source *s, struct settings *o)
{
	int rc = COMMAND_FAILED;
	char name[160];
	const struct conf_channel *channel;
	struct conf *conf = config_load(o->config ? o->config : ".");
	const struct conf_dest *dest = conf ? config_destination(conf, destination_name(o, name, sizeof name), &channel)
	                                    : NULL;
	if (!dest)
		goto out;
	if (o->query.channel && strcmp(o->query.channel, channel->name) != 0) {
		command_error("%s belongs to channel %s, not %s", dest->full_name, channel->name, o->query.channel);
		goto out;
	}
	o->query.channel = channel->name;
	if (o->query.status && !o->query.destination)
		o->query.destination = dest->full_name;
	if (query_build(&o->query, &s->query))
		goto out;
	s->query.verdict = JOURNAL_ACCEPTED;
	s->query.oldest_first = true;
	s->query.raw = true;
	if (!journal_command_open(&s->reader, o->journal ? o->journal : conf->engine.journal, NULL))
		rc = run(s, o, channel, dest);
out:
	conf_unref(conf);
	return rc;
}

int cmd_replay(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent replay --to icu-monitors/ehr --since 1h --dry-run",
		"afferent replay --to icu-monitors/ehr --status dead --since 1d --reason 'EHR accepts the type now'",
		"afferent replay --to icu-monitors/fhir --patient 4711 --since 1d --to-file bundles.ndjson", NULL
	};
	const struct usage usage = {
		.command = "replay", .arguments = "[ID]...", .examples = examples, .least = 0, .most = -1,
		.about = "Sends accepted messages of the journal once more, oldest first, through the steps "
		         "and the output of a destination as it is configured now, or writes what would be "
		         "sent into a file.\n\n"
		         "The delivery key stays the same: MSH-10 of an HL7 message, the identifiers of a FHIR "
		         "resource. A receiver that honours it does not see a message twice. Messages go one "
		         "at a time; sampling is not applied. The reason is printed with the result; the "
		         "journal does not record replays yet.",
		.exit0 = "everything was sent, or filtered by a rule",
		.exit1 = "nothing fits, or messages were dead, refused or left out",
	};
	struct settings o = {.tries = 5, .query.limit = ALL};
	const struct option options[] = {
		OPTION_TEXT('T', "to", &o.to, "DESTINATION", "to this one of the configuration: icu-monitors/ehr"),
		OPTION_TEXT('o', "to-file", &o.to_file, "FILE", "into a file instead; - is standard output"),
		OPTION_TEXT('r', "reason", &o.reason, "TEXT", "why; required unless into a file"),
		OPTION_FLAG('n', "dry-run", &o.dry_run, "only say how many messages it would be"),
		OPTION_TEXT(0, "rate", &o.rate, "RATE", "at most so many messages: 20/s, 90/min"),
		OPTION_NUMBER(0, "tries", &o.tries, "N", 1, 1000, "how often a message is tried before giving up"),
		OPTION_FLAG(0, "all", &o.all, "the whole channel"),
		QUERY_OPTIONS(&o.query),
		JOURNAL_WHERE_OPTIONS(&o.journal, &o.config),
		OPTION_END
	};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an answer, not the end */
	struct source *s = calloc(1, sizeof *s);
	if (!s)
		return command_error("out of memory");
	aff_buf_init(&s->page.bytes, 2 * PAGE_BYTES);
	int rc = read_ids(s, argv, n);
	if (!rc)
		rc = check_settings(&o, s->nids);
	if (!rc)
		rc = prepare_and_run(s, &o);
	journal_reader_close(s->reader);
	aff_buf_free(&s->page.bytes);
	free(s);
	return rc;
}
