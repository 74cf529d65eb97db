/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal writer: the one thread that writes. It takes what io threads and senders hand in, puts it into one
 * transaction, and only after the commit is durable gives the envelopes back for their answers and publishes them to
 * the feeds.
 */
#ifndef ENGINE_WRITER_H
#define ENGINE_WRITER_H

#include "engine/envelope.h"
#include "engine/histogram.h"

struct writer;
struct answers;

/* What a sender reports. The writer frees it after the commit. */
struct outcome_report {
	struct outcome_report *next;
	struct journal_outcome outcome;  /* kind 0: none */
	char detail[160];
	int64_t cursor;                  /* 0: unchanged */
	bool count;                      /* sets how often the message's delivery was tried when the process ended: */
	unsigned attempts;
	_Atomic unsigned *open;          /* the sender's count of reports not yet committed */
};

/* What the outcome of a message says that was handed over to another channel: what it says already, and the message
 * there. Into buf. */
#define HANDED_OVER_SIZE 400
struct aff_view handed_over_detail(char buf[HANDED_OVER_SIZE], const struct journal_outcome *o,
				   const struct journal_message *there);

/* resends: stays the caller's, and is the writer's alone until writer_stop. answers: told of what is committed; NULL:
 * nobody waits. */
int writer_start(struct writer **out, struct journal *journal, struct resends *resends, struct answers *answers);
/* Commits what is queued and ends the thread. The io threads, which outlive it to send the last answers, may still ask
 * whether the disk is full: writer_free comes after them. */
void writer_stop(struct writer *w);
void writer_free(struct writer *w);

/* Hands over a chain of envelopes; their references go along. Never waits for the disk. */
void writer_submit(struct writer *w, struct envelope *first, struct envelope *last);
/* Hands over a chain of reports. */
void writer_report(struct writer *w, struct outcome_report *first, struct outcome_report *last);

/* Runs fn on the writer's thread between two transactions and waits for it: snapshots and cursors are set this way. */
typedef int writer_call_fn(void *arg, struct journal *journal, struct aff_diag *diag);
int writer_call(struct writer *w, writer_call_fn *fn, void *arg, struct aff_diag *diag);

struct writer_stats {
	uint64_t commits, messages, outcomes;
	int64_t commit_p50_us, commit_p99_us;
	bool full;                       /* no message finds room */
};
/* No message finds room. Thread-safe. */
bool writer_is_full(const struct writer *w);
void writer_stats(const struct writer *w, struct writer_stats *out);

#endif
