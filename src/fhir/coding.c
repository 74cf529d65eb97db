/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes: CWE as CodeableConcept, and Observation.code. LOINC first, then MDC, then what else was sent. What is
 * not known is kept in the sender's words: a number and a name that do not belong together become text, so that
 * nobody reads one of them as the truth.
 */
#include "fhir/fhir_internal.h"

#include "base/number.h"

#define MDC_SYSTEM "urn:iso:std:iso:11073:10101"

enum { PARTS = 12 };

void cwe_split(const struct aff_fhir *f, struct cwe *out, struct aff_view field)
{
	struct aff_view part[PARTS];
	size_t n = aff_components(part, PARTS, field, &f->d);
	while (n--)
		part[n] = trimmed(part[n]);
	*out = (struct cwe){
		{{part[0], part[1], part[2]}, {part[3], part[4], part[5]}, {part[9], part[10], part[11]}}, part[8]};
}

static bool is_table(struct aff_view system)
{
	return system.n == 7 && memcmp(system.p, "HL7", 3) == 0;
}

/* ,"system":"..." of a coding system as HL7 v2 names it; nothing without a name. */
static void put_coding_system(struct aff_fhir *f, struct aff_view name)
{
	static const struct {
		const char *name, *uri;
	} known[] = {{"MDC", MDC_SYSTEM},
		     {"LN", "http://loinc.org"},
		     {"SCT", "http://snomed.info/sct"},
		     {"UCUM", "http://unitsofmeasure.org"}};
	struct aff_view plain = text_plain(f, name);
	if (!plain.n)
		return;
	PUT(f, "\"system\":\"");
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (aff_view_is(plain, known[i].name)) {
			put_text(f, known[i].uri);
			PUT(f, "\",");
			return;
		}
	if (is_table(plain)) {
		PUT(f, "http://terminology.hl7.org/CodeSystem/v2-");
		encode_uri(f->out, aff_view(plain.p + 3, 4));
	} else
		system_of_base(f, f->out, "codesystem", plain);
	PUT(f, "\",");
}

static void put_loinc(struct aff_fhir *f, const char *code, const char *name)
{
	PUT(f, "{\"system\":\"http://loinc.org\",\"code\":\"");
	put_text(f, code);
	if (name[0]) {
		PUT(f, "\",\"display\":\"");
		put_text(f, name);
	}
	PUT(f, "\"}");
}

static void put_mdc(struct aff_fhir *f, const struct aff_term *term)
{
	PUT(f, "{\"system\":\"" MDC_SYSTEM "\",\"code\":\"");
	aff_buf_put_u64(f->out, term->emit);
	if (term->refid[0]) {
		PUT(f, "\",\"display\":\"");
		put_text(f, term->refid);
	}
	PUT(f, "\"}");
}

/* A coding as it was sent. */
static void put_coding(struct aff_fhir *f, const struct triple *t)
{
	PUT(f, "{");
	put_coding_system(f, t->system);
	PUT(f, "\"code\":");
	put_string(f, text_plain(f, t->code));
	put_member(f, "display", t->name);
	PUT(f, "}");
}

static bool is_mdc_number(struct aff_view code)
{
	uint64_t number;
	return number_u64(code, UINT32_MAX, &number) == 0 && number > 0;
}

enum kind { KIND_TEXT, KIND_MDC, KIND_LOINC, KIND_OTHER, KIND_EMPTY };

/* What can be written of a triple: a coding, or only its words. */
static enum kind kind_of(struct aff_fhir *f, const struct triple *t, const struct aff_term **term)
{
	int conflict = 0;
	*term = NULL;
	if (!t->code.n && !t->name.n)
		return KIND_EMPTY;
	if (aff_view_is(t->system, "MDC")) {
		*term = aff_term_of_coding(t->code, t->name, &conflict);
		if (*term)
			return (*term)->emit ? KIND_MDC : KIND_TEXT;
		return conflict || !is_mdc_number(t->code) ? KIND_TEXT : KIND_OTHER;
	}
	if (aff_is_null(t->code) || !text_is_code(text_plain(f, t->code)))
		return KIND_TEXT;
	return aff_view_is(t->system, "LN") ? KIND_LOINC : KIND_OTHER;
}

/* ,"text":"<code> <name>" */
static void put_words(struct aff_fhir *f, const struct triple *t)
{
	/* 0 is what IHE sends for "no number yet". */
	bool coded = t->code.n && (!aff_view_is(t->code, "0") || !t->name.n);
	PUT(f, "\"text\":\"");
	for (unsigned i = 0; i < 2; i++) {
		struct aff_view plain = text_plain(f, i ? t->name : coded ? t->code : aff_view("", 0));
		if (i && coded && plain.n)
			PUT(f, " ");
		put_contents(f, plain);
	}
	PUT(f, "\"");
}

static void separate(struct aff_fhir *f, unsigned *count)
{
	if ((*count)++)
		PUT(f, ",");
	else
		PUT(f, "{\"coding\":[");
}

