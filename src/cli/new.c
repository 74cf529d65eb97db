/* SPDX-License-Identifier: Apache-2.0
 *
 * See new.h.
 */
#include "cli/new.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/text_file.h"

#define NAME_MOST    64
#define FINDINGS_MAX 1000

int new_check_name(const char *what, const char *name)
{
	static const char letters[] = "-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(name);
	if (n && n <= NAME_MOST && strspn(name, letters) == n && !strchr("-_.", name[0]))
		return 0;
	return command_error("'%s' cannot be the name of a %s; take letters, digits, - and _, at most %d", name, what,
	                     NAME_MOST);
}

void new_put_scalar(struct aff_buf *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ ";
	size_t n = strlen(text);
	if (n && text[strspn(text, plain)] == '\0' && text[0] != '-' && text[0] != ' ' && text[n - 1] != ' ') {
		aff_buf_put_text(out, text);
		return;
	}
	aff_buf_put_char(out, '"');
	jsonw_put_escaped(out, aff_view_of(text));
	aff_buf_put_char(out, '"');
}

struct conf *new_known(const char *folder)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	aff_diag_list_init(&findings, 1);
	if (!conf_files_read(&files, folder, NULL)) {
		if (conf_load(&conf, &files, &findings))
			conf = NULL;
		conf_files_free(&files);
	}
	aff_diag_list_free(&findings);
	return conf;
}

/* ---- checking ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct conf_file *)a)->name, ((const struct conf_file *)b)->name);
}

/* The mistakes of the files; their number when findings is NULL. */
static int check(const struct conf_files *files, struct aff_diag_list *findings)
{
	struct conf *conf = NULL;
	int rc = conf_load(&conf, files, findings);
	conf_unref(conf);
	return rc == AFF_ECONFIG ? 0 : rc;
}

static bool is_of(const struct aff_diag *d, const struct new_file *files, size_t count)
{
	size_t n = strlen(d->source);
	for (size_t i = 0; i < count; i++) {
		size_t m = strlen(files[i].name);
		if (n >= m && strcmp(d->source + n - m, files[i].name) == 0)
			return true;
	}
	return false;
}

/* Tells the mistakes that were not there before; how many. */
static size_t tell_new(const struct aff_diag_list *before, const struct aff_diag_list *after,
		       const struct new_file *files, size_t count)
{
	bool more = after->errors > before->errors;
	size_t told = 0;
	for (size_t i = 0; i < after->count; i++) {
		const struct aff_diag *d = &after->items[i];
		bool known = false;
		for (size_t k = 0; k < before->count && !known; k++)
			known = strcmp(before->items[k].source, d->source) == 0 &&
			        strcmp(before->items[k].text, d->text) == 0;
		if (d->severity != AFF_SEVERITY_ERROR || known || !(more || is_of(d, files, count)))
			continue;
		command_error_diag(d);
		told++;
	}
	return told;
}

static int check_with(const struct conf_files *old, const struct new_file *files, size_t count)
{
	struct conf_files all = {.root = old->root, .count = old->count + count};
	struct aff_diag_list before, after;
	aff_diag_list_init(&before, FINDINGS_MAX);
	aff_diag_list_init(&after, FINDINGS_MAX);
	all.items = calloc(all.count, sizeof *all.items);
	int rc = all.items ? check(old, &before) : AFF_ENOMEM;
	for (size_t i = 0; !rc && i < all.count; i++) {
		if (i < old->count)
			all.items[i] = old->items[i];
		else
			all.items[i] = (struct conf_file){(char *)(uintptr_t)files[i - old->count].name,
			                                  aff_buf_view(&files[i - old->count].text)};
	}
	if (!rc) {
		qsort(all.items, all.count, sizeof *all.items, by_name);
		rc = check(&all, &after);
	}
	if (rc)
		rc = command_error("%s", aff_error_text(rc));
	else if (tell_new(&before, &after, files, count))
		rc = COMMAND_FAILED;
	free(all.items);
	aff_diag_list_free(&before);
	aff_diag_list_free(&after);
	return rc;
}

/* ---- writing ---- */

static int write_file(const char *folder, const struct new_file *file)
{
	char path[PATH_MAX], above[PATH_MAX];
	struct aff_diag diag = {0};
	bool here = strcmp(folder, ".") == 0;
	if (snprintf(path, sizeof path, "%s%s%s", here ? "" : folder, here ? "" : "/", file->name) >= (int)sizeof path)
		return command_error("the path is too long");
	snprintf(above, sizeof above, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (text_file_folder(above, &diag) || text_file_make(path, aff_buf_view(&file->text), &diag))
		return command_error_diag(&diag);
	printf("%s is written\n", path);
	return 0;
}

/* Before anything is written: two files are both made, or neither. */
static int check_absent(const char *folder, const struct new_file *files, size_t count)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%.3000s/%s", folder, files[i].name);
		if (access(path, F_OK) == 0)
			return command_error("%s is there already: it is left as it is", path);
	}
	return 0;
}

int new_write(const char *folder, struct new_file *files, size_t count, bool print)
{
	struct conf_files old;
	struct aff_diag diag = {0};
	int rc;
	for (size_t i = 0; i < count; i++)
		if (files[i].text.error)
			return command_error("%s", aff_error_text(files[i].text.error));
	if (!print && check_absent(folder, files, count))
		return COMMAND_FAILED;
	char channels[PATH_MAX];
	bool made = false;
	snprintf(channels, sizeof channels, "%.3000s/channels", folder);
	rc = conf_files_read(&old, folder, &diag);
	if (rc == AFF_ENOTFOUND) { /* the first file of a configuration: its folder of channels makes it one */
		made = true;
		rc = text_file_folder(channels, &diag);
		rc = rc ? rc : conf_files_read(&old, folder, &diag);
	}
	if (rc)
		return command_error_diag(&diag);
	rc = check_with(&old, files, count);
	conf_files_free(&old);
	for (size_t i = 0; !rc && i < count; i++) {
		if (print)
			fwrite(files[i].text.p, 1, files[i].text.n, stdout);
		else
			rc = write_file(folder, &files[i]);
	}
	if (made)
		(void)rmdir(channels); /* when nothing lies in it */
	return rc;
}
