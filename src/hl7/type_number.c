/* SPDX-License-Identifier: Apache-2.0
 *
 * SI, SN, NR and the numeric arrays NA and MA.
 */
#include <afferent/number.h>

#include "base/number.h"
#include "hl7/type_fail.h"

int aff_si_read(uint32_t *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	uint64_t value;
	if (number_u64(d ? aff_primitive(text, d) : text, UINT32_MAX, &value))
		return type_fail(diag, "SI", 0, LOOKS_SI);
	*out = (uint32_t)value;
	return 0;
}

static const struct aff_nm no_number = {false, {"", 0}, {"", 0}, 0};

static bool is_absent(struct aff_view v)
{
	return !v.n || aff_is_null(v);
}

/* A component that may be missing. Returns false when it is there and no number. */
static bool read_optional(struct aff_nm *out, bool *has, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	text = aff_primitive(text, &below);
	*has = !is_absent(text);
	return !*has || aff_nm_parse(out, text) == 0;
}

static bool read_comparator(enum aff_comparator *out, struct aff_view text)
{
	static const struct {
		const char *text;
		enum aff_comparator comparator;
	} known[] = {{"=", AFF_SN_EQUAL},    {"<", AFF_SN_LESS},           {"<=", AFF_SN_LESS_EQUAL},
	             {">", AFF_SN_GREATER}, {">=", AFF_SN_GREATER_EQUAL}, {"<>", AFF_SN_UNEQUAL}};
	text = aff_view_trim(text);
	*out = AFF_SN_EQUAL;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (aff_view_is(text, known[i].text)) {
			*out = known[i].comparator;
			return true;
		}
	}
	return is_absent(text);
}

static bool read_separator(char *out, struct aff_view text)
{
	text = aff_view_trim(text);
	*out = 0;
	if (is_absent(text))
		return true;
	*out = text.p[0];
	return text.n == 1 && memchr("-+/:.", text.p[0], 5) != NULL;
}

int aff_sn_read(struct aff_sn *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	struct aff_view part[4];
	struct aff_sn sn = {AFF_SN_EQUAL, 0, false, false, no_number, no_number};
	aff_components(part, 4, text, d);
	if (!read_comparator(&sn.comparator, part[0]))
		return type_fail(diag, "SN", 1,
		                 "SN.1 is one of > < >= <= = <> or empty; a plain number stands in SN.2");
	if (!read_separator(&sn.separator, part[2]))
		return type_fail(diag, "SN", 3, "SN.3 is one of - + / : or empty");
	if (!read_optional(&sn.num1, &sn.has_num1, part[1], d))
		return type_fail(diag, "SN", 2, LOOKS_NM);
	if (!read_optional(&sn.num2, &sn.has_num2, part[3], d))
		return type_fail(diag, "SN", 4, LOOKS_NM);
	*out = sn;
	return 0;
}

int aff_nr_read(struct aff_nr *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	struct aff_view part[2];
	struct aff_nr nr = {false, false, no_number, no_number};
	aff_components(part, 2, text, d);
	if (!read_optional(&nr.low, &nr.has_low, part[0], d))
		return type_fail(diag, "NR", 1, LOOKS_NM);
	if (!read_optional(&nr.high, &nr.has_high, part[1], d))
		return type_fail(diag, "NR", 2, LOOKS_NM);
	*out = nr;
	return 0;
}

/* Empty repetitions at the end are not there. */
static struct aff_view without_tail(struct aff_view field, const struct aff_delims *d)
{
	while (field.n && d->repetition && field.p[field.n - 1] == d->repetition)
		field.n--;
	return field;
}

struct aff_array aff_array(struct aff_view field, const struct aff_delims *d)
{
	field = without_tail(field, d);
	return (struct aff_array){field, d->component, d->repetition, field.n > 0, 1, 0, false};
}

int aff_array_next(struct aff_array *a, struct aff_nm *out)
{
	size_t n = 0;
	if (!a->more)
		return AFF_ARRAY_END;
	if (a->row_ended)
		a->at_repetition++;
	a->at_component = a->row_ended ? 1 : a->at_component + 1;
	/* a delimiter of 0 is not in use; a NUL byte in the text then ends no value */
	while (n < a->rest.n && ((a->rest.p[n] != a->component && a->rest.p[n] != a->repetition) || !a->rest.p[n]))
		n++;
	struct aff_view value = aff_view(a->rest.p, n);
	a->more = n < a->rest.n;
	a->row_ended = !a->more || a->rest.p[n] == a->repetition;
	if (a->more)
		a->rest = aff_view(a->rest.p + n + 1, a->rest.n - n - 1);
	if (is_absent(value))
		return AFF_ARRAY_ABSENT;
	int rc = aff_nm_parse(out, value);
	return rc ? rc : AFF_ARRAY_VALUE;
}

int aff_array_shape(struct aff_view field, const struct aff_delims *d, unsigned *rows, unsigned *columns)
{
	struct aff_parts repetitions = aff_parts(without_tail(field, d), d->repetition);
	struct aff_view row;
	unsigned shortest = 0;
	*rows = *columns = 0;
	while (aff_parts_next(&repetitions, &row)) {
		unsigned n = row.n ? aff_count(row, d->component) : 1;
		if (!(*rows)++ || n < shortest)
			shortest = n;
		if (n > *columns)
			*columns = n;
	}
	return shortest == *columns ? 0 : AFF_EDATATYPE;
}
