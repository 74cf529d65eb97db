/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sources with threads of their own share: source.c has the thread, and each kind a file of its own.
 */
#ifndef ENGINE_SOURCE_INTERNAL_H
#define ENGINE_SOURCE_INTERNAL_H

#include "engine/in/source.h"

/* All but `open` are called on the source's thread. */
struct source_kind {
	int (*open)(struct source *s, const struct conf_channel *settings, int listener, struct aff_diag *diag);
	/* There is another snapshot; it is in s->of. */
	void (*use)(struct source *s);
	/* Waits for something to do, or for the mailbox to be readable, a second at most; and does it. */
	void (*turn)(struct source *s);
	/* An envelope is committed, or was refused (its result). The reference goes along. */
	void (*came_back)(struct source *s, struct envelope *e);
	/* A note of what became of an envelope that waited for it (source_waits, answers.h). Likewise. NULL: of this
	 * kind none does. */
	void (*told)(struct source *s, struct envelope *note);
	void (*end)(struct source *s);
	/* After the last turn. */
	void (*close)(struct source *s);
};

struct source {
	const struct source_kind *kind;
	void *state;                 /* the kind's */
	struct journal *journal;
	struct intake in;
	struct intake_channel of;
	unsigned unanswered;         /* envelopes that have not come back */
	bool ending;
	pthread_t thread;
	pthread_mutex_t lock;        /* for the rest */
	pthread_cond_t changed;
	struct writer *writer;
	struct conf *conf;           /* to be used from now on; a reference; NULL: nothing new */
	const struct conf_channel *settings;
	bool asked_end, asked_stop;
	bool over;                   /* ending, and nothing is unanswered */
};

/* Queues what was taken; false: the budget is used up. */
bool source_queue(struct source *s, const struct envelopes *all);

/* Whether an envelope that came back is answered only when it is known what became of it. */
bool source_waits(const struct envelope *e);

extern const struct source_kind source_http, source_directory;

#endif
