/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent receive: a receiving system for tests and demonstrations.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/ehr.h"
#include "cli/option.h"
#include "cli/stop.h"
#include "cli/term.h"
#include "net/tune.h"
#include "sys/clock.h"

#define IDS_MAX (16u << 20)
#define GRACE_US 2000000 /* for the last answers */
#define TICK_MS 200

static const struct http_limits http_limits = {.body = 64u << 20, .headers = 64u << 10, .idle_s = 300, .delayed = 4096};

struct receive {
	struct ehr ehr;
	struct ehr_mllp *mllp;
	struct http_server *http;
	uint64_t count;
	int64_t for_ms, started_us;
	struct progress progress;
	bool json;
};

static bool is_over(const struct receive *r)
{
	return (r->count && r->ehr.received >= r->count) ||
	       (r->for_ms && clock_mono_us() - r->started_us >= r->for_ms * 1000);
}

static int shorter(int a, int b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

/* One round: waits for the HL7 side, the FHIR side, the signal (all through `loop`) or `wait` milliseconds. */
static int turn(struct receive *r, int loop, int wait)
{
	struct epoll_event event;
	if (r->http)
		http_poll(r->http, loop, wait);
	else
		(void)epoll_wait(loop, &event, 1, wait);
	return r->mllp ? ehr_mllp_work(r->mllp) : -1;
}

static bool is_busy(const struct receive *r)
{
	return (r->mllp && ehr_mllp_is_busy(r->mllp)) || (r->http && http_is_busy(r->http));
}

static void run(struct receive *r, int loop, int stop)
{
	int wait = TICK_MS;
	r->started_us = clock_mono_us();
	progress_start(&r->progress, "messages", r->count);
	while (!stop_asked(stop) && !is_over(r)) {
		int64_t left_ms = r->for_ms ? r->for_ms - (clock_mono_us() - r->started_us) / 1000 : TICK_MS;
		wait = shorter(turn(r, loop, left_ms < wait ? (int)(left_ms < 0 ? 0 : left_ms) : wait), TICK_MS);
		progress_update(&r->progress, r->ehr.received);
	}
	/* The last answers still have to get out; a signal that stays readable must not keep this loop spinning. */
	(void)epoll_ctl(loop, EPOLL_CTL_DEL, stop, NULL);
	int64_t until = clock_mono_us() + r->ehr.rules.stall_ms * 1000 + GRACE_US;
	while (is_busy(r) && clock_mono_us() < until)
		wait = shorter(turn(r, loop, wait), TICK_MS);
	if (r->http)
		http_poll(r->http, -1, 0);
	progress_end(&r->progress);
}

/* ---- what is told ---- */

static void print_text(const struct receive *r)
{
	const struct ehr *e = &r->ehr;
	printf("%" PRIu64 " received: %" PRIu64 " accepted, %" PRIu64 " refused, %" PRIu64 " not answered, %" PRIu64
	       " unreadable\n",
	       e->received, e->accepted, e->refused, e->silent, e->unreadable);
	printf("%" PRIu64 " of the accepted were distinct, %" PRIu64 " repeated\n", e->distinct, e->repeated);
	if (r->http)
		printf("%" PRIu64 " FHIR resources: %" PRIu64 " created, %" PRIu64 " already there\n", e->entries,
		       e->created, e->existing);
}

static void print_json(const struct receive *r)
{
	const struct ehr *e = &r->ehr;
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, 1 << 16);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "received", (int64_t)e->received);
	jsonw_i64(&j, "accepted", (int64_t)e->accepted);
	jsonw_i64(&j, "refused", (int64_t)e->refused);
	jsonw_i64(&j, "not_answered", (int64_t)e->silent);
	jsonw_i64(&j, "unreadable", (int64_t)e->unreadable);
	jsonw_i64(&j, "distinct", (int64_t)e->distinct);
	jsonw_i64(&j, "repeated", (int64_t)e->repeated);
	jsonw_i64(&j, "connections", (int64_t)e->connections);
	jsonw_object(&j, "fhir");
	jsonw_i64(&j, "entries", (int64_t)e->entries);
	jsonw_i64(&j, "created", (int64_t)e->created);
	jsonw_i64(&j, "existing", (int64_t)e->existing);
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	printf("%.*s\n", (int)out.n, out.p);
	aff_buf_free(&out);
}

/* On standard error, at once: scripts that asked for port 0 read the port here. */
static void tell_address(const char *what, const struct net_address *at, const char *path)
{
	char text[NET_ADDRESS_TEXT_SIZE];
	fprintf(stderr, "%s on %s%s\n", what, net_address_format(at, text, sizeof text), path);
}

/* ---- setting up ---- */

