/* SPDX-License-Identifier: Apache-2.0
 *
 * One OBX as one Observation. Its identifier is made of what the sender said and nothing else, so that the same
 * message gives the same identifier again and a conditional create finds what is there already.
 */
#include "fhir/fhir_internal.h"

#include "base/number.h"

/* Letters, digits, '.' and '-' stay; the rest becomes '_', so that the identifier needs no escapes anywhere. */
static void put_safe(struct aff_buf *out, struct aff_view text)
{
	char *to = aff_buf_reserve(out, text.n);
	if (!to)
		return;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool safe = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
			    c == '-';
		to[i] = safe ? c : '_';
	}
	out->n += text.n;
}

/* What a sample put in place of a reading (rules/sample_stats.c) is not that reading: one server may get both. */
static struct aff_view statistic_of(const struct aff_fhir *f, const struct row *r)
{
	struct aff_view method = obx(f, r, 17);
	if (!method.n || !aff_view_is(aff_cut(method, &f->d, 1, 6, 0), "99AFFERENT"))
		return aff_view("", 0);
	return aff_cut(method, &f->d, 1, 4, 0);
}

/* What stands behind "<message>.": "<OBR>.<OBX-4>.<code>", with ".2" and so on when a message says the same twice. */
static void make_identifier(struct aff_fhir *f, const struct row *r, struct aff_view code)
{
	struct aff_buf *out = &f->identifier;
	aff_buf_clear(out);
	aff_buf_put_u64(out, r->obr_number);
	aff_buf_put_char(out, '.');
	put_safe(out, r->place);
	aff_buf_put_char(out, '.');
	put_safe(out, code);
	struct aff_view statistic = statistic_of(f, r);
	if (statistic.n) {
		aff_buf_put_char(out, '.');
		put_safe(out, statistic);
	}
	size_t n = out->n;
	for (uint64_t again = 2; !out->error && !seen_add(f, aff_buf_view(out)); again++) {
		out->n = n;
		aff_buf_put_char(out, '.');
		aff_buf_put_u64(out, again);
	}
}

/* OBX-21, where the sender names the observation itself. */
static bool own_identifier(struct aff_fhir *f, const struct row *r)
{
	struct aff_view ei = aff_cut(obx(f, r, 21), &f->d, 1, 0, 0);
	size_t start = f->texts.n;
	if (!ei.n || !identity_of_observation(f, &f->own, ei) || f->texts.error)
		return false;
	return seen_add(f, aff_view(f->texts.p + start, f->texts.n - start));
}

static void put_identifier(struct aff_fhir *f, const struct row *r, struct aff_view code)
{
	f->has_own = own_identifier(f, r);
	PUT(f, ",\"identifier\":[{");
	if (f->has_own) {
		PUT(f, "\"type\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
		       "v2-0203\",\"code\":\"FILL\"}]},");
		put_identity(f, &f->own);
	} else {
		make_identifier(f, r, code);
		put(f, f->member.p, f->member.n);
		put(f, f->identifier.p, f->identifier.n);
		PUT(f, "\"");
	}
	PUT(f, "}]");
}

void put_head(struct aff_fhir *f, const struct row *r, struct aff_view code, const struct flags *flags, bool vital)
{
	PUT(f, "{\"resourceType\":\"Observation\"");
	put_security(f, flags);
	put_identifier(f, r, code);
	PUT(f, ",\"status\":\"");
	put_text(f, status_code(f, r, flags));
	PUT(f, "\"");
	if (vital)
		PUT(f, ",\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
		       "observation-category\","
		       "\"code\":\"vital-signs\"}]}]");
}

void put_context(struct aff_fhir *f, const struct row *r, struct aff_view effective)
{
	if (r->patient != AFF_NONE) {
		PUT(f, ",\"subject\":{\"reference\":\"");
		put_full_url(f, patient_ordinal(f, r->patient));
		PUT(f, "\"}");
	} else
		PUT(f, ",\"subject\":{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/"
		       "data-absent-reason\","
		       "\"valueCode\":\"unknown\"}]}");
	put(f, effective.p, effective.n);
}

