/* SPDX-License-Identifier: Apache-2.0
 *
 * What libyaml says about text that is not YAML, in words for those who wrote it.
 */
#include <yaml.h>

#include "conf/yaml.h"

static struct place place_of_mark(yaml_mark_t mark)
{
	return (struct place){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static size_t line_start(struct aff_view bytes, size_t line)
{
	size_t i = 0;
	for (; line && i < bytes.n; i++)
		line -= bytes.p[i] == '\n';
	return i;
}

/* Whether a line (from 0) starts with these bytes, behind its blanks. */
static bool line_starts(struct aff_view bytes, size_t line, const char *with)
{
	size_t i = line_start(bytes, line);
	while (i < bytes.n && bytes.p[i] == ' ')
		i++;
	return bytes.n - i >= strlen(with) && !memcmp(bytes.p + i, with, strlen(with));
}

/* What people did when libyaml says so; in the order in which they are asked. */
static const struct mistake {
	const char *problem, *context; /* parts of what libyaml says; NULL: whatever it says */
	const char *text;              /* better words; NULL: those of libyaml */
	const char *hint;
	bool begins;                   /* look where it begins: libyaml notices later, even at the end of the file */
} mistakes[] = {
	{NULL, "an alias", NULL, "text that begins with * stands in quotes", false},
	{NULL, "an anchor", NULL, "text that begins with & stands in quotes", false},
	{NULL, "a block scalar", NULL, "text that begins with | or > stands in quotes", false},
	{NULL, "a tag", NULL, "text that begins with ! stands in quotes", false},
	{NULL, "a directive", NULL, "text that begins with % stands in quotes", false},
	{"unknown escape character", NULL, NULL, "write \\\\ for a backslash, or put the text between '...'",
	 false},
	{NULL, "a quoted scalar", "the quote that opens here is never closed",
	 "close it; a quote inside quotes is written '' or \\\"", true},
	{"',' or '}'", NULL, "the { that opens here is not closed, or a comma is missing",
	 "close it with }, and put a comma between entries", true},
	{"',' or ']'", NULL, "the [ that opens here is not closed, or a comma is missing",
	 "close it with ], and put a comma between entries", true},
	{"expected ':'", NULL, "this is no 'key: value'", "write a colon and a blank behind a key", true},
	{"mapping values are not allowed", NULL, "a colon has no place here",
	 "text that holds ': ' stands in quotes; a key begins a line of its own, as far in as its neighbours", false},
	{"expected key", NULL, "here neither this map goes on nor one around it",
	 "let the keys of one map begin in the same column; is a quote or a bracket above it closed too early?", false},
	{"'-' indicator", NULL, "here neither this list goes on nor what is around it",
	 "let the entries of one list begin in the same column", false},
	{"block sequence entries are not allowed", NULL, "a list has no place here",
	 "begin the list in a line of its own, or write [A, B]", false},
	{"cannot start any token", NULL, "no text begins with this character",
	 "text that begins with @, ` or % stands in quotes", false},
	{"expected node content", NULL, "a value is missing here", "give the value, or take away what announces it",
	 false},
	{"undefined tag handle", NULL, NULL, "text that begins with ! stands in quotes", false},
	{"<document start>", NULL, "the file should have ended",
	 "take away what stands here: a file is one map of keys", false},
};

static const struct mistake *find_mistake(const yaml_parser_t *p)
{
	static const struct mistake other = {.hint = "check the lines above: indentation, quotes and brackets"};
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		const struct mistake *m = &mistakes[i];
		if ((!m->problem || (p->problem && strstr(p->problem, m->problem))) &&
		    (!m->context || (p->context && strstr(p->context, m->context))))
			return m;
	}
	return &other;
}

static int report_unreadable(struct report *r, const yaml_parser_t *p, struct aff_view bytes)
{
	struct place at = place_of_byte(bytes, p->problem_offset);
	if (p->problem && strstr(p->problem, "control"))
		report_error(r, at, "take it away", "a control character");
	else
		report_error(r, at, "save the file as UTF-8", "this byte is not UTF-8");
	return AFF_ECONFIG;
}

/* Whether the line has a bracket right behind a letter or digit, as PID-3[2] has. */
static bool holds_path_in_brackets(struct aff_view bytes, size_t line)
{
	size_t i = line_start(bytes, line);
	for (i++; i < bytes.n && bytes.p[i] != '\n'; i++) {
		char before = bytes.p[i - 1];
		if (bytes.p[i] == '[' && ((before >= 'A' && before <= 'Z') || (before >= '0' && before <= '9')))
			return true;
	}
	return false;
}

int yaml_problem(struct report *r, const struct yaml_parser_s *p, struct aff_view bytes)
{
	if (p->error == YAML_MEMORY_ERROR)
		return r->error = AFF_ENOMEM;
	if (p->error == YAML_READER_ERROR)
		return report_unreadable(r, p, bytes);
	const struct mistake *m = find_mistake(p);
	bool later = p->context && p->context_mark.line != p->problem_mark.line;
	const char *hint = m->hint, *what = m->text ? m->text : p->problem ? p->problem : "it cannot be read";
	bool flow = p->context && strstr(p->context, "flow");
	if (flow && holds_path_in_brackets(bytes, p->problem_mark.line))
		hint = "within { } and [ ] a path with brackets stands in quotes: \"PID-3[2]\"";
	else if (line_starts(bytes, p->problem_mark.line, "\t"))
		hint = "indent with blanks, not with tabs";
	else if (line_starts(bytes, p->problem_mark.line, BYTE_ORDER_MARK))
		hint = "the line starts with an invisible byte order mark: type it anew";
	if (flow && !later && m->begins)
		what = "a comma or a bracket is missing here";
	if (m->begins && p->context && (later || !flow))
		report_error(r, place_of_mark(p->context_mark), hint, "not YAML: %s", what);
	else if (later && !m->text)
		report_error(r, place_of_mark(p->problem_mark), hint, "not YAML: %s %s that begins in line %zu", what,
		             p->context, p->context_mark.line + 1);
	else
		report_error(r, place_of_mark(p->problem_mark), hint, "not YAML: %s", what);
	return AFF_ECONFIG;
}
