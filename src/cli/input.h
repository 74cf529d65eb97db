/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages out of files. A file may hold one message, several (each starts with MSH at the start of a line), MLLP
 * frames as captured from a connection, or batches (FHS, BHS, BTS and FTS are skipped). Files are read piece by
 * piece: only the message at hand is in memory. What starts with something else is given as a message too, so
 * that it is reported and not overlooked.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <afferent/mllp.h>
#include <afferent/text.h>

#define INPUT_MESSAGE_MAX (64u << 20) /* bytes of one message */
#define INPUT_WHERE 512

struct input_message {
	const char *file;      /* "standard input" for "-" */
	uint64_t number;       /* in its file, from 1 */
	const char *where;     /* "file", or "file(message 2)" where there are several */
	struct aff_view bytes; /* until the next one is asked for; one segment terminator at its end at most */
};

struct input {
	const char *file;
	int fd;
	size_t chunk;          /* bytes asked for at a time */
	struct aff_buf buf;
	size_t from, scanned;  /* the next message starts at from; bytes before scanned hold no boundary */
	bool ended;
	bool regular;          /* a file, not a pipe: reading on never waits */
	uint64_t number, batch_lines;
	uint64_t dropped, size; /* bytes before the buffer; bytes of a regular file, 0 = not known */
	struct aff_mllp mllp;
	char where[INPUT_WHERE];
};

/* "-" is standard input. 0, AFF_ENOTFOUND or AFF_EIO. */
int input_open(struct input *in, const char *file, struct aff_diag *diag);
/* 1 with the next message, 0 at the end, AFF_EIO, AFF_EFRAME, AFF_ELIMIT, AFF_ENOMEM. */
int input_next(struct input *in, struct input_message *m, struct aff_diag *diag);
void input_close(struct input *in);

/* Calls fn for every message of every file, in order. fn returns 0 to go on, else what to stop with. A file that
 * cannot be read (or only in part) is told on standard error; the others are still read. Returns what fn stopped
 * with, else COMMAND_FAILED if a file could not be read or held no message, else 0. */
typedef int input_fn(void *arg, const struct input_message *m);
int input_each(char **files, int nfiles, input_fn *fn, void *arg);

#endif
