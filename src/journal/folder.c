/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <afferent/text.h>

#include "base/number.h"
#include "base/vector.h"
#include "sys/file.h"

#define PREFIX     "log-"
#define SUFFIX     ".db"
#define UNFINISHED ".db.new"

static bool ends_with(struct aff_view v, const char *end)
{
	size_t n = strlen(end);
	return v.n >= n && memcmp(v.p + v.n - n, end, n) == 0;
}

static bool first_of(const char *name, int64_t *first)
{
	struct aff_view v = aff_view_of(name);
	size_t prefix = strlen(PREFIX), suffix = strlen(SUFFIX);
	uint64_t number;
	if (strncmp(name, PREFIX, prefix) != 0 || !ends_with(v, SUFFIX) || v.n <= prefix + suffix)
		return false;
	if (number_u64(aff_view(v.p + prefix, v.n - prefix - suffix), INT64_MAX, &number))
		return false;
	*first = (int64_t)number;
	return true;
}

int folder_list_add(struct file_list *list, int64_t first)
{
	if (list->n == FOLDER_MAX_FILES)
		return AFF_ELIMIT;
	if (vector_room(&list->first, &list->allocated, list->n, sizeof *list->first))
		return AFF_ENOMEM;
	list->first[list->n++] = first;
	return 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static DIR *open_folder(const char *folder, int *rc, struct aff_diag *diag)
{
	DIR *d = opendir(folder);
	*rc = d ? 0
	        : aff_diag_set(diag,
	                       errno == ENOENT   ? AFF_ENOTFOUND
	                       : errno == EACCES ? AFF_EPERMISSION
	                                         : AFF_EIO,
	                       "cannot read the folder %s: %s", folder, strerror(errno));
	return d;
}

int folder_list(const char *folder, struct file_list *list, struct aff_diag *diag)
{
	int rc;
	DIR *d = open_folder(folder, &rc, diag);
	if (!d)
		return rc;
	list->n = 0;
	const struct dirent *entry;
	while (!rc && (entry = readdir(d))) {
		int64_t first;
		if (first_of(entry->d_name, &first))
			rc = folder_list_add(list, first);
	}
	closedir(d);
	if (rc)
		return aff_diag_set(diag, rc, "too many log files in %s", folder);
	if (list->n)
		qsort(list->first, list->n, sizeof *list->first, compare);
	return 0;
}

void folder_list_free(struct file_list *list)
{
	free(list->first);
	*list = (struct file_list){0};
}

size_t folder_position(const struct file_list *list, int64_t id)
{
	size_t low = 0, high = list->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->first[middle] <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

int folder_path(char *out, size_t size, const char *folder, int64_t first, const char *suffix, struct aff_diag *diag)
{
	int n = snprintf(out, size, "%s/" PREFIX "%016" PRId64 SUFFIX "%s", folder, first, suffix);
	if (n < 0 || (size_t)n >= size)
		return aff_diag_set(diag, AFF_ELIMIT, "the journal's folder name is too long");
	return 0;
}

int folder_remove_unfinished(const char *folder, struct aff_diag *diag)
{
	int rc;
	DIR *d = open_folder(folder, &rc, diag);
	if (!d)
		return rc;
	const struct dirent *entry;
	while ((entry = readdir(d))) {
		char path[PATH_MAX];
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 || !strstr(entry->d_name, UNFINISHED))
			continue;
		int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (n > 0 && (size_t)n < sizeof path && unlink(path))
			rc = aff_diag_set(diag, AFF_EIO, "cannot remove %s: %s", path, strerror(errno));
	}
	closedir(d);
	return rc;
}

int folder_name_finished(const char *folder, struct aff_diag *diag)
{
	int rc;
	DIR *d = open_folder(folder, &rc, diag);
	const struct dirent *entry;
	while (!rc && (entry = readdir(d))) {
		char from[PATH_MAX], to[PATH_MAX];
		struct aff_view name = aff_view_of(entry->d_name);
		if (strncmp(name.p, PREFIX, strlen(PREFIX)) != 0 || !ends_with(name, UNFINISHED))
			continue;
		int n = snprintf(from, sizeof from, "%s/%s", folder, name.p);
		int m = snprintf(to, sizeof to, "%s/%.*s", folder, (int)(name.n - strlen(".new")), name.p);
		if (n < 0 || m < 0 || (size_t)n >= sizeof from)
			rc = aff_diag_set(diag, AFF_ELIMIT, "the folder name %.40s... is too long", folder);
		else if (rename(from, to))
			rc = aff_diag_set(diag, AFF_EIO, "cannot rename %s: %s", from, strerror(errno));
	}
	if (d)
		closedir(d);
	return rc;
}

uint64_t folder_size(const char *folder, int64_t first)
{
	static const char *const parts[] = {"", "-wal"};
	uint64_t size = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char path[PATH_MAX];
		struct stat st;
		if (!folder_path(path, sizeof path, folder, first, parts[i], NULL) && stat(path, &st) == 0)
			size += (uint64_t)st.st_size;
	}
	return size;
}

