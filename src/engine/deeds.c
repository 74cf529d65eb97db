/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch is a row of records: a letter for the kind, then its numbers (8 bytes, big-endian) and texts (a number of
 * bytes, then these). It is read twice: everything is looked at before anything is written, as the journal takes a
 * wrong row for a reason to stop.
 */
#include "engine/deeds.h"

#include <stdio.h>

#include "engine/in/ingest.h"
#include "engine/peer.h"
#include "engine/writer.h"
#include "sys/clock.h"

#define NAME_MAX_BYTES 127

enum deed { DEED_ACTION = 'A', DEED_MESSAGE = 'M', DEED_HANDOVER = 'H', DEED_OUTCOME = 'O' };

/* ---- writing a batch ---- */

static void put_number(struct aff_buf *b, int64_t n)
{
	char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (char)((uint64_t)n >> (56 - 8 * i));
	aff_buf_put(b, bytes, sizeof bytes);
}

static void put_text(struct aff_buf *b, struct aff_view text)
{
	put_number(b, (int64_t)text.n);
	aff_buf_put_view(b, text);
}

void deeds_put_action(struct aff_buf *batch, const char *kind, struct aff_view detail,
		      const unsigned char sha[SHA256_SIZE])
{
	aff_buf_put_char(batch, DEED_ACTION);
	put_text(batch, aff_view_of(kind));
	put_text(batch, detail);
	put_text(batch, aff_view((const char *)sha, SHA256_SIZE));
}

void deeds_put_message(struct aff_buf *batch, struct aff_view channel, struct aff_view peer, struct aff_view raw)
{
	aff_buf_put_char(batch, DEED_MESSAGE);
	put_text(batch, channel);
	put_text(batch, peer);
	put_text(batch, raw);
}

void deeds_put_handover(struct aff_buf *batch, struct aff_view channel, struct aff_view from, int64_t id,
			struct aff_view raw)
{
	aff_buf_put_char(batch, DEED_HANDOVER);
	put_text(batch, channel);
	put_text(batch, from);
	put_number(batch, id);
	put_text(batch, raw);
}

void deeds_put_outcome(struct aff_buf *batch, const struct journal_outcome *o)
{
	aff_buf_put_char(batch, DEED_OUTCOME);
	put_number(batch, o->message);
	put_text(batch, o->destination);
	put_number(batch, o->kind);
	put_number(batch, o->at_us);
	put_number(batch, o->tries);
	put_text(batch, aff_view((const char *)o->snapshot, SHA256_SIZE));
	put_text(batch, aff_view((const char *)o->sent, SHA256_SIZE));
	put_number(batch, o->sent_length);
	put_text(batch, o->detail);
	put_number(batch, o->instead);
	put_number(batch, o->action_us);
}

/* ---- reading it ---- */

struct reading {
	struct aff_view left;
	bool bad;
};

static int64_t take_number(struct reading *r)
{
	uint64_t n = 0;
	if (r->bad || r->left.n < 8) {
		r->bad = true;
		return 0;
	}
	for (int i = 0; i < 8; i++)
		n = n << 8 | (unsigned char)r->left.p[i];
	r->left = aff_view(r->left.p + 8, r->left.n - 8);
	return (int64_t)n;
}

static int64_t take_between(struct reading *r, int64_t least, int64_t most)
{
	int64_t n = take_number(r);
	if (n >= least && n <= most)
		return n;
	r->bad = true;
	return least;
}

static struct aff_view take_text(struct reading *r, size_t least, size_t most)
{
	int64_t n = take_between(r, (int64_t)least, (int64_t)most);
	if (r->bad || (uint64_t)n > r->left.n) {
		r->bad = true;
		return aff_view("", 0);
	}
	struct aff_view text = aff_view(r->left.p, (size_t)n);
	r->left = aff_view(r->left.p + n, r->left.n - (size_t)n);
	return text;
}

static enum journal_outcome_kind take_kind(struct reading *r, int64_t least)
{
	int64_t n = take_between(r, least, JOURNAL_DISCARDED);
	if (n == JOURNAL_PENDING)
		r->bad = true;
	return (enum journal_outcome_kind)n;
}

