/* SPDX-License-Identifier: Apache-2.0
 *
 * Escape sequences, and messages built with them.
 */
#include "hl7_test.h"

#include <afferent/build.h>
#include <afferent/escape.h>

static const struct aff_delims usual = {'|', '^', '~', '\\', '&', '#'};

static void expect_plain(const char *text, const char *plain, unsigned kept)
{
	struct aff_buf b;
	aff_buf_init(&b, 4096);
	char *exact = exact_copy(text, strlen(text));
	unsigned got = aff_unescape(&b, aff_view(exact, strlen(text)), &usual);
	ck_assert_int_eq(b.error, 0);
	ck_view(aff_buf_view(&b), plain);
	ck_assert_msg(got == kept, "%s: %u kept", text, got);
	aff_buf_free(&b);
	free(exact);
}

START_TEST(delimiters)
{
	expect_plain("", "", 0);
	expect_plain("plain", "plain", 0);
	expect_plain("\\F\\\\S\\\\T\\\\R\\\\E\\\\P\\", "|^&~\\#", 0);
	expect_plain("a\\f\\b\\e\\c", "a|b\\c", 0);
	expect_plain("\\E\\F\\E\\", "\\F\\", 0);
	expect_plain("\\H\\bold\\N\\", "bold", 0);
}
END_TEST

START_TEST(hexadecimal)
{
	expect_plain("\\X0D0A\\", "\r\n", 0);
	expect_plain("\\x09\\", "\t", 0);
	expect_plain("\\XC3a4\\", "\xc3\xa4", 0);
	expect_plain("\\X41014200\\", "A\\X01\\B\\X00\\", 2);
	expect_plain("\\X1C\\", "\\X1C\\", 1);
	expect_plain("\\X7f\\", "\\X7F\\", 1);
	expect_plain("\\X\\", "\\X\\", 1);
	expect_plain("\\X4\\", "\\X4\\", 1);
	expect_plain("\\X4G\\", "\\X4G\\", 1);
}
END_TEST

START_TEST(formatting)
{
	expect_plain("a\\.br\\b\\.BR\\c", "a\nb\nc", 0);
	expect_plain("a\\.sp\\b\\.sp3\\c\\.sp 2\\d\\.sp+1\\e", "a\nb\n\n\nc\n\nd\ne", 0);
	expect_plain("\\.sk10\\x", "          x", 0);
	expect_plain("a\\.sk 3\\b", "a   b", 0);
	expect_plain("\\.fi\\\\.nf\\\\.in+4\\\\.ti-2\\\\.ce\\x", "x", 0);
	expect_plain("\\.sp100\\", "\\.sp100\\", 1);
	expect_plain("\\.spx\\\\.sp0\\\\.sp+\\", "\\.spx\\\\.sp0\\\\.sp+\\", 3);
	expect_plain("\\.xy\\\\.b\\\\.\\\\.brx\\", "\\.xy\\\\.b\\\\.\\\\.brx\\", 4);
}
END_TEST

START_TEST(what_is_not_understood_stays)
{
	expect_plain("\\", "\\", 1);
	expect_plain("a\\b", "a\\b", 1);
	expect_plain("a\\\\b", "a\\\\b", 1);
	expect_plain("\\Zxx\\\\C2842\\\\M2442\\\\Q\\", "\\Zxx\\\\C2842\\\\M2442\\\\Q\\", 4);
	expect_plain("\\F\\x\\F", "|x\\F", 1);
	struct aff_delims few = {'|', '^', 0, '\\', 0, 0};
	struct aff_buf b;
	aff_buf_init(&b, 100);
	ck_assert_uint_eq(aff_unescape(&b, aff_view_of("\\R\\\\T\\\\P\\\\S\\"), &few), 3);
	ck_view(aff_buf_view(&b), "\\R\\\\T\\\\P\\^");
	aff_buf_clear(&b);
	few.escape = 0;
	ck_assert_uint_eq(aff_unescape(&b, aff_view_of("a\\F\\"), &few), 0);
	ck_view(aff_buf_view(&b), "a\\F\\");
	ck_assert(aff_is_plain(aff_view_of("a\\F\\"), &few));
	ck_assert(!aff_is_plain(aff_view_of("a\\F\\"), &usual));
	aff_buf_clear(&b);
	b.max = 2;
	aff_buf_free(&b);
	aff_unescape(&b, aff_view_of("abc\\F\\"), &usual);
	ck_assert_int_eq(b.error, AFF_ELIMIT);
	aff_buf_free(&b);
}
END_TEST

START_TEST(escapes)
{
	struct aff_buf b;
	aff_buf_init(&b, 4096);
	aff_escape(&b, aff_view_of("a|^~\\&#b\r\n\tc\x0b"), &usual);
	ck_view(aff_buf_view(&b), "a\\F\\\\S\\\\R\\\\E\\\\T\\\\P\\b\\X0D\\\\X0A\\\tc\\X0B\\");
	aff_buf_clear(&b);
	aff_escape(&b, aff_view("a\0b", 3), &aff_delims_default);
	ck_view(aff_buf_view(&b), "a\\X00\\b");
	aff_buf_clear(&b);
	aff_escape(&b, aff_view_of("a#b"), &aff_delims_default);
	ck_view(aff_buf_view(&b), "a#b");
	aff_buf_clear(&b);
	struct aff_delims no_escape = {'|', '^', 0, 0, 0, 0};
	aff_escape(&b, aff_view_of("a|b~c\rd"), &no_escape);
	ck_view(aff_buf_view(&b), "a b~c d");
	aff_buf_free(&b);
}
END_TEST

