/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of messages taken apart: in pieces of every size, with every line end, and put together again byte for byte.
 */
#include "hl7_test.h"

#include <afferent/batch.h>
#include <afferent/build.h>

#define MAX (1u << 20)

static const char letters[] = {
	[AFF_BATCH_FHS] = 'F', [AFF_BATCH_BHS] = 'B', [AFF_BATCH_MESSAGE] = 'M',
	[AFF_BATCH_BTS] = 'b', [AFF_BATCH_FTS] = 'f', [AFF_BATCH_TEXT] = 't',
};

/* One string for everything that was found: "F[text] M!8[text] ..." with the issues behind the letter, ".8" for those
 * of the end, "LIMIT" where it stopped. The bytes of the parts must be the stream. */
static const char *taken_apart(const char *stream, size_t n, size_t chunk, size_t max)
{
	static char found[4096];
	struct aff_buf in, all;
	struct aff_batch b;
	struct aff_batch_part part;
	size_t used = 0, consumed, fed = 0;
	aff_buf_init(&in, MAX);
	aff_buf_init(&all, MAX);
	aff_batch_init(&b, max);
	for (;;) {
		char *bytes = exact_copy(aff_buf_view(&in).p, in.n);
		int rc = aff_batch_next(&b, bytes, in.n, fed == n, &part, &consumed);
		ck_assert(rc == 1 || consumed == 0);
		if (rc == 1) {
			ck_assert_ptr_eq(part.bytes.p, bytes);
			ck_assert_uint_eq(part.bytes.n, consumed);
			ck_assert(part.text.p >= bytes && part.text.p + part.text.n <= bytes + consumed);
			aff_buf_put_view(&all, part.bytes);
			used += (size_t)snprintf(found + used, sizeof found - used, "%c", letters[part.kind]);
			if (part.issues)
				used += (size_t)snprintf(found + used, sizeof found - used, "!%u", part.issues);
			used += (size_t)snprintf(found + used, sizeof found - used, "[%.*s]", (int)part.text.n,
			                         part.text.p);
			memmove(in.p, in.p + consumed, in.n - consumed);
			in.n -= consumed;
		}
		free(bytes);
		if (rc == AFF_ELIMIT) {
			snprintf(found + used, sizeof found - used, "LIMIT");
			break;
		}
		ck_assert_int_ge(rc, 0);
		if (rc == 0 && fed == n) {
			unsigned issues = aff_batch_end(&b);
			found[used] = '\0';
			if (issues)
				snprintf(found + used, sizeof found - used, ".%u", issues);
			aff_buf_put(&all, in.p, in.n);
			ck_assert_uint_eq(all.n, n);
			ck_assert(n == 0 || memcmp(all.p, stream, n) == 0);
			break;
		}
		if (rc == 0) {
			size_t more = n - fed < chunk ? n - fed : chunk;
			aff_buf_put(&in, stream + fed, more);
			fed += more;
		}
	}
	aff_buf_free(&in);
	aff_buf_free(&all);
	return found;
}

#define A "MSH|^~\\&|A\rPID|1\r"
#define B "MSH|^~\\&|B\rPID|2\rOBX|1|NM|X||MSH|\r"

