/* SPDX-License-Identifier: Apache-2.0
 *
 * Coded values and the types of the message header: CWE, CE, CNE, CF, MSG, PT, VID (HL7 v2.5.1 chapter 2A; components
 * that later versions added are read where they stand).
 *
 * A reader takes the text of a field or component as the message holds it and the message's delimiters (for a component
 * those of aff_delims_below), looks at the first repetition and cannot fail: text has no form that could be wrong. A
 * primitive is its first component. What was not sent is empty; `""` stays what it is (aff_is_null). All views point
 * into the text, still escaped: aff_text() in escape.h gives them without escapes. Nothing is allocated.
 */
#ifndef AFFERENT_CODED_H
#define AFFERENT_CODED_H

#include <afferent/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_coding {
	struct aff_view code, text;
	struct aff_view system;  /* HL7 table 0396: MDC, LN, SCT, UCUM, 99... */
	struct aff_view version; /* of the system */
	struct aff_view system_oid, value_set_oid, value_set_version; /* since 2.7 */
};

/* Sections 2.A.13 (CWE), 2.A.6 (CE), 2.A.8 (CNE), 2.A.7 (CF). */
enum { AFF_CODINGS = 3 };
struct aff_cwe {
	struct aff_coding coding[AFF_CODINGS]; /* components 1-3, 4-6 and, since 2.7, 10-12 */
	struct aff_view original;              /* component 9: the text that was seen when it was coded */
};
void aff_cwe_read(struct aff_cwe *out, struct aff_view text, const struct aff_delims *d);

/* MSH-9, section 2.A.44. */
struct aff_message_type {
	struct aff_view code, event, structure;
};
void aff_message_type_read(struct aff_message_type *out, struct aff_view text, const struct aff_delims *d);

/* MSH-11, section 2.A.57. */
struct aff_processing {
	struct aff_view id;   /* HL7 table 0103: P, T, D */
	struct aff_view mode; /* HL7 table 0207; empty: current */
};
void aff_processing_read(struct aff_processing *out, struct aff_view text, const struct aff_delims *d);

/* MSH-12, section 2.A.81. */
struct aff_version_id {
	struct aff_view id;                    /* 2.6 */
	struct aff_view country;               /* code of a CWE */
	struct aff_view international_version; /* code of a CWE */
};
void aff_version_id_read(struct aff_version_id *out, struct aff_view text, const struct aff_delims *d);

#ifdef __cplusplus
}
#endif
#endif
