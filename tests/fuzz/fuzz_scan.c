/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner this processor takes finds what the byte-by-byte one finds, for any bytes, delimiters, start and room in
 * its tables: the first four bytes. No message has a terminator for a delimiter.
 */
#include "fuzz.h"

#include "hl7/scan.h"

struct tables {
	uint32_t *cuts, *ends;
	size_t ncuts, nends;
};

static struct tables scan(void (*run)(struct scan *), struct scan s, size_t room)
{
	s.cuts = calloc(s.n + 2 * SCAN_BLOCK + room, sizeof *s.cuts);
	s.ends = calloc(s.n + 2 * SCAN_BLOCK + room, sizeof *s.ends);
	must(s.cuts && s.ends);
	while (s.i < s.n) {
		size_t from = s.i;
		s.max_cuts = s.ncuts + room;
		s.max_ends = s.nends + room;
		run(&s);
		must(s.i > from && s.i <= s.n);
	}
	return (struct tables){s.cuts, s.ends, s.ncuts, s.nends};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aff_view in = {(const char *)data, size};
	struct scan s = {.field = (char)fuzz_take(&in), .terminator = (char)fuzz_take(&in)};
	size_t from = fuzz_take(&in), room = SCAN_BLOCK + fuzz_take(&in);
	s.p = in.p;
	s.n = in.n;
	s.i = from < in.n ? from : in.n;
	if (s.field == s.terminator)
		return 0;
	struct tables a = scan(scan_scalar, s, room), b = scan(scan_run, s, room);
	must(a.ncuts == b.ncuts && memcmp(a.cuts, b.cuts, a.ncuts * sizeof *a.cuts) == 0);
	must(a.nends == b.nends && memcmp(a.ends, b.ends, a.nends * sizeof *a.ends) == 0);
	free(a.cuts);
	free(a.ends);
	free(b.cuts);
	free(b.ends);
	return 0;
}
