/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent simulate: a ward of monitors and pumps that send. Each device has a connection of its own and waits for
 * the answer before it sends again, as real ones do; one loop serves them all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/option.h"
#include "cli/pace.h"
#include "cli/stop.h"
#include "cli/tally.h"
#include "cli/term.h"
#include "cli/ward.h"
#include "net/tune.h"
#include "sys/clock.h"

#define MESSAGE_MAX (1u << 16)
#define DEFAULT_TIMEOUT_MS 30000
#define PAUSE_US 1000000 /* of a device that got no answer */
#define GRACE_MS 10000   /* for the last answers */

/* Device 2 * i is the monitor of bed i, 2 * i + 1 its pump. */
struct device {
	bool busy;
	int64_t sent_us, rests_until_us;
	struct aff_buf message;
	char id[WARD_ID_SIZE];
};

struct simulate {
	struct ward ward;
	struct mllp_client *client;
	struct device *devices;
	unsigned ndevices, next, busy;
	uint64_t count;
	int64_t for_ms;
	struct pace pace;
	struct tally tally;
	struct progress progress;
	bool no_connection;
	struct mllp_reply refusal; /* the first one, by its code */
	FILE *ids;
};

static void replied(void *arg, unsigned lane, const struct mllp_reply *reply)
{
	struct simulate *s = arg;
	struct device *d = &s->devices[lane];
	int64_t now = clock_mono_us();
	d->busy = false;
	s->busy--;
	tally_reply(&s->tally, reply, now - d->sent_us);
	if (reply->rc)
		d->rests_until_us = now + PAUSE_US;
	else if (!tally_is_accepted(reply) && s->refusal.code == AFF_ACK_NONE)
		s->refusal = *reply;
	if (s->ids && tally_is_accepted(reply))
		fprintf(s->ids, "%s\n", d->id);
	/* A ward that finds nobody from the start is told so; one that loses its receiver goes on trying. */
	if (reply->rc && !reply->connected && s->tally.answered == 0 && !s->no_connection) {
		s->no_connection = true;
		command_error("%s; is the receiver running, and is this its address?", reply->why);
	}
}

static void send_one(struct simulate *s, unsigned number)
{
	struct device *d = &s->devices[number];
	struct ward_bed *bed = &s->ward.beds[number / 2];
	aff_buf_clear(&d->message);
	if (number % 2)
		ward_pump_message(&s->ward, bed, clock_wall_us(), &d->message, d->id);
	else
		ward_monitor_message(&s->ward, bed, clock_wall_us(), &d->message, d->id);
	d->busy = true;
	s->busy++;
	d->sent_us = clock_mono_us();
	tally_sent(&s->tally);
	mllp_client_send(s->client, number, aff_buf_view(&d->message), aff_view_of(d->id));
}

/* The next device in turn that can send, or AFF_ENOTFOUND. */
static int free_device(struct simulate *s, int64_t now)
{
	for (unsigned i = 0; i < s->ndevices; i++) {
		unsigned number = (s->next + i) % s->ndevices;
		if (!s->devices[number].busy && now >= s->devices[number].rests_until_us) {
			s->next = number + 1;
			return (int)number;
		}
	}
	return AFF_ENOTFOUND;
}

static bool wants_more(const struct simulate *s, int64_t now)
{
	bool counted = s->count && s->tally.sent >= s->count;
	bool timed = s->for_ms && now - s->tally.started_us >= s->for_ms * 1000;
	return !counted && !timed && !s->no_connection;
}

/* Sends what is due; returns how long to wait for the next. */
static int send_due(struct simulate *s)
{
	for (;;) {
		int64_t now = clock_mono_us();
		if (!wants_more(s, now))
			return 0;
		int device = free_device(s, now);
		if (device < 0)
			return 100;
		if (!pace_take(&s->pace, now)) {
			s->next = (unsigned)device;
			return pace_wait_ms(&s->pace, now);
		}
		send_one(s, (unsigned)device);
	}
}

static void show_progress(struct simulate *s)
{
	progress_update(&s->progress, s->tally.answered);
}

static void wait_for_the_last(struct simulate *s)
{
	int64_t until = clock_mono_us() + GRACE_MS * 1000;
	while (s->busy && clock_mono_us() < until)
		mllp_client_poll(s->client, -1, GRACE_MS);
	s->tally.unanswered += s->busy;
}

static void run(struct simulate *s, int stop)
{
	tally_start(&s->tally);
	pace_start(&s->pace, clock_mono_us());
	uint64_t total = s->count               ? s->count
		       : s->pace.per_second > 0 ? (uint64_t)((double)s->for_ms * s->pace.per_second / 1000)
						: 0;
	progress_start(&s->progress, "messages", total);
	while (!stop_asked(stop)) {
		int wait = send_due(s);
		if (!wants_more(s, clock_mono_us()))
			break;
		mllp_client_poll(s->client, stop, wait);
		show_progress(s);
	}
	wait_for_the_last(s);
	progress_end(&s->progress);
	tally_end(&s->tally);
}

static int set_up(struct simulate *s, const struct net_address to[2], int64_t timeout_ms)
{
	s->devices = calloc(s->ndevices, sizeof *s->devices);
	int rc = s->devices ? mllp_client_new(&s->client, s->ndevices, timeout_ms, replied, s) : AFF_ENOMEM;
	for (unsigned i = 0; i < s->ndevices && !rc; i++) {
		aff_buf_init(&s->devices[i].message, MESSAGE_MAX);
		mllp_client_address(s->client, i, &to[i % 2]);
	}
	return rc;
}

static void tear_down(struct simulate *s)
{
	mllp_client_free(s->client);
	for (unsigned i = 0; s->devices && i < s->ndevices; i++)
		aff_buf_free(&s->devices[i].message);
	free(s->devices);
	ward_free(&s->ward);
}

