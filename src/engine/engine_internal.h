/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that make up the engine's main part share.
 */
#ifndef ENGINE_ENGINE_INTERNAL_H
#define ENGINE_ENGINE_INTERNAL_H

#include <pthread.h>

#include "engine/answers.h"
#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/in/io.h"
#include "engine/ledger.h"
#include "engine/resends_load.h"
#include "engine/out/sender.h"
#include "engine/in/source.h"
#include "engine/syslog_client.h"
#include "engine/writer.h"

#define IO_THREADS_MAX 64

/* A channel whose source is served. */
struct served {
	struct served *next;
	struct channel *channel;
	enum conf_source_kind kind;
	int listener;                /* -1: it has none */
	struct conf_address asked;   /* as configured */
	char address[64];            /* as bound: port 0 has become a real one; or as connected to */
	char *path;                  /* of a folder; NULL */
	struct source *own;          /* what serves it, where it has a thread of its own; NULL */
};

/* A destination that is sent to. */
struct sending {
	struct sending *next;
	struct sender *sender;
};

struct engine {
	char *path;
	pthread_mutex_t lock;        /* one reload, status or stop at a time */
	struct conf *conf;
	struct syslog_client *syslog; /* NULL: none; the journal hands its checkpoints to it */
	struct journal *journal;
	char *folder;                /* of the journal; a reload does not change it */
	struct journal_coder coder;  /* the journal's */
	struct resends *resends;     /* the writer's, while there is one */
	struct resends_load *resends_load;
	struct answers *answers;     /* of messages whose outcomes are waited for */
	struct writer *writer;
	struct ledger_gauge gauge;
	struct budget budget;
	struct io *io[IO_THREADS_MAX];
	unsigned nio;
	struct channel *channels;    /* every channel there ever was */
	struct served *served;
	struct served *leaving;      /* with sources of their own that may still have something to answer */
	unsigned next_source;
	struct sending *sending, *retired; /* retired: joined, freed when the writer is done with it */
	bool unclean;                /* the last run did not end in order */
	_Atomic bool alone;          /* of careful.h */
	int64_t started_us;
	uint64_t reloads, reloads_refused;
};

/* outside.c */

/* Opens the journal, and what its checkpoints are sent with. */
int engine_open_journal(struct engine *e, struct aff_diag *diag);

/* destinations.c */

/* Makes the snapshot and its cursors known to the journal and starts the senders that do not run yet: all of them, or
 * none. */
int engine_start_senders(struct engine *e, struct conf *conf, const char *who, struct aff_diag *diag);
/* Hands conf to the senders that run. */
void engine_reconfigure_senders(struct engine *e, struct conf *conf);
/* Ends the senders of *list that conf does not want (conf NULL: all of them). They are freed at a
 * later reload or at the end, when the writer is done with them. */
void engine_retire_senders(struct engine *e, struct sending **list, const struct conf *conf);

/* Records an administrative action within the open transaction: who did what with which configuration. who NULL: the
 * user that the engine runs as. */
int engine_add_action(struct journal *journal, const char *kind, const char *who, const struct conf *conf,
		      struct aff_diag *diag);

/* listeners.c */

/* Makes ready the sources of conf that are not served yet, or are another one now; binds what they listen on. All or
 * none. */
int engine_bind_new(struct engine *e, const struct conf *conf, struct served **bound, struct aff_diag *diag);
void engine_close_bound(struct served *bound);
/* The switch: new sockets, the new snapshot for the others, no more service for channels that are gone. */
void engine_serve(struct engine *e, struct conf *conf, struct served *bound);
/* No source takes anything any more; returns when what they took is answered, or at the deadline (monotonic). */
void engine_drain_sources(struct engine *e, int64_t deadline_us);
/* When nobody serves them any more, and the writer has ended. */
void engine_free_served(struct engine *e);

#endif
