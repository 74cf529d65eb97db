/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 4180: one record after another, quoted fields, CRLF or LF. Fields are copied into the reader's own buffer.
 */
#ifndef CONF_CSV_H
#define CONF_CSV_H

#include "conf/report.h"

#define CSV_MAX_FIELDS 64

struct csv {
	struct aff_view rest;
	struct place at;                  /* of what comes next */
	struct aff_buf text;              /* the record's fields, one after the other */
	size_t count;                     /* fields in the record */
	struct place place[CSV_MAX_FIELDS];
	size_t end[CSV_MAX_FIELDS];       /* in text */
};

/* A byte order mark is skipped. Free text with aff_buf_free. */
void csv_begin(struct csv *c, struct aff_view bytes);
/* The next record that is not an empty line: 1, 0 at the end, or AFF_ESYNTAX, AFF_ELIMIT, AFF_ENOMEM: *fault says
 * what, c->at where. */
int csv_next(struct csv *c, const char **fault);
struct aff_view csv_field(const struct csv *c, size_t i);

#endif
