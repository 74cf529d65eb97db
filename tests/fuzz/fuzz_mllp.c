/* SPDX-License-Identifier: Apache-2.0
 *
 * Any stream: the frames are the same whether it comes whole or in pieces of any size. The first byte chooses the
 * limits, the second the size of the pieces. Any frame without framing characters is read back as it was written.
 */
#include <afferent/mllp.h>

#include "fuzz.h"

/* A sum over all that the framer says about the stream when it comes in pieces of `chunk` bytes. */
static uint64_t feed(struct aff_mllp f, struct aff_view stream, size_t chunk)
{
	uint64_t sum = 1469598103934665603u;
	size_t from = 0, to = 0, consumed;
	while (to < stream.n) {
		to = stream.n - to < chunk ? stream.n : to + chunk;
		for (int result = 1; result; from += consumed) {
			struct aff_view frame;
			result = aff_mllp_next(&f, stream.p + from, to - from, &frame, &consumed);
			must(consumed <= to - from);
			must(!frame.n || (frame.p >= stream.p + from && frame.p + frame.n <= stream.p + to));
			if (result == AFF_ELIMIT)
				return sum * 31 + 7;
			size_t at = frame.n ? (size_t)(frame.p - stream.p) : 0;
			if (result)
				sum = ((sum * 31 + (uint64_t)result) * 31 + at) * 31 + frame.n;
		}
	}
	return sum * 31 + f.junk_total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_buf framed;
	struct aff_view in = {(const char *)data, size}, frame;
	struct aff_mllp f;
	size_t consumed;
	unsigned limits = fuzz_take(&in), chunk = fuzz_take(&in) + 1;
	aff_mllp_init(&f, limits >> 4, limits >> 1 & 7);
	f.lenient_end = limits & 1;
	uint64_t whole = feed(f, in, in.n);
	must(whole == feed(f, in, 1) && whole == feed(f, in, chunk));
	aff_mllp_put(fuzz_buffer(&framed), in);
	aff_mllp_init(&f, size, 0);
	must(framed.error || aff_mllp_next(&f, framed.p, framed.n, &frame, &consumed) == 1);
	must(framed.error || aff_view_equal(frame, in));
	return 0;
}
