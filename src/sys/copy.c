/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/file.h"

#define BUFFER (256u << 10)

static int failed(struct aff_diag *diag, const char *what, const char *path)
{
	int number = errno;
	int rc = number == ENOSPC || number == EDQUOT ? AFF_EFULL
		 : number == ENOENT                   ? AFF_ENOTFOUND
		 : number == EACCES                   ? AFF_EPERMISSION
						      : AFF_EIO;
	return aff_diag_set(diag, rc, "cannot %s %s: %s", what, path, strerror(number));
}

/* By hand, where the kernel does not copy between these two. */
static ssize_t move_bytes(int from, int to, char *buffer)
{
	ssize_t n;
	do
		n = read(from, buffer, BUFFER);
	while (n < 0 && errno == EINTR);
	return n > 0 && file_write_all(to, buffer, (size_t)n) ? -1 : n;
}

static ssize_t copy_some(int from, int to, char *buffer, bool *in_kernel)
{
	if (*in_kernel) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, COPY_PIECE, 0);
		if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
			return n;
		*in_kernel = false;
	}
	return move_bytes(from, to, buffer);
}

int copy_write_out(int fd)
{
	int rc = sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					   SYNC_FILE_RANGE_WAIT_AFTER);
	return rc && (errno == ESPIPE || errno == ENOSYS || errno == EINVAL) ? 0 : rc;
}

static int copy_bytes(int from, int to, const char *name, copy_progress_fn *fn, void *arg, struct aff_diag *diag)
{
	bool in_kernel = true;
	uint64_t unsynced = 0;
	ssize_t n = 0;
	int rc = 0;
	char *buffer = malloc(BUFFER);
	if (!buffer)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	while (!rc && (n = copy_some(from, to, buffer, &in_kernel)) > 0) {
		unsynced += (uint64_t)n;
		if (unsynced >= COPY_PIECE && copy_write_out(to))
			rc = failed(diag, "write", name);
		unsynced = unsynced >= COPY_PIECE ? 0 : unsynced;
		if (!rc && fn)
			rc = fn(arg, (uint64_t)n);
	}
	free(buffer);
	return rc || n == 0 ? rc : failed(diag, "write", name);
}

static int finish(int from, int to, const char *name, struct aff_diag *diag)
{
	struct stat st;
	if (fstat(from, &st))
		return failed(diag, "examine the original of", name);
	const struct timespec times[] = {st.st_mtim, st.st_mtim};
	if (fsync(to) || futimens(to, times) || fsync(to))
		return failed(diag, "write", name);
	return 0;
}

int copy_file(const char *from, const char *to, copy_progress_fn *fn, void *arg, struct aff_diag *diag)
{
	int rc = 0, in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return failed(diag, "open", from);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		rc = failed(diag, "create", to);
	if (!rc)
		rc = copy_bytes(in, out, to, fn, arg, diag);
	if (!rc)
		rc = finish(in, out, to, diag);
	if (out >= 0)
		close(out);
	if (rc && out >= 0)
		unlink(to);
	close(in);
	return rc;
}

bool copy_is_whole(const struct stat *original, const char *copy)
{
	struct stat st;
	if (stat(copy, &st))
		return false;
	if (st.st_dev == original->st_dev && st.st_ino == original->st_ino)
		return true;
	return st.st_size == original->st_size && st.st_mtim.tv_sec == original->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == original->st_mtim.tv_nsec;
}

int copy_check_room(const char *folder, uint64_t bytes, struct aff_diag *diag)
{
	struct statvfs fs;
	if (statvfs(folder, &fs))
		return failed(diag, "examine", folder);
	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (bytes <= room)
		return 0;
	return aff_diag_set(diag, AFF_EFULL, "%s has no room: %" PRIu64 " bytes are needed, %" PRIu64 " are free",
			    folder, bytes, room);
}
