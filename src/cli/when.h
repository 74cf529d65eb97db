/* SPDX-License-Identifier: Apache-2.0
 *
 * Points in time, as people write and read them.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <afferent/text.h>

/* Microseconds since 1970 UTC from
 *	10m, 2h, 7d                         so long before now
 *	2026-11-20T09:30:00+01:00           ISO 8601; also a blank for the T, no seconds, only the date, Z, no zone
 *	20261120093000+0100                 HL7 DTM
 * Without a zone it is local time. 0 or AFF_ESYNTAX with a diag. */
int when_parse(const char *text, int64_t now_us, int64_t *us, struct aff_diag *diag);

#define WHEN_SIZE 40
/* "2026-11-20T08:30:00.123456Z". */
const char *when_utc(int64_t us, char buf[WHEN_SIZE]);
/* "250 ms", "12.3 s", "4 min 10 s", "3 h 05 min", "2 d 4 h". */
const char *when_span(int64_t us, char buf[WHEN_SIZE]);

#endif
