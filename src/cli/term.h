/* SPDX-License-Identifier: Apache-2.0
 *
 * The terminal: colour only where there is one (and NO_COLOR is not set), its width, tables and progress.
 */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdio.h>

#include <afferent/text.h>

enum term_style_name { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_RED, TERM_GREEN, TERM_YELLOW, TERM_CYAN };

/* The escape sequence that starts a style (TERM_PLAIN ends it); "" where colour is not wanted. */
const char *term_style(FILE *f, enum term_style_name style);
bool term_is_terminal(FILE *f);
/* Columns; 80 when f is no terminal. */
int term_width(FILE *f);

/* Prints text broken at blanks so that no line is longer than width; the cursor stands at column `indent`, where
 * the further lines start too. Ends the line. */
void term_wrap(FILE *f, struct aff_view text, int indent, int width);

/* Control characters and what is not UTF-8 as \x0a, so that data cannot steer the terminal. CR, LF and TAB too. */
void term_put_safe(FILE *f, struct aff_view text);

/* ---- tables: collected first, then printed with aligned columns ---- */

#define TABLE_COLUMNS 16
struct table {
	const char *titles[TABLE_COLUMNS];
	bool right[TABLE_COLUMNS];      /* numbers stand right */
	size_t columns;
	struct aff_buf text;            /* the cells, each ended by a NUL */
	size_t cells;
};
/* A title that starts with ">" aligns its column right. Cells are given row by row. */
void table_init(struct table *t, const char *const *titles, size_t columns);
void table_cell(struct table *t, struct aff_view text);
void table_cellf(struct table *t, const char *format, ...) AFF_PRINTF(2, 3);
/* Prints and frees. Returns 0 or the buffer's error (nothing printed). */
int table_print(struct table *t, FILE *f);

/* ---- progress: on standard error, if that is a terminal, once a second has passed ---- */

struct progress {
	const char *what;               /* "messages" */
	uint64_t total;                 /* what counts as all of it; 0 = not known */
	int64_t started_us, shown_us;
	bool visible;
};
void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_update(struct progress *p, uint64_t done);
/* The same where the total is of something else than what is counted: messages of a file with so many bytes. */
void progress_update_at(struct progress *p, uint64_t done, uint64_t position);
/* Removes the line. */
void progress_end(struct progress *p);

#endif
