/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML as a tree of nodes, each with its place. The one home of libyaml. Bounded: depth, nodes and scalars have caps;
 * anchors, aliases, tags and second documents are refused.
 */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include "conf/report.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define YAML_MAX_BYTES  (16u << 20)
#define YAML_MAX_DEPTH  32
#define YAML_MAX_NODES  200000
#define YAML_MAX_SCALAR (1u << 20)

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	struct place at;
	bool quoted;
	bool literal;              /* a block behind |: its text begins in the line below */
	bool exact;                /* a scalar that stands in the file as its text, character by character */
	struct aff_view text;      /* of a scalar */
	struct node *first, *next; /* children; in a map key and value take turns */
	size_t count;              /* of children */
	bool cut;                  /* the file could not be read on inside this list or map: something is missing */
	bool alias;                /* *name, which was reported: its value is not known */
};

struct yaml_block;
struct tree {
	struct yaml_block *blocks;
	struct node *root;         /* NULL: the file holds nothing */
	size_t nodes;
};

/* Reads one file. What is wrong is reported. Returns 0 when there is a whole tree to look at (possibly with findings),
 * AFF_ECONFIG when there is none (root NULL) or only the part before a mistake, AFF_ENOMEM. Free the tree in any
 * case. */
int tree_read(struct tree *t, struct aff_view bytes, struct report *r);
void tree_free(struct tree *t);

/* Reports why libyaml stopped; returns AFF_ECONFIG or AFF_ENOMEM. */
struct yaml_parser_s;
int yaml_problem(struct report *r, const struct yaml_parser_s *p, struct aff_view bytes);

/* The place of byte `offset` of a scalar's text; of the scalar itself where that cannot be told. */
struct place node_place(const struct node *n, size_t offset);

#endif
