/* SPDX-License-Identifier: Apache-2.0
 *
 * What tells a message that a sender repeats, because it saw no answer, from a new one: the accepted messages of the
 * last hours, each as a digest of its bytes and of who sent it under which control id.
 *
 * Losing a reading is worse than doubling one, so all doubt counts as new: only the same bytes from the same address
 * to the same channel are the same, only with a control id (MSH-10) and a time to the second (MSH-7) among them, and
 * only what was accepted is remembered. Digests are SHA-256 cut to 128 bits, which does not happen to be equal.
 *
 * Memory is taken in parts of 65,535 messages (2.9 MB) as they are needed and given back a part at a time, the oldest
 * first. Not thread-safe: it belongs to the writer, who decides in the journal's order.
 */
#ifndef ENGINE_RESENDS_H
#define ENGINE_RESENDS_H

#include <afferent/text.h>

#include "base/digest.h"

#define RESEND_DIGEST 16
#define RESENDS_A_PART 65535

struct resend_key {
	unsigned char digest[SHA256_SIZE];   /* of the bytes; the first RESEND_DIGEST of it are remembered */
	uint64_t id;                         /* of channel, peer without its port, MSH-3, MSH-4 and MSH-10 */
	bool usable;                         /* it has a control id; else nothing can be said */
	bool timed;                          /* it has a time to the second */
};

/* The key of a message as received. Thread-safe. */
void resend_key(struct resend_key *out, struct aff_view channel, struct aff_view peer, struct aff_view raw);

enum resend {
	RESEND_NEW,
	RESEND_ID_REUSE, /* its control id came before, with other bytes or without a time */
	RESEND_SAME      /* it came before, byte by byte */
};

struct resends;
struct resends *resends_new(void);
void resends_free(struct resends *r);

/* What is known of a message; of what was received before since_us nothing is. */
enum resend resends_find(const struct resends *r, const struct resend_key *key, int64_t since_us);
/* Remembers an accepted message. Without memory for it, it is not remembered: a resend of it would be delivered. */
void resends_add(struct resends *r, const struct resend_key *key, int64_t received_us);
/* What was added since the last of these two calls stays; or is forgotten, because it was not stored. */
void resends_keep(struct resends *r);
void resends_undo(struct resends *r);
/* Gives memory back: parts that hold nothing since since_us, and parts beyond `most` messages. Not between
 * resends_add and resends_keep. */
void resends_trim(struct resends *r, uint64_t most, int64_t since_us);
uint64_t resends_count(const struct resends *r);

/* A part that is filled elsewhere, with older messages than there are yet, in any order. */
struct resends_part;
struct resends_part *resends_part_new(void);
void resends_part_free(struct resends_part *p);
/* Not when it is full. */
void resends_part_add(struct resends_part *p, const struct resend_key *key, int64_t received_us);
bool resends_part_is_full(const struct resends_part *p);
/* Takes the part over, as the oldest one. */
void resends_take_part(struct resends *r, struct resends_part *p);

#endif
