/* SPDX-License-Identifier: Apache-2.0
 *
 * Character sets: every set over all of its characters, switches, wrong declarations, messages that are converted.
 */
#include "hl7_test.h"

#include <afferent/charset.h>

#define MESSAGE_MAX (1u << 20)
#define HEAD "MSH|^~\\&|MON||||20250115||ORU^R01|A1|P|2.6||||||"

static const struct aff_delims usual = {'|', '^', '~', '\\', '&', 0};
static struct aff_charset *set;
static struct aff_msg *m;
static struct aff_edit *e;
static struct aff_buf bytes, out;

static void setup(void)
{
	ck_assert_int_eq(aff_charset_new(&set), 0);
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&e, MESSAGE_MAX), 0);
	aff_buf_init(&bytes, MESSAGE_MAX);
	aff_buf_init(&out, MESSAGE_MAX);
}

static void teardown(void)
{
	aff_charset_free(set);
	aff_msg_free(m);
	aff_edit_free(e);
	aff_buf_free(&bytes);
	aff_buf_free(&out);
}

/* MSH-18 to MSH-20 as given, and text as OBX-5. */
static int read_message(const char *msh18, const char *msh20, struct aff_view text,
                        const struct aff_charset_options *options)
{
	aff_buf_clear(&bytes);
	aff_buf_printf(&bytes, HEAD "%s||%s\rOBX|1|ST|a||", msh18, msh20);
	aff_buf_put_view(&bytes, text);
	aff_buf_put_text(&bytes, "|after\r");
	return aff_charset_parse(set, m, bytes.p, bytes.n, 0, options, NULL);
}

static unsigned decode_field(unsigned field)
{
	aff_buf_clear(&out);
	return aff_charset_decode(set, &out, aff_msg_field(m, 1, field), &usual);
}

static void expect(const char *msh18, const char *msh20, const char *text, const char *utf8, unsigned replaced,
                   unsigned notices, const struct aff_charset_options *options)
{
	char *exact = exact_copy(text, strlen(text));
	ck_assert_int_eq(read_message(msh18, msh20, aff_view(exact, strlen(text)), options), 0);
	unsigned got = decode_field(5);
	ck_view(aff_buf_view(&out), utf8);
	ck_assert_msg(got == replaced, "%s: %u replaced", utf8, got);
	ck_assert_uint_eq(aff_charset_notices(set), notices);
	decode_field(6);
	ck_view(aff_buf_view(&out), "after");
	free(exact);
}

