/* SPDX-License-Identifier: Apache-2.0
 *
 * Views and capped buffers.
 */
#include <afferent/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct aff_view aff_view_trim(struct aff_view v)
{
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t')) {
		v.p++;
		v.n--;
	}
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

void aff_buf_init(struct aff_buf *b, size_t max)
{
	memset(b, 0, sizeof *b);
	b->max = max;
}

void aff_buf_free(struct aff_buf *b)
{
	free(b->p);
	aff_buf_init(b, b->max);
}

static bool grow(struct aff_buf *b, size_t n)
{
	if (b->error)
		return false;
	if (n > b->max || b->n > b->max - n) {
		b->error = AFF_ELIMIT;
		return false;
	}
	size_t want = b->n + n, size = b->allocated ? b->allocated : b->max < 256 ? b->max : 256;
	while (size < want)
		size = size > b->max / 2 ? b->max : size * 2;
	char *p = realloc(b->p, size);
	if (!p) {
		b->error = AFF_ENOMEM;
		return false;
	}
	b->p = p;
	b->allocated = size;
	return true;
}

char *aff_buf_reserve(struct aff_buf *b, size_t n)
{
	if (b->error || n > b->allocated - b->n) {
		if (!grow(b, n))
			return NULL;
	}
	return b->p + b->n;
}

void aff_buf_put(struct aff_buf *b, const void *bytes, size_t n)
{
	char *to = n ? aff_buf_reserve(b, n) : NULL;
	if (to) {
		memcpy(to, bytes, n);
		b->n += n;
	}
}

void aff_buf_put_view(struct aff_buf *b, struct aff_view v)
{
	aff_buf_put(b, v.p, v.n);
}

void aff_buf_put_text(struct aff_buf *b, const char *text)
{
	aff_buf_put(b, text, strlen(text));
}

void aff_buf_put_char(struct aff_buf *b, char c)
{
	char *to = aff_buf_reserve(b, 1);
	if (to) {
		*to = c;
		b->n++;
	}
}

void aff_buf_put_u64(struct aff_buf *b, uint64_t value)
{
	char digits[20];
	size_t i = sizeof digits;
	do {
		digits[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	aff_buf_put(b, digits + i, sizeof digits - i);
}

void aff_buf_printf(struct aff_buf *b, const char *format, ...)
{
	va_list ap;
	char small[256];
	va_start(ap, format);
	int n = vsnprintf(small, sizeof small, format, ap);
	va_end(ap);
	if (n < 0) {
		b->error = b->error ? b->error : AFF_EARGUMENT;
		return;
	}
	if ((size_t)n < sizeof small) {
		aff_buf_put(b, small, (size_t)n);
		return;
	}
	char *to = aff_buf_reserve(b, (size_t)n + 1);
	if (to) {
		va_start(ap, format);
		vsnprintf(to, (size_t)n + 1, format, ap);
		va_end(ap);
		b->n += (size_t)n;
	}
}
