/* SPDX-License-Identifier: Apache-2.0
 *
 * De-identified messages: what stays, what moves, and that nothing else goes out.
 */
#include <glob.h>

#include <afferent/dtm.h>
#include <afferent/parts.h>

#include "sys/file.h"
#include "steps_fixture.h"

#define KEY  "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
#define HASH "b0344c61d8db3853" /* of "Hi There": RFC 4231 */
#define PID  "PID|||Hi There\n"

static struct aff_step deidentify(void)
{
	return (struct aff_step){.kind = AFF_STEP_DEIDENTIFY, .key = aff_view_of(KEY), .digits = 16};
}

/* What the step makes of a whole message. */
static void expect_message(struct aff_step step, const char *message, const char *wanted)
{
	struct fixture f;
	struct aff_rules_result result;
	struct aff_diag diag = {0};
	struct aff_rules *r = program();
	add_step(r, step, NULL, NULL);
	fixture_open(&f, message);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
	ck_assert_msg(result.verdict == AFF_VERDICT_PASS, "%s", diag.text);
	ck_assert_str_eq(fixture_text(&f), wanted);
	fixture_close(&f);
	aff_rules_free(r);
}

/* What stands behind the MSH and the patient "Hi There". */
static void expect_step(struct aff_step step, const char *segments, const char *wanted)
{
	struct fixture f;
	struct aff_rules_result result;
	struct aff_diag diag = {0};
	struct aff_rules *r = program();
	char text[4096];
	snprintf(text, sizeof text, "%s%s%s", MSH, PID, segments);
	add_step(r, step, NULL, NULL);
	fixture_open(&f, text);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
	ck_assert_msg(result.verdict == AFF_VERDICT_PASS, "%s", diag.text);
	const char *pid = strstr(fixture_text(&f), "PID|||" HASH "\n");
	ck_assert_ptr_nonnull(pid);
	ck_assert_str_eq(pid + strlen("PID|||" HASH "\n"), wanted);
	fixture_close(&f);
	aff_rules_free(r);
}

static void expect(const char *segments, const char *wanted)
{
	expect_step(deidentify(), segments, wanted);
}

/* The code that a message is rejected with, though the channel wants steps that fail skipped. */
static int rejected(struct aff_step step, const char *segments)
{
	struct aff_diag diag = {0};
	struct aff_rules *r = program();
	aff_rules_on_error(r, AFF_ON_ERROR_SKIP);
	add_step(r, step, NULL, NULL);
	struct aff_rules_result result = run(r, segments, NULL, &diag);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_ptr_null(strstr(diag.text, "Hi There"));
	return result.code;
}

#define MSH_OUT "MSH|^~\\&|MON|HOSP|EHR|HOSP|20241119103000+0000||ORU^R01^ORU_R01|523cf35bc559a674|P|2.6\n"

START_TEST(the_table_says_what_stays)
{
	expect_message(deidentify(),
	               "MSH|^~\\&|MON^0011^EUI-64|HOSP|EHR|HOSP|20250115103000.5+0100|secret|ORU^R01^ORU_R01"
	               "|A1|P|2.6|7|x\n"
	               "PID|1|Hi There|Hi There^4^M11^HOSP&1.2&ISO^MR^F~^^^H^X~Hi There^^^B||Doe^Jane|Mum|19610412"
	               "|F|Al^I"
	               "|2106-3^White^X|Street 1|CNTY|555|556|en|M|C|Hi There^^^HOSP|SSN|DL|M1|E1"
	               "|Place|Y|2|CZ|VET|N|20250115\n"
	               "PV1|1|I|ICU^Room^Bed|E||||Doc^Tor|Ref|MED||||1|||||V1\n"
	               "ORC|RE|ORD1|FIL1||CM||||20250115|Who\n"
	               "OBR|1|ORD1^NS^1.2^ISO|FIL1|1^N^S|||20250115102959|||Col^Lector||||Clin info||Doc^Tor\n",
	               "MSH|^~\\&|MON|HOSP|EHR|HOSP|20241119103000.5+0100||ORU^R01^ORU_R01|523cf35bc559a674|P|2.6||\n"
	               "PID|1|" HASH "|" HASH "^^^HOSP^MR~~" HASH "^^^B||||1961|F||2106-3^White^X||||||||" HASH
	               "^^^HOSP||||E1|||||||20241119\n"
	               "PV1|1|I|ICU|E||||||MED||||1|||||e93748ff9407a7d4\n"
	               "ORC|RE|ee7bd8e07d91e77f|5409a3c68e81dd93||CM||||20241119|\n"
	               "OBR|1|ee7bd8e07d91e77f|5409a3c68e81dd93|1^N^S|||20241119102959|||||||||\n");
}
END_TEST

