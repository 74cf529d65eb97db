/* SPDX-License-Identifier: Apache-2.0
 *
 * ISO/IEEE 11073-10101 codes of device observations with LOINC and UCUM beside them. Built in from
 * mappings/mdc-loinc.csv. Constant, thread-safe.
 */
#ifndef AFFERENT_NOMENCLATURE_H
#define AFFERENT_NOMENCLATURE_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_term {
	unsigned code;          /* partition * 65536 + term */
	unsigned emit;          /* to send on: another code where this one was replaced, 0 for provisional ones */
	const char *refid;      /* MDC_ECG_HEART_RATE; "" where no source names it */
	const char *kind;       /* numeric, setting, enum, waveform, device, attribute, ... */
	const char *loinc;      /* "" where there is none */
	const char *loinc_name;
	const char *loinc_vital;/* a further LOINC that the FHIR vital signs profiles ask for, "" */
	const char *ucum;       /* usual unit, "" */
};

/* By the number as text ("147842"), or by REFID (also another spelling of it). NULL when it is not known. */
const struct aff_term *aff_term_by_code(struct aff_view code);
const struct aff_term *aff_term_by_refid(struct aff_view refid);

/* What number and name of one MDC coding mean together. A number below 65536 is a term without its partition
 * and counts only with its name; without a number (or 0) the name alone decides. *conflict (may be NULL) is set
 * to 1 when number and name are both valued and do not belong together (then NULL is returned), else to 0. A
 * name that does not begin with MDC is free text. */
const struct aff_term *aff_term_of_coding(struct aff_view code, struct aff_view name, int *conflict);

#ifdef __cplusplus
}
#endif
#endif
