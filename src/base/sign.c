/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519 by OpenSSL.
 */
#include "base/sign.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

struct sign_key {
	EVP_PKEY *pair;
	unsigned char public[SIGN_KEY_SIZE];
};

static int take(struct sign_key **out, EVP_PKEY *pair)
{
	size_t n = SIGN_KEY_SIZE;
	struct sign_key *k = calloc(1, sizeof *k);
	if (!k || EVP_PKEY_get_raw_public_key(pair, k->public, &n) != 1 || n != SIGN_KEY_SIZE) {
		EVP_PKEY_free(pair);
		free(k);
		return AFF_ENOMEM;
	}
	k->pair = pair;
	*out = k;
	return 0;
}

int sign_key_new(struct sign_key **out)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return pair ? take(out, pair) : AFF_ENOMEM;
}

/* No key of a file is encrypted: nothing may ask for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static EVP_PKEY *read_pem(struct aff_view pem, bool private)
{
	BIO *in = pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *key = NULL;
	if (in)
		key = private ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL)
			      : PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL);
	BIO_free_all(in);
	if (key && !EVP_PKEY_is_a(key, "ED25519")) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

int sign_key_read(struct sign_key **out, struct aff_view pem)
{
	EVP_PKEY *pair = read_pem(pem, true);
	return pair ? take(out, pair) : AFF_EARGUMENT;
}

void sign_key_free(struct sign_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pair);
	free(k);
}

static int put_pem(const struct sign_key *k, bool private, struct aff_buf *out)
{
	BIO *to = BIO_new(BIO_s_secmem());
	char *bytes;
	int ok = 0;
	if (to && private)
		ok = PEM_write_bio_PrivateKey(to, k->pair, NULL, NULL, 0, NULL, NULL);
	else if (to)
		ok = PEM_write_bio_PUBKEY(to, k->pair);
	long n = ok == 1 ? BIO_get_mem_data(to, &bytes) : 0;
	if (n > 0)
		aff_buf_put(out, bytes, (size_t)n);
	BIO_free_all(to);
	return n > 0 ? out->error : AFF_ENOMEM;
}

int sign_key_put(const struct sign_key *k, struct aff_buf *out)
{
	return put_pem(k, true, out);
}

int sign_key_put_public(const struct sign_key *k, struct aff_buf *out)
{
	return put_pem(k, false, out);
}

const unsigned char *sign_key_public(const struct sign_key *k)
{
	return k->public;
}

int sign_public_read(unsigned char out[SIGN_KEY_SIZE], struct aff_view pem)
{
	size_t n = SIGN_KEY_SIZE;
	EVP_PKEY *key = read_pem(pem, false);
	if (!key)
		key = read_pem(pem, true);
	bool ok = key && EVP_PKEY_get_raw_public_key(key, out, &n) == 1 && n == SIGN_KEY_SIZE;
	EVP_PKEY_free(key);
	return ok ? 0 : AFF_EARGUMENT;
}

int sign(const struct sign_key *k, struct aff_view text, unsigned char out[SIGN_SIZE])
{
	size_t n = SIGN_SIZE;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestSignInit(c, NULL, NULL, NULL, k->pair) == 1 &&
		  EVP_DigestSign(c, out, &n, (const unsigned char *)text.p, text.n) == 1 && n == SIGN_SIZE;
	EVP_MD_CTX_free(c);
	return ok ? 0 : AFF_ENOMEM;
}

int sign_verify(const unsigned char key[SIGN_KEY_SIZE], struct aff_view text, const unsigned char signature[SIGN_SIZE])
{
	EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, SIGN_KEY_SIZE);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = public && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, public) == 1 &&
		  EVP_DigestVerify(c, signature, SIGN_SIZE, (const unsigned char *)text.p, text.n) == 1;
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(public);
	return ok ? 0 : AFF_ECORRUPT;
}