static void print_json(const struct simulate *s)
{
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, 1 << 16);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "beds", s->ward.nbeds);
	tally_put_json(&s->tally, &j);
	jsonw_object_end(&j);
	printf("%.*s\n", (int)out.n, out.p);
	aff_buf_free(&out);
}

static void print_text(const struct simulate *s)
{
	tally_print(&s->tally);
	if (s->refusal.code == AFF_ACK_NONE)
		return;
	printf("the first refusal: %s", aff_ack_code_text(s->refusal.code));
	if (s->refusal.condition)
		printf(", error %d %s", s->refusal.condition, aff_ack_condition_text(s->refusal.condition));
	puts(s->refusal.condition == 202 ? "; see --processing" : "");
}

static int simulate(struct simulate *s, const struct net_address to[2], int64_t timeout_ms, bool json)
{
	net_raise_descriptors();
	int stop = stop_open(), rc = set_up(s, to, timeout_ms);
	if (rc) {
		rc = command_error("%s", aff_error_text(rc));
	} else {
		run(s, stop);
		if (json)
			print_json(s);
		else
			print_text(s);
		rc = s->no_connection ? COMMAND_FAILED : tally_exit(&s->tally);
	}
	if (s->ids && fclose(s->ids))
		rc = command_error("cannot write the file of --ids");
	tear_down(s);
	if (stop >= 0)
		close(stop);
	return command_finish(rc);
}

static int read_addresses(struct net_address to[2], const char *both, const char *monitors, const char *pumps)
{
	const char *texts[2] = {monitors ? monitors : both, pumps ? pumps : both};
	struct aff_diag diag;
	for (int i = 0; i < 2; i++) {
		if (!texts[i])
			return command_error("where to? give --to HOST:PORT, or --monitors-to and --pumps-to");
		if (net_address_parse(&to[i], aff_view_of(texts[i]), &diag))
			return command_error_diag(&diag);
	}
	return 0;
}

int cmd_simulate(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent simulate --to 127.0.0.1:2575 --processing P --beds 8 --rate 20/s --for 10s",
		"afferent simulate --monitors-to 127.0.0.1:2575 --pumps-to 127.0.0.1:2576 --processing P "
		"--count 1000 --rate max",
		NULL};
	static const char *const processing_ids[] = {"T", "P", "D", NULL};
	const struct usage usage = {
		.command = "simulate",
		.arguments = "",
		.examples = examples,
		.about = "Plays a ward: at each bed a monitor (heart rate, respiration, saturation, temperature,"
			 " now and then a cuff pressure) and an infusion pump (its events and its state), each "
			 "on a connection of its own. The values are made up; the messages are what IHE devices "
			 "send, marked as training data in MSH-11 so that no chart takes them for "
			 "real. The shipped channels refuse training data: to try them, give --processing P.",
		.exit0 = "all messages were accepted",
		.exit1 = "some were refused or not answered",
	};
	struct simulate s = {0};
	const char *to = NULL, *monitors_to = NULL, *pumps_to = NULL, *rate = NULL, *ids = NULL;
	uint64_t beds = 4, seed = 1, vendor_percent = 25;
	int64_t timeout_ms = DEFAULT_TIMEOUT_MS;
	bool json = false;
	int processing = 0;
	const struct option options[] = {
		OPTION_TEXT('t', "to", &to, "HOST:PORT", "where the receiver listens; numeric, like 127.0.0.1:2575"),
		OPTION_TEXT(0, "monitors-to", &monitors_to, "HOST:PORT", "another one for the monitors"),
		OPTION_TEXT(0, "pumps-to", &pumps_to, "HOST:PORT", "another one for the pumps"),
		OPTION_NUMBER('b', "beds", &beds, "N", 1, 5000, "beds, with two devices each"),
		OPTION_TEXT('r', "rate", &rate, "RATE",
			    "messages of the whole ward: 20/s, 90/min, max; default one a second a device"),
		OPTION_DURATION('f', "for", &s.for_ms, "TIME", "stop after this time: 10s, 5m"),
		OPTION_NUMBER('n', "count", &s.count, "N", 1, 1000000000, "stop after N messages"),
		OPTION_NUMBER(0, "seed", &seed, "N", 0, UINT32_MAX, "other values: the same seed gives the same ones"),
		OPTION_NUMBER(0, "vendor-codes", &vendor_percent, "PERCENT", 0, 100,
			      "monitors that send their maker's codes"),
		OPTION_CHOICE(0, "processing", &processing, "ID", processing_ids,
			      "MSH-11: training, production, debugging"),
		OPTION_TEXT(0, "ids", &ids, "FILE", "write the control id of each accepted message to FILE"),
		OPTION_DURATION(0, "timeout", &timeout_ms, "TIME", "how long to wait for an answer (default 30s)"),
		OPTION_FLAG('j', "json", &json, "print one JSON object"),
		OPTION_END};
	struct net_address addresses[2];
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (read_addresses(addresses, to, monitors_to, pumps_to))
		return COMMAND_FAILED;
	s.ndevices = (unsigned)beds * 2;
	s.pace.per_second = s.ndevices;
	if (rate && pace_parse(&s.pace, rate))
		return command_error("--rate %s is no rate; write it like 20/s or 90/min", rate);
	if (ids && !(s.ids = fopen(ids, "we")))
		return command_error("cannot write %s", ids);
	if (ward_init(&s.ward, (unsigned)beds, seed, (unsigned)vendor_percent, clock_wall_us()))
		return command_error("%s", aff_error_text(AFF_ENOMEM));
	s.ward.processing = processing_ids[processing];
	return simulate(&s, addresses, timeout_ms, json);
}
