/* SPDX-License-Identifier: Apache-2.0
 *
 * From bytes to envelopes. One frame is one message, unless it may hold a batch or several: then each of them becomes
 * an envelope of its own, and they stay together until the last one is answered.
 */
#include "engine/in/intake.h"

#include <stdio.h>

#include "engine/peer.h"
#include "engine/writer.h"
#include "sys/clock.h"
#include "sys/log.h"

int intake_init(struct intake *in, unsigned number, struct journal *journal, struct writer *writer,
		struct budget *budget)
{
	memset(in, 0, sizeof *in);
	in->writer = writer;
	in->budget = budget;
	int rc = mailbox_init(&in->mailbox);
	return rc ? rc : ingest_new(&in->ingest, journal, number);
}

void intake_destroy(struct intake *in)
{
	ingest_free(in->ingest);
	if (in->mailbox.eventfd >= 0)
		mailbox_destroy(&in->mailbox);
}

void intake_use(struct intake_channel *of, struct conf *conf, const struct conf_channel *settings)
{
	conf_ref(conf);
	if (of->conf)
		conf_unref(of->conf);
	of->conf = conf;
	of->settings = settings;
}

/* Told once a minute; the journal has them all. */
static void tell_rejected(struct intake_channel *of, struct aff_view peer, int error)
{
	if (!log_once_a_minute(&of->rejected_told_us, &of->rejected_untold))
		return;
	char others[64] = "";
	if (of->rejected_untold)
		snprintf(others, sizeof others, " and %u others since the last such line", of->rejected_untold);
	const struct conf_source *s = &of->settings->source;
	bool several = (error == AFF_EBATCH || error == AFF_ETWOMSH) && !s->split && s->kind == CONF_SOURCE_MLLP;
	peer = peer_for_log(peer);
	log_warn("listener",
		 "%s: a message from %.*s is rejected%s: %s%s; see afferent journal search --verdict rejected",
		 of->settings->name, (int)peer.n, peer.p, others, aff_error_text(error),
		 several ? " (source.mllp.batch: split takes it apart)" : "");
	of->rejected_untold = 0;
}

/* Adds one message. AFF_ENOMEM: those before it are gone, too. */
static int add(struct intake *in, struct intake_channel *of, struct aff_view peer, struct aff_view message,
	       int frame_error, const struct aff_batch_part *header, struct envelopes *to)
{
	struct envelope *e =
		ingest_message(in->ingest, of->conf, of->settings, peer, message, frame_error, header);
	if (!e) {
		log_error("listener", "%s: out of memory for a message; it is not taken", of->settings->name);
		intake_discard(to);
		return AFF_ENOMEM;
	}
	if (e->row.verdict == JOURNAL_REJECTED)
		tell_rejected(of, peer, e->row.error);
	e->channel = of->channel;
	e->home = &in->mailbox;
	if (to->last)
		to->last->next = e;
	else
		to->first = e;
	to->last = e;
	to->count++;
	to->size += e->size;
	return 0;
}

int intake_message(struct intake *in, struct intake_channel *of, struct aff_view peer, struct aff_view message,
		   int frame_error, struct envelopes *out)
{
	memset(out, 0, sizeof *out);
	return add(in, of, peer, message, frame_error, NULL, out);
}

/* What a frame holds. */
struct content {
	unsigned messages; /* texts that are no message among them */
	bool batch;        /* there are headers */
	bool trailers;
	int error;         /* why it cannot be taken apart */
};

static void tell_odd(struct intake_channel *of, struct aff_view peer, const struct aff_batch_part *part,
		     unsigned issues)
{
	struct aff_diag diag;
	issues &= AFF_BATCH_COUNT | AFF_BATCH_ORDER | AFF_BATCH_UNENDED | AFF_BATCH_DELIMITER;
	peer = peer_for_log(peer);
	for (unsigned bit = 1; bit <= issues; bit <<= 1) {
		if (!(issues & bit) || !log_once_a_minute(&of->odd_told_us, &of->odd_untold))
			continue;
		aff_batch_explain(part, (enum aff_batch_issue)bit, &diag);
		log_warn("listener", "%s: a batch from %.*s: %s; what is there is taken", of->settings->name,
			 (int)peer.n, peer.p, diag.text);
		of->odd_untold = 0;
	}
}

