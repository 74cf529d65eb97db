/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder that files are taken from. What is taken goes through three places, each step a rename within one file
 * system, so that at any instant a file is in exactly one of them, whole:
 *
 *	<path>/NAME                   it has come
 *	<path>/.taken/<head>.NAME     it is ours
 *	<done>/NAME, <error>/NAME     its messages are in the journal
 *
 * <head> was the journal's newest id when the file was taken: what the journal has of it comes after that.
 *
 * Nothing is ever overwritten, and no symbolic link is followed, but for the folders as they are configured. Errors
 * and logs never hold a file's name.
 */
#ifndef ENGINE_INBOX_H
#define ENGINE_INBOX_H

#include <sys/stat.h>

#include <afferent/text.h>

#include "conf/conf.h"

struct inbox {
	int in, taken, done, error, acks; /* descriptors; -1: none */
};

#define INBOX_NAME_SIZE 256

/* Opens it, and makes the folders beside it where they are not there. AFF_EBUSY: somebody else takes files from it;
 * AFF_ENOTFOUND, AFF_EPERMISSION, AFF_EARGUMENT (the folders are not on one file system), AFF_EIO. On failure there is
 * nothing to close. */
int inbox_open(struct inbox *f, const struct conf_source *source, struct aff_diag *diag);
void inbox_close(struct inbox *f);

/* Whether the folder is still the one at its path. */
bool inbox_is_there(const struct inbox *f, const char *path);

/* Takes a file: claimed becomes its name in .taken. Not durable before inbox_sync. AFF_ENOTFOUND: it is gone;
 * AFF_EBUSY: it is ours already, from before; AFF_EARGUMENT: its name is too long; AFF_EPERMISSION, AFF_EIO. */
int inbox_take(const struct inbox *f, const char *name, int64_t head, char claimed[INBOX_NAME_SIZE]);
int inbox_sync(const struct inbox *f);
/* Puts it back where it came from. */
int inbox_put_back(const struct inbox *f, const char *claimed);

/* What the name of a file in .taken says: the head, and where in it the file's own name begins. false: it is not one of
 * ours. */
bool inbox_claim(const char *claimed, int64_t *head, const char **name);

/* Appends a taken file to out and tells what it is. AFF_EARGUMENT: it is no regular file; AFF_ELIMIT: it is larger than
 * most; AFF_EAGAIN: it changes while it is read; AFF_ENOMEM, AFF_EIO and so on. */
int inbox_read(const struct inbox *f, const char *claimed, size_t most, struct aff_buf *out, struct stat *st);
/* Whether it is still what inbox_read told: 0; AFF_EAGAIN, it is not; or why that cannot be said. */
int inbox_compare(const struct inbox *f, const char *claimed, const struct stat *st);

/* Writes NAME and suffix (".ack", ".why") into a folder (an opened one of f), durably and anew. */
int inbox_write(int folder, const char *name, const char *suffix, struct aff_view bytes);
/* Moves a taken file into one of f's folders, under its name, or NAME.2 and so on where there is one already;
 * final becomes that name. */
int inbox_finish(const struct inbox *f, const char *claimed, int to, char final[INBOX_NAME_SIZE]);

#endif
