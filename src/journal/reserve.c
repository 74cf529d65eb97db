/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/clock.h"

#define NAME     "/reserve"
#define PROBE    (UINT64_C(1) << 20) /* asked for where no reserve is wanted */
#define PAUSE_US 500000              /* after an attempt that only the allocation itself refused */

static int path_of(const struct reserve *r, char path[PATH_MAX + sizeof NAME])
{
	return snprintf(path, PATH_MAX + sizeof NAME, "%s" NAME, r->folder);
}

static bool is_full(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* Some space beyond it, too: else the next message would meet the full disk again. */
static bool has_room(const struct reserve *r, uint64_t size)
{
	struct statvfs fs;
	if (statvfs(r->folder, &fs))
		return true; /* the allocation will tell */
	return (uint64_t)fs.f_bavail >= (size + size / 8 + PROBE) / (fs.f_frsize ? fs.f_frsize : 1);
}

static int allocate(const char *path, uint64_t size, struct aff_diag *diag)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int number = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)size);
	if (fd >= 0)
		close(fd);
	if (number == 0)
		return 0;
	if (fd >= 0)
		unlink(path);
	if (is_full(number))
		return AFF_EFULL;
	return aff_diag_set(diag, AFF_EIO, "cannot set space aside in %s: %s", path, strerror(number));
}

int reserve_make(struct reserve *r, struct aff_diag *diag)
{
	char path[PATH_MAX + sizeof NAME];
	uint64_t size = r->size ? r->size : PROBE;
	if (r->held)
		return 0;
	if (!has_room(r, size) || (r->tried_us && clock_mono_us() - r->tried_us < PAUSE_US))
		return AFF_EFULL;
	path_of(r, path);
	int rc = allocate(path, size, diag);
	r->tried_us = rc ? clock_mono_us() : 0;
	if (rc)
		return rc;
	r->held = r->size != 0;
	if (!r->held)
		unlink(path);
	return 0;
}

bool reserve_release(struct reserve *r)
{
	char path[PATH_MAX + sizeof NAME];
	if (!r->held)
		return false;
	path_of(r, path);
	r->held = false;
	return unlink(path) == 0;
}

int reserve_open(struct reserve *r, const char *folder, uint64_t size, struct aff_diag *diag)
{
	char path[PATH_MAX + sizeof NAME];
	struct stat st;
	*r = (struct reserve){.size = size};
	if (snprintf(r->folder, sizeof r->folder, "%s", folder) >= (int)sizeof r->folder)
		return aff_diag_set(diag, AFF_EARGUMENT, "the journal's folder name is too long");
	path_of(r, path);
	bool there = lstat(path, &st) == 0;
	r->held = there && size && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
	          (uint64_t)st.st_blocks * 512 >= size;
	if (there && !r->held && unlink(path))
		return aff_diag_set(diag, AFF_EIO, "cannot remove %s: %s", path, strerror(errno));
	if (!size || r->held)
		return 0;
	int rc = reserve_make(r, diag);
	return rc == AFF_EFULL ? 0 : rc;
}
