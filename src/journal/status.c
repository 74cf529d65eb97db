/* SPDX-License-Identifier: Apache-2.0
 *
 * Which messages have a status. The open log file has no index on outcomes, so messages are taken in windows, and
 * each log file's outcomes for the window are read in one go. The window grows: first answers come soon, rare ones do
 * not cost a pass over the outcomes each.
 */
#include <stdlib.h>

#include "base/vector.h"
#include "journal/search.h"
#include "journal/sql.h"

#define FIRST_WINDOW 1024
#define LAST_WINDOW  (256 * 1024)
#define FEW          300   /* outcomes whose messages are looked up one by one */

static bool wants_pending(const struct status *s)
{
	return s->query->status == JOURNAL_PENDING;
}

/* Leaves the destinations that are asked about. */
static void select_cursors(struct status *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->cursors.n; i++) {
		if (s->query->destination.n == 0 || aff_view_is(s->query->destination, s->cursors.item[i].destination))
			s->cursors.item[n++] = s->cursors.item[i];
	}
	s->cursors.n = n;
}

int status_init(struct status *s, struct journal_reader *r, const struct journal_query *q, struct aff_diag *diag)
{
	*s = (struct status){.reader = r, .query = q, .window = FIRST_WINDOW};
	struct reader_file *f;
	int rc = 0;
	if (wants_pending(s)) {
		rc = reader_file(r, r->list.n - 1, &f, diag);
		if (rc == 0)
			rc = reader_cursors(f, &s->cursors, diag);
		select_cursors(s);
	}
	s->candidate = malloc(LAST_WINDOW * sizeof *s->candidate);
	s->bounds = calloc(r->list.n, sizeof *s->bounds);
	if (!rc && (!s->candidate || !s->bounds))
		rc = aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (rc)
		status_free(s);
	return rc;
}

void status_free(struct status *s)
{
	free(s->cursors.item);
	free(s->candidate);
	free(s->bounds);
	free(s->few.id);
}

int64_t status_settled(const struct status *s)
{
	if (!wants_pending(s))
		return 0;
	int64_t low = INT64_MAX;
	for (size_t i = 0; i < s->cursors.n; i++) {
		if (s->cursors.item[i].position < low)
			low = s->cursors.item[i].position;
	}
	return low;
}

/* The ids of the selected destinations (or of their channels) in a log file, 0 where it has none. */
static int names_in(const struct status *s, const struct reader_file *f, enum name_kind kind, int64_t **out,
                    struct aff_diag *diag)
{
	int rc = 0;
	*out = calloc(s->cursors.n + 1, sizeof **out);
	if (!*out)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	for (size_t i = 0; i < s->cursors.n && !rc; i++) {
		struct aff_view name = aff_view_of(s->cursors.item[i].destination);
		rc = reader_name_or_0(f, kind, kind == NAME_CHANNEL ? reader_channel_of(name) : name, &(*out)[i], diag);
	}
	return rc;
}

static uint32_t wanted_by(const struct status *s, const int64_t *channels, int64_t id, int64_t channel)
{
	uint32_t n = 0;
	for (size_t i = 0; i < s->cursors.n; i++)
		n += channels[i] == channel && id > s->cursors.item[i].position;
	return n;
}

int status_take(struct status *s, const struct reader_file *f, sqlite3_stmt *statement, struct aff_diag *diag)
{
	int64_t *channels = NULL;
	int step = SQLITE_DONE;
	int rc = names_in(s, f, NAME_CHANNEL, &channels, diag);
	while (!rc && s->n < s->window && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);
		s->candidate[s->n++] =
			(struct candidate){id, wanted_by(s, channels, id, sqlite3_column_int64(statement, 1)), 0};
	}
	if (!rc && step != SQLITE_ROW && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "search", diag);
	sqlite3_reset(statement);
	free(channels);
	return rc;
}

