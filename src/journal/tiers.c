/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/tiers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/vector.h"
#include "journal/folder.h"
#include "journal/rewrite.h"
#include "journal/sql.h"
#include "journal/stats.h"
#include "sys/clock.h"
#include "sys/log.h"

#define AGAIN_US INT64_C(600000000) /* after a failure: it may write half a gigabyte */

void tiers_init(struct tiers *t, const struct journal_options *o)
{
	*t = (struct tiers){.keep_us = o->keep_bodies_us};
}

static void forget(struct tiers *t)
{
	free(t->file.kept);
	t->file = (struct tiers_file){0};
}

void tiers_free(struct tiers *t)
{
	forget(t);
}

/* ---- dead letters ---- */

struct fate {
	int64_t message;
	uint64_t destination;        /* hash of its name */
	size_t order;
	int kind;
};
struct fates {
	struct fate *item;
	size_t n, allocated;
};

static int compare(const void *a, const void *b)
{
	const struct fate *x = a, *y = b;
	if (x->message != y->message)
		return x->message < y->message ? -1 : 1;
	if (x->destination != y->destination)
		return x->destination < y->destination ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int collect(struct fates *l, sqlite3_stmt *s, struct aff_diag *diag)
{
	int step;
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		if (vector_room(&l->item, &l->allocated, l->n, sizeof *l->item))
			return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
		l->item[l->n] = (struct fate){sqlite3_column_int64(s, 0), hash64(sql_text(s, 1)), l->n,
					      sqlite3_column_int(s, 2)};
		l->n++;
	}
	return step == SQLITE_DONE ? 0 : sql_error(sqlite3_db_handle(s), step, "read the outcomes", diag);
}

/* What became dead, and what of that did not stay so: of the messages of the i-th log file, in it and later ones. */
static int read_fates(struct journal_reader *reader, size_t i, struct fates *l, struct aff_diag *diag)
{
	static const char sql[] = "SELECT o.message, n.text, o.kind FROM outcome o JOIN name n ON n.id = o.destination"
				  " WHERE o.message >= ?1 AND o.message < ?2 AND (o.kind = 4 OR o.instead = 4)"
				  " ORDER BY o.id";
	int64_t from = reader->list.first[i], to = reader->list.first[i + 1];
	int rc = 0;
	for (size_t k = i; k < reader->list.n && !rc; k++) {
		struct reader_file *f;
		sqlite3_stmt *s = NULL;
		rc = reader_file(reader, k, &f, diag);
		if (rc == READER_GONE) {
			rc = 0;
			continue;
		}
		if (!rc)
			rc = sql_prepare(f->db, sql, &s, diag);
		if (!rc) {
			sqlite3_bind_int64(s, 1, from);
			sqlite3_bind_int64(s, 2, to);
			rc = collect(l, s, diag);
		}
		sqlite3_finalize(s);
	}
	return rc;
}

/* The messages that are dead at some destination, in order. */
static int find_dead(struct tiers *t, struct journal_reader *reader, size_t i, struct aff_diag *diag)
{
	struct fates l = {0};
	int rc = read_fates(reader, i, &l, diag);
	if (!rc && l.n) {
		qsort(l.item, l.n, sizeof *l.item, compare);
		t->file.kept = calloc(l.n, sizeof *t->file.kept);
		rc = t->file.kept ? 0 : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	}
	for (size_t k = 0; k < l.n && !rc; k++) {
		const struct fate *f = &l.item[k], *next = k + 1 < l.n ? f + 1 : NULL;
		bool last = !next || next->message != f->message || next->destination != f->destination;
		size_t n = t->file.nkept;
		if (last && f->kind == JOURNAL_DEAD && (n == 0 || t->file.kept[n - 1] != f->message))
			t->file.kept[t->file.nkept++] = f->message;
	}
	free(l.item);
	return rc;
}

/* ---- looking ---- */

