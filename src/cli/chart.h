/* SPDX-License-Identifier: Apache-2.0
 *
 * A small chart of bars for the terminal, a column for each number.
 */
#ifndef CLI_CHART_H
#define CLI_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Whether the terminal's character set is UTF-8, by the environment. */
bool chart_has_blocks(void);
/* Prints `rows` lines, each indented by `indent` blanks; the largest number reaches the top. What is not 0 is always
 * seen. With blocks the bars are Unicode's eighths, else lines of '#' with '.' for what is less than half of one. */
void chart_print(FILE *f, const uint64_t *numbers, size_t n, unsigned rows, int indent, bool blocks);

#endif
