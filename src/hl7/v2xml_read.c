/* SPDX-License-Identifier: Apache-2.0
 *
 * v2.xml as ER7. Tags come one after the other; only the path of numbers to the current element is kept. A delimiter is
 * written when a value follows it, so nothing ends with delimiters.
 */
#include <afferent/build.h>
#include <afferent/escape.h>
#include <afferent/v2xml.h>

#include "base/xml_read.h"
#include "hl7/delims.h"
#include "hl7/index.h"

enum { DOCUMENT_MAX = 16 << 20, NUMBER_MAX = 65535 };
enum level { FIELD, COMPONENT, SUBCOMPONENT, LEVELS };

struct position {
	unsigned repetition;
	unsigned number[LEVELS];
};

struct reader {
	struct aff_buf *out;
	struct aff_delims d;        /* to write with: no truncation character, which need not be escaped */
	struct aff_buf text;        /* of the current element, in ER7 */
	struct aff_buf delimiters;  /* MSH.1 and MSH.2 as they stand there */
	unsigned depth, segment;    /* elements that are open, and which of them is a segment; 0: none is */
	char id[3];
	bool header, has_delimiters, leaf, in_escape, any;
	bool solid, lined;          /* the text holds more than blanks; a line feed */
	struct position at, written;
	struct xml_place place;
	struct aff_diag diag;       /* code 0: nothing is wrong */
};

static bool fail(struct reader *r, int code, const char *text)
{
	if (!r->diag.code) {
		aff_diag_set(&r->diag, code, "%s", text);
		aff_diag_in(&r->diag, "document", r->place.line, r->place.column);
	}
	return false;
}

/* ---- writing ER7 ---- */

/* MSH.1 and MSH.2 are complete, or will not come. */
static bool put_delimiters(struct reader *r)
{
	size_t start = r->out->n - sizeof r->id;
	struct aff_view given = aff_buf_view(&r->delimiters);
	struct aff_diag unused;
	r->has_delimiters = true;
	if (given.n > 1 && memchr(given.p + 1, given.p[0], given.n - 1))
		return fail(r, AFF_ESYNTAX, "MSH.1 and MSH.2 give no usable delimiters");
	aff_buf_put_view(r->out, given.n ? given : aff_view_of("|^~\\&"));
	if (r->out->error)
		return fail(r, r->out->error, "the message does not fit");
	if (delims_read(&r->d, aff_view(r->out->p + start, r->out->n - start), 0, &unused))
		return fail(r, AFF_ESYNTAX, "MSH.1 and MSH.2 give no usable delimiters");
	r->d.truncation = 0;
	r->written.number[FIELD] = 2;
	return true;
}

static bool put_times(struct reader *r, char delimiter, unsigned n)
{
	if (n && !delimiter)
		return fail(r, AFF_ESYNTAX, "MSH.2 has no delimiter for a part of this message");
	for (; n && !r->out->error; n--)
		aff_buf_put_char(r->out, delimiter);
	return true;
}

/* Moves to one part; what is below it begins anew. */
static bool advance(struct reader *r, unsigned *written, unsigned wanted, char delimiter, unsigned *below)
{
	unsigned steps = wanted - *written;
	*written = wanted;
	if (steps && below)
		*below = 1;
	return put_times(r, delimiter, steps);
}

static bool put_value(struct reader *r)
{
	struct position *w = &r->written, *at = &r->at;
	if (r->text.error)
		return fail(r, r->text.error, "the message does not fit");
	if (!r->text.n || (r->lined && !r->solid))
		return true; /* empty, or a line break between tags */
	if (at->number[FIELD] > w->number[FIELD])
		w->number[COMPONENT] = w->number[SUBCOMPONENT] = 1;
	else if (at->repetition > w->repetition)
		w->number[COMPONENT] = w->number[SUBCOMPONENT] = 1;
	if (!advance(r, &w->number[FIELD], at->number[FIELD], r->d.field, &w->repetition) ||
	    !advance(r, &w->repetition, at->repetition, r->d.repetition, NULL) ||
	    !advance(r, &w->number[COMPONENT], at->number[COMPONENT] ? at->number[COMPONENT] : 1, r->d.component,
	             &w->number[SUBCOMPONENT]) ||
	    !advance(r, &w->number[SUBCOMPONENT], at->number[SUBCOMPONENT] ? at->number[SUBCOMPONENT] : 1,
	             r->d.subcomponent, NULL))
		return false;
	aff_buf_put_view(r->out, aff_buf_view(&r->text));
	return r->out->error ? fail(r, r->out->error, "the message does not fit") : true;
}

