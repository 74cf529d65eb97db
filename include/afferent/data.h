/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents, references and places: ED, RP, OG, ERL (HL7 v2.5.1 chapter 2A, OG of 2.8.2).
 *
 * A reader takes the text of a field or component as the message holds it and the message's delimiters (for a component
 * those of aff_delims_below) and looks at the first repetition. All views point into the text, still escaped; what was
 * not sent is empty. Nothing is allocated.
 */
#ifndef AFFERENT_DATA_H
#define AFFERENT_DATA_H

#include <afferent/identity.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Encapsulated data, section 2.A.24. */
struct aff_ed {
	struct aff_hd source;
	struct aff_view type;     /* HL7 table 0191: AP, AU, IM, TEXT ... */
	struct aff_view subtype;  /* HL7 table 0291: PDF, JPEG, HTML ... */
	struct aff_view encoding; /* HL7 table 0299: A none, Hex, Base64 */
	struct aff_view data;     /* as it was sent: neither unescaped nor decoded */
};
void aff_ed_read(struct aff_ed *out, struct aff_view text, const struct aff_delims *d);

/* Reference pointer, section 2.A.65. */
struct aff_rp {
	struct aff_view pointer;
	struct aff_hd application;
	struct aff_view type, subtype; /* as in ED */
};
void aff_rp_read(struct aff_rp *out, struct aff_view text, const struct aff_delims *d);

/* Observation grouper, OBX-4 since 2.8.2. An ST of older versions is its first component. */
struct aff_og {
	struct aff_view original;
	struct aff_view group, sequence; /* NM */
	struct aff_view identifier;
};
void aff_og_read(struct aff_og *out, struct aff_view text, const struct aff_delims *d);

/* Error location, section 2.A.28. Returns 0, or AFF_EDATATYPE: a segment id of other than three characters or a part
 * that is no number; *out is then left as it was and diag (may be NULL) tells the component. Parts that were not sent
 * are 0. */
int aff_erl_read(struct aff_location *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
