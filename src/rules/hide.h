/* SPDX-License-Identifier: Apache-2.0
 *
 * What HASH and MASK do to a text, and DEIDENTIFY with the key of HASH.
 */
#ifndef RULES_HIDE_H
#define RULES_HIDE_H

#include "base/digest.h"
#include "rules/step.h"

struct hide;
void hide_free(struct hide *h);

/* Key and digits of `asked` for a step that makes pseudonyms. 0, AFF_EARGUMENT, AFF_ENOMEM. */
int hide_compile(struct step *step, const struct aff_step *asked, struct aff_diag *diag);
/* HMAC-SHA-256 of the text under the key. 0, AFF_EKEY: there is no key; AFF_ENOMEM. */
int hide_digest(const struct hide *h, struct aff_view text, unsigned char digest[SHA256_SIZE]);
/* Appends the pseudonym of a text in UTF-8, at most that many digits of it. As hide_digest. */
int hide_pseudonym(const struct hide *h, struct aff_view text, unsigned most, struct aff_buf *to);

#endif
