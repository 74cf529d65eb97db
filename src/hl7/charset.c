/* SPDX-License-Identifier: Apache-2.0
 *
 * Which character set a message is in: what MSH-18 says, what the listener's configuration says, and what the bytes
 * themselves show. The bytes are looked at only when they are asked for and MSH-18 leaves something open.
 */
#include "hl7/charset_internal.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "hl7/index.h"

enum { MSH_CHARSET = 18, MSH_METHOD = 20, TEXT_MAX = 64 << 20 };

int aff_charset_new(struct aff_charset **out)
{
	struct aff_charset *c = calloc(1, sizeof *c);
	if (!c)
		return AFF_ENOMEM;
	aff_buf_init(&c->copy, TEXT_MAX);
	aff_buf_init(&c->hex, TEXT_MAX);
	aff_buf_init(&c->shifted, TEXT_MAX);
	aff_buf_init(&c->piece, TEXT_MAX);
	*out = c;
	return 0;
}

void aff_charset_free(struct aff_charset *c)
{
	if (!c)
		return;
	convert_free(c);
	aff_buf_free(&c->copy);
	aff_buf_free(&c->hex);
	aff_buf_free(&c->shifted);
	aff_buf_free(&c->piece);
	free(c);
}

static int refuse(struct aff_diag *diag, const char *what, const char *hint)
{
	aff_diag_set(diag, AFF_ECHARSET, "%s", what);
	aff_diag_at(diag, "MSH", 1, MSH_CHARSET);
	aff_diag_hint(diag, "%s", hint);
	return AFF_ECHARSET;
}

static int refuse_wide(struct aff_diag *diag)
{
	return refuse(diag, "UTF-16 and UTF-32 cannot be sent over MLLP", "let the sender use UNICODE UTF-8");
}

static int check_set(struct aff_charset *c, enum set set, struct aff_diag *diag)
{
	if (set == SET_NONE)
		return refuse(diag, "the character set is not known", "write a value of table 0211, such as 8859/1");
	if (charset_sets[set].kind == KIND_REFUSED)
		return refuse_wide(diag);
	if (!convert_is_there(c, set))
		return refuse(diag, "there is no converter for this character set on this machine",
			      "install the C library's gconv modules");
	return 0;
}

const char *aff_charset_find(struct aff_view name, struct aff_diag *diag)
{
	struct aff_charset *c;
	enum set set = charset_find(name);
	if (aff_charset_new(&c)) {
		aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
		return NULL;
	}
	int rc = check_set(c, set, diag);
	aff_charset_free(c);
	return rc ? NULL : charset_sets[set].name;
}

/* ---- what MSH says ---- */

/* The sets that may be switched to: the repetitions behind the first. A Japanese set is always one of these. */
static void read_others(struct aff_charset *c, struct aff_view field, const struct aff_delims *d)
{
	unsigned n = aff_count(field, d->repetition);
	c->nothers = 0;
	for (unsigned i = 1; i <= n && c->nothers < OTHERS_MOST; i++) {
		enum set set = charset_find(aff_view_trim(aff_cut(field, d, i, 1, 0)));
		if (set != SET_NONE && (i > 1 || charset_sets[set].kind == KIND_JIS) && convert_is_there(c, set))
			c->others[c->nothers++] = set;
	}
}

static bool has_japanese(const struct aff_charset *c)
{
	for (unsigned i = 0; i < c->nothers; i++) {
		if (charset_sets[c->others[i]].kind == KIND_JIS)
			return true;
	}
	return false;
}

static enum method read_method(const struct aff_charset *c, struct aff_view msh20)
{
	if (aff_view_is(msh20, "2.3"))
		return METHOD_SEQUENCES;
	/* Nobody writes Japanese sets in any other way, whether MSH-20 says so or not. */
	return aff_view_is(msh20, "ISO 2022-1994") || (!msh20.n && has_japanese(c)) ? METHOD_ISO2022 : METHOD_NONE;
}

/* Message after message says the same. */
static enum set find_declared(struct aff_charset *c, struct aff_view name)
{
	if (name.n > sizeof c->name)
		return charset_find(name);
	if (!aff_view_equal(name, aff_view(c->name, c->name_n))) {
		memcpy(c->name, name.p, name.n);
		c->name_n = name.n;
		c->named = charset_find(name);
	}
	return c->named;
}

/* Most often a name out of the table itself. */
static enum set find_option(const char *name)
{
	for (unsigned i = 0; i < SET_COUNT; i++) {
		if (charset_sets[i].name == name)
			return (enum set)i;
	}
	return name ? charset_find(aff_view_of(name)) : SET_NONE;
}

