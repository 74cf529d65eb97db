/* SPDX-License-Identifier: Apache-2.0
 *
 * The master keys. Each log file has data keys of its own; it stores them encrypted ("wrapped") with a master key,
 * which is never in the journal but in a file: one key of 32 bytes a line, in hexadecimal or base64, the newest one
 * first; that one wraps, all unwrap. A master key is named by eight bytes of a digest of it.
 */
#ifndef JOURNAL_SECRET_H
#define JOURNAL_SECRET_H

#include <afferent/text.h>

#include "base/cipher.h"

#define SECRET_KEYS 32
#define SECRET_ID_SIZE 8
#define SECRET_CHECK_SIZE 8
/* A nonce, the encrypted key, its tag; then bytes of a digest, so that damage shows without a master key. */
#define SECRET_WRAPPED_SIZE (CIPHER_NONCE_SIZE + CIPHER_KEY_SIZE + CIPHER_TAG_SIZE + SECRET_CHECK_SIZE)

struct secret {
	size_t n;
	struct secret_key {
		unsigned char id[SECRET_ID_SIZE], key[CIPHER_KEY_SIZE];
	} key[SECRET_KEYS];
};

/* A data key as a log file stores it. */
struct wrapped_key {
	uint32_t id;
	unsigned char master[SECRET_ID_SIZE], bytes[SECRET_WRAPPED_SIZE];
};

/* AFF_ENOTFOUND, AFF_EPERMISSION (it cannot be read, or others can read it), AFF_EIO, AFF_ESYNTAX (with the line). */
int secret_read(struct secret *s, const char *path, struct aff_diag *diag);
/* A file with a new key, where there is none. */
int secret_make(const char *path, struct aff_diag *diag);
void secret_wipe(struct secret *s);
/* Where the file is: `given`, or "<folder>.secret". AFF_ELIMIT. */
int secret_path(char *out, size_t size, const char *folder, const char *given, struct aff_diag *diag);

bool secret_has(const struct secret *s, const unsigned char master[SECRET_ID_SIZE]);
/* Wraps with the newest master key. */
int secret_wrap(const struct secret *s, uint32_t id, const unsigned char key[CIPHER_KEY_SIZE], struct wrapped_key *out);
/* AFF_EKEY: the master key is not among these. AFF_ECORRUPT: the wrapped key was changed. */
int secret_unwrap(const struct secret *s, const struct wrapped_key *w, unsigned char key[CIPHER_KEY_SIZE]);
/* Whether a wrapped key is undamaged, as far as can be told without a master key. */
bool secret_is_whole(const struct wrapped_key *w);
/* A row of the table datakey; false: a column has another type or size. */
bool secret_take(struct wrapped_key *w, int64_t id, struct aff_view master, struct aff_view wrapped);
/* The name of a master key for people. */
#define SECRET_NAME_SIZE (2 * SECRET_ID_SIZE + 1)
const char *secret_name(const unsigned char master[SECRET_ID_SIZE], char out[SECRET_NAME_SIZE]);

#endif
