/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of the messages of a file that was taken, as the writer says or as the journal knows.
 */
#ifndef ENGINE_TAKEN_H
#define ENGINE_TAKEN_H

#include "conf/conf.h"
#include "journal/journal.h"

#define TAKEN_TOLD_MAX 100 /* rejected messages of one file that are told one by one */

struct taken {
	unsigned messages, rejected;
	struct {
		unsigned number;     /* in the file, from 1 */
		int error;
		int64_t id;
	} told[TAKEN_TOLD_MAX];
};

/* The next message of the file. */
void taken_add(struct taken *t, const struct journal_message *row);
/* A report for people; no values. */
void taken_report(const struct taken *t, struct aff_buf *out);

/* Files that may be in the journal. */
struct taken_known {
	char *peer;
	int64_t after;               /* its messages have ids after this */
	struct taken *taken;         /* filled; messages 0: it is not there */
};
/* Looks for n files of a channel in the journal of conf, in one pass. Errors as of journal_search. */
int taken_find(const struct conf *conf, const char *channel, struct taken_known *files, size_t n,
	       struct aff_diag *diag);

#endif
