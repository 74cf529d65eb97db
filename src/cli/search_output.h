/* SPDX-License-Identifier: Apache-2.0
 *
 * What `afferent journal search` found, in the form that was asked for. Rows are kept for a while: what became of them
 * is asked for many at once.
 */
#ifndef CLI_SEARCH_OUTPUT_H
#define CLI_SEARCH_OUTPUT_H

#include "base/json.h"
#include "cli/term.h"
#include "journal/journal.h"

#define SEARCH_OUTPUT_ROWS 256

enum search_format {
	SEARCH_TABLE, /* all rows, then the table */
	SEARCH_LINES, /* the same columns, a line at a time: nobody knows how wide they will be */
	SEARCH_JSON, SEARCH_CSV,
	SEARCH_HL7,   /* the messages one after the other */
	SEARCH_FILES  /* each into a file of its own */
};

struct search_output {
	enum search_format format;
	const char *folder;              /* of SEARCH_FILES */
	struct journal_reader *fates;    /* another reader than the one that searches */
	uint64_t found;
	uint64_t hidden;                 /* of these: their ids are encrypted */
	int64_t last_id;
	uint64_t removed;            /* messages without a body, which a format needs: left out */
	struct journal_message row[SEARCH_OUTPUT_ROWS];
	size_t n, current;               /* rows waiting; the one that is being written */
	bool pending;                    /* its outcomes were written, its pending destinations are next */
	struct aff_buf texts;            /* of the rows */
	struct aff_buf line;
	struct json_writer json;
	struct table table;
	struct aff_diag diag;            /* when one of these fails */
};

/* Messages are needed as they came. */
bool search_output_wants_raw(const struct search_output *o);
int search_output_begin(struct search_output *o);
/* A journal_row_fn for struct search_output. */
int search_output_row(void *output, const struct journal_row *row);
/* Writes the rows that wait. */
int search_output_flush(struct search_output *o);
/* The end: prints the table unless `failed`. */
int search_output_end(struct search_output *o, bool failed);

#endif
