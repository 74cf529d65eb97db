/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent send: messages of files to an MLLP receiver, each with its answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <afferent/msg.h>

#include "cli/command.h"
#include "cli/input.h"
#include "cli/option.h"
#include "cli/pace.h"
#include "cli/stop.h"
#include "cli/tally.h"
#include "cli/term.h"
#include "net/tune.h"
#include "sys/clock.h"

#define MESSAGE_MAX INPUT_MESSAGE_MAX
#define ID_MAX 1024
#define DEFAULT_TIMEOUT_MS 30000

struct slot {
	struct aff_buf message, id;
	char where[INPUT_WHERE];
	bool wants_no_answer;
	int64_t sent_us;
};

struct send {
	/* what is asked for */
	struct input_files files;
	uint64_t repeat, connections;
	bool new_ids, quiet, json;
	struct pace pace;
	/* where the reading is */
	struct input input;
	bool open, ended, unreadable;
	size_t file;
	uint64_t round, made_ids;
	/* what is under way */
	struct mllp_client *client;
	struct aff_msg *msg;
	struct slot *slots;
	unsigned *free_lanes, nfree;
	bool no_connection;
	struct tally tally;
	struct progress progress;
};

/* ---- reading ---- */

static bool open_next(struct send *s)
{
	struct aff_diag diag;
	if (s->file == s->files.count) {
		s->file = 0;
		s->round++;
	}
	if (s->round >= s->repeat)
		return false;
	s->open = !input_open(&s->input, s->files.names[s->file++], &diag);
	if (!s->open) {
		command_error_diag(&diag);
		s->unreadable = true;
	}
	return true;
}

/* The next message of the files, over and over again as often as asked for. */
static bool read_next(struct send *s, struct input_message *m)
{
	struct aff_diag diag;
	for (;;) {
		if (!s->open) {
			if (s->unreadable || !open_next(s))
				return false;
			continue;
		}
		int rc = input_next(&s->input, m, &diag);
		if (rc == 1)
			return true;
		if (rc < 0) {
			command_error_diag(&diag);
			s->unreadable = true;
		} else if (s->input.number == 0) {
			command_error("%s holds no message", s->input.file);
			s->unreadable = true;
		} else if (s->input.broken) {
			s->unreadable = true;
		}
		input_close(&s->input);
		s->open = false;
	}
}

/* Copies the message into the slot. What has no readable MSH-10 is sent all the same: its receiver has to cope too. */
static void fill_slot(struct send *s, struct slot *slot, const struct input_message *m)
{
	struct aff_view id = aff_view("", 0);
	aff_buf_clear(&slot->message);
	aff_buf_clear(&slot->id);
	snprintf(slot->where, sizeof slot->where, "%s", m->where);
	(void)aff_msg_parse(s->msg, m->bytes.p, m->bytes.n, AFF_LENIENT_ALL, NULL);
	if (aff_msg_segments(s->msg))
		id = aff_msg_field(s->msg, 0, 10);
	slot->wants_no_answer = id.n && aff_ack_choose(s->msg, AFF_ACK_AUTO, 0) == AFF_ACK_NONE;
	aff_buf_put_view(&slot->id, id);
	if (!s->new_ids || id.n == 0) {
		aff_buf_put_view(&slot->message, m->bytes);
		return;
	}
	size_t before = (size_t)(id.p - m->bytes.p);
	aff_buf_put_char(&slot->id, '-');
	aff_buf_put_u64(&slot->id, ++s->made_ids);
	aff_buf_put(&slot->message, m->bytes.p, before);
	aff_buf_put_view(&slot->message, aff_buf_view(&slot->id));
	aff_buf_put(&slot->message, id.p + id.n, m->bytes.n - before - id.n);
}

/* ---- telling ---- */

static void print_reply(const struct slot *slot, const struct mllp_reply *reply, double ms)
{
	bool good = tally_is_accepted(reply);
	const char *code = reply->rc ? "--" : aff_ack_code_text(reply->code);
	printf("%s%s%s  ", term_style(stdout, good ? TERM_GREEN : TERM_RED), code, term_style(stdout, TERM_PLAIN));
	term_put_safe(stdout, slot->id.n ? aff_buf_view(&slot->id) : aff_view_of("-"));
	printf("  %.2f ms  %s", ms, slot->where);
	if (reply->rc)
		printf("  %s%s", reply->why, slot->wants_no_answer ? "; MSH-15 and MSH-16 ask for none" : "");
	else if (reply->condition)
		printf("  error %d %s", reply->condition, aff_ack_condition_text(reply->condition));
	putchar('\n');
}

