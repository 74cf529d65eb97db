/* SPDX-License-Identifier: Apache-2.0
 *
 * A map taken apart by the grammar table.
 */
#include "conf/reader.h"

#include <stdio.h>

bool node_is_empty(const struct node *n)
{
	return n->kind == NODE_SCALAR && !n->quoted &&
	       (!n->text.n || aff_view_is(n->text, "~") || aff_view_is(n->text, "null"));
}

const char *did_you_mean(char buf[HINT_SIZE], const struct nearest *n)
{
	if (!n->best)
		return NULL;
	snprintf(buf, HINT_SIZE, "did you mean '%s'?", n->best);
	return buf;
}

/* Where else in the grammar a key with this name stands, as near as can be: the usual slip is one level too high or too
 * low. */
static enum key_id key_elsewhere(enum section_id section, struct aff_view name)
{
	unsigned found = KEY_COUNT, nearest = SECTION_COUNT;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		unsigned there = conf_keys[i].section;
		unsigned far = there < section ? section - there : there - section;
		if (far < nearest && aff_view_is(name, conf_keys[i].name)) {
			found = i;
			nearest = far;
		}
	}
	return (enum key_id)found;
}

static void report_unknown(struct reader *r, struct fields *f, enum section_id section, const struct node *key)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = key->text};
	enum key_id elsewhere = key_elsewhere(section, key->text);
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (conf_keys[i].section == section && conf_keys[i].kind != KIND_LATER)
			nearest_offer(&near, conf_keys[i].name);
	const char *proposal = did_you_mean(hint, &near);
	if (near.best)
		f->meant[key_find(section, aff_view_of(near.best))] = true;
	if (elsewhere < KEY_COUNT && (!near.best || near.distance > 1)) {
		snprintf(hint, sizeof hint, "'%s' belongs in %s", conf_keys[elsewhere].name,
		         section_title(conf_keys[elsewhere].section));
		proposal = hint;
	}
	report_error(&r->report, key->at, proposal, "unknown key '%s' in %s", shown(word, key->text),
	             section_title(section));
}

static bool shape_fits(const struct key *key, const struct node *value)
{
	switch (key->kind) {
	case KIND_MAP:
		return value->kind == NODE_MAP;
	case KIND_LIST:
		return value->kind == NODE_LIST;
	case KIND_ROWS:
		return value->kind != NODE_LIST;
	case KIND_LIST_NONE:
		return value->kind == NODE_LIST || (value->kind == NODE_SCALAR && aff_view_is(value->text, "none"));
	case KIND_MAPS:
		return value->kind != NODE_SCALAR;
	case KIND_FIELDS:
		return value->kind != NODE_MAP;
	case KIND_SWITCH:
		return value->kind == NODE_MAP || (value->kind == NODE_SCALAR && aff_view_is(value->text, "off"));
	default:
		return value->kind == NODE_SCALAR;
	}
}

static void take_value(struct reader *r, struct fields *f, enum key_id id, const struct node *name,
                       const struct node *value)
{
	const struct key *key = &conf_keys[id];
	if (f->given[id]) {
		report_error(&r->report, name->at, "leave one of them out", "duplicate key '%s'", key->name);
		return;
	}
	f->given[id] = f->meant[id] = true;
	if (key->kind == KIND_LATER)
		report_error(&r->report, name->at, "leave it out", "'%s' is not supported yet", key->name);
	else if (node_is_empty(value) && key->section != SECTION_ROW)
		report_error(&r->report, name->at, "give it one or leave the key out", "'%s' has no value", key->name);
	else if (!shape_fits(key, value))
		report_error(&r->report, value->at, NULL, "'%s' takes %s", key->name, kind_text(key->kind));
	else
		f->value[id] = value;
}

bool fields_read(struct reader *r, struct fields *f, enum section_id section, const struct node *map)
{
	memset(f, 0, sizeof *f);
	if (!map)
		return true;
	f->at = map->at;
	if (map->kind != NODE_MAP) {
		report_error(&r->report, map->at, "write 'key: value' lines", "%s takes a map", section_title(section));
		return false;
	}
	for (const struct node *name = map->first; name; name = name->next->next) {
		if (name->kind != NODE_SCALAR)
			continue;
		enum key_id id = key_find(section, name->text);
		if (id == KEY_COUNT)
			report_unknown(r, f, section, name);
		else
			take_value(r, f, id, name, name->next);
	}
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (conf_keys[i].section == section && !conf_keys[i].fallback && !f->meant[i])
			report_error(&r->report, map->at, NULL, "'%s' is missing in %s", conf_keys[i].name,
			             section_title(section));
	return true;
}
