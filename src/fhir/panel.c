/* SPDX-License-Identifier: Apache-2.0
 *
 * Blood pressures by cuff: systolic, diastolic and mean of one measurement (same OBR, same channel, same time)
 * become one Observation with components, as R4's blood pressure profile wants it. What the profile needs and
 * the message lacks is a component with a reason.
 */
#include "fhir/fhir_internal.h"

enum { SYSTOLIC, DIASTOLIC, MEAN, PARTS, MOST_APART = 64 };

static const struct {
	unsigned panel, part[PARTS];
	const char *refid;
} panels[] = {
	{150020, {150021, 150022, 150023}, "MDC_PRESS_BLD_NONINV"},
	{150300, {150301, 150302, 150303}, "MDC_PRESS_CUFF"},
};

static const struct {
	const char *loinc, *name;
} parts[PARTS] = {{"8480-6", "Systolic blood pressure"},
		  {"8462-4", "Diastolic blood pressure"},
		  {"8478-0", "Mean blood pressure"}};

/* Which panel and part a row is; false when it is none. */
static bool part_of(const struct row *r, unsigned *panel, unsigned *part)
{
	for (*panel = 0; r->term && *panel < sizeof panels / sizeof panels[0]; ++*panel)
		for (*part = 0; *part < PARTS; ++*part)
			if (panels[*panel].part[*part] == r->term->code)
				return true;
	return false;
}

bool is_cuff_pressure(const struct row *r)
{
	unsigned panel, part;
	return part_of(r, &panel, &part);
}

/* m.v.c of m.v.c.n, or the row that a compound's parts stand under. */
static struct aff_view parent(struct aff_view place)
{
	for (size_t i = place.n; i-- > 0;)
		if (place.p[i] == '.')
			return aff_view(place.p, i);
	return place;
}

static const struct aff_unit *pressure_unit(const struct row *r)
{
	const struct aff_unit *mmhg = aff_unit_by_ucum(aff_view_of("mm[Hg]"));
	return r->unit && mmhg && strcmp(r->unit->quantity, mmhg->quantity) == 0 ? mmhg : NULL;
}

static bool is_eligible(const struct aff_fhir *f, const struct row *r)
{
	return r->role == ROLE_OBSERVATION && !r->setting &&
	       (!value_is_there(f, r) || (value_is_number(f, r) && pressure_unit(r)));
}

static bool is_together(const struct aff_fhir *f, const struct row *a, const struct row *b)
{
	return a->obr == b->obr && a->patient == b->patient && a->device == b->device &&
	       aff_view_equal(parent(a->place), parent(b->place)) && aff_view_equal(obx(f, a, 14), obx(f, b, 14)) &&
	       aff_view_equal(obx(f, a, 11), obx(f, b, 11)) && aff_view_equal(obx(f, a, 17), obx(f, b, 17)) &&
	       aff_view_equal(obx(f, a, 20), obx(f, b, 20));
}

/* Several measurements that nothing tells apart but their order, and it is not one after the other: whose diastolic
 * pressure is whose is not for us to guess. */
static bool is_ambiguous(const struct aff_fhir *f, size_t head)
{
	const struct row *first = &f->rows[head];
	unsigned panel, other_panel, part, had = 0;
	const unsigned whole = 1u << SYSTOLIC | 1u << DIASTOLIC;
	part_of(first, &panel, &part);
	for (size_t i = head > MOST_APART ? head - MOST_APART : 0; i < f->count && i <= head + MOST_APART; i++) {
		const struct row *r = &f->rows[i];
		if (!part_of(r, &other_panel, &part) || other_panel != panel || !is_together(f, first, r))
			continue;
		if (had & 1u << part) {
			if ((had & whole) != whole)
				return true;
			had = 0;
		}
		had |= 1u << part;
	}
	return false;
}

static void group(struct aff_fhir *f, size_t head)
{
	unsigned panel, part, other_panel, other;
	struct row *first = &f->rows[head], *found[PARTS] = {NULL};
	if (!part_of(first, &panel, &part) || !is_eligible(f, first) || is_ambiguous(f, head))
		return;
	found[part] = first;
	for (size_t i = head + 1; i < f->count && i <= head + MOST_APART; i++) {
		struct row *r = &f->rows[i];
		if (r->obr != first->obr)
			break;
		if (!part_of(r, &other_panel, &other) || other_panel != panel || !is_eligible(f, r) ||
		    !is_together(f, first, r))
			continue;
		if (found[other])
			break;
		found[other] = r;
	}
	if (!found[SYSTOLIC] && !found[DIASTOLIC])
		return;
	for (part = 0; part < PARTS; part++)
		if (found[part]) {
			found[part]->role = found[part] == first ? ROLE_PANEL : ROLE_MEMBER;
			first->parts[part] = (unsigned)(found[part] - f->rows) + 1;
		}
}

