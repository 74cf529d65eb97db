/* SPDX-License-Identifier: Apache-2.0
 *
 * Transforms: the list of steps under `transform:`, compiled once and run on each message. A program is immutable
 * after it is built and is run by any number of threads, each with its own struct aff_edit.
 */
#ifndef AFFERENT_RULES_H
#define AFFERENT_RULES_H

#include <afferent/edit.h>
#include <afferent/expr.h>
#include <afferent/table.h>
#include <afferent/zone.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An OBX that is dropped takes the NTE and PRT segments behind it along. A PID or OBR that has readings cannot be
 * dropped where another one stands before it, of which the readings would then seem to be: the message is rejected
 * (AFF_EREFUSED). Drop the readings first. */
enum aff_step_kind {
	AFF_STEP_DROP_SEGMENT, AFF_STEP_DROP_MESSAGE, AFF_STEP_TRANSLATE, AFF_STEP_UNITS, AFF_STEP_SET,
	AFF_STEP_SUSPECT, AFF_STEP_DROP_REPETITION, AFF_STEP_COPY, AFF_STEP_MOVE, AFF_STEP_DELETE, AFF_STEP_ADD,
	AFF_STEP_RENUMBER, AFF_STEP_ROUND, AFF_STEP_ZONE,
	AFF_STEP_GROUP, AFF_STEP_LUA, AFF_STEP_ORDER, AFF_STEP_HASH, AFF_STEP_MASK,
	AFF_STEP_DEIDENTIFY
};
enum aff_unknown { AFF_UNKNOWN_KEEP, AFF_UNKNOWN_DROP, AFF_UNKNOWN_REJECT };
enum aff_suspect { AFF_SUSPECT_DROP_VALUE, AFF_SUSPECT_DROP_SEGMENT, AFF_SUSPECT_FLAG };

/* One step, as the configuration gives it. The program copies what it needs and takes over `when`. */
struct aff_step {
	enum aff_step_kind kind;
	unsigned line;                    /* in the channel's file; named in outcomes and errors */
	bool joined;                      /* belongs to the entry of the step before: they are skipped together */
	bool inside;                      /* belongs to the GROUP before it */
	char for_each[4];                 /* segment id, or "": once for the message */
	unsigned for_field;               /* 0, or a field of for_each: for each of its repetitions */
	struct aff_expr *when;            /* NULL: always */
	struct aff_path path;             /* TRANSLATE: the coded field (OBX-3); SET, COPY, MOVE: what is written;
	                                   * DELETE: what is taken away */
	struct aff_path from;             /* COPY, MOVE: what is read */
	const struct aff_table *table;    /* TRANSLATE; must outlive the program */
	enum aff_unknown unknown;         /* TRANSLATE */
	bool back;                        /* TRANSLATE: from the table's to_system to its from_system */
	enum aff_suspect implausible;     /* TRANSLATE: what is done with a value beyond the row's low and high */
	struct aff_view value;            /* SET, ADD: template, see below; ROUND: a decimal number; LUA: the script;
	                                   * MASK: see below */
	const char *script_name;          /* LUA: the file it stands in; NULL: the channel's own */
	struct aff_view key;              /* HASH, DEIDENTIFY: of the pseudonyms; "": it is not there, each message is
	                                   * rejected */
	unsigned digits;                  /* HASH, DEIDENTIFY: hexadecimal ones of a pseudonym, 16 to 64 */
	bool keep_text;                   /* DEIDENTIFY: free text stays */
	bool keep_others;                 /* DEIDENTIFY: segments that its table does not name stay */
	unsigned script_line;             /* LUA: what is added to the script's line numbers to get the file's */
	char beside[4];                   /* ADD: the segment that it is put behind; "": for_each, or at the end */
	bool before;                      /* ADD: before it */
	bool range;                       /* ROUND: the reference range, too */
	const char (*order)[4];           /* ORDER: ids of segments; NULL: as the message's structure has them */
	size_t order_count;
	const struct aff_zone *assume;    /* ZONE: of times that say none; NULL: such times stay */
	const struct aff_zone *to;        /* ZONE: into which times are converted; NULL: they are not */
	enum aff_suspect suspect;         /* SUSPECT */
	unsigned suspects;                /* SUSPECT: kinds, or'ed (aff_suspect_kind); 0: all */
};

/* The kind of suspect readings that a rule of the checks means ("sense-sentinel"; validate.h); 0 when the rule is not
 * about one reading. The rules one after the other from 0, NULL at the end. Any thread. */
unsigned aff_suspect_kind(struct aff_view rule);
const char *aff_suspect_rule(size_t i);

