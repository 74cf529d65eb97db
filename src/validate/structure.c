/* SPDX-License-Identifier: Apache-2.0
 *
 * Which segments a message has, and in which order, by the structure of its type and version. Tolerant as HL7 asks
 * (section 2.7): segments that the structure does not have are no mistake by themselves, and an error is only what
 * takes the meaning from observations or from an answer.
 */
#include "hl7/group.h"
#include "validate/check.h"

struct structure {
	struct check *c;
	bool orphaned;   /* an OBX without an OBR was told */
	unsigned orphan; /* the last such OBX, AFF_NONE */
	bool no_request; /* an observation report has no OBR at all, which is told at its end */
	unsigned dsc;    /* the segment behind which no other may stand, AFF_NONE */
	unsigned last;   /* the last one that was out of order, AFF_NONE: ten OBX in a row are one mistake */
};

static void sequence(struct structure *s, enum aff_severity severity, unsigned segment, const char *text,
                     const char *hint)
{
	check_report_as(s->c, RULE_SEGMENT_ORDER, severity, (struct place){.segment = segment}, hint, "%s", text);
}

/* ---- what is missing ---- */

/* Without an OBR observations belong to no order: told at the first of them, else at what begins the group. */
static void tell_no_request(struct structure *s, const struct aff_group_finding *f)
{
	const struct aff_msg *m = s->c->m;
	unsigned obx = aff_msg_find(m, "OBX", f->segment);
	if (obx != AFF_NONE && obx <= f->last) {
		sequence(s, AFF_SEVERITY_ERROR, obx, "this OBX stands before any OBR",
		         "put an OBR before its observations");
		s->orphaned = true;
		s->orphan = obx;
	} else if (aff_msg_is(m, f->segment, "ORC")) {
		sequence(s, AFF_SEVERITY_WARNING, f->segment, "this ORC is not followed by its OBR",
		         "send each ORC right before its OBR");
	} else if (aff_msg_is(m, f->segment, "PID")) {
		sequence(s, AFF_SEVERITY_WARNING, f->segment, "no OBR follows this PID",
		         "send an OBR for each patient");
	} else if (f->segment) {
		sequence(s, AFF_SEVERITY_WARNING, f->segment, "this segment stands before any OBR",
		         "send it behind its OBR");
	}
}

/* An observation report is nothing without an OBR, whatever its structure. */
static void tell_no_request_at_all(struct structure *s)
{
	static const char hint[] = "put an OBR before its observations";
	unsigned obx = aff_msg_find(s->c->m, "OBX", 0);
	if (s->orphaned)
		return;
	if (obx != AFF_NONE)
		sequence(s, AFF_SEVERITY_ERROR, obx, "this OBX stands before any OBR", hint);
	else
		check_report_as(s->c, RULE_SEGMENT_MISSING, AFF_SEVERITY_ERROR, (struct place){.segment = 0}, hint,
		                "segment OBR is missing from ORU");
}

static void tell_no_segment(struct structure *s, const struct aff_group_finding *f, const char *id)
{
	/* an answer that does not say what it answers is none */
	bool error = strcmp(f->group->name, "ACK") == 0;
	if (strcmp(id, "OBR") == 0)
		tell_no_request(s, f);
	else if (!check_pcd_requires(s->c, id))
		check_report_as(s->c, RULE_SEGMENT_MISSING, error ? AFF_SEVERITY_ERROR : AFF_SEVERITY_WARNING,
		                (struct place){.segment = f->segment}, NULL, "segment %s is missing from %s", id,
		                f->group->name);
}

/* A segment, or the segments that a group cannot do without. */
static void tell_missing(struct structure *s, const struct aff_group_finding *f)
{
	const struct aff_schema_node *all = f->group - f->node->parent;
	for (unsigned n = (unsigned)(f->node - all); n < f->node->end;) {
		const struct aff_schema_node *node = &all[n];
		if (node->may_be_missing) {
			n = node->end;
			continue;
		}
		if (node->id)
			tell_no_segment(s, f, node->name);
		n++;
	}
}

/* ---- what stands where it should not ---- */

static unsigned previous(const struct aff_msg *m, const char *id, unsigned segment)
{
	while (segment-- > 0) {
		if (aff_msg_is(m, segment, id))
			return segment;
	}
	return 0;
}

static void tell_repeated(struct structure *s, const struct aff_group_finding *f)
{
	const struct aff_msg *m = s->c->m;
	if (aff_msg_is(m, f->segment, "MSH")) /* a rule of its own */
		return;
	if (aff_msg_is(m, f->segment, "ORC"))
		sequence(s, AFF_SEVERITY_WARNING, previous(m, "ORC", f->segment), "this ORC is not followed by its OBR",
		         "send each ORC right before its OBR");
	else
		sequence(s, AFF_SEVERITY_WARNING, f->segment, "this segment may stand here once, and did already",
		         "send it once");
}

static void tell_order(struct structure *s, const struct aff_group_finding *f)
{
	const struct aff_msg *m = s->c->m;
	bool goes_on = s->last != AFF_NONE && s->last + 1 == f->segment &&
	               aff_view_equal(aff_msg_id(m, s->last), aff_msg_id(m, f->segment));
	s->last = f->segment;
	bool behind_end = s->dsc != AFF_NONE && f->segment > s->dsc; /* told there */
	bool told = f->segment == s->orphan || (s->no_request && aff_msg_is(m, f->segment, "OBX"));
	if (goes_on || behind_end || told)
		return;
	if (aff_msg_is(m, f->segment, "NTE") || aff_msg_is(m, f->segment, "PRT"))
		sequence(s, AFF_SEVERITY_WARNING, f->segment, "this segment belongs to nothing",
		         "send it behind what it is about, such as PID, OBR or OBX");
	else if (aff_msg_is(m, f->segment, "PV1"))
		sequence(s, AFF_SEVERITY_WARNING, f->segment, "this PV1 does not follow its PID",
		         "send PV1 between PID and OBR");
	else
		sequence(s, AFF_SEVERITY_WARNING, f->segment, "this segment is out of order",
		         "send it where the message structure has it");
}

static void tell(void *arg, const struct aff_group_finding *f)
{
	struct structure *s = arg;
	switch (f->kind) {
	case AFF_GROUP_MISSING:
		tell_missing(s, f);
		break;
	case AFF_GROUP_REPEATED:
		tell_repeated(s, f);
		break;
	case AFF_GROUP_ORDER:
		tell_order(s, f);
		break;
	case AFF_GROUP_UNEXPECTED:
		break;
	}
}

void check_structure(struct check *c)
{
	struct structure s = {.c = c, .dsc = aff_msg_find(c->m, "DSC", 0), .orphan = AFF_NONE, .last = AFF_NONE};
	struct aff_group_hook hook = {tell, &s};
	s.no_request = aff_view_is(aff_msg_get(c->m, 0, 9, 1, 1, 0), "ORU") && aff_msg_find(c->m, "OBR", 0) == AFF_NONE;
	if (s.dsc != AFF_NONE && s.dsc + 1 < aff_msg_segments(c->m))
		sequence(&s, AFF_SEVERITY_WARNING, s.dsc, "segments follow the DSC",
		         "send DSC last");
	group_walk(c->m, &hook);
	if (s.no_request)
		tell_no_request_at_all(&s);
}
