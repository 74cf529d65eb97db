/* SPDX-License-Identifier: Apache-2.0
 *
 * PCD-04, an alert: its seven facets and the alert that it continues (IHE DEV TF-2 3.4, B.7.1, B.8.5). A facet is known
 * by its code; before there were codes, by a name without a coding system and by the fifth number of OBX-4.
 */
#include "terms/reading.h"
#include "validate/pcd.h"

enum facet { EVENT, SOURCE, PHASE, STATE, INACTIVATION, PRIORITY, TYPE, FACETS };

struct facet_rule {
	uint32_t code;
	const char *name, *old_name, *words;
	enum check_rule missing, value;
	const char *what;
};

static const struct facet_rule facets[FACETS] = {
	[SOURCE] = {68480, "MDC_ATTR_ALERT_SOURCE", "ALARM_SOURCE", NULL, RULE_PCD_04_SOURCE,
	            RULE_PCD_04_SOURCE_VALUE, "source"},
	[PHASE] = {68481, "MDC_ATTR_EVENT_PHASE", "EVENT_PHASE",
	           " start start_only tpoint present continue update escalate deescalate inactivate acknowledged reset "
	           "stop end ",
	           RULE_PCD_04_PHASE, RULE_PCD_04_PHASE_VALUE, "phase"},
	[STATE] = {68482, "MDC_ATTR_ALARM_STATE", "ALARM_STATE", " inactive active latched ", RULE_PCD_04_STATE,
	           RULE_PCD_04_STATE_VALUE, "state"},
	[INACTIVATION] = {68483, "MDC_ATTR_ALARM_INACTIVATION_STATE", "INACTIVATION_STATE",
	                  " enabled audio-paused audio-off alarm-paused alarm-off alert-acknowledged acknowledged ",
	                  RULE_PCD_04_INACTIVATION, RULE_PCD_04_INACTIVATION_VALUE, "inactivation state"},
	[PRIORITY] = {68484, "MDC_ATTR_ALARM_PRIORITY", "ALARM_PRIORITY", " PN PL PM PH ", RULE_PCD_04_PRIORITY,
	              RULE_PCD_04_PRIORITY_VALUE, "priority"},
	[TYPE] = {68485, "MDC_ATTR_ALERT_TYPE", "ALERT_TYPE", " SP ST SA ", RULE_PCD_04_KIND, RULE_PCD_04_KIND_VALUE,
	          "type"},
};

struct alert {
	struct pcd *p;
	const struct pcd_row *row[FACETS];
	bool told_old;
};

static bool is_misprint(const struct pcd *p, unsigned segment)
{
	return reading_is_misprint(pcd_get(p, segment, 3, 1), pcd_get(p, segment, 3, 2));
}

/* The facet that a name means without a code, or with a misprinted one; FACETS: none. */
static enum facet old_facet(const struct pcd *p, unsigned segment)
{
	struct aff_view code = pcd_get(p, segment, 3, 1), name = pcd_get(p, segment, 3, 2);
	for (unsigned f = SOURCE; f < FACETS; f++) {
		if (aff_view_is(name, facets[f].old_name) || aff_view_is(code, facets[f].old_name) ||
		    (aff_view_is(name, facets[f].name) && is_misprint(p, segment)))
			return (enum facet)f;
	}
	return FACETS;
}

bool pcd_is_old_facet(const struct pcd *p, unsigned segment)
{
	return old_facet(p, segment) != FACETS;
}

/* Which facet the row's code makes it; FACETS when it is none of SOURCE to TYPE. */
static enum facet facet_of_code(struct alert *a, const struct pcd_row *row)
{
	for (unsigned f = SOURCE; row->coding.is_mdc && f < FACETS; f++) {
		if (pcd_means(&row->coding, facets[f].code, facets[f].name))
			return (enum facet)f;
	}
	enum facet old = old_facet(a->p, row->segment);
	bool misprint = is_misprint(a->p, row->segment);
	if (old != FACETS && misprint)
		check_report(a->p->c, RULE_PCD_04_MISPRINT, pcd_at(row->segment, 3),
		             "OBX-3 has a number for this facet that is a misprint; the sources differ");
	else if (old != FACETS && !a->told_old)
		check_report(a->p->c, RULE_PCD_04_NAMES, pcd_at(row->segment, 3),
		             "OBX-3 names facets of the alert as before their codes were given");
	a->told_old |= old != FACETS && !misprint;
	return old;
}

/* The event: a code of partition 3, or the first facet. A physiological alert's source is its metric. */
static void take_row(struct alert *a, const struct pcd_row *row)
{
	unsigned number = row->place.levels >= 5 ? row->place.n[4] : 0;
	enum facet f = facet_of_code(a, row);
	if (f == FACETS && row->coding.number >> 16 == 3)
		f = EVENT;
	else if (f == FACETS && (number == EVENT + 1 || number == SOURCE + 1))
		f = (enum facet)(number - 1);
	else if (f == FACETS && !row->is_device && !a->row[SOURCE] && pcd_has(a->p, row->segment, 5) && a->row[EVENT] &&
	         row->segment == a->row[EVENT]->segment + 1)
		f = SOURCE;
	if (f == FACETS)
		return;
	if (number && number <= FACETS && number != (unsigned)f + 1)
		check_report(a->p->c, RULE_PCD_04_FACET_NUMBER, pcd_at(row->segment, 4),
		             "the fifth number of OBX-4 is that of another facet than OBX-3");
	if (!a->row[f])
		a->row[f] = row;
}

