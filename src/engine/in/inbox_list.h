/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies in a folder, look after look: which files are complete, and in which order they are due. Two looks tell
 * whether a file still changes; clocks of other machines (a network share's) are not believed.
 */
#ifndef ENGINE_INBOX_LIST_H
#define ENGINE_INBOX_LIST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define INBOX_LIST_MAX 200000 /* files of one look; others are seen when these are gone */

struct listed {
	char *name;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
	int64_t since_us;            /* when it was first seen so (monotonic) */
	int64_t not_before_us;       /* it could not be taken: not tried again before this, unless it changes */
};

struct inbox_list {
	struct listed *files;        /* by name */
	size_t n;
	struct listed **due;         /* complete ones, by time of modification, then by name */
	size_t ndue;
};

/* Looks at the folder: regular files whose names match and that are not empty. An empty one may be about to be
 * written; names that begin with a dot are never looked at. `due` is filled anew. AFF_ENOMEM, AFF_EIO (and *number is
 * errno): the list stays as it was. */
int inbox_list_look(struct inbox_list *l, int folder, const char *match, int64_t settle_ms, int64_t now_us,
		     int *number);
void inbox_list_free(struct inbox_list *l);

#endif