static const struct {
	const char *stream, *found;
} cases[] = {
	{"", ""},
	{"\r\n\n", ""},
	{A, "M[" A "]"},
	{"MSH", "M[MSH]"},
	{"MSH|^~\\&|A", "M[MSH|^~\\&|A]"},
	{"FHS|^~\\&\rBHS|^~\\&\r" A B "BTS|2\rFTS|1\r",
	 "F[FHS|^~\\&\r]B[BHS|^~\\&\r]M[" A "]M[" B "]b[BTS|2\r]f[FTS|1\r]"},
	/* levels may be missing */
	{"BHS|^~\\&\r" A "BTS|1", "B[BHS|^~\\&\r]M[" A "]b[BTS|1]"},
	{"FHS|^~\\&\r" A B "FTS|1\r", "F[FHS|^~\\&\r]M[" A "]M[" B "]f[FTS|1\r]"},
	{A "BTS|1\r", "M[" A "]b[BTS|1\r]"},
	{A "BTS|1\rFTS|1\r", "M[" A "]b[BTS|1\r]f[FTS|1\r]"},
	{"BHS|^~\\&\r" A "BTS|1\rBHS|^~\\&\r" B "BTS|1\rFTS|2\r",
	 "B[BHS|^~\\&\r]M[" A "]b[BTS|1\r]B[BHS|^~\\&\r]M[" B "]b[BTS|1\r]f[FTS|2\r]"},
	{"FHS|^~\\&\rFTS|0\r", "F[FHS|^~\\&\r]f[FTS|0\r]"},
	{"BHS|^~\\&\rBTS\r", "B[BHS|^~\\&\r]b[BTS\r]"},
	/* counts */
	{"BHS|^~\\&\r" A B "BTS|3\r", "B[BHS|^~\\&\r]M[" A "]M[" B "]b!1[BTS|3\r]"},
	{"BHS|^~\\&\r" A "BTS||c\r", "B[BHS|^~\\&\r]M[" A "]b[BTS||c\r]"},
	{"BHS|^~\\&\r" A "BTS|one\r", "B[BHS|^~\\&\r]M[" A "]b!1[BTS|one\r]"},
	{"BHS|^~\\&\r" A "BTS| 1 |\r", "B[BHS|^~\\&\r]M[" A "]b[BTS| 1 |\r]"},
	{"FHS|^~\\&\r" A "FTS|2\r", "F[FHS|^~\\&\r]M[" A "]f!1[FTS|2\r]"},
	{"BHS|^~\\&\r" A "BTS|18446744073709551616\r", "B[BHS|^~\\&\r]M[" A "]b!1[BTS|18446744073709551616\r]"},
	/* each header and message with delimiters of its own */
	{"BHS$%~\\&$A\rMSH#^~\\&#B\rPID#1\rMSH|^~\\&|A\rBTS$2$\r",
	 "B[BHS$%~\\&$A\r]M[MSH#^~\\&#B\rPID#1\r]M[MSH|^~\\&|A\r]b[BTS$2$\r]"},
	{"BHS|^^^^\r" A "BTS|1\r", "B!32[BHS|^^^^\r]M[" A "]b[BTS|1\r]"},
	{"BHS\r" A "BTS|1\r", "B!32[BHS\r]M[" A "]b[BTS|1\r]"},
	/* several messages and no header: told, not merged */
	{A B, "M[" A "]M!8[" B "]"},
	{A A B, "M[" A "]M!8[" A "]M!8[" B "]"},
	/* cut off */
	{"BHS|^~\\&\r" A, "B[BHS|^~\\&\r]M[" A "].4"},
	{"FHS|^~\\&\rBHS|^~\\&\r" A "BTS|1\r", "F[FHS|^~\\&\r]B[BHS|^~\\&\r]M[" A "]b[BTS|1\r].4"},
	{"BHS|^~\\&\r" A "BHS|^~\\&\r" B "BTS|1\r", "B[BHS|^~\\&\r]M[" A "]B!4[BHS|^~\\&\r]M[" B "]b[BTS|1\r]"},
	{"FHS|^~\\&\rBHS|^~\\&\r" A "FTS|1\r", "F[FHS|^~\\&\r]B[BHS|^~\\&\r]M[" A "]f!4[FTS|1\r]"},
	{"FHS|^~\\&\rFHS|^~\\&\rFTS|0\r", "F[FHS|^~\\&\r]F!4[FHS|^~\\&\r]f[FTS|0\r]"},
	{"BTS|1\r" A, "b!3[BTS|1\r]M[" A "]"},
	{"FTS\r", "f!2[FTS\r]"},
	/* text that is no message */
	{"hello", "t[hello]"},
	{"hello\n" A "world\r", "t[hello\n]M[" A "world\r]"},
	{"BHS|^~\\&\rPID|1\rPV1\rBTS|0\r" A, "B[BHS|^~\\&\r]t[PID|1\rPV1\r]b[BTS|0\r]M[" A "]"},
	{"BTSX|1\rMSHA|\rMSH1\r", "t[BTSX|1\rMSHA|\rMSH1\r]"},
	{"M", "t[M]"},
	/* line ends: each message by its own */
	{"\n\r\n" A "\n\n" B "\r\n\r\n", "M[" A "]M!8[" B "]"},
	{"MSH|^~\\&|A\nPID|1\n\nMSH|^~\\&|B\nPID|2", "M[MSH|^~\\&|A\nPID|1\n]M!8[MSH|^~\\&|B\nPID|2]"},
	{"BHS|^~\\&\r\nMSH|^~\\&|A\r\nPID|1\r\nMSH|^~\\&|B\r\nBTS|2\r\n",
	 "B[BHS|^~\\&\r\n]M[MSH|^~\\&|A\r\nPID|1\r\n]M[MSH|^~\\&|B\r\n]b[BTS|2\r\n]"},
	{"BHS|^~\\&\n" A "MSH|^~\\&|B\r\nPID|2\r\nBTS|2\n",
	 "B[BHS|^~\\&\n]M[" A "]M[MSH|^~\\&|B\r\nPID|2\r\n]b[BTS|2\n]"},
	{"BHS|^~\\&\rMSH|^~\\&|A\rOBX|1|TX|X||a\nb\rMSH|^~\\&|B\rBTS|2\r",
	 "B[BHS|^~\\&\r]M[MSH|^~\\&|A\rOBX|1|TX|X||a\nb\r]M[MSH|^~\\&|B\r]b[BTS|2\r]"},
	/* a line end of another kind before MSH may also be text: told */
	{"BHS|^~\\&\rMSH|^~\\&|A\rOBX|1|TX|X||a\nMSH|^~\\&|B\rPID|2\rBTS|2\r",
	 "B[BHS|^~\\&\r]M!16[MSH|^~\\&|A\rOBX|1|TX|X||a\n]M[MSH|^~\\&|B\rPID|2\r]b[BTS|2\r]"},
	{"MSH|^~\\&|A\nPID|1\rMSH|^~\\&|B\n", "M!16[MSH|^~\\&|A\nPID|1\r]M!8[MSH|^~\\&|B\n]"},
	{"MSH|^~\\&|A\r\nPID|1\nMSH|^~\\&|B\n", "M!16[MSH|^~\\&|A\r\nPID|1\n]M!8[MSH|^~\\&|B\n]"},
	/* byte order marks: a message keeps its own for the parser to judge */
	{"\xef\xbb\xbfMSH|^~\\&|A\r\xef\xbb\xbfMSH|^~\\&|B\r",
	 "M[\xef\xbb\xbfMSH|^~\\&|A\r]M!8[\xef\xbb\xbfMSH|^~\\&|B\r]"},
	{"\xef\xbb\xbf" "BHS|^~\\&\r" A "BTS|1\r", "B[BHS|^~\\&\r]M[" A "]b[BTS|1\r]"},
	{"\xef\xbb\xbfhello", "t[\xef\xbb\xbfhello]"},
};

