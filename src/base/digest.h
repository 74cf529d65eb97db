/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (OpenSSL), the one home of message digests. Thread-safe.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <afferent/text.h>

#define SHA256_SIZE 32

void sha256(unsigned char out[SHA256_SIZE], struct aff_view bytes);
void hex_put(struct aff_buf *out, const unsigned char *bytes, size_t n);

/* A fast, stable 64-bit hash for tables and lanes; not for anything an adversary gains from. */
uint64_t hash64(struct aff_view v);

#endif
