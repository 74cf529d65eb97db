/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the file of `afferent journal export` (export_write.h). Nothing in it is believed: lines, lengths, digests
 * and the end are checked on the way.
 */
#ifndef CLI_EXPORT_READ_H
#define CLI_EXPORT_READ_H

#include "base/digest.h"

/* A message of the file; views live until the next one is read. */
struct export_message {
	int64_t received_us;
	struct aff_view channel, peer, type, control_id, patient, device;
	bool has_raw;                /* false: retention had removed its body */
	struct aff_view raw;
	unsigned char sha[SHA256_SIZE];
};

struct export_reader {
	const char *file;
	int fd;
	struct hasher *hash;
	struct aff_buf buf;
	size_t from;                 /* the next line begins there */
	bool ended;
	uint64_t line, messages, position, size; /* position: bytes read; size: of the file */
	struct aff_buf raw;
	struct json_t *object;       /* of the line at hand */
	char exported_at[40];
	unsigned char sha[SHA256_SIZE]; /* of the whole file but its last line; at its end */
};

/* Reads the first line. 0, AFF_ENOTFOUND, AFF_EIO, AFF_ESYNTAX: it is no such file. Close in any case. */
int export_reader_open(struct export_reader *r, const char *file, struct aff_diag *diag);
/* 1 with the next message, 0 at the right end, AFF_ECORRUPT: it was cut or changed, AFF_EIO, AFF_ENOMEM. */
int export_reader_next(struct export_reader *r, struct export_message *m, struct aff_diag *diag);
void export_reader_close(struct export_reader *r);

#endif
