/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting now and then.
 */
#include "engine/ledger.h"

#include "sys/clock.h"
#include "sys/log.h"

#define SHARE 20

int64_t ledger_imbalance(const struct journal_ledger *l)
{
	return (int64_t)l->received - (int64_t)(l->delivered + l->filtered + l->merged + l->dead + l->pending);
}

void ledger_look(struct ledger_gauge *g, const char *folder)
{
	struct journal_reader *reader = NULL;
	struct journal_stats stats;
	struct aff_diag diag = {0};
	int64_t begin = clock_mono_us();
	if (g->begun_us && begin - g->begun_us < SHARE * g->took_us)
		return;
	int rc = journal_reader_open(&reader, folder, &diag);
	if (!rc)
		rc = journal_read_stats(reader, &stats, &diag);
	journal_reader_close(reader);
	g->begun_us = begin;
	g->took_us = clock_mono_us() - begin;
	if (rc) {
		log_warn("journal", "the ledger cannot be counted: %s", diag.code ? diag.text : aff_error_text(rc));
		return;
	}
	ledger_free(g);
	g->stats = stats;
	g->counted_us = clock_wall_us();
}

const struct journal_ledger *ledger_of(const struct ledger_gauge *g, const char *destination)
{
	for (size_t i = 0; i < g->stats.nledgers; i++)
		if (strcmp(g->stats.ledgers[i].destination, destination) == 0)
			return &g->stats.ledgers[i];
	return NULL;
}

void ledger_free(struct ledger_gauge *g)
{
	journal_stats_free(&g->stats);
}