START_TEST(dates_move_over_leap_days_and_years)
{
	expect("OBR|1|||||20240301|20240229235959.1234-0500|2025010100\n",
	       "OBR|1|||||20240104|20240103235959.1234-0500|2024110500\n");
	/* a leap second, blanks; what is less exact than a day, no date at all, or two of them */
	expect("OBR|1|||||20250115235960+0000| 20250115 |202501\n", "OBR|1|||||20241119235960+0000|20241119|\n");
	expect("OBR|1|||||2025|Monday, with Jane|00000000\n", "OBR|1|||||||\n");
	expect("OBR|1|||||20250115^D|\"\"|20250230\n", "OBR|1|||||20241119|\"\"|\n");
	expect("OBR|1|||||||00010101\nSPM|1||||||||||||||||20250115^20240301~20250115^\n",
	       "OBR|1|||||||\nSPM|1||||||||||||||||20241119^20240104~20241119\n");
}
END_TEST

START_TEST(of_a_birth_date_the_year_stays_up_to_89_years)
{
	static const char *const dates[][2] = {
		{"19610412", "1961"}, {"1961", "1961"}, {"193601010000", "1936"}, {"19351231", ""}, {"1870", ""},
		{"20260101", ""}, {"61", ""}, {"April", ""}, {"20250115", "2025"}, {"\"\"", "\"\""},
	};
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		char in[256], out[256];
		snprintf(in, sizeof in, MSH "PID|||Hi There||||%s\n", dates[i][0]);
		snprintf(out, sizeof out, MSH_OUT "PID|||" HASH "||||%s\n", dates[i][1]);
		expect_message(deidentify(), in, out);
	}
	/* without a time of the message nobody knows how old the patient is */
	expect_message(deidentify(), "MSH|^~\\&|||||||ORU|A1|P|2.6\nPID|||Hi There||||19610412\n",
	               "MSH|^~\\&|||||||ORU|523cf35bc559a674|P|2.6\nPID|||" HASH "||||\n");
}
END_TEST

