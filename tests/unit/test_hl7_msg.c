/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing and reading messages.
 */
#include "hl7_test.h"

#define TYPICAL                                                                                                       \
	"MSH|^~\\&|DEV^0011^EUI-64|ICU|EHR|HOSP|20250101||ORU^R01^ORU_R01|17|P|2.6\r"                                 \
	"PID|||A1^^^HOSP^PI~B2^^^HOSP^AN||Muster&von^Erika\r"                                                         \
	"OBR|1\r"                                                                                                     \
	"OBX|1|NM|147842^MDC_HEART^MDC|1.1.1.1|114\r"                                                                 \
	"ZZZ\r"                                                                                                       \
	"OBX|2|NM|150456^MDC_SAT^MDC|1.1.1.2|86||\r"

static int parse_error(const char *bytes, size_t n, unsigned lenient, const struct aff_limits *limits,
                       struct aff_diag *diag)
{
	struct aff_msg *m;
	char *exact = exact_copy(bytes, n);
	ck_assert_int_eq(aff_msg_new(&m, limits), 0);
	int error = aff_msg_parse(m, exact, n, lenient, diag);
	aff_msg_free(m);
	free(exact);
	return error;
}

static int text_error(const char *text, unsigned lenient)
{
	return parse_error(text, strlen(text), lenient, NULL, NULL);
}

START_TEST(segments_and_ids)
{
	struct aff_msg *m = parsed(TYPICAL);
	ck_assert_uint_eq(aff_msg_segments(m), 6);
	ck_view(aff_msg_id(m, 0), "MSH");
	ck_view(aff_msg_id(m, 4), "ZZZ");
	ck_view(aff_msg_segment(m, 2), "OBR|1");
	ck_view(aff_msg_segment(m, 4), "ZZZ");
	ck_view(aff_msg_segment(m, 6), "");
	ck_assert_uint_eq(aff_msg_fields(m, 0), 12);
	ck_assert_uint_eq(aff_msg_fields(m, 4), 0);
	ck_assert_uint_eq(aff_msg_fields(m, 5), 7);
	ck_assert_uint_eq(aff_msg_fields(m, 6), 0);
	ck_assert_uint_eq(aff_msg_find(m, "OBX", 0), 3);
	ck_assert_uint_eq(aff_msg_find(m, "OBX", 4), 5);
	ck_assert_uint_eq(aff_msg_find(m, "OBX", 6), AFF_NONE);
	ck_assert_uint_eq(aff_msg_find(m, "OB", 0), AFF_NONE);
	ck_assert_uint_eq(aff_msg_find(m, "OBXX", 0), AFF_NONE);
	ck_assert_uint_eq(aff_msg_nth(m, "OBX", 2), 5);
	ck_assert_uint_eq(aff_msg_nth(m, "OBX", 3), AFF_NONE);
	ck_assert_uint_eq(aff_msg_nth(m, "OBX", 0), AFF_NONE);
	ck_assert_uint_eq(aff_msg_occurrence(m, 5), 2);
	ck_assert_uint_eq(aff_msg_occurrence(m, 6), 0);
	ck_assert(aff_msg_is(m, 1, "PID"));
	ck_assert(!aff_msg_is(m, 1, "PV1"));
	ck_assert(!aff_msg_is(m, 9, "PID"));
	ck_assert_int_eq(aff_msg_terminator(m), AFF_TERMINATOR_CR);
	aff_msg_free(m);
}
END_TEST

