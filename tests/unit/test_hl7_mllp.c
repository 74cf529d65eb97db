/* SPDX-License-Identifier: Apache-2.0
 *
 * The MLLP framer: the same frames, junk and faults however the bytes arrive.
 */
#include "hl7_test.h"

#include <afferent/mllp.h>

/* What came out of a stream: results and frames as text, "<MSH|a><!MSH|b>" and so on. */
struct outcome {
	char text[512];
	uint64_t junk;
};

static void note(struct outcome *o, const char *before, struct aff_view v)
{
	size_t n = strlen(o->text);
	snprintf(o->text + n, sizeof o->text - n, "<%s%.*s>", before, (int)v.n, v.p);
}

/* Asks for frames until none is left in pending[0..*n). Returns false when the connection is to be closed. */
static bool drain(struct aff_mllp *f, char *pending, size_t *n, struct outcome *o)
{
	for (;;) {
		struct aff_view frame;
		size_t consumed;
		char *exact = exact_copy(pending, *n);
		int result = aff_mllp_next(f, exact, *n, &frame, &consumed);
		ck_assert_uint_le(consumed, *n);
		if (result == 1)
			note(o, "", frame);
		else if (result == AFF_EFRAME)
			note(o, "!", frame);
		else if (result == AFF_ELIMIT)
			note(o, "limit", frame);
		else
			ck_assert_int_eq(result, 0);
		free(exact);
		if (result == AFF_ELIMIT)
			return false;
		memmove(pending, pending + consumed, *n - consumed);
		*n -= consumed;
		if (result == 0)
			return true;
	}
}

/* Feeds the stream in two parts of which the first has `split` bytes, each in chunks. */
static struct outcome feed(const struct aff_mllp *model, const char *stream, size_t n, size_t split, size_t chunk)
{
	struct outcome o = {.text = ""};
	struct aff_mllp f = *model;
	char pending[1024];
	size_t have = 0;
	for (size_t at = 0; at < n;) {
		size_t end = at < split ? split : n, take = end - at < chunk ? end - at : chunk;
		memcpy(pending + have, stream + at, take);
		have += take;
		at += take;
		if (!drain(&f, pending, &have, &o))
			break;
	}
	o.junk = f.junk_total;
	return o;
}

static void expect(const struct aff_mllp *model, const char *stream, size_t n, const char *text, uint64_t junk)
{
	for (size_t chunk = 1; chunk <= n; chunk++) {
		struct outcome o = feed(model, stream, n, 0, chunk);
		ck_assert_msg(strcmp(o.text, text) == 0, "chunks of %zu: %s, not %s", chunk, o.text, text);
		ck_assert_uint_eq(o.junk, junk);
	}
	for (size_t split = 1; split < n; split++) {
		struct outcome o = feed(model, stream, n, split, n);
		ck_assert_msg(strcmp(o.text, text) == 0, "split at %zu: %s, not %s", split, o.text, text);
		ck_assert_uint_eq(o.junk, junk);
	}
}

#define EXPECT(model, stream, text, junk) expect(model, stream, sizeof(stream) - 1, text, junk)

static struct aff_mllp framer(size_t max_frame, size_t max_junk, bool lenient)
{
	struct aff_mllp f;
	aff_mllp_init(&f, max_frame, max_junk);
	f.lenient_end = lenient;
	return f;
}

START_TEST(frames)
{
	struct aff_mllp f = framer(100, 10, false);
	EXPECT(&f, "\x0bMSH|a\rPID\r\x1c\r", "<MSH|a\rPID\r>", 0);
	EXPECT(&f, "\x0b" "a\x1c\r\x0b" "b\x1c\r\n\x0b" "c\x1c\r\r\x0b" "d\x1c\r", "<a><b><c><d>", 0);
	EXPECT(&f, "\x0b\x1c\r", "<>", 0);
	EXPECT(&f, "\x0bhalf", "", 0);
	EXPECT(&f, "\x0b" "a\x1c", "", 0);
}
END_TEST

START_TEST(junk)
{
	struct aff_mllp f = framer(100, 3, false);
	EXPECT(&f, "xy\x0b" "a\x1c\r\n\nz\x0b" "b\x1c\r", "<a><b>", 4);
	EXPECT(&f, "xyz\x0b" "a\x1c\r", "<a>", 3);
	EXPECT(&f, "\x0b" "a\x1c\rxyz\x0b" "b\x1c\r\rxyz", "<a><b>", 6);
	struct outcome o = feed(&f, "wxyz\x0b", 5, 0, 1);
	ck_assert_str_eq(o.text, "<limit>");
	o = feed(&f, "wxyz\x0b", 5, 0, 5);
	ck_assert_str_eq(o.text, "<limit>");
}
END_TEST

START_TEST(broken_frames)
{
	struct aff_mllp f = framer(100, 10, false);
	EXPECT(&f, "\x0b" "lost\x0b" "a\x1c\r", "<!lost><a>", 0);
	EXPECT(&f, "\x0b\x0b\x0b" "a\x1c\r", "<!><!><a>", 0);
	EXPECT(&f, "\x0b" "a\x1c" "b\x1c\r\x0b" "c\x1c\r", "<!a><c>", 3);
	EXPECT(&f, "\x0b" "a\x1c\x0b" "c\x1c\r", "<!a><c>", 0);
}
END_TEST

START_TEST(lenient_end)
{
	struct aff_mllp f = framer(100, 10, true);
	EXPECT(&f, "\x0b" "a\x1c\x0b" "b\x1c\r\n\x0b" "c\x1c\n\x0b" "d\x1c", "<a><b><c><d>", 0);
	EXPECT(&f, "\x0b" "a\x1c\r\n\n\x0b" "b\x1c" "x", "<a><b>", 2);
}
END_TEST

START_TEST(frame_limit)
{
	struct aff_mllp f = framer(4, 10, false);
	EXPECT(&f, "\x0b" "abcd\x1c\r", "<abcd>", 0);
	EXPECT(&f, "\x0b" "abcde\x1c\r", "<limit>", 0);
	EXPECT(&f, "\x0b" "abcde\x0b", "<limit>", 0);
	EXPECT(&f, "\x0b" "abcd\x0b" "e\x1c\r", "<!abcd><e>", 0);
	EXPECT(&f, "\x0b" "abcdefgh", "<limit>", 0);
}
END_TEST

START_TEST(put)
{
	struct aff_buf b;
	aff_buf_init(&b, 100);
	aff_mllp_put(&b, aff_view_of("MSH|a\r"));
	ck_assert_int_eq(b.error, 0);
	ck_view(aff_buf_view(&b), "\x0bMSH|a\r\x1c\r");
	aff_buf_clear(&b);
	aff_mllp_put(&b, aff_view_of("MSH|\x1c"));
	ck_assert_int_eq(b.error, AFF_EFRAME);
	aff_buf_clear(&b);
	aff_mllp_put(&b, aff_view_of("\x0b"));
	ck_assert_int_eq(b.error, AFF_EFRAME);
	ck_assert_uint_eq(b.n, 0);
	aff_buf_free(&b);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {frames, junk, broken_frames, lenient_end, frame_limit, put};
	return RUN_TESTS("hl7_mllp", tests);
}
