/* SPDX-License-Identifier: Apache-2.0
 *
 * HASH and MASK: pseudonyms and stars in place of what says who the patient is. Every repetition is treated, in every
 * segment that the path names; what cannot be treated as text is no reason to let it go out as it is.
 */
#include "rules/hide.h"

#include <afferent/parts.h>
#include <stdlib.h>
#include <strings.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "rules/step.h"

enum { KEY_LEAST = 16, KEY_MOST = 4096, DIGITS_LEAST = 16, DIGITS_MOST = 2 * SHA256_SIZE, MSH_CHARSET = 18 };

struct hide {
	size_t key_length, text_length; /* key, then text, in bytes */
	unsigned digits;
	unsigned first, last;           /* MASK: characters that stay; both 0: text stands instead */
	unsigned char bytes[];
};

void hide_free(struct hide *h)
{
	if (h)
		explicit_bzero(h->bytes, h->key_length);
	free(h);
}

/* ---- which steps there can be ---- */

static int check_place(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->path.field || s->path.group_count)
		return step_wrong(diag, "a field or a component is expected here, without groups",
		                  "write a path such as PID-3.1");
	if (strcmp(s->path.segment, "MSH") == 0 && (s->path.field <= 2 || s->path.field == MSH_CHARSET))
		return step_wrong(diag, "this field says how the message is read", "leave it out");
	if (strcmp(s->path.segment, "MSH") == 0 &&
	    (s->path.field == 9 || s->path.field == 11 || s->path.field == 12 ||
	     (s->path.field == 10 && s->kind == AFF_STEP_MASK)))
		return step_wrong(diag, "what kind of message this is, and which one, cannot be hidden",
		                  "leave it out; hash can hide MSH-10");
	if (s->for_each[0] && strcmp(s->for_each, s->path.segment) != 0)
		return step_wrong(diag, "`for` and the field are of different segments",
		                  "leave `for` out: every segment is treated");
	return 0;
}

static struct hide *make(size_t key, size_t text)
{
	struct hide *h = calloc(1, sizeof *h + key + text + 1);
	if (h) {
		h->key_length = key;
		h->text_length = text;
	}
	return h;
}

int hide_compile(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	if (asked->key.n && (asked->key.n < KEY_LEAST || asked->key.n > KEY_MOST))
		return step_wrong(diag, "the key has less than 16 or more than 4096 bytes",
		                  "make one: openssl rand -hex 32");
	if (asked->digits < DIGITS_LEAST || asked->digits > DIGITS_MOST)
		return step_wrong(diag, "a pseudonym has from 16 to 64 digits", "leave `length` out");
	step->hide = make(asked->key.n, 0);
	if (!step->hide)
		return AFF_ENOMEM;
	memcpy(step->hide->bytes, asked->key.p, asked->key.n);
	step->hide->digits = asked->digits;
	return 0;
}

/* "first 2": the digit; 0: it is not that. */
static unsigned kept(struct aff_view text, const char *word)
{
	size_t n = strlen(word);
	if (text.n != n + 2 || memcmp(text.p, word, n) != 0 || text.p[n] != ' ' || text.p[n + 1] < '1' ||
	    text.p[n + 1] > '9')
		return 0;
	return (unsigned)(text.p[n + 1] - '0');
}

/* "First 4", "last4", "first 12": meant as a number of characters, and none. */
static bool is_nearly(struct aff_view text, const char *word)
{
	size_t n = strlen(word), i = n;
	if (text.n <= n || strncasecmp(text.p, word, n) != 0)
		return false;
	while (i < text.n && text.p[i] == ' ')
		i++;
	size_t digits = i;
	while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9')
		i++;
	return i > digits && i == text.n;
}

static int compile_mask(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	struct aff_view text = asked->value;
	if (!text.n)
		return step_wrong(diag, "there is nothing to write instead", "write a text such as X, or use delete");
	if ((is_nearly(text, "first") && !kept(text, "first")) || (is_nearly(text, "last") && !kept(text, "last")))
		return step_wrong(diag, "how many characters stay is said by a digit from 1 to 9",
		                  "write first 4 or last 4, in small letters");
	step->hide = make(0, text.n);
	if (!step->hide)
		return AFF_ENOMEM;
	memcpy(step->hide->bytes, text.p, text.n);
	step->hide->first = kept(text, "first");
	step->hide->last = kept(text, "last");
	return 0;
}

/* ---- one text ---- */

int hide_digest(const struct hide *h, struct aff_view text, unsigned char digest[SHA256_SIZE])
{
	return h->key_length ? hmac_sha256(digest, aff_view((const char *)h->bytes, h->key_length), text) : AFF_EKEY;
}

int hide_pseudonym(const struct hide *h, struct aff_view text, unsigned most, struct aff_buf *to)
{
	unsigned char digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE];
	struct aff_buf out = {.p = hex, .allocated = sizeof hex, .max = sizeof hex};
	int rc = hide_digest(h, aff_view_trim(text), digest);
	if (rc)
		return rc;
	hex_put(&out, digest, sizeof digest);
	aff_buf_put(to, hex, h->digits < most ? h->digits : most);
	return 0;
}

