/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody probably meant: the known word nearest to a misspelt one.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <afferent/text.h>

/* How many single steps (insert, delete, replace a character, swap two neighbours) lead from a to b. Words longer than
 * 63 bytes are as far apart as they are long. */
unsigned nearest_distance(struct aff_view a, struct aff_view b);

/* Keeps the best candidate: start with {.word = the misspelt one}, offer each known word, then read `best` (NULL when
 * none is near enough to be worth proposing: at most a third of the letters are wrong, and not all; capitals for small
 * letters count as one step). Of equally
 * near ones the one that begins most like it wins, then the first. */
struct nearest {
	struct aff_view word;
	const char *best;
	unsigned distance;
	size_t start;
};
void nearest_offer(struct nearest *n, const char *known);

#endif
