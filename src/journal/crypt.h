/* SPDX-License-Identifier: Apache-2.0
 *
 * What a message's row holds when it is encrypted: `body` and `ids` (control id, patient and device, each after two
 * bytes of its length) as a nonce of 12 bytes, the encrypted bytes and the tag of 16; in the columns of the three ids
 * a keyed digest of each, so that they can be looked up. Dictionaries are encrypted as bodies are. All keys come from
 * the log file's data key.
 */
#ifndef JOURNAL_CRYPT_H
#define JOURNAL_CRYPT_H

#include "base/cipher.h"
#include "journal/journal.h"

#define CRYPT_OVERHEAD (CIPHER_NONCE_SIZE + CIPHER_TAG_SIZE)
#define CRYPT_IDS_MAX (64u << 10)

#define CRYPT_CODE JOURNAL_IDS /* what a digest may be of too (codes.h) */

enum crypt_purpose { CRYPT_BODY, CRYPT_IDS, CRYPT_DICTIONARY };

/* A digest that was computed before: patients and devices come again and again, and three digests cost more than the
 * encryption. */
#define CRYPT_KNOWN      256
#define CRYPT_KNOWN_TEXT 46
struct known_digest {
	unsigned char n, which;
	char text[CRYPT_KNOWN_TEXT];
	unsigned char digest[JOURNAL_HASHED_SIZE];
};

/* Encrypts with one data key at a time. Nonces: eight random bytes for each use of a key, then a count. */
struct encrypter {
	struct cipher *cipher;
	struct mac *lookup;
	uint32_t id;
	unsigned char nonce[CIPHER_NONCE_SIZE];
	uint32_t count;
	struct known_digest known[CRYPT_KNOWN];
};
void encrypter_free(struct encrypter *e);
/* Gets ready for the data key; nothing when it is that one already. AFF_ENOMEM, AFF_EIO. */
int encrypter_use(struct encrypter *e, uint32_t id, const unsigned char key[CIPHER_KEY_SIZE]);
/* Appends nonce, encrypted bytes and tag. */
int encrypter_put(struct encrypter *e, enum crypt_purpose purpose, struct aff_view plain, struct aff_buf *out);
/* The keyed digest of an id; equal ones in different columns differ. */
int encrypter_digest(struct encrypter *e, enum journal_id which, struct aff_view id,
		     unsigned char out[JOURNAL_HASHED_SIZE]);

/* Decrypts with one data key. */
struct decrypter {
	struct cipher *cipher;
	struct mac *lookup;
	uint32_t id;
};
int decrypter_init(struct decrypter *d, uint32_t id, const unsigned char key[CIPHER_KEY_SIZE]);
void decrypter_free(struct decrypter *d);
/* Appends what was encrypted. AFF_ECORRUPT. */
int decrypter_put(struct decrypter *d, enum crypt_purpose purpose, struct aff_view encrypted, struct aff_buf *out);
int decrypter_digest(struct decrypter *d, enum journal_id which, struct aff_view id,
		     unsigned char out[JOURNAL_HASHED_SIZE]);

/* The three ids as one text, and back: false when it is none. */
int crypt_join_ids(const struct journal_message *m, struct aff_buf *out);
bool crypt_split_ids(struct journal_message *m, struct aff_view ids);

#endif
