/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/checkpoint.h"

#include "base/number.h"

#define TITLE "afferent-checkpoint 1 "
#define LINE_MAX_BYTES 1024

void checkpoint_put_text(const struct checkpoint *c, struct aff_buf *out)
{
	aff_buf_put_text(out, TITLE);
	hex_put(out, c->journal, sizeof c->journal);
	aff_buf_put_char(out, ' ');
	aff_buf_put_u64(out, (uint64_t)c->link);
	aff_buf_put_char(out, ' ');
	aff_buf_put_u64(out, (uint64_t)c->at_us);
	aff_buf_put_char(out, ' ');
	hex_put(out, c->hash, sizeof c->hash);
	aff_buf_put_char(out, ' ');
	hex_put(out, c->key, sizeof c->key);
}

void checkpoint_put(const struct checkpoint *c, struct aff_buf *out)
{
	checkpoint_put_text(c, out);
	aff_buf_put_char(out, ' ');
	hex_put(out, c->signature, sizeof c->signature);
}

static struct aff_view next_word(struct aff_view *line)
{
	const char *blank = memchr(line->p, ' ', line->n);
	size_t n = blank ? (size_t)(blank - line->p) : line->n;
	struct aff_view word = aff_view(line->p, n);
	size_t skip = blank ? n + 1 : n;
	*line = aff_view(line->p + skip, line->n - skip);
	return word;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct aff_view *line, unsigned char *out, size_t n)
{
	struct aff_view word = next_word(line);
	if (word.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(word.p[2 * i]), low = digit(word.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool read_number(struct aff_view *line, int64_t *out)
{
	uint64_t value;
	if (number_u64(next_word(line), INT64_MAX, &value))
		return false;
	*out = (int64_t)value;
	return true;
}

int checkpoint_read(struct checkpoint *c, struct aff_view line)
{
	size_t title = strlen(TITLE);
	if (line.n < title || memcmp(line.p, TITLE, title) != 0)
		return AFF_EARGUMENT;
	line = aff_view(line.p + title, line.n - title);
	bool ok = read_hex(&line, c->journal, sizeof c->journal) && read_number(&line, &c->link) &&
		  read_number(&line, &c->at_us) && read_hex(&line, c->hash, sizeof c->hash) &&
		  read_hex(&line, c->key, sizeof c->key) && read_hex(&line, c->signature, sizeof c->signature);
	return ok && line.n == 0 ? 0 : AFF_EARGUMENT;
}

int checkpoint_verify(const struct checkpoint *c)
{
	struct aff_buf text;
	aff_buf_init(&text, LINE_MAX_BYTES);
	checkpoint_put_text(c, &text);
	int rc = text.error ? text.error : sign_verify(c->key, aff_buf_view(&text), c->signature);
	aff_buf_free(&text);
	return rc;
}
