/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/out/careful.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/vector.h"
#include "sys/clock.h"

#define AT_ONCE  64
#define MOST     4u /* once with others, three times alone */
#define LATE_US  1000000

struct attempt {
	int64_t message;
	unsigned n;
};

struct careful {
	char destination[128];
	struct writer *writer;
	_Atomic bool *alone;
	bool holds;                  /* *alone is ours */
	bool waits;                  /* for *alone, or for the journal */
	bool read;                   /* everything up to `until` was let in */
	int64_t until, allowed;
	struct attempt *known;       /* as of the start; sorted */
	size_t nknown, room;
	int64_t begun_us;            /* monotonic: the newest count */
	unsigned open;               /* deliveries that are counted and whose try is not over */
};

static int on_attempt(void *arg, int64_t message, unsigned n)
{
	struct careful *c = arg;
	if (vector_room(&c->known, &c->room, c->nknown, sizeof *c->known))
		return AFF_ENOMEM;
	c->known[c->nknown++] = (struct attempt){message, n};
	return 0;
}

int careful_new(struct careful **out, const struct careful_setup *setup, struct journal_reader *reader,
		struct aff_diag *diag)
{
	struct careful *c = calloc(1, sizeof *c);
	if (!c)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	snprintf(c->destination, sizeof c->destination, "%s", setup->destination);
	c->until = setup->until;
	c->writer = setup->writer;
	c->alone = setup->alone;
	int rc = journal_read_attempts(reader, aff_view_of(c->destination), on_attempt, c, diag);
	if (rc)
		careful_free(c);
	else
		*out = c;
	return rc;
}

static void let_others(struct careful *c)
{
	if (c->holds)
		atomic_store(c->alone, false);
	c->holds = false;
}

void careful_free(struct careful *c)
{
	if (!c)
		return;
	let_others(c);
	free(c->known);
	free(c);
}

bool careful_covers(const struct careful *c, int64_t id)
{
	return c && id <= c->until;
}

static unsigned known(const struct careful *c, int64_t id)
{
	size_t low = 0, high = c->nknown;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (c->known[middle].message < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->nknown && c->known[low].message == id ? c->known[low].n : 0;
}

bool careful_gives_up(const struct careful *c, int64_t id)
{
	return careful_covers(c, id) && known(c, id) >= MOST;
}

bool careful_suspects(const struct careful *c, int64_t id)
{
	return careful_covers(c, id) && known(c, id) > 0;
}

int64_t careful_allowed(const struct careful *c)
{
	return !c || c->read ? INT64_MAX : c->allowed;
}

/* ---- counting ---- */

struct counting {
	struct careful *c;
	const struct window *ended;
	int64_t id[AT_ONCE];
	unsigned n;
	int64_t last;                /* that was looked at */
};

static int count_all(void *arg, struct journal *journal, struct aff_diag *diag)
{
	const struct counting *now = arg;
	struct aff_view destination = aff_view_of(now->c->destination);
	int rc = journal_begin(journal, diag);
	for (unsigned i = 0; !rc && i < now->n; i++)
		rc = journal_set_attempts(journal, destination, now->id[i], known(now->c, now->id[i]) + 1, diag);
	if (!rc)
		rc = journal_commit(journal, diag);
	if (rc)
		journal_rollback(journal);
	return rc;
}

/* Before the try; a journal that fails otherwise than for want of room ends the process anyway. */
static bool count_now(struct counting *now)
{
	struct careful *c = now->c;
	bool before = now->n && known(c, now->id[0]);
	if (!now->n)
		return true;
	if (before && !c->holds)
		c->holds = !atomic_exchange(c->alone, true);
	c->waits = before && !c->holds;
#ifndef AFF_MUTANT_31 /* attempts are not counted */
	if (!c->waits)
		c->waits = writer_call(c->writer, count_all, now, NULL) != 0;
#endif
	if (c->waits)
		let_others(c);
	c->begun_us = clock_mono_us();
	return !c->waits;
}

static int collect(void *arg, const struct journal_row *row)
{
	struct counting *now = arg;
	int64_t id = row->message.id;
	if (id > now->c->until)
		return 1;
	bool ended = window_is_ended(now->ended, id);
	unsigned n = ended ? 0 : known(now->c, id);
	if (n && now->n) /* by itself, in the next round */
		return 1;
	now->last = id;
	if (!ended && n < MOST)
		now->id[now->n++] = id;
	return n || now->n == AT_ONCE;
}

bool careful_begin(struct careful *c, struct journal_reader *reader, struct aff_view channel, int64_t after,
		   const struct window *ended)
{
	struct counting now = {.c = c, .ended = ended, .last = INT64_MIN};
	if (c->read || after < c->allowed)
		return true;
	if (c->open)
		return false;
	let_others(c);
	c->waits = journal_read_channel(reader, channel, after, collect, &now, NULL) < 0;
	if (c->waits || !count_now(&now))
		return false;
	c->read = now.last == INT64_MIN;
	c->allowed = now.last;
	return true;
}

/* ---- deliveries ---- */

static void open_one(struct careful *c, struct delivery *d)
{
	d->counted = true;
	c->open++;
}

static void close_one(struct careful *c, struct delivery *d)
{
	if (!d->counted)
		return;
	d->counted = false;
	if (--c->open == 0)
		let_others(c);
}

void careful_add(struct careful *c, struct delivery *d)
{
	if (careful_covers(c, d->id))
		open_one(c, d);
}

bool careful_must_count(const struct careful *c, const struct delivery *d)
{
	return careful_covers(c, d->id) && !d->counted && !d->harmless;
}

bool careful_count(struct careful *c, struct delivery *d)
{
	struct counting now = {.c = c, .id = {d->id}, .n = 1};
	if (!count_now(&now))
		return false;
	open_one(c, d);
	return true;
}

void careful_end(struct careful *c, struct delivery *d)
{
	if (careful_covers(c, d->id))
		close_one(c, d);
}

int careful_release(struct careful *c, struct delivery *d, bool tried)
{
	if (!careful_covers(c, d->id) || !d->counted)
		return -1;
	close_one(c, d);
	d->harmless = tried;
	return tried ? 0 : (int)known(c, d->id);
}

bool careful_is_late(const struct careful *c, int64_t now_us)
{
	return c && c->open && now_us - c->begun_us > LATE_US;
}

void careful_rewind(struct careful *c, int64_t position)
{
	if (!c)
		return;
	c->open = 0;
	c->read = false;
	c->allowed = position;
	let_others(c);
}

int64_t careful_due_us(const struct careful *c, int64_t position, int64_t now_us)
{
	if (c && c->open)
		return c->begun_us + LATE_US + 1;
	if (!c || c->read || position < c->allowed)
		return INT64_MAX;
	return c->waits ? now_us + CAREFUL_AGAIN_US : now_us;
}
