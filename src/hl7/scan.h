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
	char field, terminator;     /* not the same */
	uint32_t *cuts;             /* offsets of field separators and terminators, in order */
	size_t ncuts, max_cuts;
	uint32_t *ends;             /* which entries of cuts are terminators */
	size_t nends, max_ends;
};

/* Goes on until the end (i == n) or until a table has no room for another block: make room and call again. Reads no
 * byte outside p[0..n). */
void scan_run(struct scan *s);

/* Every way there is on this kind of machine, the slowest first; scan_run takes the last that the processor can go.
 * They all give the same tables. */
struct scan_way {
	const char *name;
	void (*run)(struct scan *s);
	bool (*is_usable)(void);
};
extern const struct scan_way scan_ways[];
extern const size_t scan_way_count;

void scan_scalar(struct scan *s);
#if defined(__x86_64__)
void scan_sse2(struct scan *s);
void scan_avx2(struct scan *s);
void scan_avx512(struct scan *s);
bool scan_has_avx2(void);
bool scan_has_avx512(void);
#endif

#endif
