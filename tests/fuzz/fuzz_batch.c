/* SPDX-License-Identifier: Apache-2.0
 *
 * Any stream: its parts are the stream, and the same whether it comes whole or in pieces. The first byte chooses the
 * limit and the pieces.
 */
#include <afferent/batch.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aff_batch whole, pieces;
	struct aff_batch_part a, b;
	struct aff_view in = {(const char *)data, size};
	unsigned kind = fuzz_take(&in);
	size_t from = 0, to = 0, used, chunk = (kind & 7) + 1u, consumed, max = kind & 8 ? kind : 1u << 20;
	aff_batch_init(&whole, max);
	aff_batch_init(&pieces, max);
	for (;; from += used) {
		int rc = aff_batch_next(&whole, in.p + from, in.n - from, true, &a, &used), other;
		while (!(other = aff_batch_next(&pieces, in.p + from, to - from, to == in.n, &b, &consumed)) &&
		       to < in.n)
			to += in.n - to < chunk ? in.n - to : chunk;
		must(rc == other && a.kind == b.kind && a.issues == b.issues && aff_view_equal(a.text, b.text));
		if (rc != 1)
			return 0;
		must(a.bytes.p == in.p + from && a.bytes.n == used && consumed == used);
		must(aff_batch_field(&a, kind).n <= a.text.n);
	}
}