START_TEST(fields_of_the_header)
{
	struct aff_msg *m = parsed("MSH|^~\\&|A^B\rBHS|^~\\&|C\rBHS\r");
	ck_view(aff_msg_field(m, 0, 0), "");
	ck_view(aff_msg_field(m, 0, 1), "|");
	ck_view(aff_msg_field(m, 0, 2), "^~\\&");
	ck_view(aff_msg_field(m, 0, 3), "A^B");
	ck_view(aff_msg_field(m, 0, 4), "");
	ck_view(aff_msg_get(m, 0, 2, 1, 1, 1), "^~\\&");
	ck_view(aff_msg_get(m, 0, 2, 1, 2, 0), "");
	ck_view(aff_msg_get(m, 0, 2, 2, 0, 0), "");
	ck_view(aff_msg_get(m, 0, 1, 0, 0, 0), "|");
	ck_assert_uint_eq(aff_msg_repetitions(m, 0, 2), 1);
	ck_view(aff_msg_field(m, 1, 2), "^~\\&");
	ck_view(aff_msg_field(m, 1, 3), "C");
	ck_assert_uint_eq(aff_msg_fields(m, 2), 0);
	ck_view(aff_msg_field(m, 2, 1), "");
	aff_msg_free(m);
}
END_TEST

START_TEST(parts)
{
	struct aff_msg *m = parsed(TYPICAL);
	ck_view(aff_msg_field(m, 1, 3), "A1^^^HOSP^PI~B2^^^HOSP^AN");
	ck_assert_uint_eq(aff_msg_repetitions(m, 1, 3), 2);
	ck_assert_uint_eq(aff_msg_repetitions(m, 1, 1), 0);
	ck_assert_uint_eq(aff_msg_repetitions(m, 1, 99), 0);
	ck_view(aff_msg_get(m, 1, 3, 0, 0, 0), "A1^^^HOSP^PI");
	ck_view(aff_msg_get(m, 1, 3, 2, 0, 0), "B2^^^HOSP^AN");
	ck_view(aff_msg_get(m, 1, 3, 2, 4, 0), "HOSP");
	ck_view(aff_msg_get(m, 1, 3, 3, 1, 0), "");
	ck_view(aff_msg_get(m, 1, 3, 1, 2, 0), "");
	ck_view(aff_msg_get(m, 1, 3, 1, 6, 0), "");
	ck_view(aff_msg_get(m, 1, 5, 1, 1, 0), "Muster&von");
	ck_view(aff_msg_get(m, 1, 5, 1, 1, 2), "von");
	ck_view(aff_msg_get(m, 1, 5, 1, 1, 3), "");
	ck_view(aff_msg_get(m, 3, 5, 1, 1, 1), "114");
	ck_view(aff_msg_get(m, 3, 5, 1, 1, 2), "");
	ck_view(aff_msg_get(m, 9, 1, 1, 1, 1), "");
	ck_view(aff_msg_get(m, 3, 0, 1, 1, 1), "");
	aff_msg_free(m);
}
END_TEST

START_TEST(own_delimiters)
{
	struct aff_msg *m = parsed("MSH$%~\\&#$A%B\rPID$1$x^y&z\r");
	struct aff_delims d = aff_msg_delims(m);
	ck_assert_int_eq(d.field, '$');
	ck_assert_int_eq(d.component, '%');
	ck_assert_int_eq(d.truncation, '#');
	ck_view(aff_msg_get(m, 0, 3, 1, 2, 0), "B");
	ck_view(aff_msg_get(m, 1, 2, 1, 1, 1), "x^y");
	ck_view(aff_msg_get(m, 1, 2, 1, 1, 2), "z");
	aff_msg_free(m);
	m = parsed("MSH|^|A^B~C|1&2");
	ck_assert_int_eq(aff_msg_delims(m).repetition, 0);
	ck_assert_uint_eq(aff_msg_repetitions(m, 0, 3), 1);
	ck_view(aff_msg_get(m, 0, 3, 1, 2, 0), "B~C");
	ck_view(aff_msg_get(m, 0, 4, 1, 1, 1), "1&2");
	ck_view(aff_msg_get(m, 0, 4, 1, 1, 2), "");
	aff_msg_free(m);
}
END_TEST

