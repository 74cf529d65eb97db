/* SPDX-License-Identifier: Apache-2.0
 *
 * The framer gives the same frames whether bytes come at once or one by one.
 */
#include <stdlib.h>

#include <afferent/mllp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds the bytes in steps and writes down what the framer says. */
static void trace(const char *bytes, size_t size, size_t step, struct aff_buf *out)
{
	struct aff_mllp f;
	size_t start = 0, have = 0, consumed;
	struct aff_view frame;
	aff_mllp_init(&f, 4096, 4096);
	while (have < size) {
		have += step < size - have ? step : size - have;
		int rc;
		for (;;) {
			rc = aff_mllp_next(&f, bytes + start, have - start, &frame, &consumed);
			if (rc != 1 && rc != AFF_EFRAME)
				break;
			if (consumed == 0 || consumed > have - start)
				abort();
			aff_buf_printf(out, "%d:%zu;", rc, frame.n);
			aff_buf_put_view(out, frame);
			start += consumed;
		}
		start += consumed;
		if (rc < 0) {
			aff_buf_printf(out, "%d", rc);
			return;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aff_buf whole, single;
	aff_buf_init(&whole, 1 << 24);
	aff_buf_init(&single, 1 << 24);
	trace((const char *)data, size, size ? size : 1, &whole);
	trace((const char *)data, size, 1, &single);
	if (!aff_view_equal(aff_buf_view(&whole), aff_buf_view(&single)))
		abort();
	aff_buf_free(&whole);
	aff_buf_free(&single);
	return 0;
}
