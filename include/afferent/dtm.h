/* SPDX-License-Identifier: Apache-2.0
 *
 * Date and time, HL7 data types DT, TM-less DTM and TS.1: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ].
 */
#ifndef AFFERENT_DTM_H
#define AFFERENT_DTM_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

enum aff_dtm_precision {
	AFF_DTM_NONE, AFF_DTM_YEAR, AFF_DTM_MONTH, AFF_DTM_DAY, AFF_DTM_HOUR, AFF_DTM_MINUTE, AFF_DTM_SECOND,
	AFF_DTM_FRACTION
};

struct aff_dtm {
	int year, month, day, hour, minute, second; /* parts beyond the precision: month and day 1, others 0 */
	int fraction;                               /* in 1/10000 s */
	int fraction_digits;                        /* as written, 0-4 */
	enum aff_dtm_precision precision;
	bool has_zone;
	bool zone_unknown;                          /* -0000: UTC is known, the local offset is not (RFC 3339) */
	int zone_minutes;                           /* east of UTC */
};

/* Reads a DTM; every part is checked against the calendar. Returns 0 or AFF_EDATATYPE. Empty text is AFF_EDATATYPE. */
int aff_dtm_parse(struct aff_dtm *out, struct aff_view text);

/* Microseconds since 1970-01-01 UTC. default_zone_minutes is used where the value has no zone. */
int64_t aff_dtm_micros(const struct aff_dtm *t, int default_zone_minutes);

/* The instant as HL7 with milliseconds and zone +0000, "20250115103000.123+0000": 23 characters and a NUL. */
#define AFF_DTM_SIZE 24
void aff_dtm_now_text(char out[AFF_DTM_SIZE], int64_t micros);

/* Appends a FHIR date or dateTime with the written precision (YYYY, YYYY-MM, YYYY-MM-DD, or to the second with zone).
 * Times need a zone: that of t, else *default_zone_minutes; with neither only the date is written.
 * Returns 1 when the zone was assumed or the time had to be left out, else 0. */
int aff_dtm_put_fhir(struct aff_buf *out, const struct aff_dtm *t, const int *default_zone_minutes);

#ifdef __cplusplus
}
#endif
#endif