START_TEST(every_stream_in_every_chunk_size)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].stream);
		for (size_t chunk = 1; chunk <= n + 1; chunk++) {
			const char *found = taken_apart(cases[i].stream, n, chunk, MAX);
			ck_assert_msg(strcmp(found, cases[i].found) == 0, "case %zu, chunk %zu: %s, not %s", i, chunk,
			              found, cases[i].found);
		}
	}
}
END_TEST

/* Every combination of three line ends around a batch of two messages gives the same parts. */
START_TEST(every_line_end)
{
	static const char *const ends[] = {"\r", "\n", "\r\n", "\r\r", "\n\n", "\r\n\r\n"};
	static const size_t chunks[] = {1, 2, 5, 1000};
	size_t count = sizeof ends / sizeof ends[0];
	char stream[256];
	for (size_t i = 0; i < count * count * count; i++) {
		const char *h = ends[i % count], *m = ends[i / count % count], *t = ends[i / count / count];
		int n = snprintf(stream, sizeof stream, "BHS|^~\\&%sMSH|^~\\&|A%sPID|1%sMSH|^~\\&|B%sPID|2%sBTS|2%s", h,
		                 m, m, m, m, t);
		for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
			const char *found = taken_apart(stream, (size_t)n, chunks[c], MAX);
			char kinds[16] = "";
			size_t used = 0;
			for (const char *p = found; *p; p = strchr(p, ']') + 1) {
				ck_assert_msg(p[1] == '[' && used < sizeof kinds - 1, "%s", found);
				kinds[used++] = *p;
			}
			ck_assert_str_eq(kinds, "BMMb");
		}
	}
}
END_TEST

