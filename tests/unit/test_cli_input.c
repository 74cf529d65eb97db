/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages out of files, read in pieces of every size.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/input.h"
#include "run_suite.h"

#define A "MSH|^~\\&|A\rPID|1\r"
#define B "MSH|^~\\&|B\rPID|2\rOBX|1|NM|X||MSH|\r"

static char folder[] = "/tmp/test-input-XXXXXX";
static char path[64];

static void write_file(const char *text, size_t n)
{
	snprintf(path, sizeof path, "%s/file", folder);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, n, f), n);
	fclose(f);
}

/* Reads the file and joins its messages with "!", so that one string says what was found. */
static const char *messages(const char *text, size_t n, size_t chunk, int *end)
{
	static char joined[1024];
	struct input in;
	struct input_message m;
	size_t used = 0;
	write_file(text, n);
	ck_assert_int_eq(input_open(&in, path, NULL), 0);
	in.chunk = chunk;
	uint64_t expected = 1;
	while ((*end = input_next(&in, &m, NULL)) == 1) {
		ck_assert_uint_eq(m.number, expected++);
		ck_assert_uint_lt(used + m.bytes.n + 1, sizeof joined);
		memcpy(joined + used, m.bytes.p, m.bytes.n);
		used += m.bytes.n;
		joined[used++] = '!';
	}
	joined[used] = '\0';
	input_close(&in);
	return joined;
}

static const struct {
	const char *file, *found;
	int end;
} cases[] = {
	{"", "", 0},
	{"\r\n\n", "", 0},
	{A, A "!", 0},
	{A B, A "!" B "!", 0},
	{"\n\n" A "\n\n" B "\r\n", A "!" B "!", 0},
	{"MSH|^~\\&|A\nPID|1\n\nMSH|^~\\&|B\nPID|2", "MSH|^~\\&|A\nPID|1\n!MSH|^~\\&|B\nPID|2!", 0},
	{"MSH|^~\\&|A\r\nPID|1\r\n\r\nMSH|^~\\&|B\r\n", "MSH|^~\\&|A\r\nPID|1\r\n!MSH|^~\\&|B\r\n!", 0},
	{"FHS|^~\\&\rBHS|^~\\&\r" A B "BTS|2\rFTS|1\r", A "!" B "!", 0},
	{"BHS|^~\\&\n" A "BTS", A "!", 0},
	{"\v" "BHS|^~\\&\r" A B "BTS|2\r\x1c\r\v" A "\x1c\r", A "!" B "!" A "!", 0},
	{"\v" "BHS|^~\\&\rBTS|0\r\x1c\r" B, B "!", 0},
	{"\v" A B "\x1c\r", A B "!", 0}, /* one frame is one message: the parser says that it is two */
	/* a capture of both directions, with times between the frames */
	{"10:00 > \v" A "\x1c\r\n10:01 < \v" B "\x1c\r\n", "10:00 > !" A "!10:01 < !" B "!", 0},
	{"\v" A "\x1c\r\v" B "\x1c\r\n" A "\v" B "\x1c\r", A "!" B "!" A "!" B "!", 0},
	{"MSH|^~\\&|A\rOBX|1|ST|X||a\vb\r", "MSH|^~\\&|A\rOBX|1|ST|X||a\vb\r!", 0},
	{"\xef\xbb\xbf" A "\xef\xbb\xbf" B, "\xef\xbb\xbf" A "!\xef\xbb\xbf" B "!", 0},
	{"\v" A "\x1c\r\v" B "\x1c\r", A "!" B "!", 0},
	{"\v" A "\x1c\n\v" B "\x1c\r\n", A "!" B "!", 0},
	{"\v" A "\x1c\r" B, A "!" B "!", 0},
	{A "\v" B "\x1c\r", A "!" B "!", 0},
	{"\v" A "\x1c\r\v" B, A "!", AFF_EFRAME},
	{"\v" A "\x1c\r\vMSH|^~\\&|lost\r\v" B "\x1c\r", A "!" B "!", 0}, /* told, and the others are read */
	{"MSH1|no\rMSHX|no\rPID|1\r" A, "MSH1|no\rMSHX|no\rPID|1\r!" A "!", 0},
	{"hello", "hello!", 0},
	{"M", "M!", 0},
};

START_TEST(every_shape_in_every_chunk_size)
{
	for (size_t chunk = 1; chunk <= 70; chunk++) {
		int end;
		const char *found = messages(cases[_i].file, strlen(cases[_i].file), chunk, &end);
		ck_assert_msg(strcmp(found, cases[_i].found) == 0, "case %d, chunk %zu: %s", _i, chunk, found);
		ck_assert_int_eq(end, cases[_i].end);
	}
}
END_TEST

START_TEST(nul_bytes_are_data)
{
	static const char text[] = "MSH|^~\\&|A\0B\rPID|1\r";
	struct input in;
	struct input_message m;
	write_file(text, sizeof text - 1);
	ck_assert_int_eq(input_open(&in, path, NULL), 0);
	ck_assert_int_eq(input_next(&in, &m, NULL), 1);
	ck_assert_uint_eq(m.bytes.n, sizeof text - 1);
	ck_assert_str_eq(m.where, path);
	ck_assert_int_eq(input_next(&in, &m, NULL), 0);
	input_close(&in);
}
END_TEST

