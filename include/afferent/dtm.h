/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates and times: DT, TM, DTM, TS and DR (HL7 v2.5.1 chapter 2A). A struct aff_dtm keeps how exact the sender was and
 * whether a zone was written. Readers allocate nothing.
 */
#ifndef AFFERENT_DTM_H
#define AFFERENT_DTM_H

#include <afferent/parts.h>

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
	bool leap_second;                           /* second 60 was written; second is 59 */
	bool blanks;                                /* there were blanks around it; the standard knows none */
};

/* Reads a DTM, YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]; every part is checked against the calendar. The whole
 * text is the value. Returns 0 or AFF_EDATATYPE. Empty text is AFF_EDATATYPE. */
int aff_dtm_parse(struct aff_dtm *out, struct aff_view text);

/* The readers below take the text of a field or component as the message holds it, d its delimiters (NULL: the text is
 * a primitive already), and look at the first repetition. Blanks around a value are skipped and told. They return 0 or
 * AFF_EDATATYPE; *out is then left as it was and diag (may be NULL) says what a right value looks like. */

/* DTM, section 2.A.22, and TS, section 2.A.77. TS.2, the degree of precision, has not counted since version 2.3: what
 * is written is how exact the value is. Some senders write 00000000 for "no date": that is no date. */
int aff_dtm_read(struct aff_dtm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* DT, section 2.A.21: a DTM that ends with the day, without a zone. */
int aff_dt_read(struct aff_dtm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* TM, section 2.A.75: HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]. year, month and day are 0; it is no instant. */
int aff_tm_read(struct aff_dtm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* DR, section 2.A.20: start^end. Either may be missing: open at that end. d must be given. */
struct aff_dr {
	bool has_start, has_end;
	struct aff_dtm start, end;
};
int aff_dr_read(struct aff_dr *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* The zone of a message's times that have none: that of MSH-7 (HL7 v2 section 2.A.22). false: MSH-7 has none either. */
bool aff_dtm_message_zone(const struct aff_msg *m, int *minutes);

/* Microseconds since 1970-01-01 UTC. default_zone_minutes is used where the value has no zone. */
int64_t aff_dtm_micros(const struct aff_dtm *t, int default_zone_minutes);

/* The instant as HL7 with milliseconds and zone +0000, "20250115103000.123+0000": 23 characters and a NUL.
 * What lies before the year 1 or after 9999 becomes the first or the last instant that can be written. */
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