/* What is declared, before any other byte is looked at. */
static int read_header(struct aff_charset *c, const struct aff_msg *m, const struct aff_charset_options *o,
		       struct aff_diag *diag)
{
	static const struct aff_charset_options none = {NULL, NULL, false};
	struct aff_view field = aff_msg_field(m, 0, MSH_CHARSET);
	o = o ? o : &none;
	c->declared = c->wire = SET_ASCII;
	c->assume = find_option(o->assume);
	c->overridden = o->override != NULL;
	c->as_declared = o->as_declared;
	c->nothers = 0;
	c->method = METHOD_NONE;
	c->notices = c->damage = 0;
	c->settled = c->plain = c->converted = false;
	if (field.n && !aff_is_null(field)) {
		struct aff_view first = aff_view_trim(aff_cut(field, &m->delims, 1, 1, 0));
		c->declared = first.n ? find_declared(c, first) : SET_ASCII;
		read_others(c, field, &m->delims);
		c->method = read_method(c, aff_view_trim(aff_msg_get(m, 0, MSH_METHOD, 1, 1, 0)));
	}
	if (c->overridden)
		c->declared = find_option(o->override);
	c->wire = c->declared;
	if (c->declared == SET_NONE || charset_sets[c->declared].kind == KIND_JIS)
		c->wire = SET_ASCII;
	int rc = check_set(c, c->wire, diag);
	if (rc)
		c->wire = SET_ASCII;
	c->text = c->wire;
	return rc;
}

/* ---- what the bytes show ---- */

/* Every character above ASCII is UTF-8 and, unless set is SET_NONE, one that this single-byte set has too, or one that
 * read in that set would not be text. */
static bool is_utf8_of(struct aff_charset *c, struct aff_view v, enum set set)
{
	char bytes[2 * CHAR_MOST];
	for (size_t i = 0, n; i < v.n; i += n) {
		n = utf8_length(v.p + i, v.n - i);
		if (!n)
			return false;
		struct aff_view character = aff_view(v.p + i, n);
		if (n > 1 && set != SET_NONE && convert_is_text(c, set, character) &&
		    !convert_char(c, set, character, bytes))
			return false;
	}
	return true;
}

/* Nothing is declared for bytes above 0x7F. */
static void settle_undeclared(struct aff_charset *c, struct aff_view rest)
{
	c->notices |= AFF_CHARSET_UNDECLARED;
	if (is_utf8_of(c, rest, SET_NONE)) {
		c->wire = SET_UTF8;
	} else if (c->assume != SET_NONE && convert_is_there(c, c->assume)) {
		c->wire = c->assume;
		c->notices |= AFF_CHARSET_ASSUMED;
	}
}

void charset_settle(struct aff_charset *c)
{
	if (c->settled)
		return;
	c->settled = true;
	if (c->declared == SET_NONE)
		c->notices |= AFF_CHARSET_UNKNOWN;
	bool switches = c->method == METHOD_ISO2022 && memchr(c->bytes.p, ESC, c->bytes.n) != NULL;
	if (c->wire != SET_UTF8) {
		size_t i = ascii_length(c->bytes.p, c->bytes.n);
		struct aff_view rest = {c->bytes.p + i, c->bytes.n - i};
		bool open = !c->overridden && rest.n;
		if (!rest.n) {
			c->plain = !switches;
		} else if (open && c->wire == SET_ASCII && !switches) {
			settle_undeclared(c, rest);
		} else if (open && charset_sets[c->wire].kind == KIND_SINGLE && !c->as_declared && !switches &&
			   is_utf8_of(c, rest, c->wire)) {
			c->notices |= AFF_CHARSET_MISLABELED;
			c->wire = SET_UTF8;
		}
		c->text = c->wire;
	}
	if (c->wire == SET_UTF8)
		c->plain = !switches;
}

/* A byte of a character may equal a delimiter, and there are such characters. */
static bool must_convert(struct aff_charset *c)
{
	bool unsafe = charset_sets[c->wire].kind == KIND_UNSAFE;
	bool japanese = c->method == METHOD_ISO2022 && has_japanese(c);
	bool assumes = c->wire == SET_ASCII && c->assume != SET_NONE && charset_sets[c->assume].kind == KIND_UNSAFE;
	if (!unsafe && !japanese && !assumes)
		return false;
	charset_settle(c);
	return !c->plain && (charset_sets[c->wire].kind == KIND_UNSAFE ||
			     (japanese && memchr(c->bytes.p, ESC, c->bytes.n)));
}

/* The last byte of a terminator. */
static char end_of(const struct aff_msg *m)
{
	return m->terminator == AFF_TERMINATOR_LF ? '\n' : '\r';
}

/* Reads the MSH in a set; true when it then declares that set, to which c is set. m is over the MSH so read. */
static bool declares(struct aff_charset *c, struct aff_msg *m, struct aff_view msh, enum set set, unsigned lenient,
                     const struct aff_charset_options *o)
{
	bool japanese = charset_sets[set].kind == KIND_JIS;
	c->wire = japanese ? SET_ASCII : set;
	c->method = japanese ? METHOD_ISO2022 : METHOD_NONE;
	aff_buf_clear(&c->copy);
	decode_message(c, &c->copy, msh, end_of(m));
	if (c->copy.error || aff_msg_parse(m, c->copy.p, c->copy.n, lenient, NULL) || read_header(c, m, o, NULL))
		return false;
	return japanese ? has_japanese(c) && c->method == METHOD_ISO2022 : c->declared == set;
}