START_TEST(every_text_survives_both_ways)
{
	char text[256];
	struct aff_buf there, back;
	aff_buf_init(&there, 4096);
	aff_buf_init(&back, 4096);
	for (int i = 0; i < 256; i++)
		text[i] = (char)i;
	/* Control characters other than TAB, LF and CR stay escaped by intent; all others come back. */
	for (int i = 0; i < ' '; i++)
		text[i] = "\t\n\r"[i % 3];
	text[0x7f] = '\\';
	aff_escape(&there, aff_view(text, sizeof text), &usual);
	ck_assert_ptr_null(memchr(there.p, '|', there.n));
	ck_assert_uint_eq(aff_unescape(&back, aff_buf_view(&there), &usual), 0);
	ck_assert(aff_view_equal(aff_buf_view(&back), aff_view(text, sizeof text)));
	aff_buf_free(&there);
	aff_buf_free(&back);
}
END_TEST

/* As an empty std::string_view has it. Only the sanitizer sees a difference. */
START_TEST(nothing_at_all)
{
	const struct aff_view none = {NULL, 0};
	struct aff_buf b;
	aff_buf_init(&b, 100);
	aff_escape(&b, none, &usual);
	ck_assert_uint_eq(aff_unescape(&b, none, &usual), 0);
	ck_assert(aff_is_plain(none, &usual));
	ck_view(aff_text(&b, none, &usual), "");
	ck_view(aff_cut(none, &usual, 1, 2, 3), "");
	ck_assert_ptr_nonnull(aff_cut(none, &usual, 1, 1, 1).p);
	ck_view(aff_buf_view(&b), "");
	aff_buf_free(&b);
}
END_TEST

START_TEST(builds)
{
	struct aff_buf out;
	struct aff_build b;
	aff_buf_init(&out, 4096);
	aff_build_begin(&b, &out, NULL);
	aff_build_field(&b, aff_view_of("S&T"));
	aff_build_field(&b, aff_view_of(""));
	aff_build_raw(&b, aff_view_of("A^B"));
	aff_build_skip(&b, 3);
	aff_build_segment(&b, "PID");
	aff_build_skip(&b, 2);
	aff_build_component(&b, aff_view_of("1"));
	aff_build_component(&b, aff_view_of(""));
	aff_build_component(&b, aff_view_of("x^y"));
	aff_build_component(&b, aff_view_of(""));
	aff_build_field_end(&b);
	aff_build_component(&b, aff_view_of(""));
	aff_build_component(&b, aff_view_of("2"));
	aff_build_field(&b, aff_view_of("3"));
	aff_build_component(&b, aff_view_of("4"));
	aff_build_skip(&b, 1);
	aff_build_raw(&b, aff_view_of("5"));
	aff_build_raw(&b, aff_view_of(""));
	aff_build_segment(&b, "PV1");
	aff_build_component(&b, aff_view_of("a"));
	aff_build_subcomponent(&b, aff_view_of(""));
	aff_build_subcomponent(&b, aff_view_of("c&"));
	aff_build_component(&b, aff_view_of(""));
	aff_build_repetition(&b);
	aff_build_repetition(&b);
	aff_build_component(&b, aff_view_of(""));
	aff_build_component(&b, aff_view_of("d"));
	aff_build_repetition(&b);
	aff_build_field(&b, aff_view_of("e"));
	aff_build_end(&b);
	ck_assert_int_eq(out.error, 0);
	ck_view(aff_buf_view(&out), "MSH|^~\\&|S\\T\\T||A^B\rPID|||1^^x\\S\\y|^2|3|4||5\rPV1|a&&c\\T\\~~^d|e\r");
	struct aff_msg *m;
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, out.p, out.n, 0, NULL), 0);
	ck_view(aff_msg_field(m, 1, 8), "5");
	aff_msg_free(m);
	aff_buf_clear(&out);
	const struct aff_delims few = {.field = '|', .component = '^'};
	aff_build_begin(&b, &out, &few);
	aff_build_component(&b, aff_view_of("a"));
	aff_build_repetition(&b);
	ck_assert_int_eq(out.error, 0);
	aff_build_component(&b, aff_view_of("b"));
	ck_assert_int_eq(out.error, AFF_EDELIMITER);
	aff_buf_free(&out);
}
END_TEST

START_TEST(builds_with_own_delimiters_and_a_cap)
{
	struct aff_buf out;
	struct aff_build b;
	const struct aff_delims own = {'$', '%', '~', '\\', '&', '#'};
	aff_buf_init(&out, 20);
	aff_build_begin(&b, &out, &own);
	aff_build_field(&b, aff_view_of("a$|"));
	ck_view(aff_buf_view(&out), "MSH$%~\\&#$a\\F\\|");
	aff_build_skip(&b, 4000000000u);
	aff_build_field(&b, aff_view_of("x"));
	ck_assert_int_eq(out.error, AFF_ELIMIT);
	ck_assert_uint_le(out.n, 20);
	aff_buf_free(&out);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {delimiters, hexadecimal, formatting, what_is_not_understood_stays, escapes,
	                              every_text_survives_both_ways, builds, nothing_at_all,
	                              builds_with_own_delimiters_and_a_cap};
	return RUN_TESTS("hl7_escape", tests);
}
