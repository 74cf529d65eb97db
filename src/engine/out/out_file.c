/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that messages are appended to. A message ends with its own terminator (one is added where it is missing) and
 * an empty line: HL7 messages keep their carriage returns and are told apart by the line feeds behind each.
 *
 * All messages of one round are written, then synced once, then reported. The file is opened anew each round, so that
 * it may be renamed away at any time. A message that did not fit is cut off again: the file holds whole messages
 * only.
 *
 * Thread: the sender's. Blocks in write and fdatasync, and in poll when there is nothing to do.
 */
#include "engine/out/out_round.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

struct file_output {
	struct output base;
	struct round round;
	char *path;
	int fd; /* open during a round only */
	bool created;
};

static int open_file(struct file_output *f)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
	struct stat st;
	f->fd = open(f->path, flags | O_CREAT | O_EXCL, 0600);
	f->created = f->fd >= 0;
	if (f->fd < 0 && errno == EEXIST)
		f->fd = open(f->path, flags);
	if (f->fd < 0)
		return errno == ENOSPC || errno == EDQUOT ? AFF_EFULL : AFF_EIO;
	if (!fstat(f->fd, &st) && S_ISREG(st.st_mode))
		return 0;
	close(f->fd);
	f->fd = -1;
	return AFF_EARGUMENT;
}

static int append(int fd, struct aff_view bytes)
{
	struct stat before;
	char last = bytes.n ? bytes.p[bytes.n - 1] : '\0';
	bool hl7 = bytes.n && bytes.p[0] == 'M';
	struct aff_view end = aff_view_of(last == '\n' ? "\n" : last == '\r' ? "\n\n" : hl7 ? "\r\n\n" : "\n\n");
	if (fstat(fd, &before))
		return AFF_EIO;
	int rc = file_write_all(fd, bytes.p, bytes.n);
	if (!rc)
		rc = file_write_all(fd, end.p, end.n);
	if (rc && ftruncate(fd, before.st_size))
		rc = AFF_EIO;
	return rc;
}

static void file_send(struct output *o, unsigned number, const struct output_message *m)
{
	struct file_output *f = (struct file_output *)o;
	int rc = f->fd < 0 ? open_file(f) : 0;
	if (!rc)
		rc = append(f->fd, m->bytes);
	round_add(&f->round, number, rc);
}

static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	if (!copy)
		return AFF_ENOMEM;
	char *slash = strrchr(copy, '/');
	if (slash)
		slash[slash == copy ? 1 : 0] = '\0';
	int rc = file_sync_dir(slash ? copy : ".");
	free(copy);
	return rc;
}

static int end_round(struct file_output *f)
{
	if (f->fd < 0)
		return 0; /* never opened: each lane knows why */
	int rc = fdatasync(f->fd) ? (errno == ENOSPC || errno == EDQUOT ? AFF_EFULL : AFF_EIO) : 0;
	if (!rc && f->created)
		rc = sync_directory(f->path);
	close(f->fd);
	f->fd = -1;
	return rc;
}

static void file_poll(struct output *o, int wake_fd, int timeout_ms)
{
	struct file_output *f = (struct file_output *)o;
	if (round_is_due(&f->round, wake_fd, timeout_ms))
		round_end(&f->round, end_round(f));
}

static void file_free(struct output *o)
{
	struct file_output *f = (struct file_output *)o;
	if (f->fd >= 0)
		close(f->fd);
	round_free(&f->round);
	free(f->path);
	free(f);
}

static const struct output_ops file_ops = {.send = file_send, .poll = file_poll, .free = file_free};

int output_file_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	struct file_output *f = calloc(1, sizeof *f);
	if (!f)
		return AFF_ENOMEM;
	f->base.ops = &file_ops;
	f->fd = -1;
	f->path = strdup(dest->path);
	int rc = round_init(&f->round, dest, done, arg);
	if (!rc && !f->path)
		rc = AFF_ENOMEM;
	if (rc)
		file_free(&f->base);
	else
		*out = &f->base;
	return rc;
}
