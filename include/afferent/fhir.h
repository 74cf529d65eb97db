/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 v2 device observations as a FHIR R4 (4.0.1) Bundle, after the Point-of-Care Device and v2-to-FHIR guides.
 * The same message and options give the same bytes, so that a retry or a replay creates nothing twice.
 */
#ifndef AFFERENT_FHIR_H
#define AFFERENT_FHIR_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

enum aff_fhir_bundle { AFF_FHIR_TRANSACTION, AFF_FHIR_COLLECTION };

struct aff_fhir_options {
	enum aff_fhir_bundle bundle;
	const char *base;              /* URI under which identifiers of this site live; NULL = "urn:afferent" */
	const char *r_status;          /* Observation.status for OBX-11 = R: "preliminary" (default, NULL) or "final" */
	const int *zone_minutes;       /* of times that state none, like their MSH-7; NULL: date only */
	int pretty;                    /* line breaks and indentation */
};

struct aff_fhir_result {
	unsigned observations;         /* Observation resources written */
	unsigned unknown_codes;        /* OBX-3 without MDC or LOINC meaning: kept with the vendor's own coding */
	unsigned unknown_units;        /* OBX-6 that no table knows: kept as text without a system */
	unsigned absent;               /* values left out with a dataAbsentReason */
	unsigned invalid_bytes;        /* not of the declared character set, or forbidden in FHIR: replaced by U+FFFD */
};

/* A renderer object: reused for message after message by one thread. */
struct aff_fhir;
int aff_fhir_new(struct aff_fhir **out);
void aff_fhir_free(struct aff_fhir *f);

/* Appends the bundle for m (ORU, ORF or OUL) to out. Returns 0, AFF_EMSGTYPE
 * (nothing that can be observed in it), or the buffer's error. result may be NULL. */
int aff_fhir_render(struct aff_fhir *f, struct aff_buf *out, const struct aff_msg *m,
                    const struct aff_fhir_options *options, struct aff_fhir_result *result, struct aff_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
