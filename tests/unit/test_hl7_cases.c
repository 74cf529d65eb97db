/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the cases of tests/cases/parser; the format stands in the README.md there. Each case is also cut off at every
 * length, which must neither crash nor read a byte too many nor lose one.
 */
#include "hl7_test.h"

#include <ctype.h>
#include <glob.h>

#include <afferent/escape.h>
#include <afferent/path.h>

#include "base/number.h"
#include "hl7_walk.h"
#include "sys/file.h"

#define FOLDER "tests/cases/parser"
#define CASE_MAX (64u << 10)

static struct {
	const char *file;
	unsigned line;
	unsigned cases, failures;
	struct aff_msg *m;
	struct aff_edit *e;
	struct aff_buf input, value, out;
	unsigned lenient;
	bool open, parsed, refused;
	int error;
	struct aff_diag diag;
} run;

static void complain(const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", run.file, run.line, what);
	run.failures++;
}

/* The bytes of text in which <CR>, <LF>, <TAB> and <hh> stand for what cannot be seen. */
static void put_visible(struct aff_buf *out, struct aff_view text)
{
	static const struct {
		const char *token;
		char byte;
	} named[] = {{"<CR>", '\r'}, {"<LF>", '\n'}, {"<TAB>", '\t'}};
	while (text.n) {
		size_t used = 1;
		char byte = text.p[0];
		for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
			size_t n = strlen(named[i].token);
			if (text.n >= n && memcmp(text.p, named[i].token, n) == 0) {
				used = n;
				byte = named[i].byte;
			}
		}
		char hex[3] = {0};
		if (text.n >= 4 && text.p[0] == '<' && text.p[3] == '>')
			memcpy(hex, text.p + 1, 2);
		if (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
			used = 4;
			byte = (char)strtoul(hex, NULL, 16);
		}
		aff_buf_put_char(out, byte);
		text = aff_view(text.p + used, text.n - used);
	}
}

static void parse_exactly(size_t n, unsigned lenient, bool write_back)
{
	char *bytes = exact_copy(run.input.p, n);
	int error = aff_msg_parse(run.m, bytes, n, lenient, NULL);
	walk_message(run.m);
	if (write_back && !error)
		walk_write_back(run.m, run.e, &run.out);
	free(bytes);
}

static void finish_case(void)
{
	if (!run.open)
		return;
	for (size_t n = 0; n <= run.input.n; n++) {
		parse_exactly(n, 0, true);
		parse_exactly(n, AFF_LENIENT_ALL, true);
	}
	if (!run.parsed)
		complain("the case before this line expects nothing");
	if (run.error && !run.refused)
		complain(run.diag.text);
	run.open = false;
}

static void need_parsed(void)
{
	if (run.parsed)
		return;
	memset(&run.diag, 0, sizeof run.diag);
	run.error = aff_msg_parse(run.m, run.input.p, run.input.n, run.lenient, &run.diag);
	run.parsed = true;
}

/* Takes the next word off the front of *rest. */
static struct aff_view word(struct aff_view *rest)
{
	*rest = aff_view_trim(*rest);
	const char *blank = memchr(rest->p, ' ', rest->n);
	struct aff_view w = {rest->p, blank ? (size_t)(blank - rest->p) : rest->n};
	*rest = aff_view_trim(aff_view(w.p + w.n, rest->n - w.n));
	return w;
}

static void on_case(struct aff_view rest)
{
	(void)rest;
	finish_case();
	aff_buf_clear(&run.input);
	run.lenient = 0;
	run.open = true;
	run.parsed = run.refused = false;
	run.error = 0;
	run.cases++;
}

static void on_lenient(struct aff_view rest)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {{"bom", AFF_LENIENT_BOM}, {"blank", AFF_LENIENT_BLANK}, {"segmentid", AFF_LENIENT_SEGMENTID},
	             {"twomsh", AFF_LENIENT_TWOMSH},
	             {"encoding", AFF_LENIENT_ENCODING}};
	while (rest.n) {
		unsigned before = run.lenient;
		struct aff_view name = word(&rest);
		for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
			run.lenient |= aff_view_is(name, flags[i].name) ? flags[i].flag : 0;
		if (run.lenient == before)
			complain("unknown leniency");
	}
}

static void on_input(struct aff_view rest)
{
	if (run.parsed)
		complain("input after an expectation");
	put_visible(&run.input, rest);
}

