/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes: parse, walk over every part and type, resolve escapes, write back, compare. The first byte chooses the
 * leniencies.
 */
#include <stdint.h>

#include <afferent/escape.h>

#include "../unit/hl7_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *m;
	static struct aff_edit *e;
	static struct aff_buf out;
	if (!m) {
		aff_buf_init(&out, 2 * MAX);
		if (aff_msg_new(&m, NULL) || aff_edit_new(&e, MAX))
			abort();
	}
	if (!size || size > MAX)
		return 0;
	const char *text = (const char *)data + 1;
	int error = aff_msg_parse(m, text, size - 1, data[0] & AFF_LENIENT_ALL, NULL);
	struct aff_delims d = aff_msg_delims(m);
	walk_message(m);
	walk_typed(m, &out);
	if (!error)
		walk_write_back(m, e, &out);
	aff_buf_clear(&out);
	aff_unescape(&out, aff_view(text, size - 1), &d);
	return 0;
}
