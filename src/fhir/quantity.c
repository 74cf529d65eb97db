/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, units and ranges. A number goes from the message into JSON as the digits that were sent; only what
 * JSON does not allow is changed ("+5", "007", ".5", "5."). A unit that no table knows stays text, without a
 * system.
 */
#include "fhir/fhir_internal.h"

enum { MOST_DIGITS = 40 };

bool put_number(struct aff_fhir *f, struct aff_view raw)
{
	struct aff_nm number;
	if (aff_nm_parse(&number, raw) || number.whole.n + number.fraction.n > MOST_DIGITS)
		return false;
	aff_nm_put(f->out, &number);
	return true;
}

void put_unit(struct aff_fhir *f, const struct row *r, const struct aff_unit *to)
{
	const struct aff_unit *unit = to ? to : r->unit;
	if (!unit) {
		struct aff_view field = obx(f, r, 6), name = component(f, field, 2);
		put_member(f, "unit", is_valued(name) ? name : component(f, field, 1));
		return;
	}
	if (unit->symbol[0]) {
		PUT(f, ",\"unit\":\"");
		put_text(f, unit->symbol);
		PUT(f, "\"");
	}
	if (unit->ucum[0]) {
		PUT(f, ",\"system\":\"http://unitsofmeasure.org\",\"code\":\"");
		put_text(f, unit->ucum);
		PUT(f, "\"");
	} else {
		PUT(f, ",\"system\":\"urn:iso:std:iso:11073:10101\",\"code\":\"");
		aff_buf_put_u64(f->out, unit->mdc);
		PUT(f, "\"");
	}
}

/* The number as it is wanted: converted into f->number where that is asked for. */
static bool wanted(struct aff_fhir *f, const struct row *r, struct aff_view *number, const struct aff_unit *to)
{
	if (!to || to == r->unit)
		return true;
	if (!r->unit)
		return false;
	aff_buf_clear(&f->number);
	if (aff_unit_convert(&f->number, *number, r->unit, to) || f->number.error)
		return false;
	*number = aff_buf_view(&f->number);
	return true;
}

bool put_quantity(struct aff_fhir *f, const struct row *r, struct aff_view number, const struct aff_unit *to)
{
	size_t start = f->out->n;
	if (!wanted(f, r, &number, to))
		return false;
	PUT(f, "\"value\":");
	if (!put_number(f, number)) {
		put_undo(f, start);
		return false;
	}
	put_unit(f, r, to);
	return true;
}

static bool in_order(struct aff_view low, struct aff_view high)
{
	struct aff_nm a, b;
	return aff_nm_parse(&a, low) == 0 && aff_nm_parse(&b, high) == 0 && aff_nm_compare(&a, &b) <= 0;
}

/* "90-160", "-10--5", "<500", ">10": the bounds; false when it is neither. */
static bool split_range(struct aff_view text, struct aff_view *low, struct aff_view *high)
{
	*low = *high = aff_view("", 0);
	if (text.n > 1 && (text.p[0] == '<' || text.p[0] == '>')) {
		struct aff_view bound = trimmed(aff_view(text.p + 1, text.n - 1));
		*(text.p[0] == '<' ? high : low) = bound;
		return aff_is_number(bound);
	}
	for (size_t i = 1; i < text.n; i++) {
		if (text.p[i] != '-' || text.p[i - 1] == '-')
			continue;
		*low = trimmed(aff_view(text.p, i));
		*high = trimmed(aff_view(text.p + i + 1, text.n - i - 1));
		return in_order(*low, *high);
	}
	return false;
}

static bool put_bound(struct aff_fhir *f, const struct row *r, const char *name, struct aff_view bound,
		      const struct aff_unit *to)
{
	PUT(f, "\"");
	put_text(f, name);
	PUT(f, "\":{");
	if (!put_quantity(f, r, bound, to))
		return false;
	PUT(f, "}");
	return true;
}

static bool put_bounds(struct aff_fhir *f, const struct row *r, struct aff_view text, const struct aff_unit *to)
{
	struct aff_view low, high;
	size_t start = f->out->n;
	if (!split_range(text, &low, &high))
		return false;
	if (low.n && !put_bound(f, r, "low", low, to))
		goto undo;
	if (low.n && high.n)
		PUT(f, ",");
	if (!high.n || put_bound(f, r, "high", high, to))
		return true;
undo:
	put_undo(f, start);
	return false;
}

void put_reference_range(struct aff_fhir *f, const struct row *r, const struct aff_unit *to)
{
	struct aff_view text = trimmed(obx(f, r, 7));
	if (!is_valued(text_plain(f, text)))
		return;
	PUT(f, ",\"referenceRange\":[{");
	if (put_bounds(f, r, text, to)) {
		/* OBX-7 of a device is what its alarms are set to. */
		if (r->term)
			PUT(f, ",\"type\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/uv/pocd/CodeSystem/"
			       "reference-range-type\","
			       "\"code\":\"alarm-limits\"}]}");
	} else {
		PUT(f, "\"text\":");
		put_string(f, text_plain(f, text));
	}
	PUT(f, "}]");
}
