/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7's message profile, HL7v2xConformanceProfile (HL7 v2 chapter 2B): each element opens a message, a group, a segment
 * or a part of one; texts for people are passed over.
 */
#include <afferent/schema.h>
#include <stdio.h>

#include "base/nearest.h"
#include "profile/profile.h"
#include "profile/xml_constraint.h"

enum kind {
	KIND_TOP,
	KIND_ROOT,
	KIND_MESSAGE,
	KIND_GROUP,
	KIND_SEGMENT,
	KIND_FIELD,
	KIND_COMPONENT,
	KIND_SUBCOMPONENT,
	KIND_NOTE
};

#define IN(kind) (1u << (kind))

struct element_kind {
	const char *name;
	enum kind kind;
	unsigned in;         /* where it may stand */
	const char *belongs; /* the same for people */
};

static const struct element_kind kinds[] = {
	{"HL7v2xConformanceProfile", KIND_ROOT, IN(KIND_TOP), "at the top"},
	{"HL7v2xStaticDef", KIND_MESSAGE, IN(KIND_ROOT), "in HL7v2xConformanceProfile"},
	{"SegGroup", KIND_GROUP, IN(KIND_MESSAGE) | IN(KIND_GROUP), "in HL7v2xStaticDef or SegGroup"},
	{"Segment", KIND_SEGMENT, IN(KIND_MESSAGE) | IN(KIND_GROUP), "in HL7v2xStaticDef or SegGroup"},
	{"Field", KIND_FIELD, IN(KIND_SEGMENT), "in Segment"},
	{"Component", KIND_COMPONENT, IN(KIND_FIELD), "in Field"},
	{"SubComponent", KIND_SUBCOMPONENT, IN(KIND_COMPONENT), "in Component"},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static const char *const notes[] = {"MetaData",    "ImpNote",   "UseCase",   "Encodings", "DynamicDef",
                                    "Description", "Reference", "Predicate", "DataValues"};

struct state {
	struct aff_profile *p;
	struct xml_report report;
	struct {
		enum kind kind;
		unsigned node;     /* of a message or group */
		unsigned children; /* parts so far */
	} open[XML_MAX_DEPTH + 1];
	unsigned depth;
	unsigned conditional;    /* elements whose usage depends on a predicate */
	unsigned unknown_tables; /* elements that name a table nobody here knows */
	unsigned nodes;          /* of the current message */
};

static void error(struct state *s, struct xml_place at, const char *hint, const char *text)
{
	xml_report(&s->report, AFF_SEVERITY_ERROR, at, hint, "%s", text);
}

/* Keeps what a builder function says: a limit is a mistake of the profile. */
static bool good(struct state *s, struct xml_place at, int rc)
{
	if (rc == AFF_ELIMIT)
		xml_report(&s->report, AFF_SEVERITY_ERROR, at, NULL,
		           "the profile is too large: more than %u segments "
		           "and groups in a message, or too many fields and texts",
		           PROFILE_MAX_NODES);
	else if (rc)
		s->report.error = rc;
	return !rc;
}

/* ---- what opens ---- */

static void open_message(struct state *s, const struct xml_tag *tag)
{
	const struct xml_attribute *type = xml_attribute(tag, "MsgType"), *event = xml_attribute(tag, "EventType");
	struct aff_view none = aff_view("", 0);
	struct constraint all = {.name = "the message",
	                         .line = tag->at.line,
	                         .column = tag->at.column,
	                         .usage = USAGE_R,
	                         .min = 1,
	                         .max = 1};
	if (!type || type->value.n != 3)
		error(s, type ? type->at : tag->at, "such as MsgType=\"ORU\" EventType=\"R01\"",
		      "MsgType is not a message type of three letters");
	else if (event && event->value.n > 3)
		error(s, event->at, "such as EventType=\"R01\"", "EventType is not a trigger event of three letters");
	s->open[s->depth].node = (unsigned)s->p->nnodes;
	s->nodes = 0;
	/* HL7's own profile of ACK says ALL */
	bool any = !event || aff_view_is(event->value, "ALL") || aff_view_is(event->value, "*");
	if (good(s, tag->at, profile_add_message(s->p, type ? type->value : none, any ? none : event->value)))
		good(s, tag->at, profile_add_node(s->p, (unsigned)s->p->nnodes, "", &all));
}

/* "group ORDER_OBSERVATION", "segment PID (Patient Identification)": how findings call it. */
static void name_node(struct state *s, const struct xml_tag *tag, const char *what, struct constraint *is)
{
	const struct xml_attribute *name = xml_attribute(tag, "Name"), *full = xml_attribute(tag, "LongName");
	struct aff_view n = name ? name->value : aff_view("", 0), f = full ? full->value : aff_view("", 0);
	char text[128];
	bool both = f.n && n.n && !aff_view_equal(f, n);
	snprintf(text, sizeof text, "%s %.*s%s%.*s%s", what, (int)n.n, n.p, both ? " (" : "",
	         both || !n.n ? (int)f.n : 0, f.p, both ? ")" : "");
	good(s, tag->at, profile_text(s->p, aff_view_of(text), &is->name));
}

static void open_group(struct state *s, const struct xml_tag *tag)
{
	struct constraint is;
	s->open[s->depth].node = (unsigned)s->p->nnodes;
	xml_constraint(&s->report, s->p, tag, &is);
	name_node(s, tag, "group", &is);
	if (!s->nodes++)
		error(s, tag->at, NULL, "the first segment of a message is MSH");
	good(s, tag->at, profile_add_node(s->p, s->open[s->depth - 1].node, "", &is));
}

static bool is_segment_id(struct aff_view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!((v.p[i] >= 'A' && v.p[i] <= 'Z') || (i && v.p[i] >= '0' && v.p[i] <= '9')))
			return false;
	}
	return v.n == 3;
}

