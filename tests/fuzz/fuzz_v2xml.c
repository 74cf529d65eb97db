/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as v2.xml: what is read parses, unless it is no message; written as XML and read again it is the same text.
 */
#include "fuzz.h"

#include <afferent/v2xml.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	static struct aff_groups *groups;
	static struct aff_buf first, document, second;
	struct aff_view in = {(const char *)data, size};
	struct aff_msg *m = fuzz_message(&message);
	must(groups || !aff_groups_new(&groups));
	if (aff_v2xml_read(fuzz_buffer(&first), in, NULL))
		return 0;
	if (aff_msg_parse(m, first.p, first.n, AFF_LENIENT_ALL, NULL) || aff_groups_match(groups, m, NULL))
		return 0;
	if (aff_v2xml_write(fuzz_buffer(&document), m, groups, NULL))
		return 0;
	must(!aff_v2xml_read(fuzz_buffer(&second), aff_buf_view(&document), NULL));
	must(aff_view_equal(aff_buf_view(&first), aff_buf_view(&second)));
	return 0;
}
