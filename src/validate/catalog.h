/* SPDX-License-Identifier: Apache-2.0
 *
 * Every rule that can be broken, once: the lists are catalog_*.def.
 */
#ifndef VALIDATE_CATALOG_H
#define VALIDATE_CATALOG_H

enum check_rule {
#define CHECK_RULE(name, id, severity, code, what, why, mend, source) RULE_##name,
#include "validate/catalog_hl7.def"
#include "validate/catalog_ihe.def"
#include "validate/catalog_sense.def"
#include "validate/catalog_profile.def"
#undef CHECK_RULE
	RULE_COUNT
};

#endif
