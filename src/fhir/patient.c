/* SPDX-License-Identifier: Apache-2.0
 *
 * PID as Patient, created only where the server has none with this identifier: a monitor must not overwrite what the
 * hospital's own systems know. A PID that identifies nobody makes no Patient at all (rows.c).
 */
#include "fhir/fhir_internal.h"

static void put_identifiers(struct aff_fhir *f, const struct party *p)
{
	struct aff_view ids = aff_msg_field(f->m, p->segment, 3);
	unsigned n = aff_count(ids, f->d.repetition), count = 0;
	size_t texts = f->texts.n;
	PUT(f, ",\"identifier\":[");
	for (unsigned i = 1; i <= n && i <= MOST_PARTIES; i++) {
		struct aff_view text = aff_cut(ids, &f->d, i, 0, 0), type;
		struct aff_cx cx;
		struct identity id;
		aff_cx_read(&cx, text, &f->d);
		if (!identity_of_cx(f, &id, &cx))
			continue;
		if (count++)
			PUT(f, ",{");
		else
			PUT(f, "{");
		type = text_plain(f, cx.type);
		if (is_valued(type) && text_is_code(type)) {
			PUT(f, "\"type\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
			       "v2-0203\",\"code\":");
			put_string(f, type);
			PUT(f, "}]},");
		}
		put_identity(f, &id);
		PUT(f, "}");
	}
	PUT(f, "]");
	if (!f->texts.error)
		f->texts.n = texts;
}

/* HL7 table 0200 as far as FHIR has the same use. */
static const char *name_use(struct aff_view type)
{
	static const char *const uses[][2] = {{"L", "official"}, {"R", "official"}, {"D", "usual"},
					      {"M", "maiden"},   {"N", "nickname"}, {"TEMP", "temp"},
					      {"NAV", "temp"},   {"BAD", "old"},    {"MSK", "anonymous"}};
	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
		if (aff_view_is(type, uses[i][0]))
			return uses[i][1];
	return NULL;
}

static void put_list(struct aff_fhir *f, const char *name, struct aff_view a, struct aff_view b)
{
	bool first = is_valued(text_plain(f, a)), second = is_valued(text_plain(f, b));
	if (!first && !second)
		return;
	PUT(f, ",\"");
	put_text(f, name);
	PUT(f, "\":[");
	if (first)
		put_string(f, text_plain(f, a));
	if (first && second)
		PUT(f, ",");
	if (second)
		put_string(f, text_plain(f, b));
	PUT(f, "]");
}

/* XPN; true when there was a name in it. */
static bool put_name(struct aff_fhir *f, struct aff_view xpn, bool first)
{
	struct aff_view none = {"", 0};
	struct aff_xpn name;
	aff_xpn_read(&name, xpn, &f->d);
	if (!is_valued(text_plain(f, name.family)) && !is_valued(text_plain(f, name.given)) &&
	    !is_valued(text_plain(f, name.further)))
		return false;
	const char *use = name_use(trimmed(name.type));
	if (first)
		PUT(f, ",\"name\":[");
	else
		PUT(f, ",");
	size_t start = f->out->n;
	if (use) {
		PUT(f, ",\"use\":\"");
		put_text(f, use);
		PUT(f, "\"");
	}
	put_member(f, "family", name.family);
	put_list(f, "given", name.given, name.further);
	put_list(f, "prefix", name.prefix, none);
	put_list(f, "suffix", name.suffix, none);
	if (!f->out->error)
		f->out->p[start] = '{'; /* in place of the first member's comma */
	PUT(f, "}");
	return true;
}

static void put_names(struct aff_fhir *f, struct aff_view field)
{
	unsigned n = aff_count(field, f->d.repetition);
	bool first = true;
	for (unsigned i = 1; i <= n && i <= MOST_PARTIES; i++)
		if (put_name(f, aff_cut(field, &f->d, i, 0, 0), first))
			first = false;
	if (!first)
		PUT(f, "]");
}

static void put_gender(struct aff_fhir *f, struct aff_view code)
{
	static const char *const genders[][2] = {{"F", "female"}, {"M", "male"},  {"O", "other"},
						 {"A", "other"},  {"N", "other"}, {"U", "unknown"}};
	for (size_t i = 0; i < sizeof genders / sizeof genders[0]; i++)
		if (aff_view_is(code, genders[i][0])) {
			PUT(f, ",\"gender\":\"");
			put_text(f, genders[i][1]);
			PUT(f, "\"");
		}
}

/* The date alone: a time of birth may lie on another day elsewhere, so it is not moved between zones. */
static void put_birth_date(struct aff_fhir *f, struct aff_view dtm)
{
	struct aff_dtm t;
	if (aff_dtm_read(&t, dtm, &f->d, NULL))
		return;
	if (t.precision > AFF_DTM_DAY)
		t.precision = AFF_DTM_DAY;
	PUT(f, ",\"birthDate\":\"");
	aff_dtm_put_fhir(f->out, &t, NULL);
	PUT(f, "\"");
}

void put_patient(struct aff_fhir *f, const struct party *p, unsigned ordinal)
{
	entry_begin(f, ordinal);
	PUT(f, "{\"resourceType\":\"Patient\"");
	put_identifiers(f, p);
	put_names(f, aff_msg_field(f->m, p->segment, 5));
	put_gender(f, trimmed(component(f, aff_msg_field(f->m, p->segment, 8), 1)));
	put_birth_date(f, aff_msg_field(f->m, p->segment, 7));
	PUT(f, "}");
	if (f->transaction) {
		PUT(f, ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"");
		put_search(f, &p->identity);
		PUT(f, "\"}");
	}
	PUT(f, "}");
}
