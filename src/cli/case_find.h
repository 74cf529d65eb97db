/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the cases of channels lie: a folder each in <channel's file without .yaml>.cases.
 */
#ifndef CLI_CASE_FIND_H
#define CLI_CASE_FIND_H

#include <limits.h>

#include "conf/conf.h"

/* What an argument of `afferent test` means. */
struct case_target {
	char config[PATH_MAX];   /* to be loaded: a configuration folder, or a channel's file */
	char channel[256];       /* in it; "": all */
	char name[256];          /* the case; "": all */
};
/* A folder, a channel's file, a .cases folder, a case in it, a channel's name, or CHANNEL/CASE; NULL: all of the
 * current folder. 0, or told on standard error. */
int case_target_find(struct case_target *t, const char *argument);

/* The .cases folder of a channel whose configuration was read from root. */
void case_folder(char out[PATH_MAX], const char *root, const struct conf_channel *channel);

/* The cases in a .cases folder, sorted by name. found: false when there is no such folder. */
struct case_names {
	char **names;
	size_t count, capacity;
};
int case_names_read(struct case_names *n, const char *folder);
void case_names_free(struct case_names *n);

/* Tells of each .cases folder below root/channels that belongs to none of the channels. How many there are. */
size_t case_tell_strays(const char *root, const struct conf *conf);

#endif
