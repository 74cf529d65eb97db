/* SPDX-License-Identifier: Apache-2.0
 *
 * Any stream: its parts are the stream, and the same whether it comes whole or in pieces. The first byte chooses the
 * limit and the pieces.
 */
#include <stdint.h>
#include <stdlib.h>

#include <afferent/batch.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aff_batch whole, pieces;
	struct aff_batch_part a, b;
	if (!size)
		return 0;
	const char *p = (const char *)data + 1;
	size_t n = size - 1, from = 0, to = 0, used, chunk = (data[0] & 7) + 1u, consumed;
	size_t max = data[0] & 8 ? data[0] : 1u << 20;
	aff_batch_init(&whole, max);
	aff_batch_init(&pieces, max);
	for (;;) {
		int rc = aff_batch_next(&whole, p + from, n - from, true, &a, &used), other;
		while (!(other = aff_batch_next(&pieces, p + from, to - from, to == n, &b, &consumed)) && to < n)
			to += n - to < chunk ? n - to : chunk;
		if (rc != other || a.kind != b.kind || a.issues != b.issues || !aff_view_equal(a.text, b.text))
			abort();
		if (rc != 1)
			return 0;
		if (a.bytes.p != p + from || a.bytes.n != used || consumed != used)
			abort();
		if (aff_batch_field(&a, data[0]).n > a.text.n)
			abort();
		from += used;
	}
}
