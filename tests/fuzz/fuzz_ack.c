/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer to any message that can be answered is a message, and says at the other side what it was built to say:
 * the code, and the control id byte for byte. The first byte chooses the code, the second the error it tells of.
 */
#include <afferent/ack.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message, *answer;
	static struct aff_buf out;
	struct aff_view in = {(const char *)data, size};
	struct aff_diag diag = {0};
	struct aff_ack_result result;
	struct aff_ack ack = {.code = AFF_AA + fuzz_take(&in) % 6, .control_id = aff_view_of("4711"), .diag = &diag};
	int code = -(int)(fuzz_take(&in) % 32), error;
	struct aff_msg *m = fuzz_message(&message);
	aff_msg_parse(m, in.p, in.n, AFF_LENIENT_ALL, NULL);
	aff_diag_set(&diag, code, "%.*s", (int)(in.n < 99 ? in.n : 99), in.p);
	aff_diag_at(&diag, "OBX", 2, 5);
	aff_ack_choose(m, AFF_ACK_AUTO, code);
	if ((error = aff_ack_build(fuzz_buffer(&out), m, &ack)) != 0) {
		must((error == AFF_ENOMSH && !aff_msg_is(m, 0, "MSH")) || error == AFF_EREQUIRED);
		return 0;
	}
	must(!aff_msg_parse(fuzz_message(&answer), out.p, out.n, 0, NULL));
	aff_ack_read(answer, &result);
	must(result.code == ack.code && result.control_id.n);
	must(aff_view_equal(result.control_id, aff_msg_field(m, 0, 10)));
	must(aff_view_is(aff_msg_get(answer, 0, 9, 1, 1, 0), "ACK"));
	must(aff_view_equal(aff_msg_field(answer, 0, 3), aff_msg_field(m, 0, 5)));
	must(aff_view_equal(aff_msg_field(answer, 0, 6), aff_msg_field(m, 0, 4)));
	return 0;
}