/* Priority and type may stand in OBX-8 of the event: L~PM~SP. */
static bool is_flagged(const struct alert *a, enum facet f)
{
	const struct pcd_row *event = a->row[EVENT];
	for (unsigned i = 1; event && i <= aff_msg_repetitions(a->p->c->m, event->segment, 8); i++) {
		if (pcd_is_one_of(aff_msg_get(a->p->c->m, event->segment, 8, i, 1, 0), facets[f].words))
			return true;
	}
	return false;
}

static void check_facet(struct alert *a, enum facet f)
{
	const struct facet_rule *rule = &facets[f];
	const struct pcd_row *row = a->row[f];
	if (!row) {
		if (!((f == PRIORITY || f == TYPE) && is_flagged(a, f)))
			check_report(a->p->c, rule->missing, (struct place){.segment = a->p->request},
			             "the alert has no row with its %s", rule->what);
		return;
	}
	if (!rule->words) {
		if (row->coding.number != 0 && row->coding.number >> 16 == 1 && !pcd_has(a->p, row->segment, 5))
			check_report(a->p->c, rule->value, pcd_at(row->segment, 5),
			             "OBX-5 (value) does not say which device the alert comes from");
		return;
	}
	for (unsigned i = 1; i <= aff_msg_repetitions(a->p->c->m, row->segment, 5) || i == 1; i++) {
		struct aff_view word = aff_msg_get(a->p->c->m, row->segment, 5, i, 1, 0);
		bool silent = f == INACTIVATION && !word.n;
		if (!silent && !pcd_is_one_of(word, rule->words))
			check_report(a->p->c, rule->value,
			             (struct place){.segment = row->segment, .field = 5, .repetition = i},
			             "OBX-5 (value) is no %s of an alert", rule->what);
	}
}

/* A physiological alert has the event in OBX-3; others have 196616 there and the event in OBX-5. */
static void check_event(struct alert *a)
{
	const struct pcd_row *row = a->row[EVENT];
	if (!row) {
		check_report(a->p->c, RULE_PCD_04_EVENT, (struct place){.segment = a->p->request},
		             "the alert has no row that says what happened");
		return;
	}
	struct aff_view type = a->row[TYPE] ? pcd_get(a->p, a->row[TYPE]->segment, 5, 1) : aff_view("", 0);
	bool generic = pcd_means(&row->coding, 196616, "MDC_EVT_ALARM");
	struct pcd_coding value = pcd_coding_of(a->p, row->segment, 5);
	if (generic && aff_view_is(type, "SP"))
		check_report(a->p->c, RULE_PCD_04_EVENT_CODE, pcd_at(row->segment, 3),
		             "OBX-3 does not name the event of a physiological alert");
	else if (generic && (!value.is_mdc || (value.number && value.number >> 16 != 3)))
		check_report(a->p->c, RULE_PCD_04_EVENT_VALUE, pcd_at(row->segment, 5),
		             "OBX-5 (value) does not code the event of the alert in MDC");
}

/* EI in components of OBR-3 and in subcomponents of OBR-29.2: compared part by part. */
static bool is_parent_of_itself(const struct pcd *p)
{
	for (unsigned i = 1; i <= 4; i++) {
		if (!aff_view_equal(aff_msg_get(p->c->m, p->request, 3, 1, i, 0),
		                    aff_msg_get(p->c->m, p->request, 29, 1, 2, i)))
			return false;
	}
	return true;
}

/* The phase alone tells the onset; OBR-29 then names the alert that goes on. */
static void check_parent(struct alert *a)
{
	struct pcd *p = a->p;
	if (!a->row[PHASE])
		return;
	struct aff_view phase = pcd_get(p, a->row[PHASE]->segment, 5, 1);
	struct place at = pcd_part(p->request, 29, 2);
	bool named = !check_is_empty(p->c, aff_msg_get(p->c->m, p->request, 29, 1, 2, 0));
	if (pcd_is_one_of(phase, " start start_only tpoint present ")) {
		if (named && !is_parent_of_itself(p))
			check_report(p->c, RULE_PCD_04_PARENT_ONSET, at,
			             "OBR-29.2 (parent) of an onset names another alert than OBR-3");
	} else if (pcd_is_one_of(phase, facets[PHASE].words)) {
		if (!named)
			check_report(p->c, RULE_PCD_04_PARENT, at,
			             "OBR-29.2 (parent) does not name the alert that goes on or ends");
		else if (is_parent_of_itself(p))
			check_report(p->c, RULE_PCD_04_PARENT_SELF, at,
			             "OBR-29.2 (parent) names this very report, not the onset of the alert");
	}
}

void pcd_check_alert(struct pcd *p)
{
	struct alert a = {.p = p};
	for (size_t i = 0; i < p->row_count; i++)
		take_row(&a, &p->rows[i]);
	check_event(&a);
	for (unsigned f = SOURCE; f < FACETS; f++)
		check_facet(&a, (enum facet)f);
	check_parent(&a);
}