static void open_segment(struct state *s, const struct xml_tag *tag)
{
	const struct xml_attribute *name = xml_attribute(tag, "Name");
	struct constraint is;
	char id[4] = "???";
	xml_constraint(&s->report, s->p, tag, &is);
	name_node(s, tag, "segment", &is);
	if (!name || !is_segment_id(name->value))
		error(s, name ? name->at : tag->at, "such as Name=\"PID\"", "Name is not a segment id");
	else
		memcpy(id, name->value.p, 3);
	if (!s->nodes++ && strcmp(id, "MSH") != 0)
		error(s, tag->at, NULL, "the first segment of a message is MSH");
	good(s, tag->at, profile_add_node(s->p, s->open[s->depth - 1].node, id, &is));
}

/* HL7's own profiles of version 2.4 call the time of a TS a number, which no time with a zone is. */
static void mend_time(const struct aff_profile *p, enum part_level level, unsigned number, struct constraint *is)
{
	const struct constraint *above = level > PART_FIELD && p->nparts ? &p->parts[p->open[level - 1]].is : NULL;
	if (above && number == 1 && strcmp(above->type, "TS") == 0 && strcmp(is->type, "NM") == 0)
		memcpy(is->type, "TS", sizeof "TS");
}

static void open_part(struct state *s, const struct xml_tag *tag, enum part_level level)
{
	const struct xml_attribute *name = xml_attribute(tag, "Name"), *table = xml_attribute(tag, "Table");
	struct constraint is;
	xml_constraint(&s->report, s->p, tag, &is);
	if (level != PART_FIELD) {
		is.min = 0; /* components do not repeat */
		is.max = PROFILE_MANY;
	}
	if (name)
		good(s, tag->at, profile_text(s->p, name->value, &is.name));
	s->unknown_tables += table && table->value.n && !aff_schema_table(is.table);
	unsigned number = ++s->open[s->depth - 1].children;
	mend_time(s->p, level, number, &is);
	good(s, tag->at, profile_add_part(s->p, level, number, &is));
}

/* ---- which element is it ---- */

static bool is_note(const char *name)
{
	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
		if (strcmp(name, notes[i]) == 0)
			return true;
	}
	return false;
}

/* An element that nobody knows. One that was meant to be a part of the structure would shift what follows it. */
static bool report_unknown(struct state *s, const struct xml_tag *tag)
{
	struct nearest near = {.word = aff_view_of(tag->name)};
	char hint[96] = "";
	for (size_t i = 0; i < KINDS; i++)
		nearest_offer(&near, kinds[i].name);
	if (s->depth == 1)
		snprintf(hint, sizeof hint, "a profile starts with HL7v2xConformanceProfile");
	else if (near.best)
		snprintf(hint, sizeof hint, "did you mean '%s'?", near.best);
	bool serious = near.best || s->depth == 1;
	xml_report(&s->report, serious ? AFF_SEVERITY_ERROR : AFF_SEVERITY_WARNING, tag->at, hint[0] ? hint : NULL,
	           serious ? "unknown element '%.60s'" : "the element '%.60s' is not known and passed over", tag->name);
	return s->depth > 1;
}

