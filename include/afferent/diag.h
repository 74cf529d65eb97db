/* SPDX-License-Identifier: Apache-2.0
 *
 * What went wrong, where, and what to do about it. A function that can explain its failure takes a struct aff_diag * as
 * its last parameter: it may be NULL, is owned by the caller and is left untouched on success. The texts never hold a
 * field's value (it may be a patient's); configuration text, segment names and codes of errors are allowed.
 */
#ifndef AFFERENT_DIAG_H
#define AFFERENT_DIAG_H

#include <stddef.h>

#include <afferent/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A place in an HL7 message. Everything counts from 1; 0 means "not said". HL7 data type ERL. */
struct aff_location {
	char segment[4];
	unsigned occurrence;
	unsigned field;
	unsigned repetition;
	unsigned component;
	unsigned subcomponent;
};

enum aff_severity { AFF_SEVERITY_ERROR, AFF_SEVERITY_WARNING, AFF_SEVERITY_INFO };

struct aff_diag {
	int code;                    /* AFF_E... */
	enum aff_severity severity;
	const char *rule;            /* constant id of the rule that is broken (validate.h); NULL = no rule */
	char source[128];            /* file, peer or message it came from; may be "" */
	unsigned line, column;       /* in a text file, from 1; 0 = not a text file */
	struct aff_location at;      /* in a message */
	char text[256];              /* what is wrong */
	char hint[160];              /* what to do; may be "" */
};

#if defined(__GNUC__)
#define AFF_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define AFF_PRINTF(a, b)
#endif

/* Fills *d (if not NULL) with code and text, clearing everything else. Returns code. */
int aff_diag_set(struct aff_diag *d, int code, const char *format, ...) AFF_PRINTF(3, 4);

/* Adds what to do to a diag that was set. */
void aff_diag_hint(struct aff_diag *d, const char *format, ...) AFF_PRINTF(2, 3);

/* Adds a place in a message: segment "OBX", its occurrence and field, 0 where not known. */
void aff_diag_at(struct aff_diag *d, const char *segment, unsigned occurrence, unsigned field);

/* Adds a place in a text file. */
void aff_diag_in(struct aff_diag *d, const char *source, unsigned line, unsigned column);

/* Writes the location as "OBX[3]-5[2].1.2" into buf, shortened to fit; returns buf. "" when nothing is said. */
const char *aff_location_format(const struct aff_location *at, char *buf, size_t size);

/* Writes one line, "file:3:7: text; hint" or "OBX[3]-5: text; hint", into buf, shortened to fit; returns buf. */
const char *aff_diag_format(const struct aff_diag *d, char *buf, size_t size);

/* A growing list of findings with a cap: aff_diag_list_add copies d; past the cap only `dropped` grows. */
struct aff_diag_list {
	struct aff_diag *items;
	size_t count, capacity, cap;
	size_t dropped;
	size_t errors, warnings;     /* counted over all, the dropped ones too */
};
void aff_diag_list_init(struct aff_diag_list *l, size_t cap);
/* Empties the list and keeps its memory. */
void aff_diag_list_clear(struct aff_diag_list *l);
int aff_diag_list_add(struct aff_diag_list *l, const struct aff_diag *d);
void aff_diag_list_free(struct aff_diag_list *l);

#ifdef __cplusplus
}
#endif
#endif