/* Closes the codings and adds the text: OBX-3.9, or the words of the triple that could not be coded. */
static void put_text_member(struct aff_fhir *f, unsigned codings, const struct triple *words, struct aff_view original)
{
	bool said = text_plain(f, original).n != 0;
	if (codings)
		PUT(f, "]");
	if (said || words) {
		if (codings)
			PUT(f, ",");
		else
			PUT(f, "{");
		if (said) {
			PUT(f, "\"text\":");
			put_string(f, text_plain(f, original));
		} else
			put_words(f, words);
	}
	PUT(f, "}");
}

static bool is_coded(enum kind kind)
{
	return kind == KIND_MDC || kind == KIND_LOINC || kind == KIND_OTHER;
}

bool put_concept(struct aff_fhir *f, const char *lead, struct aff_view field)
{
	struct cwe cwe;
	const struct triple *words = NULL;
	unsigned codings = 0;
	enum kind kind[TRIPLES];
	const struct aff_term *term[TRIPLES];
	cwe_split(f, &cwe, field);
	for (unsigned i = 0; i < TRIPLES; i++) {
		const struct triple *t = &cwe.triple[i];
		kind[i] = kind_of(f, t, &term[i]);
		if (kind[i] == KIND_TEXT && !words && (text_plain(f, t->code).n || text_plain(f, t->name).n))
			words = t;
	}
	if (!is_coded(kind[0]) && !is_coded(kind[1]) && !is_coded(kind[2]) && !words && !text_plain(f, cwe.original).n)
		return false;
	put_text(f, lead);
	for (unsigned i = 0; i < TRIPLES; i++) {
		if (!is_coded(kind[i]))
			continue;
		separate(f, &codings);
		if (kind[i] == KIND_MDC)
			put_mdc(f, term[i]);
		else
			put_coding(f, &cwe.triple[i]);
	}
	put_text_member(f, codings, words, cwe.original);
	return true;
}

/* true when the unit is of the quantity that the term's LOINC code means (LOINC has one code per quantity). */
static bool loinc_fits(const struct row *r)
{
	const char *ucum = r->term->ucum;
	if (!r->unit || !ucum[0] || strcmp(ucum, r->unit->ucum) == 0)
		return true;
	const struct aff_unit *usual = aff_unit_by_ucum(aff_view_of(ucum));
	return usual && usual->quantity[0] && strcmp(usual->quantity, r->unit->quantity) == 0;
}

/* The codings of the nomenclature; true when LOINC is among them. */
static bool put_term(struct aff_fhir *f, const struct row *r, const struct vital *profile, unsigned *codings)
{
	const struct aff_term *term = r->term;
	bool measured = !r->setting || strcmp(term->kind, "setting") == 0;
	bool fits = measured && term->loinc[0] && loinc_fits(r) &&
		    (profile || !vital_by_loinc(aff_view_of(term->loinc)));
	bool further = profile && term->loinc_vital[0];
	if (fits) {
		separate(f, codings);
		put_loinc(f, term->loinc, term->loinc_name);
	}
	if (further) {
		separate(f, codings);
		put_loinc(f, profile->loinc, profile->name);
	}
	if (term->emit) {
		separate(f, codings);
		put_mdc(f, term);
	}
	return fits || further;
}

/* What may be written of a triple that the nomenclature did not give already. */
static enum kind kind_beside(struct aff_fhir *f, const struct row *r, unsigned i, const struct vital *profile,
			     bool has_loinc, const struct aff_term **term)
{
	const struct triple *t = &r->code.triple[i];
	if (r->term && i == r->term_triple)
		return r->term->emit ? KIND_EMPTY : KIND_TEXT;
	enum kind kind = kind_of(f, t, term);
	if (r->doubtful && (kind == KIND_MDC || kind == KIND_LOINC))
		return KIND_TEXT;
	if (kind == KIND_MDC && *term == r->term)
		return KIND_EMPTY;
	if (kind == KIND_LOINC && has_loinc)
		return KIND_EMPTY;
	if (kind == KIND_LOINC && !profile && vital_by_loinc(t->code))
		return KIND_TEXT;
	return kind == KIND_OTHER && profile && !t->system.n ? KIND_TEXT : kind;
}

void put_code(struct aff_fhir *f, const struct row *r, const struct vital *profile)
{
	const struct triple *words = NULL;
	unsigned codings = 0;
	bool known = r->term && r->term->emit;
	PUT(f, ",\"code\":");
	bool has_loinc = r->term && put_term(f, r, profile, &codings);
	for (unsigned i = 0; i < TRIPLES; i++) {
		const struct aff_term *term;
		const struct triple *t = &r->code.triple[i];
		enum kind kind = kind_beside(f, r, i, profile, has_loinc, &term);
		known |= kind == KIND_LOINC;
		if (kind == KIND_TEXT && !words)
			words = t;
		if (!is_coded(kind))
			continue;
		separate(f, &codings);
		if (kind == KIND_MDC)
			put_mdc(f, term);
		else
			put_coding(f, t);
	}
	f->result.unknown_codes += !known;
	if (codings || words || text_plain(f, r->code.original).n)
		put_text_member(f, codings, words, r->code.original);
	else
		PUT(f, "{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/data-absent-reason\","
		       "\"valueCode\":\"unknown\"}]}");
}
