/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums are kept as they come; a median needs the values, which stand in one pool as lists.
 */
#include "rules/sample_stats.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/vector.h"

#define NOTHING UINT32_MAX
enum { VALUES_MAX = 1 << 19, KEY_BYTES_MAX = 16 << 20 };

struct slot {
	uint64_t index;          /* the last message with the key */
	unsigned rows, met;      /* in it; of them asked for */
	bool given_up;
	uint64_t count;
	struct decimal_sum sum;
	struct decimal low, high;
	uint32_t values;         /* the newest of them in the pool */
};

struct value {
	struct decimal number;
	uint32_t before;
};

struct sample_stats {
	struct sample_spec spec;
	struct keyset keys;      /* the number of the slot */
	struct slot *slots;
	size_t nslots, slots_room;
	struct value *values;
	size_t nvalues, values_room;
	struct decimal *sorted;
	size_t sorted_room;
	struct aff_buf text;
};

int sample_stats_new(struct sample_stats **out, const struct sample_spec *spec, size_t keys)
{
	struct sample_stats *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	s->spec = *spec;
	keyset_init(&s->keys, keys, KEY_BYTES_MAX);
	aff_buf_init(&s->text, 4096);
	*out = s;
	return 0;
}

void sample_stats_free(struct sample_stats *s)
{
	if (!s)
		return;
	keyset_free(&s->keys);
	free(s->slots);
	free(s->values);
	free(s->sorted);
	aff_buf_free(&s->text);
	free(s);
}

void sample_stats_clear(struct sample_stats *s)
{
	keyset_clear(&s->keys);
	s->nslots = s->nvalues = 0;
}

static struct slot *find(const struct sample_stats *s, struct aff_view key)
{
	const uint64_t *number = keyset_find(&s->keys, key);
	return number ? &s->slots[*number] : NULL;
}

static struct slot *find_or_add(struct sample_stats *s, struct aff_view key)
{
	struct slot *known = find(s, key);
	if (known || vector_room(&s->slots, &s->slots_room, s->nslots, sizeof *s->slots) ||
	    !keyset_add(&s->keys, key, s->nslots))
		return known;
	s->slots[s->nslots] = (struct slot){.values = NOTHING};
	return &s->slots[s->nslots++];
}

static bool keep_value(struct sample_stats *s, struct slot *slot, struct decimal number)
{
	if (s->spec.keep != SAMPLE_MEDIAN)
		return true;
	if (s->nvalues == VALUES_MAX || vector_room(&s->values, &s->values_room, s->nvalues, sizeof *s->values))
		return false;
	s->values[s->nvalues] = (struct value){number, slot->values};
	slot->values = (uint32_t)s->nvalues++;
	return true;
}

void sample_stats_add(struct sample_stats *s, struct aff_view key, uint64_t index, struct decimal number)
{
	struct slot *slot = find_or_add(s, key);
	if (!slot)
		return;
	if (!slot->count || decimal_compare(number, slot->low) < 0)
		slot->low = number;
	if (!slot->count || decimal_compare(number, slot->high) > 0)
		slot->high = number;
	slot->rows = slot->index == index ? slot->rows + 1 : 1;
	slot->index = index;
	slot->count++;
	if (!decimal_add(&slot->sum, number) || !keep_value(s, slot, number))
		slot->given_up = true;
}

enum sample_fate sample_stats_fate(struct sample_stats *s, struct aff_view key, uint64_t index, uint64_t *kept)
{
	struct slot *slot = find(s, key);
	if (!slot || slot->given_up || index > slot->index)
		return SAMPLE_PASS;
	*kept = slot->index;
	if (index < slot->index || ++slot->met < slot->rows)
		return SAMPLE_GOES;
	slot->met = 0;
	return SAMPLE_STANDS;
}

/* ---- the reading that stands for the others ---- */

static int by_size(const void *a, const void *b)
{
	return decimal_compare(*(const struct decimal *)a, *(const struct decimal *)b);
}