START_TEST(bad_delimiters_still_give_the_msh)
{
	static const char *const bad[] = {"MSH|^~\\&#!|A|B", "MSH|^^\\&|A|B", "MSH|^~a&|A|B", "MSH|^~1&|A|B",
	                                  "MSH|^~|\\&|A", "MSH||A|B", "MSH|"};
	struct aff_msg *m;
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct aff_diag diag = {0};
		int error = aff_msg_parse(m, bad[i], strlen(bad[i]), 0, &diag);
		if (i == 4) { /* the field separator just ends MSH-2 early */
			ck_assert_int_eq(error, 0);
			continue;
		}
		ck_assert_msg(error == AFF_EDELIMITER, "%s: %s", bad[i], aff_error_name(error));
		ck_assert_str_eq(diag.at.segment, "MSH");
		ck_assert_uint_eq(diag.at.field, 2);
		ck_assert_uint_eq(aff_msg_segments(m), 1);
		ck_assert_int_eq(aff_msg_delims(m).component, '^');
		if (i < 4)
			ck_view(aff_msg_field(m, 0, 4), "B");
	}
	ck_assert_int_eq(aff_msg_parse(m, "MSH^^~\\&^A", 10, 0, NULL), AFF_EDELIMITER);
	ck_assert_int_eq(aff_msg_delims(m).component, '|');
	static const char *const unreadable[] = {"MSH", "MSHa", "MSH1^~", "MSH\r|^~", "MSH\n"};
	for (size_t i = 0; i < sizeof unreadable / sizeof unreadable[0]; i++) {
		ck_assert_int_eq(aff_msg_parse(m, unreadable[i], strlen(unreadable[i]), 0, NULL), AFF_EDELIMITER);
		ck_assert_uint_eq(aff_msg_segments(m), 0);
	}
	ck_assert_int_eq(parse_error("MSH\0^~\\&", 8, 0, NULL, NULL), AFF_EDELIMITER);
	aff_msg_free(m);
}
END_TEST

START_TEST(terminators)
{
	static const struct {
		const char *text;
		enum aff_terminator terminator;
		unsigned segments;
		const char *last;
	} good[] = {
		{"MSH|^~\\&|A\rPID|1\r", AFF_TERMINATOR_CR, 2, "PID|1"},
		{"MSH|^~\\&|A\rPID|1", AFF_TERMINATOR_CR, 2, "PID|1"},
		{"MSH|^~\\&|A\nPID|1\n", AFF_TERMINATOR_LF, 2, "PID|1"},
		{"MSH|^~\\&|A\r\nPID|1\r\n", AFF_TERMINATOR_CRLF, 2, "PID|1"},
		{"MSH|^~\\&|A\r\nPID|1|a\nb\r\nPV1", AFF_TERMINATOR_CRLF, 3, "PV1"},
		{"MSH|^~\\&|A\rPID|1|a\nb\r", AFF_TERMINATOR_CR, 2, "PID|1|a\nb"},
		{"MSH|^~\\&|A\rPID|1\r\r\n\n", AFF_TERMINATOR_CR, 2, "PID|1"},
		{"MSH|^~\\&|A\nPID|1\n\r\n", AFF_TERMINATOR_LF, 2, "PID|1"},
		{"MSH|^~\\&|A", AFF_TERMINATOR_CR, 1, "MSH|^~\\&|A"},
		{"MSH|^~\\&|A\n\n", AFF_TERMINATOR_LF, 1, "MSH|^~\\&|A"},
		{"MSH|^~\\&|A\r\n\r\n", AFF_TERMINATOR_CRLF, 1, "MSH|^~\\&|A"},
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct aff_msg *m = parsed(good[i].text);
		ck_assert_int_eq(aff_msg_terminator(m), good[i].terminator);
		ck_assert_uint_eq(aff_msg_segments(m), good[i].segments);
		ck_view(aff_msg_segment(m, good[i].segments - 1), good[i].last);
		aff_msg_free(m);
	}
}
END_TEST

