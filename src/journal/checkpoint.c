/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/checkpoint.h"

#include "journal/words.h"

#define TITLE          "afferent-checkpoint 1"
#define WORDS          6
#define LINE_MAX_BYTES 1024

void checkpoint_put_text(const struct checkpoint *c, struct aff_buf *out)
{
	aff_buf_put_text(out, TITLE);
	words_put_hex(out, c->journal, sizeof c->journal);
	words_put_number(out, c->link);
	words_put_number(out, c->at_us);
	words_put_hex(out, c->hash, sizeof c->hash);
	words_put_hex(out, c->key, sizeof c->key);
}

void checkpoint_put(const struct checkpoint *c, struct aff_buf *out)
{
	checkpoint_put_text(c, out);
	words_put_hex(out, c->signature, sizeof c->signature);
}

int checkpoint_read(struct checkpoint *c, struct aff_view line)
{
	bool ok = words_take_title(&line, TITLE) && words_take_hex(&line, c->journal, sizeof c->journal) &&
		  words_take_number(&line, &c->link) && words_take_number(&line, &c->at_us) &&
		  words_take_hex(&line, c->hash, sizeof c->hash) && words_take_hex(&line, c->key, sizeof c->key) &&
		  words_take_hex(&line, c->signature, sizeof c->signature);
	return ok && line.n == 0 ? 0 : AFF_EARGUMENT;
}

bool checkpoint_find(struct checkpoint *c, struct aff_view *text, struct aff_view *line)
{
	while (words_find(text, TITLE, WORDS, sizeof c->signature, line)) {
		if (checkpoint_read(c, *line))
			continue;
		size_t n = (size_t)(line->p + line->n - text->p);
		*text = aff_view(text->p + n, text->n - n);
		return true;
	}
	return false;
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