START_TEST(names_of_several_messages)
{
	char expected[96];
	struct input in;
	struct input_message m;
	write_file(A B, strlen(A B));
	ck_assert_int_eq(input_open(&in, path, NULL), 0);
	ck_assert_int_eq(input_next(&in, &m, NULL), 1);
	ck_assert_int_eq(input_next(&in, &m, NULL), 1);
	snprintf(expected, sizeof expected, "%s(message 2)", path);
	ck_assert_str_eq(m.where, expected);
	input_close(&in);
}
END_TEST

START_TEST(what_cannot_be_read_is_told)
{
	struct input in;
	struct input_message m;
	struct aff_diag diag;
	ck_assert_int_eq(input_open(&in, "/nonexistent/file", &diag), AFF_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(diag.text, "/nonexistent/file"));
	ck_assert_int_eq(input_open(&in, folder, NULL), 0);
	ck_assert_int_eq(input_next(&in, &m, &diag), AFF_EIO);
	input_close(&in);
}
END_TEST

static void collect_odd(void *arg, const char *where, const struct aff_diag *diag)
{
	char *all = arg;
	size_t n = strlen(all);
	const char *slash = strrchr(where, '/');
	snprintf(all + n, 1024 - n, "%s: %s\n", slash ? slash + 1 : where, diag->text);
}

START_TEST(odd_envelopes_are_told)
{
	static const char text[] = "BHS|^~\\&\r" A "BTS|3\rMSH|^~\\&|A\rOBX|1|TX|X||a\nMSH|^~\\&|B\r"
				   "\v" "BHS|^~\\&\r" A "\x1c\rFHS|\r";
	char told[1024] = "";
	struct input in;
	struct input_message m;
	write_file(text, sizeof text - 1);
	ck_assert_int_eq(input_open(&in, path, NULL), 0);
	in.odd = collect_odd;
	in.odd_arg = told;
	unsigned messages = 0;
	while (input_next(&in, &m, NULL) == 1)
		messages++;
	ck_assert_uint_eq(messages, 4);
	ck_assert_uint_eq(in.batch_lines, 4);
	ck_assert_str_eq(told, "file: BTS-1 says 3, but there is 1 message before it\n"
			       "file(message 2): the last line of the message ends unlike its other segments\n"
			       "file: a batch or file with a header and no trailer (BTS, FTS)\n"
			       "file: FHS-1 and FHS-2 do not give usable delimiters\n"
			       "file: a batch or file with a header and no trailer (BTS, FTS)\n");
	input_close(&in);
}
END_TEST

static void make(const char *name, const char *text)
{
	char full[128];
	snprintf(full, sizeof full, "%s/%s", folder, name);
	FILE *f = fopen(full, "wb");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static int collect_names(void *arg, const struct input_message *m)
{
	char *all = arg;
	size_t n = strlen(all);
	snprintf(all + n, 1024 - n, "%s ", m->where + strlen(folder) + 1);
	return 0;
}

START_TEST(folders_are_walked_in_order)
{
	char sub[128], names[1024] = "";
	write_file(A, strlen(A));
	snprintf(sub, sizeof sub, "%s/d", folder);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	make("d/z.txt", "\n\v" B "\x1c\r");
	make("d/a.HL7", "no HL7");
	make("d/.hidden.hl7", A);
	make("notes.md", "MSHX is no segment\n");
	make("b", "\xef\xbb\xbf" "BHS|^~\\&\r" A "BTS|1\r");
	ck_assert_int_eq(symlink("file", (snprintf(sub, sizeof sub, "%s/link.hl7", folder), sub)), 0);
	char *files[] = {folder};
	ck_assert_int_eq(input_each(files, 1, collect_names, names), 0);
	ck_assert_str_eq(names, "b(message 1) d/a.HL7 d/z.txt file ");
	static const char *const made[] = {"d/z.txt", "d/a.HL7", "d/.hidden.hl7", "notes.md", "b", "link.hl7", "file"};
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		snprintf(sub, sizeof sub, "%s/%s", folder, made[i]);
		unlink(sub);
	}
	snprintf(sub, sizeof sub, "%s/d", folder);
	files[0] = sub;
	ck_assert_int_eq(input_each(files, 1, collect_names, names), COMMAND_FAILED);
	rmdir(sub);
}
END_TEST

static int stop_at_second(void *arg, const struct input_message *m)
{
	(*(int *)arg)++;
	return m->number == 2 ? 7 : 0;
}

START_TEST(each_stops_when_told)
{
	int calls = 0;
	write_file(A B A, strlen(A B A));
	char *files[] = {path, path};
	ck_assert_int_eq(input_each(files, 2, stop_at_second, &calls), 7);
	ck_assert_int_eq(calls, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_input");
	TCase *t = tcase_create("all");
	if (!mkdtemp(folder))
		return 2;
	tcase_add_loop_test(t, every_shape_in_every_chunk_size, 0, (int)(sizeof cases / sizeof cases[0]));
	tcase_add_test(t, nul_bytes_are_data);
	tcase_add_test(t, names_of_several_messages);
	tcase_add_test(t, what_cannot_be_read_is_told);
	tcase_add_test(t, each_stops_when_told);
	tcase_add_test(t, odd_envelopes_are_told);
	tcase_add_test(t, folders_are_walked_in_order);
	suite_add_tcase(s, t);
	int status = run_suite(s);
	snprintf(path, sizeof path, "%s/file", folder);
	unlink(path);
	rmdir(folder);
	return status;
}
