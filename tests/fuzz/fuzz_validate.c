/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking any bytes that parse: no crash, the errors are counted, and every finding stands in a segment of the
 * message. The first two bytes choose what is checked.
 */
#include <afferent/validate.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	struct aff_view in = {(const char *)data, size};
	struct aff_diag_list found;
	struct aff_diag first;
	unsigned kind = fuzz_take(&in), ihe = fuzz_take(&in);
	const struct aff_checks checks = {.level = kind % (AFF_CHECK_TABLES + 1), .ihe = ihe % AFF_IHE_COUNT,
	                                  .sense = kind & 32, .now_us = kind & 64 ? 1767607200000000 : 0};
	struct aff_msg *m = fuzz_message(&message);
	aff_msg_parse(m, in.p, in.n, AFF_LENIENT_ALL, NULL);
	if (!aff_msg_segments(m))
		return 0;
	aff_diag_list_init(&found, 100);
	int errors = aff_validate(m, &checks, &found, &first);
	must(errors >= 0 && (size_t)errors == found.errors && (!errors || first.code));
	for (size_t i = 0; i < found.count; i++) {
		const struct aff_location *at = &found.items[i].at;
		must(!at->segment[0] || aff_msg_nth(m, at->segment, at->occurrence) != AFF_NONE);
	}
	aff_diag_list_free(&found);
	return 0;
}
