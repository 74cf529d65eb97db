/* SPDX-License-Identifier: Apache-2.0
 *
 * Every scanner this processor can run finds what the byte-by-byte one finds, for any bytes, delimiters, start and room
 * in its tables: the first four bytes. No message has a terminator for a delimiter.
 */
#include "fuzz.h"

#include "hl7/scan.h"

#define MOST 4096

struct tables {
	uint32_t cuts[MOST + 6 * SCAN_BLOCK], ends[MOST + 6 * SCAN_BLOCK];
	size_t ncuts, nends;
};

static void scan(struct tables *t, void (*run)(struct scan *), struct scan s, size_t room)
{
	s.cuts = t->cuts;
	s.ends = t->ends;
	while (s.i < s.n) {
		size_t from = s.i;
		s.max_cuts = s.ncuts + room;
		s.max_ends = s.nends + room;
		run(&s);
		must(s.i > from && s.i <= s.n);
	}
	t->ncuts = s.ncuts;
	t->nends = s.nends;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tables a, b;
	struct aff_view in = {(const char *)data, size < MOST ? size : MOST};
	struct scan s = {.field = (char)fuzz_take(&in), .terminator = (char)fuzz_take(&in)};
	size_t from = fuzz_take(&in), room = SCAN_BLOCK + fuzz_take(&in);
	s.p = in.p;
	s.n = in.n;
	s.i = from < in.n ? from : in.n;
	for (size_t k = 0; s.field != s.terminator && k < scan_way_count; k++) {
		scan(k ? &b : &a, scan_ways[scan_ways[k].is_usable() ? k : 0].run, s, room);
		must(!k || (a.ncuts == b.ncuts && memcmp(a.cuts, b.cuts, a.ncuts * sizeof *a.cuts) == 0));
		must(!k || (a.nends == b.nends && memcmp(a.ends, b.ends, a.nends * sizeof *a.ends) == 0));
	}
	return 0;
}
