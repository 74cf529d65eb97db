/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/backup_mark.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/words.h"
#include "sys/file.h"

#define MARK     "afferent-backup"
#define NOTE     "afferent-restored"
#define TITLE    "afferent backup 1"
#define TEXT_MAX 4096

static const char *const states[] = {
	[BACKUP_NONE] = "none",           [BACKUP_BEGUN] = "begun",         [BACKUP_FINISHING] = "finishing",
	[BACKUP_COMPLETE] = "complete",   [BACKUP_RESTORING] = "restoring",
};
#define STATES (sizeof states / sizeof *states)

static int path_of(char path[PATH_MAX], const char *folder, const char *name, struct aff_diag *diag)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);
	if (n < 0 || n >= PATH_MAX)
		return aff_diag_set(diag, AFF_ELIMIT, "the folder name %.40s... is too long", folder);
	return 0;
}

static int read_small(const char *folder, const char *name, struct aff_buf *out, struct aff_diag *diag)
{
	char path[PATH_MAX];
	int rc = path_of(path, folder, name, diag);
	if (rc)
		return rc;
	if (access(path, F_OK) && (errno == ENOENT || errno == ENOTDIR))
		return AFF_ENOTFOUND;
	return file_read(path, out, diag);
}

static int write_small(const char *folder, const char *name, struct aff_buf *text, struct aff_diag *diag)
{
	char path[PATH_MAX];
	int rc = path_of(path, folder, name, diag);
	if (!rc && text->error)
		rc = aff_diag_set(diag, text->error, "out of memory");
	return rc ? rc : file_replace(path, aff_buf_view(text), diag);
}

static int remove_small(const char *folder, const char *name, struct aff_diag *diag)
{
	char path[PATH_MAX];
	int rc = path_of(path, folder, name, diag);
	if (rc)
		return rc;
	if ((unlink(path) && errno != ENOENT) || file_sync_dir(folder))
		return aff_diag_set(diag, AFF_EIO, "cannot remove %s", path);
	return 0;
}

/* The text up to `end`, which is passed over. */
static struct aff_view next(struct aff_view *text, char end)
{
	const char *at = text->n ? memchr(text->p, end, text->n) : NULL;
	size_t n = at ? (size_t)(at - text->p) : text->n, skip = at ? n + 1 : n;
	struct aff_view part = aff_view(text->p, n);
	*text = aff_view(text->p + skip, text->n - skip);
	return part;
}

static bool take_line(struct backup_mark *m, struct aff_view key, struct aff_view value)
{
	if (aff_view_is(key, "state")) {
		for (size_t i = 0; i < STATES; i++) {
			if (aff_view_is(value, states[i]))
				m->state = (enum backup_state)i;
		}
		return m->state != BACKUP_NONE;
	}
	if (aff_view_is(key, "journal"))
		return words_take_hex(&value, m->is.journal, JOURNAL_ID_SIZE);
	if (aff_view_is(key, "taken"))
		return words_take_number(&value, &m->is.taken_us);
	if (aff_view_is(key, "link"))
		return words_take_number(&value, &m->is.link);
	if (aff_view_is(key, "signed"))
		return words_take_number(&value, &m->is.signed_link);
	return aff_view_is(key, "removed") && words_take_number(&value, &m->removed);
}

int backup_mark_read(struct backup_mark *m, const char *folder, struct aff_diag *diag)
{
	struct aff_buf text;
	*m = (struct backup_mark){.state = BACKUP_NONE};
	aff_buf_init(&text, TEXT_MAX);
	int rc = read_small(folder, MARK, &text, diag);
	struct aff_view rest = aff_buf_view(&text);
	bool ok = rc || aff_view_is(next(&rest, '\n'), TITLE);
	while (!rc && ok && rest.n) {
		struct aff_view line = next(&rest, '\n'), key = next(&line, ' ');
		ok = take_line(m, key, line);
	}
	if (!rc && (!ok || m->state == BACKUP_NONE))
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s/" MARK " is damaged", folder);
	aff_buf_free(&text);
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

int backup_mark_write(const struct backup_mark *m, const char *folder, struct aff_diag *diag)
{
	struct aff_buf text;
	aff_buf_init(&text, TEXT_MAX);
	aff_buf_printf(&text, TITLE "\nstate %s\njournal ", states[m->state]);
	hex_put(&text, m->is.journal, JOURNAL_ID_SIZE);
	aff_buf_printf(&text, "\ntaken %" PRId64 "\nlink %" PRId64 "\nsigned %" PRId64 "\nremoved %" PRId64 "\n",
		       m->is.taken_us, m->is.link, m->is.signed_link, m->removed);
	int rc = write_small(folder, MARK, &text, diag);
	aff_buf_free(&text);
	return rc;
}

int backup_mark_remove(const char *folder, struct aff_diag *diag)
{
	return remove_small(folder, MARK, diag);
}

/* What is at most `removed` is named, too, before it goes: one that was broken off may have left it unfinished. */
int backup_mark_finish(const struct backup_mark *m, const char *folder, unsigned *removed, struct aff_diag *diag)
{
	struct file_list list = {0};
	unsigned gone = 0;
	int rc = folder_name_finished(folder, diag);
	if (!rc && file_sync_dir(folder))
		rc = aff_diag_set(diag, AFF_EIO, "cannot sync the folder %s", folder);
	if (!rc)
		rc = folder_list(folder, &list, diag);
	while (!rc && gone < list.n && list.first[gone] <= m->removed)
		gone++;
	if (!rc && gone)
		rc = folder_remove_through(folder, m->removed, diag);
	folder_list_free(&list);
	if (!rc && removed)
		*removed = gone;
	return rc;
}

/* ---- the note ---- */

int backup_note_write(const char *folder, const char *who, const struct backup_mark *of, struct aff_diag *diag)
{
	struct aff_buf text;
	aff_buf_init(&text, TEXT_MAX);
	aff_buf_printf(&text, "%s\nbackup of %" PRId64 ", link %" PRId64 "\n", who, of->is.taken_us, of->is.link);
	int rc = write_small(folder, NOTE, &text, diag);
	aff_buf_free(&text);
	return rc;
}

int backup_note_read(const char *folder, struct aff_buf *who, struct aff_buf *detail, struct aff_diag *diag)
{
	struct aff_buf text;
	aff_buf_init(&text, TEXT_MAX);
	int rc = read_small(folder, NOTE, &text, diag);
	struct aff_view rest = aff_buf_view(&text);
	if (!rc) {
		aff_buf_put_view(who, next(&rest, '\n'));
		aff_buf_put_view(detail, next(&rest, '\n'));
	}
	aff_buf_free(&text);
	return rc;
}

int backup_note_remove(const char *folder, struct aff_diag *diag)
{
	return remove_small(folder, NOTE, diag);
}
