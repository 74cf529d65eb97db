/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones: a fixed offset, or one with daylight saving as the time zone database (tzdata) has it. Built once, then
 * read by any number of threads. Nothing here reads files or the environment.
 */
#ifndef AFFERENT_ZONE_H
#define AFFERENT_ZONE_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_zone;

/* An offset in minutes east of UTC. Returns 0, AFF_ENOMEM. */
int aff_zone_fixed(struct aff_zone **out, int minutes);

/* From the bytes of a file of /usr/share/zoneinfo (TZif, RFC 8536, version 2 or later), which are copied.
 * Returns 0, AFF_ESYNTAX with the reason, AFF_ENOMEM. */
int aff_zone_read(struct aff_zone **out, struct aff_view tzif, struct aff_diag *diag);

/* Returns 0, AFF_ENOMEM. */
int aff_zone_copy(struct aff_zone **out, const struct aff_zone *zone);
void aff_zone_free(struct aff_zone *zone);

/* Seconds east of UTC at an instant, in seconds since 1970-01-01 UTC. */
int aff_zone_at(const struct aff_zone *zone, int64_t utc);

/* The same for what the clocks of the zone show, in seconds since 1970-01-01 as they count. An hour that comes twice
 * is taken for the first of both (daylight saving, in autumn), one that is left out as if the clocks had not been
 * changed yet. */
int aff_zone_at_local(const struct aff_zone *zone, int64_t local);

#ifdef __cplusplus
}
#endif
#endif
