/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner: the vector way and the byte way find the same, at every length and alignment, in tables of any size.
 */
#include "hl7_test.h"

#include "hl7/scan.h"

#define MAX 4096

struct tables {
	uint32_t cuts[MAX + 2 * SCAN_BLOCK], ends[MAX + 2 * SCAN_BLOCK];
	size_t ncuts, nends;
};

static uint64_t seed = 88172645463325252u;

static unsigned random_below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

/* Scans with `room` entries more after every stop. */
static void scan_all(struct tables *t, void (*run)(struct scan *), const char *p, size_t from, size_t n, size_t room)
{
	struct scan s = {.p = p, .i = from, .n = n, .field = '|', .terminator = '\r', .cuts = t->cuts, .ends = t->ends};
	while (s.i < n) {
		size_t before = s.i;
		s.max_cuts = s.ncuts + room;
		s.max_ends = s.nends + room;
		run(&s);
		ck_assert_uint_gt(s.i, before);
	}
	ck_assert_uint_eq(s.i, n);
	t->ncuts = s.ncuts;
	t->nends = s.nends;
}

static void expect_same(const struct tables *a, const struct tables *b)
{
	ck_assert_uint_eq(a->ncuts, b->ncuts);
	ck_assert_uint_eq(a->nends, b->nends);
	ck_assert_int_eq(memcmp(a->cuts, b->cuts, a->ncuts * sizeof a->cuts[0]), 0);
	ck_assert_int_eq(memcmp(a->ends, b->ends, a->nends * sizeof a->ends[0]), 0);
}

START_TEST(finds_separators_and_terminators)
{
	static struct tables t;
	scan_all(&t, scan_scalar, "MSH|a\rPID||\r", 0, 12, SCAN_BLOCK);
	static const uint32_t cuts[] = {3, 5, 9, 10, 11}, ends[] = {1, 4};
	ck_assert_uint_eq(t.ncuts, 5);
	ck_assert_uint_eq(t.nends, 2);
	ck_assert_int_eq(memcmp(t.cuts, cuts, sizeof cuts), 0);
	ck_assert_int_eq(memcmp(t.ends, ends, sizeof ends), 0);
}
END_TEST

START_TEST(twins_agree_on_random_bytes)
{
	static struct tables a, b;
	if (!scan_has_avx2()) {
		puts("test_hl7_scan: no AVX2 here, the twins were not compared");
		return;
	}
	for (unsigned round = 0; round < 4000; round++) {
		size_t n = random_below(round % 8 ? 300 : MAX), from = n ? random_below((unsigned)n + 1) : 0;
		char *p = malloc(n + 1);
		ck_assert_ptr_nonnull(p);
		unsigned density = 1 + random_below(20);
		for (size_t i = 0; i < n; i++)
			p[i] = random_below(density) ? (char)random_below(256) : "|\r"[random_below(2)];
		char *exact = exact_copy(p, n);
		size_t room = SCAN_BLOCK + random_below(200);
		scan_all(&a, scan_scalar, exact, from, n, room);
		scan_all(&b, scan_avx2, exact, from, n, room);
		expect_same(&a, &b);
		free(exact);
		free(p);
	}
}
END_TEST

START_TEST(every_byte_a_delimiter)
{
	static struct tables a, b;
	static char p[MAX];
	for (size_t n = 0; n < 200; n++) {
		memset(p, n % 2 ? '\r' : '|', sizeof p);
		char *exact = exact_copy(p, n);
		scan_all(&a, scan_scalar, exact, 0, n, SCAN_BLOCK);
		scan_all(&b, scan_run, exact, 0, n, SCAN_BLOCK);
		ck_assert_uint_eq(a.ncuts, n);
		ck_assert_uint_eq(a.nends, n % 2 ? n : 0);
		expect_same(&a, &b);
		free(exact);
	}
}
END_TEST

START_TEST(stops_without_room)
{
	uint32_t cuts[SCAN_BLOCK], ends[SCAN_BLOCK];
	struct scan s = {.p = "MSH|\r", .n = 5, .field = '|', .terminator = '\r', .cuts = cuts,
	                 .max_cuts = SCAN_BLOCK - 1, .ends = ends, .max_ends = SCAN_BLOCK};
	scan_run(&s);
	ck_assert_uint_eq(s.i, 0);
	s.max_cuts = SCAN_BLOCK;
	s.max_ends = SCAN_BLOCK - 1;
	scan_run(&s);
	ck_assert_uint_eq(s.i, 0);
	s.max_ends = SCAN_BLOCK;
	scan_run(&s);
	ck_assert_uint_eq(s.i, 5);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {finds_separators_and_terminators, twins_agree_on_random_bytes,
	                                     every_byte_a_delimiter, stops_without_room};
	return RUN_TESTS("hl7_scan", tests);
}
