/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealer's thread: gives closed log files their indices and totals, and trains the compression dictionary. It
 * runs at low priority, owns the log files that the writer has closed, and waits only for work. The writer must have
 * closed a file before it is handed over: this SQLite may damage a log file that two connections write or checkpoint.
 */
#ifndef JOURNAL_SEALER_H
#define JOURNAL_SEALER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "journal/dictionary.h"
#include "journal/folder.h"
#include "journal/vfs.h"

struct sealer {
	const char *folder;
	struct vfs *vfs;
	struct book *book;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake, idle;
	struct file_list queue;      /* from here on: under the lock */
	bool train, busy;
	atomic_bool stop;
};

int sealer_start(struct sealer *s, const char *folder, struct vfs *vfs, struct book *book);
/* Breaks off what it is doing: an unsealed file is sealed after the next start. */
void sealer_stop(struct sealer *s);
/* Hands over a closed log file; one that is sealed already is left alone. Thread-safe. */
int sealer_add(struct sealer *s, int64_t first);
void sealer_train(struct sealer *s);
/* Waits until there is nothing left to do. For tests and benchmarks. */
void sealer_drain(struct sealer *s);

#endif
