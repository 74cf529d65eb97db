/* SPDX-License-Identifier: Apache-2.0
 *
 * Encryption that notices changes (AES-256-GCM) and keyed digests (HMAC-SHA-256), by OpenSSL: the one home of them. An
 * object keeps its key, expanded, until it is freed, and wipes it then; one thread at a time.
 */
#ifndef BASE_CIPHER_H
#define BASE_CIPHER_H

#include <afferent/text.h>

#include "base/digest.h"

#define CIPHER_KEY_SIZE 32
#define CIPHER_NONCE_SIZE 12
#define CIPHER_TAG_SIZE 16

enum cipher_direction { CIPHER_ENCRYPT, CIPHER_DECRYPT };
struct cipher;
/* NULL: out of memory. */
struct cipher *cipher_new(const unsigned char key[CIPHER_KEY_SIZE], enum cipher_direction direction);
void cipher_free(struct cipher *c);

/* Writes plain.n bytes and the tag to `out`, which may be where `plain` is. A nonce is never used twice with a key.
 * about: what is not encrypted, but must be the same to decrypt. AFF_ENOMEM, AFF_ELIMIT. */
int cipher_encrypt(struct cipher *c, const unsigned char nonce[CIPHER_NONCE_SIZE], struct aff_view about,
		   struct aff_view plain, unsigned char *out);
/* The inverse; encrypted ends with the tag. AFF_ECORRUPT: the key is another one, or something was changed. */
int cipher_decrypt(struct cipher *c, const unsigned char nonce[CIPHER_NONCE_SIZE], struct aff_view about,
		   struct aff_view encrypted, unsigned char *out);

struct mac;
struct mac *mac_new(const unsigned char key[CIPHER_KEY_SIZE]);
void mac_free(struct mac *m);
/* Over the label, its final zero and the text. AFF_ENOMEM. */
int mac_compute(struct mac *m, const char *label, struct aff_view text, unsigned char out[SHA256_SIZE]);

#endif
