/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular expressions over bytes (PCRE2), with a limit on the work one match may cost.
 */
#ifndef RULES_REGEX_H
#define RULES_REGEX_H

#include <afferent/text.h>

struct regex;

/* AFF_ESYNTAX: text says why, offset where in pattern (from 0). */
int regex_compile(struct regex **out, struct aff_view pattern, bool ignore_case, size_t *offset, char *why,
                  size_t why_size);
void regex_free(struct regex *r);

/* 1 found, 0 not, AFF_ELIMIT, AFF_ENOMEM. Any number of threads. */
int regex_test(const struct regex *r, struct aff_view text);

#endif
