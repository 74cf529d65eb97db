/* SPDX-License-Identifier: Apache-2.0
 *
 * Any stream: the frames must be the same whether it comes whole or byte by byte. The first byte chooses the limits.
 */
#include <stdint.h>
#include <stdlib.h>

#include <afferent/mllp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sum over all that the framer says about the stream when it comes in pieces of `chunk` bytes. */
static uint64_t feed(struct aff_mllp f, const char *stream, size_t n, size_t chunk)
{
	uint64_t sum = 1469598103934665603u;
	size_t from = 0, to = 0;
	while (to < n) {
		to = n - to < chunk ? n : to + chunk;
		for (;;) {
			struct aff_view frame;
			size_t consumed;
			int result = aff_mllp_next(&f, stream + from, to - from, &frame, &consumed);
			if (consumed > to - from)
				abort();
			if (frame.n && (frame.p < stream + from || frame.p + frame.n > stream + to))
				abort();
			if (result == AFF_ELIMIT)
				return sum * 31 + 7;
			from += consumed;
			if (!result)
				break;
			uint64_t at = frame.n ? (uint64_t)(frame.p - stream) : 0;
			sum = ((sum * 31 + (uint64_t)result) * 31 + at) * 31 + frame.n;
		}
	}
	return sum * 31 + f.junk_total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct aff_mllp f;
	aff_mllp_init(&f, data[0] >> 4, data[0] >> 1 & 7);
	f.lenient_end = data[0] & 1;
	const char *stream = (const char *)data + 1;
	uint64_t whole = feed(f, stream, size - 1, size);
	if (whole != feed(f, stream, size - 1, 1) || whole != feed(f, stream, size - 1, 3))
		abort();
	return 0;
}
