/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are no measurements of a living person. They stay in the bundle as the words of a dataAbsentReason,
 * never as a value: somebody would act on it. What is merely unlikely is for the site's own limits.
 */
#include "fhir/fhir_internal.h"

#include "terms/limit.h"

/* What was set on a device, and what is in doubt, has no limits. */
static const struct limit *limit_of(const struct row *r)
{
	const struct limit *limit = NULL;
	if (r->setting || r->doubtful)
		return NULL;
	if (r->term)
		return limit_of_term(r->term);
	for (unsigned i = 0; !limit && i < 2; i++)
		if (aff_view_is(r->code.triple[i].system, "LN"))
			limit = limit_of_loinc(r->code.triple[i].code);
	return limit;
}

static const char *number_refused(const struct row *r, const struct limit *limit, struct aff_view text)
{
	struct aff_nm number;
	if (aff_nm_parse(&number, text))
		return NULL;
	switch (limit_judge(limit, r->unit, &number)) {
	case VERDICT_MARKER:
		return "unknown";
	case VERDICT_IMPOSSIBLE:
		return "error";
	case VERDICT_SOUND:
		break;
	}
	return NULL;
}

const char *value_refused(const struct aff_fhir *f, const struct row *r)
{
	struct aff_view type = trimmed(obx(f, r, 2)), value = obx(f, r, 5);
	bool structured = aff_view_is(type, "SN");
	const char *refused = NULL;
	if (!structured && !aff_view_is(type, "NM"))
		return NULL;
	const struct limit *limit = limit_of(r);
	if (structured)
		return number_refused(r, limit, trimmed(component(f, value, 2)));
	while (value.n && !refused) {
		const char *end = f->d.repetition ? memchr(value.p, f->d.repetition, value.n) : NULL;
		size_t n = end ? (size_t)(end - value.p) : value.n;
		refused = number_refused(r, limit, trimmed(aff_view(value.p, n)));
		value = aff_view(value.p + n + (end != NULL), value.n - n - (end != NULL));
	}
	return refused;
}