START_TEST(values_stay_as_their_types_say)
{
	static const struct {
		const char *type, *in, *out;
	} values[] = {
		{"NM", "-72.50", "-72.50"}, {"NM", "72~Jane", "72"}, {"NM", "Jane", ""}, {"NM", "555-1234", ""},
		{"SN", ">^100~^1^:^128", ">^100~^1^:^128"}, {"SN", "^Jane", ""}, {"NA", "1^2^-3~4", "1^2^-3~4"},
		{"CWE", "1^One^L^2^Two^M^v1^v2^Jane said one", "1^One^L^2^Two^M^v1^v2"},
		{"CE", "^Jane^L^2^Two^M", "^^^2^Two^M"},
		{"CWE", "Jane Doe^x^L", ""}, {"ID", "Y", "Y"}, {"IS", "Jane Doe", ""},
		{"DT", "20250115", "20241119"}, {"TS", "20250115~20240301", "20241119~20240104"},
		{"TM", "1030", "1030"}, {"TM", "20250115", ""}, {"DR", "20250115^20240301", "20241119^20240104"},
		{"DTM", "Jane", ""},
		{"ST", "Jane", ""}, {"TX", "a~Jane", ""}, {"FT", "Jane", ""}, {"ED", "^a^b^Base64^SmFuZQ==", ""},
		{"RP", "http://x/jane", ""}, {"XPN", "Doe^Jane", ""}, {"CX", "1", ""}, {"", "Jane", ""},
		{"ZZ", "1", ""}, {"TX", "\"\"", "\"\""},
	};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char in[256], out[256];
		snprintf(in, sizeof in,
		         "OBX|1|%s|1^N^S^^^^^^text|1.2|%s|bpm|60-80|H~X||||||||Who|Meth Od^x|SER1^^0011^EUI-64\n",
		         values[i].type, values[i].in);
		snprintf(out, sizeof out, "OBX|1|%s|1^N^S|1.2|%s|bpm|60-80|H~X||||||||||09683a7061ef65e9\n",
		         values[i].type, values[i].out);
		expect(in, out);
	}
	expect("NTE|1|L|Call Jane\nNTE|2|L|\"\"\n", "NTE|1|L|\nNTE|2|L|\"\"\n");
	struct aff_step keep = deidentify();
	keep.keep_text = true;
	expect_step(keep, "OBX|1|ST|||up^down|||||F|||||Who\nNTE|1||fine^x\nOBX|2|XPN|||Jane\n",
	            "OBX|1|ST|||up^down|||||F|||||\nNTE|1||fine^x\nOBX|2|XPN|||\n");
}
END_TEST

START_TEST(other_delimiters_and_escapes_are_read)
{
	/* the same identifier, escaped */
	expect("PV1|||||||||||||||||||A\\T\\B\n", "PV1|||||||||||||||||||a5e344567e1872a7\n");
	expect_message(deidentify(),
	               "MSH#*@!%#MON*0011#H###20250115##ORU*R01#A1#P#2.6\n"
	               "PID###Hi There***HOSP%1.2*MR@A!T!B##Doe*Jane##19610412\nOBX#1#NM#1*N*S##72@x\n",
	               "MSH#*@!%#MON#H###20241119##ORU*R01#523cf35bc559a674#P#2.6\n"
	               "PID###" HASH "***HOSP*MR@e897bab927d0b8c0####1961\nOBX#1#NM#1*N*S##72\n");
}
END_TEST

START_TEST(each_patient_has_days_of_its_own)
{
	expect_message(deidentify(),
	               MSH "PID|1||Hi There\nOBR|1||||||20250115\nPID|2||P2\nOBR|1||||||20250115\n"
	               "PID|3||Hi There\nOBR|1||||||20250115\n",
	               "MSH|^~\\&|MON|HOSP|EHR|HOSP|||ORU^R01^ORU_R01|523cf35bc559a674|P|2.6\n"
	               "PID|1||" HASH "\nOBR|1||||||20241119\nPID|2||ec4ca8583f97fafc\nOBR|1||||||20240617\n"
	               "PID|3||" HASH "\nOBR|1||||||20241119\n");
	/* an empty repetition before the identifier; the same patient twice */
	expect_message(deidentify(), MSH "PID|||~\"\"~Hi There\nPID|||Hi There\n",
	               MSH_OUT "PID|||~\"\"~" HASH "\nPID|||" HASH "\n");
}
END_TEST

START_TEST(what_the_table_does_not_name_goes)
{
	static const char segments[] =
		"PD1|a\nNTE|1||of PD1\nNK1|1|Doe^Joe\nNTE|1||of NK1\nZPI|Jane\nOBR|1\n"
		"TQ1|1\nOBX|1|NM|||1\nPRT|1|x\nNTE|1|L|Jane\n"
		"GT1|1|Doe\nIN1|1\nDG1|1||A1\nNTE|1||of DG1\n";
	struct aff_step keep = deidentify();
	keep.keep_others = true;
	expect(segments, "OBR|1\nOBX|1|NM|||1\nNTE|1|L|\n");
	expect_step(keep, segments, "ZPI|Jane\nOBR|1\nOBX|1|NM|||1\nNTE|1|L|\nDG1|1||A1\nNTE|1||\n");
	/* fields behind those that the table knows */
	expect("OBX|1|NM|||1||||||F||||||||||||Jane|Jane|Jane|Jane|Jane|Jane|Jane|Jane|Jane|Jane|Jane\n",
	       "OBX|1|NM|||1||||||F||||||||||||||||||Jane||||\n");
}
END_TEST