/* "log-<first>.db-wal" and the like; what else begins so, too: "log-<first>.db". */
static bool belongs_to(const char *name, int64_t through, bool *whole)
{
	char base[64];
	const char *end = strstr(name, SUFFIX);
	size_t n = end ? (size_t)(end - name) + strlen(SUFFIX) : 0;
	int64_t first;
	if (n == 0 || n >= sizeof base)
		return false;
	memcpy(base, name, n);
	base[n] = '\0';
	*whole = name[n] == '\0';
	return first_of(base, &first) && first <= through && (*whole || name[n] == '-');
}

/* One pass over the folder: the databases themselves go first, so that nobody opens one without what belongs to it. */
static int remove_pass(const char *folder, int64_t through, bool databases, struct aff_diag *diag)
{
	int rc;
	DIR *d = open_folder(folder, &rc, diag);
	const struct dirent *entry;
	while (!rc && (entry = readdir(d))) {
		char path[PATH_MAX];
		bool whole;
		if (!belongs_to(entry->d_name, through, &whole) || whole != databases)
			continue;
		int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (n > 0 && (size_t)n < sizeof path && unlink(path) && errno != ENOENT)
			rc = aff_diag_set(diag, AFF_EIO, "cannot remove %s: %s", path, strerror(errno));
	}
	if (d)
		closedir(d);
	return rc;
}

int folder_remove_through(const char *folder, int64_t through, struct aff_diag *diag)
{
	int rc = remove_pass(folder, through, true, diag);
	return rc ? rc : remove_pass(folder, through, false, diag);
}

int folder_lock(const char *folder, int *descriptor, struct aff_diag *diag)
{
	char path[PATH_MAX + 8];
	snprintf(path, sizeof path, "%s/lock", folder);
	int fd = file_lock(path, diag);
	if (fd == AFF_EBUSY) {
		aff_diag_set(diag, fd, "another engine uses the journal in %s", folder);
		aff_diag_hint(diag, "stop it (fuser %s tells its process), or give this one a folder of its own", path);
	}
	if (fd >= 0)
		*descriptor = fd;
	return fd < 0 ? fd : 0;
}

const char *folder_remote_name(uint64_t magic)
{
	static const struct {
		uint64_t magic;
		const char *name;
	} remote[] = {
		{0x6969, "NFS"},
		{0x517b, "SMB"},
		{0xff534d42, "CIFS"},
		{0xfe534d42, "SMB"},          /* 2 and later */
		{0x65735546, "FUSE"},         /* may be anything, sshfs for one */
		{0x01021997, "9P"},
		{0x00c36400, "Ceph"},
		{0x5346414f, "AFS"},
		{0x6b414653, "AFS"},          /* the kernel's own */
		{0x73757245, "Coda"},
		{0x564c, "NCP"},
		{0x0bd00bd0, "Lustre"},
		{0x47504653, "GPFS"},
	};
	for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
		if (remote[i].magic == magic)
			return remote[i].name;
	}
	return NULL;
}

int folder_check_local(const char *folder, struct aff_diag *diag)
{
	struct statfs fs;
	if (statfs(folder, &fs))
		return aff_diag_set(diag, AFF_EIO, "cannot examine %s: %s", folder, strerror(errno));
	const char *name = folder_remote_name((uint32_t)fs.f_type);
	if (!name)
		return 0;
	aff_diag_set(diag, AFF_EARGUMENT, "the journal's folder %s is on a network or user-space file system: %s",
	             folder, name);
	aff_diag_hint(diag, "put the journal on a local disk");
	return AFF_EARGUMENT;
}
