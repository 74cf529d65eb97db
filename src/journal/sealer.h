/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealer's thread: gives closed log files their indices and totals, removes those that retention lets go, and
 * trains the compression dictionary. It runs at low priority, owns the log files that the writer has closed, and waits
 * only for work. The writer must have closed a file before it is handed over: this SQLite may damage a log file that
 * two connections write or checkpoint.
 */
#ifndef JOURNAL_SEALER_H
#define JOURNAL_SEALER_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "journal/dictionary.h"
#include "journal/folder.h"
#include "journal/keyring.h"
#include "journal/retention.h"
#include "journal/tiers.h"
#include "journal/vfs.h"

enum work { WORK_STOP, WORK_TRAIN, WORK_SEAL, WORK_REMOVE, WORK_REKEY, WORK_LOOK };

struct sealer {
	const char *folder;
	struct vfs *vfs;
	struct book *book;
	struct keyring *keyring;
	const struct journal_coder *coder;
	char secret[PATH_MAX];       /* the file of the master keys */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake, idle;
	struct file_list queue;      /* from here on: under the lock */
	struct file_list again;      /* closed files that could not be sealed: tried again */
	bool train, busy;
	bool rekey;                  /* data keys may be wrapped with an older master key */
	bool rekey_again;            /* some could not be wrapped anew: tried again */
	bool look;                   /* at what retention wants, at once */
	struct carry carry;          /* the file that may go; the writer's while the next one is true */
	atomic_bool carrying;
	bool carried;                /* the writer has committed it: the file goes */
	struct journal_retention shown; /* a copy of retention's state */
	struct retention retention;  /* the thread's own, as are the next two */
	struct tiers tiers;
	bool told[WORK_LOOK + 1];    /* of a failure */
	atomic_bool stop;
};

int sealer_start(struct sealer *s, const struct journal_options *o, struct vfs *vfs, struct book *book,
		 struct keyring *keyring);
/* Breaks off what it is doing: an unsealed file is sealed after the next start. */
void sealer_stop(struct sealer *s);
/* Hands over a closed log file; one that is sealed already is left alone. Thread-safe. */
int sealer_add(struct sealer *s, int64_t first);
void sealer_train(struct sealer *s);
/* Wraps the data keys of closed log files with the newest master key, where they are not. Thread-safe. */
void sealer_rekey(struct sealer *s);
/* Seals again what could not be sealed, and looks what retention wants, now; by itself it does so every few seconds.
 * Thread-safe. */
void sealer_look(struct sealer *s);

/* The sums that the writer is to commit, NULL: none; and that it has. The writer's thread. */
const struct carry *sealer_carry(struct sealer *s);
void sealer_carried(struct sealer *s);
/* Thread-safe. */
void sealer_retention(struct sealer *s, struct journal_retention *out);
/* Waits until there is nothing left to do. For tests and benchmarks. */
void sealer_drain(struct sealer *s);

#endif
