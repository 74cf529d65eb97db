/* SPDX-License-Identifier: Apache-2.0
 *
 * The compression dictionaries of one open journal. The packers give samples until there are enough, the sealer's
 * thread trains, the packers take the result, and the writer stores a dictionary in each log file whose rows need it.
 * Dictionaries live until the journal is closed.
 */
#ifndef JOURNAL_DICTIONARY_H
#define JOURNAL_DICTIONARY_H

#include <pthread.h>
#include <stdatomic.h>
#include <zstd.h>

#include <afferent/text.h>

struct dictionary {
	uint32_t id;
	struct dictionary *older;
	ZSTD_CDict *compiled;
	size_t n;
	char bytes[];
};

struct samples {
	char *bytes;
	size_t n, count;
	size_t *lengths;
};

struct book {
	_Atomic(struct dictionary *) newest; /* NULL: none yet */
	atomic_bool sampling;
	pthread_mutex_t lock;                /* of the samples */
	struct samples samples;
};

void book_init(struct book *b);
void book_free(struct book *b);

/* A dictionary that was stored before; sampling ends. */
int book_load(struct book *b, uint32_t id, struct aff_view bytes);
/* NULL when the book does not have it. Thread-safe. */
const struct dictionary *book_find(struct book *b, uint32_t id);

/* Starts keeping samples. Thread-safe: book_sample, which returns true once, when there are enough. */
void book_start_sampling(struct book *b);
bool book_sample(struct book *b, struct aff_view message);
/* Trains a dictionary from the samples and makes it the newest one. AFF_ENOTFOUND: they have too little in common. */
int book_train(struct book *b);

#endif
