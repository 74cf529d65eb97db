/* SPDX-License-Identifier: Apache-2.0
 *
 * Edit distance with neighbour swaps (optimal string alignment), in three rows.
 */
#include "base/nearest.h"

#define LONGEST 63

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned nearest_distance(struct aff_view a, struct aff_view b)
{
	unsigned rows[3][LONGEST + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	if (a.n > LONGEST || b.n > LONGEST)
		return (unsigned)(a.n > b.n ? a.n : b.n);
	for (unsigned k = 0; k <= b.n; k++)
		above[k] = k;
	for (unsigned i = 1; i <= a.n; i++) {
		row[0] = i;
		for (unsigned k = 1; k <= b.n; k++) {
			unsigned wrong = a.p[i - 1] != b.p[k - 1];
			row[k] = least(least(above[k] + 1, row[k - 1] + 1), above[k - 1] + wrong);
			if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1])
				row[k] = least(row[k], before[k - 2] + 1);
		}
		unsigned *free_row = before;
		before = above;
		above = row;
		row = free_row;
	}
	return above[b.n];
}

/* How many characters two words have in common at their beginning. */
static size_t same_start(struct aff_view a, struct aff_view b)
{
	size_t n = 0;
	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_but_for_case(struct aff_view a, struct aff_view b)
{
	bool same = a.n == b.n;
	for (size_t i = 0; same && i < a.n; i++)
		same = lower(a.p[i]) == lower(b.p[i]);
	return same;
}

void nearest_offer(struct nearest *n, const char *known)
{
	struct aff_view v = aff_view_of(known);
	bool same = same_but_for_case(n->word, v);
	unsigned distance = same ? 1 : nearest_distance(n->word, v);
	size_t longer = v.n > n->word.n ? v.n : n->word.n;
	if (!same && (distance * 3 > longer + 2 || distance >= longer))
		return;
	size_t start = same_start(n->word, v);
	if (!n->best || distance < n->distance || (distance == n->distance && start > n->start)) {
		n->best = known;
		n->distance = distance;
		n->start = start;
	}
}