static void open_kind(struct state *s, const struct element_kind *k, const struct xml_tag *tag)
{
	char text[96];
	if (!(k->in & IN(s->open[s->depth - 1].kind))) {
		snprintf(text, sizeof text, "'%s' belongs %s", k->name, k->belongs);
		error(s, tag->at, NULL, text);
		s->open[s->depth].kind = KIND_NOTE;
		return;
	}
	s->open[s->depth].kind = k->kind;
	if (k->kind == KIND_MESSAGE)
		open_message(s, tag);
	else if (k->kind == KIND_GROUP)
		open_group(s, tag);
	else if (k->kind == KIND_SEGMENT)
		open_segment(s, tag);
	else if (k->kind >= KIND_FIELD)
		open_part(s, tag, (enum part_level)(k->kind - KIND_FIELD + PART_FIELD));
	const struct xml_attribute *usage = k->kind >= KIND_GROUP ? xml_attribute(tag, "Usage") : NULL;
	s->conditional += usage && usage->value.n && usage->value.p[0] == 'C';
}

static bool on_open(void *context, const struct xml_tag *tag)
{
	struct state *s = context;
	enum kind above = s->open[s->depth++].kind;
	s->open[s->depth].kind = KIND_NOTE;
	s->open[s->depth].children = 0;
	if (above == KIND_NOTE)
		return !s->report.error;
	if (above == KIND_ROOT && strcmp(tag->name, "MetaData") == 0) {
		const struct xml_attribute *name = xml_attribute(tag, "Name");
		if (name)
			good(s, tag->at, profile_text(s->p, name->value, &s->p->name));
	}
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(tag->name, kinds[i].name) == 0) {
			open_kind(s, &kinds[i], tag);
			return !s->report.error && (s->depth > 1 || s->open[1].kind == KIND_ROOT);
		}
	}
	if (!is_note(tag->name) && !report_unknown(s, tag))
		return false;
	return !s->report.error;
}

static void on_close(void *context)
{
	struct state *s = context;
	s->depth--;
}

/* ---- the file ---- */

static void check_whole(struct state *s)
{
	struct xml_place start = {1, 1};
	if (!s->p->nmessages)
		error(s, start, NULL, "there is no HL7v2xStaticDef: the profile describes no message");
	for (size_t i = 0; i < s->p->nmessages; i++) {
		if (s->p->messages[i].end == s->p->messages[i].first + 1) {
			struct xml_place at = {s->p->nodes[s->p->messages[i].first].is.line,
			                       s->p->nodes[s->p->messages[i].first].is.column};
			error(s, at, NULL, "HL7v2xStaticDef has no segments");
		}
	}
	if (s->unknown_tables)
		xml_report(&s->report, AFF_SEVERITY_INFO, start, NULL,
		           "%u elements name tables whose codes are not known here: they are not checked",
		           s->unknown_tables);
	if (s->conditional)
		xml_report(
			&s->report, AFF_SEVERITY_INFO, start, NULL,
			"%u elements have usage C or CE: predicates are text and not evaluated, the elements count as "
			"optional",
			s->conditional);
}

int aff_profile_read_xml(struct aff_profile **out, const char *source, struct aff_view bytes,
                         struct aff_diag_list *findings)
{
	struct state s = {.report = {.source = source, .findings = findings}};
	const struct xml_handler handler = {.open = on_open, .close = on_close, .state = &s};
	size_t errors = findings->errors;
	*out = NULL;
	int rc = profile_new(&s.p, source);
	if (rc)
		return rc;
	rc = xml_read(bytes, AFF_PROFILE_MAX_BYTES, &handler, &s.report);
	if (!rc)
		check_whole(&s);
	if (s.report.error)
		rc = s.report.error;
	else if (findings->errors > errors)
		rc = AFF_ECONFIG;
	if (rc)
		aff_profile_free(s.p);
	else
		*out = s.p;
	return rc;
}
