/* SPDX-License-Identifier: Apache-2.0
 *
 * What a replay was asked to do, as its action in the journal tells it: enough to go on with it later. Values of fields
 * (a patient, a device, a control id) are not told; who resumes such a replay gives them again.
 */
#ifndef CLI_REPLAY_PLAN_H
#define CLI_REPLAY_PLAN_H

#include "cli/query.h"
#include "journal/journal.h"

#define REASON_MAX 500

struct plan {
	const char *kind; /* "replay" or "resend" */
	struct query query;
	struct journal_query built; /* the query with its times */
	const char *to;             /* as it was asked for; full name after plan_read */
	const char *reason, *rate;
	bool to_file, as_new;
	uint64_t tries, messages;
	int64_t first, last; /* ids of the first and last message */
	const int64_t *ids;  /* chosen ones */
	size_t nids;
	/* of plan_read: what the texts point into; json_decref */
	void *keep;
	int64_t *kept_ids;
};

/* Appends the action's detail. */
void plan_put(const struct plan *p, struct aff_buf *out);
/* Finds the replay with this number and fills in everything but what is not told. COMMAND_FAILED, told: there is none,
 * or `p->query` lacks a value that has to be given again. */
int plan_read(struct plan *p, struct journal_reader *r, int64_t number, bool ids_given);
void plan_free(struct plan *p);

#endif