/* ---- elements ---- */

/* The number behind the last point of a name; 0: there is none. */
static unsigned number_of(const char *name)
{
	const char *point = strrchr(name, '.');
	unsigned value = 0;
	for (const char *p = point ? point + 1 : ""; *p; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		value = value * 10 + (unsigned)(*p - '0');
		if (value > NUMBER_MAX)
			return 0;
	}
	return value;
}

static bool open_segment(struct reader *r, const char *name)
{
	memcpy(r->id, name, sizeof r->id);
	r->segment = r->depth;
	r->header = strcmp(name, "MSH") == 0;
	if (r->header == r->any)
		return fail(r, AFF_ESYNTAX, r->any ? "a second MSH" : "the first segment is not MSH");
	if (strcmp(name, "FHS") == 0 || strcmp(name, "BHS") == 0)
		return fail(r, AFF_ESYNTAX, "a batch is no message");
	r->any = true;
	memset(&r->at, 0, sizeof r->at);
	r->written = (struct position){1, {0, 1, 1}};
	aff_buf_put(r->out, name, sizeof r->id);
	return true;
}

static bool open_part(struct reader *r, const char *name)
{
	unsigned level = r->depth - r->segment - 1, number = number_of(name);
	if (level >= LEVELS)
		return fail(r, AFF_ESYNTAX, "an element below a subcomponent");
	if (!number || (level == FIELD && (strlen(name) < 4 || memcmp(name, r->id, 3) != 0 || name[3] != '.')))
		return fail(r, AFF_ESYNTAX, "an element that is not called after its place");
	if (level == FIELD && number == r->at.number[FIELD]) {
		r->at.repetition++;
		if (r->header && number <= 2)
			return fail(r, AFF_ESYNTAX, "MSH.1 and MSH.2 do not repeat");
	} else if (number <= r->at.number[level]) {
		return fail(r, AFF_ESYNTAX, "the elements are not in the order of their numbers");
	} else if (level == FIELD) {
		r->at.repetition = 1;
	}
	r->at.number[level] = number;
	for (unsigned l = level + 1; l < LEVELS; l++)
		r->at.number[l] = 0;
	r->leaf = true;
	return !(r->header && number > 2 && level == FIELD && !r->has_delimiters) || put_delimiters(r);
}

static bool is_delimiter_field(const struct reader *r)
{
	return r->header && r->at.number[FIELD] <= 2;
}

/* Nothing that would end it, or the part it stands in. */
static bool is_sequence(struct aff_view v, const struct aff_delims *d)
{
	const char ends[] = {d->field, d->component, d->repetition, d->subcomponent, d->escape};
	for (size_t i = 0; i < v.n; i++) {
		if (((unsigned char)v.p[i] < ' ' && v.p[i] != '\t') || memchr(ends, v.p[i], sizeof ends))
			return false;
	}
	return true;
}

/* <escape V="..."/>, or without V a lone escape character. */
static bool open_escape(struct reader *r, const struct xml_tag *tag)
{
	const struct xml_attribute *v = NULL;
	for (size_t i = 0; i < tag->count; i++)
		v = strcmp(tag->attributes[i].name, "V") == 0 ? &tag->attributes[i] : v;
	if (!r->leaf || is_delimiter_field(r))
		return fail(r, AFF_ESYNTAX, "an <escape> that is not part of a text");
	r->in_escape = r->solid = true;
	if (!r->d.escape || (v && !is_sequence(v->value, &r->d)))
		return fail(r, AFF_ESYNTAX, "an <escape> that cannot be written in this message");
	aff_buf_put_char(&r->text, r->d.escape);
	if (v) {
		aff_buf_put_view(&r->text, v->value);
		aff_buf_put_char(&r->text, r->d.escape);
	}
	return true;
}

static bool is_blank(struct aff_view v)
{
	size_t i = 0;
	while (i < v.n && strchr(" \t\r\n", v.p[i]) && v.p[i])
		i++;
	return i == v.n;
}

static void forget_text(struct reader *r)
{
	aff_buf_clear(&r->text);
	r->solid = r->lined = false;
}

