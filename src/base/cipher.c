/* SPDX-License-Identifier: Apache-2.0
 *
 * The library looks an algorithm up by its name under a lock and expands a key anew for each use, unless the same
 * context is used again: an object is a context with its key.
 */
#include "base/cipher.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* An EVP_CIPHER_CTX and an EVP_MAC_CTX under names that hide the library. */
static EVP_CIPHER_CTX *context(struct cipher *c)
{
	return (EVP_CIPHER_CTX *)(void *)c;
}

static EVP_MAC_CTX *mac_context(struct mac *m)
{
	return (EVP_MAC_CTX *)(void *)m;
}

struct cipher *cipher_new(const unsigned char key[CIPHER_KEY_SIZE], enum cipher_direction direction)
{
	EVP_CIPHER *method = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	EVP_CIPHER_CTX *c = method ? EVP_CIPHER_CTX_new() : NULL;
	if (c && EVP_CipherInit_ex2(c, method, key, NULL, direction == CIPHER_ENCRYPT, NULL) != 1) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	EVP_CIPHER_free(method); /* the context holds it */
	return (struct cipher *)(void *)c;
}

void cipher_free(struct cipher *c)
{
	EVP_CIPHER_CTX_free(context(c));
}

/* The part that both directions have: nonce, what the text is about, the text. */
static int update(EVP_CIPHER_CTX *c, const unsigned char *nonce, struct aff_view about, struct aff_view text,
		  unsigned char *out)
{
	int n = 0;
	if (text.n > INT_MAX - CIPHER_TAG_SIZE || about.n > INT_MAX)
		return AFF_ELIMIT;
	if (EVP_CipherInit_ex2(c, NULL, NULL, nonce, -1, NULL) != 1)
		return AFF_ENOMEM;
	if (about.n && EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)about.p, (int)about.n) != 1)
		return AFF_ENOMEM;
	if (text.n &&
	    (EVP_CipherUpdate(c, out, &n, (const unsigned char *)text.p, (int)text.n) != 1 || (size_t)n != text.n))
		return AFF_ENOMEM;
	return 0;
}

static int tag(EVP_CIPHER_CTX *c, const char *name, bool set, unsigned char bytes[CIPHER_TAG_SIZE])
{
	OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(name, bytes, CIPHER_TAG_SIZE), OSSL_PARAM_END};
	return (set ? EVP_CIPHER_CTX_set_params(c, params) : EVP_CIPHER_CTX_get_params(c, params)) == 1 ? 0
													: AFF_ENOMEM;
}

int cipher_encrypt(struct cipher *cipher, const unsigned char nonce[CIPHER_NONCE_SIZE], struct aff_view about,
		   struct aff_view plain, unsigned char *out)
{
	EVP_CIPHER_CTX *c = context(cipher);
	int n = 0, rc = update(c, nonce, about, plain, out);
	if (!rc && EVP_CipherFinal_ex(c, out + plain.n, &n) != 1)
		rc = AFF_ENOMEM;
	return rc ? rc : tag(c, OSSL_CIPHER_PARAM_AEAD_TAG, false, out + plain.n);
}

int cipher_decrypt(struct cipher *cipher, const unsigned char nonce[CIPHER_NONCE_SIZE], struct aff_view about,
		   struct aff_view encrypted, unsigned char *out)
{
	EVP_CIPHER_CTX *c = context(cipher);
	unsigned char stored[CIPHER_TAG_SIZE], rest[CIPHER_TAG_SIZE];
	int n = 0;
	if (encrypted.n < CIPHER_TAG_SIZE)
		return AFF_ECORRUPT;
	encrypted.n -= CIPHER_TAG_SIZE;
	memcpy(stored, encrypted.p + encrypted.n, sizeof stored);
	int rc = update(c, nonce, about, encrypted, out);
	if (!rc)
		rc = tag(c, OSSL_CIPHER_PARAM_AEAD_TAG, true, stored);
	if (!rc && EVP_CipherFinal_ex(c, rest, &n) != 1)
		rc = AFF_ECORRUPT;
	if (rc && encrypted.n) /* nobody may take it for what was encrypted */
		explicit_bzero(out, encrypted.n);
	return rc;
}

struct mac *mac_new(const unsigned char key[CIPHER_KEY_SIZE])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
	EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *c = method ? EVP_MAC_CTX_new(method) : NULL;
	EVP_MAC_free(method); /* the context holds it */
	if (c && EVP_MAC_init(c, key, CIPHER_KEY_SIZE, params) != 1) {
		EVP_MAC_CTX_free(c);
		c = NULL;
	}
	return (struct mac *)(void *)c;
}

void mac_free(struct mac *m)
{
	EVP_MAC_CTX_free(mac_context(m));
}

int mac_compute(struct mac *m, const char *label, struct aff_view text, unsigned char out[SHA256_SIZE])
{
	EVP_MAC_CTX *c = mac_context(m);
	size_t n = 0;
	bool ok = EVP_MAC_init(c, NULL, 0, NULL) == 1 &&
		  EVP_MAC_update(c, (const unsigned char *)label, strlen(label) + 1) == 1 &&
		  (!text.n || EVP_MAC_update(c, (const unsigned char *)text.p, text.n) == 1) &&
		  EVP_MAC_final(c, out, &n, SHA256_SIZE) == 1 && n == SHA256_SIZE;
	return ok ? 0 : AFF_ENOMEM;
}
