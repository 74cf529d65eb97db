/* SPDX-License-Identifier: Apache-2.0
 *
 * Administrative actions of the journal for people and programs: `journal actions`, `journal show`.
 */
#ifndef CLI_ACTIONS_H
#define CLI_ACTIONS_H

#include "base/json.h"
#include "journal/journal.h"

/* "2026-11-20 09:30:00.000  replay by uid 0: to ward/ehr, messages 12, reason EHR was down (1795...)" */
void actions_print(const struct journal_action *a);
/* As an object; a detail that is JSON itself goes in as it is. */
void actions_put(struct json_writer *j, const struct journal_action *a);

/* A journal_action_fn: *arg (bool) = whether it is a replay as new. */
int actions_is_as_new(void *arg, const struct journal_action *a);

/* Of an outcome's detail, "copy 1795...: AA": which copy of a dead letter was sent instead of it; 0: none. */
int64_t actions_copy(struct aff_view detail);

/* The actions that a message's outcomes come from. */
#define ACTIONS_KEPT 64
struct actions_kept {
	int64_t at_us[ACTIONS_KEPT];
	size_t n;
};
void actions_keep(struct actions_kept *k, int64_t at_us);
/* Each of them that the journal still has, in order; 0 or AFF_E... */
int actions_each(const struct actions_kept *k, struct journal_reader *r, journal_action_fn *fn, void *arg,
		 struct aff_diag *diag);

#endif