static struct candidate *find(struct status *s, int64_t id)
{
	bool rising = s->query->oldest_first;
	size_t low = 0, high = s->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int64_t at = s->candidate[middle].id;
		if (at == id)
			return &s->candidate[middle];
		if ((at < id) == rising)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool counts(const struct status *s, const int64_t *names, int64_t id, int64_t destination)
{
	if (!wants_pending(s))
		return true;
	for (size_t i = 0; i < s->cursors.n; i++) {
		if (names[i] == destination)
			return id > s->cursors.item[i].position;
	}
	return false;
}

static void bind_wanted(const struct status *s, sqlite3_stmt *statement, struct id_range range, int64_t destination)
{
	sqlite3_bind_int64(statement, 1, range.low);
	sqlite3_bind_int64(statement, 2, range.high);
	sqlite3_bind_int(statement, 3, wants_pending(s) ? 0 : s->query->status);
	sqlite3_bind_int64(statement, 4, destination);
}

/* Marks the candidates that have an outcome in this log file. An outcome that stands for an earlier one takes that
 * one's mark back, in whatever order they come. */
static int mark(struct status *s, const struct reader_file *f, struct id_range range, struct aff_diag *diag)
{
	/* Without the plus signs, the index on destinations would be taken: it does not know the messages' range. */
	static const char text[] = "SELECT message, destination, CASE ?3 WHEN 0 THEN instead = 0"
				   " ELSE (kind = ?3) - (instead = ?3) END FROM outcome"
				   " WHERE message BETWEEN ?1 AND ?2 AND (?3 = 0 OR +kind = ?3 OR +instead = ?3)"
				   " AND (?4 = 0 OR +destination = ?4)";
	sqlite3_stmt *statement = NULL;
	int64_t *names = NULL, destination = 0;
	int step = SQLITE_DONE;
	int rc = names_in(s, f, NAME_DESTINATION, &names, diag);
	if (!rc && s->query->destination.n)
		rc = reader_name(f, NAME_DESTINATION, s->query->destination, &destination, diag);
	if (!rc)
		rc = sql_prepare(f->db, text, &statement, diag);
	if (!rc)
		bind_wanted(s, statement, range, destination);
	while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);
		struct candidate *c = find(s, id);
		if (c && counts(s, names, id, sqlite3_column_int64(statement, 1)))
			c->seen += (uint32_t)sqlite3_column_int(statement, 2);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "read the outcomes", diag);
	sqlite3_finalize(statement);
	free(names);
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

/* Which messages a log file's outcomes of the wanted kind are about, and how many there are. A later file has few or
 * none for earlier messages. AFF_ENOTFOUND: it does not know the destination. */
static int find_bounds(const struct status *s, const struct reader_file *f, struct outcome_bounds *b,
                       struct aff_diag *diag)
{
#define WANTED "WHERE ?1 < ?2 AND (?3 = 0 OR +kind = ?3 OR +instead = ?3) AND (?4 = 0 OR +destination = ?4)"
	sqlite3_stmt *statement = NULL;
	int64_t destination = 0;
	if (b->known)
		return 0;
	int rc = s->query->destination.n
			 ? reader_name_or_0(f, NAME_DESTINATION, s->query->destination, &destination, diag) : 0;
	if (rc || (s->query->destination.n && destination == 0)) {
		b->known = true;
		return rc;
	}
	rc = sql_prepare(f->db, f->sealed ? "SELECT min(low), max(high), sum(n) FROM outcome_total " WANTED
	                                  : "SELECT min(message), max(message), count(*) FROM outcome " WANTED,
	                 &statement, diag);
	if (!rc)
		bind_wanted(s, statement, (struct id_range){0, 1}, destination);
	int step = rc ? SQLITE_DONE : sqlite3_step(statement);
	if (step == SQLITE_ROW)
		*b = (struct outcome_bounds){true, sqlite3_column_int64(statement, 0),
		                             sqlite3_column_int64(statement, 1),
		                             sqlite3_column_int64(statement, 2)};
	else if (!rc)
		rc = sql_error(f->db, step, "read the outcomes", diag);
	sqlite3_finalize(statement);
	return rc;
}

static bool is_beyond(const struct outcome_bounds *b, struct id_range range)
{
	return b->known && (b->n == 0 || b->high < range.low || b->low > range.high);
}

typedef int outcomes_fn(struct status *s, const struct reader_file *f, struct id_range range, struct aff_diag *diag);

/* Calls fn for each log file from i on that has wanted outcomes of messages in the range. That a file has outcomes of
 * its own messages is no question when all kinds are wanted. */
static int each_file(struct status *s, size_t i, struct id_range range, outcomes_fn *fn, struct aff_diag *diag)
{
	int rc = 0;
	for (size_t k = i; k < s->reader->list.n && !rc; k++) {
		struct reader_file *f;
		struct outcome_bounds *b = &s->bounds[k];
		bool own = k == i && wants_pending(s);
		if (!own && is_beyond(b, range))
			continue;
		rc = reader_file(s->reader, k, &f, diag);
		if (!rc && !own)
			rc = find_bounds(s, f, b, diag);
		if (!rc && (own || !is_beyond(b, range)))
			rc = fn(s, f, range, diag);
		rc = rc == READER_GONE ? 0 : rc;
	}
	return rc;
}

