/* SPDX-License-Identifier: Apache-2.0
 *
 * One step of a program and what it works on while it runs. A struct step is read by any number of threads; a struct
 * run belongs to one call of aff_rules_run.
 */
#ifndef RULES_STEP_H
#define RULES_STEP_H

#include <afferent/watch.h>

#include "rules/template.h"

struct step_kind;
struct script;
struct hide;

struct step {
	const struct step_kind *kind;
	unsigned line;
	bool joined;             /* to the step before */
	bool inside;             /* a GROUP, which does it */
	unsigned inner;          /* GROUP: how many of the following steps are its own */
	bool guards;             /* it takes away what must not go out: never skipped */
	char for_each[4];
	unsigned for_field;      /* for each repetition of this field; 0: for each segment */
	struct aff_expr *when;
	struct aff_path path, from;
	const struct aff_table *table;
	enum aff_unknown unknown;
	bool back;
	enum aff_suspect implausible;
	enum aff_suspect suspect;
	unsigned suspects;
	struct template text;    /* SET, ADD */
	char beside[4];          /* ADD: the segment it is put behind, or before; "": at the end */
	bool before;
	bool range;              /* ROUND: OBX-7, too */
	struct aff_zone *assume, *to; /* ZONE */
	char (*order)[4];        /* ORDER; NULL: the structure's */
	size_t order_count;
	int64_t multiple;        /* ROUND: in units of its last decimal */
	unsigned decimals;
	struct script *script;   /* LUA */
	struct hide *hide;       /* HASH, MASK, DEIDENTIFY */
	bool keep_text, keep_others; /* DEIDENTIFY */
};

struct run {
	const struct step *step;
	unsigned repetition;     /* the one of step->for_field that is current, in segment `repeated`; 0: none */
	unsigned repeated;
	struct aff_edit *e;
	struct aff_delims delims;
	struct charset_use charset;
	struct aff_buf text;     /* what is written next */
	struct aff_buf key;      /* an unescaped code */
	struct aff_buf made;     /* what a function made of a text */
	unsigned resume;         /* a step that adds segments: where to go on; 0: behind the current one */
	unsigned moved;          /* by how many the current segment has moved back */
	struct aff_rules_result *result;
	struct aff_diag *diag;
	size_t looks;            /* at segments, to find what contains others */
	bool failed;             /* the message is rejected because the step cannot be done */
	bool relabelled;         /* the entry said another character set, which cannot be undone */
	size_t number;           /* of the step, from 0 */
	const struct aff_rules_watch *watch; /* NULL: nobody watches */
};

/* What a step did to the segment (or repetition) it was run for; negative: AFF_E.... */
enum { STEP_DONE = 0, STEP_DELETED = 1, STEP_DECIDED = 2 };

/* What a kind of step does; each kind has a file of its own. */
struct step_kind {
	const char *name;        /* as the channel's file calls it */
	/* Whether it can be run at all: 0, AFF_EARGUMENT. NULL: it always can. */
	int (*check)(const struct aff_step *asked, struct aff_diag *diag);
	/* Takes over from `asked` what the kind alone needs. When it fails the caller frees the step. */
	int (*compile)(struct step *step, const struct aff_step *asked, struct aff_diag *diag);
	/* Does it for a segment, AFF_NONE: for the message. */
	int (*run)(struct run *run, unsigned segment);
	/* The segment that a step without `for` means all of; "": the message; NULL: those of the step's path. */
	const char *everywhere;
	bool repetitions;        /* it can be done for each repetition of a field */
	bool guards;             /* all of its steps do */
};
extern const struct step_kind step_drop_segment, step_drop_message, step_translate, step_units, step_set, step_suspect,
	step_drop_repetition, step_copy, step_move, step_delete, step_add_segment, step_renumber, step_round, step_zone,
	step_lua, step_order, step_hash, step_mask, step_deidentify;

/* AFF_EARGUMENT with what is wrong and what to do. */
int step_wrong(struct aff_diag *diag, const char *what, const char *hint);
/* For kinds that are about OBX segments only. */
int step_check_obx(const struct aff_step *asked, struct aff_diag *diag, const char *what);

/* The step cannot be done: the message is rejected, or the step skipped, with the place that is at fault. Returns
 * STEP_DECIDED. */
int run_reject(struct run *run, int code, unsigned segment, unsigned field, const char *format, ...) AFF_PRINTF(5, 6);
/* The same where the author of the channel wants the message rejected: that is not a failure. */
int run_refuse(struct run *run, int code, unsigned segment, unsigned field, const char *format, ...) AFF_PRINTF(5, 6);
/* run_reject for text that the message's character set does not have. */
int run_reject_text(struct run *run, unsigned segment, unsigned field);
/* Deletes a segment, an OBX with its notes. A PID or OBR with readings is not taken away where these would become those
 * of the one before: the message is rejected. Returns STEP_DELETED, STEP_DECIDED or an error. */
int run_delete(struct run *run, unsigned segment);
/* Whether a segment that was just inserted takes readings from another patient or order: they would seem to be its. */
bool run_takes_readings(const struct run *run, unsigned segment);
/* The PID segment that a segment belongs to: the last one before it, or itself; 0: there is none. */
unsigned run_patient_of(const struct run *run, unsigned segment);
/* The place behind a segment and its notes. */
unsigned run_behind(const struct run *run, unsigned segment);
/* Inserts the segment that stands in run->text. 0, STEP_DECIDED where it would take readings over, or an error. */
int run_insert(struct run *run, unsigned at);
/* Counts a code or unit that is not known and stays as it came, and tells the observer. */
void run_keep_unmapped(struct run *run, enum aff_unmapped_kind kind, unsigned segment);

/* Acts on a reading that is probably none, as the step `suspect` does. faults: enum of terms/reading.h, which tell the
 * reason. Returns as a step's run. */
int run_suspect_reading(struct run *run, unsigned segment, enum aff_suspect how, unsigned faults);

/* What the observer is told (watch.h); rc: what a step's run returned. watch_unmapped: before a step acts on it. */
void watch_step(struct run *run);
void watch_when(struct run *run, unsigned segment, bool holds);
void watch_done(struct run *run, unsigned segment, int rc);
void watch_row(struct run *run, unsigned segment, const struct aff_table_row *row);
void watch_unmapped(struct run *run, enum aff_unmapped_kind kind, unsigned segment);
void watch_skipped(struct run *run);

#endif
