/* SPDX-License-Identifier: Apache-2.0
 *
 * From log file to log file, oldest first.
 */
#include "journal/verify.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "journal/folder.h"
#include "journal/sql.h"
#include "journal/verify_internal.h"

#define OTHERS_MAX ((size_t)64 << 20)

void verify_tell(struct verify *v, const char *table, int64_t id, const char *format, ...)
{
	struct verify_finding f = {.table = table, .id = id};
	va_list args;
	va_start(args, format);
	vsnprintf(f.what, sizeof f.what, format, args);
	va_end(args);
	memcpy(f.file, v->file, sizeof f.file);
	v->result->findings++;
	v->options->finding(v->options->arg, &f);
}

int verify_unreadable(struct verify *v, int rc)
{
	if (rc != AFF_ECORRUPT && rc != AFF_EIO)
		return rc;
	verify_tell(v, "file", 0, "cannot be read: %s", v->diag ? v->diag->text : aff_error_text(rc));
	return 0;
}

static uint64_t size_of(const char *folder, int64_t first)
{
	char path[PATH_MAX];
	struct stat st;
	if (folder_path(path, sizeof path, folder, first, "", NULL) || stat(path, &st))
		return 0;
	return (uint64_t)st.st_size;
}

static int one_file(struct verify *v, const char *folder, int64_t first)
{
	char path[PATH_MAX];
	snprintf(v->file, sizeof v->file, "log-%" PRId64 ".db", first);
	v->size = size_of(folder, first);
	v->file_id = first;
	v->bodies_missing = v->bodies_there = 0;
	v->db = NULL;
	int rc = folder_path(path, sizeof path, folder, first, "", v->diag);
	if (!rc)
		rc = schema_open(&v->db, path, NULL, v->diag);
	if (rc == AFF_ENOTFOUND) /* retention took it: a gap shows in the numbers of the links */
		return 0;
	v->result->files++;
	if (!rc)
		rc = schema_format(v->db, &v->format, v->diag);
	if (!rc && v->format == FORMAT_UNCHAINED) {
		v->result->unchained++;
		if (v->begun)
			verify_tell(v, "file", 0, "is not chained, although those before it are");
	} else if (!rc) {
		rc = verify_file(v);
	}
	verify_forget(v);
	sqlite3_close(v->db);
	v->before += v->size;
	return rc ? verify_unreadable(v, rc) : 0;
}

static int newest_keys(struct verify *v, const char *folder, const struct file_list *list)
{
	char path[PATH_MAX];
	int rc = folder_path(path, sizeof path, folder, list->first[list->n - 1], "", v->diag);
	return rc ? rc : verify_newest_keys(v, path);
}

static int all_files(struct verify *v, const char *folder)
{
	struct file_list list = {0};
	int rc = folder_list(folder, &list, v->diag);
	if (!rc && list.n == 0)
		rc = aff_diag_set(v->diag, AFF_ENOTFOUND, "there is no journal in %s", folder);
	if (!rc)
		rc = newest_keys(v, folder, &list);
	for (size_t i = 0; !rc && i < list.n; i++)
		v->total += size_of(folder, list.first[i]);
	for (size_t i = 0; !rc && i < list.n; i++)
		rc = one_file(v, folder, list.first[i]);
	folder_list_free(&list);
	return rc;
}

/* What only the whole can show. */
static void finish(struct verify *v)
{
	verify_exported_end(v);
	verify_count_keys(v);
	v->file[0] = '\0';
	if (v->result->links && !v->result->signed_link)
		verify_tell(v, "checkpoint", 0, "no good checkpoint is there: nothing vouches for the chain");
	else if (v->result->links && !v->vouched)
		verify_tell(v, "checkpoint", 0, "none is by the key that was given: what came after it was cut off");
}

int verify_init(struct verify *v, const struct verify_options *options, struct verify_result *out,
                struct aff_diag *diag)
{
	*out = (struct verify_result){0};
	v->options = options;
	v->result = out;
	v->diag = diag;
	v->record = hasher_new();
	v->rows = hasher_new();
	aff_buf_init(&v->others_text, OTHERS_MAX);
	return v->record && v->rows ? 0 : aff_diag_set(v->diag, AFF_ENOMEM, "out of memory");
}

void verify_free(struct verify *v)
{
	verify_forget(v);
	free(v->exported);
	free(v->changes);
	aff_buf_free(&v->exported_text);
	aff_buf_free(&v->removals);
	aff_buf_free(&v->others_text);
	hasher_free(v->record);
	hasher_free(v->rows);
	free(v);
}

int journal_verify(const char *folder, const struct verify_options *options, struct verify_result *out,
                   struct aff_diag *diag)
{
	struct aff_diag own = {0};
	struct verify *v = calloc(1, sizeof *v);
	if (!v)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	int rc = verify_init(v, options, out, diag ? diag : &own);
	if (!rc)
		rc = verify_read_exported(v);
	v->folder = folder;
	if (!rc)
		rc = all_files(v, folder);
	if (!rc)
		finish(v);
	verify_free(v);
	return rc;
}
