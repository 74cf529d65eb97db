/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON, written as it goes.
 */
#include "base/json.h"

#include "base/utf8.h"

#include <inttypes.h>

void jsonw_begin(struct json_writer *j, struct aff_buf *out, int pretty)
{
	j->out = out;
	j->pretty = pretty;
	j->depth = 0;
	j->comma = 0;
}

static void line(struct json_writer *j)
{
	if (j->pretty) {
		aff_buf_put_char(j->out, '\n');
		for (int i = 0; i < j->depth; i++)
			aff_buf_put(j->out, "  ", 2);
	}
}

/* What stands before every value. */
static void lead(struct json_writer *j, const char *name)
{
	if (j->comma)
		aff_buf_put_char(j->out, ',');
	if (j->depth)
		line(j);
	if (name) {
		aff_buf_put_char(j->out, '"');
		aff_buf_put_text(j->out, name);
		aff_buf_put(j->out, j->pretty ? "\": " : "\":", j->pretty ? 3 : 2);
	}
	j->comma = 1;
}

static void open_with(struct json_writer *j, const char *name, char c)
{
	lead(j, name);
	aff_buf_put_char(j->out, c);
	j->depth++;
	j->comma = 0;
}

static void close_with(struct json_writer *j, char c)
{
	j->depth--;
	if (j->comma)
		line(j);
	aff_buf_put_char(j->out, c);
	j->comma = 1;
}

void jsonw_object(struct json_writer *j, const char *name)
{
	open_with(j, name, '{');
}

void jsonw_object_end(struct json_writer *j)
{
	close_with(j, '}');
}

void jsonw_array(struct json_writer *j, const char *name)
{
	open_with(j, name, '[');
}

void jsonw_array_end(struct json_writer *j)
{
	close_with(j, ']');
}

/* 1 for the bytes that a JSON string cannot hold as they are, or that need a closer look. */
static bool special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
}

size_t jsonw_put_escaped(struct aff_buf *out, struct aff_view value)
{
	const unsigned char *p = (const unsigned char *)value.p;
	size_t i = 0, invalid = 0;
	while (i < value.n) {
		size_t run = i;
		while (run < value.n && !special(p[run]))
			run++;
		aff_buf_put(out, p + i, run - i);
		if ((i = run) == value.n)
			break;
		unsigned char c = p[i];
		if (c >= 0x80) {
			size_t n = utf8_length(value.p + i, value.n - i);
			aff_buf_put(out, n ? (const char *)p + i : "\xef\xbf\xbd", n ? n : 3);
			invalid += !n;
			i += n ? n : 1;
			continue;
		}
		if (c == '"' || c == '\\')
			aff_buf_put_char(out, '\\'), aff_buf_put_char(out, (char)c);
		else if (c == '\n')
			aff_buf_put(out, "\\n", 2);
		else if (c == '\r')
			aff_buf_put(out, "\\r", 2);
		else if (c == '\t')
			aff_buf_put(out, "\\t", 2);
		else
			aff_buf_printf(out, "\\u%04x", (unsigned)c);
		i++;
	}
	return invalid;
}

void jsonw_view(struct json_writer *j, const char *name, struct aff_view value)
{
	lead(j, name);
	aff_buf_put_char(j->out, '"');
	jsonw_put_escaped(j->out, value);
	aff_buf_put_char(j->out, '"');
}

void jsonw_text(struct json_writer *j, const char *name, const char *value)
{
	jsonw_view(j, name, aff_view_of(value));
}

void jsonw_i64(struct json_writer *j, const char *name, int64_t value)
{
	lead(j, name);
	aff_buf_printf(j->out, "%" PRId64, value);
}

void jsonw_bool(struct json_writer *j, const char *name, int value)
{
	lead(j, name);
	aff_buf_put_text(j->out, value ? "true" : "false");
}

void jsonw_raw(struct json_writer *j, const char *name, struct aff_view value)
{
	lead(j, name);
	aff_buf_put_view(j->out, value);
}

static void indent_line(struct aff_buf *out, size_t depth)
{
	aff_buf_put_char(out, '\n');
	while (depth--)
		aff_buf_put(out, "  ", 2);
}

/* Where the string that begins at i ends: behind its closing quote. */
static size_t string_end(struct aff_view json, size_t i)
{
	for (i++; i < json.n && json.p[i] != '"'; i++)
		i += json.p[i] == '\\';
	return i < json.n ? i + 1 : json.n;
}

void jsonw_indent(struct aff_buf *out, struct aff_view compact)
{
	size_t depth = 0, i = 0;
	while (i < compact.n) {
		char c = compact.p[i];
		if (c == '"') {
			size_t end = string_end(compact, i);
			aff_buf_put(out, compact.p + i, end - i);
			i = end;
			continue;
		}
		bool empty = i + 1 < compact.n && (compact.p[i + 1] == '}' || compact.p[i + 1] == ']');
		if ((c == '}' || c == ']') && depth) {
			depth--;
			if (compact.p[i - 1] != '{' && compact.p[i - 1] != '[')
				indent_line(out, depth);
		}
		aff_buf_put_char(out, c);
		if (c == ':')
			aff_buf_put_char(out, ' ');
		else if (c == ',')
			indent_line(out, depth);
		else if (c == '{' || c == '[') {
			depth++;
			if (!empty)
				indent_line(out, depth);
		}
		i++;
	}
}
