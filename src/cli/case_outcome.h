/* SPDX-License-Identifier: Apache-2.0
 *
 * What came out of a case, in the words of expected.txt.
 */
#ifndef CLI_CASE_OUTCOME_H
#define CLI_CASE_OUTCOME_H

#include "cli/case_run.h"

#define CASE_WORDS 480

/* What became of a message at a destination. */
struct case_outcome {
	enum journal_outcome_kind kind;
	char words[CASE_WORDS];      /* "filtered when (when: PV1-3.1 = ICU)": the rule's line is quoted */
	char numbered[CASE_WORDS];   /* "filtered line 42: when" */
	size_t first, count;         /* DELIVERED: what is sent, in pieces */
};

struct case_taken {
	char words[200];             /* "accepted AA", "rejected AE 101", "accepted CA awaits ehr" */
	enum journal_verdict verdict;
	bool positive;               /* AA, CA, or no answer */
	size_t at, n;                /* the answer; n 0: none */
};

/* One message or document on its way out, in the bytes. */
struct case_piece {
	size_t at, n;
};

struct case_outcomes {
	const struct case_channel *channel;
	size_t messages, dests;
	struct case_taken *taken;
	struct case_outcome *outcomes; /* dests of them for each message */
	struct case_piece *pieces;
	size_t npieces, pieces_capacity;
	struct aff_buf bytes;
};

/* Runs the messages through the channel. 0, AFF_ENOMEM, AFF_ELIMIT. Free in any case. */
int case_outcomes_make(struct case_outcomes *o, const struct case_channel *channel, const struct case_files *files);
void case_outcomes_free(struct case_outcomes *o);

const struct case_outcome *case_outcome(const struct case_outcomes *o, size_t message, size_t dest);

/* Whether the words begin like that, up to the end of a word. */
bool case_words_begin(const char *words, struct aff_view with);

#endif