START_TEST(the_limit_does_not_depend_on_chunks)
{
	static const char stream[] = "BHS|^~\\&\r" A B "BTS|2\r\r\r";
	size_t n = sizeof stream - 1;
	for (size_t max = 0; max <= n; max++) {
		char whole[1024];
		snprintf(whole, sizeof whole, "%s", taken_apart(stream, n, n, max));
		ck_assert(max < strlen(B) ? strstr(whole, "LIMIT") != NULL : strstr(whole, "LIMIT") == NULL);
		for (size_t chunk = 1; chunk < n; chunk++)
			ck_assert_str_eq(taken_apart(stream, n, chunk, max), whole);
	}
	ck_assert_str_eq(taken_apart("\r\r\r\r", 4, 1, 3), "LIMIT");
}
END_TEST

START_TEST(nul_bytes_are_text)
{
	static const char stream[] = "MSH|^~\\&|A\0\rMSH\0|\rPID|1\r";
	const size_t n = sizeof stream - 1;
	struct aff_batch b;
	struct aff_batch_part part;
	size_t consumed;
	aff_batch_init(&b, MAX);
	ck_assert_int_eq(aff_batch_next(&b, stream, n, true, &part, &consumed), 1);
	ck_assert_uint_eq(part.text.n, 12);
	ck_assert_uint_eq(part.message, 1);
	ck_assert_int_eq(aff_batch_next(&b, stream + 12, n - 12, true, &part, &consumed), 1);
	ck_assert_uint_eq(part.message, 2);
}
END_TEST

static struct aff_batch_part first_part(const char *stream)
{
	struct aff_batch b;
	struct aff_batch_part part;
	size_t consumed;
	aff_batch_init(&b, MAX);
	ck_assert_int_eq(aff_batch_next(&b, stream, strlen(stream), true, &part, &consumed), 1);
	return part;
}

START_TEST(fields_of_headers_and_trailers)
{
	struct aff_batch_part p = first_part("BHS$%~\\&#$APP$FAC%2.1%ISO$$X$2026$$N%I%T$why$C-1$R-1\r\n");
	ck_view(aff_batch_field(&p, 0), "");
	ck_view(aff_batch_field(&p, 1), "$");
	ck_view(aff_batch_field(&p, 2), "%~\\&#");
	ck_view(aff_batch_field(&p, 3), "APP");
	ck_view(aff_cut(aff_batch_field(&p, 4), &p.delims, 1, 2, 0), "2.1");
	ck_view(aff_batch_field(&p, 5), "");
	ck_view(aff_batch_field(&p, 11), "C-1");
	ck_view(aff_batch_field(&p, 12), "R-1");
	ck_view(aff_batch_field(&p, 13), "");
	ck_view(aff_batch_field(&p, 4000000000u), "");
	p = first_part("FTS|2|done");
	ck_view(aff_batch_field(&p, 1), "2");
	ck_view(aff_batch_field(&p, 2), "done");
	ck_view(aff_batch_field(&p, 3), "");
	p = first_part("FHS\r");
	ck_view(aff_batch_field(&p, 1), "");
	p = first_part("MSH|^~\\&|A");
	ck_view(aff_batch_field(&p, 3), "");
	p = first_part("BHS|");
	ck_view(aff_batch_field(&p, 1), "|");
	ck_view(aff_batch_field(&p, 2), "");
}
END_TEST

static void expect_explained(const struct aff_batch_part *part, enum aff_batch_issue issue, int code, const char *text)
{
	struct aff_diag diag = {0};
	aff_batch_explain(part, issue, &diag);
	ck_assert_int_eq(diag.code, code);
	ck_assert_int_eq(diag.severity, AFF_SEVERITY_WARNING);
	ck_assert_msg(strstr(diag.text, text) != NULL, "%s", diag.text);
	ck_assert_str_ne(diag.hint, "");
	aff_batch_explain(part, issue, NULL);
}

