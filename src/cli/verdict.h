/* SPDX-License-Identifier: Apache-2.0
 *
 * What `afferent validate` says about messages, in several forms. Only the text form repeats anything of a message.
 */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include <afferent/validate.h>

#include "cli/input.h"
#include "cli/junit.h"

struct verdict {
	const struct input_message *input;
	const struct aff_msg *msg;               /* as far as it could be read */
	const struct aff_diag_list *findings;    /* the counts */
	const struct aff_diag *const *ordered;   /* findings->count of them, in the order of the message */
	bool failed;                             /* by --fail-on */
};

#define VERDICT_RULES 256
struct verdict_totals {
	uint64_t messages, failed, errors, warnings;
	struct verdict_rule {
		const char *id;
		uint64_t n;
	} rules[VERDICT_RULES];                  /* how often each rule was broken */
	size_t nrules;                           /* rules past the room are not counted by themselves */
};

struct verdict_writer {
	bool quote;                              /* text: the lines of the message beside the findings */
	struct aff_buf out;
	struct junit junit;
	bool begun;                              /* what stands before the first result is written */
	bool results;                            /* sarif: a result stands before the next one */
};

/* A form: message is called for each message, end once. 0 or the buffer's error. */
struct verdict_format {
	int (*message)(struct verdict_writer *w, const struct verdict *v);
	int (*end)(struct verdict_writer *w, struct verdict_totals *totals);
};
extern const struct verdict_format verdict_text, verdict_json, verdict_junit, verdict_sarif;

/* "error", "warning", "info". */
const char *verdict_severity(const struct aff_diag *d);

/* Prints all that is known of the rule `id`, or the list of all rules for "all". The exit code. */
int verdict_explain(const char *id);
/* Tells that there is no such rule, and which one may be meant. COMMAND_FAILED. */
int verdict_no_rule(const char *id);

/* Where in the message a finding points: the bytes, or the empty place where something should stand. segment is the
 * line it is in. false when no place is said. */
struct verdict_place {
	struct aff_view segment;
	size_t from, n; /* in segment */
};
bool verdict_locate(const struct aff_msg *msg, const struct aff_location *at, struct verdict_place *place);

#endif