START_TEST(mixed_terminators_are_refused)
{
	ck_assert_int_eq(text_error("MSH|^~\\&|A\nPID|1\rPV1|1\n", AFF_LENIENT_ALL), AFF_ETERMINATOR);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\nPID|1\r\nPV1|1\n", AFF_LENIENT_ALL), AFF_ETERMINATOR);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\r\nPID|1\rPV1|1\r\n", AFF_LENIENT_ALL), AFF_ETERMINATOR);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\rPID|1\r\nPV1|1\r", 0), AFF_ESEGMENTID);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\rPID|1\r\rPV1|1\r", 0), AFF_ESEGMENTID);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\rPID|1\r\rPV1|1\r", AFF_LENIENT_SEGMENTID), 0);
}
END_TEST

START_TEST(msh_that_swallowed_the_message)
{
	char text[256] = "MSH|^~\\&|A|B|C|D|2025||ORU^R01|4711|P|2.6";
	size_t n = strlen(text);
	memset(text + n, '|', 60);
	n += 60;
	struct aff_msg *m;
	struct aff_diag diag = {0};
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, text, n, 0, &diag), AFF_ETERMINATOR);
	ck_assert_str_eq(diag.at.segment, "MSH");
	ck_assert_uint_eq(aff_msg_segments(m), 1);
	ck_view(aff_msg_field(m, 0, 10), "4711");
	aff_msg_free(m);
}
END_TEST

START_TEST(before_the_msh)
{
	ck_assert_int_eq(text_error("", 0), AFF_ENOMSH);
	ck_assert_int_eq(text_error("MS", AFF_LENIENT_ALL), AFF_ENOMSH);
	ck_assert_int_eq(text_error("\r\n \r", AFF_LENIENT_ALL), AFF_ENOMSH);
	ck_assert_int_eq(text_error("PID|1\r", AFF_LENIENT_ALL), AFF_ENOMSH);
	ck_assert_int_eq(text_error("msh|^~\\&|\r", AFF_LENIENT_ALL), AFF_ENOMSH);
	ck_assert_int_eq(text_error("\xef\xbb\xbfMSH|^~\\&|\r", 0), AFF_ENOMSH);
	ck_assert_int_eq(text_error("\xef\xbb\xbfMSH|^~\\&|\r", AFF_LENIENT_BOM), 0);
	ck_assert_int_eq(text_error("\r\n MSH|^~\\&|\r", AFF_LENIENT_BOM), AFF_ENOMSH);
	ck_assert_int_eq(text_error("\r\n MSH|^~\\&|\r", AFF_LENIENT_BLANK), 0);
	struct aff_msg *m;
	const char text[] = "\xef\xbb\xbf\n\nMSH|^~\\&|A\rPID|7";
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, text, sizeof text - 1, AFF_LENIENT_ALL, NULL), 0);
	ck_assert_int_eq(aff_msg_terminator(m), AFF_TERMINATOR_CR);
	ck_view(aff_msg_field(m, 0, 3), "A");
	ck_view(aff_msg_field(m, 1, 1), "7");
	ck_assert_uint_eq(aff_msg_bytes(m).n, sizeof text - 1);
	aff_msg_free(m);
}
END_TEST

START_TEST(segment_ids)
{
	struct aff_msg *m;
	struct aff_diag diag = {0};
	const char text[] = "MSH|^~\\&|A|\rPID|1\robx|2\r\rLONGER|x\r1AB";
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, text, sizeof text - 1, 0, &diag), AFF_ESEGMENTID);
	ck_assert_uint_eq(aff_msg_segments(m), 2);
	ck_assert_ptr_null(strstr(diag.text, "obx"));
	ck_assert_ptr_nonnull(strstr(diag.text, "segment 3, at byte 19,"));
	ck_assert_int_eq(aff_msg_parse(m, text, sizeof text - 1, AFF_LENIENT_SEGMENTID, &diag), 0);
	ck_assert_uint_eq(aff_msg_segments(m), 6);
	ck_view(aff_msg_id(m, 2), "obx");
	ck_view(aff_msg_id(m, 3), "");
	ck_view(aff_msg_segment(m, 3), "");
	ck_view(aff_msg_id(m, 4), "LONGER");
	ck_view(aff_msg_field(m, 4, 1), "x");
	ck_assert_uint_eq(aff_msg_find(m, "obx", 0), 2);
	ck_assert_uint_eq(aff_msg_find(m, "1AB", 0), 5);
	aff_msg_free(m);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\rPI|1", 0), AFF_ESEGMENTID);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\rPID ", 0), AFF_ESEGMENTID);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\rPI-|", 0), AFF_ESEGMENTID);
	ck_assert_int_eq(text_error("MSH|^~\\&|A\rZ01|", 0), 0);
}
END_TEST