static void print_reply_json(const struct slot *slot, const struct mllp_reply *reply, double ms)
{
	struct aff_buf out;
	struct json_writer j;
	char text[40];
	aff_buf_init(&out, 1 << 20);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "from", slot->where);
	jsonw_view(&j, "control_id", aff_buf_view(&slot->id));
	jsonw_text(&j, "answer", aff_ack_code_text(reply->code));
	if (reply->condition)
		jsonw_i64(&j, "condition", reply->condition);
	if (reply->rc)
		jsonw_text(&j, "why", reply->why);
	int n = snprintf(text, sizeof text, "%.3f", ms);
	jsonw_raw(&j, "ms", aff_view(text, n > 0 ? (size_t)n : 0));
	jsonw_object_end(&j);
	printf("%.*s\n", (int)out.n, out.p);
	aff_buf_free(&out);
}

static void print_summary_json(const struct tally *t)
{
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, 1 << 16);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_object(&j, "summary");
	tally_put_json(t, &j);
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	printf("%.*s\n", (int)out.n, out.p);
	aff_buf_free(&out);
}

/* ---- sending ---- */

static void replied(void *arg, unsigned lane, const struct mllp_reply *reply)
{
	struct send *s = arg;
	struct slot *slot = &s->slots[lane];
	int64_t took_us = clock_mono_us() - slot->sent_us;
	s->free_lanes[s->nfree++] = lane;
	tally_reply(&s->tally, reply, took_us);
	if (reply->rc && !reply->connected && !s->no_connection) {
		s->no_connection = true;
		command_error("%s; is the receiver running, and is this its address?", reply->why);
	}
	if (s->quiet && tally_is_accepted(reply))
		return;
	if (s->json)
		print_reply_json(slot, reply, (double)took_us / 1000);
	else
		print_reply(slot, reply, (double)took_us / 1000);
}

static void send_due(struct send *s)
{
	struct input_message m;
	while (s->nfree && !s->ended && !s->no_connection && pace_take(&s->pace, clock_mono_us())) {
		if (!read_next(s, &m)) {
			s->ended = true;
			return;
		}
		unsigned lane = s->free_lanes[--s->nfree];
		struct slot *slot = &s->slots[lane];
		fill_slot(s, slot, &m);
		if (slot->message.error || slot->id.error) {
			command_error("%s: the message is too large", slot->where);
			s->unreadable = s->ended = true;
			s->nfree++;
			return;
		}
		slot->sent_us = clock_mono_us();
		tally_sent(&s->tally);
		mllp_client_send(s->client, lane, aff_buf_view(&slot->message), aff_buf_view(&slot->id));
	}
}

static void run(struct send *s, int stop)
{
	tally_start(&s->tally);
	pace_start(&s->pace, clock_mono_us());
	progress_start(&s->progress, "messages", 0);
	while (!stop_asked(stop)) {
		send_due(s);
		bool more = !s->ended && !s->no_connection;
		if (!more && s->nfree == s->connections)
			break;
		bool paced = more && s->nfree && s->pace.per_second > 0;
		mllp_client_poll(s->client, stop, paced ? pace_wait_ms(&s->pace, clock_mono_us()) : 200);
		if (s->quiet)
			progress_update(&s->progress, s->tally.answered);
	}
	progress_end(&s->progress);
	tally_end(&s->tally);
}

static int set_up(struct send *s, const struct net_address *to, int64_t timeout_ms)
{
	unsigned lanes = (unsigned)s->connections;
	s->slots = calloc(lanes, sizeof *s->slots);
	s->free_lanes = calloc(lanes, sizeof *s->free_lanes);
	int rc = s->slots && s->free_lanes ? aff_msg_new(&s->msg, NULL) : AFF_ENOMEM;
	if (!rc)
		rc = mllp_client_new(&s->client, lanes, timeout_ms, replied, s);
	for (unsigned i = 0; i < lanes && !rc; i++) {
		aff_buf_init(&s->slots[i].message, MESSAGE_MAX + ID_MAX);
		aff_buf_init(&s->slots[i].id, ID_MAX);
		mllp_client_address(s->client, i, to);
		s->free_lanes[s->nfree++] = lanes - 1 - i;
	}
	return rc ? command_error("%s", aff_error_text(rc)) : 0;
}

