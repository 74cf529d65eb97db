/* SPDX-License-Identifier: Apache-2.0
 *
 * Observation.value[x] by OBX-2. A value that is not what OBX-2 says gives nothing: the caller then states why
 * it is absent and keeps the words that were sent.
 */
#include <stdio.h>

#include "fhir/fhir_internal.h"

bool value_is_there(const struct aff_fhir *f, const struct row *r)
{
	struct aff_view v = obx(f, r, 5);
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		if (c != ' ' && c != f->d.component && c != f->d.repetition && c != f->d.subcomponent)
			return !aff_is_null(trimmed(v));
	}
	return false;
}

bool value_is_number(const struct aff_fhir *f, const struct row *r)
{
	return aff_view_is(obx(f, r, 2), "NM") && aff_is_number(obx(f, r, 5));
}

static bool put_value_string(struct aff_fhir *f, struct aff_view raw)
{
	struct aff_view plain = text_plain(f, raw);
	if (!plain.n)
		return false;
	PUT(f, ",\"valueString\":");
	put_string(f, plain);
	return true;
}

static bool put_text_value(struct aff_fhir *f, struct aff_view field)
{
	return put_joined(f, ",\"valueString\":", field);
}

static bool put_value_quantity(struct aff_fhir *f, const struct row *r, const char *comparator, struct aff_view number,
			       const struct aff_unit *to)
{
	size_t start = f->out->n;
	PUT(f, ",\"valueQuantity\":{");
	if (!put_quantity(f, r, number, to)) {
		put_undo(f, start);
		return false;
	}
	if (comparator) {
		PUT(f, ",\"comparator\":\"");
		put_text(f, comparator);
		PUT(f, "\"");
	}
	PUT(f, "}");
	return true;
}

/* Several numbers under one code: components with that code, which say nothing more than the code itself does. */
static bool put_numbers(struct aff_fhir *f, const struct row *r, struct aff_view field)
{
	size_t start = f->out->n;
	unsigned count = 0;
	PUT(f, ",\"component\":[");
	while (field.n) {
		const char *end = memchr(field.p, f->d.repetition, field.n);
		size_t n = end ? (size_t)(end - field.p) : field.n;
		PUT(f, "{\"code\":{\"text\":\"");
		aff_buf_put_u64(f->out, ++count);
		PUT(f, "\"},\"valueQuantity\":{");
		if (!put_quantity(f, r, aff_view(field.p, n), NULL)) {
			put_undo(f, start);
			return false;
		}
		field = aff_view(field.p + n + (end != NULL), field.n - n - (end != NULL));
		if (field.n)
			PUT(f, "}},");
		else
			PUT(f, "}}]");
	}
	return true;
}

static bool put_range(struct aff_fhir *f, const struct row *r, struct aff_view low, struct aff_view high)
{
	size_t start = f->out->n;
	struct aff_nm a, b;
	if (aff_nm_parse(&a, low) || aff_nm_parse(&b, high) || aff_nm_compare(&a, &b) > 0)
		return false;
	PUT(f, ",\"valueRange\":{\"low\":{");
	bool put_both = put_quantity(f, r, low, NULL);
	PUT(f, "},\"high\":{");
	put_both = put_both && put_quantity(f, r, high, NULL);
	PUT(f, "}}");
	if (!put_both)
		put_undo(f, start);
	return put_both;
}

static bool put_ratio(struct aff_fhir *f, struct aff_view numerator, struct aff_view denominator)
{
	size_t start = f->out->n;
	if (!aff_is_number(numerator) || !aff_is_number(denominator))
		return false;
	PUT(f, ",\"valueRatio\":{\"numerator\":{\"value\":");
	bool put_both = put_number(f, numerator);
	PUT(f, "},\"denominator\":{\"value\":");
	put_both = put_both && put_number(f, denominator);
	PUT(f, "}}");
	if (!put_both)
		put_undo(f, start);
	return put_both;
}

static bool put_structured(struct aff_fhir *f, const struct row *r, struct aff_view sn)
{
	static const char *const comparators[] = {"<", "<=", ">", ">="};
	struct aff_view sign = trimmed(component(f, sn, 1)), first = component(f, sn, 2);
	struct aff_view separator = trimmed(component(f, sn, 3)), second = component(f, sn, 4);
	bool plain = !sign.n || aff_view_is(sign, "=");
	if (plain && aff_view_is(separator, "-"))
		return put_range(f, r, first, second) || put_value_string(f, sn);
	if (plain && (aff_view_is(separator, ":") || aff_view_is(separator, "/")))
		return put_ratio(f, first, second) || put_value_string(f, sn);
	if (separator.n || is_valued(second))
		return put_value_string(f, sn);
	if (plain)
		return put_value_quantity(f, r, NULL, first, NULL);
	for (size_t i = 0; i < sizeof comparators / sizeof comparators[0]; i++)
		if (aff_view_is(sign, comparators[i]))
			return put_value_quantity(f, r, comparators[i], first, NULL);
	return put_value_string(f, sn);
}

