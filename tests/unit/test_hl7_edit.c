/* SPDX-License-Identifier: Apache-2.0
 *
 * Editing: what was changed is seen at once, what was not touched stays byte for byte.
 */
#include "hl7_test.h"

#include <afferent/edit.h>

#include "hl7_walk.h"

struct fixture {
	struct aff_msg *m;
	struct aff_edit *e;
};

static struct fixture open_edit(const char *text)
{
	struct fixture f = {parsed(text), NULL};
	ck_assert_int_eq(aff_edit_new(&f.e, 1u << 20), 0);
	ck_assert_int_eq(aff_edit_begin(f.e, f.m), 0);
	return f;
}

static void expect_written(const struct aff_edit *e, const char *text)
{
	struct aff_buf b;
	aff_buf_init(&b, 1u << 20);
	aff_edit_write(e, &b);
	ck_assert_int_eq(b.error, 0);
	ck_view(aff_buf_view(&b), text);
	aff_buf_free(&b);
}

static void close_edit(struct fixture *f, const char *written)
{
	expect_written(f->e, written);
	aff_edit_free(f->e);
	aff_msg_free(f->m);
}

START_TEST(untouched)
{
	static const char *const texts[] = {"MSH|^~\\&|A\rPID|1", "MSH|^~\\&|A\rPID|1\r",
	                                    "MSH|^~\\&|A\r\nPID|1||\r\n\r\n", "MSH|^~\\&|A\nPID\n\r", "MSH|^~\\&"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct fixture f = open_edit(texts[i]);
		ck_assert(!aff_edit_changed(f.e));
		ck_assert_ptr_eq(aff_edit_message(f.e), f.m);
		close_edit(&f, texts[i]);
	}
}
END_TEST

/* Sets one place of "PID|1|a^b&c~d" and expects the segment. */
static void expect_set(unsigned field, unsigned repetition, unsigned component, unsigned subcomponent, const char *raw,
                       const char *segment)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|1|a^b&c~d\rPV1\r");
	char written[128];
	ck_assert_int_eq(aff_edit_set(f.e, 1, field, repetition, component, subcomponent, aff_view_of(raw)), 0);
	ck_view(aff_edit_segment(f.e, 1), segment);
	ck_view(aff_edit_get(f.e, 1, field, repetition, component, subcomponent),
	        repetition || component || !memchr(raw, '~', strlen(raw)) ? raw : "x");
	snprintf(written, sizeof written, "MSH|^~\\&|A\r%s\rPV1\r", segment);
	close_edit(&f, written);
}

START_TEST(sets_every_level)
{
	expect_set(2, 0, 0, 0, "X", "PID|1|X");
	expect_set(2, 0, 0, 0, "x~y", "PID|1|x~y");
	expect_set(2, 0, 0, 0, "", "PID|1|");
	expect_set(2, 1, 0, 0, "X", "PID|1|X~d");
	expect_set(2, 2, 0, 0, "X", "PID|1|a^b&c~X");
	expect_set(2, 4, 0, 0, "X", "PID|1|a^b&c~d~~X");
	expect_set(2, 0, 1, 0, "X", "PID|1|X^b&c~d");
	expect_set(2, 0, 2, 0, "X", "PID|1|a^X~d");
	expect_set(2, 0, 2, 2, "X", "PID|1|a^b&X~d");
	expect_set(2, 1, 2, 1, "X", "PID|1|a^X&c~d");
	expect_set(2, 2, 3, 2, "X", "PID|1|a^b&c~d^^&X");
	expect_set(2, 3, 2, 2, "X", "PID|1|a^b&c~d~^&X");
	expect_set(5, 2, 2, 2, "X", "PID|1|a^b&c~d|||~^&X");
	expect_set(1, 0, 1, 1, "X", "PID|X|a^b&c~d");
	expect_set(9, 0, 0, 0, "", "PID|1|a^b&c~d");
	expect_set(2, 0, 9, 0, "", "PID|1|a^b&c~d");
}
END_TEST

START_TEST(an_unchanged_value_is_no_change)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|1|a^b");
	ck_assert_int_eq(aff_edit_set(f.e, 1, 2, 1, 2, 0, aff_view_of("b")), 0);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 7, 0, 0, 0, aff_view(NULL, 0)), 0);
	ck_assert(!aff_edit_changed(f.e));
	close_edit(&f, "MSH|^~\\&|A\rPID|1|a^b");
}
END_TEST

