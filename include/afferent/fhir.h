/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 v2 device observations as a FHIR R4 (4.0.1) Bundle, after the Point-of-Care Device and v2-to-FHIR guides.
 * The same message and options give the same bytes, so that a retry or a replay creates nothing twice.
 *
 * What is chosen where the guides leave a choice:
 * - Patient: conditional create by the first PID-3 that identifies somebody. Nobody ("Unknown", zeros, empty) makes no
 *   Patient; the Observation's subject then says with a data-absent-reason that it is unknown.
 * - Device: conditional update by OBX-18. A device that does not identify itself makes no Device.
 * - Observation: conditional create by OBX-21, else by an identifier made of what names the message and the row.
 * - Vital signs: converted to a unit of the R4 profile where one of the same quantity was sent; what cannot conform
 *   goes without the LOINC code that asks for the profile. Cuff pressures of one measurement become one panel.
 * - Time: OBX-14, else that of the level above, else OBR-7 (a series of values: OBR-7 to OBR-8), else MSH-7.
 * - A value flagged as not usable (OBX-8 INV, NAV, OFF, ...) is left out with its reason.
 * - Number and name of a code that do not belong together are kept as text, without a coding.
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
	unsigned invalid_bytes;        /* not of the character set, or forbidden in FHIR: replaced by U+FFFD */
};

/* A renderer object: reused for message after message by one thread. */
struct aff_fhir;
int aff_fhir_new(struct aff_fhir **out);
void aff_fhir_free(struct aff_fhir *f);

/* Appends the bundle for m (ORU, ORF or OUL) to out. Its text is read in the character set that m was parsed with
 * (aff_charset_parse), else as MSH-18 and the bytes say. Returns 0, AFF_EMSGTYPE (nothing that can be observed in it),
 * AFF_ECHARSET (MSH-18 asks for UTF-16 or UTF-32), or the buffer's error. result may be NULL. */
int aff_fhir_render(struct aff_fhir *f, struct aff_buf *out, const struct aff_msg *m,
                    const struct aff_fhir_options *options, struct aff_fhir_result *result, struct aff_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
