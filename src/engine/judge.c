/* SPDX-License-Identifier: Apache-2.0
 *
 * New, a duplicate, or another message under a control id that was used before.
 */
#include "engine/judge.h"

#include <stdio.h>

#include "engine/channel.h"
#include "engine/peer.h"
#include "sys/clock.h"
#include "sys/log.h"

/* By a clock that nobody sets: one that leaps ahead must not make messages forgotten. */
static int64_t since(const struct envelope *e)
{
#ifdef AFF_MUTANT_33 /* the window of resends follows the wall clock wherever it leaps */
	return e->row.received_us - e->conf->engine.resend_ms * 1000;
#endif
	return clock_steady_us() - e->conf->engine.resend_ms * 1000;
}

void judge_message(struct resends *resends, struct envelope *e)
{
	if (!e->resend.usable)
		return;
	/* It may have been judged before, when there was no room for it. */
	e->row.verdict = JOURNAL_ACCEPTED;
	e->row.error = 0;
	enum resend found = resends_find(resends, &e->resend, since(e));
#ifdef AFF_MUTANT_7 /* a resend is a message like any other */
	if (found == RESEND_SAME)
		found = RESEND_ID_REUSE;
#endif
	if (found == RESEND_SAME) {
		e->row.verdict = JOURNAL_DUPLICATE;
		return;
	}
	if (found == RESEND_ID_REUSE)
		e->row.error = AFF_EIDREUSE;
	resends_add(resends, &e->resend, clock_steady_us());
}

void judge_settle(struct resends *resends, const struct envelope *last, bool stored)
{
	if (!stored) {
		resends_undo(resends);
		return;
	}
	resends_keep(resends);
	if (last)
		resends_trim(resends, last->conf->engine.resend_most, since(last));
}

void judge_tell(const struct envelope *e)
{
	struct channel *c = e->channel;
	bool same = e->row.verdict == JOURNAL_DUPLICATE;
	unsigned *untold = same ? &c->duplicates_untold : &c->reuses_untold;
	if (!same && e->row.error != AFF_EIDREUSE)
		return;
	if (!log_once_a_minute(same ? &c->duplicate_told_us : &c->reuse_told_us, untold))
		return;
	char others[64] = "";
	struct aff_view peer = peer_for_log(e->row.peer);
	if (*untold)
		snprintf(others, sizeof others, ", as %u others since the last such line,", *untold);
	log_warn("journal", "%s: a message from %.*s%s %s; see afferent journal search --verdict %s",
		 feed_channel(c->feed), (int)peer.n, peer.p, others,
		 same ? "came before, byte by byte: it is answered again and not delivered again"
		      : "has the control id (MSH-10) of an earlier one: it is delivered",
		 same ? "duplicate" : "id-reuse");
	*untold = 0;
}
