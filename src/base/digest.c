/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests by OpenSSL; FNV-1a with a final mix for tables.
 */
#include "base/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <pthread.h>

/* Looked up once: OpenSSL 3 takes locks to find an algorithm by name. */
static EVP_MD *sha256_method;

static void find_sha256(void)
{
	sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void sha256(unsigned char out[SHA256_SIZE], struct aff_view bytes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, find_sha256);
	if (!sha256_method || EVP_Digest(bytes.p, bytes.n, out, NULL, sha256_method, NULL) != 1)
		abort(); /* a library that cannot hash */
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

uint64_t hash64(struct aff_view v)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ (h >> 32);
}
