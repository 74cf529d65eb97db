/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts of a single log file, for retention and for sealing.
 */
#ifndef JOURNAL_STATS_H
#define JOURNAL_STATS_H

#include "journal/reader.h"

/* What the i-th log file of the reader's list adds to the totals and ledgers. `pending` of a ledger is here: its
 * messages after the cursor, whether or not they have an outcome already. READER_GONE. */
int stats_of_file(struct journal_reader *r, size_t i, struct journal_stats *out, struct aff_diag *diag);
/* Notes, in a log file that is being sealed, how many control ids were used again. */
int stats_note_reused(sqlite3 *db, struct aff_diag *diag);

#endif
