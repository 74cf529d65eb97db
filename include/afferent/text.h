/* SPDX-License-Identifier: Apache-2.0
 *
 * Views and capped buffers: the two shapes in which bytes travel through the library.
 */
#ifndef AFFERENT_TEXT_H
#define AFFERENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <afferent/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that somebody else owns. Not terminated. Made by the library, p is never NULL (length 0: it points to "");
 * given to it, p may be NULL when the length is 0. */
struct aff_view {
	const char *p;
	size_t n;
};

static inline struct aff_view aff_view(const char *p, size_t n)
{
	struct aff_view v = {p, n};
	return v;
}

static inline struct aff_view aff_view_of(const char *text)
{
	return aff_view(text, strlen(text));
}

static inline bool aff_view_equal(struct aff_view a, struct aff_view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool aff_view_is(struct aff_view a, const char *text)
{
	return aff_view_equal(a, aff_view_of(text));
}

/* Without leading and trailing blanks. */
struct aff_view aff_view_trim(struct aff_view v);

/* A buffer that grows up to `max` bytes. The first failure (memory or cap) sticks in `error`; later puts do nothing, so
 * a writer checks once at its end. Reuse with aff_buf_clear keeps the memory. One thread at a time. */
struct aff_buf {
	char *p;
	size_t n;         /* used */
	size_t allocated;
	size_t max;
	int error;        /* 0, AFF_ENOMEM or AFF_ELIMIT; while building also AFF_EDELIMITER */
};

void aff_buf_init(struct aff_buf *b, size_t max);
void aff_buf_free(struct aff_buf *b);
static inline void aff_buf_clear(struct aff_buf *b)
{
	b->n = 0;
	b->error = 0;
}
static inline struct aff_view aff_buf_view(const struct aff_buf *b)
{
	return aff_view(b->p ? b->p : "", b->n);
}

/* Makes room for n more bytes and returns where they go (NULL on failure); the caller adds to b->n what it wrote. */
char *aff_buf_reserve(struct aff_buf *b, size_t n);
void aff_buf_put(struct aff_buf *b, const void *bytes, size_t n);
void aff_buf_put_view(struct aff_buf *b, struct aff_view v);
void aff_buf_put_text(struct aff_buf *b, const char *text);
void aff_buf_put_char(struct aff_buf *b, char c);
void aff_buf_put_u64(struct aff_buf *b, uint64_t value);
void aff_buf_printf(struct aff_buf *b, const char *format, ...) AFF_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
