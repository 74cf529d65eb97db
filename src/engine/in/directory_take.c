/* SPDX-License-Identifier: Apache-2.0
 *
 * The way in: complete files are taken, oldest first, and their messages go to the writer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/peer.h"
#include "engine/in/source_directory.h"
#include "sys/clock.h"

#define MESSAGES_MAX 100000  /* of one file */
#define ANSWERS_MAX (64u << 20)

/* It cannot be taken now. file: as of begin. */
static void put_off(struct source *s, const char *claimed, struct listed *file, int error)
{
	struct directory *d = s->state;
	if (error != AFF_EAGAIN)
		directory_tell_trouble(s, "cannot be read", error);
	if (!file) {
		directory_leave(d, AGAIN_US);
		return;
	}
	file->not_before_us = error == AFF_EAGAIN ? 0 : clock_mono_us() + AGAIN_US;
	if (inbox_put_back(&d->inbox, claimed))
		directory_leave(d, 0); /* another one of its name has come meanwhile */
}

/* What was read is nothing that could be taken, now or ever. */
static void not_taken(struct source *s, const char *claimed, struct listed *file, int error)
{
	char report[120];
	const char *why = error == AFF_ELIMIT      ? "it is larger than source.directory.max_file"
			  : error == AFF_EARGUMENT ? "it is no regular file"
						   : NULL;
	if (!why) {
		put_off(s, claimed, file, error);
		return;
	}
	snprintf(report, sizeof report, "Nothing of the file was taken: %s.\n", why);
	directory_refuse(s, claimed, why, aff_view_of(report));
}

static struct job *new_job(struct directory *d, const char *claimed, uint32_t *slot)
{
	struct job *j = calloc(1, sizeof *j);
	for (*slot = 0; j && *slot < JOBS_MAX; (*slot)++) {
		if (d->jobs[*slot])
			continue;
		snprintf(j->claimed, sizeof j->claimed, "%s", claimed);
		aff_buf_init(&j->answers, ANSWERS_MAX);
		d->jobs[*slot] = j;
		d->njobs++;
		return j;
	}
	free(j);
	return NULL;
}

/* The journal has its messages: only the way out is left. */
static void resume(struct source *s, struct job *j, struct envelopes *all, const struct taken *known)
{
	j->taken = *known;
	j->changed = known->messages != all->count;
	for (const struct envelope *e = all->first; e; e = e->next)
		directory_add_answer(j, e->answer);
	intake_discard(all);
	directory_finish(s, j);
}

void directory_begin(struct source *s, const char *claimed, struct listed *file, const struct taken *known)
{
	struct directory *d = s->state;
	char peer[PEER_FILE_SIZE];
	struct envelopes all;
	const char *name = "";
	int64_t head;
	uint32_t slot;
	struct job *j = new_job(d, claimed, &slot);
	aff_buf_clear(&d->bytes);
	int rc = j && inbox_claim(claimed, &head, &name) ? 0 : AFF_ENOMEM;
	if (!rc)
		rc = inbox_read(&d->inbox, claimed, source_of(s)->max_frame, &d->bytes, &j->st);
	if (!rc && file && (file->inode != j->st.st_ino || file->size != j->st.st_size))
		rc = AFF_EAGAIN; /* it changed since it was looked at */
	if (!rc)
		rc = intake_messages(&s->in, &s->of, peer_of_file(peer, source_of(s)->path, name),
				     aff_buf_view(&d->bytes), MESSAGES_MAX, &all);
	if (rc) {
		not_taken(s, claimed, file, rc);
		if (j)
			directory_free_job(d, j);
		return;
	}
	if (known && known->messages) {
		resume(s, j, &all, known);
		return;
	}
	for (struct envelope *e = all.first; e; e = e->next)
		e->slot = slot;
	j->left = all.count;
	source_queue(s, &all);
#ifdef AFF_MUTANT_57 /* a file is done before its messages are stored */
	char final[INBOX_NAME_SIZE];
	inbox_finish(&d->inbox, claimed, d->inbox.done, final);
#endif
}

static bool has_room(const struct source *s, size_t more)
{
	const struct budget *b = s->in.budget;
	return atomic_load(&b->used) + more * 2 < b->max / 4 * 3;
}

/* ---- new files ---- */

/* A file in hand before it is read. */
struct claim {
	char name[INBOX_NAME_SIZE];
	struct listed *file;
};

/* Renames complete files into .taken. Returns how many. */
static unsigned take(struct source *s, struct claim *claims, unsigned most)
{
	struct directory *d = s->state;
	int64_t head = journal_head(s->journal);
	size_t bytes = 0;
	unsigned n = 0;
	for (; d->next < d->list.ndue && n < most; d->next++) {
		struct listed *file = d->list.due[d->next];
		if (directory_has(d, file->name)) {
			file->not_before_us = clock_mono_us() + OPEN_US;
			continue;
		}
		bytes += (size_t)file->size;
		if ((n || d->njobs) && !has_room(s, bytes))
			break;
		int rc = inbox_take(&d->inbox, file->name, head, claims[n].name);
		if (!rc)
			claims[n++].file = file;
		else if (rc != AFF_ENOTFOUND)
			file->not_before_us = clock_mono_us() + (rc == AFF_EBUSY ? OPEN_US : AGAIN_US);
		if (rc && rc != AFF_ENOTFOUND && rc != AFF_EBUSY)
			directory_tell_trouble(
				s, rc == AFF_EARGUMENT ? "has too long a name" : "cannot be taken", rc);
	}
	return n;
}

void directory_take(struct source *s)
{
	struct directory *d = s->state;
	struct claim claims[JOBS_MAX];
	unsigned n = take(s, claims, JOBS_MAX - d->njobs);
	/* What is committed must not be found again under its old name after a power cut. */
	int rc = n ? inbox_sync(&d->inbox) : 0;
	for (unsigned i = 0; i < n; i++) {
		if (rc)
			put_off(s, claims[i].name, claims[i].file, rc);
		else
			directory_begin(s, claims[i].name, claims[i].file, NULL);
	}
}
