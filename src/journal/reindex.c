/* SPDX-License-Identifier: Apache-2.0
 *
 * Indices and totals of sealed log files, made anew.
 */
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/journal.h"
#include "journal/rewrite.h"

struct reindex {
	struct rewrite rewrite;
	journal_reindex_fn *fn;
	void *arg;
	uint64_t before, size, total; /* bytes: of the files before, of this one, of all */
};

static uint64_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int look(void *arg)
{
	const struct reindex *r = arg;
	uint64_t written = size_of(r->rewrite.unfinished);
	if (r->fn)
		r->fn(r->arg, r->before + (written < r->size ? written : r->size), r->total);
	return 0;
}

static uint64_t file_size(const struct reindex *r, int64_t first)
{
	char path[PATH_MAX];
	return folder_path(path, sizeof path, r->rewrite.folder, first, "", NULL) ? 0 : size_of(path);
}

static int do_files(struct reindex *r, const struct file_list *list, struct journal_reindexed *out)
{
	int rc = 0;
	for (size_t i = 0; i < list->n; i++)
		r->total += file_size(r, list->first[i]);
	for (size_t i = 0; i < list->n && !rc; i++) {
		r->size = file_size(r, list->first[i]);
		/* The newest one is open, whatever it says. */
		rc = i + 1 < list->n ? rewrite_file(&r->rewrite, list->first[i]) : AFF_EBUSY;
		out->files += !rc;
		out->left += rc == AFF_EBUSY || rc == AFF_ENOTFOUND;
		if (rc == AFF_EBUSY || rc == AFF_ENOTFOUND)
			rc = 0;
		r->before += r->size;
	}
	return rc;
}

int journal_reindex(const char *folder, const struct journal_coder *coder, journal_reindex_fn *fn, void *arg,
                    struct journal_reindexed *out, struct aff_diag *diag)
{
	struct reindex r = {.fn = fn, .arg = arg};
	r.rewrite = (struct rewrite){.folder = folder, .coder = coder, .look = look, .diag = diag};
	struct file_list list = {0};
	int lock = -1;
	r.rewrite.arg = &r;
	*out = (struct journal_reindexed){0};
	int rc = folder_list(folder, &list, diag);
	if (!rc && list.n == 0)
		rc = aff_diag_set(diag, AFF_ENOTFOUND, "there is no journal in %s", folder);
	if (!rc)
		rc = rewrite_lock(folder, &lock, diag);
	if (!rc)
		rc = do_files(&r, &list, out);
	if (lock >= 0)
		close(lock);
	folder_list_free(&list);
	return rc;
}
