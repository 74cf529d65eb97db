/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of `afferent journal export`: JSON lines. The first one says what it is, then comes one a message, and the
 * last one has their number and the SHA-256 of all bytes before it: a file that was cut or changed is found out.
 */
#ifndef CLI_EXPORT_WRITE_H
#define CLI_EXPORT_WRITE_H

#include "base/json.h"
#include "journal/journal.h"

#define EXPORT_VERSION 1
#define EXPORT_MESSAGE_MAX (64u << 20)  /* bytes of a message */
#define EXPORT_LINE_MAX    (192u << 20) /* bytes of its line */
#define EXPORT_ROWS 256

/* Messages wait for a while: what became of them is asked for many at once. */
struct export_writer {
	struct journal_reader *fates;   /* another one than the reader that searches */
	int fd;
	struct hasher *hash;
	uint64_t messages, removed, bytes; /* written; of these without a body; of the file */
	struct journal_message row[EXPORT_ROWS];   /* that wait: id, channel and verdict */
	size_t begin[EXPORT_ROWS], end[EXPORT_ROWS]; /* of the beginnings of their lines in the texts; behind one
	                                               is its channel */
	size_t n, current;
	bool pending;                   /* its outcomes were written, its pending destinations are next */
	struct aff_buf texts, line;
	struct json_writer json, after; /* after: as it stands behind a line's beginning */
	struct aff_diag diag;           /* why one of these failed */
};

/* fates and fd are set. Writes the first line. 0, or the error that is in diag; export_writer_free in any case. */
int export_writer_begin(struct export_writer *w);
/* A journal_row_fn for struct export_writer; raw is wanted. */
int export_writer_row(void *writer, const struct journal_row *row);
/* Writes what waits, and the last line. */
int export_writer_end(struct export_writer *w);
void export_writer_free(struct export_writer *w);

#endif
