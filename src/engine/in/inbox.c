/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking files by renaming them.
 */
#include "engine/in/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/number.h"
#include "sys/file.h"

#define TAKEN ".taken"
#define SAME_NAME_MAX 10 /* files of one name in .done that are counted */
#define SAME_HEAD_MAX 1000 /* beyond, with nothing new in the journal meanwhile */

/* ---- opening ---- */

static int open_folder(int at, const char *path, int flags, struct aff_diag *diag)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (fd >= 0)
		return fd;
	int number = errno;
	return aff_diag_set(diag, file_error(number), "cannot open the folder %s: %s", path, strerror(number));
}

/* Opens a folder beside; one below the source's own must not be a link that somebody put there. */
static int open_beside(const struct inbox *f, const struct conf_source *source, const char *path,
		       struct aff_diag *diag)
{
	size_t n = strlen(source->path);
	bool below = strncmp(path, source->path, n) == 0 && path[n] == '/';
	const char *name = below ? path + n + 1 : path;
	if (mkdirat(f->in, name, 0700) && errno != EEXIST) {
		int number = errno;
		return aff_diag_set(diag, file_error(number), "cannot make the folder %s: %s", path, strerror(number));
	}
	int fd = open_folder(f->in, name, below ? O_NOFOLLOW : 0, diag);
	struct stat in, beside;
	if (fd >= 0 && !fstat(f->in, &in) && !fstat(fd, &beside) && in.st_dev != beside.st_dev) {
		close(fd);
		return aff_diag_set(diag, AFF_EARGUMENT, "%s is on another file system than %s", path, source->path);
	}
	return fd;
}

