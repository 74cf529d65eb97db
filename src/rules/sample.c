/* SPDX-License-Identifier: Apache-2.0
 *
 * Sampling. Each key remembers the message that is kept for it: the first one seen, or the last one. A reading stays
 * when its message is that one.
 */
#include "rules/sample.h"

#include <stdlib.h>

#include "rules/keyset.h"
#include "rules/notes.h"

enum { OBX_TYPE = 2, OBX_CODE = 3, OBX_SUB = 4, OBX_VALUE = 5, OBX_DEVICE = 18, KEY_BYTES_MAX = 16 << 20 };

struct sample {
	struct sample_spec spec;
	int64_t every_us;
	int64_t window;
	bool started;
	struct keyset keys;
	struct aff_buf key;
	uint64_t passed;
};

/* What stands above the current row of a message. */
struct walk {
	const struct aff_edit *e;
	struct aff_view patient, authority, place, device, sender;
};

int sample_new(struct sample **out, const struct sample_spec *spec, size_t max_keys)
{
	if (spec->every_ms <= 0 || spec->every_ms > INT64_MAX / 1000 || !spec->by)
		return AFF_EARGUMENT;
	struct sample *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	s->spec = *spec;
	s->every_us = spec->every_ms * 1000;
	keyset_init(&s->keys, max_keys ? max_keys : SAMPLE_KEYS_MAX, KEY_BYTES_MAX);
	aff_buf_init(&s->key, KEY_BYTES_MAX);
	*out = s;
	return 0;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	keyset_free(&s->keys);
	aff_buf_free(&s->key);
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

/* ---- keys ---- */

/* CR stands in no field, so different parts never run together to the same key. */
static void put_part(struct aff_buf *key, struct aff_view part)
{
	aff_buf_put_view(key, part);
	aff_buf_put_char(key, '\r');
}

static bool is_numeric(const struct aff_edit *e, unsigned row)
{
	struct aff_view type = aff_edit_get(e, row, OBX_TYPE, 1, 1, 0);
	return aff_view_is(type, "NM") || aff_view_is(type, "SN");
}

static struct aff_view key_of(struct sample *s, const struct walk *w, unsigned row)
{
	aff_buf_clear(&s->key);
	if (s->spec.by & SAMPLE_BY_PATIENT) {
		put_part(&s->key, w->patient);
		put_part(&s->key, w->authority);
		put_part(&s->key, w->place);
	}
	if (s->spec.by & SAMPLE_BY_DEVICE)
		put_part(&s->key, w->device.n ? w->device : w->sender);
	if (s->spec.by & SAMPLE_BY_CODE) {
		put_part(&s->key, aff_edit_get(w->e, row, OBX_CODE, 1, 1, 0));
		put_part(&s->key, aff_edit_get(w->e, row, OBX_CODE, 1, 3, 0));
		put_part(&s->key, aff_edit_field(w->e, row, OBX_SUB));
		if (!is_numeric(w->e, row))
			put_part(&s->key, aff_edit_field(w->e, row, OBX_VALUE));
	}
	return aff_buf_view(&s->key);
}

/* Alerts (R40) and events of pumps (R42) happen once. */
static bool is_event(const struct aff_edit *e)
{
	struct aff_view trigger = aff_edit_get(e, 0, 9, 1, 2, 0);
	return aff_view_is(trigger, "R40") || aff_view_is(trigger, "R42");
}

static struct walk walk_begin(const struct aff_edit *e)
{
	struct walk w = {.e = e, .sender = aff_edit_field(e, 0, 3)};
	return w;
}

/* Takes up what a segment says about the rows below it. Returns true when it is a reading. */
static bool walk_segment(struct walk *w, unsigned segment)
{
	if (aff_edit_is(w->e, segment, "PID")) {
		w->patient = aff_edit_get(w->e, segment, 3, 1, 1, 0);
		w->authority = aff_edit_get(w->e, segment, 3, 1, 4, 0);
		w->place = w->device = aff_view("", 0);
	} else if (aff_edit_is(w->e, segment, "PV1")) {
		w->place = aff_edit_field(w->e, segment, 3);
	} else if (aff_edit_is(w->e, segment, "OBR")) {
		w->device = aff_view("", 0);
	} else if (aff_edit_is(w->e, segment, "OBX")) {
		struct aff_view device = aff_edit_field(w->e, segment, OBX_DEVICE);
		if (device.n)
			w->device = device;
		return aff_edit_field(w->e, segment, OBX_VALUE).n > 0;
	}
	return false;
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

static int prune(struct sample *s, uint64_t index, struct aff_edit *e, bool *anything_left, uint64_t *superseded_by)
{
	struct walk w = walk_begin(e);
	unsigned readings = 0, kept = 0;
	*superseded_by = 0;
	*anything_left = true;
	if (is_event(e))
		return 0;
	for (unsigned i = 1; i < aff_edit_segments(e);) {
		if (!walk_segment(&w, i)) {
			i++;
			continue;
		}
		readings++;
		uint64_t message = kept_message(s, index, key_of(s, &w, i));
		if (message == index) {
			kept++;
			i++;
			continue;
		}
		if (message > *superseded_by)
			*superseded_by = message;
		int rc = delete_with_notes(e, i);
		if (rc)
			return rc;
	}
	*anything_left = kept > 0 || !readings;
	return 0;
}

int sample_first(struct sample *s, int64_t received_us, uint64_t index, struct aff_edit *e, bool *anything_left)
{
	int64_t window = sample_window(s, received_us);
	uint64_t earlier;
	if (!s->started || window != s->window)
		keyset_clear(&s->keys);
	s->started = true;
	s->window = window;
	return prune(s, index, e, anything_left, &earlier);
}

void sample_last_begin(struct sample *s)
{
	keyset_clear(&s->keys);
}

void sample_last_add(struct sample *s, uint64_t index, struct aff_edit *e)
{
	struct walk w = walk_begin(e);
	if (is_event(e))
		return;
	for (unsigned i = 1; i < aff_edit_segments(e); i++) {
		if (!walk_segment(&w, i))
			continue;
		struct aff_view key = key_of(s, &w, i);
		uint64_t *kept = s->key.error ? NULL : keyset_add(&s->keys, key, index);
		if (kept && *kept < index)
			*kept = index;
	}
}

int sample_last_prune(struct sample *s, uint64_t index, struct aff_edit *e, bool *anything_left,
                      uint64_t *superseded_by)
{
	return prune(s, index, e, anything_left, superseded_by);
}