START_TEST(two_messages)
{
	const char text[] = "MSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\r";
	struct aff_msg *m;
	struct aff_diag diag = {0};
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, text, sizeof text - 1, 0, &diag), AFF_ETWOMSH);
	ck_assert_uint_eq(diag.at.occurrence, 2);
	ck_assert_uint_eq(aff_msg_segments(m), 2);
	ck_assert_int_eq(aff_msg_parse(m, text, sizeof text - 1, AFF_LENIENT_TWOMSH, NULL), 0);
	ck_view(aff_msg_field(m, 2, 3), "B");
	aff_msg_free(m);
}
END_TEST

START_TEST(limits)
{
	const struct aff_limits small = {100, 3, 5, 2};
	const char *head = "MSH|^~\\&|A\r";
	char text[256];
	ck_assert_int_eq(parse_error("MSH|^~\\&|A\rA01\rA02", 18, 0, &small, NULL), 0);
	ck_assert_int_eq(parse_error("MSH|^~\\&|A\rA01\rA02\rA03", 22, 0, &small, NULL), AFF_ELIMIT);
	snprintf(text, sizeof text, "%sPID|1|2|3|4|5", head);
	ck_assert_int_eq(parse_error(text, strlen(text), 0, &small, NULL), 0);
	snprintf(text, sizeof text, "%sPID|1|2|3|4|5|", head);
	ck_assert_int_eq(parse_error(text, strlen(text), 0, &small, NULL), AFF_ELIMIT);
	snprintf(text, sizeof text, "%sPID|1~2", head);
	ck_assert_int_eq(parse_error(text, strlen(text), 0, &small, NULL), 0);
	snprintf(text, sizeof text, "%sPID|1|~~", head);
	ck_assert_int_eq(parse_error(text, strlen(text), 0, &small, NULL), AFF_ELIMIT);
	struct aff_msg *m;
	ck_assert_int_eq(aff_msg_new(&m, &small), 0);
	snprintf(text, sizeof text, "%sPID|%0100d", head, 0);
	ck_assert_int_eq(aff_msg_parse(m, text, strlen(text), 0, NULL), AFF_ELIMIT);
	ck_assert_uint_eq(aff_msg_segments(m), 1);
	ck_view(aff_msg_field(m, 0, 3), "A");
	aff_msg_free(m);
}
END_TEST

START_TEST(a_large_message_and_reuse)
{
	struct aff_buf b;
	aff_buf_init(&b, 1u << 20);
	aff_buf_put_text(&b, "MSH|^~\\&|A\r");
	for (unsigned i = 1; i < 10000; i++)
		aff_buf_printf(&b, "OBX|%u|NM|147842^MDC_HEART^MDC||%u\r", i, i * 7);
	struct aff_msg *m;
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(aff_msg_parse(m, b.p, b.n, 0, NULL), 0);
		ck_assert_uint_eq(aff_msg_segments(m), 10000);
		ck_view(aff_msg_field(m, 9999, 5), "69993");
		ck_view(aff_msg_get(m, 5000, 3, 1, 2, 0), "MDC_HEART");
		ck_assert_int_eq(aff_msg_parse(m, "MSH|^~\\&|tiny", 13, 0, NULL), 0);
		ck_assert_uint_eq(aff_msg_segments(m), 1);
	}
	aff_buf_put_text(&b, "OBX|10000\r");
	ck_assert_int_eq(aff_msg_parse(m, b.p, b.n, 0, NULL), AFF_ELIMIT);
	aff_msg_free(m);
	aff_buf_free(&b);
}
END_TEST