/* With for_field a step is done, and its condition tested, for each repetition of the field: a path to that field that
 * says no repetition means the one it is done for. A condition's count, any and all are about all of them.
 * DROP_REPETITION takes it away, and the ones behind it move up.
 *
 * COPY and MOVE put what `from` names into the place of `path`, raw. A part goes into a place of its own level or of a
 * higher one: a component never gets the delimiters of a field (AFF_EARGUMENT). What is not there is neither copied
 * nor moved: the place stays as it is. MOVE takes the source away: a repetition as DROP_REPETITION does, other parts
 * become empty; the numbers of both paths are those before the step. From one patient to another one nothing is
 * copied: the message is rejected (AFF_EREFUSED).
 *
 * DELETE empties a field or component, and takes a repetition away. Without `for` it does so in each segment with the
 * path's id, or in the occurrence that the path names. */

/* GROUP asks its condition once for the steps that follow it with `inside` set, and are done where it holds: for the
 * message, or one after the other for each segment or repetition, which must then be theirs, too (for_each, for_field).
 * When one takes the segment or repetition away the others are not done for it. A group does not stand within another
 * one. */

/* ORDER puts the segments between the MSH and the first order (ORC, OBR) or reading into an order; what is not in it,
 * and notes, goes with the segment before. Two patients there cannot be told apart: the message is rejected
 * (AFF_EREFUSED). No segment behind is moved, so that each reading keeps its order and its patient. */

/* ADD puts in a segment that its template describes, with the delimiters | ^ ~ & whatever those of the message are.
 * With `for` it is put beside each such segment, else beside the first `beside` (where there is none, nothing is
 * added), or at the end. Behind a segment means behind its notes (NTE, PRT), too. A PID, OBR or ORC that would take
 * readings over from another one rejects the message (AFF_EREFUSED). RENUMBER writes set ids (OBX-1, NTE-1) from 1
 * on: OBX within each OBR or SPM, NTE and PRT within what they are about, others within each PID. */

/* ROUND makes the numbers of each OBX (NM, and SN that are one number or a range) multiples of `value`,
 * half away from zero, with its decimals; a number that is one and has no more decimals stays as it was written. So
 * do numbers by which devices mark that there is no reading, those that would become one or become 0, and those of
 * more than 17 digits before the point and in the decimals together. Flags stay. */

/* ZONE writes a zone behind the times of a field or component that say none (that of MSH-7 as it came, if it says one,
 * else `assume`), and converts times into `to`. Dates without a time stay dates, and times as exact as they were; what
 * is no time, and in OBX-5 what is not of the types TS and DTM, stays. */

/* SET's template: text, with "{PV1-3.4}" for what a path names; "{{" and "}}" are braces. Text is escaped; what a path
 * names goes in as it stands in the message, so that a whole field keeps its components: for a component name a
 * component. {upper(PATH)}, lower, trim and length are the functions of conditions; {substr(PATH, 1, 8)} is eight
 * characters from the first one; {default(PATH, "text")} is the text where the path names no value. A segment that is
 * not there is not made. Text that the message's character set does not have rejects the message (AFF_ECHARSET). What
 * MSH-18 is set to says what the message's text is in from then on; no byte is converted.
 *
 * TRANSLATE looks up components 1-3 of the field, then 4-6, where their coding system is the row's or else the
 * table's, or is not said and the row does not ask for one. A field that is already in to_system, or empty, stays. The
 * result is `code^name^to_system` and, as alternate, the row's LOINC or else the code that arrived (beside a LOINC it
 * stands in components 10-12; it is not repeated where it is the result itself; a LOINC is left out beside a unit of
 * another quantity than the row's). Names and unit symbols are written in the message's character set, and left out
 * where it does not have them. What contains an OBX (`within`) is an OBX above it, behind the same OBR, whose place in
 * OBX-4 is the beginning of its own.
 *
 * Where the segment is an OBX, what the row knows of its values is done in this order:
 * - a value that is one of the sentinels is taken away as SUSPECT's DROP_VALUE does, NAV; so is, beside a scale, a
 *   number by which devices mark that there is no reading.
 * - OBX-5 and the range in OBX-7 are multiplied by the scale, exactly. Words stay. Where one of them has digits and is
 *   no number (NM) or range, neither can be passed on as it is: the value is taken away, INV, and the range.
 * - a value below `low` or above `high`, compared in the row's unit, is acted on as `implausible` says. Without a unit
 *   in OBX-6 it is taken to be in the row's; in one that is not known or of another quantity it is not judged.
 * - OBX-5, OBX-6 and OBX-7 are converted into the row's unit, all or none.
 *
 * Back, the code alone is changed: the result is `from^from_name^from_system` of the row and the code that arrived. */

