/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chart.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool chart_has_blocks(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);
		const char *set = value && *value ? strchr(value, '.') : NULL;
		if (value && *value)
			return set && (strcasecmp(set, ".UTF-8") == 0 || strcasecmp(set, ".utf8") == 0);
	}
	return false;
}

/* How high a bar is, in steps; rounded up, so that nothing but 0 is 0. */
static unsigned height(uint64_t number, uint64_t most, unsigned steps)
{
	double part = (double)number / (double)most * steps;
	unsigned whole = (unsigned)part;
	return whole < part ? whole + 1 : whole;
}

void chart_print(FILE *f, const uint64_t *numbers, size_t n, unsigned rows, int indent, bool blocks)
{
	static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const halves[] = {" ", ".", "#"};
	unsigned fine = blocks ? 8 : 2;
	uint64_t most = 1;
	for (size_t i = 0; i < n; i++)
		most = numbers[i] > most ? numbers[i] : most;
	for (unsigned row = rows; row-- > 0;) {
		size_t last = 0;
		for (size_t i = 0; i < n; i++)
			last = height(numbers[i], most, rows * fine) > row * fine ? i + 1 : last;
		fprintf(f, "%*s", last ? indent : 0, "");
		for (size_t i = 0; i < last; i++) {
			unsigned high = height(numbers[i], most, rows * fine), step = 0;
			if (high > row * fine)
				step = high - row * fine < fine ? high - row * fine : fine;
			fputs(blocks ? eighths[step] : halves[step], f);
		}
		fputc('\n', f);
	}
}
