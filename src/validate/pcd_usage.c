/* SPDX-License-Identifier: Apache-2.0
 *
 * Required, unused and missing fields and segments of the IHE device transactions, driven by pcd_usage.def.
 */
#include "validate/pcd.h"

enum use { USE_O, USE_R, USE_RE, USE_C, USE_X };

struct pcd_usage {
	char segment[4];
	unsigned field;
	enum check_rule rule; /* RULE_COUNT: none, nothing is required */
	unsigned required, unused; /* enum pcd_kind */
	const char *name;
};

#define KIND(what, use, bit) ((unsigned)(USE_##use == (what)) << (bit))
#define KINDS(what, a, b, c, d, e, f, g)                                                                               \
	(KIND(what, a, 0) | KIND(what, b, 1) | KIND(what, c, 2) | KIND(what, d, 3) | KIND(what, e, 4) |                \
	 KIND(what, f, 5) | KIND(what, g, 6))

static const struct pcd_usage table[] = {
#define REQUIRED(segment, small, field, a, b, c, d, e, f, g, severity, name, why, mend, source)                        \
	{#segment, field, RULE_PCD_##segment##_##field, KINDS(USE_R, a, b, c, d, e, f, g),                             \
	 KINDS(USE_X, a, b, c, d, e, f, g), name},
#define USAGE(segment, field, a, b, c, d, e, f, g, name)                                                               \
	{#segment, field, RULE_COUNT, 0, KINDS(USE_X, a, b, c, d, e, f, g), name},
#include "validate/pcd_usage.def"
#undef REQUIRED
#undef USAGE
};

static const struct pcd_usage *rows_of(struct aff_view id, size_t *count)
{
	const size_t all = sizeof table / sizeof table[0];
	size_t i = id.n == 3 ? 0 : all, n = 0;
	while (i < all && memcmp(table[i].segment, id.p, 3) != 0)
		i++;
	while (i + n < all && memcmp(table[i + n].segment, id.p, 3) == 0)
		n++;
	*count = n;
	return table + i;
}

static enum check_rule unused_rule(const char *segment, unsigned field)
{
	static const struct {
		char segment[4];
		enum check_rule rule;
	} rules[] = {{"MSH", RULE_PCD_MSH_UNUSED}, {"PID", RULE_PCD_PID_UNUSED}, {"PV1", RULE_PCD_PV1_UNUSED},
	             {"OBR", RULE_PCD_OBR_UNUSED}, {"OBX", RULE_PCD_OBX_UNUSED}, {"NTE", RULE_PCD_NTE_UNUSED},
	             {"MSA", RULE_PCD_MSA_UNUSED}};
	if (strcmp(segment, "MSH") == 0 && field == 14)
		return RULE_PCD_CONTINUATION;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (strcmp(segment, rules[i].segment) == 0)
			return rules[i].rule;
	}
	return RULE_PCD_ERR_UNUSED;
}

static void check_row(struct pcd *p, const struct pcd_usage *u, unsigned segment)
{
	bool empty = u->field > aff_msg_fields(p->c->m, segment) || !pcd_has(p, segment, u->field);
	if (empty && u->required & p->kind)
		check_report(p->c, u->rule, pcd_at(segment, u->field), "%s-%u (%s) is empty", u->segment, u->field,
		             u->name);
	else if (!empty && u->unused & p->kind)
		check_report(p->c, unused_rule(u->segment, u->field), pcd_at(segment, u->field),
		             "%s-%u (%s) is filled, and %s does not use it", u->segment, u->field, u->name,
		             p->message->name);
}

void pcd_check_usage(struct pcd *p, unsigned segment)
{
	struct aff_view id = aff_msg_id(p->c->m, segment);
	if (!p->usage_count || id.n != 3 || memcmp(p->usage->segment, id.p, 3) != 0)
		p->usage = rows_of(id, &p->usage_count);
	for (size_t i = 0; i < p->usage_count; i++)
		check_row(p, &p->usage[i], segment);
}

/* ---- segments ---- */

static const struct {
	unsigned kinds;
	const char *id;
	enum check_rule rule;
} required[] = {
	{PCD_OBSERVATION | PCD_EVENT, "PID", RULE_PCD_PID},
	{PCD_ORDER, "PID", RULE_PCD_03_PID},
	{PCD_ORDER, "ORC", RULE_PCD_03_ORC},
	{PCD_ORDER, "RXG", RULE_PCD_03_RXG},
	{PCD_ORDER, "RXR", RULE_PCD_03_RXR},
	{PCD_ORDER_ANSWER | PCD_ACK, "MSA", RULE_PCD_MSA},
	{PCD_STATUS, "MSA", RULE_PCD_05_MSA},
	{PCD_STATUS, "OBR", RULE_PCD_05_OBR},
	{PCD_STATUS, "PRT", RULE_PCD_05_PRT},
};

enum { REQUIRED = sizeof required / sizeof required[0] };

bool check_pcd_requires(const struct check *c, const char *id)
{
	bool found = !c->pcd || aff_msg_find(c->m, id, 0) != AFF_NONE;
	for (size_t i = 0; !found && i < REQUIRED; i++) {
		if (c->pcd->kind & required[i].kinds && strcmp(required[i].id, id) == 0)
			return true;
	}
	return false;
}

static void check_not_there(struct pcd *p, unsigned segment)
{
	static const struct {
		char id[4];
		unsigned kinds;
	} unused[] = {
		{"SFT", PCD_OBSERVATION | PCD_EVENT | PCD_ORDER}, {"PD1", PCD_REPORTS | PCD_ORDER},
		{"PV2", PCD_REPORTS | PCD_ORDER},                 {"ORC", PCD_OBSERVATION | PCD_EVENT},
		{"TQ2", PCD_REPORTS | PCD_ORDER},                 {"CTD", PCD_REPORTS | PCD_ORDER},
		{"FT1", PCD_REPORTS | PCD_ORDER},                 {"CTI", PCD_REPORTS | PCD_ORDER},
		{"SPM", PCD_REPORTS | PCD_ORDER},                 {"NTE", PCD_ORDER},
		{"NK1", PCD_ORDER},                               {"AL1", PCD_ORDER},
		{"RXO", PCD_ORDER},                               {"RXE", PCD_ORDER},
		{"RXC", PCD_ORDER},                               {"OBR", PCD_ORDER},
	};
	if (aff_msg_is(p->c->m, segment, "DSC"))
		check_report(p->c, RULE_PCD_CONTINUATION, (struct place){.segment = segment},
		             "DSC (continuation) is there, and IHE PCD does not use it");
	for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++) {
		if (p->kind & unused[i].kinds && aff_msg_is(p->c->m, segment, unused[i].id)) {
			check_report(p->c, RULE_PCD_SEGMENT_UNUSED, (struct place){.segment = segment},
			             "segment %s is there, and %s does not use it", unused[i].id, p->message->name);
			return;
		}
	}
}

void pcd_check_segments(struct pcd *p)
{
	for (size_t i = 0; i < REQUIRED; i++) {
		if (p->kind & required[i].kinds && aff_msg_find(p->c->m, required[i].id, 0) == AFF_NONE)
			check_report(p->c, required[i].rule, (struct place){.segment = 0},
			             "segment %s is missing from %s", required[i].id, p->message->name);
	}
	for (unsigned i = 1; i < aff_msg_segments(p->c->m); i++)
		check_not_there(p, i);
}
