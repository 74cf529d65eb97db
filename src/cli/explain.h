/* SPDX-License-Identifier: Apache-2.0
 *
 * What a transform did to a message, collected by an observer and told when it is over: steps that did nothing can then
 * be told in short. Texts are UTF-8 and hold patient data.
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <afferent/watch.h>

#include "engine/in/ingest.h"
#include "engine/pipeline.h"
#include "hl7/arena.h"

/* A segment by its id and number: OBX[3]; id "": the message. */
struct explain_place {
	char id[4];
	unsigned occurrence;
	unsigned field, repetition;   /* of a step for each repetition; 0 */
};

/* Whether the condition held there, and what it found. */
struct explain_ask {
	struct explain_place at;
	bool holds;
	struct aff_view why;          /* "OBX-11 is R"; "": the step has no condition */
};

struct explain_change {
	struct explain_place at;
	bool inserted, deleted;       /* before, after is empty then */
	struct aff_view before, after;
};

/* A code or unit that is not known; what is still missing is empty. */
struct explain_unmapped {
	enum aff_unmapped_kind kind;
	unsigned field;
	const char *table;            /* NULL: none was asked */
	struct aff_view code, name, system, unit;
};

/* The step was carried out there. */
struct explain_deed {
	struct explain_place at;
	int outcome;                  /* as in watch.h */
	const struct aff_table_row *row; /* that translate took; NULL: none */
	const char *table;            /* of which */
	size_t change, changes, unknown, unknowns; /* the first one, and how many */
};

struct explain_step {
	size_t number;                /* from 0; steps of a group, and the group, are told for each segment */
	unsigned line;
	const char *name;
	char what[72];                /* the path that it is about, "" */
	char for_each[12];            /* "OBX", "PID-3" */
	struct aff_view when;         /* "": none */
	bool failed, skipped;         /* it was not done; what its entry had done is undone */
	struct aff_view reason;       /* of a failure */
	size_t ask, asks, deed, deeds;
};

struct explain {
	struct arena texts;
	struct aff_charset *charset;  /* of the message; not owned */
	struct aff_delims delims;
	struct explain_step *steps;
	size_t nsteps, steps_room;
	struct explain_ask *asks;
	size_t nasks, asks_room;
	struct explain_deed *deeds;
	size_t ndeeds, deeds_room;
	struct explain_change *changes;
	size_t nchanges, changes_room;
	struct explain_unmapped *unknowns;
	size_t nunknowns, unknowns_room;
	struct aff_view *segments;    /* of the edit, at the event before */
	size_t nsegments, segments_room;
	const struct aff_table_row *row; /* of the deed that is being done */
	const char *table;
	struct aff_buf scratch;
	int error;                    /* AFF_ENOMEM, AFF_ELIMIT: what is told is not whole */
};

void explain_init(struct explain *x);
void explain_free(struct explain *x);
/* Forgets the message before. */
void explain_begin(struct explain *x);
/* Of struct aff_rules_watch; arg: the struct explain. */
void explain_tell(void *arg, const struct aff_rules_event *event);
/* Why a condition holds or not, one test after the other: "PV1-3.1 is ICU, OBX-5 is 120". "" without a condition.
 * at: segment, field and repetition of an event; NULL: the message. */
struct aff_view explain_why(struct explain *x, const struct aff_expr *when, const struct aff_edit *e,
                            const struct aff_rules_event *at);

/* explain_diff.c: adds what differs between the segments of the event before and those of e; e becomes the event
 * before. */
void explain_compare(struct explain *x, const struct aff_edit *e);
void explain_remember(struct explain *x, const struct aff_edit *e);
/* Copies message text in UTF-8; text is copied as it is. */
struct aff_view explain_keep_raw(struct explain *x, struct aff_view raw);
struct aff_view explain_keep(struct explain *x, struct aff_view text);

/* The next field of two versions of a segment that differs. *field: 0 to begin with; MSH counts as HL7 does. */
bool explain_next_field(const struct explain_change *c, char separator, unsigned *field, struct aff_view *before,
                        struct aff_view *after);

/* ---- all of it ---- */

struct explain_dest {
	const struct conf_dest *dest;
	struct pipeline_result result;
	struct aff_view why;          /* of a `when` that does not hold */
	struct aff_view bytes;        /* SEND: a copy of what goes out */
};

/* One message on its way through a channel. */
struct explanation {
	const struct conf_channel *channel;
	const char *where;            /* "file(message 2)" */
	size_t length;
	struct ingest_decision decision;
	struct aff_view control_id;
	const char *answer;           /* "AA", "" for none */
	struct pipeline_result transformed;
	const struct explain *steps;  /* NULL: it was not accepted */
	struct explain_dest *dests;
	size_t ndests;
	bool full;
};

void explain_print_text(const struct explanation *x);
/* 0 or the buffer's error. */
int explain_print_json(const struct explanation *x);
/* What the channel checks before it takes a message: "tables". */
const char *explain_check_name(const struct conf_channel *channel, char *buf, size_t size);

#endif
