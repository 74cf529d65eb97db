/* SPDX-License-Identifier: Apache-2.0
 *
 * libyaml's events become a tree, in a loop with a stack of fixed depth. Nodes and texts live in blocks and go
 * together.
 */
#include "conf/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#define BLOCK_BYTES 16384
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct yaml_block {
	struct yaml_block *next;
	size_t used, size;
	max_align_t bytes[];
};

struct builder {
	struct tree *tree;
	struct report *report;
	struct node *open[YAML_MAX_DEPTH], *last[YAML_MAX_DEPTH];
	unsigned depth;
	bool second;   /* one document has ended */
};

static void *take(struct builder *b, size_t n)
{
	struct yaml_block *block = b->tree->blocks;
	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!block || block->size - block->used < n) {
		size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
		block = malloc(sizeof *block + size);
		if (!block) {
			b->report->error = AFF_ENOMEM;
			return NULL;
		}
		block->next = b->tree->blocks;
		block->used = 0;
		block->size = size;
		b->tree->blocks = block;
	}
	char *p = (char *)block->bytes + block->used;
	block->used += n;
	return p;
}

static struct place place_of(yaml_mark_t mark)
{
	struct place at = {(unsigned)mark.line + 1, (unsigned)mark.column + 1};
	return at;
}

