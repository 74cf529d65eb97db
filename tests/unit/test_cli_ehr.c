/* SPDX-License-Identifier: Apache-2.0
 *
 * The test receiver: its HL7 v2 face against the MLLP client, its FHIR face called directly. All on one thread.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/ehr.h"
#include "engine/out/mllp_client.h"
#include "net/dial.h"
#include "run_suite.h"

#define LANES 4
#define MESSAGE(id) "MSH|^~\\&|A|B|C|D|20250115103000+0000||ORU^R01^ORU_R01|" id "|P|2.6\rPID|||1\r"

static struct ehr ehr;
static struct ehr_mllp *face;
static struct mllp_client *client;
static struct net_address at;
static unsigned replies;
static struct mllp_reply last;

static void on_reply(void *arg, unsigned lane, const struct mllp_reply *reply)
{
	(void)arg;
	(void)lane;
	replies++;
	last = *reply;
}

static void set_up(void)
{
	memset(&ehr, 0, sizeof ehr);
	idset_init(&ehr.ids, 1000);
	idset_init(&ehr.resources, 1000);
	replies = 0;
	ck_assert_int_eq(net_address_make(&at, "127.0.0.1", 0, NULL), 0);
	ck_assert_int_eq(ehr_mllp_open(&face, &ehr, &at, NULL), 0);
	ck_assert_int_eq(ehr_mllp_address(face, &at), 0);
	ck_assert_int_eq(mllp_client_new(&client, LANES, 5000, on_reply, NULL), 0);
	for (unsigned i = 0; i < LANES; i++)
		mllp_client_address(client, i, &at);
}

static void tear_down(void)
{
	mllp_client_free(client);
	ehr_mllp_close(face);
	idset_free(&ehr.ids);
	idset_free(&ehr.resources);
}

static void run_until(unsigned count)
{
	while (replies < count) {
		int wait = ehr_mllp_work(face);
		mllp_client_poll(client, ehr_mllp_fd(face), wait < 0 ? 5000 : wait);
	}
}

/* Sends one message and expects its answer. */
static void deliver(const char *message, const char *id, enum aff_ack_code code)
{
	unsigned before = replies;
	mllp_client_send(client, 0, aff_view_of(message), aff_view_of(id));
	run_until(before + 1);
	ck_assert_msg(last.rc == 0, "no answer: %s", last.why ? last.why : "");
	ck_assert_int_eq(last.code, code);
}

/* Every count adds up after every test. */
static void expect_counts(uint64_t accepted, uint64_t refused, uint64_t silent, uint64_t unreadable)
{
	ck_assert_uint_eq(ehr.accepted, accepted);
	ck_assert_uint_eq(ehr.refused, refused);
	ck_assert_uint_eq(ehr.silent, silent);
	ck_assert_uint_eq(ehr.unreadable, unreadable);
	ck_assert_uint_eq(ehr.received, accepted + refused + silent + unreadable);
	ck_assert_uint_eq(ehr.distinct + ehr.repeated, accepted);
}

START_TEST(messages_are_accepted_and_repeats_seen)
{
	deliver(MESSAGE("1"), "1", AFF_AA);
	deliver(MESSAGE("2"), "2", AFF_AA);
	deliver(MESSAGE("1"), "1", AFF_AA);
	expect_counts(3, 0, 0, 0);
	ck_assert_uint_eq(ehr.repeated, 1);
	ck_assert_uint_eq(ehr.connections, 1);
}
END_TEST

START_TEST(enhanced_mode_gets_an_accept_acknowledgement)
{
	deliver("MSH|^~\\&|A|B|C|D|20250115||ORU^R01^ORU_R01|1|P|2.6|||AL|NE\r", "1", AFF_CA);
	ehr.rules.answer = EHR_ERROR;
	deliver("MSH|^~\\&|A|B|C|D|20250115||ORU^R01^ORU_R01|2|P|2.6|||AL|NE\r", "2", AFF_CE);
}
END_TEST

START_TEST(each_third_is_refused)
{
	ehr.rules.refuse_every = 3;
	for (int i = 1; i <= 9; i++)
		deliver(MESSAGE("1"), "1", i % 3 ? AFF_AA : AFF_AE);
	ehr.rules.answer = EHR_REJECT;
	for (int i = 1; i <= 3; i++)
		deliver(MESSAGE("1"), "1", i % 3 ? AFF_AA : AFF_AR);
	ck_assert_int_eq(last.condition, 207);
	expect_counts(8, 4, 0, 0);
}
END_TEST

START_TEST(everything_is_refused)
{
	ehr.rules.answer = EHR_REJECT;
	deliver(MESSAGE("1"), "1", AFF_AR);
	expect_counts(0, 1, 0, 0);
}
END_TEST

