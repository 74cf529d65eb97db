/* SPDX-License-Identifier: Apache-2.0
 *
 * PCD-10, an infusion event: which event, of which pump and source, and the parameters that it must bring (IHE DEV TF-2
 * 3.10, appendix M). Older senders use provisional codes for the same; they are taken for what they mean.
 */
#include "validate/pcd.h"

/* A code, or an older one with the same meaning. */
struct parameter {
	uint32_t code;
	const char *name;
	uint32_t old_code;
	const char *old_name;
	enum check_rule missing;
	const char *what;
};

static const struct parameter parameters[] = {
	{184519, "MDC_PUMP_INFUSING_STATUS", 184508, "MDC_PUMP_STAT", RULE_PCD_10_INFUSING, "the infusing status"},
	{157784, "MDC_FLOW_FLUID_PUMP", 158014, "MDC_FLOW_FLUID_PUMP_CURRENT", RULE_PCD_10_RATE,
	 "the current fluid rate"},
	{158016, "MDC_PUMP_ACTIVE_SOURCES", 0, "", RULE_PCD_10_ACTIVE, "the active sources"},
	{158005, "MDC_PUMP_CURRENT_DELIVERY_STATUS", 184508, "MDC_PUMP_STAT", RULE_PCD_10_DELIVERY,
	 "the current delivery status"},
	{158008, "MDC_PUMP_PROGRAM_DELIVERY_MODE", 184504, "MDC_PUMP_MODE", RULE_PCD_10_MODE,
	 "the program delivery mode"},
	{158012, "MDC_PUMP_SOURCE_CHANNEL_LABEL", 0, "", RULE_PCD_10_LABEL, "the label of the source channel"},
	{16935000, "MDC_FLOW_FLUID_PUMP_SETTING", 0, "", RULE_PCD_10_SETTING, "the programmed rate"},
};

/* Values of coded parameters: IHE DEV TF-2, appendix M. */
static const struct {
	uint32_t code;
	const char *name, *words;
} enumerations[] = {
	{184519, "MDC_PUMP_INFUSING_STATUS", " pump-status-infusing pump-status-not-infusing "},
	{158005, "MDC_PUMP_CURRENT_DELIVERY_STATUS",
	 " pump-delivery-status-delivering pump-delivery-status-not-delivering pump-delivery-status-transitioning "
	 "pump-delivery-status-kvo "},
	{158008, "MDC_PUMP_PROGRAM_DELIVERY_MODE",
	 " pump-program-delivery-mode-continuous pump-program-delivery-mode-ramp-taper "
	 "pump-program-delivery-mode-multi-step pump-program-delivery-mode-multi-dosing "},
	{158016, "MDC_PUMP_ACTIVE_SOURCES",
	 " pump-source-info-primary pump-source-info-secondary pump-source-info-pca pump-source-info-loading "
	 "pump-source-info-clinician pump-source-info-intermittent "},
	{158069, "MDC_PUMP_TCI_MODE", " pump-tci-none pump-tci-target-plasma pump-tci-target-effect pump-tci-user "},
	{158071, "MDC_PUMP_RELAY_STATE",
	 " pump-relay-none pump-relay-infusing pump-relay-waiting pump-relay-complete "},
};

enum kind { EVENT_UNKNOWN, EVENT_START, EVENT_STOP, EVENT_COMPLETE, EVENT_OTHER };

/* By number, or by name; a name may begin with MDCX_ before it had a number. */
static const struct pcd_row *find(const struct pcd *p, uint32_t code, const char *name)
{
	const struct pcd_row *row = pcd_row_find(p, code, name);
	for (size_t i = 0; !row && i < p->row_count; i++) {
		struct aff_view written = p->rows[i].coding.name;
		if (!p->rows[i].coding.number && written.n > 5 && memcmp(written.p, "MDCX_", 5) == 0 &&
		    aff_view_is(aff_view(written.p + 5, written.n - 5), name + 4))
			row = &p->rows[i];
	}
	return row;
}

static const struct pcd_row *find_parameter(const struct pcd *p, const struct parameter *q)
{
	const struct pcd_row *row = find(p, q->code, q->name);
	return row || !q->old_code ? row : find(p, q->old_code, q->old_name);
}

/* An enumeration stands in OBX-5.2 where it has no code. */
static struct aff_view word_of(const struct pcd *p, const struct pcd_row *row)
{
	struct aff_view code = pcd_get(p, row->segment, 5, 1);
	return code.n ? code : pcd_get(p, row->segment, 5, 2);
}

static bool has_tail(struct aff_view name, const char *tail)
{
	size_t n = strlen(tail);
	return name.n >= n && memcmp(name.p + name.n - n, tail, n) == 0;
}

static enum kind kind_of(struct pcd *p, const struct pcd_row *event)
{
	static const char *const others[] = {
		"_COMM_STATUS_CHANGE",   "_PROG_CLEARED",   "_PATIENT_CHANGE",
		"_PATIENT_ID_CHANGE",    "_VOL_COUNTERS_CLEARED", "_PATIENT_PARAMETER_CHANGE",
		"_DEVICE_TIME_CHANGED", "_PUMP_PROG_RELAY"};
	struct aff_view code = aff_view_trim(pcd_get(p, event->segment, 5, 1));
	struct aff_view name = aff_view_trim(pcd_get(p, event->segment, 5, 2));
	if (aff_view_is(code, "197288") || has_tail(name, "_PUMP_DELIV_START"))
		return EVENT_START;
	if (aff_view_is(code, "197292") || has_tail(name, "_PUMP_DELIV_COMP"))
		return EVENT_COMPLETE;
	if (has_tail(name, "_PUMP_DELIV_STOP"))
		return EVENT_STOP;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (has_tail(name, others[i]))
			return EVENT_OTHER;
	}
	return EVENT_UNKNOWN;
}