int status_resolve(struct status *s, size_t i, struct aff_diag *diag)
{
	if (s->window < LAST_WINDOW)
		s->window *= 4;
	if (s->n == 0)
		return 0;
	int64_t a = s->candidate[0].id, b = s->candidate[s->n - 1].id;
	struct id_range range = {a < b ? a : b, a < b ? b : a};
	return each_file(s, i, range, mark, diag);
}

bool status_matches(const struct status *s, const struct candidate *c)
{
	return wants_pending(s) ? c->seen < c->wanted : c->seen > 0;
}

/* ---- where they are ---- */

static int add_up(struct status *s, const struct reader_file *f, struct id_range range, struct aff_diag *diag)
{
	(void)range;
	(void)diag;
	const struct outcome_bounds *b = &s->bounds[folder_position(&s->reader->list, f->first)];
	s->few.low = b->low < s->few.low ? b->low : s->few.low;
	s->few.high = b->high > s->few.high ? b->high : s->few.high;
	s->few.expected += b->n;
	return 0;
}

static int take_ids(struct status *s, const struct reader_file *f, struct id_range range, struct aff_diag *diag)
{
	static const char text[] = "SELECT message FROM outcome WHERE message BETWEEN ?1 AND ?2 AND +kind = ?3"
				   " AND (?4 = 0 OR +destination = ?4)";
	sqlite3_stmt *statement = NULL;
	int64_t destination = 0;
	int step = SQLITE_DONE;
	int rc = s->query->destination.n
			 ? reader_name_or_0(f, NAME_DESTINATION, s->query->destination, &destination, diag) : 0;
	if (!rc)
		rc = sql_prepare(f->db, text, &statement, diag);
	if (!rc)
		bind_wanted(s, statement, range, destination);
	while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		if (vector_room(&s->few.id, &s->few.allocated, s->few.n, sizeof *s->few.id))
			rc = aff_diag_set(diag, AFF_ENOMEM, "out of memory");
		else
			s->few.id[s->few.n++] = sqlite3_column_int64(statement, 0);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "read the outcomes", diag);
	sqlite3_finalize(statement);
	return rc;
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Of the ranges, what lies between low and high. */
static int clip(struct id_ranges *ranges, int64_t low, int64_t high, struct aff_diag *diag)
{
	size_t n = ranges->n;
	int rc = 0;
	ranges->n = 0;
	for (size_t i = 0; i < n && !rc; i++) { /* never ahead of what is read */
		struct id_range r = ranges->item[i];
		r.low = r.low < low ? low : r.low;
		r.high = r.high > high ? high : r.high;
		rc = id_ranges_add(ranges, r, diag);
	}
	return rc;
}

/* Of the ids, each by itself, those that lie in the ranges. */
static int select_few(struct status *s, struct id_ranges *ranges, struct aff_diag *diag)
{
	struct id_ranges out = {0};
	size_t at = 0;
	int rc = 0;
	if (s->few.n)
		qsort(s->few.id, s->few.n, sizeof *s->few.id, compare_ids);
	for (size_t i = 0; i < s->few.n && !rc; i++) {
		int64_t id = s->few.id[i];
		while (at < ranges->n && ranges->item[at].high <= id)
			at++;
		if (at < ranges->n && ranges->item[at].low < id && (i == 0 || s->few.id[i - 1] != id))
			rc = id_ranges_add(&out, (struct id_range){id - 1, id + 1}, diag);
	}
	free(ranges->item);
	*ranges = out;
	return rc;
}

int status_narrow(struct status *s, size_t i, struct id_ranges *ranges, struct aff_diag *diag)
{
	if (wants_pending(s) || ranges->n == 0)
		return 0;
	struct id_range all = {ranges->item[0].low + 1, ranges->item[ranges->n - 1].high - 1};
	s->few.low = INT64_MAX;
	s->few.high = 0;
	s->few.expected = 0;
	s->few.n = 0;
	int rc = each_file(s, i, all, add_up, diag);
	if (rc)
		return rc;
	if (s->few.expected == 0 || s->few.expected > FEW)
		return s->few.expected ? clip(ranges, s->few.low - 1, s->few.high + 1, diag)
				       : clip(ranges, 0, 0, diag);
	rc = each_file(s, i, all, take_ids, diag);
	return rc ? rc : select_few(s, ranges, diag);
}
