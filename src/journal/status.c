/* SPDX-License-Identifier: Apache-2.0
 *
 * Which messages have a status. The open log file has no index on outcomes, so messages are taken in windows, and
 * each log file's outcomes for the window are read in one go. The window grows: first answers come soon, rare ones do
 * not cost a pass over the outcomes each.
 */
#include <stdlib.h>

#include "journal/search.h"
#include "journal/sql.h"

#define FIRST_WINDOW 1024
#define LAST_WINDOW  (256 * 1024)

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
	s->n = 0;
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
	if (!rc) {
		sqlite3_bind_int64(statement, 1, range.low);
		sqlite3_bind_int64(statement, 2, range.high);
		sqlite3_bind_int(statement, 3, wants_pending(s) ? 0 : s->query->status);
		sqlite3_bind_int64(statement, 4, destination);
	}
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

/* Which messages a log file's outcomes are about: a later file has few or none for earlier messages. */
static int find_bounds(const struct reader_file *f, struct outcome_bounds *b, struct aff_diag *diag)
{
	sqlite3_stmt *statement = NULL;
	if (b->known)
		return 0;
	int rc = sql_prepare(f->db,
	                     f->sealed ? "SELECT (SELECT min(message) FROM outcome), (SELECT max(message) FROM outcome)"
	                               : "SELECT min(message), max(message) FROM outcome",
	                     &statement, diag);
	int step = rc ? SQLITE_DONE : sqlite3_step(statement);
	if (step == SQLITE_ROW)
		*b = (struct outcome_bounds){true, sqlite3_column_int64(statement, 0),
		                             sqlite3_column_int64(statement, 1)};
	else if (!rc)
		rc = sql_error(f->db, step, "read the outcomes", diag);
	sqlite3_finalize(statement);
	return rc;
}

static int mark_in(struct status *s, size_t i, bool own, struct id_range range, struct aff_diag *diag)
{
	struct reader_file *f;
	struct outcome_bounds *b = &s->bounds[i];
	if (!own && b->known && (b->high < range.low || b->low > range.high))
		return 0;
	int rc = reader_file(s->reader, i, &f, diag);
	if (rc)
		return rc == READER_GONE ? 0 : rc;
	if (!own)
		rc = find_bounds(f, b, diag);
	if (rc || (!own && (b->high < range.low || b->low > range.high)))
		return rc;
	return mark(s, f, range, diag);
}

int status_resolve(struct status *s, size_t i, struct aff_diag *diag)
{
	int rc = 0;
	if (s->window < LAST_WINDOW)
		s->window *= 4;
	if (s->n == 0)
		return 0;
	int64_t a = s->candidate[0].id, b = s->candidate[s->n - 1].id;
	struct id_range range = {a < b ? a : b, a < b ? b : a};
	for (size_t k = i; k < s->reader->list.n && !rc; k++)
		rc = mark_in(s, k, k == i, range, diag);
	return rc;
}

bool status_matches(const struct status *s, const struct candidate *c)
{
	return wants_pending(s) ? c->seen < c->wanted : c->seen > 0;
}
