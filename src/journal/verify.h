/* SPDX-License-Identifier: Apache-2.0
 *
 * Verifying the hash chain of a journal (link.h) and its checkpoints (checkpoint.h), while the engine runs or not, in
 * bounded memory. Nothing is written.
 *
 * What it proves: up to the newest checkpoint by a key that only the engine has, no message, outcome, action,
 * configuration or dictionary was changed, added, removed or moved since it was committed; with a file of checkpoints
 * that was kept elsewhere, also that nothing before its newest line was cut off. Whole log files may be missing at the
 * front (retention): the first one that is there is vouched for by the checkpoint it starts with. Cursors, totals and
 * indices are not in the chain: they follow from the rest.
 */
#ifndef JOURNAL_VERIFY_H
#define JOURNAL_VERIFY_H

#include <sqlite3.h>

#include "journal/checkpoint.h"

/* What is wrong, and where. */
struct verify_finding {
	char file[48];               /* "log-1732000000000000.db"; "": the journal as a whole */
	const char *table;           /* "message", "outcome", "link", ...; "file": the log file as a whole */
	int64_t id;                  /* of the row; 0: none in particular */
	char what[160];
};
typedef void verify_finding_fn(void *arg, const struct verify_finding *finding);
/* Records verified so far, and how far that is within `total` bytes. */
typedef void verify_progress_fn(void *arg, uint64_t records, uint64_t position, uint64_t total);

struct verify_options {
	const unsigned char *key;    /* SIGN_KEY_SIZE bytes: that counts, as do those that it was changed to or
	                                from; NULL: the first one that signed */
	const char *checkpoint_file; /* checkpoints kept elsewhere; NULL: none */
	verify_finding_fn *finding;
	verify_progress_fn *progress; /* may be NULL */
	void *arg;
};

struct verify_result {
	uint64_t files, unchained;   /* log files; of them, of the version before the chain */
	uint64_t links, rows[LINK_TABLES], checkpoints;
	uint64_t findings;
	int64_t first_link, last_link; /* 0: none */
	int64_t first_at_us, last_at_us;
	int64_t signed_link, signed_at_us; /* the newest good checkpoint; 0: none */
	uint64_t exported;           /* checkpoints of the file outside that belong to this journal */
	uint64_t exported_used;      /* and to links that are still there */
	uint64_t exported_ignored;   /* lines that are no checkpoints of this journal */
	bool has_key;
	unsigned char key[SIGN_KEY_SIZE]; /* that signed last */
	uint64_t key_changes;
};

/* 0: it was looked through, findings were given to the callback in order of the chain. AFF_ENOTFOUND: no journal;
 * other errors: it could not be looked through. */
int journal_verify(const char *folder, const struct verify_options *options, struct verify_result *out,
                   struct aff_diag *diag);

/* For the start: the newest log file behind its newest checkpoint, within the connection that is to write it. 0, or
 * AFF_ECORRUPT, which names the first record that is damaged. */
int journal_verify_tail(sqlite3 *db, const char *file, struct aff_diag *diag);

#endif
