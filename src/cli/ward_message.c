/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages of the simulated devices: PCD-01 observations (ORU^R01) of the monitor, PCD-10 events (ORU^R42) and
 * PCD-01 status reports of the pump, as the IHE Devices framework, volume 2, describes them. Processing id T
 * (training): whoever receives them can tell that no patient is behind them.
 */
#include <afferent/build.h>
#include <afferent/dtm.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/ward.h"

#define MDC(code, name) code "^" name "^MDC"
#define PER_MINUTE_BEATS MDC("264864", "MDC_DIM_BEAT_PER_MIN")
#define PER_MINUTE_BREATHS MDC("264928", "MDC_DIM_RESP_PER_MIN")
#define PERCENT MDC("262688", "MDC_DIM_PERCENT")
#define MMHG MDC("266016", "MDC_DIM_MMHG")
#define DEGREES MDC("268192", "MDC_DIM_DEGC")
#define ML MDC("263762", "MDC_DIM_MILLI_L")
#define ML_PER_HOUR MDC("265266", "MDC_DIM_MILLI_L_PER_HR")

/* Device identifiers: an EUI-64 with the bit for "locally administered"; the last part is the bed. */
enum device { MONITOR = 1, PUMP = 2 };

struct writer {
	struct aff_build b;
	const char *processing;
	char time[AFF_DTM_SIZE];
	char eui[17];
	unsigned observations;
};

static void raw(struct writer *w, const char *text)
{
	aff_build_raw(&w->b, aff_view_of(text));
}

static void field(struct writer *w, const char *text)
{
	aff_build_field(&w->b, aff_view_of(text));
}

static void rawf(struct writer *w, const char *format, ...) AFF_PRINTF(2, 3);
static void rawf(struct writer *w, const char *format, ...)
{
	char text[160];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	raw(w, text);
}

/* ---- the segments before the observations ---- */

static void put_msh(struct writer *w, const char *application, const char *type, const char *id, const char *profile)
{
	rawf(w, "%s^%s^EUI-64", application, w->eui);
	field(w, "WARD");
	aff_build_skip(&w->b, 2);
	field(w, w->time);
	aff_build_skip(&w->b, 1);
	raw(w, type);
	field(w, id);
	field(w, w->processing);
	field(w, "2.6");
	aff_build_skip(&w->b, 2);
	field(w, "AL");
	field(w, "NE");
	aff_build_skip(&w->b, 1);
	field(w, "UNICODE UTF-8");
	raw(w, "en^English^ISO639");
	aff_build_skip(&w->b, 1);
	raw(w, profile);
}

static void put_patient(struct writer *w, const struct ward_bed *bed)
{
	static const char *const names[] = {"Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo"};
	aff_build_segment(&w->b, "PID");
	aff_build_skip(&w->b, 2);
	rawf(w, "SIM%05u^^^WARD^MR", bed->number);
	aff_build_skip(&w->b, 1);
	rawf(w, "Simulated^%s^^^^^L", names[bed->number % (sizeof names / sizeof *names)]);
	aff_build_skip(&w->b, 1);
	rawf(w, "19%02u0%u15", 40 + bed->number % 50, 1 + bed->number % 9);
	field(w, bed->number % 2 ? "F" : "M");
	aff_build_segment(&w->b, "PV1");
	aff_build_skip(&w->b, 1);
	field(w, "I");
	rawf(w, "ICU^%u^BED%u^WARD", (bed->number + 3) / 4, bed->number);
}

static void put_obr(struct writer *w, const char *id, const char *application, const char *service)
{
	aff_build_segment(&w->b, "OBR");
	field(w, "1");
	aff_build_skip(&w->b, 1);
	rawf(w, "%s^%s^%s^EUI-64", id, application, w->eui);
	raw(w, service);
	aff_build_skip(&w->b, 2);
	field(w, w->time);
}

static void begin(struct writer *w, struct ward *ward, const struct ward_bed *bed, enum device device, int64_t now_us,
		  struct aff_buf *out, char id[WARD_ID_SIZE])
{
	memset(w, 0, sizeof *w);
	w->processing = ward->processing;
	aff_dtm_now_text(w->time, now_us);
	snprintf(w->eui, sizeof w->eui, "02AFFE%02X%08X", (unsigned)device, bed->number);
	snprintf(id, WARD_ID_SIZE, "%" PRIX64 "-%" PRIu64, ward->run, ++ward->messages);
	aff_build_begin(&w->b, out, NULL);
}

/* ---- observations ---- */

/* Up to OBX-5. */
static void open_obx(struct writer *w, const char *type, const char *code, const char *place)
{
	char number[16];
	snprintf(number, sizeof number, "%u", ++w->observations);
	aff_build_segment(&w->b, "OBX");
	field(w, number);
	field(w, type);
	raw(w, code);
	field(w, place);
}