static size_t put_utf8(char *p, unsigned code)
{
	if (code < 0x80) {
		p[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i; i--, code >>= 6)
		p[i] = (char)(0x80 | (code & 0x3f));
	p[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | code);
	return n;
}

/* ---- every set ---- */

static const struct {
	const char *msh18, *msh20;
	unsigned least; /* characters above ASCII that it has at least */
} sets[] = {
	{"8859/1", "", 96}, {"8859/2", "", 96}, {"8859/3", "", 89}, {"8859/4", "", 96}, {"8859/5", "", 96},
	{"8859/6", "", 51}, {"8859/7", "", 90}, {"8859/8", "", 60}, {"8859/9", "", 96}, {"8859/15", "", 96},
	{"windows-1250", "", 120}, {"windows-1251", "", 120}, {"windows-1252", "", 120}, {"windows-1253", "", 100},
	{"windows-1254", "", 110}, {"TIS-620", "", 87}, {"ISO IR14", "", 63}, {"GB 18030-2000", "", 50000},
	{"BIG-5", "", 13000}, {"Shift-JIS", "", 7000}, {"ISO IR58", "", 7000}, {"KS X 1001", "", 8000},
	{"windows-949", "", 17000}, {"CNS 11643-1992", "", 40000}, {"EUC-JP", "", 12000},
	{"UNICODE UTF-8", "", 60000}, {"~ISO IR87", "ISO 2022-1994", 6800}, {"~ISO IR159", "ISO 2022-1994", 6000},
	{"ISO IR87", "", 6800}, {"~ISO IR87~ISO IR159", "2.3", 12000}, {"8859/1~8859/5~8859/7", "2.3", 250},
	{"8859/1~8859/5~8859/7", "ISO 2022-1994", 250}, {"~KS X 1001~ISO IR58", "ISO 2022-1994", 8000},
};
#define SETS (sizeof sets / sizeof sets[0])

/* Writes the text into a message in the set, reads the message, and compares. */
static void survives(const char *msh18, const char *msh20, struct aff_view text)
{
	static struct aff_buf encoded;
	if (!encoded.max)
		aff_buf_init(&encoded, MESSAGE_MAX);
	aff_buf_clear(&encoded);
	ck_assert_int_eq(read_message(msh18, msh20, aff_view("", 0), NULL), 0);
	ck_assert_int_eq(aff_charset_encode(set, &encoded, text, &usual), 0);
	/* without the shortcut for messages that are ASCII or wrongly declared */
	const struct aff_charset_options as_declared = {.as_declared = true};
	ck_assert_int_eq(read_message(msh18, msh20, aff_buf_view(&encoded), &as_declared), 0);
	ck_assert_uint_eq(aff_msg_segments(m), 2);
	unsigned replaced = decode_field(5);
	ck_assert_msg(aff_view_equal(aff_buf_view(&out), text) && !replaced, "%s: \"%.*s\" came back as \"%.*s\"",
	              msh18, (int)text.n, text.p, (int)out.n, out.p);
	decode_field(6);
	ck_view(aff_buf_view(&out), "after");
}

START_TEST(every_character_survives)
{
	const char *msh18 = sets[_i].msh18, *msh20 = sets[_i].msh20;
	struct aff_buf text, one;
	unsigned count = 0;
	aff_buf_init(&text, MESSAGE_MAX);
	aff_buf_init(&one, 256);
	/* nothing but the header: the set is what MSH-18 says */
	ck_assert_int_eq(read_message(msh18, msh20, aff_view("", 0), NULL), 0);
	for (unsigned code = 0xa0; code < 0x30000; code++) {
		char utf8[4];
		if (code >= 0xd800 && code < 0xe000)
			continue;
		struct aff_view character = aff_view(utf8, put_utf8(utf8, code));
		aff_buf_clear(&one);
		if (aff_charset_encode(set, &one, character, &usual)) {
			ck_assert_uint_eq(one.n, 0);
			continue;
		}
		count++;
		aff_buf_put_view(&text, character);
		if (count % 7 == 0)
			aff_buf_put_text(&text, "a|^~\\&\t");
		if (text.n > 400) {
			survives(msh18, msh20, aff_buf_view(&text));
			ck_assert_int_eq(read_message(msh18, msh20, aff_view("", 0), NULL), 0);
			aff_buf_clear(&text);
		}
	}
	survives(msh18, msh20, aff_buf_view(&text));
	ck_assert_msg(count >= sets[_i].least, "%s: %u characters", msh18, count);
	aff_buf_free(&text);
	aff_buf_free(&one);
}
END_TEST

START_TEST(spellings)
{
	static const char *const names[][2] = {
		{"8859/1", "8859/1"}, {"ISO-8859-1", "8859/1"}, {"iso8859-1", "8859/1"}, {"8859-1", "8859/1"},
		{"8859-15", "8859/15"}, {"UTF8", "UNICODE UTF-8"}, {"utf-8", "UNICODE UTF-8"},
		{"UNICODE", "UNICODE UTF-8"}, {"UNICODE UTF-8", "UNICODE UTF-8"}, {"WINDOWS-1252", "windows-1252"},
		{"cp1252", "windows-1252"}, {"BIG5", "BIG-5"}, {"GB18030", "GB 18030-2000"}, {"ISO IR6", "ASCII"},
		{"ISO_IR 100", "8859/1"}, {"", "ASCII"}, {"\"\"", "ASCII"}, {"~8859/5", "ASCII"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		ck_assert_int_eq(read_message(names[i][0], "", aff_view_of("x"), NULL), 0);
		ck_assert_str_eq(aff_charset_name(set), names[i][1]);
		ck_assert_uint_eq(aff_charset_notices(set), 0);
		ck_assert(aff_charset_is_plain(set));
	}
	ck_assert_int_eq(read_message("8859", "", aff_view_of("x"), NULL), 0);
	ck_assert_uint_eq(aff_charset_notices(set), AFF_CHARSET_UNKNOWN);
	ck_assert_str_eq(aff_charset_find(aff_view_of("iso-8859-5"), NULL), "8859/5");
	ck_assert_ptr_null(aff_charset_find(aff_view_of("8859"), NULL));
	ck_assert_ptr_null(aff_charset_find(aff_view_of("UNICODE UTF-16"), NULL));
}
END_TEST

START_TEST(wide_sets_are_refused)
{
	struct aff_diag diag = {0};
	static const char wide[] = "\xff\xfeM\0S\0H\0|\0";
	ck_assert_int_eq(aff_charset_parse(set, m, wide, sizeof wide - 1, 0, NULL, &diag), AFF_ECHARSET);
	ck_assert_int_eq(aff_charset_parse(set, m, wide + 2, sizeof wide - 3, 0, NULL, NULL), AFF_ECHARSET);
	ck_assert_ptr_nonnull(strstr(diag.text, "UTF-16"));
	ck_assert_int_eq(read_message("UNICODE UTF-16", "", aff_view_of("x"), NULL), AFF_ECHARSET);
	ck_assert_uint_eq(aff_msg_segments(m), 2); /* enough to answer */
	decode_field(6);
	ck_view(aff_buf_view(&out), "after");
	const struct aff_charset_options lies = {.override = "UTF-8"};
	expect("UNICODE UTF-16", "", "\xc3\xbc", "ü", 0, 0, &lies);
}
END_TEST

START_TEST(bytes_and_escapes)
{
	expect("8859/1", "", "M\xfcller \\XE4\\\\T\\\\.br\\x", "Müller ä&\nx", 0, 0, NULL);
	expect("8859/15", "", "\xa4", "€", 0, 0, NULL);
	expect("8859/5", "", "\xdc\xb2", "мВ", 0, 0, NULL);
	expect("windows-1252", "", "\x80 5\x92", "€ 5’", 0, 0, NULL);
	expect("UNICODE UTF-8", "", "\\XC3\\\\XBC\\ \\XC3BC\\", "ü ü", 0, 0, NULL);
	expect("8859/1", "", "\\X00\\\\XFC1B\\\\X7F\\", "\\X00\\ü\\X1B\\\\X7F\\", 0, 0, NULL);
	/* what is not understood stays */
	expect("8859/1", "", "C:\\tmp\\\xfc", "C:\\tmp\\ü", 0, 0, NULL);
	expect("8859/1", "", "open \\ \xfc", "open \\ ü", 0, 0, NULL);
	expect("8859/1", "", "\\C2D7A\\\\M24\\\\Zx\xfc\\", "\\C2D7A\\\\M24\\\\Zxü\\", 0, 0, NULL);
	/* what is not of the set is replaced and counted */
	expect("UNICODE UTF-8", "", "a\xfc" "b\xc3", "a�b�", 2, 0, NULL);
	expect("8859/1", "", "a\x80 \xfc", "a� ü", 1, 0, NULL);
	expect("KS X 1001", "", "\xb0\xa1\xff\xb0", "가��", 2, 0, NULL);
	/* beside other messages */
	expect("", "", "plain", "plain", 0, 0, NULL);
}
END_TEST

START_TEST(switches)
{
	expect("8859/1", "2.3", "\xfc\\C2D4C\\\xdc\xd0\\C2D41\\\xfc", "üмаü", 0, 0, NULL);
	expect("", "2.3", "a\\M2442\\;3ED\\C2842\\b", "a山田b", 0, 0, NULL);
	expect("", "", "a\\M2442\\\\X3B33\\ED\\C2842\\b", "a山田b", 0, 0, NULL);
	expect("", "", "\\M242844\\\"/\\C2842\\x", "˘x", 0, 0, NULL);
	expect("8859/1", "", "\\C2949\\\xb1", "ｱ", 0, 0, NULL);
	expect("~ISO IR87", "ISO 2022-1994", "YAMADA^\x1b$B;3ED\x1b(B^x", "YAMADA^山田^x", 0, 0, NULL);
	expect("8859/1~8859/7", "ISO 2022-1994", "\xe1\x1b-F\xe1", "áα", 0, 0, NULL);
	/* no switch is announced: the ESC is a control character like others */
	expect("8859/1", "", "\x1b-F\xe1", "\x1b-Fá", 0, 0, NULL);
	/* a switch ends with its text */
	ck_assert_int_eq(read_message("8859/1", "2.3", aff_view_of("\\C2D4C\\\xd0|\xfc"), NULL), 0);
	decode_field(6);
	ck_view(aff_buf_view(&out), "ü");
}
END_TEST

START_TEST(what_is_not_declared)
{
	const struct aff_charset_options latin1 = {.assume = "8859/1"};
	expect("", "", "M\xc3\xbcller", "Müller", 0, AFF_CHARSET_UNDECLARED, NULL);
	expect("ASCII", "", "M\xc3\xbcller", "Müller", 0, AFF_CHARSET_UNDECLARED, &latin1);
	expect("", "", "M\xfcller", "M�ller", 1, AFF_CHARSET_UNDECLARED, NULL);
	expect("", "", "M\xfcller", "Müller", 0, AFF_CHARSET_UNDECLARED | AFF_CHARSET_ASSUMED, &latin1);
	expect("8859", "", "M\xfcller", "Müller", 0,
	       AFF_CHARSET_UNKNOWN | AFF_CHARSET_UNDECLARED | AFF_CHARSET_ASSUMED, &latin1);
	expect("8859/5", "", "\xd0", "а", 0, 0, &latin1);
	const struct aff_charset_options big5 = {.assume = "BIG-5"};
	expect("", "", "\xa5\x5c\xb4\x7c", "功揉", 0, AFF_CHARSET_UNDECLARED | AFF_CHARSET_ASSUMED, &big5);
}
END_TEST

START_TEST(what_is_declared_wrongly)
{
	const struct aff_charset_options believe = {.as_declared = true}, force = {.override = "windows-1252"};
	expect("8859/1", "", "\xc3\x84rzte \xe2\x80\x99 \xe2\x82\xac", "Ärzte ’ €", 0, AFF_CHARSET_MISLABELED, NULL);
	expect("8859/1", "", "\xc3\xbc", "Ã¼", 0, 0, &believe);
	expect("8859/1", "", "\x93\xfc\x94", "“ü”", 0, 0, &force);
	expect("8859/1", "", "\xc3\xbc", "Ã¼", 0, 0, &force);
	/* one character that is not UTF-8 speaks for the declaration */
	expect("8859/1", "", "\xc3\xbc \xb0", "Ã¼ °", 0, 0, NULL);
	/* real text that happens to be UTF-8 of characters the set does not have */
	expect("8859/2", "", "J\xd3\xac" "WIAK", "JÓŹWIAK", 0, 0, NULL);
	expect("8859/5", "", "\xdc\xb2", "мВ", 0, 0, NULL);
	expect("8859/1", "", "1\xd7\xbd", "1×½", 0, 0, NULL);
}
END_TEST

/* ---- messages whose characters may hold delimiters ---- */

static const struct {
	const char *msh18, *msh20, *text, *utf8;
} unsafe[] = {
	{"BIG-5", "", "\xa5\x5c\xb4\x7c\xa4\x5e", "功揉卅"},
	{"GB 18030-2000", "", "\x81\x7c\xd2\xbb\x84\x31\xa4\x37", "亅一�"},
	{"Shift-JIS", "", "\x83\x5c\x83\x7c\x90\x5c", "ソポ申"},
	{"~ISO IR87", "ISO 2022-1994", "\x1b$B%|%^\x1b(B", "ャ�"},
};

START_TEST(converted_before_it_is_parsed)
{
	ck_assert_int_eq(read_message(unsafe[_i].msh18, unsafe[_i].msh20, aff_view_of(unsafe[_i].text), NULL), 0);
	ck_assert(aff_charset_is_converted(set));
	ck_assert(aff_charset_is_plain(set));
	ck_assert_uint_eq(aff_msg_segments(m), 2);
	aff_buf_clear(&out);
	aff_charset_decode(set, &out, aff_msg_field(m, 1, 5), &usual);
	decode_field(6);
	ck_view(aff_buf_view(&out), "after");
	/* untouched: the same bytes */
	aff_buf_clear(&out);
	ck_assert_int_eq(aff_edit_begin(e, m), 0);
	ck_assert_int_eq(aff_charset_write(set, e, &out), 0);
	ck_assert(aff_view_equal(aff_buf_view(&out), aff_buf_view(&bytes)));
	/* another segment is touched: these bytes stay */
	ck_assert_int_eq(aff_edit_set(e, 0, 15, 0, 0, 0, aff_view_of("AL")), 0);
	ck_assert_int_eq(aff_edit_insert(e, 2, aff_view_of("NTE|1")), 0);
	aff_buf_clear(&out);
	ck_assert_int_eq(aff_charset_write(set, e, &out), 0);
	ck_assert_ptr_nonnull(memmem(out.p, out.n, unsafe[_i].text, strlen(unsafe[_i].text)));
	ck_assert_ptr_nonnull(memmem(out.p, out.n, "|after\rNTE|1\r", 13));
}
END_TEST

/* A facility whose name holds the field separator moves every field of the MSH behind it. */
static const struct {
	const char *facility, *fields, *utf8;
} moved[] = {
	{"\xa8\x7c", "BIG-5", "育"},
	{"\xa8\x7c\xa8\x7cx", "BIG-5", "育育x"},
	{"\xa8\x7c", "BIG-5|CHT", "育"},
	{"\x81\x7c", "GB 18030-2000", "亅"},
	{"\x83\x7c", "Shift-JIS", "ポ"},
	{"\x1b$B4|\x1b(B", "~ISO IR87||ISO 2022-1994", "期"},
	{"\x1b$B4|\x1b(B", "ASCII~ISO IR87", "期"},
};

START_TEST(field_separators_in_the_msh)
{
	static const char *const ends[] = {"\r", "\n"};
	aff_buf_clear(&bytes);
	const char *end = ends[_i % 2];
	aff_buf_printf(&bytes, "MSH|^~\\&|MON|%s|||20250115||ORU^R01|A1|P|2.6|||||TWN|%s%sOBX|1|ST|a||b%s",
	               moved[_i / 2].facility, moved[_i / 2].fields, end, end);
	ck_assert_int_eq(aff_charset_parse(set, m, bytes.p, bytes.n, 0, NULL, NULL), 0);
	ck_assert(aff_charset_is_converted(set));
	ck_assert_uint_eq(aff_charset_damage(set), 0);
	ck_assert_uint_eq(aff_msg_segments(m), 2);
	ck_view(aff_msg_field(m, 0, 4), moved[_i / 2].utf8);
	ck_view(aff_msg_field(m, 0, 10), "A1");
	/* what is made from it goes back */
	aff_buf_clear(&out);
	aff_buf_put_view(&out, aff_msg_segment(m, 0));
	struct aff_buf back;
	aff_buf_init(&back, 4096);
	ck_assert_int_eq(aff_charset_segments(set, &back, aff_buf_view(&out)), 0);
	ck_assert(back.n < bytes.n && memcmp(back.p, bytes.p, back.n) == 0);
	ck_assert_int_eq(aff_charset_segments(set, &back, aff_view_of("😀\xff")), AFF_ECHARSET);
	ck_assert(back.n < bytes.n);
	aff_buf_free(&back);
}
END_TEST

/* Fields that only look so. */
START_TEST(nothing_has_moved)
{
	static const char *const msh[] = {
		"MSH|^~\\&|MON|\xa8|||20250115||ORU^R01|A1|P|2.6|||||TWN|||BIG-5", /* too far behind */
		"MSH|^~\\&|MON|\xfc|||20250115||ORU^R01|A1|P|2.6|||||TWN|8859/1|BIG-5",
		"MSH|^~\\&|MON|x|||20250115||ORU^R01|A1|P|2.6|||||TWN||BIG-5",
	};
	for (size_t i = 0; i < sizeof msh / sizeof msh[0]; i++) {
		ck_assert_int_eq(aff_charset_parse(set, m, msh[i], strlen(msh[i]), 0, NULL, NULL), 0);
		ck_assert(!aff_charset_is_converted(set));
		ck_view(aff_msg_field(m, 0, 10), "A1");
		ck_assert_ptr_eq(aff_msg_bytes(m).p, msh[i]);
		aff_buf_clear(&out);
		ck_assert_int_eq(aff_charset_segments(set, &out, aff_view_of("as it is\xff")), 0);
		ck_view(aff_buf_view(&out), "as it is\xff");
		const struct aff_view none = {NULL, 0};
		ck_assert_uint_eq(aff_charset_decode(set, &out, none, &usual), 0);
		ck_assert_uint_eq(aff_charset_field(set, &out, none, &usual), 0);
	}
}
END_TEST

/* Switches end with their segment, however it ends. */
START_TEST(switches_end_with_the_segment)
{
	static const char *const ends[] = {"\r", "\n", "\r\n"};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		aff_buf_clear(&bytes);
		aff_buf_printf(&bytes, HEAD "~ISO IR87||ISO 2022-1994%sNTE|1||\x1b$B0!%sOBX|1|ST|a||b%s", ends[i],
		               ends[i], ends[i]);
		ck_assert_int_eq(aff_charset_parse(set, m, bytes.p, bytes.n, 0, NULL, NULL), 0);
		ck_assert_uint_eq(aff_msg_segments(m), 3);
		ck_view(aff_msg_field(m, 1, 3), "亜");
		ck_view(aff_msg_field(m, 2, 5), "b");
	}
}
END_TEST

START_TEST(touched_segments_go_back)
{
	ck_assert_int_eq(read_message("BIG-5", "", aff_view_of("\xa5\x5c"), NULL), 0);
	ck_assert_int_eq(aff_edit_begin(e, m), 0);
	ck_assert_int_eq(aff_edit_set(e, 1, 8, 0, 0, 0, aff_view_of("揉")), 0);
	aff_buf_clear(&out);
	ck_assert_int_eq(aff_charset_write(set, e, &out), 0);
	ck_assert_ptr_nonnull(memmem(out.p, out.n, "|\xa5\x5c|after||\xb4\x7c\r", 14));
	/* what cannot be written is told */
	ck_assert_int_eq(aff_edit_set(e, 1, 8, 0, 0, 0, aff_view_of("ü")), 0);
	aff_buf_clear(&out);
	ck_assert_int_eq(aff_charset_write(set, e, &out), AFF_ECHARSET);
	/* and what could not be read */
	ck_assert_int_eq(read_message("GB 18030-2000", "", aff_view_of("\xff"), NULL), 0);
	ck_assert_uint_eq(aff_charset_damage(set), 1);
	ck_assert_int_eq(aff_edit_begin(e, m), 0);
	ck_assert_int_eq(aff_edit_set(e, 1, 8, 0, 0, 0, aff_view_of("x")), 0);
	aff_buf_clear(&out);
	ck_assert_int_eq(aff_charset_write(set, e, &out), AFF_ECHARSET);
}
END_TEST

START_TEST(nothing_is_lost_silently)
{
	static const char *const names[] = {"", "8859/1", "BIG-5", "KS X 1001", "~ISO IR87"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		ck_assert_int_eq(read_message(names[i], "", aff_view_of("x"), NULL), 0);
		aff_buf_clear(&out);
		aff_buf_put_text(&out, "before");
		ck_assert_int_eq(aff_charset_encode(set, &out, aff_view_of("a😀"), &usual), AFF_ECHARSET);
		ck_assert_int_eq(aff_charset_encode(set, &out, aff_view_of("a\xff"), &usual), AFF_ECHARSET);
		ck_view(aff_buf_view(&out), "before");
	}
}
END_TEST

/* ---- whole messages to UTF-8 ---- */

static void expect_whole(const char *msh18, const char *msh20, const char *text, const char *utf8, int error)
{
	struct aff_buf want;
	ck_assert_int_eq(read_message(msh18, msh20, aff_view_of(text), NULL), 0);
	aff_buf_init(&want, MESSAGE_MAX);
	aff_buf_printf(&want, HEAD "%s||%s\rOBX|1|ST|a||%s|after\r", msh18, msh20, utf8);
	aff_buf_clear(&out);
	ck_assert_int_eq(aff_charset_to_utf8(set, m, &out), error);
	aff_buf_put_char(&want, '\0');
	want.n--;
	ck_view(aff_buf_view(&out), want.p);
	aff_buf_free(&want);
}

START_TEST(whole_messages)
{
	expect_whole("8859/1", "", "M\xfcller^\\XE4\\^\\T\\^\\X0D\\", "Müller^ä^\\T\\^\\X0D\\", 0);
	expect_whole("8859/1", "", "a\\b|\xfc\\c^d\\", "a\\b|ü\\c^d\\", 0);
	expect_whole("8859/1", "2.3", "\\C2D4C\\\xd0\\X7CD0\\^\xfc", "а\\F\\а^ü", 0);
	expect_whole("UNICODE UTF-8", "", "ü\\XC3BC\\\\XFF\\", "üü\\XFF\\", 0); /* bytes that are no text */
	expect_whole("8859/1", "", "\x80", "�", AFF_ECHARSET);
	expect_whole("BIG-5", "", "\xa5\x5c\\XA57C\\", "功四", 0);
	expect_whole("", "", "as it is\\H\\", "as it is\\H\\", 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hl7_charset");
	TCase *all = tcase_create("hl7_charset");
	const TTest *const tests[] = {spellings, wide_sets_are_refused, bytes_and_escapes, switches,
	                              what_is_not_declared, what_is_declared_wrongly, touched_segments_go_back,
	                              nothing_has_moved, switches_end_with_the_segment,
	                              nothing_is_lost_silently, whole_messages};
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, every_character_survives, 0, SETS);
	tcase_add_loop_test(all, converted_before_it_is_parsed, 0, sizeof unsafe / sizeof unsafe[0]);
	tcase_add_loop_test(all, field_separators_in_the_msh, 0, 2 * sizeof moved / sizeof moved[0]);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(all, tests[i]);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
