/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading what the checks of the IHE device transactions look at: times, codings, identifiers.
 */
#include "base/number.h"
#include "validate/pcd.h"

bool pcd_has(const struct pcd *p, unsigned segment, unsigned field)
{
	return !check_is_empty(p->c, aff_msg_field(p->c->m, segment, field));
}

bool pcd_is_one_of(struct aff_view text, const char *words)
{
	for (const char *w = words + 1, *end; text.n && *w; w = end + 1) {
		end = strchr(w, ' ');
		if (text.n == (size_t)(end - w) && memcmp(text.p, w, text.n) == 0)
			return true;
	}
	return false;
}

bool pcd_time(struct pcd *p, unsigned segment, unsigned field, const char *name, struct aff_dtm *out)
{
	struct aff_view v = pcd_get(p, segment, field, 1), id = aff_msg_id(p->c->m, segment);
	if (!v.n || aff_dtm_parse(out, v))
		return false;
	if (out->precision >= AFF_DTM_HOUR && !out->has_zone)
		check_report(p->c, RULE_PCD_ZONE, pcd_at(segment, field), "%.3s-%u (%s) has no time zone", id.p, field,
		             name);
	if (out->precision < AFF_DTM_SECOND)
		check_report(p->c, RULE_PCD_SECONDS, pcd_at(segment, field), "%.3s-%u (%s) does not say the second",
		             id.p, field, name);
	return true;
}

int pcd_time_compare(const struct aff_dtm *a, const struct aff_dtm *b)
{
	if (a->has_zone != b->has_zone)
		return 0;
	int64_t x = aff_dtm_micros(a, 0), y = aff_dtm_micros(b, 0);
	return x < y ? -1 : x > y;
}

/* ---- codings ---- */

static struct pcd_coding coding_at(struct aff_view field, const struct aff_delims *d, unsigned component)
{
	struct pcd_coding k = {.is_mdc = aff_view_is(aff_cut(field, d, 1, component + 2, 0), "MDC"),
	                       .component = component};
	uint64_t number;
	int conflict = 0;
	if (!k.is_mdc)
		return k;
	k.code = aff_cut(field, d, 1, component, 0);
	k.name = aff_cut(field, d, 1, component + 1, 0);
	if (number_u64(k.code, UINT32_MAX, &number) == 0)
		k.number = (uint32_t)number;
	k.term = aff_term_of_coding(k.code, k.name, &conflict);
	k.conflict = conflict != 0;
	return k;
}

struct pcd_coding pcd_coding_of(const struct pcd *p, unsigned segment, unsigned field)
{
	struct aff_view text = aff_msg_field(p->c->m, segment, field);
	struct pcd_coding k = coding_at(text, &p->c->delims, 1);
	return k.is_mdc ? k : coding_at(text, &p->c->delims, 4);
}

bool pcd_means(const struct pcd_coding *coding, uint32_t number, const char *name)
{
	if (!coding->is_mdc || coding->conflict)
		return false;
	if (coding->term)
		return coding->term->code == number || (coding->term->emit && coding->term->emit == number);
	return coding->number ? coding->number == number : aff_view_is(coding->name, name);
}

/* A name that is no code's may be an old or a maker's spelling. */
void pcd_report_conflict(struct pcd *p, enum check_rule other, enum check_rule unknown, unsigned segment,
                         unsigned field, const struct pcd_coding *k)
{
	struct aff_view id = aff_msg_id(p->c->m, segment);
	if (aff_term_by_refid(k->name))
		check_report(p->c, other, pcd_part(segment, field, k->component),
		             "%.3s-%u: number and name are those of different MDC codes", id.p, field);
	else
		check_report(p->c, unknown, pcd_part(segment, field, k->component + 1),
		             "%.3s-%u: the name is not the one that this MDC number is known by", id.p, field);
}

/* ---- identifiers ---- */

void pcd_check_ei(struct pcd *p, enum check_rule rule, unsigned segment, unsigned field)
{
	struct aff_view id = aff_msg_id(p->c->m, segment);
	if (!pcd_get(p, segment, field, 1).n || pcd_get(p, segment, field, 2).n ||
	    (pcd_get(p, segment, field, 3).n && pcd_get(p, segment, field, 4).n))
		return;
	check_report(p->c, rule, pcd_part(segment, field, 2), "%.3s-%u does not say who gave the number", id.p, field);
}

static bool is_eui64(struct aff_view text)
{
	for (size_t i = 0; i < text.n; i++) {
		char ch = text.p[i];
		if (!((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'F') || (ch >= 'a' && ch <= 'f')))
			return false;
	}
	return text.n == 16;
}

void pcd_check_eui(struct pcd *p, unsigned segment, unsigned field, unsigned repetition, unsigned id, unsigned type)
{
	struct place at = {.segment = segment, .field = field, .repetition = repetition, .component = id};
	struct aff_view name = aff_msg_id(p->c->m, segment);
	struct aff_view kind = aff_msg_get(p->c->m, segment, field, repetition, type, 0);
	if (!pcd_is_one_of(kind, " EUI-64 EUI64 "))
		return;
	if (!is_eui64(aff_msg_get(p->c->m, segment, field, repetition, id, 0)))
		check_report(p->c, RULE_PCD_EUI64, at, "%.3s-%u.%u (EUI-64) is not 16 hexadecimal digits", name.p,
		             field, id);
	at.component = type;
	if (aff_view_is(kind, "EUI64"))
		check_report(p->c, RULE_PCD_EUI64_TYPE, at,
		             "%.3s-%u.%u spells EUI64, IHE spells EUI-64; the sources differ", name.p, field, type);
}
