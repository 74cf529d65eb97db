/* SPDX-License-Identifier: Apache-2.0
 *
 * Into a folder, and back. The mark says at every moment what the folder holds, so that nobody takes a part for the
 * whole.
 */
#include "journal/backup.h"

#include <inttypes.h>
#include <unistd.h>

#include "journal/backup_copy.h"
#include "journal/backup_mark.h"
#include "journal/folder.h"
#include "sys/file.h"

static const unsigned char no_journal[JOURNAL_ID_SIZE];

static bool is_other(const unsigned char a[JOURNAL_ID_SIZE], const unsigned char b[JOURNAL_ID_SIZE])
{
	return memcmp(a, b, JOURNAL_ID_SIZE) != 0 && memcmp(a, no_journal, JOURNAL_ID_SIZE) != 0 &&
	       memcmp(b, no_journal, JOURNAL_ID_SIZE) != 0;
}

static int count_files(const char *folder, unsigned *n, struct aff_diag *diag)
{
	struct file_list list = {0};
	int rc = folder_list(folder, &list, diag);
	*n = (unsigned)list.n;
	folder_list_free(&list);
	return rc;
}

/* A folder of our own, locked. */
static int enter(const char *to, int *lock, struct backup_mark *m, struct aff_diag *diag)
{
	int rc = file_make_dir(to, diag);
	if (!rc)
		rc = folder_lock(to, lock, diag);
	if (rc == AFF_EBUSY) {
		aff_diag_set(diag, rc, "another process uses the folder %s", to);
		aff_diag_hint(diag, "wait until it has ended");
	}
	return rc ? rc : backup_mark_read(m, to, diag);
}

static int finish(struct backup_mark *m, const char *to, struct backup_result *out, struct aff_diag *diag)
{
	int rc = backup_mark_finish(m, to, &out->removed, diag);
	m->state = BACKUP_COMPLETE;
	return rc ? rc : backup_mark_write(m, to, diag);
}

/* What the folder held before: nothing, or a backup of the same journal. */
static int prepare(struct backup_mark *m, const char *folder, const char *to, struct backup_result *out,
		   struct aff_diag *diag)
{
	struct backup_result source = {0};
	int64_t removed;
	unsigned n = 0;
	int rc = backup_read_end(folder, &source, &removed, diag);
	if (!rc)
		rc = count_files(to, &n, diag);
	if (rc)
		return rc;
	if ((m->state == BACKUP_NONE && n) || m->state == BACKUP_RESTORING)
		return aff_diag_set(diag, AFF_EARGUMENT, "%s holds a journal, and no backup", to);
	if (is_other(m->is.journal, source.journal)) {
		aff_diag_set(diag, AFF_EARGUMENT, "%s holds the backup of another journal", to);
		aff_diag_hint(diag, "a journal that was begun anew needs a new folder");
		return AFF_EARGUMENT;
	}
	if (m->state == BACKUP_FINISHING)
		return finish(m, to, out, diag);
	if (m->state != BACKUP_NONE)
		return 0;
	m->state = BACKUP_BEGUN;
	memcpy(m->is.journal, source.journal, JOURNAL_ID_SIZE);
	return backup_mark_write(m, to, diag);
}

static int back_up(struct backup_copy *c, struct backup_mark *m)
{
	int rc = prepare(m, c->from, c->to, c->out, c->diag);
	if (!rc)
		rc = backup_copy_plan(c);
	if (!rc)
		rc = backup_copy_all(c);
	if (rc == AFF_EFULL && c->out->copied)
		aff_diag_hint(c->diag, "what was copied so far is kept, and not copied again by the next try");
	if (rc)
		return rc;
	m->state = BACKUP_FINISHING;
	m->is = *c->out;
	m->removed = c->removed;
	rc = backup_mark_write(m, c->to, c->diag);
	if (!rc)
		rc = finish(m, c->to, c->out, c->diag);
	return rc ? rc : count_files(c->to, &c->out->files, c->diag);
}

int journal_backup(const char *folder, const char *to, const struct backup_options *options, struct backup_result *out,
		   struct aff_diag *diag)
{
	struct backup_copy c = {.from = folder, .to = to, .options = options, .out = out, .diag = diag};
	struct backup_mark m;
	unsigned n;
	int lock = -1;
	*out = (struct backup_result){0};
	int rc = count_files(folder, &n, diag);
	if (!rc && n == 0)
		rc = aff_diag_set(diag, AFF_ENOTFOUND, "there is no journal in %s", folder);
	if (!rc && backup_same_folder(folder, to))
		rc = aff_diag_set(diag, AFF_EARGUMENT, "%s is the journal itself", to);
	if (!rc)
		rc = enter(to, &lock, &m, diag);
	if (!rc)
		rc = back_up(&c, &m);
	if (lock >= 0)
		close(lock);
	return rc;
}

/* ---- back ---- */

static int check_source(struct backup_mark *m, const char *from, struct aff_diag *diag)
{
	int rc = backup_mark_read(m, from, diag);
	if (rc || m->state == BACKUP_COMPLETE)
		return rc;
	if (m->state == BACKUP_NONE) {
		aff_diag_set(diag, AFF_EARGUMENT, "%s holds no backup", from);
		aff_diag_hint(diag, "'afferent journal backup' makes one");
	} else {
		aff_diag_set(diag, AFF_EARGUMENT, "the backup in %s was broken off", from);
		aff_diag_hint(diag, "run 'afferent journal backup' again to finish it");
	}
	return AFF_EARGUMENT;
}

static int check_target(const struct backup_mark *m, const char *to, struct aff_diag *diag)
{
	unsigned n = 0;
	int rc = count_files(to, &n, diag);
	if (rc || m->state == BACKUP_RESTORING)
		return rc;
	if (n || m->state != BACKUP_NONE) {
		aff_diag_set(diag, AFF_EARGUMENT, "%s holds a %s already", to, n ? "journal" : "backup");
		aff_diag_hint(diag, "restore to another folder, or move what is there out of the way");
		return AFF_EARGUMENT;
	}
	return folder_check_local(to, diag);
}

static int restore(struct backup_copy *c, const struct backup_mark *source, struct backup_mark *m, const char *who)
{
	int rc = check_target(m, c->to, c->diag);
	*m = (struct backup_mark){.state = BACKUP_RESTORING, .is = source->is};
	if (!rc)
		rc = backup_mark_write(m, c->to, c->diag);
	if (!rc)
		rc = backup_copy_plan(c);
	if (!rc)
		rc = backup_copy_all(c);
	if (!rc)
		rc = backup_note_write(c->to, who, source, c->diag);
	if (!rc)
		rc = backup_mark_finish(m, c->to, NULL, c->diag);
	if (!rc)
		rc = backup_mark_remove(c->to, c->diag);
	return rc ? rc : count_files(c->to, &c->out->files, c->diag);
}

int journal_restore(const char *from, const char *to, const char *who, const struct backup_options *options,
		    struct backup_result *out, struct aff_diag *diag)
{
	struct backup_copy c = {.from = from, .to = to, .options = options, .out = out, .diag = diag};
	struct backup_mark source, m;
	int lock = -1;
	*out = (struct backup_result){0};
	int rc = check_source(&source, from, diag);
	if (!rc && backup_same_folder(from, to))
		rc = aff_diag_set(diag, AFF_EARGUMENT, "%s is the backup itself", to);
	if (!rc)
		rc = enter(to, &lock, &m, diag);
	if (!rc)
		rc = restore(&c, &source, &m, who);
	out->taken_us = source.is.taken_us;
	if (lock >= 0)
		close(lock);
	return rc;
}
