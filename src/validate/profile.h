/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that check messages against profiles share.
 */
#ifndef VALIDATE_PROFILE_H
#define VALIDATE_PROFILE_H

#include "profile/profile.h"
#include "rules/charset.h"
#include "validate/check.h"

/* A message that is checked against a profile. */
struct profile_run {
	struct check *c;
	const struct aff_profile *profile;
	struct charset_use charset;        /* profiles are UTF-8, messages need not be */
	struct aff_buf text;
};

/* What is looked at, and how findings about it are told. */
struct element {
	struct profile_run *run;
	const struct constraint *is;
	const struct profile_rule *rule;   /* NULL: the full form */
};

/* Tells that the element is wrong. what completes a sentence that starts with the element's place and name. severity
 * counts for the full form; a rule has its own. */
void element_report(const struct element *e, enum check_rule rule, enum aff_severity severity, struct place at,
                    const char *format, ...) AFF_PRINTF(5, 6);

/* Whether one must be there, and must not be there. */
bool usage_requires(const struct constraint *is);
bool usage_forbids(const struct constraint *is);

/* Usage: reports when it is empty and required, or there and not supported. Returns whether there is something to look
 * at further. */
bool element_is_there(const struct element *e, struct place at, struct aff_view text);

/* How often it is there, when it is there at all. */
void element_count(const struct element *e, struct place at, unsigned count);

/* Length, data type, table, constant, pattern of what stands there. leaf: no element below checks its parts. */
void element_value(const struct element *e, struct place at, struct aff_view text, bool leaf);

/* The fields of one segment. */
void check_parts(struct profile_run *run, const struct profile_node *n, unsigned segment);
/* The rules of the short form. */
void check_rules(struct profile_run *run);
/* The segments and groups of the full form. */
void check_nodes(struct profile_run *run, const struct profile_message *m);

#endif
