/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/key_change.h"

#include "journal/words.h"

#define TITLE          "afferent-key 1"
#define WORDS          7
#define LINE_MAX_BYTES 1024

static void put_text(const struct key_change *c, struct aff_buf *out)
{
	aff_buf_put_text(out, TITLE);
	words_put_hex(out, c->journal, sizeof c->journal);
	words_put_number(out, c->link);
	words_put_number(out, c->at_us);
	words_put_hex(out, c->old, sizeof c->old);
	words_put_hex(out, c->new, sizeof c->new);
}

int key_change_sign(struct key_change *c, const struct sign_key *old, const struct sign_key *new)
{
	struct aff_buf text;
	memcpy(c->old, sign_key_public(old), sizeof c->old);
	memcpy(c->new, sign_key_public(new), sizeof c->new);
	aff_buf_init(&text, LINE_MAX_BYTES);
	put_text(c, &text);
	int rc = text.error ? text.error : sign(old, aff_buf_view(&text), c->by_old);
	if (!rc)
		rc = sign(new, aff_buf_view(&text), c->by_new);
	aff_buf_free(&text);
	return rc;
}

void key_change_put(const struct key_change *c, struct aff_buf *out)
{
	put_text(c, out);
	words_put_hex(out, c->by_old, sizeof c->by_old);
	words_put_hex(out, c->by_new, sizeof c->by_new);
}

int key_change_read(struct key_change *c, struct aff_view line)
{
	*c = (struct key_change){.link = 0};
	bool ok = words_take_title(&line, TITLE) && words_take_hex(&line, c->journal, sizeof c->journal) &&
		  words_take_number(&line, &c->link) && words_take_number(&line, &c->at_us) &&
		  words_take_hex(&line, c->old, sizeof c->old) && words_take_hex(&line, c->new, sizeof c->new) &&
		  words_take_hex(&line, c->by_old, sizeof c->by_old) &&
		  words_take_hex(&line, c->by_new, sizeof c->by_new);
	return ok && line.n == 0 ? 0 : AFF_EARGUMENT;
}

bool key_change_find(struct key_change *c, struct aff_view *text)
{
	struct aff_view line;
	while (words_find(text, TITLE, WORDS, sizeof c->by_new, &line)) {
		if (!key_change_read(c, line))
			return true;
	}
	return false;
}

int key_change_verify(const struct key_change *c)
{
	struct aff_buf text;
	aff_buf_init(&text, LINE_MAX_BYTES);
	put_text(c, &text);
	int rc = text.error;
#ifndef AFF_MUTANT_41 /* a new key is believed whoever names it */
	if (!rc)
		rc = sign_verify(c->old, aff_buf_view(&text), c->by_old);
#endif
	if (!rc)
		rc = sign_verify(c->new, aff_buf_view(&text), c->by_new);
	aff_buf_free(&text);
	return rc;
}
