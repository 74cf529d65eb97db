/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks at a folder.
 */
#include "engine/in/inbox_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <afferent/error.h>

static void free_files(struct listed *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(files[i].name);
	free(files);
}

void inbox_list_free(struct inbox_list *l)
{
	free_files(l->files, l->n);
	free(l->due);
	memset(l, 0, sizeof *l);
}

static int by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static int compare_times(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return a->tv_nsec < b->tv_nsec ? -1 : a->tv_nsec > b->tv_nsec;
}

static int by_time(const void *a, const void *b)
{
	const struct listed *x = *(struct listed *const *)a, *y = *(struct listed *const *)b;
	int order = compare_times(&x->modified, &y->modified);
	return order ? order : strcmp(x->name, y->name);
}

static bool add(struct inbox_list *to, size_t *room, const char *name, const struct stat *st, int64_t now_us)
{
	if (to->n == *room) {
		size_t more = *room ? *room * 2 : 64;
		struct listed *files = realloc(to->files, more * sizeof *files);
		if (!files)
			return false;
		to->files = files;
		*room = more;
	}
	char *copy = strdup(name);
	if (!copy)
		return false;
	to->files[to->n++] = (struct listed){.name = copy,
					     .inode = st->st_ino,
					     .size = st->st_size,
					     .modified = st->st_mtim,
					     .changed = st->st_ctim,
					     .since_us = now_us};
	return true;
}

static int read_folder(struct inbox_list *to, int folder, const char *match, int64_t now_us, int *number)
{
	size_t room = 0;
	int rc = 0, fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		*number = errno;
		if (fd >= 0)
			close(fd);
		return AFF_EIO;
	}
	const struct dirent *entry;
	while (!rc && to->n < INBOX_LIST_MAX && (errno = 0, entry = readdir(dir))) {
		struct stat st;
		if (entry->d_name[0] == '.' || fnmatch(match, entry->d_name, FNM_CASEFOLD) != 0)
			continue;
		if (fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) || !st.st_size)
			continue;
		if (!add(to, &room, entry->d_name, &st, now_us))
			rc = AFF_ENOMEM;
	}
	if (!rc && to->n < INBOX_LIST_MAX && errno) {
		*number = errno;
		rc = AFF_EIO;
	}
	closedir(dir);
	return rc;
}

static bool is_unchanged(const struct listed *a, const struct listed *b)
{
	return a->inode == b->inode && a->size == b->size && !compare_times(&a->modified, &b->modified) &&
	       !compare_times(&a->changed, &b->changed);
}

/* What was known of files that are as they were. Both by name. */
static void carry_over(struct inbox_list *to, const struct inbox_list *from)
{
	size_t k = 0;
	for (size_t i = 0; i < to->n; i++) {
		int order = -1;
		while (k < from->n && (order = strcmp(from->files[k].name, to->files[i].name)) < 0)
			k++;
		if (k < from->n && order == 0 && is_unchanged(&from->files[k], &to->files[i])) {
			to->files[i].since_us = from->files[k].since_us;
			to->files[i].not_before_us = from->files[k].not_before_us;
		}
	}
}

int inbox_list_look(struct inbox_list *l, int folder, const char *match, int64_t settle_ms, int64_t now_us,
		     int *number)
{
	struct inbox_list now = {0};
	int rc = read_folder(&now, folder, match, now_us, number);
	if (!rc) {
		now.due = malloc((now.n + 1) * sizeof(struct listed *));
		rc = now.due ? 0 : AFF_ENOMEM;
	}
	if (rc) {
		inbox_list_free(&now);
		return rc;
	}
	if (now.n)
		qsort(now.files, now.n, sizeof *now.files, by_name);
	carry_over(&now, l);
	for (size_t i = 0; i < now.n; i++) {
		struct listed *file = &now.files[i];
		if (now_us - file->since_us >= settle_ms * 1000 && now_us >= file->not_before_us)
			now.due[now.ndue++] = file;
	}
	if (now.ndue)
		qsort(now.due, now.ndue, sizeof *now.due, by_time);
	inbox_list_free(l);
	*l = now;
	return 0;
}