static int open_faces(struct receive *r, const char *mllp, const char *fhir)
{
	struct net_address at;
	struct aff_diag diag;
	if (mllp) {
		if (net_address_parse(&at, aff_view_of(mllp), &diag) || ehr_mllp_open(&r->mllp, &r->ehr, &at, &diag))
			return command_error_diag(&diag);
		if (!ehr_mllp_address(r->mllp, &at))
			tell_address("HL7 v2", &at, "");
	}
	if (fhir) {
		if (net_address_parse(&at, aff_view_of(fhir), &diag) ||
		    http_open(&r->http, &at, &http_limits, ehr_fhir_answer, &r->ehr, &diag))
			return command_error_diag(&diag);
		if (!http_address(r->http, &at))
			tell_address("FHIR", &at, "/fhir");
	}
	return 0;
}

static int watch(int loop, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static int receive(struct receive *r, const char *mllp, const char *fhir)
{
	/* Who reads the addresses from standard error may close it after that. */
	(void)signal(SIGPIPE, SIG_IGN);
	net_raise_descriptors();
	int stop = stop_open(), loop = epoll_create1(EPOLL_CLOEXEC), rc = open_faces(r, mllp, fhir);
	if (!rc && (stop < 0 || loop < 0 || watch(loop, stop) || (r->mllp && watch(loop, ehr_mllp_fd(r->mllp)))))
		rc = command_error("cannot watch the connections");
	if (!rc) {
		run(r, loop, stop);
		if (r->json)
			print_json(r);
		else
			print_text(r);
	}
	ehr_mllp_close(r->mllp);
	http_close(r->http);
	if (loop >= 0)
		close(loop);
	if (stop >= 0)
		close(stop);
	if (r->ehr.save && (fclose(r->ehr.save) || r->ehr.save_failed))
		rc = command_error("cannot write the file of --save");
	return command_finish(rc);
}

int cmd_receive(int argc, char **argv)
{
	static const char *const answers[] = {"AA", "AE", "AR", "none", NULL};
	static const char *const examples[] = {
		"afferent receive --mllp 127.0.0.1:6661 --fhir 127.0.0.1:8080",
		"afferent receive --mllp 127.0.0.1:6661 --answer AE --refuse-every 10 --for 60s", NULL};
	const struct usage usage = {
		.command = "receive",
		.arguments = "",
		.examples = examples,
		.about = "Plays a receiving system for tests: takes HL7 v2 messages and FHIR bundles, answers "
			 "and counts them, and tells at its end what came twice. It can refuse, stall or hang "
			 "up. It stores nothing, unless --save is given. Until it is told to stop by --count, "
			 "--for, SIGINT or SIGTERM it goes on.",
		.exit0 = "it ran and was stopped",
	};
	struct receive r = {0};
	struct ehr_rules *rules = &r.ehr.rules;
	const char *mllp = NULL, *fhir = NULL, *save = NULL;
	const struct option options[] = {
		OPTION_TEXT('m', "mllp", &mllp, "HOST:PORT",
			    "take HL7 v2 by MLLP here; with port 0 the system chooses one"),
		OPTION_TEXT(0, "fhir", &fhir, "HOST:PORT", "take FHIR bundles at http://HOST:PORT/fhir"),
		OPTION_CHOICE('a', "answer", &rules->answer, "CODE", answers,
			      "answer to everything (with --refuse-every: to each Nth)"),
		OPTION_NUMBER(0, "refuse-every", &rules->refuse_every, "N", 1, UINT32_MAX,
			      "refuse each Nth only, with AE or --answer"),
		OPTION_NUMBER(0, "status", &rules->status, "CODE", 400, 599,
			      "refuse bundles with this HTTP status; else 422 for AE, 503 for AR"),
		OPTION_NUMBER(0, "retry-after", &rules->retry_after_s, "SECONDS", 1, 86400,
			      "ask for this pause when refusing by HTTP"),
		OPTION_DURATION(0, "stall", &rules->stall_ms, "TIME", "wait before each answer: 250ms, 5s"),
		OPTION_NUMBER(0, "close-after", &rules->close_after, "N", 1, UINT32_MAX,
			      "close each MLLP connection after N messages"),
		OPTION_TEXT('s', "save", &save, "FILE", "append what is accepted to FILE"),
		OPTION_NUMBER('n', "count", &r.count, "N", 1, UINT32_MAX, "stop after N messages"),
		OPTION_DURATION('f', "for", &r.for_ms, "TIME", "stop after this time: 10s, 5m"),
		OPTION_FLAG('j', "json", &r.json, "print one JSON object at the end"),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (!mllp && !fhir)
		return command_error("what should be received? give --mllp HOST:PORT, --fhir HOST:PORT or both");
	if (save && !(r.ehr.save = fopen(save, "ae")))
		return command_error("cannot write %s", save);
	idset_init(&r.ehr.ids, IDS_MAX);
	idset_init(&r.ehr.resources, IDS_MAX);
	int rc = receive(&r, mllp, fhir);
	idset_free(&r.ehr.ids);
	idset_free(&r.ehr.resources);
	return rc;
}
