/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/sample_change.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/vector.h"
#include "rules/keyset.h"

enum { KEY_BYTES_MAX = 16 << 20 };

/* The reading of a key that was sent last. */
struct sent {
	uint64_t index;          /* its message */
	bool number;             /* may be reckoned with; else its text counts */
	struct decimal value;
	uint64_t unit, text;     /* hashes */
};

struct sample_change {
	struct sample_spec spec;
	struct keyset keys;
	struct sent *sent;
	size_t n, room;
};

int sample_change_new(struct sample_change **out, const struct sample_spec *spec, size_t keys)
{
	struct sample_change *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	s->spec = *spec;
	keyset_init(&s->keys, keys, KEY_BYTES_MAX);
	*out = s;
	return 0;
}

void sample_change_free(struct sample_change *s)
{
	if (!s)
		return;
	keyset_free(&s->keys);
	free(s->sent);
	free(s);
}

void sample_change_clear(struct sample_change *s)
{
	keyset_clear(&s->keys);
	s->n = 0;
}

const struct sample_band *sample_band_of(const struct sample_spec *spec, struct aff_view code)
{
	const struct sample_band *others = NULL;
	for (size_t i = 0; i < spec->nbands; i++) {
		const struct sample_band *b = &spec->bands[i];
		if (!b->code)
			others = b;
		else if (aff_view_is(code, b->code))
			return b;
	}
	return others;
}

static struct sent read_row(const struct sample_change *s, uint64_t index, const struct sample_walk *w, unsigned row)
{
	struct sent r = {.index = index};
	r.number = sample_number(&r.value, s->spec.by, w, row);
	r.unit = hash64(aff_edit_field(w->e, row, OBX_UNITS));
	r.text = hash64(aff_edit_field(w->e, row, OBX_VALUE));
	/* a value that is taken back, or becomes suspect, is another one */
	r.text ^= hash64(aff_edit_field(w->e, row, OBX_STATUS)) * 3 + hash64(aff_edit_field(w->e, row, OBX_FLAGS)) * 5;
	return r;
}

static bool differs(const struct sent *a, const struct sent *b, const struct sample_band *band)
{
	if (a->unit != b->unit || a->number != b->number)
		return true;
	return a->number ? decimal_differs(a->value, b->value, band->width, band->share) : a->text != b->text;
}

enum sample_change_fate sample_change_fate(struct sample_change *s, const struct sample_band *band, struct aff_view key,
					   uint64_t index, const struct sample_walk *w, unsigned row)
{
	struct sent now = read_row(s, index, w, row);
	const uint64_t *known = keyset_find(&s->keys, key);
	if (known) {
		struct sent *before = &s->sent[*known];
		if (before->index != index && !differs(before, &now, band))
			return CHANGE_IS_SMALL;
		*before = now;
		return CHANGE_GOES_OUT;
	}
	if (vector_room(&s->sent, &s->room, s->n, sizeof *s->sent) || !keyset_add(&s->keys, key, s->n))
		return CHANGE_NO_ROOM;
	s->sent[s->n++] = now;
	return CHANGE_GOES_OUT;
}
