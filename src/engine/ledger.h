/* SPDX-License-Identifier: Apache-2.0
 *
 * The gauge of the ledger: by how much it does not add up, counted from the journal's rows. Counting takes as long as
 * the newest log file is large, so the last count is told again until twenty times as long has passed: looking never
 * takes more than a twentieth of a processor.
 */
#ifndef ENGINE_LEDGER_H
#define ENGINE_LEDGER_H

#include "journal/journal.h"

struct ledger_gauge {
	struct journal_stats stats;
	int64_t counted_us;          /* wall clock, 0 = never */
	int64_t begun_us, took_us;   /* monotonic */
};

/* received - delivered - filtered - merged - dead - pending: 0, or something was lost or counted twice. */
int64_t ledger_imbalance(const struct journal_ledger *l);
/* Counts, unless it has counted just now. What was known stays when the journal cannot be read. */
void ledger_look(struct ledger_gauge *g, const char *folder);
/* Of this destination; NULL: not counted yet. */
const struct journal_ledger *ledger_of(const struct ledger_gauge *g, const char *destination);
void ledger_free(struct ledger_gauge *g);

#endif