static bool put_value_time(struct aff_fhir *f, struct aff_view field)
{
	struct aff_dtm t;
	if (aff_tm_read(&t, field, NULL, NULL) || t.precision < AFF_DTM_MINUTE || t.has_zone || t.leap_second)
		return put_value_string(f, field);
	PUT(f, ",\"valueTime\":\"");
	aff_buf_printf(f->out, "%02d:%02d:%02d", t.hour, t.minute, t.second);
	if (t.fraction_digits) {
		char digits[16];
		snprintf(digits, sizeof digits, "%04d", t.fraction);
		PUT(f, ".");
		put(f, digits, (size_t)t.fraction_digits);
	}
	PUT(f, "\"");
	return true;
}

static bool put_value_period(struct aff_fhir *f, struct aff_view field)
{
	size_t start = f->out->n;
	PUT(f, ",\"valuePeriod\":{");
	bool is_period = put_period_members(f, component(f, field, 1), component(f, field, 2));
	PUT(f, "}");
	if (!is_period)
		put_undo(f, start);
	return is_period;
}

static bool put_value_date_time(struct aff_fhir *f, struct aff_view field)
{
	size_t start = f->out->n;
	PUT(f, ",\"valueDateTime\":");
	bool is_time = put_date_time(f, field);
	if (!is_time)
		put_undo(f, start);
	return is_time;
}

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
	       c == '=';
}

/* ED with base64: R4 has no attachment among the values, R5's stands in as an extension. */
static bool put_attachment(struct aff_fhir *f, struct aff_view field)
{
	static const char *const types[][2] = {{"PDF", "application/pdf"}, {"JPEG", "image/jpeg"},
					       {"JPG", "image/jpeg"},      {"PNG", "image/png"},
					       {"GIF", "image/gif"},       {"TIFF", "image/tiff"}};
	struct aff_view kind = trimmed(component(f, field, 3)), data = component(f, field, 5);
	size_t start = f->out->n, count = 0;
	if (!aff_view_is(trimmed(component(f, field, 4)), "Base64"))
		return false;
	PUT(f, ",\"extension\":[{\"url\":\"https://hl7.org/fhir/5.0/StructureDefinition/"
	       "extension-Observation.valueAttachment\","
	       "\"valueAttachment\":{");
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (aff_view_is(kind, types[i][0])) {
			PUT(f, "\"contentType\":\"");
			put_text(f, types[i][1]);
			PUT(f, "\",");
		}
	PUT(f, "\"data\":\"");
	for (size_t i = 0; i < data.n; i++) {
		if (is_base64(data.p[i])) {
			put(f, data.p + i, 1);
			count++;
		} else if (data.p[i] != ' ') {
			put_undo(f, start);
			return false;
		}
	}
	PUT(f, "\"}}]");
	if (!count || count % 4)
		put_undo(f, start);
	return count && count % 4 == 0;
}

bool put_value(struct aff_fhir *f, const struct row *r, const struct aff_unit *to)
{
	struct aff_view type = trimmed(obx(f, r, 2)), field = obx(f, r, 5);
	if (aff_view_is(type, "NM"))
		return is_repeated(f, field) ? put_numbers(f, r, field)
					     : put_value_quantity(f, r, NULL, text_plain(f, field), to);
	if (aff_view_is(type, "SN"))
		return put_structured(f, r, field);
	if (aff_view_is(type, "CWE") || aff_view_is(type, "CE") || aff_view_is(type, "CNE") ||
	    aff_view_is(type, "CF") || aff_view_is(type, "IS") || aff_view_is(type, "ID"))
		return put_concept(f, ",\"valueCodeableConcept\":", aff_cut(field, &f->d, 1, 0, 0));
	if (aff_view_is(type, "NA") || aff_view_is(type, "MA"))
		return put_sampled(f, r);
	if (aff_view_is(type, "DTM") || aff_view_is(type, "TS") || aff_view_is(type, "DT"))
		return put_value_date_time(f, field);
	if (aff_view_is(type, "TM"))
		return put_value_time(f, field);
	if (aff_view_is(type, "DR"))
		return put_value_period(f, field);
	if (aff_view_is(type, "NR"))
		return put_range(f, r, component(f, field, 1), component(f, field, 2)) || put_value_string(f, field);
	if (aff_view_is(type, "ED"))
		return put_attachment(f, field);
	return put_text_value(f, field);
}