bool put_notes(struct aff_fhir *f, const struct row *r, bool first)
{
	bool some = false;
	for (unsigned i = r->segment + 1; aff_msg_is(f->m, i, "NTE"); i++) {
		const char *lead = first && !some ? ",\"note\":[{\"text\":" : ",{\"text\":";
		if (!put_joined(f, lead, aff_msg_field(f->m, i, 3)))
			continue;
		PUT(f, "}");
		some = true;
	}
	return some;
}

void put_tail(struct aff_fhir *f, const struct row *r)
{
	struct aff_view site = obx(f, r, 20), method = obx(f, r, 17);
	if (site.n)
		put_concept(f, ",\"bodySite\":", aff_cut(site, &f->d, 1, 0, 0));
	if (method.n)
		put_concept(f, ",\"method\":", aff_cut(method, &f->d, 1, 0, 0));
	if (r->device != AFF_NONE) {
		PUT(f, ",\"device\":{\"reference\":\"");
		put_full_url(f, device_ordinal(f, r->device));
		PUT(f, "\"}");
	}
}

void put_request(struct aff_fhir *f)
{
	if (!f->transaction)
		return;
	PUT(f, ",\"request\":{\"method\":\"POST\",\"url\":\"Observation\",\"ifNoneExist\":\"");
	if (f->has_own)
		put_search(f, &f->own);
	else {
		put(f, f->search.p, f->search.n);
		put(f, f->identifier.p, f->identifier.n);
	}
	PUT(f, "\"}");
}

void put_result(struct aff_fhir *f, const struct row *r, const struct flags *flags, const struct aff_unit *to)
{
	struct aff_view unit = obx(f, r, 6);
	const char *refused = value_refused(f, r);
	if (!value_is_there(f, r) || flags->unreliable) {
		bool not_asked = aff_view_is(trimmed(obx(f, r, 11)), "N");
		put_absent(f, flags->absent ? flags->absent : not_asked ? "not-asked" : "unknown", aff_view("", 0));
		return;
	}
	if (refused) {
		put_absent(f, refused, obx(f, r, 5));
		return;
	}
	if (!put_value(f, r, to)) {
		put_absent(f, "error", obx(f, r, 5));
		return;
	}
	f->result.unknown_units += !r->unit && is_valued(unit);
	put_interpretation(f, obx(f, r, 8));
}

/* The vital signs profile that the row can meet, or NULL; *to: the unit its value is written in. */
static const struct vital *profile_of(struct aff_fhir *f, const struct row *r, const struct flags *flags, bool dated,
				      const struct aff_unit **to)
{
	const struct vital *v = dated ? vital_of(r) : NULL;
	if (!v || !v->units[0][0])
		return NULL;
	if (!value_is_there(f, r) || flags->unreliable || value_refused(f, r))
		return v;
	if (!aff_view_equal(obx(f, r, 2), aff_view("NM", 2)) || is_repeated(f, obx(f, r, 5)))
		return NULL;
	*to = vital_unit(v, r->unit);
	return *to ? v : NULL;
}

void put_observation(struct aff_fhir *f, const struct row *r, unsigned ordinal)
{
	struct flags flags;
	const struct aff_unit *to = NULL;
	const struct triple *code = &r->code.triple[0];
	struct aff_view effective = effective_of(f, r);
	flags_read(&flags, f, obx(f, r, 8));
	const struct vital *profile = profile_of(f, r, &flags, effective_to_day(effective), &to);
	entry_begin(f, ordinal);
	put_head(f, r, code->code.n && !aff_view_is(code->code, "0") ? code->code : code->name, &flags,
		 profile != NULL);
	put_code(f, r, profile);
	put_context(f, r, effective);
	put_result(f, r, &flags, to);
	if (put_notes(f, r, true))
		PUT(f, "]");
	put_tail(f, r);
	put_reference_range(f, r, to);
	PUT(f, "}");
	put_request(f);
	PUT(f, "}");
	f->result.observations++;
}
