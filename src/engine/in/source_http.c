/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 over HTTP: one message is the body of a POST, the answer is the body of the response. The thread waits for
 * requests and for the mailbox only; a request waits for its commit, the thread does not.
 *
 * The status says what the answer says, so that a client that looks at nothing else does not take a refusal for
 * success: 200 with AA or CA, 204 for a stored message that gets no answer, 400 with any other. What is no message is
 * refused before it is looked at (404, 405, 413, 415), and with 503 when there is no room for it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "engine/in/source_internal.h"
#include "net/http_server.h"
#include "sys/log.h"

#define HEADERS_MAX (16u << 10)
#define REPLY_MAX (128u << 10)
#define RETRY_S 5 /* for clients that found no room */
#define TURN_MS 1000

static const char hl7_type[] = "application/hl7-v2";

struct http_source {
	struct http_server *server;
	struct aff_buf body;         /* of an answer */
	struct source *source;
	unsigned counted;            /* connections, among the channel's */
	int64_t crowd_told_us;       /* when the log last told that all connections are in use */
	unsigned crowd_untold;
};

static void say(struct http_reply *reply, int status, const char *text)
{
	reply->status = status;
	reply->content_type = "text/plain";
	aff_buf_put_text(reply->body, text);
	aff_buf_put_text(reply->body, "\n");
}

/* application/hl7-v2, also with +er7 behind it or x- before it, and any parameters: MSH-18 tells the character set. */
static bool is_hl7_type(const char *type)
{
	static const char *const names[] = {"application/hl7-v2", "application/hl7-v2+er7", "x-application/hl7-v2+er7",
					    "x-application/hl7-v2"};
	size_t n = strcspn(type, "; \t");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strlen(names[i]) == n && strncasecmp(type, names[i], n) == 0)
			return true;
	}
	return false;
}

/* What is refused without a look at the message. */
static bool refuse(const struct source *s, const struct http_request *r, struct http_reply *reply)
{
	const struct conf_source *conf = &s->of.settings->source;
	const struct budget *budget = s->in.budget;
	if (strcmp(r->path, conf->path) != 0) {
		say(reply, 404, "messages are taken at another path");
	} else if (r->method != HTTP_POST) {
		reply->allow = "POST";
		say(reply, 405, "a message is sent with POST");
	} else if (!is_hl7_type(r->content_type)) {
		say(reply, 415, "a message has the Content-Type application/hl7-v2");
	} else if (r->body.n > conf->max_frame) {
		say(reply, 413, "the message is larger than source.http.max_body");
	} else if (!r->body.n) {
		say(reply, 400, "there is no message in the request");
	} else if (s->ending || atomic_load(&budget->used) > budget->max / 4 * 3) {
		reply->retry_after_s = 1;
		say(reply, 503, "too many messages are on their way; send it again");
	} else {
		return false;
	}
	return true;
}

static void on_request(void *arg, const struct http_request *r, struct http_reply *reply)
{
	struct http_source *h = arg;
	struct source *s = h->source;
	struct envelopes all;
	if (refuse(s, r, reply))
		return;
	if (intake_message(&s->in, &s->of, aff_view_of(r->peer), r->body, 0, &all)) {
		reply->retry_after_s = RETRY_S;
		say(reply, 503, "out of memory; send it again");
		return;
	}
	all.first->slot = (uint32_t)r->ticket;
	all.first->generation = (uint32_t)(r->ticket >> 32);
	source_queue(s, &all);
#ifdef AFF_MUTANT_55 /* a request is answered before its message is stored */
	return;
#endif
	/* Only if the answer cannot be put off: it is stored all the same, and the client does not know. */
	reply->status = 503;
	reply->delay_ms = -1;
}

static void put_answer(struct http_source *h, struct aff_view framed)
{
	if (framed.n > 3)
		aff_buf_put(&h->body, framed.p + 1, framed.n - 3);
}

static int status_of(const struct envelope *e, struct aff_view answer)
{
	if (e->result)
		return 503;
	if (e->row.verdict == JOURNAL_REJECTED)
		return 400;
	return answer.n ? 200 : 204;
}