static int lock_taken(const struct inbox *f, const char *path, struct aff_diag *diag)
{
	if (!flock(f->taken, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return 0; /* some network file systems know no locks */
	return aff_diag_set(diag, AFF_EBUSY, "another channel or engine takes files from %s", path);
}

int inbox_open(struct inbox *f, const struct conf_source *source, struct aff_diag *diag)
{
	const struct conf_folder *c = &source->folder;
	*f = (struct inbox){-1, -1, -1, -1, -1};
	int rc = f->in = open_folder(AT_FDCWD, source->path, 0, diag);
	if (rc >= 0) {
		if (mkdirat(f->in, TAKEN, 0700) && errno != EEXIST)
			rc = aff_diag_set(diag, file_error(errno), "cannot make the folder %s in %s: %s", TAKEN,
					  source->path, strerror(errno));
		else
			rc = f->taken = open_folder(f->in, TAKEN, O_NOFOLLOW, diag);
	}
	if (rc >= 0)
		rc = f->done = open_beside(f, source, c->done, diag);
	if (rc >= 0)
		rc = f->error = open_beside(f, source, c->error, diag);
	if (rc >= 0 && c->acks)
		rc = f->acks = open_beside(f, source, c->acks, diag);
	if (rc >= 0)
		rc = lock_taken(f, source->path, diag);
	if (rc < 0)
		inbox_close(f);
	return rc < 0 ? rc : 0;
}

void inbox_close(struct inbox *f)
{
	int *const all[] = {&f->in, &f->taken, &f->done, &f->error, &f->acks};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

bool inbox_is_there(const struct inbox *f, const char *path)
{
	struct stat ours, there;
	return !fstat(f->in, &ours) && !stat(path, &there) && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

/* ---- taking ---- */

/* renameat that overwrites nothing. Where the file system cannot promise that, we look first: in our own folders nobody
 * else makes files. */
static int move(int from, const char *name, int to, const char *as)
{
	struct stat st;
	if (!renameat2(from, name, to, as, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return file_error(errno);
	if (!fstatat(to, as, &st, AT_SYMLINK_NOFOLLOW))
		return AFF_EBUSY;
	return renameat(from, name, to, as) ? file_error(errno) : 0;
}

int inbox_take(const struct inbox *f, const char *name, int64_t head, char claimed[INBOX_NAME_SIZE])
{
	int n = snprintf(claimed, INBOX_NAME_SIZE, "%" PRId64 ".%s", head, name);
	return n < 0 || n >= INBOX_NAME_SIZE ? AFF_EARGUMENT : move(f->in, name, f->taken, claimed);
}

int inbox_sync(const struct inbox *f)
{
	/* The file system of a network share may not know how, and says EINVAL. */
	if ((fsync(f->taken) || fsync(f->in)) && errno != EINVAL && errno != ENOTSUP)
		return AFF_EIO;
	return 0;
}

bool inbox_claim(const char *claimed, int64_t *head, const char **name)
{
	const char *dot = strchr(claimed, '.');
	uint64_t number;
	if (!dot || !dot[1] || number_u64(aff_view(claimed, (size_t)(dot - claimed)), INT64_MAX, &number))
		return false;
	*head = (int64_t)number;
	*name = dot + 1;
	return true;
}

int inbox_put_back(const struct inbox *f, const char *claimed)
{
	int64_t head;
	const char *name;
	return inbox_claim(claimed, &head, &name) ? move(f->taken, claimed, f->in, name) : AFF_EARGUMENT;
}

/* ---- reading ---- */

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_all(int fd, size_t size, struct aff_buf *out)
{
	char *to = aff_buf_reserve(out, size + 1);
	size_t n = 0;
	if (!to)
		return out->error;
	while (n <= size) {
		ssize_t got = read(fd, to + n, size + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_error(errno);
		if (!got)
			break;
		n += (size_t)got;
	}
	out->n += n;
	return n == size ? 0 : AFF_EAGAIN;
}

int inbox_read(const struct inbox *f, const char *claimed, size_t most, struct aff_buf *out, struct stat *st)
{
	struct stat after;
	int fd = openat(f->taken, claimed, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return file_error(errno);
	int rc = fstat(fd, st) ? AFF_EIO : !S_ISREG(st->st_mode) ? AFF_EARGUMENT : 0;
	if (!rc && (uint64_t)st->st_size > most)
		rc = AFF_ELIMIT;
	if (!rc)
		rc = read_all(fd, (size_t)st->st_size, out);
	if (!rc && (fstat(fd, &after) || !is_same(st, &after)))
		rc = AFF_EAGAIN;
	close(fd);
	return rc;
}

int inbox_compare(const struct inbox *f, const char *claimed, const struct stat *st)
{
	struct stat now;
	if (fstatat(f->taken, claimed, &now, AT_SYMLINK_NOFOLLOW))
		return file_error(errno);
	return is_same(st, &now) ? 0 : AFF_EAGAIN;
}

/* ---- finishing ---- */

int inbox_write(int folder, const char *name, const char *suffix, struct aff_view bytes)
{
	char temporary[INBOX_NAME_SIZE], final[INBOX_NAME_SIZE];
	if (snprintf(final, sizeof final, "%s%s", name, suffix) >= (int)sizeof final ||
	    snprintf(temporary, sizeof temporary, ".%.200s%s.new", name, suffix) >= (int)sizeof temporary)
		return AFF_EARGUMENT;
	int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_error(errno);
	int rc = file_write_all(fd, bytes.p, bytes.n);
	if (!rc && fsync(fd))
		rc = AFF_EIO;
	close(fd);
	if (!rc && renameat(folder, temporary, folder, final))
		rc = file_error(errno);
	if (rc)
		unlinkat(folder, temporary, 0);
	return rc;
}

int inbox_finish(const struct inbox *f, const char *claimed, int to, char final[INBOX_NAME_SIZE])
{
	int64_t head;
	const char *name;
	int rc = AFF_EBUSY;
	if (!inbox_claim(claimed, &head, &name))
		return AFF_EARGUMENT;
	snprintf(final, INBOX_NAME_SIZE, "%s", name);
	for (int i = 2; i <= SAME_NAME_MAX && (rc = move(f->taken, claimed, to, final)) == AFF_EBUSY; i++)
		snprintf(final, INBOX_NAME_SIZE, "%.240s.%d", name, i);
	/* Some programs know one name only: not all that are there already are tried. */
	for (unsigned i = 0; i < SAME_HEAD_MAX && rc == AFF_EBUSY; i++) {
		snprintf(final, INBOX_NAME_SIZE, "%.230s.%" PRIu64, name, (uint64_t)head + i);
		rc = move(f->taken, claimed, to, final);
	}
	return rc;
}
