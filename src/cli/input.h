/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages out of files, folders and the journal. A file may hold one message, several (each starts with MSH at the
 * start of a line), MLLP frames as captured from a connection (of one direction or both), or batches, whose headers and
 * trailers are read past. Files are read piece by piece: only the message at hand is in memory. What starts with
 * something else is given as a message too, so that it is reported and not overlooked.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <afferent/batch.h>
#include <afferent/mllp.h>

#define INPUT_MESSAGE_MAX (64u << 20) /* bytes of one message */
#define INPUT_WHERE 512
#define INPUT_NO_FILE UINT64_MAX

struct input_message {
	const char *file;      /* "standard input" for "-", "journal" */
	uint64_t number;       /* in its file, from 1; its id in the journal */
	const char *where;     /* "file", or "file(message 2)" where there are several */
	uint64_t offset;       /* of bytes in the file; INPUT_NO_FILE: it is of the journal */
	struct aff_view bytes; /* until the next one is asked for; one segment terminator at its end at most */
};

/* Told where something is odd about what is around the messages: counts of a batch that differ, a trailer that is
 * missing. `where` is the file or the message. */
typedef void input_odd_fn(void *arg, const char *where, const struct aff_diag *diag);

struct input {
	const char *file;
	int fd;
	size_t chunk;          /* bytes asked for at a time */
	struct aff_buf buf;
	size_t from, scanned;  /* the next part starts at from; bytes before scanned begin no frame */
	bool ended;
	bool broken;           /* a frame was left out, which was told as odd or on standard error */
	bool regular;          /* a file, not a pipe: reading on never waits */
	uint64_t number, batch_lines;
	uint64_t dropped, size; /* bytes before the buffer; bytes of a regular file, 0 = not known */
	struct aff_mllp mllp;
	struct aff_batch text, framed; /* outside of frames; in a frame that holds a batch */
	size_t frame_end, behind_frame; /* such a frame ends there; 0 = none is under way */
	input_odd_fn *odd;     /* NULL: a note on standard error */
	void *odd_arg;
	char where[INPUT_WHERE];
};

/* "-" is standard input. 0, AFF_ENOTFOUND or AFF_EIO. */
int input_open(struct input *in, const char *file, struct aff_diag *diag);
/* 1 with the next message, 0 at the end, AFF_EIO, AFF_EFRAME, AFF_ELIMIT, AFF_ENOMEM. */
int input_next(struct input *in, struct input_message *m, struct aff_diag *diag);
void input_close(struct input *in);

/* ---- several files (input_each.c) ---- */

/* Calls fn for every message of every file, in order. fn returns 0 to go on, else what to stop with. A folder stands
 * for the files in it and below, sorted by name: those called *.hl7 and those that begin like HL7; the others are
 * counted in a note. A file that cannot be read (or only in part) is told on standard error; the others are still read.
 * Returns what fn stopped with, else COMMAND_FAILED if a file could not be read or held no message, else 0. */
typedef int input_fn(void *arg, const struct input_message *m);
int input_each(char **files, int nfiles, input_fn *fn, void *arg);
/* The same; what is odd goes to `odd` (with arg) and not to standard error. */
int input_each_odd(char **files, int nfiles, input_fn *fn, input_odd_fn *odd, void *arg);

/* A list of files with each folder replaced by the files that stand for it. */
struct input_files {
	char **names;
	size_t count, capacity;
};
/* 0 or COMMAND_FAILED, told on standard error; what could be listed is listed all the same. */
int input_list(struct input_files *list, char **files, int nfiles);
void input_list_free(struct input_files *list);

/* ---- the journal (input_journal.c) ---- */

#define INPUT_JOURNAL_HELP "messages of the journal: 'channel=icu-monitors since=1h', or all"

/* Calls fn for the messages of the journal that the query chooses, oldest first. A query is words NAME=VALUE, separated
 * by blanks, with the names of `afferent journal search`'s options (channel, type, control-id, patient, device, peer,
 * destination, status, since, until, verdict, error, limit, journal, config), or the one word "all". `command` is the
 * name in messages, "validate". Returns as input_each; COMMAND_FAILED also when no message fits. */
int input_each_journal(const char *command, const char *query, input_fn *fn, void *arg);

#endif
