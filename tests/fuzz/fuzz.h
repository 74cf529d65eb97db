/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzz targets share. A target is one file, fuzz_<name>.c, of at most 40 lines of code, and a folder of seeds,
 * seeds/<name>; README.md says how to add one.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include <afferent/msg.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for any input; the line is all that is said, the input is kept by the fuzzer. */
#define must(holds)                                                                  \
	do {                                                                         \
		if (!(holds)) {                                                      \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds); \
			abort();                                                     \
		}                                                                    \
	} while (0)

/* A parser object, and an empty buffer, made once for each place that asks. */
static inline struct aff_msg *fuzz_message(struct aff_msg **m)
{
	must(*m || !aff_msg_new(m, NULL));
	return *m;
}

static inline struct aff_buf *fuzz_buffer(struct aff_buf *b)
{
	if (!b->max)
		aff_buf_init(b, 64u << 20);
	aff_buf_clear(b);
	return b;
}

/* Bytes that choose what a target does: taken from the front of the input, 0 when there are none left. */
static inline unsigned fuzz_take(struct aff_view *input)
{
	if (!input->n)
		return 0;
	input->n--;
	return (unsigned char)*input->p++;
}

#endif
