/* SPDX-License-Identifier: Apache-2.0
 *
 * Which segments a message has, and for observation reports (ORU) in which order: HL7 v2 chapter 7, ORU_R01 as the
 * union of versions 2.3 to 2.9. Tolerant as HL7 asks (section 2.7): segments that are not expected are no mistake by
 * themselves.
 */
#include "validate/check.h"

enum { DETAILS_MAX = 9 };

/* What the walk through an observation report has seen of the current patient and order. */
struct walk {
	struct check *c;
	unsigned patient;      /* the PID of the current patient group, AFF_NONE before the first */
	unsigned order;        /* an ORC that waits for its OBR, AFF_NONE */
	unsigned orphan;       /* the first OBX of this patient group before any OBR, AFF_NONE */
	bool visit, request;   /* PV1, OBR seen in this patient group */
	bool any_request;
};

static void sequence(struct check *c, enum aff_severity severity, unsigned segment, const char *text, const char *hint)
{
	check_report_as(c, RULE_SEGMENT_ORDER, severity, (struct place){.segment = segment}, hint, "%s", text);
}

/* ---- segments that a message type cannot do without ---- */

static void check_required(struct check *c)
{
	static const struct {
		const char *type, *segment;
		enum aff_severity severity;
	} required[] = {
		{"ACK", "MSA", AFF_SEVERITY_ERROR},   {"ORA", "MSA", AFF_SEVERITY_WARNING},
		{"RRG", "MSA", AFF_SEVERITY_WARNING}, {"ADT", "EVN", AFF_SEVERITY_WARNING},
		{"ADT", "PID", AFF_SEVERITY_WARNING}, {"RGV", "ORC", AFF_SEVERITY_WARNING},
		{"RGV", "RXG", AFF_SEVERITY_WARNING},
	};
	struct aff_view type = aff_msg_get(c->m, 0, 9, 1, 1, 0);
	for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
		if (aff_view_is(type, required[i].type) && aff_msg_find(c->m, required[i].segment, 0) == AFF_NONE)
			check_report_as(c, RULE_SEGMENT_MISSING, required[i].severity, (struct place){.segment = 0},
			                NULL, "segment %s is missing from %s", required[i].segment, required[i].type);
	}
}

/* ---- the order of observation reports ---- */

/* The current patient group, or the message, ends before segment `next`. */
static void end_group(struct walk *w)
{
	if (w->order != AFF_NONE)
		sequence(w->c, AFF_SEVERITY_WARNING, w->order, "this ORC is not followed by its OBR",
		         "an ORC stands right before its OBR");
	if (w->orphan != AFF_NONE && (!w->request || w->c->version < 260))
		sequence(w->c, AFF_SEVERITY_ERROR, w->orphan, "this OBX stands before any OBR",
		         "the sender must put an OBR before its observations");
	else if (w->patient != AFF_NONE && !w->request)
		sequence(w->c, AFF_SEVERITY_WARNING, w->patient, "no OBR follows this PID",
		         "the sender must add an OBR for each patient");
	w->order = w->orphan = AFF_NONE;
	w->visit = w->request = false;
}

static void walk_patient(struct walk *w, unsigned i)
{
	if (w->patient != AFF_NONE || w->request || w->orphan != AFF_NONE)
		end_group(w);
	w->patient = i;
}

static void walk_visit(struct walk *w, unsigned i)
{
	if (w->patient == AFF_NONE || w->request) {
		sequence(w->c, AFF_SEVERITY_WARNING, i, "this PV1 does not follow its PID",
		         "PV1 stands between PID and OBR");
		return;
	}
	if (w->visit)
		sequence(w->c, AFF_SEVERITY_WARNING, i, "a second PV1 for the same PID", "one PID has one PV1");
	w->visit = true;
}

static void walk_order(struct walk *w, unsigned i)
{
	if (w->order != AFF_NONE)
		sequence(w->c, AFF_SEVERITY_WARNING, w->order, "this ORC is not followed by its OBR",
		         "an ORC stands right before its OBR");
	w->order = i;
}

static void walk_request(struct walk *w)
{
	w->order = AFF_NONE;
	w->request = w->any_request = true;
}

static void walk_note(struct walk *w, unsigned i)
{
	if (w->patient == AFF_NONE && !w->request && w->orphan == AFF_NONE && w->order == AFF_NONE)
		sequence(w->c, AFF_SEVERITY_WARNING, i, "this NTE belongs to nothing",
		         "NTE stands behind the PID, OBR or OBX it comments on");
}

static void walk_detail(struct walk *w, unsigned i)
{
	static const char *const details[DETAILS_MAX] = {"TQ1", "TQ2", "CTD", "FT1", "CTI", "SPM", "SAC", "DEV", "OBX"};
	for (size_t k = 0; k < DETAILS_MAX; k++) {
		if (!aff_msg_is(w->c->m, i, details[k]) || w->request)
			continue;
		if (k + 1 < DETAILS_MAX)
			sequence(w->c, AFF_SEVERITY_WARNING, i, "this segment stands before any OBR",
			         "it belongs behind an OBR");
		else if (w->orphan == AFF_NONE)
			w->orphan = i;
	}
}

static void walk_segment(struct walk *w, unsigned i)
{
	const struct aff_msg *m = w->c->m;
	if (aff_msg_is(m, i, "PID"))
		walk_patient(w, i);
	else if (aff_msg_is(m, i, "PV1"))
		walk_visit(w, i);
	else if (aff_msg_is(m, i, "ORC"))
		walk_order(w, i);
	else if (aff_msg_is(m, i, "OBR"))
		walk_request(w);
	else if (aff_msg_is(m, i, "NTE"))
		walk_note(w, i);
	else if (aff_msg_is(m, i, "DSC") && i + 1 < aff_msg_segments(m))
		sequence(w->c, AFF_SEVERITY_WARNING, i, "segments follow the DSC",
		         "DSC is the last segment of a message");
	else
		walk_detail(w, i);
}

static void check_observation_report(struct check *c)
{
	struct walk w = {.c = c, .patient = AFF_NONE, .order = AFF_NONE, .orphan = AFF_NONE};
	for (unsigned i = 1; i < aff_msg_segments(c->m); i++)
		walk_segment(&w, i);
	bool orphaned = w.orphan != AFF_NONE;
	end_group(&w);
	if (!w.any_request && !orphaned)
		check_report_as(c, RULE_SEGMENT_MISSING, AFF_SEVERITY_ERROR, (struct place){.segment = 0},
		                "the sender must put an OBR before its observations",
		                "segment OBR is missing from ORU");
}

void check_structure(struct check *c)
{
	check_required(c);
	if (aff_view_is(aff_msg_get(c->m, 0, 9, 1, 1, 0), "ORU"))
		check_observation_report(c);
}
