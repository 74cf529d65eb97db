/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sending commands count: messages by their fate, and how long the answers took.
 */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include "base/json.h"
#include "engine/out/mllp_client.h"

/* A histogram that keeps five significant bits: a percentile is at most 3 % too high. */
#define TALLY_BUCKETS 1184
struct tally {
	uint64_t sent, accepted, refused, unanswered;
	uint64_t buckets[TALLY_BUCKETS], answered;
	int64_t longest_us, started_us, ended_us;
};

void tally_start(struct tally *t);
void tally_sent(struct tally *t);
/* Counts one reply; answered ones with their time. */
void tally_reply(struct tally *t, const struct mllp_reply *reply, int64_t took_us);
void tally_end(struct tally *t);

/* The time that this part (0 to 1) of the answers stayed within, in milliseconds; 0 when there is none. */
double tally_percentile_ms(const struct tally *t, double part);
bool tally_is_accepted(const struct mllp_reply *reply);

/* A line for people: "12 sent: ...". */
void tally_print(const struct tally *t);
/* The same as members of the open object. */
void tally_put_json(const struct tally *t, struct json_writer *j);
/* COMMAND_OK when everything was accepted, else COMMAND_NEGATIVE. */
int tally_exit(const struct tally *t);

#endif