/* What a channel takes whose source is lenient. */
START_TEST(lines_that_are_no_segments_go)
{
	static const char *const texts[] = {
		MSH PID "OBX|1|NM|||1||||||F\nJane\nOBXX|Jane\nNK1 |Jane\nz\n", MSH PID "OBR|1\n" MSH "PV1|1\n"
	};
	for (size_t i = 0; i < 4; i++) {
		struct fixture f;
		struct aff_rules_result result;
		struct aff_step step = deidentify();
		struct aff_rules *r = program();
		step.keep_others = i & 2;
		add_step(r, step, NULL, NULL);
		fixture_open(&f, MSH);
		char *text = strdup(texts[i & 1]);
		ck_assert_ptr_nonnull(text);
		for (char *p = text; *p; p++)
			*p = *p == '\n' ? '\r' : *p;
		ck_assert_int_eq(aff_msg_parse(f.msg, text, strlen(text), AFF_LENIENT_ALL, NULL), 0);
		ck_assert_int_eq(aff_edit_begin(f.edit, f.msg), 0);
		ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
		ck_assert_int_eq(result.code, i & 1 ? AFF_EREFUSED : 0);
		if (!(i & 1))
			ck_assert_str_eq(fixture_text(&f), MSH_OUT "PID|||" HASH "\nOBX|1|NM|||1||||||F\n");
		fixture_close(&f);
		free(text);
		aff_rules_free(r);
	}
}
END_TEST

START_TEST(what_cannot_be_done_rejects_the_message)
{
	struct aff_step lost = deidentify();
	lost.key = aff_view("", 0);
	ck_assert_int_eq(rejected(deidentify(), "OBR|1\nOBX|1|NM|||1\n"), AFF_EREFUSED);
	ck_assert_int_eq(rejected(deidentify(), "PID|||^^^HOSP\n"), AFF_EREFUSED);
	ck_assert_int_eq(rejected(deidentify(), "PID|||\"\"\n"), AFF_EREFUSED);
	ck_assert_int_eq(rejected(deidentify(), "PID|||Hi There\nPID|2\n"), AFF_EREFUSED);
	ck_assert_int_eq(rejected(deidentify(), "PID|||Hi There\nDSC|1\n"), AFF_EREFUSED);
	ck_assert_int_eq(rejected(deidentify(), "PID|||Hi There\nOBR|1\nSAC|1\nNTE|1\nOBX|1|NM|||1\n"),
	                 AFF_EREFUSED);
	ck_assert_int_eq(rejected(lost, "PID|||Hi There\n"), AFF_EKEY);
}
END_TEST

START_TEST(wrong_steps_are_refused)
{
	struct aff_step step = deidentify();
	refused(step, "OBX");
	step.key = aff_view_of("fifteen bytes..");
	refused(step, NULL);
	step = deidentify();
	step.digits = 15;
	refused(step, NULL);
}
END_TEST

/* ---- the messages of the repository ---- */

