/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shipped channels do to messages such as their devices send.
 */
#include <check.h>
#include <stdlib.h>

#include "conf/conf.h"
#include "run_suite.h"

/* A monitor of its own make: containment rows with X and no data type, one reading that could not be taken, one that
 * could, a code no table knows. */
#define MONITOR \
	"MSH|^~\\&|MON|HOSP|||20260101120000||ORU^R01^ORU_R01|1|P|2.6\r" \
	"PID|||42^^^HOSP^MR||Doe^Jane\r" \
	"PV1||I|ICU^1^3^GENERAL\r" \
	"OBR|1|1|1|X|||20260101120000\r" \
	"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X\r" \
	"OBX|2|NM|0002-4182^HR^MDIL|1.1.1.1|72|0004-0aa0^bpm^MDIL|||||F\r" \
	"OBX|3|NM|0002-4bb8^SpO2^MDIL|1.1.1.2||0004-0220^%^MDIL|||||X\r" \
	"OBX|4|NM|0002-9999^what^MDIL|1.1.1.3|5||||||F\r"

struct channel {
	struct conf *conf;
	struct aff_msg *msg;
	struct aff_edit *edit;
	struct aff_rules_result result;
};

/* Loads a channel, runs its transform on a message and leaves the edited message in c. */
static void run(struct channel *c, const char *path, const char *message)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct aff_diag diag = {0};
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_files_read(&files, path, NULL), 0);
	ck_assert_int_eq(conf_load(&c->conf, &files, &findings), 0);
	conf_files_free(&files);
	aff_diag_list_free(&findings);
	ck_assert_int_eq(aff_msg_new(&c->msg, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&c->edit, 1 << 20), 0);
	ck_assert_int_eq(aff_msg_parse(c->msg, message, strlen(message), 0, NULL), 0);
	ck_assert_int_eq(aff_edit_begin(c->edit, c->msg), 0);
	ck_assert_int_eq(aff_rules_run(c->conf->channels[0].transform, c->edit, &c->result, &diag), 0);
}

static void end(struct channel *c)
{
	aff_edit_free(c->edit);
	aff_msg_free(c->msg);
	conf_unref(c->conf);
}

static void expect(const struct channel *c, const char *path, const char *value)
{
	struct aff_path p;
	ck_assert_int_eq(aff_path_parse(&p, aff_view_of(path), NULL), 0);
	struct aff_view v = aff_edit_path(c->edit, &p, AFF_NONE);
	ck_assert_msg(aff_view_is(v, value), "%s is %.*s, not %s", path, (int)v.n, v.p, value);
}

static int wanted(const struct channel *c, const char *destination)
{
	const struct conf_dest *d = conf_dest(c->conf, aff_view_of(destination));
	return d->when ? aff_expr_test(d->when, c->edit, AFF_NONE) : 1;
}

START_TEST(icu_keeps_what_names_the_device_and_drops_what_says_nothing)
{
	struct channel c;
	run(&c, "channels/icu-monitors.yaml", MONITOR);
	ck_assert_int_eq(c.result.verdict, AFF_VERDICT_PASS);
	expect(&c, "OBX[1]-3.1", "69965");
	expect(&c, "OBX[2]-3.1", "147842");
	expect(&c, "OBX[2]-3.3", "MDC");
	expect(&c, "OBX[2]-5", "72");
	expect(&c, "OBX[3]-3.1", "0002-9999");
	expect(&c, "OBX[4]", "");
	expect(&c, "MSH-5", "EHR");
	expect(&c, "MSH-6", "GENERAL");
	ck_assert_uint_ge(c.result.unmapped, 1);
	end(&c);
}
END_TEST

START_TEST(icu_sends_only_beds_of_the_icu_to_the_ehr)
{
	static const char ward[] = "MSH|^~\\&|MON|HOSP|||20260101120000||ORU^R01|1|P|2.6\rPV1||I|WARD3^1^3\r"
	                           "OBX|1|NM|0002-4182^HR^MDIL|1|72||||||F\r";
	static const char alert[] = "MSH|^~\\&|MON|HOSP|||20260101120000||ORU^R40|2|P|2.6\rPV1||I|ICU^1^3\r"
	                            "OBX|1|ST|196670^MDC_EVT_LO^MDC|1.1.1.1.1|low||||||F\r";
	struct channel c;
	run(&c, "channels/icu-monitors.yaml", MONITOR);
	ck_assert_int_eq(wanted(&c, "icu-monitors/ehr"), 1);
	ck_assert_int_eq(wanted(&c, "icu-monitors/alerts"), 0);
	ck_assert_int_eq(wanted(&c, "icu-monitors/fhir"), 1);
	end(&c);
	run(&c, "channels/icu-monitors.yaml", ward);
	ck_assert_int_eq(wanted(&c, "icu-monitors/ehr"), 0);
	ck_assert_int_eq(wanted(&c, "icu-monitors/fhir"), 1);
	end(&c);
	/* an alert does not wait for the end of the readings' minute */
	run(&c, "channels/icu-monitors.yaml", alert);
	ck_assert_int_eq(wanted(&c, "icu-monitors/ehr"), 0);
	ck_assert_int_eq(wanted(&c, "icu-monitors/alerts"), 1);
	ck_assert_int_eq(conf_dest(c.conf, aff_view_of("icu-monitors/alerts"))->sample.every_ms, 0);
	end(&c);
}
END_TEST

START_TEST(pumps_get_a_receiver_and_events_stay_out_of_fhir)
{
	static const char event[] = "MSH|^~\\&|PUMP|HOSP|||20260101120000||ORU^R42^ORU_R01|1|P|2.6\r"
	                            "OBX|1|CWE|0^MDC_ATTR_EVT_COND^MDC|1.1.1.1|x||||||R\r";
	static const char named[] = "MSH|^~\\&|PUMP|HOSP|CHART||20260101120000||ORU^R01^ORU_R01|1|P|2.6\r"
	                            "OBX|1|NM|157784^MDC_FLOW_FLUID_PUMP^MDC|1.1.1.1|24.9||||||R\r";
	struct channel c;
	run(&c, "channels/infusion-pumps.yaml", event);
	expect(&c, "MSH-5", "EHR");
	ck_assert_int_eq(wanted(&c, "infusion-pumps/ehr"), 1);
	ck_assert_int_eq(wanted(&c, "infusion-pumps/fhir"), 0);
	end(&c);
	run(&c, "channels/infusion-pumps.yaml", named);
	expect(&c, "MSH-5", "CHART");
	ck_assert_int_eq(wanted(&c, "infusion-pumps/fhir"), 1);
	end(&c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf channels");
	TCase *tc = tcase_create("channels");
	tcase_add_test(tc, icu_keeps_what_names_the_device_and_drops_what_says_nothing);
	tcase_add_test(tc, icu_sends_only_beds_of_the_icu_to_the_ehr);
	tcase_add_test(tc, pumps_get_a_receiver_and_events_stay_out_of_fhir);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
