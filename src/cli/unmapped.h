/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes and units that a channel's transform did not know, counted. What is remembered of a message is its id and its
 * time, never a value.
 */
#ifndef CLI_UNMAPPED_H
#define CLI_UNMAPPED_H

#include <afferent/watch.h>

#define UNMAPPED_MAX   10000 /* different ones that are remembered; more are only counted */
#define UNMAPPED_TEXT  120   /* bytes that are kept of a code, a name, a system or a unit */
#define UNMAPPED_WHERE 160

struct unmapped_entry {
	const char *channel, *table; /* table "": none was asked */
	enum aff_unmapped_kind kind;
	char code[UNMAPPED_TEXT], name[UNMAPPED_TEXT], system[UNMAPPED_TEXT];
	char unit[UNMAPPED_TEXT], unit_name[UNMAPPED_TEXT], unit_system[UNMAPPED_TEXT];
	uint64_t count, messages;
	int64_t first_us, last_us;   /* 0: not known */
	char example[UNMAPPED_WHERE]; /* the newest message that has it: its id, or its place in a file */
	uint64_t hash;
};

/* The message that is being looked at. */
struct unmapped_message {
	const char *channel;         /* lives as long as the list */
	const char *where;
	int64_t at_us;               /* when it was received; 0: not known */
	uint64_t number;             /* of those looked at, from 1 */
};

struct unmapped {
	struct unmapped_entry *entries;
	uint64_t *last_message;      /* the number of the last message that each was in */
	size_t count, capacity, last_capacity;
	uint32_t *slots;             /* index + 1 by hash; 0: free */
	uint64_t messages, others;   /* others: found when the list was full */
	const struct unmapped_message *message;
	struct unmapped_entry *open; /* codes of this message that a later table may still know */
	size_t nopen, open_capacity;
	int error;
};
/* 0, AFF_ENOMEM. */
int unmapped_init(struct unmapped *u);
void unmapped_free(struct unmapped *u);

/* The observer of a transform (watch.h); arg: struct unmapped, with `message` set. */
void unmapped_tell(void *arg, const struct aff_rules_event *event);
/* The message is over: what no table of its channel knew is counted. */
void unmapped_end(struct unmapped *u);

/* By channel, then the most frequent first. To be called once, behind the last message. */
void unmapped_sort(struct unmapped *u);

/* "code", "name", "unit" or "conversion". */
const char *unmapped_kind_text(enum aff_unmapped_kind kind);

/* ---- printing ---- */

void unmapped_print(const struct unmapped *u);
int unmapped_print_json(const struct unmapped *u);
/* Rows to be filled in and pasted into a table, as YAML or as CSV. */
int unmapped_print_stub(const struct unmapped *u, bool csv);

#endif