static void missing(struct pcd *p, enum check_rule rule, const char *what)
{
	check_report(p->c, rule, (struct place){.segment = p->request}, "the event does not bring %s", what);
}

static void check_containment(struct pcd *p)
{
	bool mds = false, vmd = false, delivery = false, source = false;
	for (size_t i = 0; i < p->row_count; i++) {
		const struct pcd_row *r = &p->rows[i];
		struct aff_view name = r->coding.name;
		if (!r->is_device)
			continue;
		mds |= !r->place.n[1] && !r->place.n[2];
		vmd |= r->place.n[1] && !r->place.n[2];
		delivery |= r->coding.number == 70067 || r->coding.number == 126978 ||
		            has_tail(name, "_CHAN_DELIVERY") || has_tail(name, "_DELIVERY_INFO");
		source |= r->coding.number == 70071 || r->coding.number == 70075 || r->coding.number == 70079 ||
		          r->coding.number == 70083 || r->coding.number == 126977 || has_tail(name, "_CHAN_SOURCE") ||
		          has_tail(name, "_PRIMARY") || has_tail(name, "_SECONDARY") || has_tail(name, "_DOSE") ||
		          memmem(name.p, name.n, "_SOURCE_", 8);
	}
	if (!mds)
		missing(p, RULE_PCD_10_MDS, "a row of the pump (MDS)");
	if (!vmd)
		missing(p, RULE_PCD_10_VMD, "a row of the pump's VMD");
	if (!delivery)
		missing(p, RULE_PCD_10_CHANNEL, "a row of the delivery channel");
	if (!source)
		missing(p, RULE_PCD_10_SOURCE_ROW, "a row of the source channel");
}

static void check_parameters(struct pcd *p, enum kind kind)
{
	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
		if (!find_parameter(p, &parameters[i]))
			missing(p, parameters[i].missing, parameters[i].what);
	}
	if (kind != EVENT_START && !find(p, 157992, "MDC_VOL_FLUID_DELIV_SEGMENT") &&
	    !find(p, 157993, "MDC_VOL_FLUID_DELIV_TOTAL") && !find(p, 157864, "MDC_VOL_FLUID_DELIV"))
		missing(p, RULE_PCD_10_VOLUME, "the volume of the segment, nor the volume so far");
	const struct pcd_row *status = find(p, 158005, "MDC_PUMP_CURRENT_DELIVERY_STATUS");
	if (status && aff_view_is(word_of(p, status), "pump-delivery-status-not-delivering") &&
	    !find(p, 158006, "MDC_PUMP_NOT_DELIVERING_REASON"))
		missing(p, RULE_PCD_10_REASON, "the reason why nothing is delivered");
}

static void check_values(struct pcd *p)
{
	for (size_t i = 0; i < sizeof enumerations / sizeof enumerations[0]; i++) {
		const struct pcd_row *row = pcd_row_find(p, enumerations[i].code, enumerations[i].name);
		if (row && pcd_has(p, row->segment, 5) && !pcd_is_one_of(word_of(p, row), enumerations[i].words))
			check_report(p->c, RULE_PCD_10_ENUMERATION, pcd_at(row->segment, 5),
			             "OBX-5 (value) is not one of those that IHE names for this code");
	}
	const struct pcd_row *status = pcd_row_find(p, 184519, "MDC_PUMP_INFUSING_STATUS");
	const struct pcd_row *rate = pcd_row_find(p, 157784, "MDC_FLOW_FLUID_PUMP");
	struct aff_view value = rate ? pcd_get(p, rate->segment, 5, 1) : aff_view("", 0);
	struct aff_nm number, none = {.whole = aff_view("0", 1), .fraction = aff_view("", 0)};
	if (!status || aff_nm_parse(&number, value))
		return;
	bool flows = aff_nm_compare(&number, &none) > 0;
	struct aff_view word = word_of(p, status);
	if ((flows && aff_view_is(word, "pump-status-not-infusing")) ||
	    (!flows && aff_view_is(word, "pump-status-infusing")))
		check_report(p->c, RULE_PCD_10_AGREE, pcd_at(status->segment, 5),
		             "the infusing status and the current fluid rate contradict each other");
}

void pcd_check_event(struct pcd *p)
{
	const struct pcd_row *event = find(p, 68487, "MDC_ATTR_EVT_COND");
	if (!event) {
		missing(p, RULE_PCD_10_EVENT, "a row that says what happened (68487^MDC_ATTR_EVT_COND)");
		return;
	}
	for (const struct pcd_row *r = event + 1; r < p->rows + p->row_count; r++) {
		if (pcd_means(&r->coding, 68487, "MDC_ATTR_EVT_COND"))
			check_report(p->c, RULE_PCD_10_ONE, (struct place){.segment = r->segment},
			             "a second event stands in this message");
	}
	if (!find(p, 68488, "MDC_ATTR_EVT_SOURCE"))
		missing(p, RULE_PCD_10_SOURCE, "its source (68488^MDC_ATTR_EVT_SOURCE)");
	check_containment(p);
	enum kind kind = kind_of(p, event);
	if (kind == EVENT_UNKNOWN)
		check_report(p->c, RULE_PCD_10_CODE, pcd_at(event->segment, 5),
		             "OBX-5 (value) is not one of the events that IHE names");
	else if (kind != EVENT_OTHER)
		check_parameters(p, kind);
	check_values(p);
}