void panels_find(struct aff_fhir *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->rows[i].role == ROLE_OBSERVATION && f->rows[i].term)
			group(f, i);
}

static void put_part_code(struct aff_fhir *f, unsigned panel, unsigned part, bool vital)
{
	const struct aff_term *term;
	char code[16];
	struct aff_buf number = {.p = code, .allocated = sizeof code, .max = sizeof code};
	aff_buf_put_u64(&number, panels[panel].part[part]);
	term = aff_term_by_code(aff_buf_view(&number));
	PUT(f, "{\"code\":{\"coding\":[");
	if (vital) {
		PUT(f, "{\"system\":\"http://loinc.org\",\"code\":\"");
		put_text(f, parts[part].loinc);
		PUT(f, "\",\"display\":\"");
		put_text(f, parts[part].name);
		PUT(f, "\"},");
	}
	PUT(f, "{\"system\":\"urn:iso:std:iso:11073:10101\",\"code\":\"");
	aff_buf_put_view(f->out, aff_buf_view(&number));
	PUT(f, "\",\"display\":\"");
	put_text(f, term ? term->refid : "");
	PUT(f, "\"}]}");
}

static void put_parts(struct aff_fhir *f, const struct row *head, unsigned panel, bool vital)
{
	bool first = true;
	PUT(f, ",\"component\":[");
	for (unsigned part = 0; part < PARTS; part++) {
		const struct row *r = head->parts[part] ? &f->rows[head->parts[part] - 1] : NULL;
		if (!r && part == MEAN)
			continue;
		if (!first)
			PUT(f, ",");
		first = false;
		put_part_code(f, panel, part, vital);
		if (r) {
			struct flags flags;
			flags_read(&flags, f, obx(f, r, 8));
			put_result(f, r, &flags, pressure_unit(r));
			put_reference_range(f, r, pressure_unit(r));
		} else
			put_absent(f, "unknown", aff_view("", 0));
		PUT(f, "}");
	}
	PUT(f, "]");
}

/* Of the panel as a whole: one part that is a test, or of doubt, makes it so. */
static void panel_flags(const struct aff_fhir *f, const struct row *head, struct flags *out)
{
	bool praised = true;
	*out = (struct flags){.validated = true, .trust = TRUST_USUAL};
	for (unsigned part = 0; part < PARTS; part++) {
		struct flags flags;
		if (!head->parts[part])
			continue;
		flags_read(&flags, f, obx(f, &f->rows[head->parts[part] - 1], 8));
		out->validated &= flags.validated;
		out->test |= flags.test;
		out->trust = trust_least(out->trust, flags.trust);
		praised &= flags.trust == TRUST_HIGH;
	}
	if (out->trust == TRUST_HIGH && !praised)
		out->trust = TRUST_USUAL;
}

static void put_panel_notes(struct aff_fhir *f, const struct row *head)
{
	bool some = false;
	for (unsigned part = 0; part < PARTS; part++)
		if (head->parts[part])
			some |= put_notes(f, &f->rows[head->parts[part] - 1], !some);
	if (some)
		PUT(f, "]");
}

void put_panel(struct aff_fhir *f, const struct row *head, unsigned ordinal)
{
	struct flags flags;
	unsigned panel, part;
	char code[16];
	struct aff_buf number = {.p = code, .allocated = sizeof code, .max = sizeof code};
	struct aff_view effective = effective_of(f, head);
	bool vital = effective_to_day(effective);
	part_of(head, &panel, &part);
	aff_buf_put_u64(&number, panels[panel].panel);
	panel_flags(f, head, &flags);
	entry_begin(f, ordinal);
	put_head(f, head, aff_buf_view(&number), &flags, vital);
	PUT(f, ",\"code\":{\"coding\":[");
	if (vital)
		PUT(f, "{\"system\":\"http://loinc.org\",\"code\":\"85354-9\","
		       "\"display\":\"Blood pressure panel with all children optional\"},");
	PUT(f, "{\"system\":\"urn:iso:std:iso:11073:10101\",\"code\":\"");
	aff_buf_put_view(f->out, aff_buf_view(&number));
	PUT(f, "\",\"display\":\"");
	put_text(f, panels[panel].refid);
	PUT(f, "\"}]}");
	put_context(f, head, effective);
	put_panel_notes(f, head);
	put_tail(f, head);
	put_parts(f, head, panel, vital);
	PUT(f, "}");
	put_request(f);
	PUT(f, "}");
	f->result.observations++;
}