/* Every size around the first ones of the tables, each with an object of its own. */
START_TEST(tables_of_every_size)
{
	static char text[8192] = "MSH|^~\\&|A";
	const size_t head = strlen(text);
	for (unsigned count = 0; count < 1200; count++) {
		struct aff_msg *m;
		size_t n = head + 4 * (size_t)count;
		memcpy(text + n, "\rA01", 4);
		char *exact = exact_copy(text, n);
		ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
		ck_assert_int_eq(aff_msg_parse(m, exact, n, 0, NULL), 0);
		ck_assert_uint_eq(aff_msg_segments(m), count + 1);
		ck_view(aff_msg_segment(m, count), count ? "A01" : "MSH|^~\\&|A");
		aff_msg_free(m);
		free(exact);
	}
}
END_TEST

START_TEST(cut_and_count)
{
	struct aff_delims d = {'|', '^', '~', '\\', '&', 0};
	struct aff_view text = aff_view_of("a^b&c~d");
	ck_view(aff_cut(text, &d, 1, 2, 2), "c");
	ck_view(aff_cut(text, &d, 2, 1, 1), "d");
	ck_view(aff_cut(text, &d, 0, 0, 0), "a^b&c");
	ck_view(aff_cut(text, &d, 3, 0, 0), "");
	ck_view(aff_cut(aff_view("", 0), &d, 1, 1, 1), "");
	ck_assert_uint_eq(aff_count(text, '~'), 2);
	ck_assert_uint_eq(aff_count(text, 0), 1);
	ck_assert_uint_eq(aff_count(aff_view("", 0), '~'), 0);
	ck_assert_uint_eq(aff_count(aff_view_of("^^"), '^'), 3);
	ck_assert(aff_is_null(aff_view_of("\"\"")));
	ck_assert(!aff_is_null(aff_view_of("\"")));
}
END_TEST

/* Against counting: ids in rows, in turn, and so many that some share a hash; then a shorter message in the same
 * object, so that nothing of the longer one is left. */
START_TEST(occurrences)
{
	static char text[1 << 16];
	struct aff_msg *m;
	unsigned seed = 7;
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	for (unsigned ids = 1; ids <= 200; ids = ids * 3 + 1) {
		size_t n = (size_t)snprintf(text, sizeof text, "MSH|^~\\&|A\r");
		for (unsigned i = 0; i < 6000 / ids; i++) {
			unsigned k = (seed = seed * 1103515245u + 12345) >> 16 & 1 ? i % ids : (seed >> 17) % ids;
			n += (size_t)snprintf(text + n, sizeof text - n, "Z%c%c|1\r", 'A' + k / 26, 'A' + k % 26);
		}
		ck_assert_int_eq(aff_msg_parse(m, text, n, 0, NULL), 0);
		for (unsigned i = 0; i < aff_msg_segments(m); i += 1 + ids % 5) {
			char id[4] = {0};
			unsigned count = 0;
			memcpy(id, aff_msg_id(m, i).p, 3);
			for (unsigned j = 0; j <= i; j++)
				count += (unsigned)aff_msg_is(m, j, id);
			ck_assert_uint_eq(aff_msg_occurrence(m, i), count);
			ck_assert_uint_eq(aff_msg_nth(m, id, count), i);
		}
		ck_assert_uint_eq(aff_msg_nth(m, "ZAA", 6001), AFF_NONE);
	}
	aff_msg_free(m);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		segments_and_ids, occurrences, fields_of_the_header, parts, own_delimiters,
		bad_delimiters_still_give_the_msh, terminators, mixed_terminators_are_refused,
		msh_that_swallowed_the_message, before_the_msh, segment_ids,
		two_messages, limits, a_large_message_and_reuse, tables_of_every_size, cut_and_count};
	return RUN_TESTS("hl7_msg", tests);
}
