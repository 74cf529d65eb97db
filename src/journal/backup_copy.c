/* SPDX-License-Identifier: Apache-2.0
 *
 * A sealed log file is one file that changes no more: it is copied, or linked. Any other one is read through SQLite in
 * one read transaction, which holds nobody up: the writer goes on in its write-ahead log, which grows meanwhile.
 */
#include "journal/backup_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/carry.h"
#include "journal/folder.h"
#include "journal/schema.h"
#include "journal/sql.h"
#include "sys/clock.h"
#include "sys/copy.h"

#define PAGE       4096
#define STEP_PAGES ((int)(COPY_PIECE / PAGE))

struct paths {
	char from[PATH_MAX], to[PATH_MAX], unfinished[PATH_MAX];
};

static int paths_of(const struct backup_copy *c, int64_t first, struct paths *p)
{
	int rc = folder_path(p->from, sizeof p->from, c->from, first, "", c->diag);
	if (!rc)
		rc = folder_path(p->to, sizeof p->to, c->to, first, "", c->diag);
	return rc ? rc : folder_path(p->unfinished, sizeof p->unfinished, c->to, first, ".new", c->diag);
}

static int failed(const struct backup_copy *c, const char *what, const char *path)
{
	int number = errno;
	return aff_diag_set(c->diag, number == ENOSPC || number == EDQUOT ? AFF_EFULL : AFF_EIO, "cannot %s %s: %s",
			    what, path, strerror(number));
}

static int moved_on(void *arg, uint64_t bytes)
{
	struct backup_copy *c = arg;
	c->done += bytes;
	c->out->bytes += bytes;
	if (c->done > c->total)
		c->total = c->done;
	if (c->options->progress)
		c->options->progress(c->options->arg, c->done, c->total);
	return 0;
}

/* ---- a file that changes no more ---- */

static int link_file(const struct backup_copy *c, const struct paths *p)
{
	unlink(p->unfinished);
	if (link(p->from, p->unfinished) == 0) {
		c->out->linked++;
		return 0;
	}
	if (errno == ENOENT)
		return AFF_ENOTFOUND;
	int rc = failed(c, "link", p->from);
	aff_diag_hint(c->diag, "links need a folder on the journal's own file system; copy without --link");
	return rc;
}

static int copy_sealed(struct backup_copy *c, const struct paths *p, const struct stat *st)
{
	if (copy_is_whole(st, p->unfinished)) { /* from a run that was broken off later */
		c->out->copied++;
		return 0;
	}
	int rc;
	if (c->options->link) {
		rc = link_file(c, p);
	} else {
		unlink(p->unfinished);
		rc = copy_file(p->from, p->unfinished, moved_on, c, c->diag);
	}
	c->out->copied += !rc;
	return rc;
}

/* ---- one that may change ---- */

static int copy_pages(struct backup_copy *c, sqlite3 *from, sqlite3 *to, int fd, const char *path)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	int step = SQLITE_OK, rc = 0, done = 0;
	if (!b)
		return sql_error(to, sqlite3_errcode(to), "copy to", c->diag);
	while (!rc && step == SQLITE_OK) {
		step = sqlite3_backup_step(b, STEP_PAGES);
		int now = sqlite3_backup_pagecount(b) - sqlite3_backup_remaining(b);
		if (step == SQLITE_OK && copy_write_out(fd))
			rc = failed(c, "write", path);
		else if (step == SQLITE_OK || step == SQLITE_DONE)
			rc = moved_on(c, (uint64_t)(now - done) * PAGE);
		done = now;
	}
	int ended = sqlite3_backup_finish(b);
	return rc || step == SQLITE_DONE ? rc : sql_error(to, ended, "copy to", c->diag);
}

