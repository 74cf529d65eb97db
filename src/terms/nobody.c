/* SPDX-License-Identifier: Apache-2.0
 *
 * Words for nobody, as senders write them.
 */
#include "terms/nobody.h"

#include <ctype.h>
#include <strings.h>

static bool is_one_of(struct aff_view v, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v.n == strlen(words[i]) && strncasecmp(v.p, words[i], v.n) == 0)
			return true;
	return false;
}

bool nobody_is(struct aff_view v)
{
	static const char *const words[] = {"unk",       "none",        "null",      "n/a",        "na",
	                                    "noid",      "no id",       "no name",   "unassigned", "not assigned",
	                                    "undefined", "not entered", "anonymous", "new patient"};
	static const char *const beginnings[] = {"unknown", "unidentified"};
	if (is_one_of(v, words, sizeof words / sizeof words[0]))
		return true;
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (v.n >= strlen(beginnings[i]) && strncasecmp(v.p, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	/* Zeros and signs alone. */
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] >= 0x80 || (isalnum((unsigned char)v.p[i]) && v.p[i] != '0'))
			return false;
	return true;
}

bool nobody_is_test(struct aff_view v)
{
	static const char *const words[] = {"test",      "tests",     "testing",      "testpatient",  "test patient",
	                                    "patient",   "demo",      "demo patient", "demopatient",  "dummy",
	                                    "zztest",    "zzztest",   "zz-test",      "dummypatient", "fake",
	                                    "simulated", "simulation", "training",    "sample",       "example"};
	return is_one_of(v, words, sizeof words / sizeof words[0]);
}
