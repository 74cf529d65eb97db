/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder in which each message becomes a file. A file has its name only when all of it is on the disk: until then it
 * is called .NAME.part, in the same folder. The name is made of the message's id, so a message that is written again,
 * because nobody knows what became of the first try, takes the place of its own file.
 *
 * The folder is opened anew each round, so that another one may be mounted in its place. It is never made: a folder
 * below a disk that is not mounted would hide that.
 *
 * Thread: the sender's. Blocks in write and fsync, and in poll when there is nothing to do.
 */
#include "engine/out/out_round.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/file.h"

struct part {
	int fd; /* of the unfinished file; -1: none */
	char name[256];
};

struct directory_output {
	struct output base;
	struct round round;
	char *path, *pattern;
	mode_t mode;
	int folder; /* open during a round only */
	struct part *parts;
};

/* The name of a message's file; the configuration has checked the pattern. */
static int make_name(const struct directory_output *d, int64_t id, char name[static 256])
{
	struct aff_buf out = {.p = name, .allocated = 240, .max = 240};
	time_t seconds = (time_t)(id / 1000000);
	struct tm day;
	if (!gmtime_r(&seconds, &day))
		return AFF_EARGUMENT;
	for (const char *p = d->pattern; *p;) {
		if (strncmp(p, "{id}", 4) == 0) {
			aff_buf_printf(&out, "%" PRId64, id);
			p += 4;
		} else if (strncmp(p, "{date}", 6) == 0) {
			aff_buf_printf(&out, "%04d%02d%02d", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
			p += 6;
		} else {
			aff_buf_put_char(&out, *p++);
		}
	}
	aff_buf_put_char(&out, '\0');
	return out.error;
}

/* What a crash has left is in the way, and is not gone on with: nobody knows who made it. */
static int open_part(const struct directory_output *d, struct part *part, const char *unfinished)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	part->fd = openat(d->folder, unfinished, flags, 0600);
	if (part->fd < 0 && errno == EEXIST && !unlinkat(d->folder, unfinished, 0))
		part->fd = openat(d->folder, unfinished, flags, 0600);
	return part->fd < 0 ? file_error(errno) : 0;
}

static void unfinished_name(char out[static 264], const struct part *part)
{
	snprintf(out, 264, ".%s.part", part->name);
}

static void drop_part(const struct directory_output *d, struct part *part)
{
	char unfinished[264];
	if (part->fd < 0)
		return;
	close(part->fd);
	part->fd = -1;
	unfinished_name(unfinished, part);
	unlinkat(d->folder, unfinished, 0);
}

static int write_part(struct directory_output *d, struct part *part, const struct output_message *m)
{
	char unfinished[264];
	if (d->folder < 0)
		d->folder = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->folder < 0)
		return file_error(errno);
#ifdef AFF_MUTANT_60 /* a file is called otherwise at each try */
	int rc = make_name(d, m->id + getpid(), part->name);
#else
	int rc = make_name(d, m->id, part->name);
#endif
	if (rc)
		return AFF_EIO;
	unfinished_name(unfinished, part);
	rc = open_part(d, part, unfinished);
	if (!rc)
		rc = file_write_all(part->fd, m->bytes.p, m->bytes.n);
	if (!rc && fchmod(part->fd, d->mode))
		rc = file_error(errno);
	if (rc)
		drop_part(d, part);
	return rc;
}

/* All of it is on the disk before it gets its name. */
static int finish_part(struct directory_output *d, struct part *part)
{
	char unfinished[264];
	unfinished_name(unfinished, part);
	int rc = fsync(part->fd) ? file_error(errno) : 0;
	if (!rc && renameat(d->folder, unfinished, d->folder, part->name))
		rc = file_error(errno);
	if (rc) {
		drop_part(d, part);
		return rc;
	}
	close(part->fd);
	part->fd = -1;
	return 0;
}

static void directory_send(struct output *o, unsigned lane, const struct output_message *m)
{
	struct directory_output *d = (struct directory_output *)o;
	round_add(&d->round, lane, write_part(d, &d->parts[lane], m));
}

static void directory_poll(struct output *o, int wake_fd, int timeout_ms)
{
	struct directory_output *d = (struct directory_output *)o;
	if (!round_is_due(&d->round, wake_fd, timeout_ms))
		return;
	int synced = 0;
	for (unsigned i = 0; i < d->round.nlanes; i++)
		if (d->parts[i].fd >= 0)
			d->round.lanes[i].rc = finish_part(d, &d->parts[i]);
	if (d->folder >= 0) {
		synced = fsync(d->folder) ? file_error(errno) : 0;
		close(d->folder);
		d->folder = -1;
	}
	round_end(&d->round, synced);
}

static void directory_free(struct output *o)
{
	struct directory_output *d = (struct directory_output *)o;
	for (unsigned i = 0; d->parts && i < d->round.nlanes; i++)
		drop_part(d, &d->parts[i]);
	if (d->folder >= 0)
		close(d->folder);
	round_free(&d->round);
	free(d->parts);
	free(d->path);
	free(d->pattern);
	free(d);
}

static const struct output_ops directory_ops = {
	.send = directory_send, .poll = directory_poll, .free = directory_free};

int output_directory_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	struct directory_output *d = calloc(1, sizeof *d);
	if (!d)
		return AFF_ENOMEM;
	d->base.ops = &directory_ops;
	d->folder = -1;
	d->mode = dest->file_mode;
	int rc = round_init(&d->round, dest, done, arg);
	d->path = strdup(dest->path);
	d->pattern = strdup(dest->file_name);
	d->parts = calloc(dest->lanes ? dest->lanes : 1, sizeof *d->parts);
	for (unsigned i = 0; d->parts && i < d->round.nlanes; i++)
		d->parts[i].fd = -1;
	if (!rc && (!d->path || !d->pattern || !d->parts))
		rc = AFF_ENOMEM;
	if (rc)
		directory_free(&d->base);
	else
		*out = &d->base;
	return rc;
}
