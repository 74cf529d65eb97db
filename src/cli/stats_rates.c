/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stats_rates.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/chart.h"
#include "cli/term.h"
#include "cli/when.h"
#include "sys/clock.h"

#define HOUR_US    INT64_C(3600000000)
#define CHART_ROWS 4
#define NEWEST     20000 /* messages, for the compression */

static struct rates_channel *find(struct rates *r, struct aff_view name)
{
	struct rates_channel *c = r->channel;
	while (c < r->channel + r->n && !aff_view_is(name, c->name))
		c++;
	if (c == r->channel + r->n) {
		if (r->n == RATES_CHANNELS || name.n >= sizeof c->name)
			return NULL;
		memset(c, 0, sizeof *c);
		memcpy(c->name, name.p, name.n);
		r->n++;
	}
	return c;
}

static int take(void *arg, const struct journal_rate *rate)
{
	struct rates *r = arg;
	struct rates_channel *c = find(r, rate->channel);
	if (!c)
		return AFF_ELIMIT;
	if (r->hour) {
		c->hour_messages += rate->messages;
		c->hour_bytes += rate->bytes;
	} else {
		c->messages += rate->messages;
		c->bytes += rate->bytes;
		r->column[rate->interval] += rate->messages;
	}
	return 0;
}

static int take_packing(void *arg, const struct journal_packing *p)
{
	struct rates_channel *c = find(arg, p->channel);
	if (!c)
		return AFF_ELIMIT;
	c->newest_bytes = p->bytes;
	c->newest_packed = p->packed;
	return 0;
}

/* The last column ends now; the first one may begin a little before the time asked for. */
int rates_read(struct rates *r, struct journal_reader *reader, int64_t from_us, int64_t now_us, struct aff_diag *diag)
{
	memset(r, 0, sizeof *r);
	r->to_us = now_us + 1;
	r->width_us = (r->to_us - from_us) / RATES_COLUMNS + 1;
	r->from_us = r->to_us - r->width_us * RATES_COLUMNS;
	diag->code = 0;
	int rc = journal_read_rates(reader, r->from_us, r->width_us, RATES_COLUMNS, take, r, diag);
	r->hour = true;
	if (!rc)
		rc = journal_read_rates(reader, r->to_us - HOUR_US, HOUR_US, 1, take, r, diag);
	if (!rc)
		rc = journal_read_packing(reader, NEWEST, take_packing, r, diag);
	return rc && !diag->code ? aff_diag_set(diag, rc, "more than %d channels", RATES_CHANNELS) : rc;
}

static double rate(uint64_t n, int64_t us)
{
	return (double)n / ((double)us / 1e6);
}

static void print_channels(const struct rates *r)
{
	static const char *const titles[] = {"channel",    ">messages", ">bytes each", ">compressed to",
					     ">a second", ">last hour", ">a second"};
	struct table t;
	table_init(&t, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < r->n; i++) {
		const struct rates_channel *c = &r->channel[i];
		table_cell(&t, aff_view_of(c->name));
		table_cellf(&t, "%" PRIu64, c->messages);
		table_cellf(&t, "%" PRIu64, c->messages ? c->bytes / c->messages : 0);
		if (c->newest_bytes)
			table_cellf(&t, "%.1f %%", 100.0 * (double)c->newest_packed / (double)c->newest_bytes);
		else
			table_cellf(&t, "-");
		table_cellf(&t, "%.2f", rate(c->messages, r->to_us - r->from_us));
		table_cellf(&t, "%" PRIu64, c->hour_messages);
		table_cellf(&t, "%.2f", rate(c->hour_messages, HOUR_US));
	}
	table_print(&t, stdout);
}

void rates_print(const struct rates *r)
{
	char from[CLOCK_TEXT_SIZE], span[WHEN_SIZE], width[WHEN_SIZE];
	uint64_t most = 0;
	for (size_t i = 0; i < RATES_COLUMNS; i++)
		most = r->column[i] > most ? r->column[i] : most;
	printf("\nthe last %s, since %s\n", when_span(r->to_us - r->from_us, span),
	       clock_local_text(r->from_us, from));
	if (!most) {
		puts("nothing was received");
		return;
	}
	print_channels(r);
	printf("\nmessages in %s each, at most %" PRIu64 "\n", when_span(r->width_us, width), most);
	chart_print(stdout, r->column, RATES_COLUMNS, CHART_ROWS, 0, chart_has_blocks());
}

void rates_put(const struct rates *r, struct json_writer *j)
{
	char when[WHEN_SIZE];
	jsonw_text(j, "since", when_utc(r->from_us, when));
	jsonw_i64(j, "interval_seconds", r->width_us / 1000000);
	jsonw_array(j, "messages_per_interval");
	for (size_t i = 0; i < RATES_COLUMNS; i++)
		jsonw_i64(j, NULL, (int64_t)r->column[i]);
	jsonw_array_end(j);
	jsonw_array(j, "channels");
	for (size_t i = 0; i < r->n; i++) {
		const struct rates_channel *c = &r->channel[i];
		jsonw_object(j, NULL);
		jsonw_text(j, "channel", c->name);
		jsonw_i64(j, "messages", (int64_t)c->messages);
		jsonw_i64(j, "bytes", (int64_t)c->bytes);
		jsonw_i64(j, "last_hour_messages", (int64_t)c->hour_messages);
		jsonw_i64(j, "last_hour_bytes", (int64_t)c->hour_bytes);
		jsonw_i64(j, "newest_bytes", (int64_t)c->newest_bytes);
		jsonw_i64(j, "newest_compressed", (int64_t)c->newest_packed);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}
