/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading whole numbers strictly: whole text, no blanks, no locale, checked for overflow.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <afferent/text.h>

/* 0 or AFF_EDATATYPE / AFF_ELIMIT. */
int number_u64(struct aff_view text, uint64_t max, uint64_t *out);

/* "250ms", "60s", "5m", "24h", "7d" as milliseconds. 0 or AFF_ESYNTAX / AFF_ELIMIT. */
int number_duration_ms(struct aff_view text, int64_t *out);

/* "50/s", "600/min", "20/h" as a number an hour. 0 or AFF_ESYNTAX / AFF_ELIMIT. */
int number_rate_an_hour(struct aff_view text, uint64_t *out);

/* "64KiB", "1MiB", "512MB", "100" as bytes. 0 or AFF_ESYNTAX / AFF_ELIMIT. */
int number_bytes(struct aff_view text, uint64_t *out);

#endif
