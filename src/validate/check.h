/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of the validator: what is looked at and where findings go.
 */
#ifndef VALIDATE_CHECK_H
#define VALIDATE_CHECK_H

#include <afferent/parts.h>
#include <afferent/schema.h>
#include <afferent/validate.h>

#include "validate/catalog.h"

/* What was looked up in the schema a moment ago; messages ask for the same again and again. */
enum { CHECK_KNOWN = 32 };
struct known_type {
	uint64_t name;
	const struct aff_schema *schema;
};
struct known_code {
	uint64_t code;
	uint16_t table;
	uint8_t n, fit;
};
struct special;
struct known_segment {
	char id[3];
	const struct aff_schema *schema;  /* in the version of the message; NULL: nothing is known */
	const struct special *first;      /* its rows in fields.def */
	size_t specials;
	uint64_t special;                 /* bit n: field n is among them */
	uint64_t site;                    /* bit n: field n has a site's table */
};
struct pcd_message;

struct check {
	const struct aff_msg *m;
	const struct aff_checks *checks;
	struct aff_delims delims;
	char repetition;                /* the delimiter, 0 where it is not used: most messages repeat no field */
	unsigned version;               /* MSH-12 as 251 for 2.5.1; 0 when it is no 2.x */
	struct aff_diag_list *findings;
	size_t begin;                   /* findings before are of another run */
	struct aff_diag *first;
	int errors;
	int failed;                     /* AFF_ENOMEM */
	bool charset_told;              /* that MSH-18 names no character set */
	struct known_segment segment;   /* looked up last */
	struct known_type types[CHECK_KNOWN];
	struct known_code codes[CHECK_KNOWN];
	const struct pcd_message *pcd;  /* the IHE message that this is; NULL: none, or IHE is not checked */
};

/* A place by its segment's number in the message; what is 0 is not said. */
struct place {
	unsigned segment, field, repetition, component, subcomponent;
};

/* Adds a finding. The text and the hint never hold a value of the message. A place that is empty cannot be wrong: what
 * is said of it is AFF_EREQUIRED. */
void check_report(struct check *c, enum check_rule rule, struct place at, const char *format, ...) AFF_PRINTF(4, 5);

/* The same where the check knows better than the catalogue how bad it is and what to do. */
void check_report_as(struct check *c, enum check_rule rule, enum aff_severity severity, struct place at,
                     const char *hint, const char *format, ...) AFF_PRINTF(6, 7);

/* Another finding tells what d does, or d has taken its place (cause.c). */
bool check_is_told(struct check *c, const struct aff_diag *d);
/* One error more; d is the caller's `first` if it is the first. */
void check_count_error(struct check *c, const struct aff_diag *d);

/* Three characters, capital letter first: what may be repeated to people as the name of a segment. */
bool check_is_segment_id(struct aff_view id);

/* Nothing between the delimiters. `""` is something: the sender says that there is no value. */
bool check_is_empty(const struct check *c, struct aff_view v);

void check_header(struct check *c);                        /* MSH-9 to MSH-12 */
void check_continuation(struct check *c);                  /* MSH-14, DSC, ADD */
void check_syntax(struct check *c);                        /* segment ids */
void check_charset(struct check *c);                       /* MSH-18 and the bytes of every field */
void check_fields(struct check *c, unsigned segment);      /* required fields, data types and tables */
void check_value(struct check *c, unsigned segment);       /* OBX-2 and OBX-5 */
void check_structure(struct check *c);                     /* which segments, in which order */
void check_pcd(struct check *c);                           /* IHE device transactions */

/* Which IHE message this is, for struct check. */
const struct pcd_message *check_pcd_message(const struct check *c);

/* check_pcd tells when no segment with this id is there. */
bool check_pcd_requires(const struct check *c, const char *id);

void check_sense(struct check *c);                         /* readings that are probably none */
void check_profiles(struct check *c);                      /* conformance profiles */

#endif
