/* SPDX-License-Identifier: Apache-2.0
 *
 * A new key for checkpoints: both keys sign that the new one signs from a link of the chain on, and the old one did
 * before. Who trusts one of them knows the other one for this journal's. It is a line of text:
 *
 *	afferent-key 1 JOURNAL LINK MICROSECONDS OLD NEW SIGNATURE-BY-OLD SIGNATURE-BY-NEW
 *
 * in the manner of a checkpoint (checkpoint.h); both signatures are over the line up to the blank before them. It is
 * the detail of an action "key", so the chain is over it, in the transaction that stores link LINK, and the old key
 * signs that link too. Each log file tells in `meta` all changes so far, one a line, for when that action is gone.
 */
#ifndef JOURNAL_KEY_CHANGE_H
#define JOURNAL_KEY_CHANGE_H

#include "base/sign.h"
#include "journal/link.h"

#define KEY_ACTION "key"

struct key_change {
	unsigned char journal[JOURNAL_ID_SIZE];
	int64_t link, at_us;
	unsigned char old[SIGN_KEY_SIZE], new[SIGN_KEY_SIZE];
	unsigned char by_old[SIGN_SIZE], by_new[SIGN_SIZE];
};

/* Fills in both keys and signatures. AFF_ENOMEM. */
int key_change_sign(struct key_change *c, const struct sign_key *old, const struct sign_key *new);
void key_change_put(const struct key_change *c, struct aff_buf *out);
/* AFF_EARGUMENT: it is no such line. The signatures are not looked at. */
int key_change_read(struct key_change *c, struct aff_view line);
/* The next one in a text, as checkpoint_find. */
bool key_change_find(struct key_change *c, struct aff_view *text);
/* 0, or AFF_ECORRUPT: one of the keys did not sign this. */
int key_change_verify(const struct key_change *c);

#endif
