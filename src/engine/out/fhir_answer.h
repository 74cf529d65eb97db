/* SPDX-License-Identifier: Apache-2.0
 *
 * What a FHIR server's answer to a transaction says about the delivery.
 */
#ifndef ENGINE_FHIR_ANSWER_H
#define ENGINE_FHIR_ANSWER_H

#include "engine/out/output.h"

/* Looks through the entries of a transaction-response (or batch-response) for the status of the worst: one that
 * refuses counts more than one that asks to try again. Returns 200 when no entry has an error, or the body is not
 * such a Bundle. */
long fhir_answer_entries(struct aff_view body);

#endif
