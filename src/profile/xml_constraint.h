/* SPDX-License-Identifier: Apache-2.0
 *
 * The attributes that segments, groups, fields and their parts share.
 */
#ifndef PROFILE_XML_CONSTRAINT_H
#define PROFILE_XML_CONSTRAINT_H

#include "profile/profile.h"
#include "base/xml_read.h"

/* NULL when the tag does not have it. */
const struct xml_attribute *xml_attribute(const struct xml_tag *tag, const char *name);

/* Reads Usage, Min, Max, Length, Datatype, Table and ConstantValue; mistakes are reported. */
void xml_constraint(struct xml_report *r, struct aff_profile *p, const struct xml_tag *tag, struct constraint *is);

#endif
