/* SPDX-License-Identifier: Apache-2.0
 *
 * What an io thread does with a message. Everything that decides whether it is taken happens here, before the
 * journal; nothing here waits.
 */
#include "engine/in/ingest.h"

#include <afferent/dtm.h>
#include <afferent/mllp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "engine/in/accept.h"
#include "engine/answers.h"
#include "sys/clock.h"

#define ANSWER_MAX (64u << 10)
#define FINDINGS_MAX 100 /* errors and warnings that are kept to tell the errors of a refused message */
#define ID_SIZE    40
#define TYPE_PART  16 /* bytes of MSH-9.1 and of MSH-9.2 that the journal keeps */
enum column { COLUMN_CONTROL_ID, COLUMN_PATIENT, COLUMN_DEVICE, COLUMNS };
#define COLUMN_MAX 256 /* bytes of a control id, patient or device id that the journal's columns keep */

struct ingest {
	unsigned number;
	uint64_t answers;
	struct aff_charset *charset;
	struct aff_msg *msg;
	struct journal_packer *packer;
	struct aff_buf packed, answer, framed, head, recoded;
	char columns[COLUMNS][4 * COLUMN_MAX]; /* in UTF-8, where the message is not */
	struct aff_diag_list errors; /* of the message that is refused */
	int64_t now_us;              /* wall clock: when the message at hand came */
	char type[2 * TYPE_PART + 1];
};

int ingest_new(struct ingest **out, struct journal *journal, unsigned number)
{
	struct ingest *g = calloc(1, sizeof *g);
	if (!g)
		return AFF_ENOMEM;
	g->number = number;
	aff_buf_init(&g->packed, 128u << 20);
	aff_buf_init(&g->answer, ANSWER_MAX);
	aff_buf_init(&g->framed, ANSWER_MAX + 3);
	aff_buf_init(&g->head, ANSWER_MAX);
	aff_buf_init(&g->recoded, ANSWER_MAX);
	aff_diag_list_init(&g->errors, FINDINGS_MAX);
	int rc = aff_msg_new(&g->msg, NULL);
	if (!rc)
		rc = aff_charset_new(&g->charset);
	if (!rc && journal)
		rc = journal_packer_new(&g->packer, journal);
	if (rc) {
		ingest_free(g);
		return rc;
	}
	*out = g;
	return 0;
}

void ingest_free(struct ingest *g)
{
	if (!g)
		return;
	aff_msg_free(g->msg);
	aff_charset_free(g->charset);
	journal_packer_free(g->packer);
	aff_buf_free(&g->packed);
	aff_buf_free(&g->answer);
	aff_buf_free(&g->framed);
	aff_buf_free(&g->head);
	aff_buf_free(&g->recoded);
	aff_diag_list_free(&g->errors);
	free(g);
}

/* What the journal keeps of a value, in UTF-8: searching and showing must not depend on the sender's set. */
static struct aff_view column(struct ingest *g, enum column which, struct aff_view v)
{
	struct aff_buf room = {.p = g->columns[which], .allocated = sizeof g->columns[which]};
	struct aff_delims d = aff_msg_delims(g->msg);
	v = v.n <= COLUMN_MAX ? v : aff_view(v.p, COLUMN_MAX);
	if (ascii_length(v.p, v.n) == v.n)
		return v;
	room.max = room.allocated;
	aff_charset_field(g->charset, &room, v, &d);
	return room.error ? v : aff_buf_view(&room);
}

/* Checks as the channel asks: 0 or the first error's code. Findings are kept only of a message that is refused: most
 * messages have warnings, and nobody reads those here. */
static int check(struct ingest *g, const struct aff_checks *asked, struct aff_diag *diag)
{
	struct aff_checks checks = *asked;
	g->errors.cap = 0;
	checks.now_us = checks.sense ? g->now_us : 0;
	int errors = aff_validate(g->msg, &checks, &g->errors, diag);
	if (errors <= 0)
		return errors;
	int rc = diag->code;
	aff_diag_list_clear(&g->errors);
	g->errors.cap = FINDINGS_MAX;
	errors = aff_validate(g->msg, &checks, &g->errors, NULL);
	return errors < 0 ? errors : rc;
}

