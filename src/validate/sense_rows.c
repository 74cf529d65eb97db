/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows beside each other: the same thing said twice with different values, and statuses that deny the value.
 */
#include <stdlib.h>

#include "validate/sense.h"

enum { OBX_VALUE = 5, OBX_STATUS = 11 };

/* ---- statuses ---- */

/* X: there is no result; N: it was not asked for; I: it is pending. */
static bool denies_value(struct aff_view status)
{
	return status.n == 1 && strchr("XNI", status.p[0]) != NULL;
}

/* Some senders write X on every row: that is a habit, and told once. */
static void check_statuses(struct check *c)
{
	unsigned valued = 0, denied = 0, first = AFF_NONE;
	for (unsigned i = aff_msg_find(c->m, "OBX", 1); i != AFF_NONE; i = aff_msg_find(c->m, "OBX", i + 1)) {
		if (!sense_is_numeric(c, i) || check_is_empty(c, aff_msg_field(c->m, i, OBX_VALUE)))
			continue;
		valued++;
		if (!denies_value(aff_msg_field(c->m, i, OBX_STATUS)))
			continue;
		denied++;
		first = first == AFF_NONE ? i : first;
	}
	if (denied && denied == valued && valued > 1) {
		check_report_as(c, RULE_STATUS, AFF_SEVERITY_INFO,
		                (struct place){.segment = first, .field = OBX_STATUS},
		                "the sender should write R, or F where somebody has looked at it",
		                "OBX-11 (status) of all rows with numbers says that there is no result");
		return;
	}
	for (unsigned i = first; denied && i != AFF_NONE; i = aff_msg_find(c->m, "OBX", i + 1)) {
		if (sense_is_numeric(c, i) && !check_is_empty(c, aff_msg_field(c->m, i, OBX_VALUE)) &&
		    denies_value(aff_msg_field(c->m, i, OBX_STATUS)))
			check_report(c, RULE_STATUS, (struct place){.segment = i, .field = OBX_STATUS},
			             "OBX-11 (status) says that there is no result, and OBX-5 has one");
	}
}

/* ---- twice the same ---- */

/* What tells readings of one code apart. */
static const unsigned keys[] = {3, 4, 6, 14, 17, 18, 20};

struct row {
	const struct aff_msg *m;
	unsigned segment;
};

static int compare_text(struct aff_view x, struct aff_view y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n ? memcmp(x.p, y.p, n) : 0;
	return order ? order : (x.n > y.n) - (x.n < y.n);
}

static int compare_keys(const struct row *x, const struct row *y)
{
	int order = 0;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !order; i++)
		order = compare_text(aff_msg_field(x->m, x->segment, keys[i]),
		                     aff_msg_field(y->m, y->segment, keys[i]));
	return order;
}

static int by_keys(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = compare_keys(x, y);
	return order ? order : (x->segment > y->segment) - (x->segment < y->segment);
}

/* The rows under one OBR. */
static void report_repeated(struct check *c, struct row *rows, size_t n)
{
	if (n > 1)
		qsort(rows, n, sizeof *rows, by_keys);
	for (size_t i = 1; i < n; i++) {
		struct aff_view value = aff_msg_field(c->m, rows[i].segment, OBX_VALUE);
		struct aff_view before = aff_msg_field(c->m, rows[i - 1].segment, OBX_VALUE);
		if (compare_keys(&rows[i - 1], &rows[i]) == 0 && !aff_view_equal(value, before))
			check_report(c, RULE_DUPLICATE, (struct place){.segment = rows[i].segment, .field = OBX_VALUE},
			             "another row has the same code, place and time, and another value");
	}
}

/* A number that stands: not one that takes back or corrects another row. */
static bool counts(const struct check *c, unsigned segment)
{
	struct aff_view status = aff_msg_field(c->m, segment, OBX_STATUS);
	return aff_view_is(aff_msg_get(c->m, segment, 2, 1, 1, 0), "NM") &&
	       !check_is_empty(c, aff_msg_field(c->m, segment, OBX_VALUE)) &&
	       !(status.n == 1 && strchr("CDWA", status.p[0]));
}

static void check_repeated(struct check *c)
{
	unsigned segments = aff_msg_segments(c->m);
	struct row *rows = malloc(segments * sizeof *rows);
	size_t n = 0;
	if (!rows) {
		c->failed = AFF_ENOMEM;
		return;
	}
	for (unsigned i = 0; i < segments; i++) {
		if (aff_msg_is(c->m, i, "OBR") || aff_msg_is(c->m, i, "PID")) {
			report_repeated(c, rows, n);
			n = 0;
		} else if (aff_msg_is(c->m, i, "OBX") && counts(c, i)) {
			rows[n++] = (struct row){c->m, i};
		}
	}
	report_repeated(c, rows, n);
	free(rows);
}

void sense_rows(struct check *c)
{
	check_statuses(c);
	check_repeated(c);
}
