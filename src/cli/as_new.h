/* SPDX-License-Identifier: Apache-2.0
 *
 * A replay as new: what is sent gets another message control id, so that a receiver that knows the first one takes it
 * as a message of its own. The id follows from the replay's number and the message alone: a replay that is resumed
 * sends the same one, and what was sent can be rendered again.
 */
#ifndef CLI_AS_NEW_H
#define CLI_AS_NEW_H

#include "engine/pipeline.h"

#define AS_NEW_SIZE 21 /* MSH-10 holds 20 characters in every version */

void as_new_id(char out[AS_NEW_SIZE], int64_t action_us, int64_t message);

/* What pipeline_run does, with MSH-10 = id (NULL: as it is) before it is rendered. FHIR identifiers that are made from
 * MSH-10 are new with it; those of patients, devices and of OBX-21 are what they name. */
int as_new_run(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
	       struct aff_view message, const char *id, struct pipeline_result *result);

#endif