static void respond(struct source *s, const struct envelope *e, int status, struct aff_view answer, int error)
{
	struct http_source *h = s->state;
	struct http_reply reply = {.status = status, .body = &h->body};
	aff_buf_clear(&h->body);
	put_answer(h, answer);
	if (h->body.n)
		reply.content_type = hl7_type;
	else if (status >= 400)
		say(&reply, status, aff_error_text(error));
	if (status == 503)
		reply.retry_after_s = RETRY_S;
	http_answer(h->server, (uint64_t)e->generation << 32 | e->slot, &reply);
}

static void came_back(struct source *s, struct envelope *e)
{
	struct aff_view answer = e->result ? ingest_refusal(s->in.ingest, e, e->result) : e->answer;
	if (!source_waits(e))
		respond(s, e, status_of(e, answer), answer, e->result ? e->result : e->row.error);
	envelope_unref(e);
}

/* There is one response, so in enhanced mode it is the later answer, and not CA before it. */
static void told(struct source *s, struct envelope *note)
{
	bool dead = note->fate == JOURNAL_DEAD || note->fate == JOURNAL_DISCARDED;
	struct aff_view answer = ingest_late_answer(s->in.ingest, note);
	int status = dead ? 400 : !note->fate ? 503 : answer.n ? 200 : 204;
	respond(s, note, status, answer, dead ? AFF_EUNDELIVERED : AFF_ENOTYET);
	envelope_unref(note);
}

/* The channel may have another source by now, whose connections count, too. */
static void count_connections(struct source *s, unsigned n)
{
	struct http_source *h = s->state;
	atomic_fetch_add(&s->of.channel->connections, (int64_t)n - (int64_t)h->counted);
	h->counted = n;
}

static void turn(struct source *s)
{
	struct http_source *h = s->state;
	http_poll(h->server, s->in.mailbox.eventfd, TURN_MS);
	unsigned connections = http_connections(h->server), most = s->of.settings->source.max_connections;
	count_connections(s, connections);
	if (connections >= most && log_once_a_minute(&h->crowd_told_us, &h->crowd_untold))
		log_warn("listener", "%s: all %u connections are in use; others wait (source.http.max_connections)",
			 s->of.settings->name, most);
}

static struct http_limits limits_of(const struct conf_source *source)
{
	return (struct http_limits){.body = source->max_frame,
				    .headers = HEADERS_MAX,
				    .idle_s = (int)((source->idle_ms + 999) / 1000),
				    .connections = source->max_connections,
				    .request_s = (int)((source->frame_ms + 999) / 1000),
				    .delayed = SIZE_MAX};
}

static void use(struct source *s)
{
	const struct http_limits limits = limits_of(&s->of.settings->source);
	http_set_limits(((struct http_source *)s->state)->server, &limits);
}

static void end(struct source *s)
{
	http_end(((struct http_source *)s->state)->server);
}

static void close_http(struct source *s)
{
	struct http_source *h = s->state;
	count_connections(s, 0);
	http_close(h->server);
	aff_buf_free(&h->body);
	free(h);
}

static int open_http(struct source *s, const struct conf_channel *settings, int listener, struct aff_diag *diag)
{
	const struct http_limits limits = limits_of(&settings->source);
	struct http_source *h = calloc(1, sizeof *h);
	int fd = h ? fcntl(listener, F_DUPFD_CLOEXEC, 0) : -1;
	int rc = fd < 0 ? aff_diag_set(diag, AFF_ENOMEM, "out of memory or descriptors")
			: http_open_on(&h->server, fd, &limits, on_request, h, diag);
	if (rc) {
		if (fd >= 0)
			close(fd);
		free(h);
		return rc;
	}
	aff_buf_init(&h->body, REPLY_MAX);
	h->source = s;
	s->state = h;
	return 0;
}

const struct source_kind source_http = {open_http, use, turn, came_back, told, end, close_http};
