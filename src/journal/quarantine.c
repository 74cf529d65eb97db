/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/number.h"
#include "journal/sql.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"

#define PREFIX "damaged-"
#define SUFFIX ".db"

static int path_of(char *out, size_t size, const char *folder, int64_t first, const char *part, struct aff_diag *diag)
{
	int n = snprintf(out, size, "%s/" PREFIX "%016" PRId64 SUFFIX "%s", folder, first, part);
	return n > 0 && (size_t)n < size
	               ? 0
	               : aff_diag_set(diag, AFF_ELIMIT, "the journal's folder name is too long");
}

static bool first_of(const char *name, int64_t *first)
{
	struct aff_view v = aff_view_of(name);
	size_t around = strlen(PREFIX) + strlen(SUFFIX);
	uint64_t number;
	if (v.n <= around || strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
	    strcmp(name + v.n - strlen(SUFFIX), SUFFIX) != 0 ||
	    number_u64(aff_view(v.p + strlen(PREFIX), v.n - around), INT64_MAX, &number))
		return false;
	*first = (int64_t)number;
	return true;
}

int quarantine_find(const char *folder, int64_t newest, int64_t *damaged, struct aff_diag *diag)
{
	const struct dirent *entry;
	DIR *d = opendir(folder);
	*damaged = 0;
	if (!d)
		return aff_diag_set(diag, AFF_EIO, "cannot read the folder %s: %s", folder, strerror(errno));
	while ((entry = readdir(d))) {
		int64_t first;
		if (first_of(entry->d_name, &first) && first > newest && first > *damaged)
			*damaged = first;
	}
	closedir(d);
	return 0;
}

/* The parts first: a database without its write-ahead log under the same name would seem to have lost it. */
static int rename_aside(const struct journal *j, int64_t first, struct aff_diag *diag)
{
	static const char *const parts[] = {"-shm", "-wal", ""};
	int rc = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts && !rc; i++) {
		char from[PATH_MAX], to[PATH_MAX];
		rc = folder_path(from, sizeof from, j->folder, first, parts[i], diag);
		if (!rc)
			rc = path_of(to, sizeof to, j->folder, first, parts[i], diag);
		if (!rc && rename(from, to) && errno != ENOENT)
			rc = aff_diag_set(diag, AFF_EIO, "cannot rename %s: %s", from, strerror(errno));
	}
	if (!rc && file_sync_dir(j->folder))
		rc = aff_diag_set(diag, AFF_EIO, "cannot sync the folder %s", j->folder);
	return rc;
}

static void close_file(struct journal *j)
{
	if (j->file.db)
		logfile_close(&j->file, false);
}

/* The next log file goes on from the one at this path. */
static int start_after(struct journal *j, const char *path, int64_t first, struct aff_diag *diag)
{
	sqlite3 *db;
	int format = FORMAT;
	int rc = schema_open(&db, path, j->vfs.name, diag);
	if (rc)
		return rc;
	rc = schema_format(db, &format, diag);
	if (rc || format == FORMAT_UNCHAINED) {
		sqlite3_close(db);
		return rc ? rc : aff_diag_set(diag, AFF_ECORRUPT, "%s is not chained", path);
	}
	rc = journal_attach_file(j, db, first, diag);
	return rc ? rc : journal_start_file(j, &j->file, diag);
}

static int start_after_damaged(struct journal *j, int64_t damaged, struct aff_diag *diag)
{
	char path[PATH_MAX];
	int rc = path_of(path, sizeof path, j->folder, damaged, "", diag);
	j->leaving_damaged = true;
	if (!rc)
		rc = start_after(j, path, damaged, diag);
	j->leaving_damaged = false;
	return rc;
}

/* The newest one before the damaged file, or from nothing. */
static int start_after_older(struct journal *j, int64_t damaged, const struct file_list *list, struct aff_diag *diag)
{
	char path[PATH_MAX];
	size_t n = list->n;
	while (n && list->first[n - 1] >= damaged)
		n--;
	j->last = damaged;
	if (n == 0)
		return journal_start_file(j, NULL, diag);
	int rc = folder_path(path, sizeof path, j->folder, list->first[n - 1], "", diag);
	return rc ? rc : start_after(j, path, list->first[n - 1], diag);
}

static int record(struct journal *j, int64_t damaged, const char *from, struct aff_diag *diag)
{
	char detail[160];
	snprintf(detail, sizeof detail, "log-%016" PRId64 ".db is damaged and set aside as " PREFIX "%016" PRId64 SUFFIX
	         "; the chain and the cursors go on from %s", damaged, damaged, from);
	struct journal_action a = {.at_us = clock_wall_us(), .kind = aff_view_of("quarantine"),
				   .who = aff_view_of("engine"), .detail = aff_view_of(detail)};
	log_error("journal", "%s; what was in it and not delivered is not delivered: restore it from a backup and "
			     "replay it", detail);
	int rc = journal_begin(j, diag);
	if (!rc)
		rc = journal_add_action(j, &a, diag);
	return rc ? rc : journal_commit(j, diag);
}

int quarantine_go_on(struct journal *j, int64_t damaged, const struct file_list *list, struct aff_diag *diag)
{
	const char *from = "itself";
	int rc = start_after_damaged(j, damaged, NULL);
	if (rc == AFF_ECORRUPT) {
		close_file(j);
		from = list->n && list->first[0] < damaged ? "the log file before" : "nothing";
		rc = start_after_older(j, damaged, list, diag);
	}
	if (rc)
		return diag && !diag->code ? aff_diag_set(diag, rc, "cannot go on behind a damaged log file: %s",
		                                          aff_error_text(rc)) : rc;
	return record(j, damaged, from, diag);
}

int quarantine_newest(struct journal *j, const struct file_list *list, const struct aff_diag *why,
                      struct aff_diag *diag)
{
	int64_t damaged = list->first[list->n - 1];
	log_error("journal", "%s", why->text);
	close_file(j);
	int rc = rename_aside(j, damaged, diag);
	return rc ? rc : quarantine_go_on(j, damaged, list, diag);
}