static size_t characters(struct aff_view text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

struct place node_place(const struct node *n, size_t offset)
{
	struct place at = n->at;
	if (n->exact && offset <= n->text.n)
		at.column += (unsigned)(n->quoted + characters(aff_view(n->text.p, offset)));
	return at;
}

/* Hangs a node into the innermost open list or map. */
static void append(struct builder *b, struct node *n)
{
	if (!b->depth) {
		b->tree->root = n;
		return;
	}
	struct node *parent = b->open[b->depth - 1], *last = b->last[b->depth - 1];
	if (last)
		last->next = n;
	else
		parent->first = n;
	b->last[b->depth - 1] = n;
	if (parent->kind == NODE_MAP && parent->count % 2 == 0 && n->kind != NODE_SCALAR)
		report_error(b->report, n->at, "quote a key that starts with { or [",
		             "a key must be text, not a list or a map");
	parent->count++;
}

static struct node *add(struct builder *b, enum node_kind kind, const yaml_event_t *event)
{
	struct place at = place_of(event->start_mark);
	if (b->tree->nodes == YAML_MAX_NODES) {
		report_error(b->report, at, "put the rows of a large table into a .csv file",
		             "the file has more than %d values", YAML_MAX_NODES);
		return NULL;
	}
	struct node *n = take(b, sizeof *n);
	if (!n)
		return NULL;
	memset(n, 0, sizeof *n);
	n->kind = kind;
	n->at = at;
	n->text = aff_view("", 0);
	b->tree->nodes++;
	append(b, n);
	return n;
}

static int open_node(struct builder *b, enum node_kind kind, const yaml_event_t *event)
{
	if (b->depth == YAML_MAX_DEPTH) {
		report_error(b->report, place_of(event->start_mark), "close what was opened, or leave it out",
		             "lists and maps are nested deeper than %d levels", YAML_MAX_DEPTH);
		return AFF_ECONFIG;
	}
	struct node *n = add(b, kind, event);
	if (!n)
		return AFF_ECONFIG;
	b->open[b->depth] = n;
	b->last[b->depth++] = NULL;
	return 0;
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
	struct aff_view text = aff_view((const char *)event->data.scalar.value, event->data.scalar.length);
	yaml_mark_t from = event->start_mark, to = event->end_mark;
	if (text.n > YAML_MAX_SCALAR) {
		report_error(b->report, place_of(from), "shorten it; is a quote not closed?", "a text is longer than %u bytes", YAML_MAX_SCALAR);
		return AFF_ECONFIG;
	}
	struct node *n = add(b, NODE_SCALAR, event);
	char *copy = n ? take(b, text.n + 1) : NULL;
	if (!copy)
		return AFF_ECONFIG;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	n->text = aff_view(copy, text.n);
	n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->exact = from.line == to.line && to.column - from.column == characters(text) + (n->quoted ? 2u : 0u);
	if (memchr(copy, '\0', text.n))
		report_error(b->report, n->at, "leave \\0 out", "a text must not hold a NUL character");
	return 0;
}

/* Properties that configuration does without: they could blow a small file up or change what a value is. */
static void refuse(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		report_error(b->report, place_of(event->start_mark), "write the value out where it is needed",
		             "anchors (&) and aliases (*) are not allowed");
	if (tag)
		report_error(b->report, place_of(event->start_mark), "leave it out", "tags (!) are not allowed");
}

static int add_alias(struct builder *b, const yaml_event_t *event)
{
	struct node *n = add(b, NODE_SCALAR, event);
	if (n)
		n->alias = true;
	return n ? 0 : AFF_ECONFIG;
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->second) {
			report_error(b->report, place_of(event->start_mark), "make it a file of its own",
			             "a second document starts here; one file holds one");
			return AFF_ECONFIG;
		}
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		b->second = true;
		return 0;
	case YAML_ALIAS_EVENT:
		refuse(b, event, event->data.alias.anchor, NULL);
		return add_alias(b, event);
	case YAML_SCALAR_EVENT:
		refuse(b, event, event->data.scalar.anchor, event->data.scalar.tag);
		return add_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		refuse(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
		return open_node(b, NODE_LIST, event);
	case YAML_MAPPING_START_EVENT:
		refuse(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
		return open_node(b, NODE_MAP, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	default:
		return 0;
	}
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
	bool begins;                   /* look where it begins: libyaml notices lines later, even at the end of the file */
} mistakes[] = {
	{NULL, "an alias", NULL, "text that begins with * stands in quotes", false},
	{NULL, "an anchor", NULL, "text that begins with & stands in quotes", false},
	{NULL, "a block scalar", NULL, "text that begins with | or > stands in quotes", false},
	{NULL, "a tag", NULL, "text that begins with ! stands in quotes", false},
	{NULL, "a directive", NULL, "text that begins with % stands in quotes", false},
	{"unknown escape character", NULL, NULL, "write \\\\ for a backslash, or put the text between '...'", false},
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
	{"<document start>", NULL, "the file should have ended", "take away what stands here: a file is one map of keys",
	 false},
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

static int report_problem(struct report *r, const yaml_parser_t *p, struct aff_view bytes)
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
		report_error(r, place_of(p->context_mark), hint, "not YAML: %s", what);
	else if (later && !m->text)
		report_error(r, place_of(p->problem_mark), hint, "not YAML: %s %s that begins in line %zu", what,
		             p->context, p->context_mark.line + 1);
	else
		report_error(r, place_of(p->problem_mark), hint, "not YAML: %s", what);
	return AFF_ECONFIG;
}

/* Takes the last n children of a list or a map away. */
static void drop_last(struct node *parent, size_t n)
{
	struct node **link = &parent->first;
	parent->count -= n;
	for (size_t i = 0; i < parent->count; i++)
		link = &(*link)->next;
	*link = NULL;
}

/* The last entry of an open list or map: it is not complete, or what broke off may belong to it. */
static void drop_last_entry(struct node *n)
{
	size_t last = n->kind == NODE_MAP && n->count % 2 == 0 ? 2 : 1;
	if (n->count)
		drop_last(n, last);
}

/* What was read before a mistake of YAML is looked at, too: the root and a list or map that stood open in it, without
 * the last entry of the innermost. */
static void cut(struct builder *b)
{
	struct node *root = b->tree->root;
	if (!root || root->kind == NODE_SCALAR) {
		b->tree->root = NULL;
		return;
	}
	root->cut = true;
	if (b->depth < 2) {
		if (b->depth)
			drop_last_entry(root);
		return;
	}
	b->open[1]->cut = true;
	drop_last_entry(b->open[1]);
	if (!b->open[1]->count)
		drop_last_entry(root);
}

int tree_read(struct tree *t, struct aff_view bytes, struct report *r)
{
	struct builder b = {.tree = t, .report = r};
	struct place start = {1, 1};
	yaml_parser_t parser;
	yaml_event_t event;
	int rc = 0;
	bool end = false;
	memset(t, 0, sizeof *t);
	if (bytes.n > YAML_MAX_BYTES) {
		report_error(r, start, "put the rows of a large table into a .csv file",
		             "the file is larger than %u bytes", YAML_MAX_BYTES);
		return AFF_ECONFIG;
	}
	if (bytes.n >= 3 && !memcmp(bytes.p, BYTE_ORDER_MARK, 3))
		bytes = aff_view(bytes.p + 3, bytes.n - 3);
	if (!yaml_parser_initialize(&parser))
		return r->error = AFF_ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.p, bytes.n);
	while (!rc && !end) {
		if (!yaml_parser_parse(&parser, &event)) {
			rc = report_problem(r, &parser, bytes);
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		rc = on_event(&b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (rc)
		cut(&b);
	return r->error ? r->error : rc;
}

void tree_free(struct tree *t)
{
	while (t->blocks) {
		struct yaml_block *next = t->blocks->next;
		free(t->blocks);
		t->blocks = next;
	}
	memset(t, 0, sizeof *t);
}