static void on_error(struct aff_view rest)
{
	char at[64];
	need_parsed();
	run.refused = true;
	if (!aff_view_is(word(&rest), aff_error_name(run.error)))
		complain(aff_error_name(run.error));
	aff_location_format(&run.diag.at, at, sizeof at);
	if (!aff_view_is(rest, at))
		complain(at[0] ? at : "the error has no place");
}

static void expect_number(struct aff_view text, unsigned got)
{
	uint64_t want;
	char what[32];
	if (number_u64(text, UINT32_MAX, &want) || want != got) {
		snprintf(what, sizeof what, "it is %u", got);
		complain(what);
	}
}

static void on_segments(struct aff_view rest)
{
	need_parsed();
	expect_number(rest, aff_msg_segments(run.m));
}

static void on_terminator(struct aff_view rest)
{
	static const char *const names[] = {"CR", "LF", "CRLF"};
	need_parsed();
	if (!aff_view_is(rest, names[aff_msg_terminator(run.m)]))
		complain(names[aff_msg_terminator(run.m)]);
}

static void on_repetitions(struct aff_view rest)
{
	struct aff_path path;
	need_parsed();
	if (aff_path_parse(&path, word(&rest), NULL)) {
		complain("no path");
		return;
	}
	unsigned segment = aff_msg_nth(run.m, path.segment, path.occurrence ? path.occurrence : 1);
	expect_number(rest, aff_msg_repetitions(run.m, segment, path.field));
}

/* PATH = value, the part as it stands; PATH is value, the part without its escapes. */
static void on_value(struct aff_view line)
{
	struct aff_path path;
	struct aff_diag diag = {0};
	struct aff_view rest = line, name = word(&rest), how = word(&rest);
	bool plain = aff_view_is(how, "is");
	need_parsed();
	if ((!plain && !aff_view_is(how, "=")) || aff_path_parse(&path, name, &diag)) {
		complain(diag.text[0] ? diag.text : "not understood");
		return;
	}
	struct aff_view got = aff_path_get(run.m, &path);
	aff_buf_clear(&run.value);
	put_visible(&run.value, rest);
	aff_buf_clear(&run.out);
	if (plain) {
		struct aff_delims d = aff_msg_delims(run.m);
		aff_unescape(&run.out, got, &d);
	} else {
		aff_buf_put_view(&run.out, got);
	}
	if (!aff_view_equal(aff_buf_view(&run.out), aff_buf_view(&run.value))) {
		fprintf(stderr, "got \"%.*s\"\n", (int)run.out.n, aff_buf_view(&run.out).p);
		complain("another value");
	}
}

static void run_line(struct aff_view line)
{
	static const struct {
		const char *word;
		void (*run)(struct aff_view rest);
	} words[] = {{"case", on_case}, {"lenient", on_lenient}, {"error", on_error}, {"segments", on_segments},
	             {"terminator", on_terminator}, {"repetitions", on_repetitions}};
	if (line.n >= 2 && line.p[0] == '>' && line.p[1] == ' ') {
		on_input(aff_view(line.p + 2, line.n - 2));
		return;
	}
	struct aff_view rest = line, first = word(&rest);
	if (!first.n || first.p[0] == '#')
		return;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (aff_view_is(first, words[i].word)) {
			words[i].run(rest);
			return;
		}
	}
	on_value(line);
}

static void run_file(const char *path)
{
	struct aff_buf text;
	aff_buf_init(&text, CASE_MAX);
	ck_assert_int_eq(file_read(path, &text, NULL), 0);
	run.file = path;
	run.line = 0;
	for (const char *p = text.p, *end = text.p + text.n; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		stop = stop ? stop : end;
		run.line++;
		run_line(aff_view(p, (size_t)(stop - p)));
		p = stop + (stop < end);
	}
	finish_case();
	aff_buf_free(&text);
}

START_TEST(every_case)
{
	glob_t files;
	aff_buf_init(&run.input, CASE_MAX);
	aff_buf_init(&run.value, CASE_MAX);
	aff_buf_init(&run.out, CASE_MAX * 2);
	ck_assert_int_eq(aff_msg_new(&run.m, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&run.e, CASE_MAX), 0);
	ck_assert_int_eq(glob(FOLDER "/*.case", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_file(files.gl_pathv[i]);
	printf("%zu files, %u cases\n", files.gl_pathc, run.cases);
	ck_assert_uint_gt(run.cases, 0);
	ck_assert_uint_eq(run.failures, 0);
	globfree(&files);
	aff_edit_free(run.e);
	aff_msg_free(run.m);
	aff_buf_free(&run.input);
	aff_buf_free(&run.value);
	aff_buf_free(&run.out);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_case};
	return RUN_TESTS("hl7_cases", tests);
}
