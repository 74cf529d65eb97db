/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a message is new. Decided by the writer, in the journal's order: of two copies on two connections, or in one
 * frame, exactly one is the original, and it is stored in the same transaction as the other or in an earlier one.
 */
#ifndef ENGINE_JUDGE_H
#define ENGINE_JUDGE_H

#include "engine/envelope.h"

/* Before the message is stored: sets verdict and error of its row, and remembers it. */
void judge_message(struct resends *resends, struct envelope *e);
/* After the commit: what was stored stays remembered, what was not will be judged anew. last: of the messages, or
 * NULL. */
void judge_settle(struct resends *resends, const struct envelope *last, bool stored);
/* Tells the log, once a minute for each channel; the journal has them all. */
void judge_tell(const struct envelope *e);

#endif
