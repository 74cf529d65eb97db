/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests by OpenSSL; FNV-1a with a final mix for tables.
 */
#include "base/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

/* Looked up once: OpenSSL 3 takes locks to find an algorithm by name. */
static EVP_MD *sha256_method;

static void find_sha256(void)
{
	sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *method(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, find_sha256);
	if (!sha256_method)
		abort(); /* a library that cannot hash */
	return sha256_method;
}

void sha256(unsigned char out[SHA256_SIZE], struct aff_view bytes)
{
	if (EVP_Digest(bytes.p, bytes.n, out, NULL, method(), NULL) != 1)
		abort();
}

/* An EVP_MD_CTX under a name that hides the library. */
static EVP_MD_CTX *context(struct hasher *h)
{
	return (EVP_MD_CTX *)(void *)h;
}

struct hasher *hasher_new(void)
{
	return (struct hasher *)(void *)EVP_MD_CTX_new();
}

void hasher_free(struct hasher *h)
{
	EVP_MD_CTX_free(context(h));
}

void hasher_begin(struct hasher *h)
{
	if (EVP_DigestInit_ex2(context(h), method(), NULL) != 1)
		abort();
}

void hasher_add(struct hasher *h, const void *bytes, size_t n)
{
	if (EVP_DigestUpdate(context(h), bytes, n) != 1)
		abort();
}

void hasher_end(struct hasher *h, unsigned char out[SHA256_SIZE])
{
	if (EVP_DigestFinal_ex(context(h), out, NULL) != 1)
		abort();
}

void hex_put(struct aff_buf *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *to = aff_buf_reserve(out, n * 2);
	if (!to)
		return;
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	out->n += n * 2;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_get(struct aff_view text, unsigned char *out, size_t n)
{
	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(text.p[2 * i]), low = hex_value(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

uint64_t hash64(struct aff_view v)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ (h >> 32);
}

int hmac_sha256(unsigned char out[SHA256_SIZE], struct aff_view key, struct aff_view bytes)
{
	unsigned n = SHA256_SIZE;
	return HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)bytes.p, bytes.n, out, &n) ? 0 : AFF_ENOMEM;
}
