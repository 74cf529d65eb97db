/* SPDX-License-Identifier: Apache-2.0
 *
 * What the journal's channels received in the last hour and since some time, and how it spreads over that time.
 */
#ifndef CLI_STATS_RATES_H
#define CLI_STATS_RATES_H

#include "base/json.h"
#include "journal/journal.h"

#define RATES_COLUMNS  48
#define RATES_CHANNELS 256

struct rates {
	int64_t from_us, to_us, width_us;
	uint64_t column[RATES_COLUMNS];
	struct rates_channel {
		char name[128];
		uint64_t messages, bytes, hour_messages, hour_bytes;
		uint64_t newest_bytes, newest_packed; /* of its newest messages: received, compressed */
	} channel[RATES_CHANNELS];
	size_t n;
	bool hour;                   /* the last hour is being counted */
};

/* Counts up to now. AFF_E... with a diag. */
int rates_read(struct rates *r, struct journal_reader *reader, int64_t from_us, int64_t now_us,
               struct aff_diag *diag);
void rates_print(const struct rates *r);
/* The members "since", "interval_seconds", "messages_per_interval" and "channels" into the open object. */
void rates_put(const struct rates *r, struct json_writer *j);

#endif
