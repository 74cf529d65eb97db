/* SPDX-License-Identifier: Apache-2.0
 *
 * DEIDENTIFY, one field: whatever is not understood as what it should be is emptied.
 */
#include "rules/deid_field.h"

#include <afferent/dtm.h>
#include <afferent/number.h>

#include "rules/hide.h"

enum {
	CODE_MOST = 64, CODE_PARTS = 8, CONTROL_ID_MOST = 20, OBX_TYPE = 2, OLDEST = 89, DATE_DIGITS = 8,
	YEAR_DIGITS = 4
};

static const int64_t MICROS_A_DAY = INT64_C(86400) * 1000000;

/* ---- days ---- */

int deid_days(struct run *run, struct aff_view id, int *days)
{
	/* Not the digest of the identifier itself: its first digits are the pseudonym, which everybody sees. */
	static const char purpose[] = "deidentify: days";
	unsigned char digest[SHA256_SIZE];
	struct aff_view text = aff_view_trim(charset_read(&run->charset, &run->key, id));
	if (run->key.error)
		return run->key.error;
	aff_buf_clear(&run->text);
	aff_buf_put(&run->text, purpose, sizeof purpose);
#ifdef AFF_MUTANT_87 /* the dates of all patients move by the same days */
	text.n = 0;
#endif
	aff_buf_put_view(&run->text, text);
	int rc = run->text.error ? run->text.error : hide_digest(run->step->hide, aff_buf_view(&run->text), digest);
	if (rc)
		return rc;
	uint64_t number = 0;
	for (size_t i = 0; i < sizeof number; i++)
		number = number << 8 | digest[i];
	*days = 1 + (int)(number % 365);
	return 0;
}

/* ---- one value, appended to run->text ---- */

/* The date that many days earlier; time of day and zone are copied. What is less exact than a day cannot be moved. */
static void put_moved(struct run *run, const struct deid *d, struct aff_view text)
{
	struct aff_dtm t;
	char digits[AFF_DTM_SIZE];
	text = aff_view_trim(text);
	if (!d->days || aff_dtm_parse(&t, text) || t.precision < AFF_DTM_DAY || t.year < 2)
		return;
	t.has_zone = false; /* the calendar's day as it was written */
	aff_dtm_now_text(digits, aff_dtm_micros(&t, 0) - d->days * MICROS_A_DAY);
	aff_buf_put(&run->text, digits, DATE_DIGITS);
	aff_buf_put(&run->text, text.p + DATE_DIGITS, text.n - DATE_DIGITS);
}

static void put_birth(struct run *run, const struct deid *d, struct aff_view text)
{
	struct aff_dtm t;
	text = aff_view_trim(text);
	if (d->year && !aff_dtm_parse(&t, text) && t.year <= d->year && d->year - t.year <= OLDEST)
		aff_buf_put(&run->text, text.p, YEAR_DIGITS);
}

static int put_pseudonym(struct run *run, struct aff_view raw, unsigned most)
{
	if (!raw.n || aff_is_null(raw))
		return 0;
	struct aff_view text = charset_read(&run->charset, &run->key, raw);
	if (run->key.error)
		return run->key.error;
	return aff_view_trim(text).n ? hide_pseudonym(run->step->hide, text, most, &run->text) : 0;
}

static void put_delimiter(struct run *run, char delimiter)
{
	if (delimiter)
		aff_buf_put_char(&run->text, delimiter);
}

/* ---- codes ---- */

static bool is_word(struct aff_view text)
{
	text = aff_view_trim(text);
	return text.n && text.n <= CODE_MOST && !memchr(text.p, ' ', text.n) && !memchr(text.p, '\t', text.n);
}

/* Components 1-3 and 4-6 are code, name and system, 7 and 8 the systems' versions. A name without a code may be any
 * text, and what the user wrote (9) is text. */
static void put_code(struct run *run, const struct aff_view part[CODE_PARTS], bool words)
{
	bool keep[2];
	for (size_t i = 0; i < 2; i++)
		keep[i] = words ? is_word(part[3 * i]) : aff_view_trim(part[3 * i]).n > 0;
	for (size_t i = 0; i < CODE_PARTS; i++) {
		if (i)
			put_delimiter(run, run->delims.component);
		if (keep[i < 6 ? i / 3 : i - 6])
			aff_buf_put_view(&run->text, part[i]);
	}
}

static bool is_digits(const struct run *run, struct aff_view text)
{
	static const char signs[] = "0123456789 .,+-<>=/:";
	for (size_t i = 0; i < text.n; i++)
		if (!memchr(signs, text.p[i], sizeof signs - 1) &&
		    (!text.p[i] || (text.p[i] != run->delims.component && text.p[i] != run->delims.subcomponent)))
			return false;
	return true;
}

/* ---- a repetition ---- */

static int put_person_id(struct run *run, const struct aff_view part[CODE_PARTS])
{
	struct aff_delims below = aff_delims_below(&run->delims);
	size_t from = run->text.n;
	int rc = put_pseudonym(run, part[0], 2 * SHA256_SIZE);
	if (rc || run->text.n == from)
		return rc;
	for (int i = 0; i < 3; i++)
		put_delimiter(run, run->delims.component);
	if (run->delims.component) {
		aff_buf_put_view(&run->text, aff_primitive(part[3], &below));
		put_delimiter(run, run->delims.component);
		aff_buf_put_view(&run->text, is_word(part[4]) ? part[4] : aff_view("", 0));
	}
	return 0;
}

