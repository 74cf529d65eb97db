/* SPDX-License-Identifier: Apache-2.0
 *
 * Deeds: what somebody does with a command (a replay, an edit, a discarded dead letter), on its way into the journal.
 * A batch is committed in one transaction, by the running engine, which gets it over the control socket, or by the
 * command itself when none runs. It holds at most one action, then at most one message, then any number of outcomes.
 */
#ifndef ENGINE_DEEDS_H
#define ENGINE_DEEDS_H

#include "conf/conf.h"
#include "journal/journal.h"

#define DEEDS_MAX (16u << 20) /* bytes of a batch */
#define DEEDS_ACTION_MAX 8192 /* bytes of an action's detail */
#define DEEDS_DETAIL_MAX 256  /* bytes of an outcome's detail */
#define DEEDS_THIS_ACTION 1   /* as the action of an outcome: the one of the same batch */

/* Appends to a batch; errors stick in the buffer. The time and who did it are filled in by whoever commits it; sha is
 * of the configuration that it is done with. */
void deeds_put_action(struct aff_buf *batch, const char *kind, struct aff_view detail,
		      const unsigned char sha[SHA256_SIZE]);
/* A message for the journal alone: kept, its peer what it is called here and who did it. */
void deeds_put_message(struct aff_buf *batch, struct aff_view channel, struct aff_view peer, struct aff_view raw);
/* Instead of that: a message that one channel hands over to another, which takes it as from the running engine; it goes
 * to the other one's destinations. The next outcome is that of the handing over, and its detail gets the new message's
 * id. */
void deeds_put_handover(struct aff_buf *batch, struct aff_view channel, struct aff_view from, int64_t id,
			struct aff_view raw);
void deeds_put_outcome(struct aff_buf *batch, const struct journal_outcome *o);

struct deeds_done {
	int64_t action_us, message; /* of the batch's action; id of its message; 0 = it has none */
	const struct conf_channel *delivers; /* the channel whose destinations get the message; NULL: none does */
};
struct deeds {
	struct conf *conf; /* the message comes under this one */
	const char *who;   /* "uid 1000" */
	struct aff_view batch;
	struct deeds_done done;
};
/* Commits a batch, by the thread that writes the journal; arg is the struct deeds. Nothing is written when the batch is
 * not sound: AFF_EARGUMENT, AFF_ESYNTAX (its message cannot be read), AFF_ECONFIG (the journal does not know the
 * configuration of an action or outcome), AFF_EUNDELIVERED (the other channel does not take what is handed over). Else
 * as journal_commit. */
int deeds_commit(void *arg, struct journal *journal, struct aff_diag *diag);

#endif