static void tear_down(struct send *s)
{
	if (s->open)
		input_close(&s->input);
	mllp_client_free(s->client);
	aff_msg_free(s->msg);
	for (uint64_t i = 0; s->slots && i < s->connections; i++) {
		aff_buf_free(&s->slots[i].message);
		aff_buf_free(&s->slots[i].id);
	}
	free(s->slots);
	free(s->free_lanes);
}

static int check_files(const struct send *s)
{
	for (size_t i = 0; i < s->files.count; i++) {
		if (!strcmp(s->files.names[i], "-") && s->repeat > 1)
			return command_error("standard input can be read once only; leave out --repeat or name a file");
	}
	return 0;
}

static int send_files(struct send *s, const struct net_address *to, int64_t timeout_ms)
{
	net_raise_descriptors();
	int stop = stop_open(), rc = check_files(s);
	if (!rc)
		rc = set_up(s, to, timeout_ms);
	if (!rc) {
		run(s, stop);
		if (s->json)
			print_summary_json(&s->tally);
		else if (s->tally.sent > 1 || s->quiet)
			tally_print(&s->tally);
		rc = s->no_connection || s->unreadable ? COMMAND_FAILED : tally_exit(&s->tally);
	}
	tear_down(s);
	if (stop >= 0)
		close(stop);
	return command_finish(rc);
}

int cmd_send(int argc, char **argv)
{
	static const char *const examples[] = {"afferent send examples/monitor.hl7 --to 127.0.0.1:2575",
					       "afferent send examples/monitor.hl7 --to 127.0.0.1:2575 --repeat 10000 "
					       "--new-ids --connections 16 --quiet",
					       NULL};
	const struct usage usage = {
		.command = "send",
		.arguments = "FILE...|-",
		.examples = examples,
		.least = 1,
		.most = -1,
		.about = "Sends the messages of files by MLLP and waits for the answer to each, as a device "
			 "does. For each message it prints the answer's code (MSA-1), the control id (MSH-10), "
			 "the time the answer took and where the message came from. An answer that names another"
			 " control id is not taken, and its connection is closed.",
		.exit0 = "all messages were accepted (AA or CA)",
		.exit1 = "some were refused or not answered",
	};
	struct send s = {.repeat = 1, .connections = 1};
	const char *to = NULL, *rate = "max";
	int64_t timeout_ms = DEFAULT_TIMEOUT_MS;
	const struct option options[] = {
		OPTION_TEXT('t', "to", &to, "HOST:PORT", "where the receiver listens; numeric, like 127.0.0.1:2575"),
		OPTION_NUMBER('n', "repeat", &s.repeat, "N", 1, 1000000000, "send everything N times"),
		OPTION_FLAG(0, "new-ids", &s.new_ids, "make each control id unique by a number behind it"),
		OPTION_NUMBER('c', "connections", &s.connections, "N", 1, 10000,
			      "connections, each with one message in flight"),
		OPTION_TEXT('r', "rate", &rate, "RATE",
			    "messages in a time: 20/s, 90/min; else as fast as answers come"),
		OPTION_DURATION(0, "timeout", &timeout_ms, "TIME", "how long to wait for an answer (default 30s)"),
		OPTION_FLAG('q', "quiet", &s.quiet, "print what was not accepted and a summary only"),
		OPTION_FLAG('j', "json", &s.json, "print JSON, one object a line; the last is the summary"),
		OPTION_END};
	struct net_address address;
	struct aff_diag diag;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (!to)
		return command_error("where to? give --to HOST:PORT");
	if (net_address_parse(&address, aff_view_of(to), &diag))
		return command_error_diag(&diag);
	if (pace_parse(&s.pace, rate))
		return command_error("--rate %s is no rate; write it like 20/s or 90/min", rate);
	int rc = input_list(&s.files, argv, n);
	if (!rc)
		rc = send_files(&s, &address, timeout_ms);
	input_list_free(&s.files);
	return rc;
}