/* Whether there is nothing to remove in the file. */
static int is_done(sqlite3 *db, bool *done, struct aff_diag *diag)
{
	int64_t at;
	int format = 0;
	int rc = schema_format(db, &format, diag);
	*done = !rc && format != FORMAT; /* its chain is over the bodies themselves */
	if (rc || *done)
		return rc;
	rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'bodies_removed'", &at, diag);
	*done = !rc;
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

static const char *find_holder(const struct journal_stats *file)
{
#ifdef AFF_MUTANT_46 /* takes away what was not delivered yet */
	(void)file;
#else
	for (size_t i = 0; i < file->nledgers; i++) {
		if (file->ledgers[i].pending)
			return file->ledgers[i].destination;
	}
#endif
	return NULL;
}

static int is_held(struct journal_reader *reader, size_t i, struct retention *r, bool *held, struct aff_diag *diag)
{
	struct journal_stats file;
	int rc = stats_of_file(reader, i, &file, diag);
	if (rc)
		return rc;
	const char *holder = find_holder(&file);
	*held = holder != NULL;
	snprintf(r->state.bodies_held_by, sizeof r->state.bodies_held_by, "%s", holder ? holder : "");
	journal_stats_free(&file);
	return 0;
}

/* What the action says; the verifier makes the same text of what it finds (verify_vouch.c). */
static int describe(struct tiers *t, sqlite3 *db, int64_t first, uint64_t *removed, struct aff_diag *diag)
{
	int64_t bodies = 0;
	int rc = sql_integer(db, "SELECT count(*) FROM message WHERE body IS NOT NULL", &bodies, diag);
	if (rc)
		return rc;
	t->file.first = first;
	*removed = (uint64_t)bodies > t->file.nkept ? (uint64_t)bodies - t->file.nkept : 0;
	snprintf(t->file.detail, sizeof t->file.detail, CARRY_BODIES_DETAIL, first, *removed,
		 (uint64_t)t->file.nkept);
	return 0;
}

/* 0: look no further; 1: there is nothing to do in this file. */
static int examine(struct tiers *t, struct retention *r, struct journal_reader *reader, size_t i, struct carry *out,
		   bool *now, int64_t *unfinished, struct aff_diag *diag)
{
	char path[PATH_MAX], before[CARRY_DETAIL];
	struct reader_file *f;
	bool done = false, held = false, sealed = false, recorded = t->file.recorded;
	uint64_t removed = 0;
	int64_t first = reader->list.first[i];
	int rc = folder_path(path, sizeof path, r->folder, first, "", diag);
	if (!rc)
		rc = schema_is_sealed(path, &sealed, diag);
	if (rc || !sealed) {
		*unfinished = rc ? 0 : first;
		return rc == AFF_ENOTFOUND ? 1 : rc;
	}
	rc = reader_file(reader, i, &f, diag);
	if (!rc)
		rc = is_done(f->db, &done, diag);
	if (rc || done)
		return rc == READER_GONE || done ? 1 : rc;
	rc = is_held(reader, i, r, &held, diag);
	if (rc || held)
		return rc == READER_GONE ? 1 : rc;
	memcpy(before, t->file.detail, sizeof before);
	forget(t);
	rc = find_dead(t, reader, i, diag);
	if (!rc)
		rc = reader_file(reader, i, &f, diag);
	if (!rc)
		rc = describe(t, f->db, first, &removed, diag);
	if (rc || removed == 0)
		return rc == READER_GONE || !rc ? 1 : rc;
	t->file.recorded = *now = recorded && strcmp(before, t->file.detail) == 0;
	if (!*now)
		carry_make_bodies(out, first, t->file.detail);
	return 0;
}

static int look_at(struct tiers *t, struct retention *r, struct journal_reader *reader, struct carry *out, bool *now,
		   int64_t *unfinished, struct aff_diag *diag)
{
	int64_t limit = retention_now(r) - t->keep_us;
	int rc = 1;
	for (size_t i = 0; rc == 1 && i + 1 < reader->list.n && reader->list.first[i + 1] <= limit; i++) {
		if (reader->list.first[i] <= t->done)
			continue;
		rc = examine(t, r, reader, i, out, now, unfinished, diag);
		if (rc == 1)
			t->done = reader->list.first[i];
	}
	return rc == 1 ? 0 : rc;
}

int tiers_look(struct tiers *t, struct retention *r, struct carry *out, bool *now, int64_t *unfinished,
	       struct aff_diag *diag)
{
	struct journal_reader *reader;
	struct file_list list = {0};
	*now = false;
	*unfinished = 0;
	r->state.bodies_held_by[0] = '\0';
	if (!t->keep_us || clock_mono_us() < t->again_us)
		return 0;
	int rc = folder_list(r->folder, &list, diag);
	size_t i = rc || !list.n ? 0 : folder_position(&list, t->done + 1);
	bool due = !rc && list.n > 1;
	while (due && i < list.n && list.first[i] <= t->done)
		i++;
	due = due && i + 1 < list.n && list.first[i + 1] <= retention_now(r) - t->keep_us;
	folder_list_free(&list);
	if (rc || !due)
		return rc;
	rc = journal_reader_open(&reader, r->folder, diag);
	if (rc)
		return rc;
	rc = look_at(t, r, reader, out, now, unfinished, diag);
	journal_reader_close(reader);
	return rc;
}

/* ---- removing ---- */

int tiers_remove(struct tiers *t, struct retention *r, int (*look)(void *arg), void *arg, struct aff_diag *diag)
{
	struct rewrite w = {.folder = r->folder, .look = look, .arg = arg, .strip = true, .kept = t->file.kept,
			    .nkept = t->file.nkept, .at_us = clock_wall_us(), .diag = diag};
	uint64_t before = folder_size(r->folder, t->file.first);
	int lock = -1;
	t->file.recorded = true;
	int rc = rewrite_lock(r->folder, &lock, diag);
	if (!rc)
		rc = rewrite_file(&w, t->file.first);
	if (lock >= 0)
		close(lock);
	if (rc == AFF_ENOTFOUND) /* retention took all of it */
		rc = 0;
	if (rc) {
		t->again_us = rc == AFF_EAGAIN ? 0 : clock_mono_us() + AGAIN_US;
		return rc == AFF_EBUSY ? 0 : rc;
	}
	uint64_t after = folder_size(r->folder, t->file.first);
	r->state.stripped_files++;
	r->state.stripped_bytes += before > after ? before - after : 0;
	log_info("journal", "retention: %s; %" PRIu64 " bytes are free", t->file.detail,
		 before > after ? before - after : 0);
	t->done = t->file.first;
	forget(t);
	return 0;
}
