/* SPDX-License-Identifier: Apache-2.0
 *
 * The one pass over a message: where the field separators and the segment terminators are. Repetitions, components and
 * subcomponents are cut when somebody asks for them; most are never asked for.
 */
#ifndef HL7_SCAN_H
#define HL7_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A scanner stops while its tables have less room than one block can fill. */
#define SCAN_BLOCK 64

struct scan {
	const char *p;
	size_t i, n;                /* scanned so far, and how far to go; n < UINT32_MAX */
	char field, terminator;
	uint32_t *cuts;             /* offsets of field separators and terminators, in order */
	size_t ncuts, max_cuts;
	uint32_t *ends;             /* which entries of cuts are terminators */
	size_t nends, max_ends;
};

/* Goes on until the end (i == n) or until a table has no room for another block: make room and call again. Reads no
 * byte outside p[0..n). */
void scan_run(struct scan *s);

/* The two ways scan_run can take; they give the same tables. */
void scan_scalar(struct scan *s);
void scan_avx2(struct scan *s);
bool scan_has_avx2(void);

#endif
