/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands that look at messages share: parsing one of a file, walking through its parts, and printing
 * values.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdio.h>

#include <afferent/charset.h>
#include <afferent/path.h>

#include "cli/input.h"

/* Parses m with its character set c (name: --charset, counts instead of MSH-18; NULL); on failure tells where and what
 * on standard error and returns the error. */
int message_parse(struct aff_msg *m, struct aff_charset *c, const char *name, const struct input_message *in,
                  bool lenient);

/* Checks what --charset was given; tells what is wrong and returns COMMAND_FAILED. */
int message_check_charset(const char *name);

/* Splitting text at a delimiter, part by part; empty text is one empty part. A delimiter of 0 splits nothing. */
struct message_split {
	struct aff_view rest;
	char delimiter;
	bool done;
};
struct message_split message_split(struct aff_view text, char delimiter);
bool message_next(struct message_split *s, struct aff_view *part);

/* Calls fn for each leaf of the message that is not empty, in order: the path is as short as it can be. */
struct message_leaf {
	struct aff_path path;
	struct aff_view raw;
};
typedef void message_leaf_fn(void *arg, const struct message_leaf *leaf);
void message_walk(const struct aff_msg *m, message_leaf_fn *fn, void *arg);

/* MSH-1 and MSH-2 (FHS, BHS likewise) are the delimiters: never split, never escaped. */
bool message_is_delimiters(const struct aff_msg *m, unsigned segment, unsigned field);

/* The field's name in this version of HL7, "Patient Name"; "" when it is not known. */
const char *message_field_name(unsigned version, const char *segment, unsigned field);

/* m was parsed with a character set, and what is printed is UTF-8.
 * One segment a line; delimiters dimmed on a terminal, control characters visible. */
void message_print(FILE *f, const struct aff_msg *m);
/* One leaf a line: path, field name, value. */
int message_print_tree(FILE *f, const struct aff_msg *m);
/* {"segments":[{"id":"PID","fields":{"5":[["DOE","JANE"]]}}]} into the open object: repetitions, components; a
 * component with subcomponents is an array too. */
struct json_writer;
void message_put_json(struct json_writer *j, const struct aff_msg *m);

#endif
