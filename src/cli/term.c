/* SPDX-License-Identifier: Apache-2.0
 *
 * What the terminal can do.
 */
#include "cli/term.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

bool term_is_terminal(FILE *f)
{
	return isatty(fileno(f)) == 1;
}

static bool wants_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	if (no && no[0])
		return false;
	return term && strcmp(term, "dumb") != 0 && term_is_terminal(f);
}

/* Asked for with every word that is printed, so the answer for standard output is kept. */
static bool colour(FILE *f)
{
	static enum { UNKNOWN, NO, YES } standard_output;
	if (f != stdout)
		return wants_colour(f);
	if (standard_output == UNKNOWN)
		standard_output = wants_colour(f) ? YES : NO;
	return standard_output == YES;
}

const char *term_style(FILE *f, enum term_style_name style)
{
	static const char *const codes[] = {
		[TERM_PLAIN] = "\033[0m", [TERM_BOLD] = "\033[1m", [TERM_DIM] = "\033[2m", [TERM_RED] = "\033[31m",
		[TERM_GREEN] = "\033[32m", [TERM_YELLOW] = "\033[33m", [TERM_CYAN] = "\033[36m",
	};
	return colour(f) ? codes[style] : "";
}

int term_width(FILE *f)
{
	struct winsize size;
	if (term_is_terminal(f) && ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

void term_wrap(FILE *f, struct aff_view text, int indent, int width)
{
	int column = indent;
	size_t i = 0;
	while (i < text.n) {
		while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\n'))
			i++;
		size_t from = i;
		while (i < text.n && text.p[i] != ' ' && text.p[i] != '\n')
			i++;
		int word = (int)(i - from);
		if (!word)
			break;
		if (column > indent && column + 1 + word > width) {
			fprintf(f, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', f);
			column++;
		}
		fwrite(text.p + from, 1, (size_t)word, f);
		column += word;
	}
	fputc('\n', f);
}

void term_put_safe(FILE *f, struct aff_view text)
{
	size_t from = 0;
	for (size_t i = 0, n; i < text.n; i += n ? n : 1) {
		unsigned char c = (unsigned char)text.p[i];
		n = utf8_length(text.p + i, text.n - i);
		if (n && c >= 0x20 && c != 0x7f && !(c == 0xc2 && (unsigned char)text.p[i + 1] < 0xa0))
			continue;
		fwrite(text.p + from, 1, i - from, f);
		for (size_t k = i; k < i + (n ? n : 1); k++)
			fprintf(f, "\\x%02x", (unsigned)(unsigned char)text.p[k]);
		from = i + (n ? n : 1);
	}
	fwrite(text.p + from, 1, text.n - from, f);
}