/* One state of the file, read in one transaction. */
static int copy_state(struct backup_copy *c, sqlite3 *from, const struct paths *p, int fd)
{
	sqlite3 *to = NULL;
	int64_t tables;
	int rc = sqlite3_open_v2(p->unfinished, &to, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, "unix-none");
	rc = rc == SQLITE_OK ? 0 : sql_error(to, rc, "open", c->diag);
	if (!rc)
		rc = sql_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", c->diag);
	if (!rc)
		rc = sql_exec(from, "BEGIN", c->diag);
	if (!rc)
		rc = sql_integer(from, "SELECT count(*) FROM sqlite_master", &tables, c->diag);
	if (!rc)
		rc = copy_pages(c, from, to, fd, p->unfinished);
	sqlite3_exec(from, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(to);
	return rc;
}

/* The first page says that the file needs a write-ahead log: the copy is whole without (format of the header, bytes 18
 * and 19). */
static int finish_state(const struct backup_copy *c, const struct paths *p, int fd)
{
	static const unsigned char rollback_journal[] = {1, 1};
	if (pwrite(fd, rollback_journal, sizeof rollback_journal, 18) != sizeof rollback_journal || fsync(fd))
		return failed(c, "write", p->unfinished);
	return 0;
}

static int copy_open(struct backup_copy *c, const struct paths *p)
{
	sqlite3 *from;
	int64_t version;
	int rc = schema_open_old(&from, p->from, NULL, &version, c->diag);
	if (rc)
		return rc;
	unlink(p->unfinished);
	int fd = open(p->unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		rc = failed(c, "create", p->unfinished);
	if (!rc)
		rc = copy_state(c, from, p, fd);
	if (!rc)
		rc = finish_state(c, p, fd);
	sqlite3_close(from);
	if (fd >= 0)
		close(fd);
	if (rc && fd >= 0)
		unlink(p->unfinished);
	c->out->copied += !rc;
	return rc;
}

/* ---- all of them ---- */

/* AFF_ENOTFOUND: retention took it meanwhile. */
static int copy_one(struct backup_copy *c, int64_t first)
{
	struct paths p;
	struct stat st;
	bool sealed = false;
	int rc = paths_of(c, first, &p);
	if (rc)
		return rc;
	if (stat(p.from, &st))
		return errno == ENOENT ? AFF_ENOTFOUND : failed(c, "examine", p.from);
	rc = schema_is_sealed(p.from, &sealed, c->diag);
	if (!rc && sealed && copy_is_whole(&st, p.to)) {
		unlink(p.unfinished);
		return 0;
	}
	if (rc)
		return rc;
#ifdef AFF_MUTANT_42 /* copies what changes while it is copied */
	sealed = true;
#endif
	return sealed ? copy_sealed(c, &p, &st) : copy_open(c, &p);
}

/* What is there now and newer than *last, which moves on. *gone: some were not there any more. */
static int copy_round(struct backup_copy *c, int64_t *last, bool *gone)
{
	struct file_list list = {0};
	int rc = folder_list(c->from, &list, c->diag);
	*gone = false;
	for (size_t i = 0; !rc && i < list.n; i++) {
		if (list.first[i] <= *last)
			continue;
		c->out->taken_us = clock_wall_us();
		rc = copy_one(c, list.first[i]);
		if (!rc)
			*last = list.first[i];
		else if (rc == AFF_ENOTFOUND) {
			*gone = true;
			rc = 0;
		}
	}
	folder_list_free(&list);
	return rc;
}

static int read_end(const char *path, struct backup_result *end, int64_t *removed, struct aff_diag *diag)
{
	sqlite3 *db;
	sqlite3_stmt *s = NULL;
	int64_t version;
	int rc = schema_open_old(&db, path, NULL, &version, diag);
	if (rc)
		return rc;
	rc = carry_mark(db, removed, diag);
	if (!rc && version > FORMAT_UNCHAINED)
		rc = sql_prepare(db,
				 "SELECT (SELECT max(id) FROM link), (SELECT max(link) FROM checkpoint),"
				 " (SELECT value FROM meta WHERE key = 'journal')", &s, diag);
	if (s && sqlite3_step(s) == SQLITE_ROW) {
		end->link = sqlite3_column_int64(s, 0);
		end->signed_link = sqlite3_column_int64(s, 1);
		if (end->link < end->signed_link)
			end->link = end->signed_link;
		if (sql_blob(s, 2).n == JOURNAL_ID_SIZE)
			memcpy(end->journal, sql_blob(s, 2).p, JOURNAL_ID_SIZE);
	} else if (s) {
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s does not tell its end", sql_file_name(db));
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return rc;
}

int backup_read_end(const char *folder, struct backup_result *end, int64_t *removed, struct aff_diag *diag)
{
	struct file_list list = {0};
	char path[PATH_MAX];
	int rc = folder_list(folder, &list, diag);
	if (!rc && list.n == 0)
		rc = aff_diag_set(diag, AFF_ENOTFOUND, "there is no journal in %s", folder);
	if (!rc)
		rc = folder_path(path, sizeof path, folder, list.first[list.n - 1], "", diag);
	folder_list_free(&list);
	return rc ? rc : read_end(path, end, removed, diag);
}

/* Of the copy, whatever its name is by now. */
static int read_own_end(struct backup_copy *c, int64_t first)
{
	struct paths p;
	int rc = paths_of(c, first, &p);
	if (rc)
		return rc;
	return read_end(access(p.unfinished, F_OK) ? p.to : p.unfinished, c->out, &c->removed, c->diag);
}

/* A file that retention took is no loss when the end that is read says so: this is in a file that is newer. */
int backup_copy_all(struct backup_copy *c)
{
	int64_t last = 0;
	bool gone = true;
	int rc = 0;
	while (!rc && gone)
		rc = copy_round(c, &last, &gone);
	if (!rc && !last)
		rc = aff_diag_set(c->diag, AFF_ENOTFOUND, "there is no journal in %s", c->from);
	return rc ? rc : read_own_end(c, last);
}

int backup_copy_plan(struct backup_copy *c)
{
	struct file_list list = {0};
	int rc = folder_list(c->from, &list, c->diag);
	for (size_t i = 0; !rc && i < list.n; i++) {
		struct paths p;
		struct stat st;
		rc = paths_of(c, list.first[i], &p);
		bool last = i + 1 == list.n;
		if (rc || stat(p.from, &st) || copy_is_whole(&st, p.to) || copy_is_whole(&st, p.unfinished))
			continue;
		if (!c->options->link || last)
			c->total += folder_size(c->from, list.first[i]);
	}
	folder_list_free(&list);
	return rc ? rc : copy_check_room(c->to, c->total, c->diag);
}

bool backup_same_folder(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
