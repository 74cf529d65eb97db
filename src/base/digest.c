/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests by OpenSSL; FNV-1a with a final mix for tables.
 */
#include "base/digest.h"

#include <openssl/sha.h>

void sha256(unsigned char out[SHA256_SIZE], struct aff_view bytes)
{
	SHA256((const unsigned char *)bytes.p, bytes.n, out);
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