START_TEST(fields_of_the_header)
{
	struct fixture f = open_edit("MSH|^~\\&|A^B\rPID|1");
	ck_assert_int_eq(aff_edit_set(f.e, 0, 1, 0, 0, 0, aff_view_of("$")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 0, 2, 0, 0, 0, aff_view_of("$")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 0, 3, 0, 2, 0, aff_view_of("C")), 0);
	ck_assert_int_eq(aff_edit_set(f.e, 0, 5, 0, 0, 0, aff_view_of("D")), 0);
	ck_view(aff_edit_field(f.e, 0, 1), "|");
	ck_view(aff_edit_field(f.e, 0, 2), "^~\\&");
	ck_view(aff_edit_get(f.e, 0, 2, 1, 1, 1), "^~\\&");
	ck_view(aff_edit_get(f.e, 0, 2, 1, 2, 1), "");
	ck_view(aff_edit_get(f.e, 0, 2, 1, 1, 2), "");
	ck_view(aff_edit_get(f.e, 0, 2, 2, 1, 1), "");
	ck_view(aff_edit_field(f.e, 0, 0), "");
	ck_view(aff_edit_get(f.e, 0, 3, 1, 2, 0), "C");
	ck_view(aff_edit_field(f.e, 0, 4), "");
	ck_view(aff_edit_field(f.e, 0, 9), "");
	close_edit(&f, "MSH|^~\\&|A^C||D\rPID|1");
}
END_TEST

START_TEST(line_feeds)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|1\r");
	ck_assert_int_eq(aff_edit_set(f.e, 0, 3, 0, 0, 0, aff_view_of("a\nb")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 0, 0, 0, aff_view_of("a\nb")), 0);
	close_edit(&f, "MSH|^~\\&|A\rPID|a\nb\r");
}
END_TEST

START_TEST(an_id_that_begins_like_a_header)
{
	struct fixture f = {NULL, NULL};
	const char *text = "MSH|^~\\&|A\rMSHX|1|2\r";
	ck_assert_int_eq(aff_msg_new(&f.m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(f.m, text, strlen(text), AFF_LENIENT_SEGMENTID, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&f.e, 1u << 20), 0);
	ck_assert_int_eq(aff_edit_begin(f.e, f.m), 0);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 0, 0, 0, aff_view_of("x")), 0);
	ck_view(aff_edit_field(f.e, 1, 1), "x");
	close_edit(&f, "MSH|^~\\&|A\rMSHX|x|2\r");
}
END_TEST

START_TEST(refuses)
{
	struct fixture f = open_edit("MSH|^|A\r\nPID|1\r\nBHS\r\n");
	struct aff_view x = {"x", 1};
	ck_assert_int_eq(aff_edit_set(f.e, 3, 1, 0, 0, 0, x), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 0, 0, 0, 0, x), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 0, 0, 0, aff_view_of("a\rb")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 0, 0, 0, aff_view_of("a\nb")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 0, 0, 0, aff_view_of("a|b")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 2, 0, 0, x), AFF_EDELIMITER);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 1, 1, 2, x), AFF_EDELIMITER);
	ck_assert_int_eq(aff_edit_set(f.e, 2, 1, 0, 0, 0, x), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 2001, 0, 0, 0, x), AFF_ELIMIT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 1001, 0, 0, x), AFF_ELIMIT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 1, 4000000000u, 0, x), AFF_ELIMIT);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 1, 1, 4000000000u, x), AFF_ELIMIT);
	ck_assert_int_eq(aff_edit_delete(f.e, 0), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_delete(f.e, 3), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_insert(f.e, 0, aff_view_of("NTE|1")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_insert(f.e, 4, aff_view_of("NTE|1")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("NT")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("nte|1")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("NTES|1")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("NTE|1\rNTE|2")), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("MSH|^")), AFF_EARGUMENT);
	ck_assert(!aff_edit_changed(f.e));
	close_edit(&f, "MSH|^|A\r\nPID|1\r\nBHS\r\n");
}
END_TEST

