/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner: every way this processor can go finds what the byte way finds, at every length, start and alignment, for
 * every byte, in tables of any size.
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

/* Every way, and the one that is taken, finds what is in a. */
static void expect_twins(const struct tables *a, const char *p, size_t from, size_t n, size_t room)
{
	static struct tables b;
	for (size_t k = 0; k <= scan_way_count; k++) {
		if (k < scan_way_count && !scan_ways[k].is_usable())
			continue;
		scan_all(&b, k < scan_way_count ? scan_ways[k].run : scan_run, p, from, n, room);
		expect_same(a, &b);
	}
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
	static struct tables a;
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
		expect_twins(&a, exact, from, n, room);
		free(exact);
		free(p);
	}
}
END_TEST

START_TEST(every_byte_a_delimiter)
{
	static struct tables a;
	static char p[MAX];
	for (size_t n = 0; n < 200; n++) {
		memset(p, n % 2 ? '\r' : '|', sizeof p);
		char *exact = exact_copy(p, n);
		scan_all(&a, scan_scalar, exact, 0, n, SCAN_BLOCK);
		ck_assert_uint_eq(a.ncuts, n);
		ck_assert_uint_eq(a.nends, n % 2 ? n : 0);
		expect_twins(&a, exact, 0, n, SCAN_BLOCK);
		free(exact);
	}
}
END_TEST

/* One cut, or one end, at each place of messages around the sizes of blocks, from starts around it and at blocks. */
START_TEST(every_place_around_a_block)
{
	static struct tables a;
	static const size_t sizes[] = {1, 2, 31, 32, 33, 62, 63, 64, 65, 66, 127, 128, 129, 191, 192, 193};
	for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
		char *exact = malloc(sizes[k]);
		ck_assert_ptr_nonnull(exact);
		memset(exact, 'x', sizes[k]);
		for (size_t at = 0; at < sizes[k]; at++) {
			const size_t starts[] = {0, 1, 63, 64, at, at + 1};
			exact[at] = at % 3 ? '|' : '\r';
			for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
				if (starts[i] > sizes[k])
					continue;
				scan_all(&a, scan_scalar, exact, starts[i], sizes[k], SCAN_BLOCK);
				ck_assert(a.ncuts == (at >= starts[i]) && (!a.ncuts || a.cuts[0] == at));
				expect_twins(&a, exact, starts[i], sizes[k], SCAN_BLOCK);
			}
			exact[at] = 'x';
		}
		free(exact);
	}
}
END_TEST

/* No byte is taken for another one, at any offset from an aligned address. */
START_TEST(every_byte_and_alignment)
{
	static struct tables a;
	static char p[256 + 64];
	for (unsigned shift = 0; shift < 64; shift++) {
		for (unsigned i = 0; i < 256; i++)
			p[shift + i] = (char)i;
		scan_all(&a, scan_scalar, p + shift, 0, 256, SCAN_BLOCK);
		ck_assert_uint_eq(a.ncuts, 2);
		ck_assert_uint_eq(a.cuts[0], '\r');
		ck_assert_uint_eq(a.cuts[1], '|');
		expect_twins(&a, p + shift, 0, 256, SCAN_BLOCK);
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
	                              every_byte_a_delimiter, every_place_around_a_block,
	                              every_byte_and_alignment, stops_without_room};
	return RUN_TESTS("hl7_scan", tests);
}
