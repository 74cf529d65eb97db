/* SPDX-License-Identifier: Apache-2.0
 *
 * The compression dictionaries of one open journal: one for each channel, as a dictionary serves the messages it was
 * made of best. The packers give samples of a channel that has none, or whose messages have changed so much that they
 * are compressed much worse than they were; the sealer's thread trains, the packers take the result, and the writer
 * stores a dictionary in each log file whose rows need it. A channel that waits for its own uses the newest one of the
 * others. Dictionaries live until the journal is closed; there is a bound to how many.
 */
#ifndef JOURNAL_DICTIONARY_H
#define JOURNAL_DICTIONARY_H

#include <pthread.h>
#include <stdatomic.h>
#include <zstd.h>

#include <afferent/text.h>

#define BOOK_CHANNELS     16  /* that are sampled at a time */
#define BOOK_CHANNEL_SIZE 64  /* longer names share the others' dictionary */
#define BOOK_DICTIONARIES 256 /* in the life of an open journal */

/* How well a dictionary serves its channel: counted by all packers. */
struct dictionary_use {
	atomic_uint_fast64_t messages, bytes, packed;
	atomic_uint_fast64_t usual;  /* bytes for 1,000 packed ones, at first; 0: not known yet */
};

struct dictionary {
	uint32_t id;
	char channel[BOOK_CHANNEL_SIZE]; /* whose messages it is made of; "": not known */
	struct dictionary *older;
	ZSTD_CDict *compiled;
	struct dictionary_use use;
	atomic_bool worn;            /* it serves its channel no more as it did */
	size_t n;
	char bytes[];
};

struct samples {
	char channel[BOOK_CHANNEL_SIZE]; /* "": unused */
	bool ready;                  /* for training; nothing is added any more */
	bool tried;                  /* they have been trained from: not again before the next log file */
	char *bytes;
	size_t n, allocated, count, lengths_allocated;
	size_t *lengths;
};

struct book {
	_Atomic(struct dictionary *) newest; /* NULL: none yet */
	atomic_uint count;
	pthread_mutex_t lock;                /* of the samples */
	struct samples samples[BOOK_CHANNELS];
};

void book_init(struct book *b);
void book_free(struct book *b);

/* A dictionary that was stored before. */
int book_load(struct book *b, uint32_t id, struct aff_view channel, struct aff_view bytes);
/* NULL when the book does not have it. Thread-safe, as are all that follow. */
const struct dictionary *book_find(struct book *b, uint32_t id);
/* What a channel's messages are compressed with now: its own newest one, else the newest. NULL: there is none. */
struct dictionary *book_choose(struct book *b, struct aff_view channel);
/* Whether d is the newest one of its channel. */
bool book_is_current(struct book *b, const struct dictionary *d);

/* Keeps a message as a sample if its channel needs a dictionary. true, once: there are enough for training. */
bool book_sample(struct book *b, struct aff_view channel, struct aff_view message);
/* A message of the dictionary's own channel was packed with it. */
void book_note(struct dictionary *d, size_t bytes, size_t packed);
/* A new log file: channels that nothing came of may be tried again. */
void book_turn(struct book *b);
/* Trains from the samples that are ready. AFF_ENOTFOUND: some have too little in common. */
int book_train(struct book *b);

#endif
