/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting replies. Buckets: one for each microsecond below 64, then 32 for each power of two, up to 2^41 us; what is
 * longer is in the last.
 */
#include "cli/tally.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "sys/clock.h"

#define EXACT 64
#define TOP_POWER 40

static unsigned bucket_of(uint64_t us)
{
	if (us < EXACT)
		return (unsigned)us;
	unsigned power = 63 - (unsigned)__builtin_clzll(us);
	if (power > TOP_POWER)
		return TALLY_BUCKETS - 1;
	return EXACT + (power - 6) * 32 + (unsigned)(us >> (power - 5)) - 32;
}

/* The largest value in it; the last one is open. */
static uint64_t bucket_top(unsigned bucket)
{
	if (bucket == TALLY_BUCKETS - 1)
		return INT64_MAX;
	if (bucket < EXACT)
		return bucket;
	unsigned power = (bucket - EXACT) / 32 + 6, within = (bucket - EXACT) % 32;
	return ((uint64_t)(within + 33) << (power - 5)) - 1;
}

void tally_start(struct tally *t)
{
	memset(t, 0, sizeof *t);
	t->started_us = clock_mono_us();
}

void tally_sent(struct tally *t)
{
	t->sent++;
}

bool tally_is_accepted(const struct mllp_reply *reply)
{
	return reply->rc == 0 && (reply->code == AFF_AA || reply->code == AFF_CA);
}

void tally_reply(struct tally *t, const struct mllp_reply *reply, int64_t took_us)
{
	if (reply->rc) {
		t->unanswered++;
		return;
	}
	if (tally_is_accepted(reply))
		t->accepted++;
	else
		t->refused++;
	t->answered++;
	t->buckets[bucket_of(took_us > 0 ? (uint64_t)took_us : 0)]++;
	if (took_us > t->longest_us)
		t->longest_us = took_us;
}

void tally_end(struct tally *t)
{
	t->ended_us = clock_mono_us();
}

double tally_percentile_ms(const struct tally *t, double part)
{
	uint64_t want = (uint64_t)((double)t->answered * part), seen = 0;
	if (t->answered == 0)
		return 0;
	for (unsigned i = 0; i < TALLY_BUCKETS; i++) {
		seen += t->buckets[i];
		if (seen > want || seen == t->answered) {
			int64_t top = (int64_t)bucket_top(i);
			return (double)(top < t->longest_us ? top : t->longest_us) / 1000;
		}
	}
	return (double)t->longest_us / 1000;
}

static double seconds(const struct tally *t)
{
	return (double)(t->ended_us - t->started_us) / 1e6;
}

void tally_print(const struct tally *t)
{
	double s = seconds(t);
	printf("%" PRIu64 " sent: %" PRIu64 " accepted, %" PRIu64 " refused, %" PRIu64 " without answer\n", t->sent,
	       t->accepted, t->refused, t->unanswered);
	if (t->answered)
		printf("%.1f s, %.0f/s; time to the answer: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n", s,
		       s > 0 ? (double)t->answered / s : 0, tally_percentile_ms(t, 0.5), tally_percentile_ms(t, 0.99),
		       (double)t->longest_us / 1000);
}

static void put_number(struct json_writer *j, const char *name, double value)
{
	char text[40];
	int n = snprintf(text, sizeof text, "%.3f", value);
	jsonw_raw(j, name, aff_view(text, n > 0 ? (size_t)n : 0));
}

void tally_put_json(const struct tally *t, struct json_writer *j)
{
	jsonw_i64(j, "sent", (int64_t)t->sent);
	jsonw_i64(j, "accepted", (int64_t)t->accepted);
	jsonw_i64(j, "refused", (int64_t)t->refused);
	jsonw_i64(j, "unanswered", (int64_t)t->unanswered);
	put_number(j, "seconds", seconds(t));
	jsonw_object(j, "answer_ms");
	put_number(j, "p50", tally_percentile_ms(t, 0.5));
	put_number(j, "p99", tally_percentile_ms(t, 0.99));
	put_number(j, "p99_9", tally_percentile_ms(t, 0.999));
	put_number(j, "longest", (double)t->longest_us / 1000);
	jsonw_object_end(j);
}

int tally_exit(const struct tally *t)
{
	return t->accepted == t->sent ? COMMAND_OK : COMMAND_NEGATIVE;
}
