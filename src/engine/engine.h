/* SPDX-License-Identifier: Apache-2.0
 *
 * The running engine: start in order, reload whole or not at all, stop in order.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <afferent/diag.h>
#include <afferent/text.h>

#include "engine/deeds.h"

struct engine;

/* Starts with the configuration at `path`. On failure *diag says why (AFF_ECONFIG: the findings do) and nothing is
 * left running. findings gets everything the configuration check has to say. */
int engine_start(struct engine **out, const char *path, struct aff_diag_list *findings, struct aff_diag *diag);

/* Reads the configuration again and takes it over, or leaves everything as it is. who: for the journal; NULL: the
 * user that the engine runs as. *changed: false
 * when it is the same; what is another in it is appended to changes, a line each. */
int engine_reload(struct engine *e, const char *who, bool *changed, struct aff_buf *changes,
		  struct aff_diag_list *findings, struct aff_diag *diag);

/* Takes no more, finishes what is in hand within the configured time, and frees everything. */
void engine_stop(struct engine *e);

/* Signs checkpoints with a new key from here on, which the old one names in the journal. Thread-safe. AFF_EFULL and
 * others: the old one stays. */
int engine_new_key(struct engine *e, const char *who, struct aff_diag *diag);
/* Reads the master keys of the journal's encryption again: journal_rekey. Thread-safe. */
int engine_rekey(struct engine *e, const char *who, bool *changed, struct aff_diag *diag);

/* Appends the state as one JSON object. Thread-safe. */
void engine_status(struct engine *e, struct aff_buf *out);

/* How the journal of a configuration is opened for writing. */
void engine_journal_options(const struct conf *conf, struct journal_options *out);

/* Commits what somebody did with a command, in one transaction, and returns when it is durable. Errors as of
 * deeds_commit. Thread-safe. */
int engine_record(struct engine *e, const char *who, struct aff_view batch, struct deeds_done *done,
		  struct aff_diag *diag);

/* The UNIX socket for the control commands, the configuration as it was named at the start, and the journal's folder;
 * valid until the engine ends. */
const char *engine_control_path(const struct engine *e);
const char *engine_configuration_path(const struct engine *e);
const char *engine_journal_path(const struct engine *e);

#endif
