/* SPDX-License-Identifier: Apache-2.0
 *
 * Who, what and where: HD, EI, CX, PL, XPN, XCN, XTN, XAD (HL7 v2.5.1 chapter 2A; components that later versions added
 * are read where they stand).
 *
 * A reader takes the text of a field or component as the message holds it and the message's delimiters (for a component
 * those of aff_delims_below), looks at the first repetition and cannot fail: text has no form that could be wrong. A
 * primitive is its first component: a PL whose rooms are IS and one whose rooms are HD read the same. What was not sent
 * is empty; `""` stays what it is (aff_is_null). All views point into the text, still escaped: aff_text() in escape.h
 * gives them without escapes. Nothing is allocated.
 */
#ifndef AFFERENT_IDENTITY_H
#define AFFERENT_IDENTITY_H

#include <afferent/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Hierarchic designator, section 2.A.33. Named by `space`, or by `universal` and its type, or by both. */
struct aff_hd {
	struct aff_view space;
	struct aff_view universal;
	struct aff_view type; /* HL7 table 0301: ISO, UUID, DNS, EUI-64 ... */
};
void aff_hd_read(struct aff_hd *out, struct aff_view text, const struct aff_delims *d);

/* Entity identifier, section 2.A.25: an id, and who gave it. */
struct aff_ei {
	struct aff_view id;
	struct aff_hd authority;
};
void aff_ei_read(struct aff_ei *out, struct aff_view text, const struct aff_delims *d);

/* Identifier with check digit, section 2.A.14. An id means one person only together with its authority. */
struct aff_cx {
	struct aff_view id;
	struct aff_view check_digit, check_scheme; /* HL7 table 0061 */
	struct aff_hd authority;
	struct aff_view type; /* HL7 table 0203: MR, PI, VN ... */
	struct aff_hd facility;
	struct aff_view effective, expires; /* DT */
};
void aff_cx_read(struct aff_cx *out, struct aff_view text, const struct aff_delims *d);

/* Person location, section 2.A.53. What was IS up to 2.6 stands in `space` of its HD. */
struct aff_pl {
	struct aff_hd point_of_care, room, bed, facility;
	struct aff_view status;      /* user-defined table 0306 */
	struct aff_view type;        /* user-defined table 0305 */
	struct aff_hd building, floor;
	struct aff_view description;
	struct aff_ei comprehensive; /* since 2.5 */
	struct aff_hd authority;     /* since 2.5 */
};
void aff_pl_read(struct aff_pl *out, struct aff_view text, const struct aff_delims *d);

/* Extended person name, section 2.A.88. */
struct aff_xpn {
	struct aff_view family; /* FN.1: the surname */
	struct aff_view given, further, suffix, prefix, degree;
	struct aff_view type;           /* HL7 table 0200: L legal, D display, M maiden, U unspecified ... */
	struct aff_view representation; /* HL7 table 0465 */
};
void aff_xpn_read(struct aff_xpn *out, struct aff_view text, const struct aff_delims *d);

/* Person with identifier, section 2.A.86. */
struct aff_xcn {
	struct aff_view id;
	struct aff_xpn name;
	struct aff_hd authority;
	struct aff_view id_type; /* HL7 table 0203 */
	struct aff_hd facility;
};
void aff_xcn_read(struct aff_xcn *out, struct aff_view text, const struct aff_delims *d);

/* Extended telecommunication number, section 2.A.89. */
struct aff_xtn {
	struct aff_view number;      /* component 1, as one text; withdrawn in 2.7 */
	struct aff_view use;         /* HL7 table 0201 */
	struct aff_view equipment;   /* HL7 table 0202 */
	struct aff_view address;     /* of an e-mail, a pager ... */
	struct aff_view country, area, local, extension;
	struct aff_view any_text;
	struct aff_view unformatted; /* component 12, since 2.5 */
};
void aff_xtn_read(struct aff_xtn *out, struct aff_view text, const struct aff_delims *d);

/* Extended address, section 2.A.85. */
struct aff_xad {
	struct aff_view street; /* SAD.1: street or mailing address */
	struct aff_view other, city, state, postal_code;
	struct aff_view country; /* HL7 table 0399 */
	struct aff_view type;    /* HL7 table 0190 */
};
void aff_xad_read(struct aff_xad *out, struct aff_view text, const struct aff_delims *d);

#ifdef __cplusplus
}
#endif
#endif
