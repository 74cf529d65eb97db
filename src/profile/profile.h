/* SPDX-License-Identifier: Apache-2.0
 *
 * What a profile is made of, and how readers build one. Everything lies in arrays and refers by index; texts live in
 * the profile's arena. A profile is filled by one thread and never changes afterwards.
 *
 * The structure of a message is an array of nodes in the order of the profile: a group stands before its children, and
 * `end` leads behind the last of them. The parts of a segment (fields, components, subcomponents) lie likewise.
 */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <afferent/expr.h>
#include <afferent/profile.h>

#include "hl7/arena.h"
#include "rules/regex.h"

#define PROFILE_MAX_NODES  1000      /* of one message: segments and groups */
#define PROFILE_MAX_PARTS  200000
#define PROFILE_MAX_RULES  10000
#define PROFILE_MAX_VALUES 100000
#define PROFILE_MAX_TEXT   (32u << 20)
#define PROFILE_MANY       ((unsigned)-1)

enum profile_usage {
	USAGE_O,  /* may be there */
	USAGE_R,  /* must be there */
	USAGE_RE, /* is there when it is known */
	USAGE_C,  /* by a condition that is text */
	USAGE_CE,
	USAGE_X,  /* must not be there */
	USAGE_B,  /* for older receivers only */
	USAGE_W   /* withdrawn: must not be there */
};

/* Reads a usage word; C(R/X) is C. false when it is none. */
bool profile_usage_of(struct aff_view word, enum profile_usage *out);

/* What one place of a message may hold. What is 0 or NULL is not said. */
struct constraint {
	const char *name;              /* for people */
	unsigned line, column;         /* where the profile says so */
	enum profile_usage usage;
	unsigned min, max;             /* how often; max PROFILE_MANY */
	unsigned shortest, longest;    /* characters */
	char type[8];                  /* data type */
	unsigned table;                /* HL7 table */
	unsigned first_value, values;  /* one of these, in struct aff_profile */
	bool constant;                 /* there is one value, and it is a constant */
	struct regex *matches;
};

enum part_level { PART_FIELD = 1, PART_COMPONENT, PART_SUBCOMPONENT };

struct profile_part {
	enum part_level level;
	unsigned number;               /* from 1, within the part above */
	unsigned end;
	struct constraint is;
};

struct profile_node {
	char segment[4];               /* "" is a group */
	unsigned parent, end;          /* the first node of a message is its own parent */
	unsigned first_part, end_part;
	struct constraint is;
};

struct profile_message {
	char type[8], event[8];        /* MSH-9.1, MSH-9.2; "" is any */
	unsigned first, end;           /* nodes; the first one is the group of all */
};

/* One rule of the short form. */
struct profile_rule {
	const char *id, *why;
	struct aff_path path;
	bool each;                     /* `for`: nothing is said where the segment is not there */
	struct aff_expr *when;
	enum aff_severity severity;
	struct constraint is;
};

struct aff_profile {
	const char *source, *name;
	bool quick;                    /* the short form: rules alone, messages that it does not name are no mistake */
	struct arena texts;
	struct profile_node *nodes;
	size_t nnodes, max_nodes;
	struct profile_part *parts;
	size_t nparts, max_parts;
	unsigned open[PART_SUBCOMPONENT + 1]; /* while building: the last part of each level */
	struct profile_message *messages;
	size_t nmessages, max_messages;
	struct profile_rule *rules;
	size_t nrules, max_rules;
	struct aff_view *values;
	size_t nvalues, max_values;
};

/* ---- building; each returns 0, AFF_ENOMEM or AFF_ELIMIT ---- */

int profile_new(struct aff_profile **out, const char *source);
int profile_text(struct aff_profile *p, struct aff_view text, const char **out);
int profile_add_message(struct aff_profile *p, struct aff_view type, struct aff_view event);
/* Opens a group (segment "") or a segment in the message added last, at the end of the group `parent`. */
int profile_add_node(struct aff_profile *p, unsigned parent, const char *segment, const struct constraint *is);
/* Adds to the segment added last. */
int profile_add_part(struct aff_profile *p, enum part_level level, unsigned number, const struct constraint *is);
/* Takes over what the rule owns (when, matches), on failure too. */
int profile_add_rule(struct aff_profile *p, const struct profile_rule *rule);
int profile_add_value(struct aff_profile *p, struct constraint *to, struct aff_view value);

/* The message definition for m, NULL when there is none. */
const struct profile_message *profile_message_for(const struct aff_profile *p, const struct aff_msg *m);

#endif