static void take_sha(struct reading *r, unsigned char out[SHA256_SIZE])
{
	struct aff_view sha = take_text(r, SHA256_SIZE, SHA256_SIZE);
	if (!r->bad)
		memcpy(out, sha.p, SHA256_SIZE);
}

static void take_outcome(struct reading *r, struct journal_outcome *o)
{
	*o = (struct journal_outcome){.message = take_between(r, 1, INT64_MAX)};
	o->destination = take_text(r, 1, NAME_MAX_BYTES);
	o->kind = take_kind(r, JOURNAL_DELIVERED);
	o->at_us = take_between(r, 0, INT64_MAX);
	o->tries = (unsigned)take_between(r, 0, UINT32_MAX);
	take_sha(r, o->snapshot);
	take_sha(r, o->sent);
	o->sent_length = (uint32_t)take_between(r, 0, UINT32_MAX);
	o->detail = take_text(r, 0, DEEDS_DETAIL_MAX);
	o->instead = take_kind(r, 0);
	o->action_us = take_between(r, 0, INT64_MAX);
}

struct message {
	struct aff_view channel, peer, raw;
	bool handed_over;
};

/* ---- the two passes ---- */

struct pass {
	struct deeds *deeds;
	struct journal *journal;
	struct ingest *ingest;
	struct envelope *message;
	char peer[PEER_SIZE];
	const struct conf_channel *to; /* the message is handed over to this one; NULL: it is not, or that is told */
	bool acted, outcomes;
	struct aff_diag *diag;
};

static int unsound(const struct pass *p, const char *why)
{
	return aff_diag_set(p->diag, AFF_EARGUMENT, "%s", why);
}

/* Made ready as an io thread does it, but for the verdict. */
static int prepare_message(struct pass *p, const struct message *m)
{
	struct deeds *d = p->deeds;
	const struct conf_channel *channel = conf_channel(d->conf, m->channel);
	if (p->message || p->outcomes)
		return unsound(p, "a batch has one message, before its outcomes");
	if (!channel)
		return aff_diag_set(p->diag, AFF_ENOTFOUND, "there is no channel %.*s", (int)m->channel.n,
				    m->channel.p);
	int rc = ingest_new(&p->ingest, p->journal, 0);
	if (!rc)
		p->message = ingest_message(p->ingest, d->conf, channel, aff_view_of(p->peer), m->raw, 0, NULL);
	if (rc || !p->message)
		return aff_diag_set(p->diag, AFF_ENOMEM, "out of memory");
	if (p->message->row.verdict == JOURNAL_REJECTED && m->handed_over)
		return aff_diag_set(p->diag, AFF_EUNDELIVERED, "%s refuses it: %s", channel->name,
				    aff_error_text(p->message->row.error));
	if (p->message->row.verdict == JOURNAL_REJECTED)
		return aff_diag_set(p->diag, AFF_ESYNTAX, "channel %s would not take the message: %s", channel->name,
				    aff_error_text(p->message->row.error));
	if (m->handed_over)
		p->to = channel;
	else
		p->message->row.verdict = JOURNAL_KEPT;
	return 0;
}

static int check_snapshot(struct pass *p, const unsigned char sha[SHA256_SIZE])
{
	if (journal_knows_snapshot(p->journal, sha))
		return 0;
	aff_diag_set(p->diag, AFF_ECONFIG, "the running engine has another configuration");
	aff_diag_hint(p->diag, "let it take this one over first: afferent reload");
	return AFF_ECONFIG;
}

static int check_outcome(struct pass *p, const struct journal_outcome *o)
{
	p->outcomes = true;
	if (o->action_us == DEEDS_THIS_ACTION && !p->acted)
		return unsound(p, "an outcome comes from an action that is not there");
	return check_snapshot(p, o->snapshot);
}

