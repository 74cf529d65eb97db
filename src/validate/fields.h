/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known about the field at hand, and checks of its parts by the schema.
 */
#ifndef VALIDATE_FIELDS_H
#define VALIDATE_FIELDS_H

#include <afferent/schema.h>

#include "validate/check.h"
#include "validate/types.h"

/* A field whose parts are checked. */
struct subject {
	struct check *c;
	struct place at;
	char segment[4];
	const char *name;             /* of the field, for people */
	enum check_rule rule;         /* that a wrong form breaks */
	enum aff_severity wrong;      /* how bad a wrong value, or first component, is */
	enum aff_severity wrong_part; /* how bad a wrong further component is */
	char type[8];                 /* for OBX-5: the data type that OBX-2 names */
};

/* One repetition against a data type, by the type's name, and its table if it has one: form, code, and for composite
 * types their components and subcomponents. */
void check_repetition(struct subject *s, const char *type, unsigned table, unsigned length, struct aff_view text);

/* Tells that the value at s->at does not fit its data type. */
void check_wrong(struct subject *s, enum aff_severity severity, const char *hint);

/* The value at s->at against a table whose codes are expected though a site might add some. */
void check_site_code(struct subject *s, unsigned table, struct aff_view value);

/* The name of a field as it stands in a sentence: "Patient ID" as "patient id", "UTC" as it is. Returns buf. */
enum { CHECK_NAME = 100 };
const char *check_name(const char *name, char *buf, size_t size);

#endif