/* Accepted, kept or refused: sets *verdict, returns 0 or why it is refused. */
static int accept_or_keep(struct ingest *g, const struct conf_accept *accept, enum journal_verdict *verdict,
			  struct aff_diag *diag)
{
	int rc = accept_header(g->msg, accept, diag);
	if (!rc)
		return check(g, &accept->checks, diag);
	if (!accept->keep_others)
		return rc;
	*verdict = JOURNAL_KEPT;
	return check(g, &(struct aff_checks){.level = AFF_CHECK_NONE}, diag);
}

/* "ORU^R01" */
static struct aff_view type_of(struct ingest *g, struct aff_view code, struct aff_view event)
{
	struct aff_buf type = {.p = g->type, .allocated = sizeof g->type, .max = sizeof g->type};
	aff_buf_put(&type, code.p, code.n < TYPE_PART ? code.n : TYPE_PART);
	if (event.n)
		aff_buf_put_char(&type, '^');
	aff_buf_put(&type, event.p, event.n < TYPE_PART ? event.n : TYPE_PART);
	return aff_buf_view(&type);
}

static void describe(struct ingest *g, struct journal_message *row)
{
	const struct aff_msg *m = g->msg;
	row->type = type_of(g, aff_msg_get(m, 0, 9, 1, 1, 0), aff_msg_get(m, 0, 9, 1, 2, 0));
	row->control_id = column(g, COLUMN_CONTROL_ID, aff_msg_field(m, 0, 10));
	unsigned pid = aff_msg_find(m, "PID", 1);
	if (pid != AFF_NONE)
		row->patient = column(g, COLUMN_PATIENT, aff_msg_get(m, pid, 3, 1, 1, 0));
	row->device = column(g, COLUMN_DEVICE, aff_msg_get(m, 0, 3, 1, 1, 0));
	for (unsigned s = aff_msg_find(m, "OBX", 1); s != AFF_NONE; s = aff_msg_find(m, "OBX", s + 1)) {
		struct aff_view device = aff_msg_get(m, s, 18, 1, 1, 0);
		if (device.n) {
			row->device = column(g, COLUMN_DEVICE, device);
			break;
		}
	}
}

/* MSH-10 of an answer, BHS-11 of a batch of them. */
static void make_id(struct ingest *g, char id[ID_SIZE], int64_t now_us)
{
	snprintf(id, ID_SIZE, "%" PRIX64 "%u%" PRIX64, (uint64_t)now_us, g->number, g->answers++ & 0xffff);
}

/* Builds the framed answer into g->framed. false: nothing can be answered to. */
static bool answer(struct ingest *g, enum aff_ack_code code, const struct aff_diag *diag, int64_t now_us)
{
	char time[AFF_DTM_SIZE], id[ID_SIZE];
	aff_buf_clear(&g->answer);
	aff_buf_clear(&g->framed);
	aff_dtm_now_text(time, now_us);
	make_id(g, id, now_us);
	struct aff_ack ack = {code, aff_view_of(id), aff_view_of(time), diag, &g->errors};
	if (aff_ack_build(&g->answer, g->msg, &ack) || g->answer.error)
		return false;
	struct aff_view text = aff_buf_view(&g->answer);
	if (aff_charset_of(g->msg) && aff_charset_is_converted(g->charset)) {
		aff_buf_clear(&g->recoded);
		if (aff_charset_segments(g->charset, &g->recoded, text) || g->recoded.error)
			return false;
		text = aff_buf_view(&g->recoded);
	}
	aff_mllp_put(&g->framed, text);
	return !g->framed.error;
}

/* Makes g->msg what an answer is built from. The answer repeats the MSH as it came: of a message that was converted
 * its own bytes, unless a character in the MSH holds the field separator; then the answer goes through UTF-8. */
