/* SPDX-License-Identifier: Apache-2.0
 *
 * One result message (MSH-9.1 = ORU) as several: one for each patient (PID), order (ORC with its OBR) or observation.
 * Each part has what is above it: the segments before the first PID, the patient's, the order's and, of observations,
 * the rows of the devices they come from by OBX-4. What belongs together stays together: an ORC with its OBR, an OBX
 * with its notes, with the rows below it by OBX-4 (facets, parts of a compound) and with further rows of the same code
 * and place; what stands behind the observations of an order (FT1, CTI, SPM and theirs) is in each of its parts. A row
 * of a device that no observation comes from is in the first part. Alerts and events of pumps (R40, R42) are many rows
 * about one thing: of them orders are the smallest part.
 *
 * MSH-10 of part n is that of the message with "-n" behind it. Where that would be longer than the version allows (20
 * characters before 2.7, 199 since), it is cut short and 8 letters and digits made of the whole of it stand in between.
 * PID-1, OBR-1 and OBX-1, where there is one, count from 1 where a part begins with another one.
 */
#ifndef RULES_SPLIT_H
#define RULES_SPLIT_H

#include <afferent/msg.h>

enum split_by { SPLIT_NOT, SPLIT_BY_PATIENT, SPLIT_BY_ORDER, SPLIT_BY_OBSERVATION };

enum { SPLIT_PARTS_MAX = 1000 };

struct split_part {
	struct aff_view bytes, control_id;
};

/* Reused for message after message. */
struct split;
int split_new(struct split **out);
void split_free(struct split *s);

/* Takes the message apart. Returns the number of parts, valid until the next call: 1 when there is nothing to take
 * apart (then there are no parts to ask for: it goes out as it is). Or AFF_ENOMEM, AFF_ELIMIT: more than
 * SPLIT_PARTS_MAX, or they are too large together. */
int split_message(struct split *s, const struct aff_msg *m, enum split_by by);
struct split_part split_part(const struct split *s, unsigned i);
/* All of them, one behind the other. */
struct aff_view split_bytes(const struct split *s);

#endif
