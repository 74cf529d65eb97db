/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching a transform: an observer is told what each step did and why it did not. For tools that explain a channel or
 * collect codes that no table knows; a run without an observer pays nothing for it.
 *
 * What the observer is told holds field values: they are patient data.
 */
#ifndef AFFERENT_WATCH_H
#define AFFERENT_WATCH_H

#include <afferent/rules.h>

#ifdef __cplusplus
extern "C" {
#endif

enum aff_rules_event_kind {
	AFF_RULES_STEP,     /* a step begins */
	AFF_RULES_WHEN,     /* its condition was asked (a step without one: would have been), with the answer `holds` */
	AFF_RULES_DONE,     /* it was carried out, with `outcome` */
	AFF_RULES_ROW,      /* within that: translate takes this row of its table */
	AFF_RULES_UNMAPPED, /* within that: a code or a unit that is not known */
	AFF_RULES_SKIPPED   /* the step failed, as DONE told, and everything that its entry did is undone; `why` */
};

enum aff_unmapped_kind {
	AFF_UNMAPPED_CODE,  /* the table has no row for the code */
	AFF_UNMAPPED_NAME,  /* it has one, under another name, unit, or container */
	AFF_UNMAPPED_UNIT,  /* the unit is not known, or has no counterpart in UCUM */
	AFF_UNMAPPED_VALUE  /* the row asks for a unit into which the value's cannot be converted */
};

/* What is not known. Texts are UTF-8 without escapes, "" where nothing was sent; as the message stands then: beside an
 * AFF_UNMAPPED_VALUE the code is translated already. */
struct aff_unmapped {
	enum aff_unmapped_kind kind;
	const struct aff_table *table;              /* NULL: no table was asked, the unit is not known at all */
	unsigned field;                             /* of the segment: the field that is at fault */
	struct aff_view code, name, system;         /* of the coded field; of OBX-3 where a unit is at fault */
	struct aff_view unit, unit_name, unit_system; /* OBX-6 of an OBX */
};

/* Everything is valid during the call only, but for views of segments of e: they last until e is laid over another
 * message. Between two events nothing changes but by the step that is told as DONE: whoever compares e with what it
 * held at the event before sees what one step did to one segment. */
struct aff_rules_event {
	enum aff_rules_event_kind kind;
	const struct aff_edit *e;        /* as it stands now */
	size_t step;                     /* its number, from 0 */
	unsigned line;                   /* in the channel's file */
	const char *name;                /* as the channel's file calls it: "translate" */
	const struct aff_path *path;     /* what it is about; without a segment: nothing that a path could name */
	const char *for_each;            /* "": for the message */
	unsigned for_field;              /* each repetition of this field; 0: the whole segment */
	unsigned repetition;             /* of the field that the step is done for; 0: for the whole segment */
	const struct aff_expr *when;     /* NULL: none */
	unsigned segment;                /* for which one; AFF_NONE: for the message. After a deletion the place */
	bool holds;                      /* WHEN */
	int outcome;                     /* DONE: 0 the run goes on, 1 the step decided it, negative AFF_E... */
	const struct aff_table *table;       /* ROW */
	const struct aff_table_row *row;     /* ROW: they last as long as the table */
	const struct aff_unmapped *unmapped; /* UNMAPPED */
	const struct aff_diag *why;      /* SKIPPED; DONE with outcome 1: why the message is rejected, if it is */
};

struct aff_rules_watch {
	void (*tell)(void *arg, const struct aff_rules_event *event);
	void *arg;
};

/* aff_rules_run (rules.h), told to the observer on the way; NULL: to nobody. The result is the same. A condition that
 * costs too much is told as DONE. */
int aff_rules_run_watched(const struct aff_rules *r, struct aff_edit *e, const struct aff_rules_watch *watch,
                          struct aff_rules_result *result, struct aff_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
