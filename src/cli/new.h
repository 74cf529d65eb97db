/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands of `afferent new` share: a file is only written when the configuration with it has no mistake that
 * it did not have before, and never over another one.
 */
#ifndef CLI_NEW_H
#define CLI_NEW_H

#include "conf/conf.h"

int new_channel_command(int argc, char **argv);
int new_table_command(int argc, char **argv);
int new_case_command(int argc, char **argv);

struct new_file {
	char name[300];              /* below the folder: "channels/icu.yaml" */
	struct aff_buf text;
};

/* Whether a name may be that of a file. Told on standard error: COMMAND_FAILED. */
int new_check_name(const char *what, const char *name);

/* Checks the files together with those of the configuration folder, and writes them; print: to standard output instead.
 * 0; or COMMAND_FAILED, told on standard error with every mistake, and nothing is written. */
int new_write(const char *folder, struct new_file *files, size_t count, bool print);

/* Appends a text as a YAML scalar, quoted where that is needed. */
void new_put_scalar(struct aff_buf *out, const char *text);

/* The configuration of a folder as far as it can be read; NULL: there is none, or it has mistakes. Nothing is told. */
struct conf *new_known(const char *folder);

#endif
