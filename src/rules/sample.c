/* SPDX-License-Identifier: Apache-2.0
 *
 * Sampling. Each key remembers the message that is kept for it: the first one seen, or the last one. A reading stays
 * when its message is that one. Numbers that a statistic is wanted of, and changes, are kept by others.
 */
#include "rules/sample.h"

#include <stdlib.h>

#include "rules/keyset.h"
#include "rules/notes.h"
#include "rules/sample_change.h"
#include "rules/sample_key.h"
#include "rules/sample_stats.h"

enum { KEY_BYTES_MAX = 16 << 20 };

struct sample {
	struct sample_spec spec;
	int64_t every_us;
	int64_t window;
	bool started;
	struct keyset keys;
	struct aff_buf key;
	struct sample_stats *stats;   /* of numbers; NULL: keep is first or last */
	struct sample_change *change; /* NULL: only the first reading of a window goes out */
	uint64_t passed;
};

static bool is_statistic(const struct sample_spec *spec)
{
	return spec->keep == SAMPLE_MEAN || spec->keep == SAMPLE_MEDIAN || spec->keep == SAMPLE_MIN_MAX;
}

int sample_new(struct sample **out, const struct sample_spec *spec, size_t max_keys)
{
	if (spec->every_ms <= 0 || spec->every_ms > INT64_MAX / 1000 || !spec->by)
		return AFF_EARGUMENT;
	struct sample *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	s->spec = *spec;
	s->every_us = spec->every_ms * 1000;
	max_keys = max_keys ? max_keys : SAMPLE_KEYS_MAX;
	keyset_init(&s->keys, max_keys, KEY_BYTES_MAX);
	aff_buf_init(&s->key, KEY_BYTES_MAX);
	int rc = is_statistic(spec) ? sample_stats_new(&s->stats, spec, max_keys) : 0;
	if (!rc && spec->nbands)
		rc = sample_change_new(&s->change, spec, max_keys);
	if (rc) {
		sample_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	keyset_free(&s->keys);
	aff_buf_free(&s->key);
	sample_stats_free(s->stats);
	sample_change_free(s->change);
	free(s);
}

int64_t sample_window(const struct sample *s, int64_t received_us)
{
	int64_t n = received_us / s->every_us;
	return received_us % s->every_us < 0 ? n - 1 : n;
}

int64_t sample_window_end_us(const struct sample *s, int64_t received_us)
{
	return (sample_window(s, received_us) + 1) * s->every_us;
}

uint64_t sample_passed_over_cap(const struct sample *s)
{
	return s->passed;
}

/* Alerts (R40) and events of pumps (R42) happen once. */
static bool is_event(const struct aff_edit *e)
{
	struct aff_view trigger = aff_edit_get(e, 0, 9, 1, 2, 0);
	return aff_view_is(trigger, "R40") || aff_view_is(trigger, "R42");
}

/* ---- editing ---- */

/* The message that is kept for a reading; `index` itself when there was no room to remember one. */
static uint64_t kept_message(struct sample *s, uint64_t index, struct aff_view key)
{
	const uint64_t *kept = NULL;
	if (!s->key.error)
		kept = s->spec.keep == SAMPLE_FIRST ? keyset_add(&s->keys, key, index) : keyset_find(&s->keys, key);
	if (!kept)
		s->passed++;
	return kept ? *kept : index;
}

/* What is done with a reading. */
enum fate { FATE_STAYS, FATE_GOES, FATE_FAILED };

/* A number that may be reckoned with: one reading of the window stands for all. */
static enum fate fate_of_number(struct sample *s, uint64_t index, struct aff_edit *e, unsigned row, uint64_t *kept,
				int *rc)
{
	struct aff_view key = aff_buf_view(&s->key);
	switch (s->key.error ? SAMPLE_PASS : sample_stats_fate(s->stats, key, index, kept)) {
	case SAMPLE_PASS:
		s->passed++;
		return FATE_STAYS;
	case SAMPLE_GOES:
		return FATE_GOES;
	case SAMPLE_STANDS:
		break;
	}
	*rc = sample_stats_derive(s->stats, key, e, row);
	return *rc ? FATE_FAILED : FATE_STAYS;
}

static enum fate fate_of_change(struct sample *s, uint64_t index, const struct sample_walk *w, unsigned row,
				const struct sample_band *band)
{
	struct aff_view key = sample_key(&s->key, s->spec.by, SAMPLE_KEY_CODE, w, row);
	switch (s->key.error ? CHANGE_NO_ROOM : sample_change_fate(s->change, band, key, index, w, row)) {
	case CHANGE_NO_ROOM:
		s->passed++;
		return FATE_STAYS;
	case CHANGE_IS_SMALL:
		return FATE_GOES;
	case CHANGE_GOES_OUT:
		break;
	}
	return FATE_STAYS;
}

/* *kept: the message that has what the reading goes for; *rc: why it failed. */
static enum fate fate_of(struct sample *s, uint64_t index, struct sample_walk *w, struct aff_edit *e, unsigned row,
			 uint64_t *kept, int *rc)
{
	struct decimal number;
	const struct sample_band *band = NULL;
	if (s->stats && sample_number(&number, s->spec.by, w, row)) {
		sample_key(&s->key, s->spec.by, SAMPLE_KEY_NUMBER, w, row);
		return fate_of_number(s, index, e, row, kept, rc);
	}
	if (s->change)
		band = sample_band_of(&s->spec, aff_edit_get(e, row, OBX_CODE, 1, 1, 0));
	if (band)
		return fate_of_change(s, index, w, row, band);
	enum sample_key_kind kind = s->stats ? SAMPLE_KEY_OTHER : SAMPLE_KEY_STATE;
	*kept = kept_message(s, index, sample_key(&s->key, s->spec.by, kind, w, row));
	return *kept == index ? FATE_STAYS : FATE_GOES;
}

static int prune(struct sample *s, uint64_t index, struct aff_edit *e, bool *anything_left, uint64_t *superseded_by)
{
	struct sample_walk w = sample_walk_begin(e);
	unsigned readings = 0, stayed = 0;
	int rc = 0;
	*superseded_by = 0;
	*anything_left = true;
	if (is_event(e))
		return 0;
	for (unsigned i = 1; i < aff_edit_segments(e) && !rc;) {
		uint64_t kept = 0;
		if (!sample_walk_segment(&w, i)) {
			i++;
			continue;
		}
		readings++;
		switch (fate_of(s, index, &w, e, i, &kept, &rc)) {
		case FATE_STAYS:
			stayed++;
			i++;
			break;
		case FATE_GOES:
			if (kept > *superseded_by && kept != index)
				*superseded_by = kept;
			rc = delete_with_notes(e, i);
			break;
		case FATE_FAILED:
			break;
		}
	}
	*anything_left = stayed > 0 || !readings;
	return rc;
}

int sample_first(struct sample *s, int64_t received_us, uint64_t index, struct aff_edit *e, bool *anything_left)
{
	int64_t window = sample_window(s, received_us);
	uint64_t earlier;
	if (!s->started || window != s->window) {
		keyset_clear(&s->keys);
		if (s->change)
			sample_change_clear(s->change);
	}
	s->started = true;
	s->window = window;
	return prune(s, index, e, anything_left, &earlier);
}

void sample_window_begin(struct sample *s)
{
	keyset_clear(&s->keys);
	if (s->stats)
		sample_stats_clear(s->stats);
}

void sample_window_add(struct sample *s, uint64_t index, struct aff_edit *e)
{
	struct sample_walk w = sample_walk_begin(e);
	struct decimal number;
	if (is_event(e))
		return;
	for (unsigned i = 1; i < aff_edit_segments(e); i++) {
		if (!sample_walk_segment(&w, i))
			continue;
		if (s->stats && sample_number(&number, s->spec.by, &w, i)) {
			struct aff_view key = sample_key(&s->key, s->spec.by, SAMPLE_KEY_NUMBER, &w, i);
			if (!s->key.error)
				sample_stats_add(s->stats, key, index, number);
			continue;
		}
		enum sample_key_kind kind = s->stats ? SAMPLE_KEY_OTHER : SAMPLE_KEY_STATE;
		struct aff_view key = sample_key(&s->key, s->spec.by, kind, &w, i);
		uint64_t *kept = s->key.error ? NULL : keyset_add(&s->keys, key, index);
		if (kept && *kept < index)
			*kept = index;
	}
}

int sample_window_prune(struct sample *s, uint64_t index, struct aff_edit *e, bool *anything_left,
                        uint64_t *superseded_by)
{
	return prune(s, index, e, anything_left, superseded_by);
}
