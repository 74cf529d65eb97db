/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (OpenSSL), the one home of message digests. Thread-safe.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <afferent/text.h>

#define SHA256_SIZE 32

void sha256(unsigned char out[SHA256_SIZE], struct aff_view bytes);

/* HMAC-SHA-256. 0, AFF_ENOMEM. */
int hmac_sha256(unsigned char out[SHA256_SIZE], struct aff_view key, struct aff_view bytes);

/* SHA-256 over bytes that come in parts: begin, any number of adds, end. One thread at a time. */
struct hasher;
struct hasher *hasher_new(void); /* NULL: out of memory */
void hasher_free(struct hasher *h);
void hasher_begin(struct hasher *h);
void hasher_add(struct hasher *h, const void *bytes, size_t n);
void hasher_end(struct hasher *h, unsigned char out[SHA256_SIZE]);
void hex_put(struct aff_buf *out, const unsigned char *bytes, size_t n);
/* 2 n digits as n bytes; false: it is not that. */
bool hex_get(struct aff_view text, unsigned char *out, size_t n);

/* A fast, stable 64-bit hash for tables and lanes; not for anything an adversary gains from. */
uint64_t hash64(struct aff_view v);

#endif
