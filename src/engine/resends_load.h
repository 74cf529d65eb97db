/* SPDX-License-Identifier: Apache-2.0
 *
 * After a start, what was received before it is remembered again, from the journal: the newest messages before anything
 * is listened to, because a sender that saw no answer sends again as soon as it can; older ones by a thread of low
 * priority, while the engine runs.
 */
#ifndef ENGINE_RESENDS_LOAD_H
#define ENGINE_RESENDS_LOAD_H

#include "engine/writer.h"

#define RESENDS_AT_ONCE 100000 /* messages that are known before the engine listens */

struct resends_load;
/* Reads the newest ones. A journal that cannot be read is told to the log: nothing depends on it but that a resend of
 * an earlier message is delivered again. NULL: there are no others. */
struct resends_load *resends_load_newest(struct resends *r, struct conf *conf, uint64_t at_once);
/* Goes on with the others, through the writer, who has r now. */
void resends_load_start(struct resends_load *l, struct writer *writer);
/* Waits until all are read. */
void resends_load_wait(struct resends_load *l);
/* Ends it, finished or not; before the writer is stopped. */
void resends_load_stop(struct resends_load *l);

#endif
