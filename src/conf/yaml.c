/* SPDX-License-Identifier: Apache-2.0
 *
 * libyaml's events become a tree, in a loop with a stack of fixed depth. Nodes and texts live in blocks and go
 * together.
 */
#include "conf/yaml.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <yaml.h>

#define BLOCK_BYTES 16384

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

struct place node_place(const struct node *n, size_t offset)
{
	struct place at = n->at;
	if (n->exact && offset <= n->text.n)
		at.column += (unsigned)(n->quoted + utf8_characters(aff_view(n->text.p, offset)));
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
		report_error(b->report, place_of(from), "shorten it; is a quote not closed?",
		             "a text is longer than %u bytes", YAML_MAX_SCALAR);
		return AFF_ECONFIG;
	}
	struct node *n = add(b, NODE_SCALAR, event);
	char *copy = n ? take(b, text.n + 1) : NULL;
	if (!copy)
		return AFF_ECONFIG;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	n->text = aff_view(copy, text.n);
	n->literal = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
	n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->exact = from.line == to.line && to.column - from.column == utf8_characters(text) + (n->quoted ? 2u : 0u);
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
	bool key = root->kind == NODE_MAP && root->count % 2; /* what stood open was to be a key */
	if (!b->open[1]->count || key)
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
			rc = yaml_problem(r, &parser, bytes);
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
