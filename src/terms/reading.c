/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes, units, numbers and flags of one OBX together. What is not known is never held against a reading.
 */
#include "terms/reading.h"

#include "base/number.h"
#include "terms/flag.h"
#include "terms/marker.h"

/* A coding of OBX-3: components 1-3 or 4-6. */
struct coding {
	struct aff_view code, name, system;
};

static struct coding coding_of(const struct aff_view part[3])
{
	return (struct coding){aff_view_trim(part[0]), aff_view_trim(part[1]), aff_view_trim(part[2])};
}

bool reading_is_misprint(struct aff_view code, struct aff_view name)
{
	static const char *const misprints[] = {"684800", "684810", "684820", "8485"};
	for (size_t i = 0; i < sizeof misprints / sizeof misprints[0]; i++) {
		if (aff_view_is(code, misprints[i]))
			return name.n > 9 && memcmp(name.p, "MDC_ATTR_", 9) == 0;
	}
	return false;
}

/* No partition of ISO/IEEE 11073 has the number: a slip or a placeholder, by which nobody charts anything. */
static bool is_no_number(struct aff_view code)
{
	enum { PARTITIONS = 12, DISEASES = 128 };
	uint64_t number;
	return number_u64(code, UINT32_MAX, &number) == 0 && number >> 16 >= PARTITIONS && number >> 16 < DISEASES;
}

static void read_mdc(struct reading *r, const struct coding *c)
{
	uint64_t number;
	int conflict = 0;
	r->mdc = true;
	r->term = aff_term_of_coding(c->code, c->name, &conflict);
	r->partial = r->term && number_u64(c->code, 65535, &number) == 0 && number;
	if (conflict && !reading_is_misprint(c->code, c->name))
		r->faults |= aff_term_by_refid(c->name) && !is_no_number(c->code) ? READING_CODE : READING_NAME;
}

/* A LOINC beside the code of another quantity. */
static bool loinc_contradicts(const struct reading *r, const struct limit *limit)
{
	const struct aff_unit *unit = aff_unit_by_ucum(aff_view_of(limit->unit));
	return unit && !unit_suits(unit, r->term);
}

static void read_code(struct reading *r, struct aff_view cwe, const struct aff_delims *d)
{
	const struct limit *by_loinc = NULL;
	struct aff_view part[6];
	aff_components(part, 6, cwe, d);
	for (unsigned first = 0; first < 6; first += 3) {
		struct coding c = coding_of(part + first);
		if (aff_view_is(c.system, "LN") && !by_loinc)
			by_loinc = limit_of_loinc(c.code);
		else if (aff_view_is(c.system, "MDC") && !r->term && !r->faults)
			read_mdc(r, &c);
	}
	if (r->term && by_loinc && loinc_contradicts(r, by_loinc)) {
		r->faults |= READING_CODE;
		r->term = NULL;
	}
	if (!r->faults)
		r->limit = r->term ? limit_of_term(r->term) : by_loinc;
}

/* OBX-17: what was set on a device is not what a human being has. */
static bool is_setting(struct aff_view method, const struct aff_delims *d)
{
	struct aff_parts repetitions = aff_parts(method, d->repetition);
	struct aff_view text;
	while (aff_parts_next(&repetitions, &text)) {
		struct aff_view m = aff_view_trim(aff_cut(text, d, 1, 1, 0));
		if (aff_view_is(m, "ASET") || aff_view_is(m, "MSET"))
			return true;
	}
	return false;
}

void reading_read(struct reading *out, const struct reading_fields *f, const struct aff_delims *d)
{
	bool conflict = false;
	*out = (struct reading){.term = NULL};
	read_code(out, f->code, d);
	if (f->unit.n && !aff_is_null(f->unit))
		out->unit = unit_read(f->unit, d, &conflict);
	if (conflict)
		out->faults |= READING_UNIT_CODE;
	/* Where no source names the number, the sender's name may be right and the table wrong. */
	if (out->unit && out->term && !unit_suits(out->unit, out->term))
		out->faults |= out->term->refid[0] ? READING_UNIT : READING_NAME;
	if (is_setting(f->method, d))
		out->limit = NULL;
}

unsigned reading_judge_value(const struct reading *r, struct aff_view type, struct aff_view repetition,
                             const struct aff_delims *d)
{
	bool structured = aff_view_is(type, "SN");
	if (!structured && !aff_view_is(type, "NM"))
		return 0;
	struct aff_view text = aff_cut(repetition, d, 1, structured ? 2 : 1, 0);
	struct aff_nm number;
	if (aff_nm_parse(&number, text))
		return marker_is_text(text) ? READING_MARKER : 0;
	switch (limit_judge(r->limit, r->unit, &number)) {
	case VERDICT_MARKER:
		return READING_MARKER;
	case VERDICT_IMPOSSIBLE:
		return READING_IMPOSSIBLE;
	case VERDICT_SOUND:
		break;
	}
	return 0;
}

static unsigned judge_flags(struct aff_view flags, const struct aff_delims *d)
{
	struct aff_parts repetitions = aff_parts(flags, d->repetition);
	struct aff_view text;
	unsigned faults = 0;
	while (aff_parts_next(&repetitions, &text)) {
		switch (flag_of(aff_view_trim(aff_cut(text, d, 1, 1, 0)))) {
		case FLAG_NO_VALUE:
			faults |= READING_FLAG;
			break;
		case FLAG_TEST:
			faults |= READING_TEST;
			break;
		case FLAG_CALIBRATION:
			faults |= READING_CALIBRATION;
			break;
		case FLAG_STATE:
		case FLAG_OTHER:
			break;
		}
	}
	return faults;
}

/* Something that is not a delimiter, and not the null value. */
static bool is_valued(struct aff_view v, const struct aff_delims *d)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != d->component && v.p[i] != d->repetition && v.p[i] != d->subcomponent && v.p[i] != ' ')
			return !aff_is_null(v);
	return false;
}

unsigned reading_judge(const struct reading_fields *f, const struct aff_delims *d)
{
	struct reading r;
	if (!is_valued(f->value, d))
		return 0;
	reading_read(&r, f, d);
	unsigned faults = r.faults | judge_flags(f->flags, d);
	struct aff_parts repetitions = aff_parts(f->value, d->repetition);
	struct aff_view text;
	while (aff_parts_next(&repetitions, &text))
		faults |= reading_judge_value(&r, f->type, text, d);
	return faults;
}
