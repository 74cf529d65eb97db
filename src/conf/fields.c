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

static enum section_id root_of(enum section_id section)
{
	for (enum section_id above; (above = section_above(section)) != SECTION_COUNT;)
		section = above;
	return section;
}

bool in_wrong_folder(struct reader *r, const struct node *root, enum section_id own)
{
	static const struct {
		enum section_id section;
		enum key_id key;
		const char *hint;
	} kinds[] = {{SECTION_CHANNEL, KEY_CHANNEL_channel, "move it to channels/"},
	             {SECTION_TABLE, KEY_TABLE_mapping, "move it to mappings/"},
	             {SECTION_PROFILE, KEY_PROFILE_profile, "move it to profiles/"}};
	enum { KINDS = sizeof kinds / sizeof kinds[0] };
	const struct node *found[KINDS] = {NULL};
	for (const struct node *n = root->kind == NODE_MAP ? root->first : NULL; n; n = n->next->next)
		for (size_t i = 0; i < KINDS; i++)
			if (n->kind == NODE_SCALAR && aff_view_is(n->text, conf_keys[kinds[i].key].name))
				found[i] = n;
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].section == own && found[i])
			return false;
	for (size_t i = 0; i < KINDS; i++) {
		if (!found[i])
			continue;
		report_error(&r->report, found[i]->at, kinds[i].hint, "this file is %s, not %s",
		             section_title(kinds[i].section), section_title(own));
		return true;
	}
	return false;
}

/* How far the sections of two keys are from each other: the usual slip is one level too high or too low. */
static unsigned distance(enum section_id from, enum section_id to)
{
	if (section_above(to) == from)
		return 0;
	if (section_above(from) == to)
		return 1;
	return root_of(from) == root_of(to) ? 2 : 3;
}

/* Where else in the grammar a key with this name stands; the nearest place. */
static enum key_id key_elsewhere(enum section_id section, struct aff_view name)
{
	enum key_id best = KEY_COUNT;
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (aff_view_is(name, conf_keys[i].name) && conf_keys[i].kind != KIND_LATER &&
		    (best == KEY_COUNT || distance(section, conf_keys[i].section) <
		                              distance(section, conf_keys[best].section)))
			best = (enum key_id)i;
	return best;
}

/* All keys of a section that can be written, or where to find them when they are too many for a hint. */
static const char *known_keys(char hint[HINT_SIZE], enum section_id section)
{
	size_t used = 0;
	for (unsigned i = 0; i < KEY_COUNT && used < HINT_SIZE; i++)
		if (conf_keys[i].section == section && conf_keys[i].kind != KIND_LATER)
			used += (size_t)snprintf(hint + used, HINT_SIZE - used, "%s%s", used ? ", " : "there are: ",
			                         conf_keys[i].name);
	return used < HINT_SIZE ? hint : "afferent check --keys lists the keys";
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
	if (aff_view_is(key->text, "<<"))
		proposal = "maps cannot be merged: write the keys out where they are needed";
	report_error(&r->report, key->at, proposal ? proposal : known_keys(hint, section), "unknown key '%s' in %s",
	             shown(word, key->text), section_title(section));
}

/* A value to show; NULL when there is none. */
static const char *example_of(const struct key *key, char word[WORD_SIZE])
{
	bool later;
	if (key->kind == KIND_WORD)
		return word_at(key, 0, word, &later) && !later ? word : NULL;
	return key->fallback && key->fallback[0] ? key->fallback : kind_example(key->kind);
}

/* How to write a key whose value (NULL: none) is missing or of another shape. */
static const char *how_to_write(char hint[HINT_SIZE], enum key_id id, const struct node *value)
{
	const struct key *key = &conf_keys[id];
	char word[WORD_SIZE], text[SHOWN_SIZE];
	const char *example = example_of(key, word);
	if (key->kind == KIND_LIST && key_opens(id) == SECTION_COUNT && value && value->kind == NODE_SCALAR)
		snprintf(hint, HINT_SIZE, "write '%s: [%s]'", key->name, shown(text, value->text));
	else if (key->kind == KIND_MAP || key->kind == KIND_SWITCH || key->kind == KIND_MAPS)
		snprintf(hint, HINT_SIZE, "write '%s:' and its keys below it, further in", key->name);
	else if (key->kind == KIND_LIST || key->kind == KIND_LIST_NONE)
		snprintf(hint, HINT_SIZE, "write '%s:' and below it '- ' before each entry", key->name);
	else if (key->kind == KIND_ROWS)
		snprintf(hint, HINT_SIZE, "write '%s:' and a row a line below it, or the name of a .csv file",
		         key->name);
	else if (example)
		snprintf(hint, HINT_SIZE, "write '%s: %s'", key->name, example);
	else
		snprintf(hint, HINT_SIZE, "write '%s:' and %s", key->name, kind_text(key->kind));
	return hint;
}

static bool shape_fits(const struct key *key, const struct node *value)
{
	switch (key->kind) {
	case KIND_MAP:
		return value->kind == NODE_MAP;
	case KIND_LIST:
		return value->kind == NODE_LIST;
	case KIND_ROWS:
	case KIND_DEFAULT:
	case KIND_BAND:
		return value->kind != NODE_LIST;
	case KIND_LIST_NONE:
		return value->kind == NODE_LIST || (value->kind == NODE_SCALAR && aff_view_is(value->text, "none"));
	case KIND_ORDER:
		return value->kind == NODE_LIST ||
		       (value->kind == NODE_SCALAR && aff_view_is(value->text, "segments"));
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
	char hint[HINT_SIZE];
	if (f->given[id]) {
		report_error(&r->report, name->at, "leave one of them out", "duplicate key '%s'", key->name);
		return;
	}
	f->given[id] = f->meant[id] = true;
	if (value->alias)
		return;
	if (key->kind == KIND_LATER)
		report_error(&r->report, name->at, "leave it out", "'%s' is not supported yet", key->name);
	else if (node_is_empty(value) && key->section != SECTION_ROW)
		report_error(&r->report, name->at, "give it one or leave the key out", "'%s' has no value", key->name);
	else if (!shape_fits(key, value))
		report_error(&r->report, value->at, how_to_write(hint, id, value), "'%s' takes %s", key->name,
		             kind_text(key->kind));
	else
		f->value[id] = value;
}

bool fields_read(struct reader *r, struct fields *f, enum section_id section, const struct node *map)
{
	char hint[HINT_SIZE];
	memset(f, 0, sizeof *f);
	if (!map)
		return true;
	f->at = map->at;
	if (map->alias)
		return false;
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
	for (unsigned i = 0; i < KEY_COUNT && !map->cut; i++)
		if (conf_keys[i].section == section && !conf_keys[i].fallback && !f->meant[i])
			report_error(&r->report, map->at, how_to_write(hint, (enum key_id)i, NULL),
			             "'%s' is missing in %s",
			             conf_keys[i].name, section_title(section));
	return true;
}