START_TEST(silence)
{
	ehr.rules.answer = EHR_SILENT;
	mllp_client_send(client, 0, aff_view_of(MESSAGE("1")), aff_view_of("1"));
	while (ehr.silent == 0) {
		mllp_client_poll(client, ehr_mllp_fd(face), 5000);
		(void)ehr_mllp_work(face);
	}
	ck_assert_uint_eq(replies, 0);
	expect_counts(0, 0, 1, 0);
}
END_TEST

START_TEST(a_connection_is_closed_after_its_share)
{
	ehr.rules.close_after = 2;
	for (int i = 0; i < 6; i++)
		deliver(MESSAGE("1"), "1", AFF_AA);
	ck_assert_uint_eq(ehr.connections, 3);
}
END_TEST

/* Lanes stall together: four answers after one stall, not after four. */
START_TEST(a_stalled_answer_stalls_no_other_connection)
{
	ehr.rules.stall_ms = 20;
	for (unsigned i = 0; i < LANES; i++)
		mllp_client_send(client, i, aff_view_of(MESSAGE("1")), aff_view_of("1"));
	while (ehr.received < LANES) {
		mllp_client_poll(client, ehr_mllp_fd(face), 5000);
		(void)ehr_mllp_work(face);
	}
	ck_assert(ehr_mllp_is_busy(face));
	run_until(LANES);
	ck_assert_int_eq(last.code, AFF_AA);
	expect_counts(LANES, 0, 0, 0);
	ck_assert(!ehr_mllp_is_busy(face));
}
END_TEST

START_TEST(who_hangs_up_while_stalled_is_forgotten)
{
	ehr.rules.stall_ms = 10;
	mllp_client_send(client, 0, aff_view_of(MESSAGE("1")), aff_view_of("1"));
	while (ehr.received == 0) {
		mllp_client_poll(client, ehr_mllp_fd(face), 5000);
		(void)ehr_mllp_work(face);
	}
	mllp_client_free(client);
	client = NULL;
	for (int wait = 0; wait >= 0;) {
		wait = ehr_mllp_work(face);
		struct net_address own;
		ck_assert_int_eq(ehr_mllp_address(face, &own), 0);
	}
	expect_counts(1, 0, 0, 0);
}
END_TEST

START_TEST(what_is_no_message_costs_the_connection)
{
	mllp_client_send(client, 0, aff_view_of("hello"), aff_view_of("1"));
	run_until(1);
	ck_assert_int_eq(last.rc, AFF_ECLOSED);
	mllp_client_send(client, 0, aff_view_of(MESSAGE("")), aff_view_of("1"));
	run_until(2);
	ck_assert_int_eq(last.rc, AFF_ECLOSED);
	expect_counts(0, 0, 0, 2);
}
END_TEST

START_TEST(accepted_messages_are_saved)
{
	struct aff_buf in;
	char line[256];
	ehr.save = tmpfile();
	ck_assert_ptr_nonnull(ehr.save);
	deliver(MESSAGE("1"), "1", AFF_AA);
	ehr.rules.answer = EHR_ERROR;
	deliver(MESSAGE("2"), "2", AFF_AE);
	rewind(ehr.save);
	aff_buf_init(&in, 4096);
	size_t n = fread(line, 1, sizeof line, ehr.save);
	ck_assert(aff_view_is(aff_view(line, n), MESSAGE("1") "\n"));
	fclose(ehr.save);
	aff_buf_free(&in);
}
END_TEST

/* ---- FHIR ---- */

static struct http_reply reply;
static struct aff_buf body;

static void call(enum http_method method, const char *path, const char *type, const char *text)
{
	struct http_request request = {
		.method = method, .path = path, .query = "", .content_type = type, .body = aff_view_of(text)};
	memset(&reply, 0, sizeof reply);
	aff_buf_free(&body);
	aff_buf_init(&body, 1 << 20);
	reply.status = 200;
	reply.body = &body;
	ehr_fhir_answer(&ehr, &request, &reply);
}

static void post(const char *text)
{
	call(HTTP_POST, "/fhir", "application/fhir+json", text);
}

static bool says(const char *what)
{
	return memmem(body.p, body.n, what, strlen(what)) != NULL;
}

#define ENTRY(type, method, url, more) \
	"{\"resource\":{\"resourceType\":\"" type "\"},\"request\":{\"method\":\"" method "\",\"url\":\"" url \
	"\"" more "}}"
#define BUNDLE(entries) "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[" entries "]}"