/* What was not read would be lost when it is written. */
START_TEST(refuses_what_was_not_read_whole)
{
	static const char *const texts[] = {"MSH|^~\\&|A\rPID|1\rpid|2\rPV1|1\r", "MSH|^~\\&|A\rMSH|^~\\&|B\r",
	                                    "MSH|^^|A\rPID|1", "PID|1", "BHS|^~\\&\r", "", "MSH|^~\\&|A\nPID|1\rPV1"};
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|1");
	ck_assert_int_eq(aff_edit_set(f.e, 1, 2, 0, 0, 0, aff_view_of("x")), 0);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		int error = aff_msg_parse(f.m, texts[i], strlen(texts[i]), 0, NULL);
		ck_assert_int_ne(error, 0);
		ck_assert_int_eq(aff_edit_begin(f.e, f.m), error);
		ck_assert_uint_eq(aff_edit_segments(f.e), 0);
		ck_assert_int_eq(aff_edit_set(f.e, 0, 3, 0, 0, 0, aff_view_of("x")), AFF_EARGUMENT);
		ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("NTE|1")), AFF_EARGUMENT);
		ck_assert_int_eq(aff_edit_delete(f.e, 1), AFF_EARGUMENT);
		ck_view(aff_edit_get(f.e, 0, 3, 0, 0, 0), "");
		ck_assert_uint_eq(aff_edit_find(f.e, "MSH", 0), AFF_NONE);
		expect_written(f.e, texts[i]);
	}
	aff_edit_free(f.e);
	aff_msg_free(f.m);
}
END_TEST

/* What real senders do: read right, written back byte for byte, and so is the rest when something else is changed. */
START_TEST(odd_messages_stay_as_they_are)
{
	static const struct {
		const char *text;
		unsigned lenient, segment, field;
		const char *value;
	} odd[] = {
		{"MSH|^~\\&|A\rPID|1\rPV1\rOBX|1|NM|X||7", 0, 3, 5, "7"},          /* an empty segment, no final CR */
		{"MSH|^~\\|A\rOBX|1|ST|X||a&b\\T\\c\r", 0, 1, 5, "a&b\\T\\c"},      /* three encoding characters */
		{"MSH|^~\\&#|A\rOBX|1|ST|X||cut#\r", 0, 1, 5, "cut#"},              /* five */
		{"MSH|^~\\&|A\rOBX|1|ST|X||C:\\temp\r", 0, 1, 5, "C:\\temp"},       /* a lone escape character */
		{"MSH|^~\\&|A\rOBX|1|ST|X||\\\rPV1|1\r", 0, 1, 5, "\\"},
		{"MSH|^~\\&|A\rPID|||M\xfcller\r", 0, 1, 3, "M\xfcller"},           /* Latin-1 */
		{"MSH|^~\\&|A\rOBX|1||X||7\rOBX|2|QQ|X||8\r", 0, 2, 5, "8"},       /* OBX-2 empty, unknown */
		{"MSH|^~\\&|A\rOBX|1|TX|X||a\nb\nPID|9\r", 0, 1, 5, "a\nb\nPID"}, /* LF is text of a CR message */
		{"MSH|^~\\&|A\r\nPID|1\r\n\r\n\r\n", 0, 1, 1, "1"},              /* blank lines at the end */
		{"MSH|^~\\&|A\rPID|1\r\rPV1|1\r", AFF_LENIENT_BLANK, 3, 1, "1"},  /* and between */
		{"\xef\xbb\xbfMSH|^~\\&|A\nPID|1\n", AFF_LENIENT_BOM, 1, 1, "1"},
		{"\r\n\t MSH|^~\\&|A\rPID|1\r", AFF_LENIENT_BLANK, 1, 1, "1"},
		{"MSH|^~\\\\&|A^B&C\rPID|1^2&3\r", AFF_LENIENT_ENCODING, 1, 1, "1^2&3"},
		{"MSH|^~\\&|A\rZZ1|||||\rPID|1||||||\r", 0, 2, 1, "1"},            /* trailing delimiters */
		{"MSH|^~\\&|A\rPID|1|\"\"|~~|^^&&\r", 0, 1, 2, "\"\""},
	};
	struct fixture f = open_edit("MSH|^~\\&|A");
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		char *text = exact_copy(odd[i].text, strlen(odd[i].text)), changed[128];
		struct aff_buf out;
		struct aff_diag diag = {0};
		aff_buf_init(&out, 1000);
		int rc = aff_msg_parse(f.m, text, strlen(odd[i].text), odd[i].lenient, &diag);
		ck_assert_msg(rc == 0, "%zu: %s", i, diag.text);
		ck_view(aff_msg_field(f.m, odd[i].segment, odd[i].field), odd[i].value);
		walk_write_back(f.m, f.e, &out);
		ck_assert_int_eq(aff_edit_begin(f.e, f.m), 0);
		ck_assert_int_eq(aff_edit_set(f.e, 0, 3, 0, 0, 0, aff_view_of("X")), 0);
		const char *a = strstr(odd[i].text, "|A"), *behind = a + 1 + aff_msg_field(f.m, 0, 3).n;
		snprintf(changed, sizeof changed, "%.*sX%s", (int)(a + 1 - odd[i].text), odd[i].text, behind);
		expect_written(f.e, changed);
		aff_buf_free(&out);
		free(text);
	}
	aff_edit_free(f.e);
	aff_msg_free(f.m);
}
END_TEST