static bool on_open(void *state, const struct xml_tag *tag)
{
	struct reader *r = state;
	r->place = tag->at;
	r->depth++;
	if (r->diag.code)
		return false;
	if (r->in_escape)
		return fail(r, AFF_ESYNTAX, "an element inside an <escape>");
	if (r->segment && strcmp(tag->name, "escape") == 0)
		return open_escape(r, tag);
	if (r->solid)
		return fail(r, AFF_ESYNTAX, "text beside elements");
	forget_text(r);
	if (r->segment)
		return open_part(r, tag->name);
	if (r->depth == 1)
		return true;
	if (index_is_id(tag->name, strlen(tag->name)))
		return open_segment(r, tag->name);
	return strchr(tag->name, '.') ? true : fail(r, AFF_ESYNTAX, "an element that is neither a group nor a segment");
}

/* MSH.1 is one character, the usual one where only MSH.2 is there: the first of MSH.2 must not be taken for it. */
static void close_delimiters(struct reader *r)
{
	bool separator = r->at.number[FIELD] == 1;
	if (separator && r->text.n != 1)
		fail(r, AFF_ESYNTAX, "MSH.1 is not one character");
	if (!separator && !r->delimiters.n)
		aff_buf_put_char(&r->delimiters, aff_delims_default.field);
	aff_buf_put_view(&r->delimiters, aff_buf_view(&r->text));
}

static void close_part(struct reader *r)
{
	if (r->leaf && !r->diag.code) {
		if (is_delimiter_field(r))
			close_delimiters(r);
		else
			put_value(r);
	}
	r->leaf = false;
	forget_text(r);
}

static void on_close(void *state)
{
	struct reader *r = state;
	if (r->in_escape) {
		r->in_escape = false;
	} else if (r->segment && r->depth > r->segment) {
		close_part(r);
	} else if (r->segment) {
		if (r->header && !r->has_delimiters && !r->diag.code)
			put_delimiters(r);
		aff_buf_put_char(r->out, '\r');
		r->segment = 0;
	}
	r->depth--;
}

static void on_text(void *state, struct aff_view text)
{
	struct reader *r = state;
	bool solid = !is_blank(text);
	r->solid |= solid && r->leaf;
	r->lined |= memchr(text.p, '\n', text.n) != NULL;
	if (r->in_escape || !r->leaf) {
		if (solid)
			fail(r, AFF_ESYNTAX, "text between elements");
	} else if (is_delimiter_field(r)) {
		aff_buf_put_view(&r->text, text);
	} else {
		aff_escape(&r->text, text, &r->d);
	}
}

/* What libxml2 tells may quote the document, which holds values. */
static int from_findings(struct reader *r, int rc, const struct aff_diag_list *findings)
{
	const struct aff_diag *first = findings->count ? &findings->items[0] : NULL;
	if (rc == AFF_ENOMEM)
		return aff_diag_set(&r->diag, AFF_ENOMEM, "out of memory");
	if (first && strncmp(first->text, "not XML", 7) != 0)
		aff_diag_set(&r->diag, AFF_ESYNTAX, "%s", first->text);
	else
		aff_diag_set(&r->diag, AFF_ESYNTAX, "the document is not well-formed XML");
	if (first)
		aff_diag_in(&r->diag, "document", first->line, first->column);
	return AFF_ESYNTAX;
}

int aff_v2xml_read(struct aff_buf *out, struct aff_view xml, struct aff_diag *diag)
{
	struct reader r = {.out = out};
	struct aff_diag_list findings;
	struct xml_report report = {.source = "", .findings = &findings};
	struct xml_handler handler = {on_open, on_close, on_text, &r};
	aff_buf_init(&r.text, DOCUMENT_MAX);
	aff_buf_init(&r.delimiters, NUMBER_MAX);
	aff_diag_list_init(&findings, 1);
	int rc = xml_read(xml, DOCUMENT_MAX, &handler, &report);
	if (!r.diag.code && rc)
		from_findings(&r, rc, &findings);
	if (!r.diag.code && !r.any)
		fail(&r, AFF_ESYNTAX, "there is no MSH in it");
	if (!r.diag.code && (r.text.error || out->error))
		fail(&r, out->error ? out->error : r.text.error, "the message does not fit");
	aff_diag_list_free(&findings);
	aff_buf_free(&r.delimiters);
	aff_buf_free(&r.text);
	if (r.diag.code && diag)
		*diag = r.diag;
	return r.diag.code;
}
