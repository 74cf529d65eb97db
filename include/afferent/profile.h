/* SPDX-License-Identifier: Apache-2.0
 *
 * Conformance profiles: what the messages of one interface look like, beyond what HL7 asks of every message. A profile
 * is read once, never changes afterwards and is used by any number of threads; aff_validate checks messages against the
 * profiles that struct aff_checks names.
 *
 * The XML form is HL7's message profile (HL7 v2 chapter 2B, HL7v2xConformanceProfile): the segments and groups of a
 * message, their fields, components and subcomponents, with usage, cardinality, length, data type, table and constant
 * value. A predicate (usage C or CE) is text for people: such an element may be there or not.
 */
#ifndef AFFERENT_PROFILE_H
#define AFFERENT_PROFILE_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_profile;

/* Reads an XML profile, in UTF-8, of at most AFF_PROFILE_MAX_BYTES. source is what findings name as their file, and
 * what findings about messages name as the profile; both it and the bytes are copied. A document type declaration is
 * refused, and with it every entity; nothing is ever fetched.
 * Every mistake is added to findings with its line and column; warnings and remarks too. Returns 0 and a profile to
 * free with aff_profile_free, AFF_ECONFIG when there is an error among the findings (*out is NULL), AFF_ENOMEM. */
#define AFF_PROFILE_MAX_BYTES (16u << 20)
int aff_profile_read_xml(struct aff_profile **out, const char *source, struct aff_view bytes,
                         struct aff_diag_list *findings);
void aff_profile_free(struct aff_profile *p);

/* What the profile calls itself, "" when it does not say; and where it was read from. */
const char *aff_profile_name(const struct aff_profile *p);
const char *aff_profile_source(const struct aff_profile *p);

/* Whether the profile has something to say about messages of m's type and trigger event (MSH-9). */
bool aff_profile_covers(const struct aff_profile *p, const struct aff_msg *m);

#ifdef __cplusplus
}
#endif
#endif
