/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking any bytes that parse: no crash, and every finding stands in a segment of the message.
 */
#include <afferent/validate.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct aff_msg *message;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aff_diag_list found;
	struct aff_diag first;
	if (!message && aff_msg_new(&message, NULL))
		abort();
	aff_msg_parse(message, size ? (const char *)data : "", size, AFF_LENIENT_ALL, NULL);
	if (!aff_msg_segments(message))
		return 0;
	aff_diag_list_init(&found, 100);
	const struct aff_checks all = {.level = AFF_CHECK_TABLES, .ihe = AFF_IHE_AUTO, .sense = true};
	if (aff_validate(message, &all, &found, &first) < 0)
		abort();
	for (size_t i = 0; i < found.count; i++) {
		const struct aff_location *at = &found.items[i].at;
		if (at->segment[0] && aff_msg_nth(message, at->segment, at->occurrence) == AFF_NONE)
			abort();
	}
	aff_diag_list_free(&found);
	return 0;
}