static void prepare_answer(struct ingest *g, const struct conf_channel *channel, struct aff_view message)
{
	if (!aff_charset_is_converted(g->charset))
		return;
	unsigned fields = aff_msg_fields(g->msg, 0);
	(void)aff_msg_parse(g->msg, message.p, message.n, channel->source.lenient, NULL);
	if (aff_msg_fields(g->msg, 0) != fields)
		(void)aff_charset_parse(g->charset, g->msg, message.p, message.n, channel->source.lenient,
					&channel->source.charset, NULL);
}

/* The header of the answers to a batch, into g->head; empty when it cannot be built. */
static struct aff_view answer_head(struct ingest *g, const struct aff_batch_part *header, int64_t now_us)
{
	char time[AFF_DTM_SIZE], id[ID_SIZE];
	aff_buf_clear(&g->head);
	aff_dtm_now_text(time, now_us);
	make_id(g, id, now_us);
	if (aff_batch_put_answer(&g->head, header, aff_view_of(id), aff_view_of(time)))
		return aff_view("", 0);
	return aff_buf_view(&g->head);
}

/* Parses the message, or refuses it for what is wrong with its frame. */
static int read_message(struct ingest *g, const struct conf_channel *channel, struct aff_view message, int frame_error,
			struct aff_diag *diag)
{
	int rc = aff_charset_parse(g->charset, g->msg, message.p, message.n, channel->source.lenient,
				   &channel->source.charset, diag);
	if (frame_error)
		rc = aff_diag_set(diag, frame_error, "%s", aff_error_text(frame_error));
	if (rc == AFF_ETWOMSH || rc == AFF_EBATCH)
		aff_diag_hint(diag, "send each message in a frame of its own; a receiver with source.mllp.batch: split "
				    "takes them apart");
	return rc;
}

/* Will its sender want to know what became of it? */
static bool awaits(const struct ingest *g, const struct conf_channel *channel, enum journal_verdict verdict)
{
#ifdef AFF_MUTANT_62 /* the sender is answered before anything was delivered */
	return false;
#endif
	enum aff_ack_mode mode = channel->source.answer;
	return channel->source.delivered_to && verdict == JOURNAL_ACCEPTED &&
	       (aff_ack_choose_application(g->msg, mode, AFF_OK) != AFF_ACK_NONE ||
		aff_ack_choose_application(g->msg, mode, AFF_ENOTYET) != AFF_ACK_NONE);
}

void ingest_decide(struct ingest *g, const struct conf_channel *channel, struct aff_view message, int frame_error,
		   int64_t now_us, struct ingest_decision *out)
{
	memset(out, 0, sizeof *out);
	out->findings = &g->errors;
	struct journal_message *row = &out->row;
	g->now_us = now_us;
	row->received_us = now_us;
	row->channel = aff_view_of(channel->name);
	row->verdict = JOURNAL_ACCEPTED;
	row->length = (uint32_t)message.n;
	aff_diag_list_clear(&g->errors);
	if (frame_error == AFF_EFRAME) {
		row->verdict = JOURNAL_REJECTED;
		row->error = aff_diag_set(&out->why, frame_error, "%s", aff_error_text(frame_error));
		return;
	}
	int rc = read_message(g, channel, message, frame_error, &out->why);
	if (aff_msg_segments(g->msg))
		describe(g, row);
	if (!rc)
		rc = accept_or_keep(g, &channel->accept, &row->verdict, &out->why);
	if (rc) {
		row->verdict = JOURNAL_REJECTED;
		row->error = rc;
	}
	prepare_answer(g, channel, message);
	out->awaits = awaits(g, channel, row->verdict);
	enum aff_ack_code code = out->awaits ? aff_ack_choose_accept(g->msg, channel->source.answer, rc)
					     : aff_ack_choose(g->msg, channel->source.answer, rc);
	if (code != AFF_ACK_NONE) {
		if (answer(g, code, rc ? &out->why : NULL, row->received_us))
			out->answer = aff_buf_view(&g->framed);
		else
			out->close_after = true; /* nothing can be said: let the sender see that it was not taken */
	} else if (!aff_msg_segments(g->msg)) {
		out->close_after = true;
	}
}

