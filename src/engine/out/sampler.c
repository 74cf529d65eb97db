/* SPDX-License-Identifier: Apache-2.0
 *
 * One window at a time. But for `keep: first`: no window -> scanning (keys are learned) -> closed (messages up to
 * `closed` are delivered) -> no window, as soon as a message behind `closed` asks.
 */
#include "engine/out/sampler.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/sample.h"
#include "sys/clock.h"

#define GRACE_US 1000000 /* a message of this window may still be on its way through the writer */
#define NO_WINDOW INT64_MIN

struct sampler {
	struct sample *sample;
	struct sample_spec spec;
	unsigned line;
	int64_t window;  /* being scanned or delivered */
	int64_t opened_us; /* monotonic: when scanning it began */
	int64_t scanned; /* the newest id that was scanned */
	int64_t closed;  /* the newest id of the closed window; 0: it is not closed */
	bool begun;
};

int sampler_new(struct sampler **out, const struct sample_spec *spec, unsigned line)
{
	struct sampler *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	s->spec = *spec;
	s->line = line;
	s->window = NO_WINDOW;
	int rc = sample_new(&s->sample, spec, 0);
	if (rc) {
		free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	sample_free(s->sample);
	free(s);
}

bool sampler_scans(const struct sampler *s)
{
	return s->spec.keep != SAMPLE_FIRST;
}

int64_t *sampler_position(struct sampler *s)
{
	return &s->scanned;
}

bool sampler_may_scan(struct sampler *s, const struct journal_message *m)
{
	int64_t window = sample_window(s->sample, m->received_us);
	if (s->closed)
		return false;
	if (s->window == NO_WINDOW) {
		s->window = window;
		s->opened_us = clock_mono_us();
	}
	if (window != s->window) {
		s->closed = s->scanned;
		return false;
	}
	return true;
}

void sampler_scan(struct sampler *s, const struct journal_message *m, struct aff_edit *e)
{
	if (e)
		sample_window_add(s->sample, (uint64_t)m->id, e);
	s->scanned = m->id;
}

void sampler_close_if_due(struct sampler *s, int64_t wall_us)
{
	if (s->window != NO_WINDOW && !s->closed && sampler_due_us(s, wall_us) == 0)
		s->closed = s->scanned;
}

bool sampler_has_closed(const struct sampler *s)
{
	return s->closed != 0;
}

int64_t sampler_due_us(const struct sampler *s, int64_t wall_us)
{
	if (s->window == NO_WINDOW || s->closed)
		return INT64_MAX / 4;
	int64_t every_us = s->spec.every_ms * 1000;
	int64_t left = (s->window + 1) * every_us + GRACE_US - wall_us;
#ifndef AFF_MUTANT_95 /* a clock that is set back keeps a window open */
	int64_t most = s->opened_us + every_us + GRACE_US - clock_mono_us();
	if (left > most)
		left = most;
#endif
	return left > 0 ? left : 0;
}

/* Ids are times of receipt but for what makes them unique, and where the clock was set back: a window more is room
 * for that. */
int64_t sampler_remembers_from(const struct sampler *s, int64_t position)
{
	return sample_window_end_us(s->sample, position) - 2 * s->spec.every_ms * 1000 - 1;
}

void sampler_begin(struct sampler *s, int64_t position)
{
	if (s->begun)
		return;
	s->begun = true;
	s->scanned = s->spec.keep == SAMPLE_LAST ? position : sampler_remembers_from(s, position);
#ifdef AFF_MUTANT_66 /* what was merged before a restart is in no mean */
	s->scanned = position;
#endif
}

bool sampler_may_apply(struct sampler *s, const struct journal_message *m)
{
	if (!sampler_scans(s))
		return true;
	if (s->closed && m->id > s->closed) {
		s->window = NO_WINDOW;
		s->closed = 0;
		sample_window_begin(s->sample);
	}
	return s->closed && m->id <= s->closed;
}

enum journal_outcome_kind sampler_apply(struct sampler *s, const struct journal_message *m, struct aff_edit *e,
					char *detail, size_t size)
{
	bool left = true;
	uint64_t by = 0;
	if (!sampler_scans(s)) {
		int rc = sample_first(s->sample, m->received_us, (uint64_t)m->id, e, &left);
		snprintf(detail, size, "line %u: sample keeps the first of each window", s->line);
		return rc ? JOURNAL_DEAD : left ? 0 : JOURNAL_FILTERED;
	}
	int rc = sample_window_prune(s->sample, (uint64_t)m->id, e, &left, &by);
	snprintf(detail, size, "line %u: merged into %" PRIu64, s->line, by);
	return rc ? JOURNAL_DEAD : left ? 0 : JOURNAL_MERGED;
}