START_TEST(resources_are_known_again)
{
	const char *bundle = BUNDLE(ENTRY("Patient", "PUT", "Patient?identifier=s|1", "") "," ENTRY(
		"Observation", "POST", "Observation", ",\"ifNoneExist\":\"identifier=s|2\"") "," ENTRY("Device", "POST",
												       "Device", ""));
	post(bundle);
	ck_assert_int_eq(reply.status, 200);
	ck_assert(says("\"transaction-response\"") && says("Patient/") && !says("200 OK"));
	ck_assert_uint_eq(ehr.created, 3);
	post(bundle);
	ck_assert(says("200 OK") && says("201 Created"));
	ck_assert_uint_eq(ehr.entries, 6);
	ck_assert_uint_eq(ehr.existing, 2);
	ck_assert_uint_eq(ehr.created, 4); /* what has no identifier is new each time */
	expect_counts(2, 0, 0, 0);
	ck_assert_uint_eq(ehr.repeated, 1);
	aff_buf_free(&body);
}
END_TEST

static const struct {
	const char *body, *says;
} broken[] = {
	{"", "not JSON"},
	{"{\"resourceType\":\"Bundle\",\"resourceType\":\"Bundle\"}", "not JSON"},
	{"[]", "resourceType"},
	{"{\"resourceType\":\"Patient\"}", "resourceType"},
	{"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[]}", "Bundle.type"},
	{BUNDLE(""), "empty"},
	{BUNDLE("1"), "method"},
	{BUNDLE(ENTRY("Patient", "GET", "Patient", "")), "method"},
	{BUNDLE(ENTRY("Patient", "POST", "", "")), "url"},
	{BUNDLE(ENTRY("", "POST", "Patient", "")), "resourceType"},
};

START_TEST(a_broken_bundle_is_refused)
{
	post(broken[_i].body);
	ck_assert_int_eq(reply.status, 400);
	ck_assert(says("OperationOutcome"));
	ck_assert_msg(says(broken[_i].says), "%.*s", (int)body.n, body.p);
	expect_counts(0, 0, 0, 1);
	aff_buf_free(&body);
}
END_TEST

START_TEST(bundles_are_refused_as_asked)
{
	const char *bundle = BUNDLE(ENTRY("Patient", "POST", "Patient", ""));
	ehr.rules.answer = EHR_ERROR;
	post(bundle);
	ck_assert_int_eq(reply.status, 422);
	ehr.rules.answer = EHR_REJECT;
	post(bundle);
	ck_assert_int_eq(reply.status, 503);
	ehr.rules = (struct ehr_rules){.status = 429, .retry_after_s = 3, .stall_ms = 40};
	post(bundle);
	ck_assert_int_eq(reply.status, 429);
	ck_assert_int_eq(reply.retry_after_s, 3);
	ck_assert_int_eq(reply.delay_ms, 40);
	ehr.rules = (struct ehr_rules){.answer = EHR_SILENT};
	post(bundle);
	ck_assert_int_lt(reply.delay_ms, 0);
	expect_counts(0, 3, 1, 0);
	ck_assert_uint_eq(ehr.entries, 0);
	aff_buf_free(&body);
}
END_TEST

START_TEST(other_requests)
{
	call(HTTP_GET, "/fhir/metadata", "", "");
	ck_assert(reply.status == 200 && says("CapabilityStatement") && says("\"4.0.1\""));
	call(HTTP_GET, "/fhir", "", "");
	ck_assert_int_eq(reply.status, 405);
	call(HTTP_GET, "/other", "", "");
	ck_assert_int_eq(reply.status, 404);
	call(HTTP_POST, "/fhir", "text/plain", "{}");
	ck_assert_int_eq(reply.status, 415);
	expect_counts(0, 0, 0, 0);
	aff_buf_free(&body);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_ehr");
	TCase *t = tcase_create("ehr");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, messages_are_accepted_and_repeats_seen);
	tcase_add_test(t, enhanced_mode_gets_an_accept_acknowledgement);
	tcase_add_test(t, each_third_is_refused);
	tcase_add_test(t, everything_is_refused);
	tcase_add_test(t, silence);
	tcase_add_test(t, a_connection_is_closed_after_its_share);
	tcase_add_test(t, a_stalled_answer_stalls_no_other_connection);
	tcase_add_test(t, who_hangs_up_while_stalled_is_forgotten);
	tcase_add_test(t, what_is_no_message_costs_the_connection);
	tcase_add_test(t, accepted_messages_are_saved);
	tcase_add_test(t, resources_are_known_again);
	tcase_add_loop_test(t, a_broken_bundle_is_refused, 0, (int)(sizeof broken / sizeof *broken));
	tcase_add_test(t, bundles_are_refused_as_asked);
	tcase_add_test(t, other_requests);
	suite_add_tcase(s, t);
	return run_suite(s);
}