struct envelope *ingest_message(struct ingest *g, struct conf *conf, const struct conf_channel *channel,
				struct aff_view peer, struct aff_view message, int frame_error,
				const struct aff_batch_part *header)
{
	struct envelope_parts parts;
	struct ingest_decision decision;
	int64_t arrived = clock_mono_us();

	memset(&parts, 0, sizeof parts);
	ingest_decide(g, channel, message, frame_error, clock_wall_us(), &decision);
	parts.row = decision.row;
	parts.raw = message;
	parts.answer = decision.answer;
	struct journal_message *row = &parts.row;
	row->peer = peer;
	memcpy(row->snapshot, conf->sha256, sizeof row->snapshot);
	if (header)
		parts.head = answer_head(g, header, row->received_us);
	aff_buf_clear(&g->packed);
	if (journal_pack(g->packer, row->channel, message, &g->packed, &row->dictionary) || g->packed.error)
		return NULL;
	row->body = aff_buf_view(&g->packed);
	if (journal_encrypt(g->packer, row))
		return NULL;
	journal_digest_message(g->packer, row); /* of everything above but the verdict */
	struct envelope *e = envelope_new(&parts);
	if (e && decision.awaits && !(e->awaited = awaited_new(channel->source.answer_within_ms))) {
		envelope_unref(e);
		return NULL;
	}
	if (e) {
		e->awaits = decision.awaits ? channel->source.delivered_to : NULL;
		e->conf = conf_ref(conf);
		e->close_after = decision.close_after;
		e->stall = channel->source.stall;
		e->arrived_us = arrived;
		if (row->verdict == JOURNAL_ACCEPTED && !channel->source.again)
			resend_key(&e->resend, row->channel, peer, message);
	}
	return e;
}

/* Reads a message once more, for an answer to it. */
static const struct conf_channel *read_again(struct ingest *g, const struct envelope *e)
{
	const struct conf_channel *channel = conf_channel(e->conf, e->row.channel);
	aff_diag_list_clear(&g->errors);
	(void)aff_charset_parse(g->charset, g->msg, e->raw.p, e->raw.n, channel->source.lenient,
				&channel->source.charset, NULL);
	prepare_answer(g, channel, e->raw);
	return channel;
}

struct aff_view ingest_late_answer(struct ingest *g, const struct envelope *note)
{
	const struct conf_channel *channel = read_again(g, note->about);
	struct aff_diag diag = {0};
	int code = 0;
	if (note->fate == JOURNAL_DEAD || note->fate == JOURNAL_DISCARDED) {
		code = aff_diag_set(&diag, AFF_EUNDELIVERED, "%s: %.*s", aff_error_text(AFF_EUNDELIVERED),
				    (int)note->raw.n, note->raw.p);
		aff_diag_hint(&diag, "it is stored as a dead letter; somebody has to see to it");
	} else if (!note->fate) {
		code = aff_diag_set(&diag, AFF_ENOTYET, "%s", aff_error_text(AFF_ENOTYET));
		aff_diag_hint(&diag, "delivery goes on; sent again it is answered by what became of it");
	}
	enum aff_ack_code ack = aff_ack_choose_application(g->msg, channel->source.answer, code);
	if (ack == AFF_ACK_NONE || !answer(g, ack, code ? &diag : NULL, clock_wall_us()))
		return aff_view("", 0);
	return aff_buf_view(&g->framed);
}

struct aff_view ingest_refusal(struct ingest *g, const struct envelope *e, int code)
{
	const struct conf_channel *channel = read_again(g, e);
	struct aff_diag diag = {0};
	aff_diag_set(&diag, code, "%s", aff_error_text(code));
	aff_diag_hint(&diag, "nothing was stored; send it again later");
	enum aff_ack_code ack = aff_ack_choose(g->msg, channel->source.answer, code);
	if (ack == AFF_ACK_NONE || !answer(g, ack, &diag, clock_wall_us()))
		return aff_view("", 0);
	return aff_buf_view(&g->framed);
}
