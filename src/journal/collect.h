/* SPDX-License-Identifier: Apache-2.0
 *
 * Outcomes read but not yet given: no callback runs while a statement is open.
 */
#ifndef JOURNAL_COLLECT_H
#define JOURNAL_COLLECT_H

#include <sqlite3.h>

#include "journal/journal.h"

/* What an outcome statement selects from, with o for the outcome. */
#define COLLECT_COLUMNS                                                                                                \
	"SELECT o.message, d.text, o.kind, o.at, o.tries, s.sha256, o.sent, o.sent_length, o.detail, o.instead," \
	" o.action FROM outcome o" \
	" LEFT JOIN name d ON d.id = o.destination LEFT JOIN snapshot s ON s.id = o.snapshot "

/* Texts are found by their offset: the buffer moves while it grows. */
struct collected {
	struct item {
		struct journal_outcome outcome;
		size_t destination, detail, order;
	} *item;
	size_t n, allocated;
	struct aff_buf texts;
};

void collected_init(struct collected *c);
void collected_free(struct collected *c);
/* Runs a bound outcome statement to its end, and resets it. */
int collect(struct collected *c, sqlite3_stmt *s, struct aff_diag *diag);
int collected_give(struct collected *c, const struct item *i, journal_outcome_fn *fn, void *arg);

#endif