/* Where a byte of a character in the MSH, such as of the name of a facility, equals the field separator, MSH-18 seems
 * to be another field. Looks for it behind its place. True: m is over the MSH as it is to be read, c is set to it. */
static bool find_moved(struct aff_charset *c, struct aff_msg *m, unsigned lenient, const struct aff_charset_options *o)
{
	enum set found[OTHERS_MOST];
	unsigned n = 0, last = aff_msg_fields(m, 0);
	struct aff_view msh = aff_msg_segment(m, 0);
	bool known = c->overridden || (c->declared != SET_NONE && c->declared != SET_ASCII) || c->nothers;
	if (last <= MSH_CHARSET || known ||
	    (ascii_length(msh.p, msh.n) == msh.n && !memchr(msh.p, ESC, msh.n)))
		return false;
	for (unsigned i = MSH_CHARSET + 1; i <= last && n < OTHERS_MOST; i++) {
		read_others(c, aff_msg_field(m, 0, i), &m->delims);
		enum set first = charset_find(aff_view_trim(aff_msg_get(m, 0, i, 1, 1, 0)));
		if (has_japanese(c))
			found[n++] = SET_JISX0208;
		else if (first != SET_NONE && charset_sets[first].kind == KIND_UNSAFE && convert_is_there(c, first))
			found[n++] = first;
	}
	for (unsigned i = 0; i < n; i++) {
		if (declares(c, m, msh, found[i], lenient, o))
			return true;
	}
	c->nothers = 0;
	if (n) {
		(void)aff_msg_parse(m, c->received.p, c->received.n, lenient, NULL);
		(void)read_header(c, m, o, NULL);
	}
	return false;
}

static bool looks_wide(struct aff_view v)
{
	return v.n >= 4 && (memcmp(v.p, "\xff\xfe", 2) == 0 || memcmp(v.p, "\xfe\xff", 2) == 0 ||
			    memcmp(v.p, "M\0S", 3) == 0 || memcmp(v.p, "\0M\0", 3) == 0 ||
			    memcmp(v.p, "M\0\0\0", 4) == 0 || memcmp(v.p, "\0\0\0M", 4) == 0);
}

int aff_charset_begin(struct aff_charset *c, const struct aff_msg *m, const struct aff_charset_options *options,
		      struct aff_diag *diag)
{
	c->bytes = c->received = m->bytes;
	return read_header(c, m, options, diag);
}

int aff_charset_parse(struct aff_charset *c, struct aff_msg *m, const char *bytes, size_t n, unsigned lenient,
		      const struct aff_charset_options *options, struct aff_diag *diag)
{
	struct aff_diag why = {0};
	int rc = aff_msg_parse(m, bytes, n, lenient, &why);
	c->converted = false;
	if (rc && looks_wide(m->bytes))
		return refuse_wide(diag);
	int unreadable = aff_charset_begin(c, m, options, diag);
	char terminator = end_of(m);
	bool moved = !unreadable && find_moved(c, m, lenient, options);
	m->charset = c;
	if (unreadable)
		return unreadable;
	if (must_convert(c) || moved) {
		aff_buf_clear(&c->copy);
		c->damage = decode_message(c, &c->copy, c->received, terminator);
		if (c->copy.error)
			return aff_diag_set(diag, c->copy.error, "%s", aff_error_text(c->copy.error));
		rc = aff_msg_parse(m, c->copy.p, c->copy.n, lenient, &why);
		m->charset = c;
		c->converted = c->plain = true;
		c->text = SET_UTF8;
	}
	if (rc && diag)
		*diag = why;
	return rc;
}

void aff_charset_relabel(struct aff_charset *c, struct aff_view name)
{
	if (c->converted)
		return;
	c->declared = name.n && !aff_is_null(name) ? find_declared(c, aff_view_trim(name)) : SET_ASCII;
	c->wire = c->declared == SET_NONE || check_set(c, c->declared, NULL) ? SET_ASCII : c->declared;
	c->text = c->wire;
	c->overridden = true;
	c->settled = c->plain = false;
	c->notices = 0;
}

struct aff_charset *aff_charset_of(const struct aff_msg *m)
{
	return m->charset;
}

void aff_charset_attach(struct aff_charset *c, struct aff_msg *m)
{
	m->charset = c;
}

const char *aff_charset_name(struct aff_charset *c)
{
	charset_settle(c);
	return charset_sets[c->wire].name;
}

unsigned aff_charset_notices(struct aff_charset *c)
{
	charset_settle(c);
	return c->notices;
}

bool aff_charset_is_plain(struct aff_charset *c)
{
	charset_settle(c);
	return c->plain;
}

bool aff_charset_is_converted(const struct aff_charset *c)
{
	return c->converted;
}

unsigned aff_charset_damage(const struct aff_charset *c)
{
	return c->damage;
}
