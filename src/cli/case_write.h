/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing the files of a case: `afferent test --update`.
 */
#ifndef CLI_CASE_WRITE_H
#define CLI_CASE_WRITE_H

#include "cli/case_outcome.h"

/* What a report holds at some moment; what is added behind it can be taken back. */
struct case_mark {
	size_t count, dropped;
	enum case_result result;
};
struct case_mark case_mark(const struct case_report *r);
/* Was something added? */
bool case_marked(const struct case_report *r, const struct case_mark *mark);
void case_unmark(struct case_report *r, const struct case_mark *mark);

/* Write or remove a file, and report that. 0, or an error that was reported. */
int case_write(struct case_report *r, const char *path, const char *name, const struct aff_buf *text,
               struct aff_diag *diag);
int case_remove(struct case_report *r, const char *path, const char *name);
/* expected.txt anew: comments at its top, lines that fit and times of arrival stay as they are. */
int case_write_expected(struct case_report *r, struct case_files *files, const struct case_outcomes *o);
/* Appends an answer with * for what is another one each time: MSH-7 and MSH-10. */
void case_write_answer(struct aff_buf *out, struct aff_view answer);

#endif