/* A row that describes a device or a part of it. */
static void put_part(struct writer *w, const char *code, const char *place, bool whole_device)
{
	open_obx(w, "", code, place);
	aff_build_skip(&w->b, 6);
	field(w, "X");
	if (whole_device) {
		aff_build_skip(&w->b, 6);
		rawf(w, "%s^^%s^EUI-64", w->eui, w->eui);
	}
}

static void put_number(struct writer *w, const char *code, const char *place, const char *unit, int digits,
		       double value)
{
	open_obx(w, "NM", code, place);
	rawf(w, "%.*f", digits, value);
	raw(w, unit);
	aff_build_skip(&w->b, 4);
	field(w, "R");
}

/* The same with its own time and method: measured before the message was made. */
static void put_number_at(struct writer *w, const char *code, const char *place, double value, const char *time)
{
	put_number(w, code, place, MMHG, 0, value);
	aff_build_skip(&w->b, 2);
	field(w, time);
}

static void put_coded(struct writer *w, const char *code, const char *place, const char *value)
{
	open_obx(w, "CWE", code, place);
	raw(w, value);
	aff_build_skip(&w->b, 5);
	field(w, "R");
}

static void put_text(struct writer *w, const char *code, const char *place, const char *value)
{
	open_obx(w, "ST", code, place);
	field(w, value);
	aff_build_skip(&w->b, 5);
	field(w, "R");
}

/* ---- the monitor ---- */

struct monitor_codes {
	const char *heart_rate, *resp_rate, *saturation, *systolic, *diastolic, *mean;
};
static const struct monitor_codes standard = {
	MDC("147842", "MDC_ECG_HEART_RATE"),       MDC("151562", "MDC_RESP_RATE"),
	MDC("150456", "MDC_PULS_OXIM_SAT_O2"),     MDC("150021", "MDC_PRESS_BLD_NONINV_SYS"),
	MDC("150022", "MDC_PRESS_BLD_NONINV_DIA"), MDC("150023", "MDC_PRESS_BLD_NONINV_MEAN")};
/* mappings/philips-numerics.yaml knows these. */
static const struct monitor_codes vendor = {"0002-4182^HR^MDIL",   "0002-5000^Resp^MDIL", "0002-4bb8^SpO2^MDIL",
					    "0002-4a05^NBPs^MDIL", "0002-4a06^NBPd^MDIL", "0002-4a07^NBPm^MDIL"};

static void put_cuff(struct writer *w, const struct ward_vitals *v, const struct monitor_codes *codes)
{
	char time[AFF_DTM_SIZE];
	aff_dtm_now_text(time, v->cuff_us);
	put_part(w, MDC("69854", "MDC_DEV_METER_PRESS_BLD_VMD"), "1.3.0.0", false);
	put_number_at(w, codes->systolic, "1.3.1.1", v->systolic, time);
	put_number_at(w, codes->diastolic, "1.3.1.2", v->diastolic, time);
	put_number_at(w, codes->mean, "1.3.1.3", v->diastolic + (v->systolic - v->diastolic) / 3, time);
}

void ward_monitor_message(struct ward *ward, struct ward_bed *bed, int64_t now_us, struct aff_buf *out,
			  char id[WARD_ID_SIZE])
{
	struct writer w;
	const struct ward_vitals *v = &bed->vitals;
	const struct monitor_codes *codes = bed->vendor_codes ? &vendor : &standard;
	ward_vitals_step(bed, now_us);
	begin(&w, ward, bed, MONITOR, now_us, out, id);
	put_msh(&w, "SIMMONITOR", "ORU^R01^ORU_R01", id, "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO");
	put_patient(&w, bed);
	put_obr(&w, id, "SIMMONITOR", "182777000^monitoring of patient^SCT");
	put_part(&w, MDC("69965", "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS"), "1.0.0.0", true);
	put_part(&w, MDC("69798", "MDC_DEV_ECG_VMD"), "1.1.0.0", false);
	put_number(&w, codes->heart_rate, "1.1.1.1", PER_MINUTE_BEATS, 0, v->heart_rate);
	put_number(&w, codes->resp_rate, "1.1.1.2", PER_MINUTE_BREATHS, 0, v->resp_rate);
	put_part(&w, MDC("69642", "MDC_DEV_ANALY_SAT_O2_VMD"), "1.2.0.0", false);
	put_number(&w, codes->saturation, "1.2.1.1", PERCENT, 0, v->saturation);
	if (v->cuff_is_new)
		put_cuff(&w, v, codes);
	put_part(&w, MDC("69902", "MDC_DEV_METER_TEMP_VMD"), "1.4.0.0", false);
	put_number(&w, MDC("150364", "MDC_TEMP_BODY"), "1.4.1.1", DEGREES, 1, v->temperature);
	aff_build_end(&w.b);
}

