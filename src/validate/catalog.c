/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalogue of rules, for checks, for people who ask what a rule means, and for documents.
 */
#include "validate/catalog.h"

#include <afferent/validate.h>
#include <string.h>
#include <strings.h>

static const struct aff_check_rule rules[] = {
#define CHECK_RULE(name, id, severity, code, what, why, mend, source)                                                  \
	{id, AFF_SEVERITY_##severity, AFF_E##code, what, why, mend, source},
#include "validate/catalog_hl7.def"
#include "validate/catalog_ihe.def"
#include "validate/catalog_sense.def"
#include "validate/catalog_profile.def"
#undef CHECK_RULE
};

_Static_assert(sizeof rules / sizeof rules[0] == RULE_COUNT, "one entry a rule");

const struct aff_check_rule *aff_check_rule_at(size_t i)
{
	return i < RULE_COUNT ? &rules[i] : NULL;
}

const struct aff_check_rule *aff_check_rule_find(const char *id)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		if (strcasecmp(rules[i].id, id) == 0)
			return &rules[i];
	}
	return NULL;
}

bool aff_check_rule_is(const struct aff_check_rule *rule, const char *pattern)
{
	size_t n = strlen(pattern);
	if (n && pattern[n - 1] == '*')
		return strncasecmp(rule->id, pattern, n - 1) == 0;
	return strcasecmp(rule->id, pattern) == 0;
}
