/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of a source of files share: source_directory.c (the folder and the thread's turns), directory_in.c
 * (new files), directory_left.c (files that were taken earlier), directory_out.c (where they go).
 */
#ifndef ENGINE_SOURCE_DIRECTORY_H
#define ENGINE_SOURCE_DIRECTORY_H

#include "engine/in/inbox.h"
#include "engine/in/inbox_list.h"
#include "engine/in/source_internal.h"
#include "engine/in/taken.h"

#define JOBS_MAX 128         /* files on their way */
#define AGAIN_US INT64_C(60000000) /* what failed is tried again */
#define OPEN_US INT64_C(1000000)

/* A file that is taken. */
struct job {
	char claimed[INBOX_NAME_SIZE];
	struct stat st;
	struct taken taken;
	unsigned left;               /* messages that have not come back */
	int result;                  /* AFF_EFULL: they found no room */
	bool changed;                /* it holds another number of messages than the journal has of it */
	struct aff_buf answers;
};

struct directory {
	struct inbox inbox;
	bool open, reopen;           /* reopen: the settings may name other folders beside it */
	int64_t open_us;             /* when opening is tried again */
	struct inbox_list list;
	size_t next;                 /* of list.due */
	int64_t look_us;             /* when the folder is looked at again */
	bool leftovers;              /* there may be files in .taken that are not on their way */
	int64_t leftovers_us;        /* not before */
	struct job *jobs[JOBS_MAX];
	unsigned njobs;
	struct aff_buf bytes;        /* of the file at hand */
	int64_t trouble_told_us, refused_told_us;
	unsigned trouble_untold, refused_untold;
};

static inline const struct conf_source *source_of(const struct source *s)
{
	return &s->of.settings->source;
}

/* ---- directory_in.c ---- */

/* A taken file: its messages go to the writer. file: what the folder's list says of it; NULL: it was taken earlier,
 * and known is what the journal has of it. */
void directory_begin(struct source *s, const char *claimed, struct listed *file, const struct taken *known);
/* Takes what is due, as far as there is room. */
void directory_take(struct source *s);

/* ---- directory_left.c ---- */

/* Whether a file of this name is in .taken: another one of it has to wait, or nobody could tell their messages apart
 * after a crash. */
bool directory_has(const struct directory *d, const char *name);
/* Takes up what lies in .taken and is not on its way. */
void directory_take_leftovers(struct source *s);

/* ---- directory_out.c ---- */

/* A file that cannot be taken or finished: told once a minute, without its name. */
void directory_tell_trouble(const struct source *s, const char *what, int error);
/* A file in .taken stays there, and is tried from there again after a while. */
void directory_leave(struct directory *d, int64_t after_us);
/* Moves a taken file to .error, with a report of which why is the short form, for the log. */
void directory_refuse(struct source *s, const char *claimed, const char *why, struct aff_view report);
void directory_add_answer(struct job *j, struct aff_view framed);
/* All its messages are in the journal: to .done or .error. The job is gone then. */
void directory_finish(struct source *s, struct job *j);
void directory_free_job(struct directory *d, struct job *j);
/* The kind's came_back. */
void directory_came_back(struct source *s, struct envelope *e);

#endif
