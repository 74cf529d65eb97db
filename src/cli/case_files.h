/* SPDX-License-Identifier: Apache-2.0
 *
 * A test of a channel: the folder NAME of <channel's file without .yaml>.cases, with
 *
 *	in.hl7         the messages that come, one behind the other
 *	expected.txt   how each is taken, and what becomes of it at each destination
 *	DEST.hl7       what is sent to the destination DEST, in order; of FHIR destinations DEST.json
 *	answer.hl7     the answers, where more than their codes is to be tested
 *
 * Lines in these files end as the editor likes. A line of expected.txt is: the number of the message, or * for every
 * one; "message" or a destination; what is expected, or as much of its beginning as is to be tested.
 */
#ifndef CLI_CASE_FILES_H
#define CLI_CASE_FILES_H

#include <limits.h>

#include "cli/case_report.h"
#include "engine/rehearsal.h"

#define CASE_MESSAGES_MAX 1000
#define CASE_BYTES_MAX    (64u << 20)
#define CASE_ENDING       ".cases"
#define CASE_IN           "in.hl7"
#define CASE_EXPECTED     "expected.txt"
#define CASE_ANSWER       "answer.hl7"

/* A line of expected.txt. */
struct case_expected {
	uint64_t message;            /* 0: every one */
	struct aff_view what, text;
	unsigned line;
	bool used;
};

struct case_files {
	char folder[PATH_MAX];
	struct aff_buf bytes;        /* the messages of in.hl7 */
	struct rehearsal_message *messages;
	size_t count, capacity;
	struct aff_buf text;         /* expected.txt */
	struct case_expected *lines;
	size_t nlines, lines_capacity;
	bool has_text;
};

void case_files_init(struct case_files *c);
void case_files_free(struct case_files *c);

/* Reads in.hl7 and expected.txt of a folder. What is wrong is told in the report. 0, AFF_ENOMEM, or another error when
 * the case cannot be run. */
int case_files_read(struct case_files *c, const char *folder, struct case_report *report);

/* The line about a message and "message", "received" or a destination: the one with its number, else the one for every
 * message; NULL: none. It counts as used. */
struct case_expected *case_files_line(struct case_files *c, uint64_t message, const char *what);

/* Appends the file folder/name with each message in it as it would come over a connection: segments end with CR.
 * AFF_ENOTFOUND, AFF_EIO, AFF_ELIMIT. */
typedef int case_message_fn(void *arg, struct aff_view message);
int case_each_message(const char *path, case_message_fn *fn, void *arg, struct aff_diag *diag);

/* Appends a message with one LF behind each segment, for people; as it is where a LF stands within a segment. */
void case_put_lines(struct aff_buf *out, struct aff_view message);
/* Appends a message with one CR behind each segment, whatever ended them. */
void case_put_segments(struct aff_buf *out, struct aff_view message);

#endif
