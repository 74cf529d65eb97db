/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages from the field: each parses or fails with a precise error, is written back byte for byte, and no part of it
 * reaches out of it. The messages have many owners and are no part of the project: without them there is nothing to
 * test here, and the test says so.
 */
#include "hl7_test.h"

#include <ftw.h>
#include <unistd.h>

#include <afferent/ack.h>
#include <afferent/batch.h>
#include <afferent/mllp.h>

#include "hl7/scan.h"
#include "hl7_walk.h"
#include "sys/file.h"

#define FOLDER "../shared/corpus/messages"
#define SKIPPED 77
#define FILE_MAX (4u << 20)

/* nftw hands nothing through to its callback. */
static struct {
	struct aff_msg *m;
	struct aff_edit *e;
	struct aff_buf in, out;
	unsigned files, strict, lenient, refused, batches, in_batches;
	size_t parts;
} tally;

/* A message that cannot be read is still answered, if its MSH can be. */
static void check_refusal(const char *path, int error, const struct aff_diag *diag)
{
	ck_assert_msg((error <= AFF_ENOMSH && error >= AFF_ESEGMENTID) || error == AFF_EBATCH, "%s: %s", path,
	              aff_error_name(error));
	ck_assert_msg(diag->text[0] && diag->hint[0], "%s: no explanation", path);
	tally.refused++;
	if (aff_msg_segments(tally.m) == 0)
		return;
	struct aff_ack ack = {AFF_AR, aff_view_of("1"), aff_view_of("20250101"), diag, NULL};
	aff_buf_clear(&tally.out);
	int built = aff_ack_build(&tally.out, tally.m, &ack);
	ck_assert_msg(built == (aff_msg_field(tally.m, 0, 10).n ? 0 : AFF_EREQUIRED), "%s: %d", path, built);
	if (built == 0)
		ck_assert_msg(aff_msg_parse(tally.m, tally.out.p, tally.out.n, 0, NULL) == 0, "%s: answer", path);
}

static void check_twins(const char *bytes, size_t n)
{
	uint32_t *tables = malloc((n + SCAN_BLOCK) * 4 * sizeof *tables);
	ck_assert_ptr_nonnull(tables);
	size_t room = n + SCAN_BLOCK;
	struct scan a = {.p = bytes, .n = n, .field = '|', .terminator = '\r', .cuts = tables, .max_cuts = room,
	                 .ends = tables + room, .max_ends = room};
	struct scan b = a;
	b.cuts = tables + 2 * room;
	b.ends = tables + 3 * room;
	scan_scalar(&a);
	scan_run(&b);
	ck_assert(a.ncuts == b.ncuts && memcmp(a.cuts, b.cuts, a.ncuts * sizeof *a.cuts) == 0);
	ck_assert(a.nends == b.nends && memcmp(a.ends, b.ends, a.nends * sizeof *a.ends) == 0);
	free(tables);
}

/* Whole or in pieces the same parts, which are the file; the messages of a batch are as good as others. */
static void check_parts(const char *path, const char *bytes, size_t n, bool is_batch)
{
	struct aff_batch whole, pieces;
	struct aff_batch_part a, b;
	size_t from = 0, used = 0, reached = 0;
	aff_batch_init(&whole, FILE_MAX);
	aff_batch_init(&pieces, FILE_MAX);
	while (aff_batch_next(&whole, bytes + from, n - from, true, &a, &used) == 1) {
		size_t consumed = 0;
		for (; aff_batch_next(&pieces, bytes + from, reached - from, reached == n, &b, &consumed) != 1;)
			reached += n - reached < 7 ? n - reached : 7;
		ck_assert_msg(a.bytes.p == bytes + from && b.bytes.p == a.bytes.p && a.bytes.n == b.bytes.n &&
		              a.kind == b.kind && a.issues == b.issues && aff_view_equal(a.text, b.text),
		              "%s: other parts in pieces", path);
		from += used;
		if (is_batch && a.kind == AFF_BATCH_MESSAGE) {
			tally.in_batches++;
			ck_assert_msg(!aff_msg_parse(tally.m, a.text.p, a.text.n, 0, NULL), "%s: in a batch", path);
		}
	}
	ck_assert_msg(from == n, "%s: %zu of %zu bytes", path, from, n);
	tally.batches += is_batch;
}

/* Some were kept as they came over the wire. */
static struct aff_view without_frame(struct aff_view v)
{
	struct aff_mllp f;
	struct aff_view frame;
	size_t consumed;
	aff_mllp_init(&f, FILE_MAX, 0);
	f.lenient_end = true;
	return v.n && v.p[0] == AFF_MLLP_START && aff_mllp_next(&f, v.p, v.n, &frame, &consumed) == 1 ? frame : v;
}

static int check_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	if (type != FTW_F)
		return 0;
	struct aff_diag diag = {0};
	aff_buf_clear(&tally.in);
	ck_assert_int_eq(file_read(path, &tally.in, &diag), 0);
	struct aff_view message = without_frame(aff_buf_view(&tally.in));
	size_t n = message.n;
	char *bytes = exact_copy(message.p, n);
	tally.files++;
	check_twins(bytes, n);
	bool strict = aff_msg_parse(tally.m, bytes, n, 0, &diag) == 0;
	int error = aff_msg_parse(tally.m, bytes, n, AFF_LENIENT_ALL, &diag);
	ck_assert_msg(!strict || !error, "%s: strict but not lenient", path);
	tally.strict += strict;
	tally.lenient += !strict && !error;
	tally.parts += walk_message(tally.m);
	walk_typed(tally.m, &tally.out);
	if (error)
		check_refusal(path, error, &diag);
	else
		walk_write_back(tally.m, tally.e, &tally.out);
	check_parts(path, bytes, n, error == AFF_EBATCH);
	free(bytes);
	return 0;
}

START_TEST(every_message)
{
	aff_buf_init(&tally.in, FILE_MAX);
	aff_buf_init(&tally.out, FILE_MAX);
	ck_assert_int_eq(aff_msg_new(&tally.m, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&tally.e, FILE_MAX), 0);
	ck_assert_int_eq(nftw(FOLDER, check_file, 16, FTW_PHYS), 0);
	printf("%u messages: %u strict, %u lenient, %u refused; %zu parts; %u batches with %u messages\n", tally.files,
	       tally.strict, tally.lenient, tally.refused, tally.parts, tally.batches, tally.in_batches);
	ck_assert_uint_gt(tally.in_batches, 0);
	ck_assert_uint_eq(tally.strict + tally.lenient + tally.refused, tally.files);
	ck_assert_uint_gt(tally.files, 0);
	ck_assert_uint_ge((tally.strict + tally.lenient) * 10, tally.files * 9);
	aff_edit_free(tally.e);
	aff_msg_free(tally.m);
	aff_buf_free(&tally.in);
	aff_buf_free(&tally.out);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_message};
	if (access(FOLDER, R_OK)) {
		puts("test_hl7_corpus: skipped, " FOLDER " is not there");
		return SKIPPED;
	}
	return RUN_TESTS("hl7_corpus", tests);
}
