/* SPDX-License-Identifier: Apache-2.0
 *
 * IHE PCD-01, communicating device data: what IHE Devices TF 2 (3.1 and appendix B) asks beyond HL7. Errors are what
 * makes a reading unusable (no unit, no place in the device, no status); what real senders often leave out is a
 * warning.
 */
#include <afferent/dtm.h>
#include <stdlib.h>

#include "base/number.h"
#include "validate/pcd.h"

enum { OBX_TYPE = 2, OBX_CODE = 3, OBX_SUB = 4, OBX_VALUE = 5, OBX_UNITS = 6, OBX_TIME = 14, OBX_DEVICE = 18 };

#define PROFILES "1.3.6.1.4.1.19376.1.6."

static struct aff_view field_of(const struct check *c, unsigned segment, unsigned field)
{
	return aff_msg_field(c->m, segment, field);
}

static bool starts_with(struct aff_view v, const char *text)
{
	size_t n = strlen(text);
	return v.n >= n && memcmp(v.p, text, n) == 0;
}

static void check_zone(struct check *c, unsigned segment, unsigned field, const char *text)
{
	struct aff_dtm t;
	struct aff_view v = aff_msg_get(c->m, segment, field, 1, 1, 0);
	if (v.n && aff_dtm_parse(&t, v) == 0 && t.precision >= AFF_DTM_HOUR && !t.has_zone)
		check_report(c, RULE_PCD_ZONE, (struct place){.segment = segment, .field = field}, "%s", text);
}

/* ---- MSH ---- */

static void check_profile(struct check *c)
{
	unsigned n = aff_msg_repetitions(c->m, 0, 21);
	struct place at = {.segment = 0, .field = 21};
	if (!n)
		return;
	for (unsigned i = 1; i <= n; i++) {
		if (starts_with(aff_msg_get(c->m, 0, 21, i, 3, 0), PROFILES))
			return;
	}
	at.component = 3;
	check_report(c, RULE_PCD_PROFILE, at, "MSH-21.3 (profile OID) is not one of IHE PCD");
}

static void check_msh(struct check *c)
{
	struct aff_view trigger = aff_msg_get(c->m, 0, 9, 1, 2, 0);
	if (!aff_msg_get(c->m, 0, 9, 1, 3, 0).n)
		check_report(c, RULE_PCD_STRUCTURE, (struct place){.segment = 0, .field = 9, .component = 3},
		             "MSH-9.3 (message structure) is empty");
	if (!aff_view_is(field_of(c, 0, 15), "AL"))
		check_report(c, RULE_PCD_ACCEPT_ACK, (struct place){.segment = 0, .field = 15},
		             "MSH-15 (accept acknowledgement) is not AL");
	if (aff_view_is(trigger, "R01") && !aff_view_is(field_of(c, 0, 16), "NE"))
		check_report(c, RULE_PCD_APPLICATION_ACK, (struct place){.segment = 0, .field = 16},
		             "MSH-16 (application acknowledgement) is not NE");
	check_zone(c, 0, 7, "MSH-7 (date and time of the message) has no time zone");
	check_profile(c);
}

/* ---- OBR ---- */

/* EI: an id whose namespace is said, by name or by universal id and its type. */
static bool has_authority(const struct check *c, unsigned segment, unsigned field)
{
	return aff_msg_get(c->m, segment, field, 1, 2, 0).n ||
	       (aff_msg_get(c->m, segment, field, 1, 3, 0).n && aff_msg_get(c->m, segment, field, 1, 4, 0).n);
}

static void check_obr(struct check *c, unsigned segment)
{
	if (aff_msg_get(c->m, segment, 3, 1, 1, 0).n && !has_authority(c, segment, 3))
		check_report_as(c, RULE_PCD_AUTHORITY, AFF_SEVERITY_WARNING,
		                (struct place){.segment = segment, .field = 3, .component = 2}, NULL,
		                "OBR-3 does not say who gave the number");
	check_zone(c, segment, 7, "OBR-7 (observation date and time) has no time zone");
	check_zone(c, segment, 8, "OBR-8 (observation end date and time) has no time zone");
}

/* ---- OBX ---- */

struct containment {
	unsigned levels;
	bool is_device;   /* the fourth number is 0: an MDS, VMD or channel */
};

/* OBX-4 as MDS.VMD.channel.metric[.facet[.subfacet]]; some devices give fewer numbers. */
static bool read_containment(struct aff_view text, struct containment *out)
{
	struct aff_parts numbers = aff_parts(text, '.');
	struct aff_view part;
	uint64_t value;
	*out = (struct containment){0, false};
	while (aff_parts_next(&numbers, &part)) {
		if (number_u64(part, UINT32_MAX, &value))
			return false;
		out->levels++;
		if (out->levels == 4)
			out->is_device = value == 0;
	}
	return true;
}

static void check_containment(struct check *c, unsigned segment, struct containment *where)
{
	struct place at = {.segment = segment, .field = OBX_SUB};
	struct aff_view sub = aff_msg_get(c->m, segment, OBX_SUB, 1, 1, 0);
	if (!sub.n)
		return;
	if (!read_containment(sub, where))
		check_report(c, RULE_PCD_PLACE, at,
		             "OBX-4 (place in the device) is not made of numbers with points between");
	else if (where->levels < 4 || where->levels > 6)
		check_report_as(c, RULE_PCD_PLACE, AFF_SEVERITY_WARNING, at, NULL,
		                "OBX-4 (place in the device) is not made of four to six numbers");
}

