/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are HL7 acknowledgements.
 */
#include "engine/out/ack_answer.h"

const char *ack_answer_read(struct aff_msg *m, struct aff_view bytes, struct aff_view control_id,
			    struct aff_ack_result *ack)
{
	if (aff_msg_parse(m, bytes.p, bytes.n, AFF_LENIENT_ALL, NULL))
		return "garbled answer";
	aff_ack_read(m, ack);
	if (ack->code == AFF_ACK_NONE)
		return "answer without a known MSA-1";
	bool ours = !control_id.n || aff_view_equal(ack->control_id, control_id);
#ifdef AFF_MUTANT_4 /* whose answer it is does not matter */
	ours = true;
#endif
	return ours ? NULL : "answer to another message";
}

enum output_result ack_answer_result(enum aff_ack_code code)
{
	switch (code) {
	case AFF_AA:
	case AFF_CA:
		return OUTPUT_DELIVERED;
	case AFF_AE:
	case AFF_CE:
		return OUTPUT_PERMANENT;
	case AFF_AR:
	case AFF_CR:
	case AFF_ACK_NONE:
		break;
	}
	return OUTPUT_TRANSIENT;
}