static struct content look(struct intake_channel *of, struct aff_view peer, struct aff_view bytes, unsigned most)
{
	struct content found = {0, false, false, 0};
	struct aff_batch b;
	struct aff_batch_part part;
	size_t used = 0, consumed;
	aff_batch_init(&b, bytes.n);
	while (aff_batch_next(&b, bytes.p + used, bytes.n - used, true, &part, &consumed) == 1) {
		used += consumed;
		if (part.kind == AFF_BATCH_MESSAGE || part.kind == AFF_BATCH_TEXT)
			found.messages++;
		else if (part.kind == AFF_BATCH_FHS || part.kind == AFF_BATCH_BHS)
			found.batch = true;
		else
			found.trailers = true;
		if (part.issues & AFF_BATCH_LINE_END)
			found.error = AFF_ETERMINATOR;
		tell_odd(of, peer, &part, part.issues);
	}
	tell_odd(of, peer, NULL, aff_batch_end(&b));
	if (found.messages > most)
		found.error = AFF_ELIMIT;
	return found;
}

static int take_apart(struct intake *in, struct intake_channel *of, struct aff_view peer, struct aff_view bytes,
		      bool batched, struct envelopes *out)
{
	struct aff_batch b;
	struct aff_batch_part part, header = {.kind = AFF_BATCH_TEXT};
	size_t used = 0, consumed;
	bool begins = false;
	aff_batch_init(&b, bytes.n);
	while (aff_batch_next(&b, bytes.p + used, bytes.n - used, true, &part, &consumed) == 1) {
		used += consumed;
		if (part.kind == AFF_BATCH_FHS || part.kind == AFF_BATCH_BHS) {
			header = part;
			begins = true;
		}
		if (part.kind != AFF_BATCH_MESSAGE && part.kind != AFF_BATCH_TEXT)
			continue;
		struct envelope *before = out->last;
		int rc = add(in, of, peer, part.text, 0, begins ? &header : NULL, out);
		if (rc)
			return rc;
		out->last->grouped = true;
		out->last->batched = batched;
		if (before)
			before->more = true;
		begins = false;
	}
	return 0;
}

int intake_messages(struct intake *in, struct intake_channel *of, struct aff_view peer, struct aff_view bytes,
		    unsigned most, struct envelopes *out)
{
	struct content found = look(of, peer, bytes, most);
	memset(out, 0, sizeof *out);
	if (found.error || found.messages == 0 || (found.messages == 1 && !found.batch && !found.trailers))
		return add(in, of, peer, bytes, found.error, NULL, out);
	return take_apart(in, of, peer, bytes, found.batch, out);
}

bool intake_queue(struct intake *in, const struct envelopes *all)
{
	if (in->last)
		in->last->next = all->first;
	else
		in->first = all->first;
	in->last = all->last;
	return atomic_fetch_add(&in->budget->used, all->size) + all->size < in->budget->max;
}

void intake_discard(struct envelopes *all)
{
	for (struct envelope *e = all->first, *next; e; e = next) {
		next = e->next;
		envelope_unref(e);
	}
	memset(all, 0, sizeof *all);
}

void intake_submit(struct intake *in)
{
	struct envelope *first = in->first, *last = in->last;
	in->first = in->last = NULL;
	if (first)
		writer_submit(in->writer, first, last);
}

static void tally(const struct envelope *e)
{
	struct channel *ch = e->channel;
	if (e->result)
		count(&ch->refused, 1);
	else if (e->row.verdict == JOURNAL_ACCEPTED)
		count(&ch->accepted, 1);
	else if (e->row.verdict == JOURNAL_KEPT)
		count(&ch->kept, 1);
	else if (e->row.verdict == JOURNAL_DUPLICATE)
		count(&ch->duplicates, 1);
	else
		count(&ch->rejected, 1);
	if (!e->result && e->row.error == AFF_EIDREUSE)
		count(&ch->ids_reused, 1);
	count(&ch->bytes, e->raw.n);
	atomic_store_explicit(&ch->last_us, e->row.received_us, memory_order_relaxed);
}

void intake_came_back(struct intake *in, const struct envelope *e)
{
	tally(e);
	atomic_fetch_sub(&in->budget->used, e->size);
	histogram_add(&in->latency, clock_mono_us() - e->arrived_us);
}