static const struct { const char *segment; unsigned field; } protected[] = {
	{"PID", 3}, {"PID", 5}, {"PID", 6}, {"PID", 9}, {"PID", 11}, {"PID", 13}, {"PID", 14}, {"PID", 18}, {"PID", 19},
	{"PID", 20}, {"PID", 21}, {"PID", 23}, {"PV1", 7}, {"PV1", 8}, {"PV1", 9}, {"PV1", 17}, {"PV1", 19}, {"NK1", 2},
	{"NK1", 4}, {"NK1", 5}, {"OBR", 2}, {"OBR", 3}, {"OBR", 10}, {"OBR", 13}, {"OBR", 16}, {"OBR", 28}, {"OBX", 16},
	{"OBX", 18}, {"NTE", 3}, {"OBX", 5}, {"ORC", 2}, {"ORC", 3}, {"ORC", 12},
};
static const struct { const char *segment; unsigned field; } times[] = {
	{"MSH", 7}, {"PID", 7}, {"PV1", 44}, {"OBR", 7}, {"OBR", 8}, {"OBR", 22}, {"OBX", 14}, {"OBX", 19}, {"SPM", 17},
};

static unsigned looked, moved;

/* Of values texts alone are; the second component of an identifier is none of a person. */
static bool is_protected(const struct aff_msg *m, unsigned segment, size_t which, unsigned component)
{
	struct aff_view type = aff_msg_get(m, segment, 2, 1, 1, 0);
	if (!strcmp(protected[which].segment, "OBX") && protected[which].field == 5)
		return aff_view_is(type, "ST") || aff_view_is(type, "TX") || aff_view_is(type, "FT");
	return component == 1 || (!strcmp(protected[which].segment, "PID") && protected[which].field != 3);
}

/* No value of a protected field stands anywhere in the output. */
static void check_gone(const struct aff_msg *m, const char *out, const char *file)
{
	for (size_t i = 0; i < sizeof protected / sizeof protected[0]; i++)
		for (unsigned s = aff_msg_find(m, protected[i].segment, 0); s != AFF_NONE;
		     s = aff_msg_find(m, protected[i].segment, s + 1))
			for (unsigned part = 0; part < 6; part++) {
				unsigned r = part / 2 + 1, c = part % 2 + 1;
				struct aff_view v = aff_msg_get(m, s, protected[i].field, r, c, 0);
				char text[256];
				if (v.n < 4 || v.n >= sizeof text || !is_protected(m, s, i, c))
					continue;
				memcpy(text, v.p, v.n);
				text[v.n] = '\0';
				ck_assert_msg(!strstr(out, text), "%s: %s-%u goes out", file, protected[i].segment,
				              protected[i].field);
				looked++;
			}
}

static unsigned patient_of(const struct aff_msg *m, unsigned segment)
{
	unsigned n = 0;
	for (unsigned i = aff_msg_find(m, "PID", 0); i != AFF_NONE && i <= segment; i = aff_msg_find(m, "PID", i + 1))
		n++;
	return n;
}

/* All times of a patient have moved by the same: days, and nothing of the time of day. */
static void check_times(const struct aff_msg *m, const struct aff_msg *out, const char *text, const char *file)
{
	enum { PATIENTS = 32 };
	int64_t days[PATIENTS] = {0};
	const bool alone = aff_msg_find(m, "PID", aff_msg_find(m, "PID", 0) + 1) == AFF_NONE;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		unsigned s = aff_msg_find(m, times[i].segment, 0), to = aff_msg_find(out, times[i].segment, 0);
		for (; s != AFF_NONE; s = aff_msg_find(m, times[i].segment, s + 1),
		                      to = aff_msg_find(out, times[i].segment, to + 1)) {
			struct aff_dtm before, after;
			struct aff_view v = aff_msg_get(m, s, times[i].field, 1, 1, 0);
			char date[9] = "";
			ck_assert_uint_ne(to, AFF_NONE);
			if (aff_dtm_parse(&before, v) || before.precision < AFF_DTM_DAY)
				continue;
			memcpy(date, v.p, 8);
			ck_assert_msg(!strstr(text, date), "%s: the date of %s-%u goes out", file, times[i].segment,
			              times[i].field);
			if (!strcmp(times[i].segment, "PID") || (!s && !alone))
				continue;
			ck_assert_msg(!aff_dtm_parse(&after, aff_msg_get(out, to, times[i].field, 1, 1, 0)),
			              "%s: %s-%u is no time", file, times[i].segment, times[i].field);
			int64_t by = aff_dtm_micros(&before, 0) - aff_dtm_micros(&after, 0);
			ck_assert_int_eq(by % (INT64_C(86400) * 1000000), 0);
			int64_t *known = &days[alone ? 0 : patient_of(m, s) % PATIENTS];
			ck_assert(!*known || by == *known);
			ck_assert_int_gt(by, 0);
			*known = by;
			moved++;
		}
	}
}