static int put_repetition(struct run *run, const struct deid *d, struct aff_view raw, enum deid_how how)
{
	struct aff_view part[CODE_PARTS];
	struct aff_dtm time;
	for (size_t i = 0; i < CODE_PARTS; i++)
		part[i] = aff_view("", 0);
	aff_components(part, CODE_PARTS, raw, &run->delims);
	switch (how) {
	case DEID_FIRST:
		aff_buf_put_view(&run->text, aff_primitive(raw, &run->delims));
		return 0;
	case DEID_CODE:
	case DEID_NAMED_CODE:
		put_code(run, part, how == DEID_CODE);
		return 0;
	case DEID_DIGITS:
		if (is_digits(run, raw))
			aff_buf_put_view(&run->text, raw);
		return 0;
	case DEID_NUMBER:
		if (aff_is_number(aff_view_trim(raw)))
			aff_buf_put_view(&run->text, raw);
		return 0;
	case DEID_TIME:
		if (!aff_tm_read(&time, raw, NULL, NULL))
			aff_buf_put_view(&run->text, raw);
		return 0;
	case DEID_HASH:
		return put_pseudonym(run, part[0], 2 * SHA256_SIZE);
	case DEID_PERSON_ID:
		return put_person_id(run, part);
	case DEID_CONTROL_ID:
		return put_pseudonym(run, raw, CONTROL_ID_MOST);
	case DEID_RANGE:
		put_moved(run, d, part[0]);
		put_delimiter(run, run->delims.component);
		put_moved(run, d, part[1]);
		return 0;
	case DEID_DATE:
		put_moved(run, d, part[0]);
		return 0;
	case DEID_BIRTH:
		put_birth(run, d, part[0]);
		return 0;
	case DEID_EMPTY:
	case DEID_KEEP:
	case DEID_TEXT:
	case DEID_VALUE:
		return 0;
	}
	return 0;
}

/* ---- a field ---- */

/* How a value of a data type is treated. */
static enum deid_how how_of(struct aff_view type)
{
	static const struct {
		const char *type;
		enum deid_how how;
	} types[] = {
		{"NM", DEID_NUMBER}, {"SN", DEID_DIGITS}, {"NA", DEID_DIGITS}, {"MA", DEID_DIGITS}, {"SI", DEID_DIGITS},
		{"NR", DEID_DIGITS}, {"TM", DEID_TIME},   {"CE", DEID_CODE},   {"CF", DEID_CODE},   {"CWE", DEID_CODE},
		{"CNE", DEID_CODE},  {"ID", DEID_CODE},   {"IS", DEID_CODE},   {"DT", DEID_DATE},   {"TS", DEID_DATE},
		{"DTM", DEID_DATE},  {"DR", DEID_RANGE},  {"ST", DEID_TEXT},   {"TX", DEID_TEXT},   {"FT", DEID_TEXT},
		{"ED", DEID_TEXT},   {"RP", DEID_TEXT},
	};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (aff_view_is(type, types[i].type))
			return types[i].how;
	return DEID_EMPTY;
}

/* What an empty part leaves at the end of a repetition or field. */
static void cut_end(struct run *run, size_t from, const char delimiters[3])
{
	struct aff_buf *b = &run->text;
	while (!b->error && b->n > from && memchr(delimiters, b->p[b->n - 1], 3))
		b->n--;
}

static int put_field(struct run *run, const struct deid *d, struct aff_view raw, enum deid_how how)
{
	const char inner[3] = {run->delims.component, run->delims.subcomponent, run->delims.component};
	const char outer[3] = {run->delims.repetition, run->delims.repetition, run->delims.repetition};
	struct aff_parts repetitions = aff_parts(raw, run->delims.repetition);
	struct aff_view one;
	bool more = false;
	aff_buf_clear(&run->text);
	for (int rc = 0; aff_parts_next(&repetitions, &one); more = true) {
		if (more)
			put_delimiter(run, run->delims.repetition);
		size_t from = run->text.n;
		if (aff_is_null(one))
			aff_buf_put_view(&run->text, one);
		else
			rc = put_repetition(run, d, one, how);
		if (rc)
			return rc;
		cut_end(run, from, inner);
	}
	cut_end(run, 0, outer);
	return run->text.error;
}

int deid_field(struct run *run, const struct deid *d, unsigned segment, unsigned field, enum deid_how how)
{
	struct aff_view raw = aff_edit_field(run->e, segment, field);
	if (!raw.n || aff_is_null(raw))
		return 0;
	if (how == DEID_VALUE)
		how = how_of(aff_view_trim(aff_edit_get(run->e, segment, OBX_TYPE, 1, 1, 0)));
	if (how == DEID_KEEP || (how == DEID_TEXT && run->step->keep_text))
		return 0;
	int rc = put_field(run, d, raw, how);
	if (rc == AFF_EKEY)
		return run_reject(run, rc, segment, field, "the key of the pseudonyms is missing");
	if (rc || aff_view_equal(raw, aff_buf_view(&run->text))) /* each change writes the segment anew */
		return rc;
	return aff_edit_set(run->e, segment, field, 0, 0, 0, aff_buf_view(&run->text));
}
