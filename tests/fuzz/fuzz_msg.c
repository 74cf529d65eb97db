/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes: parse, walk over every part, write back, compare. The first byte chooses the leniencies.
 */
#include "fuzz.h"

#include "../unit/hl7_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	static struct aff_edit *e;
	static struct aff_buf out;
	struct aff_view in = {(const char *)data, size};
	unsigned lenient = fuzz_take(&in) & AFF_LENIENT_ALL;
	struct aff_msg *m = fuzz_message(&message);
	must(e || !aff_edit_new(&e, 1 << 20));
	int error = aff_msg_parse(m, in.p, in.n, lenient, NULL);
	walk_message(m);
	if (!error)
		walk_write_back(m, e, fuzz_buffer(&out));
	return 0;
}
