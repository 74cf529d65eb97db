/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables for people: columns as wide as their widest cell, numbers aligned right, two blanks between. Widths
 * count UTF-8 characters, not bytes.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "cli/term.h"

#define TABLE_BYTES (64u << 20)

void table_init(struct table *t, const char *const *titles, size_t columns)
{
	memset(t, 0, sizeof *t);
	t->columns = columns < TABLE_COLUMNS ? columns : TABLE_COLUMNS;
	for (size_t i = 0; i < t->columns; i++) {
		t->right[i] = titles[i][0] == '>';
		t->titles[i] = titles[i] + t->right[i];
	}
	aff_buf_init(&t->text, TABLE_BYTES);
}

void table_cell(struct table *t, struct aff_view text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c < 0x20 || c == 0x7f)
			aff_buf_printf(&t->text, "\\x%02x", c);
		else
			aff_buf_put_char(&t->text, text.p[i]);
	}
	aff_buf_put_char(&t->text, '\0');
	t->cells++;
}

void table_cellf(struct table *t, const char *format, ...)
{
	char line[512];
	va_list ap;
	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	table_cell(t, aff_view_of(line));
}

static int characters(const char *text)
{
	return (int)utf8_characters(aff_view_of(text));
}

/* The last column is not padded on its right: no trailing blanks. */
static void put_cell(FILE *f, const char *text, int width, bool right, bool last)
{
	int pad = width - characters(text);
	fprintf(f, "%*s%s%*s%s", right ? pad : 0, "", text, right || last ? 0 : pad, "", last ? "\n" : "  ");
}

int table_print(struct table *t, FILE *f)
{
	int error = t->text.error;
	int widths[TABLE_COLUMNS];
	const char *cell = t->text.p;
	if (error)
		goto out;
	for (size_t i = 0; i < t->columns; i++)
		widths[i] = characters(t->titles[i]);
	for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
		int n = characters(cell);
		if (n > widths[i % t->columns])
			widths[i % t->columns] = n;
	}
	fputs(term_style(f, TERM_BOLD), f);
	for (size_t i = 0; i < t->columns; i++)
		put_cell(f, t->titles[i], widths[i], t->right[i], i + 1 == t->columns);
	fputs(term_style(f, TERM_PLAIN), f);
	cell = t->text.p;
	for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
		size_t c = i % t->columns;
		put_cell(f, cell, widths[c], t->right[c], c + 1 == t->columns);
	}
out:
	aff_buf_free(&t->text);
	return error;
}