/* SUSPECT looks at each OBX with a value and acts on those that are probably no reading of the patient. DROP_VALUE
 * takes the value away: OBX-5 becomes empty, OBX-11 X (but stays D or W: a row that is taken back), and OBX-8 tells
 * why: NAV where the value was one by which devices mark that there is none, else INV, unless a flag says already that
 * there is no value. How the value was to be read (H, L) goes with it, states of the measurement (DEMO) stay.
 * DROP_SEGMENT drops the OBX. FLAG keeps the value and adds QUES to OBX-8. What is not known, code or unit, is not
 * suspect. */

/* What becomes of a message at which a step fails: text that its character set does not have, a limit, a condition that
 * costs too much. */
enum aff_on_error {
	AFF_ON_ERROR_REJECT, /* it is rejected, with the step and the reason */
	AFF_ON_ERROR_SKIP    /* everything the step did is undone, and the others go on */
};

struct aff_rules;
int aff_rules_new(struct aff_rules **out);
void aff_rules_free(struct aff_rules *r);
/* HASH puts a pseudonym in place of the text that `path` names: the beginning of HMAC-SHA-256 of it, in UTF-8 without
 * blanks around it, under the key. The same text gives the same pseudonym, wherever it stands. MASK puts `value` there,
 * or with "first N", "last N" (a digit) stars in place of all other characters; a text that is not longer than N is
 * stars altogether. Both are done in each segment with the path's id (or in the occurrence that it names) and in each
 * repetition; what is empty stays empty. Parts below the path reject the message (AFF_EARGUMENT), but that MASK with a
 * text replaces a whole field. */

/* DEIDENTIFY works on the whole message by a table of what stays; everything else is emptied or dropped.
 * afferent-channel(5) has the table. Identifiers become pseudonyms as HASH makes them, of a birth date the year stays
 * up to 89 years before the message, other dates move back by 1 to 365 days, which HMAC-SHA-256 under the key makes of
 * the patient's first identifier in PID-3.1: the same for each message of a patient. Times of day and zones stay. A
 * message without a PID, or with one that has no identifier, is rejected (AFF_EREFUSED). */

/* LUA runs a script once for the message, in a sandbox made for this message: without input and output, time, chance
 * and addresses, at most 8 MiB of memory and a million instructions. afferent-channel(5) tells what it finds there.
 * A script that fails rejects the message (AFF_ESCRIPT, AFF_ELIMIT), with its line. */

/* AFF_ESYNTAX for a wrong template (column in value) or script (line in value), AFF_EARGUMENT for a step that cannot be
 * run (drop: segment without for, a path that the step cannot use), AFF_ENOMEM, AFF_ELIMIT. On failure `when` still
 * belongs to the caller. */
int aff_rules_add(struct aff_rules *r, const struct aff_step *step, struct aff_diag *diag);
size_t aff_rules_steps(const struct aff_rules *r);
/* Before the first run; REJECT where it is not said. Steps that take something away (drop, delete, move, suspect),
 * and scripts, are never skipped: what was to be held back would go out. Nor is what an author decides a failure
 * (`unknown: reject`). */
void aff_rules_on_error(struct aff_rules *r, enum aff_on_error what);

/* What a run did to a message. */
enum aff_verdict {
	AFF_VERDICT_PASS,    /* go on with the edited message */
	AFF_VERDICT_DROP,    /* filtered by step `line` */
	AFF_VERDICT_REJECT   /* dead letter by step `line`: code and diag say why */
};
struct aff_rules_result {
	enum aff_verdict verdict;
	unsigned line;       /* the step that decided */
	int code;            /* AFF_E... for REJECT */
	unsigned unmapped;   /* codes and units kept as they came: not known, or not convertible */
	unsigned suspect;    /* readings that SUSPECT acted on, and values that TRANSLATE took away or marked */
	unsigned skipped;    /* steps that failed and were undone, and the first one of them: */
	unsigned skipped_line;
	int skipped_code;    /* AFF_E..., why */
};

/* Runs the program on e (already laid over a message). Returns 0 when it ran, whatever the verdict;
 * AFF_ENOMEM. Unless the verdict is PASS, e holds the changes of the steps up to the one that decided: discard them.
 * diag tells why it was rejected, else why the first of the skipped steps was; its place counts the segments of the
 * edited message. */
int aff_rules_run(const struct aff_rules *r, struct aff_edit *e, struct aff_rules_result *result,
                  struct aff_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