static void check_message(const struct aff_rules *r, struct aff_view bytes, const char *file)
{
	struct aff_msg *m, *again;
	struct aff_edit *e;
	struct aff_buf out[2];
	struct aff_rules_result result = {0};
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_new(&again, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&e, 16 << 20), 0);
	for (size_t i = 0; i < 2; i++)
		aff_buf_init(&out[i], 16 << 20);
	bool good = !aff_msg_parse(m, bytes.p, bytes.n, 0, NULL);
	for (size_t i = 0; good && i < 2; i++) {
		ck_assert_int_eq(aff_edit_begin(e, m), 0);
		ck_assert_int_eq(aff_rules_run(r, e, &result, NULL), 0);
		aff_edit_write(e, &out[i]);
	}
	if (good && result.verdict == AFF_VERDICT_PASS) {
		ck_assert(aff_view_equal(aff_buf_view(&out[0]), aff_buf_view(&out[1])));
		ck_assert_int_eq(aff_msg_parse(again, out[0].p, out[0].n, 0, NULL), 0);
		aff_buf_put_char(&out[1], '\0');
		check_gone(m, out[1].p, file);
		check_times(m, again, out[1].p, file);
	}
	for (size_t i = 0; i < 2; i++)
		aff_buf_free(&out[i]);
	aff_edit_free(e);
	aff_msg_free(again);
	aff_msg_free(m);
}

/* Each message of a file that may hold several. */
static void check_file(const struct aff_rules *r, const char *file)
{
	struct aff_buf text;
	aff_buf_init(&text, 16 << 20);
	ck_assert_int_eq(file_read(file, &text, NULL), 0);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			text.p[i] = '\r';
	for (size_t from = 0, to; from < text.n; from = to) {
		for (to = from + 1; to < text.n; to++)
			if (text.p[to - 1] == '\r' && text.n - to > 3 && !memcmp(text.p + to, "MSH", 3))
				break;
		check_message(r, aff_view(text.p + from, to - from), file);
	}
	aff_buf_free(&text);
}

START_TEST(nothing_protected_goes_out_of_any_message)
{
	glob_t files;
	struct aff_rules *r = program();
	add_step(r, deidentify(), NULL, NULL);
	ck_assert_int_eq(glob("examples/*.hl7", 0, NULL, &files), 0);
	ck_assert_int_eq(glob("tests/cases/fhir/*.hl7", GLOB_APPEND, NULL, &files), 0);
	ck_assert_int_eq(glob("tests/bench/messages/*.hl7", GLOB_APPEND, NULL, &files), 0);
	ck_assert_int_eq(glob("channels/*.cases/*/*.hl7", GLOB_APPEND, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		check_file(r, files.gl_pathv[i]);
	printf("%zu files, %u protected values, %u times\n", files.gl_pathc, looked, moved);
	ck_assert_uint_gt(looked, 50);
	ck_assert_uint_gt(moved, 50);
	globfree(&files);
	aff_rules_free(r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_table_says_what_stays,
		dates_move_over_leap_days_and_years,
		of_a_birth_date_the_year_stays_up_to_89_years,
		values_stay_as_their_types_say,
		other_delimiters_and_escapes_are_read,
		each_patient_has_days_of_its_own,
		what_the_table_does_not_name_goes,
		lines_that_are_no_segments_go,
		what_cannot_be_done_rejects_the_message,
		wrong_steps_are_refused,
		nothing_protected_goes_out_of_any_message,
	};
	return RUN_TESTS("rules_deidentify", tests);
}
