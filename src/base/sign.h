/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519 signatures (OpenSSL), the one home of them. Keys travel as PEM: PKCS #8 for the private one,
 * SubjectPublicKeyInfo for the public one, as "openssl genpkey -algorithm ed25519" writes them.
 */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include <afferent/text.h>

#define SIGN_KEY_SIZE  32
#define SIGN_SIZE      64

struct sign_key;
/* A new key. AFF_ENOMEM: the library could not make one. */
int sign_key_new(struct sign_key **out);
/* AFF_EARGUMENT: it is no Ed25519 private key in PEM. */
int sign_key_read(struct sign_key **out, struct aff_view pem);
void sign_key_free(struct sign_key *k);
/* Appends the private or the public key in PEM. */
int sign_key_put(const struct sign_key *k, struct aff_buf *out);
int sign_key_put_public(const struct sign_key *k, struct aff_buf *out);
const unsigned char *sign_key_public(const struct sign_key *k); /* SIGN_KEY_SIZE bytes */

/* The public key of a PEM text that holds a public or a private one. AFF_EARGUMENT. */
int sign_public_read(unsigned char out[SIGN_KEY_SIZE], struct aff_view pem);

int sign(const struct sign_key *k, struct aff_view text, unsigned char out[SIGN_SIZE]);
/* 0, or AFF_ECORRUPT: it is no signature of the text by this key. Thread-safe. */
int sign_verify(const unsigned char key[SIGN_KEY_SIZE], struct aff_view text, const unsigned char signature[SIGN_SIZE]);

#endif
