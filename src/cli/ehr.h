/* SPDX-License-Identifier: Apache-2.0
 *
 * A receiver for tests: it takes HL7 v2 over MLLP and FHIR bundles over HTTP, counts them, tells what it saw before,
 * and refuses, stalls or hangs up when it is told to. Two faces, one set of rules and counts, one thread.
 */
#ifndef CLI_EHR_H
#define CLI_EHR_H

#include <stdio.h>

#include "net/http_server.h"
#include "cli/idset.h"

enum ehr_answer { EHR_ACCEPT, EHR_ERROR, EHR_REJECT, EHR_SILENT };

struct ehr_rules {
	int answer; /* enum ehr_answer: to everything, or with refuse_every to each Nth */
	uint64_t refuse_every;
	int64_t stall_ms;     /* before each answer */
	uint64_t close_after; /* messages on a connection, then it is closed; 0: never */
	uint64_t status;      /* HTTP, of what is refused, which is then every bundle or every Nth; 0: 422, 503 */
	uint64_t retry_after_s;
};

struct ehr {
	struct ehr_rules rules;
	/* accepted + refused + silent + unreadable = received; accepted = distinct + repeated */
	uint64_t received, accepted, refused, silent, unreadable, distinct, repeated;
	uint64_t connections;
	uint64_t entries, created, existing; /* FHIR: in accepted bundles; by their identifier */
	struct idset ids;                    /* MSH-10, or the bundle's bytes */
	struct idset resources;              /* "Patient?identifier=system|value" */
	FILE *save;                          /* NULL: nowhere */
	bool save_failed;
};

/* Counts one that arrived and decides its answer. */
enum ehr_answer ehr_receive(struct ehr *e);
/* Counts one that was accepted, by its identity, and saves it. */
void ehr_accept(struct ehr *e, struct aff_view id, struct aff_view bytes);

/* ---- the HL7 v2 face ---- */

struct ehr_mllp;
int ehr_mllp_open(struct ehr_mllp **out, struct ehr *e, const struct net_address *at, struct aff_diag *diag);
void ehr_mllp_close(struct ehr_mllp *m);
int ehr_mllp_address(const struct ehr_mllp *m, struct net_address *out);
/* Readable when there is something to do. */
int ehr_mllp_fd(const struct ehr_mllp *m);
/* Does what there is to do, without waiting. Returns the milliseconds until the next stalled answer, or -1. */
int ehr_mllp_work(struct ehr_mllp *m);
/* true while answers are not sent yet. */
bool ehr_mllp_is_busy(const struct ehr_mllp *m);

/* ---- the FHIR face: the function of an http_server; arg is the struct ehr ---- */

void ehr_fhir_answer(void *arg, const struct http_request *request, struct http_reply *reply);

#endif