static void check_code(struct check *c, unsigned segment)
{
	if (!aff_view_is(aff_msg_get(c->m, segment, OBX_CODE, 1, 3, 0), "MDC") &&
	    !aff_view_is(aff_msg_get(c->m, segment, OBX_CODE, 1, 6, 0), "MDC"))
		check_report(c, RULE_PCD_CODE, (struct place){.segment = segment, .field = OBX_CODE, .component = 3},
		             "OBX-3 (observation identifier) is not coded in MDC");
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

static void check_device(struct check *c, unsigned segment)
{
	unsigned n = aff_msg_repetitions(c->m, segment, OBX_DEVICE);
	for (unsigned i = 1; i <= n; i++) {
		struct place at = {.segment = segment, .field = OBX_DEVICE, .repetition = i};
		struct aff_view kind = aff_msg_get(c->m, segment, OBX_DEVICE, i, 4, 0);
		if ((aff_view_is(kind, "EUI-64") || aff_view_is(kind, "EUI64")) &&
		    !is_eui64(aff_msg_get(c->m, segment, OBX_DEVICE, i, 3, 0))) {
			at.component = 3;
			check_report(c, RULE_PCD_EUI64, at,
			             "OBX-18.3 (device's EUI-64) is not 16 hexadecimal digits");
		}
	}
}

static void check_metric(struct check *c, unsigned segment)
{
	struct aff_view type = field_of(c, segment, OBX_TYPE), value = field_of(c, segment, OBX_VALUE);
	bool numeric = aff_view_is(type, "NM") || aff_view_is(type, "SN") || aff_view_is(type, "NA");
	if (numeric && !check_is_empty(c, value) && check_is_empty(c, field_of(c, segment, OBX_UNITS)))
		check_report(c, RULE_PCD_UNITS, (struct place){.segment = segment, .field = OBX_UNITS},
		             "OBX-6 (units) is empty though OBX-5 is a number");
}

static void check_obx(struct check *c, unsigned segment)
{
	struct containment where = {0};
	check_containment(c, segment, &where);
	check_code(c, segment);
	check_device(c, segment);
	check_metric(c, segment);
	check_zone(c, segment, OBX_TIME, "OBX-14 (date and time of the observation) has no time zone");
	if (where.is_device && !check_is_empty(c, field_of(c, segment, OBX_VALUE)))
		check_report(c, RULE_PCD_DEVICE_VALUE, (struct place){.segment = segment, .field = OBX_VALUE},
		             "OBX-5 has a value in the row of a device");
}

/* ---- every OBX of an OBR has an OBX-4 of its own ---- */

struct row {
	struct aff_view sub;
	unsigned segment;
};

static int by_sub(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	size_t n = x->sub.n < y->sub.n ? x->sub.n : y->sub.n;
	int order = n ? memcmp(x->sub.p, y->sub.p, n) : 0;
	if (order)
		return order;
	if (x->sub.n != y->sub.n)
		return x->sub.n < y->sub.n ? -1 : 1;
	return x->segment < y->segment ? -1 : x->segment > y->segment;
}

static void report_repeated(struct check *c, struct row *rows, size_t n)
{
	if (n)
		qsort(rows, n, sizeof *rows, by_sub);
	for (size_t i = 1; i < n; i++) {
		if (aff_view_equal(rows[i].sub, rows[i - 1].sub))
			check_report(c, RULE_PCD_PLACE_REPEATED,
			             (struct place){.segment = rows[i].segment, .field = OBX_SUB},
			             "OBX-4 (place in the device) stands twice under one OBR");
	}
}

static void check_places(struct check *c)
{
	unsigned segments = aff_msg_segments(c->m);
	struct row *rows = malloc(segments * sizeof *rows);
	size_t n = 0;
	if (!rows) {
		c->failed = AFF_ENOMEM;
		return;
	}
	for (unsigned i = 0; i < segments; i++) {
		if (aff_msg_is(c->m, i, "OBR")) {
			report_repeated(c, rows, n);
			n = 0;
		} else if (aff_msg_is(c->m, i, "OBX") && field_of(c, i, OBX_SUB).n) {
			rows[n++] = (struct row){field_of(c, i, OBX_SUB), i};
		}
	}
	report_repeated(c, rows, n);
	free(rows);
}

void check_pcd(struct check *c)
{
	const struct pcd_message *message = pcd_message_of(c->m);
	enum aff_ihe wanted = c->checks->ihe;
	if (check_is_empty(c, aff_msg_get(c->m, 0, 9, 1, 1, 0)))
		return; /* told by check_header */
	if (!message || (wanted != AFF_IHE_AUTO && message->ihe != wanted && message->ihe)) {
		check_report_as(c, RULE_PCD_TYPE, AFF_SEVERITY_ERROR, (struct place){.segment = 0, .field = 9}, NULL,
		                "MSH-9 (message type) is not of %s",
		                wanted == AFF_IHE_AUTO ? "an IHE PCD transaction" : aff_ihe_name(wanted));
		return;
	}
	if (!(message->kind & (PCD_OBSERVATION | PCD_ALERT | PCD_EVENT)))
		return;
	check_msh(c);
	for (unsigned i = 1; i < aff_msg_segments(c->m); i++) {
		if (aff_msg_is(c->m, i, "OBR"))
			check_obr(c, i);
		else if (aff_msg_is(c->m, i, "OBX"))
			check_obx(c, i);
	}
	check_places(c);
}