static int check_record(struct pass *p, enum deed kind, struct reading *r)
{
	unsigned char sha[SHA256_SIZE];
	struct journal_outcome o;
	struct message m = {.handed_over = kind == DEED_HANDOVER};
	int64_t id;
	switch (kind) {
	case DEED_ACTION:
		if (p->acted || p->message || p->outcomes)
			return unsound(p, "a batch has one action, at its beginning");
		take_text(r, 1, 32);
		take_text(r, 0, DEEDS_ACTION_MAX);
		take_sha(r, sha);
		p->acted = true;
		return r->bad ? 0 : check_snapshot(p, sha);
	case DEED_MESSAGE:
		m.channel = take_text(r, 1, NAME_MAX_BYTES);
		m.peer = take_text(r, 1, 16);
		m.raw = take_text(r, 1, DEEDS_MAX);
		snprintf(p->peer, sizeof p->peer, "%.*s %s", (int)m.peer.n, m.peer.p, p->deeds->who);
		return r->bad ? 0 : prepare_message(p, &m);
	case DEED_HANDOVER:
		m.channel = take_text(r, 1, NAME_MAX_BYTES);
		m.peer = take_text(r, 1, NAME_MAX_BYTES);
		id = take_between(r, 1, INT64_MAX);
		m.raw = take_text(r, 1, DEEDS_MAX);
		peer_of_channel(p->peer, m.peer, id);
		return r->bad ? 0 : prepare_message(p, &m);
	case DEED_OUTCOME:
		take_outcome(r, &o);
		return r->bad ? 0 : check_outcome(p, &o);
	}
	r->bad = true;
	return 0;
}

static int write_record(struct pass *p, enum deed kind, struct reading *r)
{
	struct deeds_done *done = &p->deeds->done;
	struct journal_action a = {.at_us = clock_wall_us(), .who = aff_view_of(p->deeds->who)};
	unsigned char sha[SHA256_SIZE];
	struct journal_outcome o;
	char detail[HANDED_OVER_SIZE];
	int rc;
	switch (kind) {
	case DEED_ACTION:
		a.kind = take_text(r, 1, 32);
		a.detail = take_text(r, 0, DEEDS_ACTION_MAX);
		take_sha(r, sha);
		rc = journal_add_action(p->journal, &a, p->diag);
		done->action_us = a.at_us;
		return rc;
	case DEED_MESSAGE:
		for (int i = 0; i < 3; i++)
			take_text(r, 0, DEEDS_MAX);
		rc = journal_add_message(p->journal, &p->message->row, p->diag);
		done->message = p->message->row.id;
		return rc;
	case DEED_HANDOVER:
		take_text(r, 0, DEEDS_MAX);
		take_text(r, 0, DEEDS_MAX);
		take_number(r);
		take_text(r, 0, DEEDS_MAX);
		rc = journal_add_message(p->journal, &p->message->row, p->diag);
		done->message = p->message->row.id;
		done->delivers = p->message->row.verdict == JOURNAL_ACCEPTED ? p->to : NULL;
		return rc;
	case DEED_OUTCOME:
		take_outcome(r, &o);
		if (p->to)
			o.detail = handed_over_detail(detail, &o, &p->message->row);
		p->to = NULL;
		if (o.action_us == DEEDS_THIS_ACTION)
			o.action_us = done->action_us;
#ifdef AFF_MUTANT_11 /* what a command did is not recorded */
		return 0;
#endif
		return journal_add_outcome(p->journal, &o, p->diag);
	}
	return AFF_EARGUMENT;
}

static int each_record(struct pass *p, int (*fn)(struct pass *, enum deed, struct reading *))
{
	struct reading r = {.left = p->deeds->batch};
	int rc = 0;
	while (!rc && !r.bad && r.left.n) {
		enum deed kind = (enum deed)r.left.p[0];
		r.left = aff_view(r.left.p + 1, r.left.n - 1);
		rc = fn(p, kind, &r);
	}
	return r.bad ? unsound(p, "the batch is damaged") : rc;
}

static int write_all(struct pass *p)
{
	int rc = journal_begin(p->journal, p->diag);
	if (rc)
		return rc;
	rc = each_record(p, write_record);
	if (!rc)
		return journal_commit(p->journal, p->diag);
	journal_rollback(p->journal);
	return rc;
}

int deeds_commit(void *arg, struct journal *journal, struct aff_diag *diag)
{
	struct deeds *d = arg;
	struct pass p = {.deeds = d, .journal = journal, .diag = diag};
	d->done = (struct deeds_done){0};
	int rc = each_record(&p, check_record);
	if (!rc && d->batch.n)
		rc = write_all(&p);
	envelope_unref(p.message);
	ingest_free(p.ingest);
	return rc;
}
