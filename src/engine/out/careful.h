/* SPDX-License-Identifier: Apache-2.0
 *
 * What a sender is careful with. When the last run of the engine did not end in order, one of the messages that were
 * pending may have been the cause: it would end the next run, too, and every one after it. So each of them is counted
 * in the journal before it is tried, and forgotten with its outcome:
 *
 *  - those that were never counted together, up to 64 in one commit;
 *  - those that were, because the process ended before their outcome, one by one, and one in the whole process at a
 *    time, so that a second end is the fault of no other message;
 *  - those that were counted three times alone not at all: they become dead letters. Being one of many at an end, as at
 *    every power cut, is no reason.
 *
 * A try is over with its outcome, when it failed and will be made again, or after a second: then the message is not the
 * one, and others, of this destination or of another one, need not wait. Nothing is counted for messages that came
 * after the start, nor after an orderly end.
 */
#ifndef ENGINE_CAREFUL_H
#define ENGINE_CAREFUL_H

#include "engine/out/window.h"
#include "engine/writer.h"

#define CAREFUL_AGAIN_US 20000 /* another sender is about to be done, or the disk has room */

struct careful;

struct careful_setup {
	const char *destination;
	int64_t until;               /* what was pending at the start has ids up to here */
	struct writer *writer;
	_Atomic bool *alone;         /* the process's: some sender tries a message that was counted before */
};

/* Reads what was counted. */
int careful_new(struct careful **out, const struct careful_setup *setup, struct journal_reader *reader,
		struct aff_diag *diag);
void careful_free(struct careful *c);

/* May be asked with c = NULL, as may all but careful_begin and careful_count: nothing is covered then. */
bool careful_covers(const struct careful *c, int64_t id);

/* Reads on behind `after` for the next messages to be counted, and counts them. Those that have an outcome (ended) need
 * none. true: messages up to careful_allowed may enter the window. */
bool careful_begin(struct careful *c, struct journal_reader *reader, struct aff_view channel, int64_t after,
		   const struct window *ended);
int64_t careful_allowed(const struct careful *c);
/* The process ended three times while this message alone was tried. */
bool careful_gives_up(const struct careful *c, int64_t id);

/* Was it counted before: may it have ended the process? */
bool careful_suspects(const struct careful *c, int64_t id);

/* A delivery that was let in is in the window. */
void careful_add(struct careful *c, struct delivery *d);
/* It is about to be sent: must it be counted before? */
bool careful_must_count(const struct careful *c, const struct delivery *d);
/* Counts it; false: not now. */
bool careful_count(struct careful *c, struct delivery *d);
/* It has its outcome. */
void careful_end(struct careful *c, struct delivery *d);
/* Its try is over without one (tried), or will not be made before another one's outcome. Returns what the journal shall
 * know now; -1: nothing new. */
int careful_release(struct careful *c, struct delivery *d, bool tried);
/* Does a try take too long? It is over then. */
bool careful_is_late(const struct careful *c, int64_t now_us);
/* Everything in the window is forgotten and read again after `position`. */
void careful_rewind(struct careful *c, int64_t position);

/* When it is worth looking again: now, in a while, or (INT64_MAX) when something has happened. */
int64_t careful_due_us(const struct careful *c, int64_t position, int64_t now_us);

#endif