/* ---- the pump ---- */

#define PRIMARY_SOURCE MDC("70071", "MDC_DEV_PUMP_INFUSATE_SOURCE_PRIMARY")

static void put_event(struct writer *w, enum ward_pump_event event)
{
	const char *code = event == WARD_PUMP_STARTED ? MDC("197288", "MDC_EVT_PUMP_DELIV_START")
						      : MDC("197292", "MDC_EVT_PUMP_DELIV_COMP");
	put_coded(w, MDC("68487", "MDC_ATTR_EVT_COND"), "1.1.0.1", code);
	put_coded(w, MDC("68488", "MDC_ATTR_EVT_SOURCE"), "1.1.0.2", PRIMARY_SOURCE);
}

static void put_delivery(struct writer *w, const struct ward_pump *p)
{
	double rate = p->running ? p->rate : 0;
	put_part(w, MDC("70067", "MDC_DEV_PUMP_DELIVERY_INFO"), "1.1.1.0", false);
	put_coded(w, MDC("184519", "MDC_PUMP_INFUSING_STATUS"), "1.1.1.1",
		  p->running ? "^pump-status-infusing" : "^pump-status-not-infusing");
	put_number(w, MDC("157784", "MDC_FLOW_FLUID_PUMP"), "1.1.1.2", ML_PER_HOUR, 1, rate);
	put_coded(w, MDC("158016", "MDC_PUMP_ACTIVE_SOURCES"), "1.1.1.3", "^pump-source-info-primary");
}

static void put_source(struct writer *w, const struct ward_pump *p)
{
	put_part(w, PRIMARY_SOURCE, "1.1.2.0", false);
	put_coded(w, MDC("158005", "MDC_PUMP_CURRENT_DELIVERY_STATUS"), "1.1.2.1",
		  p->running ? "^pump-delivery-status-delivering" : "^pump-delivery-status-not-delivering");
	if (!p->running)
		put_coded(w, MDC("158006", "MDC_PUMP_NOT_DELIVERING_REASON"), "1.1.2.9", "^pump-stopped-not-specified");
	put_coded(w, MDC("158008", "MDC_PUMP_PROGRAM_DELIVERY_MODE"), "1.1.2.2",
		  "^pump-program-delivery-mode-continuous");
	put_text(w, MDC("158012", "MDC_PUMP_SOURCE_CHANNEL_LABEL"), "1.1.2.3", "A");
	put_text(w, MDC("184514", "MDC_DRUG_NAME_LABEL"), "1.1.2.4", ward_drugs[p->drug]);
	put_number(w, MDC("16935000", "MDC_FLOW_FLUID_PUMP_SETTING"), "1.1.2.5", ML_PER_HOUR, 1, p->rate);
	put_number(w, MDC("157884", "MDC_VOL_FLUID_TBI"), "1.1.2.6", ML, 0, p->planned);
	put_number(w, MDC("157872", "MDC_VOL_FLUID_TBI_REMAIN"), "1.1.2.7", ML, 1, p->planned - p->given);
	put_number(w, MDC("157993", "MDC_VOL_FLUID_DELIV_TOTAL"), "1.1.2.8", ML, 1, p->given);
}

void ward_pump_message(struct ward *ward, struct ward_bed *bed, int64_t now_us, struct aff_buf *out,
		       char id[WARD_ID_SIZE])
{
	struct writer w;
	enum ward_pump_event event = ward_pump_step(bed, now_us);
	begin(&w, ward, bed, PUMP, now_us, out, id);
	if (event)
		put_msh(&w, "SIMPUMP", "ORU^R42^ORU_R01", id, "IHE_PCD_010^IHE PCD^1.3.6.1.4.1.19376.1.6.4.10^ISO");
	else
		put_msh(&w, "SIMPUMP", "ORU^R01^ORU_R01", id, "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO");
	put_patient(&w, bed);
	put_obr(&w, id, "SIMPUMP", "999999^Medication Unknown");
	put_part(&w, MDC("70049", "MDC_DEV_PUMP_INFUS_LVP_MDS"), "1.0.0.0", true);
	put_part(&w, MDC("70050", "MDC_DEV_PUMP_INFUS_LVP_VMD"), "1.1.0.0", false);
	if (event)
		put_event(&w, event);
	put_delivery(&w, &bed->pump);
	put_source(&w, &bed->pump);
	aff_build_end(&w.b);
}