START_TEST(inserts_and_deletes)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|1\rOBX|1\rOBX|2\r");
	ck_assert_int_eq(aff_edit_insert(f.e, 2, aff_view_of("NTE|1||text")), 0);
	ck_assert_int_eq(aff_edit_delete(f.e, 3), 0);
	ck_assert_int_eq(aff_edit_insert(f.e, 4, aff_view_of("Z01")), 0);
	ck_assert_uint_eq(aff_edit_segments(f.e), 5);
	ck_assert_uint_eq(aff_edit_find(f.e, "OBX", 0), 3);
	ck_assert_uint_eq(aff_edit_nth(f.e, "OBX", 2), AFF_NONE);
	ck_assert_uint_eq(aff_edit_nth(f.e, "OBX", 0), AFF_NONE);
	ck_view(aff_edit_field(f.e, 3, 1), "2");
	ck_assert(aff_edit_is(f.e, 4, "Z01"));
	ck_assert(!aff_edit_is(f.e, 4, "Z0"));
	ck_view(aff_edit_segment(f.e, 9), "");
	close_edit(&f, "MSH|^~\\&|A\rPID|1\rNTE|1||text\rOBX|2\rZ01\r");
}
END_TEST

START_TEST(the_last_terminator)
{
	struct fixture f = open_edit("MSH|^~\\&|A\nPID|1\nPV1");
	ck_assert_int_eq(aff_edit_delete(f.e, 2), 0);
	close_edit(&f, "MSH|^~\\&|A\nPID|1");
	f = open_edit("MSH|^~\\&|A\r\nPID|1");
	ck_assert_int_eq(aff_edit_insert(f.e, 2, aff_view_of("PV1")), 0);
	close_edit(&f, "MSH|^~\\&|A\r\nPID|1\r\nPV1\r\n");
	f = open_edit("MSH|^~\\&|A\rPID|1\r\r\n");
	ck_assert_int_eq(aff_edit_insert(f.e, 2, aff_view_of("PV1")), 0);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 1, 0, 0, 0, aff_view_of("2")), 0);
	close_edit(&f, "MSH|^~\\&|A\rPID|2\rPV1\r\r\n");
}
END_TEST

START_TEST(paths)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rOBX|1|a\rOBX|2|b^c\r");
	struct aff_path path;
	ck_assert_int_eq(aff_path_parse(&path, aff_view_of("OBX-2"), NULL), 0);
	ck_view(aff_edit_path(f.e, &path, AFF_NONE), "a");
	ck_view(aff_edit_path(f.e, &path, 2), "b^c");
	ck_view(aff_edit_path(f.e, &path, 0), "a");
	ck_assert_int_eq(aff_edit_set_path(f.e, &path, 2, aff_view_of("B")), 0);
	ck_assert_int_eq(aff_path_parse(&path, aff_view_of("OBX[1]-2.2"), NULL), 0);
	ck_assert_int_eq(aff_edit_set_path(f.e, &path, 2, aff_view_of("C")), 0);
	ck_view(aff_edit_path(f.e, &path, 2), "C");
	ck_assert_int_eq(aff_path_parse(&path, aff_view_of("OBX[3]-2"), NULL), 0);
	ck_assert_int_eq(aff_edit_set_path(f.e, &path, AFF_NONE, aff_view_of("C")), AFF_ENOTFOUND);
	ck_view(aff_edit_path(f.e, &path, AFF_NONE), "");
	ck_assert_int_eq(aff_path_parse(&path, aff_view_of("OBX[2]"), NULL), 0);
	ck_view(aff_edit_path(f.e, &path, AFF_NONE), "OBX|2|B");
	ck_assert_int_eq(aff_edit_set_path(f.e, &path, AFF_NONE, aff_view_of("C")), AFF_EARGUMENT);
	close_edit(&f, "MSH|^~\\&|A\rOBX|1|a^C\rOBX|2|B\r");
}
END_TEST

