/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/retention.h"

#include <inttypes.h>
#include <stdio.h>

#include "journal/folder.h"
#include "journal/sql.h"
#include "journal/stats.h"
#include "sys/clock.h"
#include "sys/log.h"

void retention_init(struct retention *r, const char *folder, const struct journal_options *o)
{
	*r = (struct retention){.folder = folder,
	                        .keep_us = o->keep_us,
	                        .keep_bytes = o->keep_bytes,
	                        .now_us = o->now_us ? o->now_us : clock_wall_us};
	r->wall_us = r->now_us();
	r->mono_us = clock_mono_us();
}

bool retention_is_wanted(const struct retention *r)
{
	return r->keep_us || r->keep_bytes;
}

/* A clock that leaps ahead must not empty the journal: no more time has passed than the monotonic clock says. */
int64_t retention_now(const struct retention *r)
{
	int64_t wall = r->now_us();
	int64_t passed = r->wall_us + (clock_mono_us() - r->mono_us);
	return r->now_us == clock_wall_us && passed < wall ? passed : wall;
}

/* How many of the oldest files should go. A file's messages are older than the first id of the next one. */
static size_t count_due(struct retention *r, const struct file_list *list)
{
	uint64_t size[2] = {0, 0};
	size_t due = 0;
	for (size_t i = 0; i < list->n; i++)
		size[0] += folder_size(r->folder, list->first[i]);
	r->state.files = list->n;
	r->state.bytes = size[0];
	while (due + 1 < list->n) {
		bool old = r->keep_us && list->first[due + 1] <= retention_now(r) - r->keep_us;
		bool much = r->keep_bytes && size[0] - size[1] > r->keep_bytes;
		if (!old && !much)
			break;
		size[1] += folder_size(r->folder, list->first[due]);
		due++;
	}
	return due;
}

static void tell_held(struct retention *r, const char *destination)
{
	snprintf(r->state.held_by, sizeof r->state.held_by, "%s", destination);
	if (!r->told)
		log_warn("journal", "%" PRIu64 " log files are due for removal, but %s still needs the oldest one",
		         r->state.due, destination);
	r->told = true;
}

/* The first destination with a message in the file that its cursor has not passed; NULL: none. */
static const char *find_holder(const struct journal_stats *file)
{
#ifdef AFF_MUTANT_5 /* removes what was not delivered yet */
	(void)file;
#else
	for (size_t i = 0; i < file->nledgers; i++) {
		if (file->ledgers[i].pending)
			return file->ledgers[i].destination;
	}
#endif
	return NULL;
}

/* Which part of the hash chain goes with it. */
static int tell_links(struct journal_reader *reader, struct carry *out, struct aff_diag *diag)
{
	struct reader_file *f;
	int64_t first, last;
	int rc = reader_file(reader, 0, &f, diag);
	if (!rc)
		rc = sql_integer(f->db, "SELECT min(id) FROM link", &first, diag);
	if (!rc)
		rc = sql_integer(f->db, "SELECT max(id) FROM link", &last, diag);
	size_t n = strlen(out->detail);
	if (!rc)
		snprintf(out->detail + n, sizeof out->detail - n, ", links %" PRId64 " to %" PRId64, first, last);
	return rc == AFF_ENOTFOUND || rc == READER_GONE ? 0 : rc;
}

static int examine(struct retention *r, struct journal_reader *reader, struct carry *out, struct aff_diag *diag)
{
	struct reader_file *f;
	struct journal_stats file;
	int rc = reader_file(reader, 0, &f, diag);
	if (rc)
		return rc == READER_GONE ? 0 : rc;
	if (!f->sealed)
		return 0; /* soon; what counts it may still change */
	rc = stats_of_file(reader, 0, &file, diag);
	if (rc)
		return rc == READER_GONE ? 0 : rc;
	const char *holder = find_holder(&file);
	if (holder)
		tell_held(r, holder);
	else
		rc = carry_make(out, reader->list.first[0], &file);
	if (!rc && out->through)
		rc = tell_links(reader, out, diag);
	journal_stats_free(&file);
	return rc;
}

int retention_look(struct retention *r, struct carry *out, struct aff_diag *diag)
{
	struct journal_reader *reader;
	struct file_list list = {0};
	*out = (struct carry){0};
	int rc = folder_list(r->folder, &list, diag);
	if (!rc)
		r->state.due = count_due(r, &list);
	folder_list_free(&list);
	r->state.held_by[0] = '\0';
	if (rc || r->state.due == 0) {
		r->told = false;
		return rc;
	}
	/* For this once: an open connection would keep the newest file from being finished when its turn comes. */
	rc = journal_reader_open(&reader, r->folder, diag);
	if (rc)
		return rc;
	rc = examine(r, reader, out, diag);
	journal_reader_close(reader);
	return rc;
}

int retention_remove(struct retention *r, int64_t through, struct aff_diag *diag)
{
	uint64_t bytes = folder_size(r->folder, through);
	int rc = folder_remove_through(r->folder, through, diag);
	if (rc)
		return rc;
	r->state.removed_files++;
	r->state.removed_bytes += bytes;
	r->state.removed_us = clock_wall_us();
	r->told = false;
	log_info("journal", "retention removed log-%016" PRId64 ".db, %" PRIu64 " bytes", through, bytes);
	return 0;
}
