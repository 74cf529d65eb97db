/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking a message: syntax, structure, data types and tables of HL7 v2, and on top the rules of IHE transactions.
 *
 * Each finding is a struct aff_diag: where, what, what to do, how bad, and the id of the rule that is broken, by which
 * aff_check_rule_find explains it. Its code gives the error condition (HL7 table 0357) that an answer carries.
 *
 * Errors are what makes a message or a reading unusable: no way to route or answer it, no code, a value that is not of
 * its data type, a status or time nobody can read, observations that belong to no order. What real senders often get
 * wrong without harm is a warning, and so are readings that are probably none (AFF_ESUSPECT). Segments, fields and
 * components that are not expected are no mistake (HL7 v2 section 2.7).
 */
#ifndef AFFERENT_VALIDATE_H
#define AFFERENT_VALIDATE_H

#include <afferent/profile.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each level includes those before it. */
enum aff_check_level {
	AFF_CHECK_NONE,      /* parsed: MSH readable, MSH-9, -10, -11 and -12 there */
	AFF_CHECK_SYNTAX,    /* + segment ids, one message, character set */
	AFF_CHECK_STRUCTURE, /* + segments and groups of the message structure, required fields */
	AFF_CHECK_TYPES,     /* + data types of fields and components, components that they require */
	AFF_CHECK_TABLES     /* + tables of HL7; to user-defined ones a site may add */
};

/* Transactions of the IHE Devices framework, volume 2; the answers to their messages count as theirs. */
enum aff_ihe {
	AFF_IHE_NONE,
	AFF_IHE_AUTO,   /* the transaction that MSH-9 names, or MSH-21.3 where MSH-9 leaves it open */
	AFF_IHE_PCD_01, /* device observations, ORU^R01 */
	AFF_IHE_PCD_03, /* infusion order, RGV^O15, and its answer, RRG^O16 */
	AFF_IHE_PCD_04, /* alert, ORU^R40 */
	AFF_IHE_PCD_05, /* alert status, ORA^R41 */
	AFF_IHE_PCD_10, /* infusion event, ORU^R42 */
	AFF_IHE_COUNT
};

/* The name by which people choose one: "ihe-pcd" for AFF_IHE_AUTO, "ihe-pcd-01" and so on; NULL for others. And the
 * one with this name; AFF_IHE_NONE when there is none. Any thread. */
const char *aff_ihe_name(enum aff_ihe ihe);
enum aff_ihe aff_ihe_find(const char *name);

/* What counts for a rule instead of its own severity. */
struct aff_check_override {
	const char *rule;           /* its id, or how ids begin and a star: "sense-*"; in any case of letters */
	bool off;                   /* nothing is told of it */
	enum aff_severity severity; /* otherwise: how bad it is */
};

/* What is checked. All 0: as little as possible. What is pointed to is the caller's, for as long as it is used. */
struct aff_checks {
	enum aff_check_level level;
	enum aff_ihe ihe;
	const struct aff_profile *const *profiles; /* conformance profiles; they must outlive the checks */
	size_t nprofiles;
	bool sense;                 /* + what is written right and makes no sense: the rules sense-... */
	const struct aff_check_override *overrides; /* the last one that names a rule counts */
	size_t override_count;
	/* Of the sense rules: */
	int64_t now_us;             /* microseconds since 1970 UTC; 0: no clock, times are held against MSH-7 alone */
	int64_t future_us;          /* how far ahead a clock may be; 0: five minutes */
	int64_t past_us;            /* how old a device's reading may be; 0: a day */
	const int *zone;            /* minutes east of UTC for times without a zone; NULL: not known */
};

/* Appends what is wrong with m to findings, errors and warnings, each with its place. One cause is told once: of rules
 * that say the same of one place the graver finding stands, and of two that are as grave that of a profile or of IHE.
 * Among findings past the list's cap, or past its first 1000, this is not looked for. Returns the number of errors
 * found, or AFF_ENOMEM. first, when not NULL, gets the first error (for the ERR segment of an answer). */
int aff_validate(const struct aff_msg *m, const struct aff_checks *checks, struct aff_diag_list *findings,
                 struct aff_diag *first);

/* A rule that a message can break. All text is constant. */
struct aff_check_rule {
	const char *id;             /* never changes its meaning: "hl7-segment-id" */
	enum aff_severity severity; /* as a rule; a finding's own severity may differ */
	int code;                   /* AFF_E... */
	const char *what;           /* the rule */
	const char *why;            /* what goes wrong otherwise */
	const char *mend;           /* what to do */
	const char *source;         /* where the rule is written */
};

/* The rule with this id (in any case), NULL when there is none. The rules one after the other from 0, NULL at the end.
 * Any thread. */
const struct aff_check_rule *aff_check_rule_find(const char *id);
const struct aff_check_rule *aff_check_rule_at(size_t i);

/* true when an override's rule means this rule. Any thread. */
bool aff_check_rule_is(const struct aff_check_rule *rule, const char *pattern);

#ifdef __cplusplus
}
#endif
#endif