START_TEST(keeps_what_a_leniency_skipped)
{
	const char text[] = "\xef\xbb\xbf\r\nMSH|^~\\&|A\rxx|1\r\rPID|1\r";
	struct fixture f = open_edit("MSH|^~\\&");
	ck_assert_int_eq(aff_msg_parse(f.m, text, sizeof text - 1, AFF_LENIENT_ALL, NULL), 0);
	ck_assert_int_eq(aff_edit_begin(f.e, f.m), 0);
	ck_assert_int_eq(aff_edit_set(f.e, 3, 1, 0, 0, 0, aff_view_of("2")), 0);
	close_edit(&f, "\xef\xbb\xbf\r\nMSH|^~\\&|A\rxx|1\r\rPID|2\r");
}
END_TEST

START_TEST(views_stay_and_the_cap_holds)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|0|old\r");
	aff_edit_free(f.e);
	ck_assert_int_eq(aff_edit_new(&f.e, 60000), 0);
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(aff_edit_begin(f.e, f.m), 0);
		ck_assert_int_eq(aff_edit_set(f.e, 1, 2, 0, 0, 0, aff_view_of("kept")), 0);
		struct aff_view kept = aff_edit_field(f.e, 1, 2);
		char value[12];
		int error = 0;
		unsigned sets = 0;
		for (; !error; sets++) {
			snprintf(value, sizeof value, "%06u", sets);
			error = aff_edit_set(f.e, 1, 1, 0, 0, 0, aff_view_of(value));
			ck_view(kept, "kept");
		}
		ck_assert_int_eq(error, AFF_ELIMIT);
		ck_assert_uint_gt(sets, 60000 / 17);
		snprintf(value, sizeof value, "%06u", sets - 2);
		ck_view(aff_edit_field(f.e, 1, 1), value);
	}
	aff_edit_free(f.e);
	aff_msg_free(f.m);
	aff_edit_free(NULL);
}
END_TEST

START_TEST(as_far_as_the_limits_allow)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|1\r");
	ck_assert_int_eq(aff_edit_set(f.e, 1, 2000, 1000, 2000, 2000, aff_view_of("x")), 0);
	ck_view(aff_edit_get(f.e, 1, 2000, 1000, 2000, 2000), "x");
	ck_assert_uint_eq(aff_edit_segment(f.e, 1).n, strlen("PID|1") + 1999 + 999 + 1999 + 1999 + 1);
	aff_edit_free(f.e);
	aff_msg_free(f.m);
}
END_TEST

START_TEST(many_inserts)
{
	struct fixture f = open_edit("MSH|^~\\&|A\r");
	for (unsigned i = 1; i <= 1000; i++) {
		ck_assert_int_eq(aff_edit_insert(f.e, i % 2 ? i : 1, aff_view_of("NTE|1")), 0);
		ck_assert_uint_eq(aff_edit_segments(f.e), i + 1);
	}
	ck_assert_uint_eq(aff_edit_nth(f.e, "NTE", 1000), 1000);
	aff_edit_free(f.e);
	aff_msg_free(f.m);
}
END_TEST

START_TEST(segment_limit)
{
	const struct aff_limits two = {1000, 2, 100, 100};
	struct fixture f = {NULL, NULL};
	ck_assert_int_eq(aff_msg_new(&f.m, &two), 0);
	ck_assert_int_eq(aff_msg_parse(f.m, "MSH|^~\\&\r", 9, 0, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&f.e, 1000), 0);
	ck_assert_int_eq(aff_edit_begin(f.e, f.m), 0);
	ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("PID|1")), 0);
	ck_assert_int_eq(aff_edit_insert(f.e, 1, aff_view_of("PID|1")), AFF_ELIMIT);
	close_edit(&f, "MSH|^~\\&\rPID|1\r");
}
END_TEST