/* The one in the middle, or the mean of the two. */
static bool put_median(struct sample_stats *s, const struct slot *slot)
{
	size_t n = 0, count = (size_t)slot->count;
	struct decimal_sum middle = {0, slot->sum.decimals};
	if (s->sorted_room < count) {
		struct decimal *grown = realloc(s->sorted, count * sizeof *grown);
		if (!grown)
			return false;
		s->sorted = grown;
		s->sorted_room = count;
	}
	for (uint32_t v = slot->values; v != NOTHING; v = s->values[v].before)
		s->sorted[n++] = s->values[v].number;
	qsort(s->sorted, n, sizeof *s->sorted, by_size);
	return decimal_add(&middle, s->sorted[(n - 1) / 2]) && decimal_add(&middle, s->sorted[n / 2]) &&
	       decimal_put_mean(&s->text, &middle, 2);
}

static bool put_value(struct sample_stats *s, const struct slot *slot, char component)
{
	if (s->spec.keep == SAMPLE_MEAN)
		return decimal_put_mean(&s->text, &slot->sum, slot->count);
	if (s->spec.keep == SAMPLE_MEDIAN)
		return put_median(s, slot);
	aff_buf_put_char(&s->text, component);
	decimal_put(&s->text, slot->low);
	aff_buf_put_char(&s->text, component);
	aff_buf_put_char(&s->text, '-');
	aff_buf_put_char(&s->text, component);
	decimal_put(&s->text, slot->high);
	return true;
}

static void put_time(struct aff_buf *out, int64_t ms)
{
	if (ms % 60000 == 0)
		aff_buf_printf(out, "%" PRId64 " min", ms / 60000);
	else if (ms % 1000 == 0)
		aff_buf_printf(out, "%" PRId64 " s", ms / 1000);
	else
		aff_buf_printf(out, "%" PRId64 " ms", ms);
}

/* OBX-17: calculated, and how. */
static void put_method(struct sample_stats *s, const struct slot *slot, char component)
{
	static const char *const codes[] = {
		[SAMPLE_MEAN] = "mean", [SAMPLE_MEDIAN] = "median", [SAMPLE_MIN_MAX] = "min-max"};
	static const char *const names[] = {[SAMPLE_MEAN] = "mean",
	                                    [SAMPLE_MEDIAN] = "median",
	                                    [SAMPLE_MIN_MAX] = "lowest and highest"};
	const char *parts[] = {"ACALC", "auto-calculation", "MDC", codes[s->spec.keep]};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		aff_buf_put_text(&s->text, parts[i]);
		aff_buf_put_char(&s->text, component);
	}
	aff_buf_printf(&s->text, "%s of %" PRIu64 " reading%s in ", names[s->spec.keep], slot->count,
	               slot->count == 1 ? "" : "s");
	put_time(&s->text, s->spec.every_ms);
	aff_buf_put_char(&s->text, component);
	aff_buf_put_text(&s->text, "99AFFERENT");
}

static int set(struct aff_edit *e, unsigned row, unsigned field, struct aff_view text)
{
	return aff_edit_set(e, row, field, 0, 0, 0, text);
}

/* What was said about the one reading is not true of all of them. */
static int delete_notes(struct aff_edit *e, unsigned row)
{
	int rc = 0;
	for (unsigned i = row + 1; !rc && (aff_edit_is(e, i, "NTE") || aff_edit_is(e, i, "PRT"));) {
		if (aff_edit_is(e, i, "NTE"))
			rc = aff_edit_delete(e, i);
		else
			i++;
	}
	return rc;
}

int sample_stats_derive(struct sample_stats *s, struct aff_view key, struct aff_edit *e, unsigned row)
{
	const struct slot *slot = find(s, key);
	char component = aff_edit_delims(e).component;
	if (!slot)
		return AFF_EARGUMENT;
	if (slot->count == 1 && s->spec.keep != SAMPLE_MIN_MAX)
		return 0; /* it is that reading */
	aff_buf_clear(&s->text);
	if (!put_value(s, slot, component))
		return s->text.error ? s->text.error : AFF_ELIMIT;
	size_t value = s->text.n;
	put_method(s, slot, component);
	if (s->text.error)
		return s->text.error;
	int rc = set(e, row, OBX_VALUE, aff_view(s->text.p, value));
	if (!rc && s->spec.keep == SAMPLE_MIN_MAX)
		rc = set(e, row, OBX_TYPE, aff_view_of("SN"));
	if (!rc)
		rc = set(e, row, OBX_METHOD, aff_view(s->text.p + value, s->text.n - value));
	if (!rc)
		rc = set(e, row, OBX_FLAGS, aff_view("", 0));
	if (!rc)
		rc = set(e, row, OBX_INSTANCE, aff_view("", 0));
	return rc ? rc : delete_notes(e, row);
}
