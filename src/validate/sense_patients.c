/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose readings: one patient, who exists.
 */
#include "terms/nobody.h"
#include "validate/sense.h"

/* More identifiers than people have: keeps the comparison of two patients short. */
enum { PID_ID = 3, PID_NAME = 5, IDS_MAX = 16 };

static unsigned ids_of(const struct check *c, unsigned pid)
{
	unsigned n = aff_msg_repetitions(c->m, pid, PID_ID);
	return n < IDS_MAX ? n : IDS_MAX;
}

static struct aff_view id_of(const struct check *c, unsigned pid, unsigned repetition)
{
	return aff_view_trim(aff_msg_get(c->m, pid, PID_ID, repetition, 1, 0));
}

/* true when the two have an identifier in common, or one has none. */
static bool may_be_one(const struct check *c, unsigned a, unsigned b)
{
	unsigned n = ids_of(c, a), k = ids_of(c, b);
	bool both = false;
	for (unsigned i = 1; i <= n; i++) {
		for (unsigned j = 1; j <= k; j++) {
			struct aff_view x = id_of(c, a, i), y = id_of(c, b, j);
			if (aff_view_equal(x, y))
				return true;
			both |= !nobody_is(x) && !nobody_is(y);
		}
	}
	return !both;
}

static bool names_somebody(const struct check *c, unsigned pid)
{
	for (unsigned part = 1; part <= 2; part++) {
		struct aff_view name = aff_view_trim(aff_msg_get(c->m, pid, PID_NAME, 1, part, 1));
		if (!nobody_is(name) && !aff_is_null(name))
			return true;
	}
	return false;
}

static void check_identity(struct check *c, unsigned pid)
{
	unsigned n = ids_of(c, pid);
	bool valued = false;
	for (unsigned i = 1; i <= n; i++) {
		struct aff_view id = id_of(c, pid, i);
		if (!nobody_is(id))
			return;
		valued |= id.n > 0 && !aff_is_null(id);
	}
	if (valued)
		check_report(c, RULE_NOBODY, (struct place){.segment = pid, .field = PID_ID},
		             "PID-3 (patient identifier) is a word for nobody");
	else if (names_somebody(c, pid))
		check_report(c, RULE_NOBODY, (struct place){.segment = pid, .field = PID_NAME},
		             "PID-5 (patient name) names somebody whom PID-3 does not identify");
}

/* Family and given name are both made up: there are people whose family is called Test. */
static void check_test_patient(struct check *c, unsigned pid)
{
	struct aff_view family = aff_view_trim(aff_msg_get(c->m, pid, PID_NAME, 1, 1, 1));
	struct aff_view given = aff_view_trim(aff_msg_get(c->m, pid, PID_NAME, 1, 2, 1));
	if (nobody_is_test(family) && (nobody_is(given) || nobody_is_test(given)))
		check_report(c, RULE_TEST_PATIENT, (struct place){.segment = pid, .field = PID_NAME},
		             "PID-5 (patient name) is that of a test patient");
}

void sense_patients(struct check *c)
{
	unsigned first = aff_msg_find(c->m, "PID", 1);
	bool production = aff_view_is(aff_msg_get(c->m, 0, 11, 1, 1, 0), "P");
	for (unsigned i = first; i != AFF_NONE; i = aff_msg_find(c->m, "PID", i + 1)) {
		check_identity(c, i);
		if (production)
			check_test_patient(c, i);
		if (i != first && !may_be_one(c, first, i))
			check_report(c, RULE_TWO_PATIENTS, (struct place){.segment = i, .field = PID_ID},
			             "this PID is of another patient than the first one");
	}
}