START_TEST(a_mark_takes_everything_back)
{
	struct fixture f = open_edit("MSH|^~\\&|A\rPID|1|a\rPV1|1\r");
	aff_edit_undo(f.e); /* without a mark: nothing */
	ck_assert_int_eq(aff_edit_mark(f.e), 0);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 2, 0, 0, 0, aff_view_of("b")), 0);
	ck_assert_int_eq(aff_edit_delete(f.e, 2), 0);
	aff_edit_undo(f.e);
	ck_assert(!aff_edit_changed(f.e));
	expect_written(f.e, "MSH|^~\\&|A\rPID|1|a\rPV1|1\r");
	ck_assert_uint_eq(aff_edit_segments(f.e), 3);

	ck_assert_int_eq(aff_edit_set(f.e, 1, 2, 0, 0, 0, aff_view_of("c")), 0);
	ck_assert_int_eq(aff_edit_mark(f.e), 0);
	for (unsigned i = 0; i < 200; i++)
		ck_assert_int_eq(aff_edit_insert(f.e, 2, aff_view_of("NTE|1||x")), 0);
	ck_assert_int_eq(aff_edit_set(f.e, 1, 2, 0, 0, 0, aff_view_of("d")), 0);
	aff_edit_undo(f.e);
	expect_written(f.e, "MSH|^~\\&|A\rPID|1|c\rPV1|1\r");
	/* again to the same mark */
	ck_assert_int_eq(aff_edit_delete(f.e, 1), 0);
	aff_edit_undo(f.e);
	ck_assert_int_eq(aff_edit_begin(f.e, f.m), 0);
	ck_assert_int_eq(aff_edit_delete(f.e, 1), 0);
	aff_edit_undo(f.e); /* the mark was of the message before */
	close_edit(&f, "MSH|^~\\&|A\rPV1|1\r");
}
END_TEST

/* Fields are found again in a text that was just read or changed, whatever was done to it. */
START_TEST(fields_are_found_after_each_change)
{
	static const char text[] = "MSH|^~\\&|a|b\rOBX|1|NM|c^d|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|"
	                           "24|25|26|27|28|29|30|31|32|33|34|35\rPID|1||x\r";
	struct aff_msg *m = parsed(text);
	struct aff_edit *e;
	char want[40][64];
	unsigned seed = 5;
	ck_assert_int_eq(aff_edit_new(&e, 1 << 20), 0);
	ck_assert_int_eq(aff_edit_begin(e, m), 0);
	for (unsigned f = 1; f < 40; f++) {
		struct aff_view v = aff_edit_field(e, 1, f);
		snprintf(want[f], sizeof want[f], "%.*s", (int)v.n, v.p);
	}
	for (unsigned round = 0; round < 3000; round++) {
		seed = seed * 1103515245u + 12345u;
		unsigned f = 1 + (seed >> 16) % 38, length = (seed >> 22) % 12;
		char value[16];
		for (unsigned i = 0; i < length; i++)
			value[i] = (char)('a' + (seed >> i) % 26);
		if (round % 7 == 0) /* another text in between */
			ck_assert_int_eq(aff_edit_set(e, 2, 3, 0, 0, 0, aff_view(value, length)), 0);
		if (round % 11 == 0)
			(void)aff_edit_field(e, round % 3, 5);
		ck_assert_int_eq(aff_edit_set(e, 1, f, 0, 0, 0, aff_view(value, length)), 0);
		snprintf(want[f], sizeof want[f], "%.*s", (int)length, value);
		if (round % 5 == 0) {
			ck_assert_int_eq(aff_edit_set(e, 1, 3, 2, 2, 0, aff_view_of("q")), 0);
			struct aff_view v = aff_edit_field(e, 1, 3);
			snprintf(want[3], sizeof want[3], "%.*s", (int)v.n, v.p);
			ck_view(aff_edit_get(e, 1, 3, 2, 2, 0), "q");
		}
		for (unsigned k = 1; k < 40; k++)
			ck_view(aff_edit_field(e, 1, k), want[k]);
	}
	aff_edit_free(e);
	aff_msg_free(m);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		untouched, sets_every_level, an_unchanged_value_is_no_change, fields_of_the_header, line_feeds,
		an_id_that_begins_like_a_header, refuses, refuses_what_was_not_read_whole,
		odd_messages_stay_as_they_are, inserts_and_deletes, the_last_terminator, paths,
		keeps_what_a_leniency_skipped,
		views_stay_and_the_cap_holds, as_far_as_the_limits_allow, many_inserts, segment_limit,
		a_mark_takes_everything_back, fields_are_found_after_each_change};
	return RUN_TESTS("hl7_edit", tests);
}
