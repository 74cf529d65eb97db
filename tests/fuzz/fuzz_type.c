/* SPDX-License-Identifier: Apache-2.0
 *
 * Any field of any message that parses, read as each data type: no crash, and every view lies in the field.
 */
#include "fuzz.h"

#include "../unit/hl7_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	static struct aff_buf scratch;
	struct aff_msg *m = fuzz_message(&message);
	aff_msg_parse(m, (const char *)data, size, AFF_LENIENT_ALL, NULL);
	walk_typed(m, fuzz_buffer(&scratch));
	return 0;
}
