/* SPDX-License-Identifier: Apache-2.0
 *
 * A ring of deliveries, and a sorted list of ids that ended ahead of the low-water mark before a restart or reload.
 */
#include "engine/out/window.h"

#include <stdlib.h>

#include <afferent/error.h>

#include "base/vector.h"

struct window {
	struct delivery **slots;
	unsigned first, count, max;
	size_t bytes, max_bytes;
	int64_t low_water;
	int64_t *ended; /* sorted */
	size_t nended, ended_capacity;
};

int window_new(struct window **out, unsigned max_deliveries, size_t max_bytes, int64_t low_water)
{
	struct window *w = calloc(1, sizeof *w);
	if (!w)
		return AFF_ENOMEM;
	w->slots = calloc(max_deliveries, sizeof(struct delivery *));
	if (!w->slots) {
		free(w);
		return AFF_ENOMEM;
	}
	w->max = max_deliveries;
	w->max_bytes = max_bytes;
	w->low_water = low_water;
	*out = w;
	return 0;
}

static struct delivery *at(const struct window *w, unsigned i)
{
	return w->slots[(w->first + i) % w->max];
}

void window_free(struct window *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i < w->count; i++)
		delivery_free(at(w, i));
	free(w->slots);
	free(w->ended);
	free(w);
}

bool window_has_room(const struct window *w)
{
	return w->count < w->max && w->bytes < w->max_bytes;
}

bool window_is_roomy(const struct window *w)
{
	return w->count <= w->max - w->max / 4 && w->bytes <= w->max_bytes - w->max_bytes / 4;
}

unsigned window_count(const struct window *w)
{
	return w->count;
}

struct delivery *delivery_new(int64_t id, int64_t received_us, struct aff_view bytes, struct aff_view control_id)
{
	struct delivery *d = calloc(1, sizeof *d + bytes.n + control_id.n);
	if (!d)
		return NULL;
	d->id = id;
	d->received_us = received_us;
	if (bytes.n)
		memcpy(d->data, bytes.p, bytes.n);
	if (control_id.n)
		memcpy(d->data + bytes.n, control_id.p, control_id.n);
	d->bytes = aff_view(d->data, bytes.n);
	d->control_id = aff_view(d->data + bytes.n, control_id.n);
	return d;
}

void delivery_free(struct delivery *d)
{
	if (d)
		free(d->parts);
	free(d);
}

static struct aff_view moved(struct aff_view v, struct aff_view from, struct aff_view to)
{
	return aff_view(to.p + (v.p - from.p), v.n);
}

int delivery_set_parts(struct delivery *d, struct aff_view bytes, const struct split_part *parts, unsigned n)
{
	d->parts = calloc(n, sizeof *d->parts);
	if (!d->parts)
		return AFF_ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		/* MSH-10 of a bundle is in none of them; it is of no use either */
		bool inside = parts[i].control_id.p >= bytes.p && parts[i].control_id.p < bytes.p + bytes.n;
		d->parts[i].bytes = moved(parts[i].bytes, bytes, d->bytes);
		d->parts[i].control_id = inside ? moved(parts[i].control_id, bytes, d->bytes) : d->control_id;
	}
	d->nparts = n;
	return 0;
}

struct split_part delivery_part(const struct delivery *d)
{
	return d->nparts ? d->parts[d->part] : (struct split_part){d->bytes, d->control_id};
}

void window_adopt(struct window *w, struct delivery *d)
{
	w->slots[(w->first + w->count++) % w->max] = d;
	w->bytes += d->bytes.n;
}

struct delivery *window_add(struct window *w, int64_t id, int64_t received_us, struct aff_view bytes,
			    struct aff_view control_id)
{
	struct delivery *d = delivery_new(id, received_us, bytes, control_id);
	if (d)
		window_adopt(w, d);
	return d;
}

static void advance(struct window *w)
{
	while (w->count && at(w, 0)->state == DELIVERY_ENDED) {
		struct delivery *d = at(w, 0);
		w->low_water = d->id;
		w->bytes -= d->bytes.n;
		w->first = (w->first + 1) % w->max;
		w->count--;
		delivery_free(d);
	}
}

int window_add_ended(struct window *w, int64_t id)
{
	if (!w->count) {
		w->low_water = id;
		return 0;
	}
	struct delivery *d = window_add(w, id, 0, aff_view("", 0), aff_view("", 0));
	if (!d)
		return AFF_ENOMEM;
	d->state = DELIVERY_ENDED;
	return 0;
}

void window_end(struct window *w, struct delivery *d)
{
	d->state = DELIVERY_ENDED;
	advance(w);
}

int64_t window_low_water(const struct window *w)
{
#ifdef AFF_MUTANT_3 /* the cursor passes messages that are still on their way */
	return w->count ? at(w, w->count - 1)->id : w->low_water;
#else
	return w->low_water;
#endif
}

int64_t window_oldest_us(const struct window *w)
{
	return w->count ? at(w, 0)->received_us : 0;
}

/* Nothing up to the low-water mark is read again. */
static void forget_passed(struct window *w)
{
	size_t passed = 0;
	while (passed < w->nended && w->ended[passed] <= w->low_water)
		passed++;
	if (passed)
		memmove(w->ended, w->ended + passed, (w->nended - passed) * sizeof *w->ended);
	w->nended -= passed;
}

int window_remember(struct window *w, int64_t id)
{
	if (w->nended == w->ended_capacity)
		forget_passed(w);
	if (vector_room(&w->ended, &w->ended_capacity, w->nended, sizeof *w->ended))
		return AFF_ENOMEM;
	size_t at = w->nended++;
	for (; at && w->ended[at - 1] > id; at--)
		w->ended[at] = w->ended[at - 1];
	w->ended[at] = id;
	return 0;
}

bool window_is_ended(const struct window *w, int64_t id)
{
	size_t low = 0, high = w->nended;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (w->ended[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->nended && w->ended[low] == id;
}

void window_rewind(struct window *w)
{
	size_t kept = 0;
	/* what the list knew about ids not read again yet stays behind those that the ring knows */
	int64_t newest = w->count ? at(w, w->count - 1)->id : w->low_water;
	size_t later = 0;
	while (later < w->nended && w->ended[later] <= newest)
		later++;
	size_t ahead = w->nended - later, in_ring = 0;
	for (unsigned i = 0; i < w->count; i++)
		in_ring += at(w, i)->state == DELIVERY_ENDED;
	int64_t *ended = malloc((in_ring + ahead + 1) * sizeof *ended);
	for (unsigned i = 0; i < w->count; i++) {
		struct delivery *d = at(w, i);
		if (ended && d->state == DELIVERY_ENDED)
			ended[kept++] = d->id;
		delivery_free(d);
	}
	if (ended) {
		if (ahead)
			memcpy(ended + kept, w->ended + later, ahead * sizeof *ended);
		free(w->ended);
		w->ended = ended;
		w->nended = kept + ahead;
		w->ended_capacity = in_ring + ahead + 1;
	}
	w->first = w->count = 0;
	w->bytes = 0;
}
