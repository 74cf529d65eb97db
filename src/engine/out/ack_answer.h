/* SPDX-License-Identifier: Apache-2.0
 *
 * What an HL7 acknowledgement says about a delivery, whatever carried it.
 */
#ifndef ENGINE_ACK_ANSWER_H
#define ENGINE_ACK_ANSWER_H

#include <afferent/ack.h>

#include "engine/out/output.h"

/* Reads an answer into m and *ack. NULL when it is an answer to the message with this control id (an empty one: any
 * answer is), else what is wrong with it, a constant string. */
const char *ack_answer_read(struct aff_msg *m, struct aff_view bytes, struct aff_view control_id,
                            struct aff_ack_result *ack);
/* AA and CA: delivered; AE and CE: permanent; AR, CR, and none: transient. */
enum output_result ack_answer_result(enum aff_ack_code code);

#endif
