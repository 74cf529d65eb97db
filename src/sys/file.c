/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int file_error(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return AFF_EFULL;
	case ENOENT:
	case ENOTDIR:
		return AFF_ENOTFOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return AFF_EPERMISSION;
	case ENAMETOOLONG:
	case ELOOP:
		return AFF_EARGUMENT;
	case EEXIST:
		return AFF_EBUSY;
	default:
		return AFF_EIO;
	}
}

static int fail(struct aff_diag *diag, const char *what, const char *path)
{
	int number = errno;
	aff_diag_set(diag, file_error(number), "cannot %s %s: %s", what, path, strerror(number));
	if (number == EACCES || number == EPERM)
		aff_diag_hint(diag, "its owner or its mode, or those of a folder above, keep user id %u out",
		              (unsigned)geteuid());
	return file_error(number);
}

int file_read(const char *path, struct aff_buf *out, struct aff_diag *diag)
{
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(diag, "open", path);
	for (;;) {
		char *to = aff_buf_reserve(out, 1);
		if (!to) {
			rc = aff_diag_set(diag, out->error, "%s is larger than %zu bytes", path, out->max);
			break;
		}
		ssize_t n = read(fd, to, out->allocated - out->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = fail(diag, "read", path);
		if (n <= 0)
			break;
		out->n += (size_t)n;
	}
	close(fd);
	return rc;
}

int file_make_dir(const char *path, struct aff_diag *diag)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof part)
		return aff_diag_set(diag, AFF_EARGUMENT, "the directory name is empty or too long");
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return fail(diag, "make directory", part);
		part[i] = path[i];
	}
	return 0;
}

int file_sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return file_error(errno);
	int rc = fsync(fd) ? file_error(errno) : 0;
	close(fd);
	return rc;
}

int file_lock(const char *path, struct aff_diag *diag)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(diag, "open lock file", path);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int busy = errno == EWOULDBLOCK;
		int rc = fail(diag, "lock", path);
		close(fd);
		return busy ? AFF_EBUSY : rc;
	}
	return fd;
}

int file_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	while (n) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return file_error(errno);
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int file_replace(const char *path, struct aff_view bytes, struct aff_diag *diag)
{
	char temporary[PATH_MAX], directory[PATH_MAX];
	if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
		return aff_diag_set(diag, AFF_EARGUMENT, "the file name is too long");
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(diag, "create", temporary);
	int rc = file_write_all(fd, bytes.p, bytes.n);
	if (!rc && fsync(fd))
		rc = file_error(errno);
	close(fd);
	if (rc) {
		unlink(temporary);
		return aff_diag_set(diag, rc, "cannot write %s: %s", temporary, aff_error_text(rc));
	}
	if (rename(temporary, path))
		return fail(diag, "rename", temporary);
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	memcpy(directory, slash && n ? path : slash ? "/" : ".", slash && n ? n : 1);
	directory[slash && n ? n : 1] = '\0';
	return file_sync_dir(directory);
}
