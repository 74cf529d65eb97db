/* SPDX-License-Identifier: Apache-2.0
 *
 * The XML encoding of HL7 v2 (HL7 Version 2: XML Encoding Syntax, v2.xml): <ORU_R01 xmlns="urn:hl7-org:v2xml">
 * <MSH>...<ORU_R01.PATIENT_RESULT>...<PID><PID.3><CX.1>4711</CX.1>... Elements are called after the message structure,
 * its groups, the segments, their fields and the components of the field's data type in the version of the message.
 *
 * ER7 to XML and back gives the same text of every part; XML to ER7 and back gives the same elements. What changes:
 *   delimiters at the end of fields, repetitions, components and subcomponents are left out;
 *   segments end with CR;
 *   control characters become escape sequences, \X0A\ for a line feed inside a field.
 * Escape sequences that stand for delimiters become those characters; any other one stays what it is, as
 * <escape V=".br"/> (a lone escape character: <escape/>).
 */
#ifndef AFFERENT_V2XML_H
#define AFFERENT_V2XML_H

#include <afferent/group.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Appends m as an XML document in UTF-8. groups: those of m (aff_groups_match), or NULL for segments without groups.
 * Parts whose data type is not known, of Z segments for example, are called after their field and "UNKNOWN".
 * Returns 0; AFF_ECHARSET when the bytes of m are not UTF-8, or switch by ISO 2022 (convert them
 * first, charset.h); AFF_ESEGMENTID when a
 * segment's id cannot be the name of an element; AFF_EDELIMITER when a delimiter is a control character other than TAB;
 * or the error of the buffer. */
int aff_v2xml_write(struct aff_buf *out, const struct aff_msg *m, const struct aff_groups *groups,
                    struct aff_diag *diag);

/* Appends the message of a v2.xml document in ER7, with the delimiters of its MSH.1 and MSH.2 (without them the usual
 * ones), ready to be parsed. Only the numbers of elements count: PID.3, CX.4, HD.2; what groups and data types they
 * name is not compared with anything. The document is UTF-8, of at most 16 MiB, without a document type; nothing is
 * fetched. Returns 0; AFF_ESYNTAX when it is no XML or no v2.xml (diag tells line and column where they are known);
 * AFF_ELIMIT, AFF_ENOMEM. After an error the end of out holds part of a message. */
int aff_v2xml_read(struct aff_buf *out, struct aff_view xml, struct aff_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
