/* SPDX-License-Identifier: Apache-2.0
 *
 * Where findings go while the configuration is read.
 */
#ifndef CONF_REPORT_H
#define CONF_REPORT_H

#include <afferent/text.h>

struct place {
	unsigned line, column; /* from 1; columns count characters */
};

struct report {
	struct aff_diag_list *findings;
	const char *root;      /* the configuration folder */
	const char *file;      /* the file being read, below root */
	int error;             /* AFF_ENOMEM once memory ran out */
};

/* Adds a finding in the current file. hint may be NULL. */
void report_error(struct report *r, struct place at, const char *hint, const char *format, ...) AFF_PRINTF(4, 5);
void report_warning(struct report *r, struct place at, const char *hint, const char *format, ...) AFF_PRINTF(4, 5);
void report_info(struct report *r, struct place at, const char *hint, const char *format, ...) AFF_PRINTF(4, 5);
/* Adds an error that somebody else explained, at a place of ours. */
void report_diag(struct report *r, struct place at, const struct aff_diag *diag);

/* Adds a finding of the current file that somebody else made, as it is, with its line and column. */
void report_forward(struct report *r, const struct aff_diag *diag);

/* The place of a byte of a file, for faults that have no other. */
struct place place_of_byte(struct aff_view bytes, size_t offset);

/* Configuration text as it may stand in a message: shortened, without control characters. Returns buf. */
#define SHOWN_SIZE 72
const char *shown(char buf[SHOWN_SIZE], struct aff_view text);

#endif