/* The pseudonym into run->text. 0, AFF_EKEY or an error. */
static int put_hash(struct run *run, struct aff_view text)
{
	return hide_pseudonym(run->step->hide, text, DIGITS_MOST, &run->text);
}

/* Where character number n begins; the length when there are fewer. */
static size_t character(struct aff_view text, unsigned n)
{
	size_t i = 0;
	for (; i < text.n; i++)
		if (utf8_starts(text.p[i]) && n-- == 0)
			break;
	return i;
}

/* Stars but for the characters that stay; a text that would stay whole is stars altogether. */
static int put_mask(struct run *run, struct aff_view text)
{
	const struct hide *h = run->step->hide;
	unsigned n = (unsigned)utf8_characters(text), first = h->first, last = h->last;
	if (!first && !last)
		return charset_write(&run->charset, &run->text, aff_view((const char *)h->bytes, h->text_length));
#ifndef AFF_MUTANT_82 /* a short text stays as it is */
	if (n <= first + last)
		first = last = 0;
#endif
	size_t from = character(text, first), to = character(text, n > last ? n - last : 0);
	int rc = charset_write(&run->charset, &run->text, aff_view(text.p, from));
	for (unsigned i = first + last; i < n; i++)
		aff_buf_put_char(&run->text, '*');
	return rc || n < last ? rc : charset_write(&run->charset, &run->text, aff_view(text.p + to, text.n - to));
}

/* ---- every repetition ---- */

/* Texts of which bytes cannot be read look alike: two patients would get one pseudonym. */
static bool is_unreadable(struct aff_view text)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
	return memmem(text.p, text.n, replacement, sizeof replacement - 1) != NULL;
}

static bool has(struct aff_view raw, char delimiter)
{
	return delimiter && memchr(raw.p, delimiter, raw.n) != NULL;
}

static int hide_one(struct run *run, unsigned segment, unsigned repetition, int (*put)(struct run *, struct aff_view))
{
	const struct aff_path *path = &run->step->path;
	struct aff_view raw =
		aff_edit_get(run->e, segment, path->field, repetition, path->component, path->subcomponent);
	if (!raw.n || aff_is_null(raw))
		return STEP_DONE;
	if ((!path->component && has(raw, run->delims.component)) ||
	    (!path->subcomponent && has(raw, run->delims.subcomponent)))
		return run_reject(run, AFF_EARGUMENT, segment, path->field,
		                  "this has parts, and each has to be hidden by its own path");
	struct aff_view text = charset_read(&run->charset, &run->key, raw);
	if (run->key.error)
		return run->key.error;
	if (!aff_view_trim(text).n) /* blanks say nothing, and all would have the same pseudonym */
		return STEP_DONE;
	if (put == put_hash && is_unreadable(text))
		return run_reject(run, AFF_ECHARSET, segment, path->field,
		                  "this cannot be read in the message's character set");
	aff_buf_clear(&run->text);
	int rc = put(run, text);
	if (rc == AFF_ECHARSET)
		return run_reject_text(run, segment, path->field);
	if (rc == AFF_EKEY)
		return run_reject(run, rc, segment, path->field, "the key of the pseudonyms is missing");
	rc = rc ? rc : run->text.error;
	return rc ? rc : aff_edit_set(run->e, segment, path->field, repetition, path->component, path->subcomponent,
	                              aff_buf_view(&run->text));
}

static int hide_all(struct run *run, unsigned segment, int (*put)(struct run *, struct aff_view))
{
	const struct aff_path *path = &run->step->path;
	if (path->repetition)
		return hide_one(run, segment, path->repetition, put);
	struct aff_view field = aff_edit_field(run->e, segment, path->field);
	unsigned n = run->delims.repetition ? aff_count(field, run->delims.repetition) : 1;
#ifdef AFF_MUTANT_83 /* the other identifiers of the patient go out */
	n = 1;
#endif
	int rc = STEP_DONE;
	for (unsigned i = 1; i <= n && rc == STEP_DONE; i++)
		rc = hide_one(run, segment, i, put);
	return rc;
}

static int run_hash(struct run *run, unsigned segment)
{
	return hide_all(run, segment, put_hash);
}

/* A text that stands instead of a whole field replaces all that the field has. */
static int run_mask(struct run *run, unsigned segment)
{
	const struct aff_path *path = &run->step->path;
	const struct hide *h = run->step->hide;
	struct aff_view field = aff_edit_field(run->e, segment, path->field);
	if (h->first || h->last || path->component || path->repetition)
		return hide_all(run, segment, put_mask);
	if (!field.n || aff_is_null(field))
		return STEP_DONE;
	aff_buf_clear(&run->text);
	if (put_mask(run, field))
		return run_reject_text(run, segment, path->field);
	return run->text.error ? run->text.error
	                       : aff_edit_set(run->e, segment, path->field, 0, 0, 0, aff_buf_view(&run->text));
}

const struct step_kind step_hash = {
	.name = "hash", .check = check_place, .compile = hide_compile, .run = run_hash, .guards = true
};
const struct step_kind step_mask = {
	.name = "mask", .check = check_place, .compile = compile_mask, .run = run_mask, .guards = true
};