START_TEST(issues_are_explained)
{
	struct aff_batch_part p = first_part("BTS|2\r");
	ck_assert_uint_eq(p.issues, AFF_BATCH_ORDER | AFF_BATCH_COUNT);
	expect_explained(&p, AFF_BATCH_COUNT, AFF_EBATCH, "BTS-1 says 2, but there are 0 messages");
	expect_explained(&p, AFF_BATCH_ORDER, AFF_EBATCH, "a trailer (BTS)");
	p = first_part("FTS|Canary\r");
	expect_explained(&p, AFF_BATCH_COUNT, AFF_EBATCH, "FTS-1 is no number");
	p.found = 1;
	expect_explained(&p, AFF_BATCH_COUNT, AFF_EBATCH, "there is 1 batch before");
	expect_explained(NULL, AFF_BATCH_UNENDED, AFF_EBATCH, "no trailer");
	p = first_part(A);
	expect_explained(&p, AFF_BATCH_SEVERAL, AFF_ETWOMSH, "follows another");
	expect_explained(&p, AFF_BATCH_LINE_END, AFF_ETERMINATOR, "unlike");
	p = first_part("BHS|\r");
	expect_explained(&p, AFF_BATCH_DELIMITER, AFF_EDELIMITER, "BHS-1 and BHS-2");
}
END_TEST

START_TEST(a_batch_is_no_message)
{
	static const char *const batches[] = {"FHS|^~\\&|A\rBHS|", "BHS|^~\\&\rMSH|", "BHS"};
	struct aff_msg *m;
	struct aff_diag diag;
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
		ck_assert(aff_batch_is(batches[i], strlen(batches[i])));
		ck_assert_int_eq(aff_msg_parse(m, batches[i], strlen(batches[i]), AFF_LENIENT_ALL, &diag), AFF_EBATCH);
		ck_assert_ptr_nonnull(strstr(diag.text, "this is a batch"));
		ck_assert_uint_eq(aff_msg_segments(m), 0);
	}
	ck_assert(!aff_batch_is("BHSX|", 5) && !aff_batch_is("MSH|", 4) && !aff_batch_is("BTS|", 4));
	ck_assert(!aff_batch_is("BH", 2) && !aff_batch_is("", 0));
	aff_msg_free(m);
}
END_TEST

START_TEST(a_batch_is_built)
{
	struct aff_buf out;
	struct aff_build b;
	aff_buf_init(&out, MAX);
	aff_build_header(&b, &out, "BHS", NULL);
	aff_build_field(&b, aff_view_of("A&B"));
	aff_build_end(&b);
	aff_buf_put_text(&out, A);
	aff_batch_put_trailer(&out, "BTS", '|', 1);
	ck_view(aff_buf_view(&out), "BHS|^~\\&|A\\T\\B\r" A "BTS|1\r");
	ck_assert_str_eq(taken_apart(out.p, out.n, 5, MAX), "B[BHS|^~\\&|A\\T\\B\r]M[" A "]b[BTS|1\r]");
	aff_buf_free(&out);
}
END_TEST

START_TEST(a_batch_is_answered)
{
	struct aff_buf out;
	aff_buf_init(&out, MAX);
	struct aff_batch_part p = first_part("BHS$%~\\&$APP%1%ISO$FAC$EHR$HOSP%2$2026$$N$$C\\F\\1$R\r");
	ck_assert_int_eq(aff_batch_put_answer(&out, &p, aff_view_of("7"), aff_view_of("20260101")), 0);
	ck_view(aff_buf_view(&out), "BHS$%~\\&$EHR$HOSP%2$APP%1%ISO$FAC$20260101$$$$7$C\\F\\1\r");
	aff_buf_clear(&out);
	p = first_part("FHS|^~\\&\r");
	ck_assert_int_eq(aff_batch_put_answer(&out, &p, aff_view_of("7"), aff_view_of("20260101")), 0);
	ck_view(aff_buf_view(&out), "BHS|^~\\&|||||20260101||||7\r");
	p = first_part(A);
	ck_assert_int_eq(aff_batch_put_answer(&out, &p, aff_view_of("7"), aff_view_of("2026")), AFF_EARGUMENT);
	aff_buf_free(&out);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_stream_in_every_chunk_size, every_line_end,
	                              the_limit_does_not_depend_on_chunks, nul_bytes_are_text,
	                              fields_of_headers_and_trailers, issues_are_explained, a_batch_is_no_message,
	                              a_batch_is_built, a_batch_is_answered};
	return RUN_TESTS("hl7_batch", tests);
}
