/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths to what HL7 has in no version: a condition on them never holds, a step for them does nothing, and an identifier
 * that should be hidden goes out. A vendor may have made such a segment or field, so that these are warnings.
 */
#include <stdio.h>

#include <afferent/schema.h>

#include "conf/reader.h"

/* The segments of HL7 2.1 to 2.9 whose fields nobody has written down in the schema. */
static const char others[] =
	"ABS ADJ AFF AIG AIL AIP AIS APR ARQ BHS BLC BLG BPO BPX BTS BTX BUI CDM CDO CER CM0 CM1 CM2 "
	"CNS CON CSP CSR CSS CTR DB1 DMI DON DPS DST ECD ECR EDU EQL EQP EQU ERQ FAC FHS FTS GOL GP1 "
	"GP2 GSC GSP GSR IAR IIM ILT INV IPR ISD ITM IVC IVT LAN LCC LCH LDP LOC LRL MCP MFA MFE MFI "
	"NCK NDS NPU NSC NST ODS ODT OH1 OH2 OH3 OH4 OM1 OM2 OM3 OM4 OM5 OM6 OM7 OM8 OMC ORG ORO OVR "
	"PAC PCE PCR PDC PEO PES PKG PM1 PMT PRA PRB PRC PRD PSG PSH PSL PSS PTH PYE QID QRD QRF QRI "
	"RDF RDT REL RFI RGS RMI RQ1 RQD RX1 RXA RXD SCD SCH SCP SDD SGH SGT SHP SID SLT SPR STF STZ "
	"TCC TCD URD URS VAR VND VTQ ";

static bool is_known(const char *id)
{
#ifdef AFF_MUTANT_96 /* a mistyped path is let pass */
	return true;
#endif
	if (id[0] == 'Z' || aff_schema_segment(0, aff_view_of(id)))
		return true;
	return strstr(others, id) != NULL; /* an id has no blank: it is found whole or not at all */
}

/* The id with two neighbours changed, if that is a segment: OXB is OBX, PDI is PID and not PD1. */
static const char *swapped(const char *id, char out[4])
{
	for (unsigned i = 0; i < 2; i++) {
		memcpy(out, id, 4);
		out[i] = id[i + 1];
		out[i + 1] = id[i];
		if (out[0] != 'Z' && is_known(out))
			return out;
	}
	return NULL;
}

static void report_segment(struct reader *r, struct place at, const char *id)
{
	const struct aff_schema_structure *s;
	struct nearest nearest = {.word = aff_view_of(id)};
	char hint[HINT_SIZE], other[4];
	for (unsigned i = 0; (s = aff_schema_structure_at(i)) != NULL; i++)
		for (unsigned k = 1; k < s->count; k++)
			if (s->node[k].id)
				nearest_offer(&nearest, s->node[k].name);
	if (swapped(id, other))
		nearest.best = other;
	const char *mean = did_you_mean(hint, &nearest);
	report_warning(&r->report, at, mean ? mean : "segments of one's own begin with Z",
	               "HL7 has no segment '%s' in any version", id);
}

void expect_segment(struct reader *r, struct place at, const char *id)
{
	if (id[0] && !is_known(id))
		report_segment(r, at, id);
}

void expect_path(struct reader *r, struct place at, const struct aff_path *path)
{
	const struct aff_schema *s = aff_schema_segment(0, aff_view_of(path->segment));
	expect_segment(r, at, path->segment);
	if (s && s->count && path->field > s->count)
		report_warning(&r->report, at, "is that the right number?",
		               "HL7 has no %s-%u in any version: the last one is %s-%u", path->segment, path->field,
		               path->segment, (unsigned)s->count);
}

/* The same of a path within a text. Where that stands is reckoned only when it is to be told. */
static void expect_path_at(struct reader *r, const struct node *n, size_t at, const struct aff_path *path)
{
	const struct aff_schema *s = aff_schema_segment(0, aff_view_of(path->segment));
	if (!is_known(path->segment) || (s && s->count && path->field > s->count))
		expect_path(r, node_place(n, at), path);
}

static bool is_one_of(const struct aff_schema_part *part, const char *const *types)
{
	while (part && *types && strcmp(part->type, *types) != 0)
		types++;
	return part && *types;
}

/* Whether devices send more than the first part of the field: a place, a name, an identifier, the code of a reading. */
static bool has_parts(const struct aff_path *p)
{
	static const char *const always[] = {"PL", "CX", "XPN", "XCN", "MSG", NULL};
	static const char *const codes[] = {"CE", "CWE", NULL};
	const struct aff_schema_part *part = aff_schema_field(260, p->segment, p->field);
	return !p->component && (is_one_of(part, always) || (is_one_of(part, codes) && part->usage == 'R'));
}

/* PV1-3 = ICU is false for ICU^^4. MSH-9 has three parts, of which two are not enough. */
static void check_whole(struct reader *r, const struct node *n, const struct aff_expr_path *p)
{
	char hint[HINT_SIZE];
	bool type = !strcmp(p->path.segment, "MSH");
	for (size_t i = 0; i < p->count && has_parts(&p->path); i++) {
		const struct aff_view *text = &p->texts[i];
		const char *caret = text->n ? memchr(text->p, '^', text->n) : NULL;
		bool more = caret && (!type || memchr(caret + 1, '^', text->n - (size_t)(caret + 1 - text->p)));
		if (!text->n || more)
			continue;
		snprintf(hint, sizeof hint, "compare a part of it: %s-%u.%s", p->path.segment, p->path.field,
		         type && caret ? "1 and MSH-9.2" : "1");
		report_warning(&r->report, node_place(n, p->at), hint,
		               "%s-%u has several parts, and this compares all of it with one", p->path.segment,
		               p->path.field);
		return;
	}
}

void expect_condition(struct reader *r, const struct node *n, const struct aff_expr *x)
{
	struct aff_expr_path p;
	for (size_t i = 0; aff_expr_path(x, i, &p); i++) {
		expect_path_at(r, n, p.at, &p.path);
		check_whole(r, n, &p);
	}
}

static bool is_path_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-.[]_/", c));
}

/* What stands between braces, without the texts in quotes. */
void expect_template(struct reader *r, const struct node *n)
{
	struct aff_view t = n->text;
	bool inside = false;
	char quote = '\0';
	for (size_t i = 0, from; i < t.n; i++) {
		struct aff_path path;
		if (!inside) {
			inside = t.p[i] == '{' && !(i + 1 < t.n && t.p[i + 1] == '{');
			i += t.p[i] == '{' && !inside;
			continue;
		}
		if (quote || t.p[i] == '"' || t.p[i] == '\'') {
			quote = !quote ? t.p[i] : t.p[i] == quote ? '\0' : quote;
			continue;
		}
		inside = t.p[i] != '}';
		for (from = i; i < t.n && is_path_character(t.p[i]);)
			i++;
		if (i > from && !aff_path_parse(&path, aff_view(t.p + from, i - from), NULL) && path.field)
			expect_path_at(r, n, from, &path);
		i -= i > from;
	}
}
