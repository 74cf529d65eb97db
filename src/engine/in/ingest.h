/* SPDX-License-Identifier: Apache-2.0
 *
 * From the bytes of one frame to an envelope: parse, check, accept or reject, prepare the answer, compress. No input or
 * output. One object per io thread.
 */
#ifndef ENGINE_INGEST_H
#define ENGINE_INGEST_H

#include <afferent/batch.h>

#include "engine/envelope.h"

struct ingest;
/* journal NULL: for ingest_decide alone. */
int ingest_new(struct ingest **out, struct journal *journal, unsigned number);
void ingest_free(struct ingest *g);

/* What is decided about a message before the journal has it. Pure: the same message, channel and time give the same
 * decision, in the running engine and in `afferent test`. */
struct ingest_decision {
	struct journal_message row; /* but for peer, snapshot and body; its views live until the next call */
	struct aff_view answer;     /* framed, likewise; empty: none */
	struct aff_diag why;        /* it is refused, or only kept; code 0: it is accepted */
	const struct aff_diag_list *findings; /* why it is refused, all of it; until the next call */
	bool close_after;
	bool awaits;                /* it is answered (again) when it is known what became of it */
};
void ingest_decide(struct ingest *g, const struct conf_channel *channel, struct aff_view message, int frame_error,
                   int64_t now_us, struct ingest_decision *out);

/* frame_error: 0, or why the frame is refused whatever it holds. AFF_EFRAME, bytes that the framing lost parts of: they
 * are journaled as rejected and not answered. header: of the batch that begins with this message, or NULL. The envelope
 * has one reference; NULL: out of memory. */
struct envelope *ingest_message(struct ingest *g, struct conf *conf, const struct conf_channel *channel,
                                struct aff_view peer, struct aff_view message, int frame_error,
                                const struct aff_batch_part *header);

/* The answer to a message when it is known what became of it, or not in time: note is what answers.h sends. Framed,
 * valid until the next call; empty when none is wanted or can be built. */
struct aff_view ingest_late_answer(struct ingest *g, const struct envelope *note);

/* The answer to a message that could not be journaled (code AFF_EFULL): a framed AR or CR, valid until the next call.
 * Empty when none can be built. */
struct aff_view ingest_refusal(struct ingest *g, const struct envelope *e, int code);

#endif
