/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Schema, draft 7, made of the grammar table: a definition for each section, a property for each key. A schema
 * knows one file and no other, so what it lets pass may still have mistakes; what it refuses has one. A kind of value
 * that it does not know is let pass.
 */
#include "conf/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

const char *const schema_names[] = {"engine", "channel", "mapping", "profile", NULL};
static const enum section_id roots[] = {SECTION_ENGINE, SECTION_CHANNEL, SECTION_TABLE, SECTION_PROFILE};

#define PATH_PATTERN "^[A-Z][A-Z0-9_]*[A-Z0-9_/.\\[\\]*-]*$"
#define DURATION_PATTERN "[0-9]+ *(ms|s|m|h|d)"

/* What texts must look like. */
static const struct {
	enum key_kind kind;
	bool number;         /* YAML may take it for a number */
	const char *pattern; /* NULL: any text */
} looks[] = {
	{KIND_TEXT, true, NULL},
	{KIND_NAME, true, "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}$"},
	{KIND_TABLE, true, NULL},
	{KIND_CHARSET, true, NULL},
	{KIND_COUNT, true, "^[0-9]+$"},
	{KIND_BYTES, true, "^[0-9]+ *([KMGT]i?B|B)?$"},
	{KIND_DECIMAL, true, "^[0-9.eE+-]+$"},
	{KIND_PATH, false, "."},
	{KIND_URL, false, "^https?://."},
	{KIND_URI, false, "^[^:]+:."},
	{KIND_ADDRESS, false, "^(\\[[0-9A-Fa-f:.]+\\]|[0-9.]+):[0-9]{1,5}$"},
	{KIND_ZONE, false, "^(Z|UTC|[+-][0-9]{2}:?[0-9]{2})$"},
	{KIND_DURATION, false, "^" DURATION_PATTERN "$"},
	{KIND_NEVER, false, "^(never|" DURATION_PATTERN ")$"},
	{KIND_RATE, false, "^[0-9]+ *(/s|/min|/h)$"},
	{KIND_FIELD, false, PATH_PATTERN},
	{KIND_FIELDS, false, PATH_PATTERN},
	{KIND_EACH, false, PATH_PATTERN},
	{KIND_SEGMENT, false, "^[A-Z][A-Z0-9]{2}$"},
	{KIND_CONDITION, false, "."},
};

static void put_types(struct json_writer *j, const char *const *types, size_t n)
{
	jsonw_array(j, "type");
	for (size_t i = 0; i < n; i++)
		jsonw_text(j, NULL, types[i]);
	jsonw_array_end(j);
}

/* A word; YAML takes some for a number or a truth value. */
static void put_word(struct json_writer *j, const char *word)
{
	const char *digits = word + strspn(word, "0");
	size_t whole = strspn(digits, "0123456789");
	size_t part = digits[whole] == '.' ? strspn(digits + whole + 1, "0123456789") : 0;
	size_t n = whole + (part ? part + 1 : 0);
	jsonw_text(j, NULL, word);
	if (!strcmp(word, "true") || !strcmp(word, "false"))
		jsonw_bool(j, NULL, word[0] == 't');
	else if (whole && digits[n] == '\0')
		jsonw_raw(j, NULL, aff_view(digits, n));
}

static void put_enum(struct json_writer *j, const struct key *key)
{
	char word[WORD_SIZE];
	bool later;
	jsonw_array(j, "enum");
	for (unsigned i = 0; word_at(key, i, word, &later); i++)
		if (!later)
			put_word(j, word);
	jsonw_array_end(j);
}

static bool has_words(const struct key *key)
{
	return key->values[0] && !strstr(key->values, "..");
}

static void put_range(struct json_writer *j, const struct key *key)
{
	const char *dots = key->kind == KIND_COUNT ? strstr(key->values, "..") : NULL;
	if (!dots)
		return;
	jsonw_raw(j, "minimum", aff_view(key->values, (size_t)(dots - key->values)));
	jsonw_raw(j, "maximum", aff_view_of(dots + 2));
}

/* The inside of the schema of one text, number or word; nothing for a kind that is not known here. */
static void put_scalar(struct json_writer *j, const struct key *key)
{
	static const char *const types[] = {"string", "number", "boolean", "null"};
	if (has_words(key)) {
		put_enum(j, key);
		return;
	}
	if (key->kind == KIND_LIST || key->kind == KIND_ROWS)
		put_types(j, types, 4);
	for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
		if (looks[i].kind != key->kind)
			continue;
		if (looks[i].number)
			put_types(j, types, key->section == SECTION_ROW ? 4 : 3);
		else
			jsonw_text(j, "type", "string");
		if (looks[i].pattern)
			jsonw_text(j, "pattern", looks[i].pattern);
	}
	put_range(j, key);
}

static void put_reference(struct json_writer *j, enum section_id section)
{
	char path[64];
	snprintf(path, sizeof path, "#/definitions/%s", section_id_text(section));
	jsonw_text(j, "$ref", path);
}

/* One entry of a list or a map. */
static void put_entry(struct json_writer *j, const char *name, enum key_id id)
{
	enum section_id inner = key_opens(id);
	jsonw_object(j, name);
	if (inner != SECTION_COUNT)
		put_reference(j, inner);
	else
		put_scalar(j, &conf_keys[id]);
	jsonw_object_end(j);
}

static void put_list(struct json_writer *j, enum key_id id)
{
	jsonw_text(j, "type", "array");
	put_entry(j, "items", id);
}

static void put_const(struct json_writer *j, const char *word)
{
	jsonw_object(j, NULL);
	jsonw_text(j, "const", word);
	jsonw_object_end(j);
}

/* The rows of a table: a row or several for each code, or a file. */
static void put_rows(struct json_writer *j, enum key_id id)
{
	jsonw_object(j, NULL);
	jsonw_text(j, "type", "object");
	jsonw_object(j, "additionalProperties");
	jsonw_array(j, "anyOf");
	put_entry(j, NULL, id);
	jsonw_object(j, NULL);
	put_list(j, id);
	jsonw_object_end(j);
	jsonw_array_end(j);
	jsonw_object_end(j);
	jsonw_object_end(j);
	jsonw_object(j, NULL);
	jsonw_text(j, "type", "string");
	jsonw_text(j, "pattern", "\\.csv$");
	jsonw_object_end(j);
}

/* A map without keys of its own in the table: any key, each with a text. */
static void put_free_map(struct json_writer *j)
{
	static const char *const types[] = {"string", "number", "boolean"};
	jsonw_text(j, "type", "object");
	jsonw_object(j, "additionalProperties");
	put_types(j, types, 3);
	jsonw_object_end(j);
}

/* What may stand there in one of several forms. */
static void put_forms(struct json_writer *j, enum key_id id)
{
	const struct key *key = &conf_keys[id];
	jsonw_array(j, "anyOf");
	if (key->kind == KIND_ROWS) {
		put_rows(j, id);
	} else {
		if (key->kind != KIND_LIST_NONE && key->kind != KIND_ORDER)
			put_entry(j, NULL, id);
		jsonw_object(j, NULL);
		put_list(j, id);
		jsonw_object_end(j);
	}
	if (key->kind == KIND_LIST_NONE)
		put_const(j, "none");
	if (key->kind == KIND_ORDER)
		put_const(j, "segments");
	jsonw_array_end(j);
}

/* A map, or one of these words. */
static void put_map_or_words(struct json_writer *j, enum key_id id, const char *const *words)
{
	jsonw_array(j, "anyOf");
	put_entry(j, NULL, id);
	for (; *words; words++)
		put_const(j, *words);
	jsonw_array_end(j);
}

/* A number, or a share. */
static void put_difference(struct json_writer *j, const char *name)
{
	static const char *const types[] = {"string", "number"};
	jsonw_object(j, name);
	put_types(j, types, 2);
	jsonw_text(j, "pattern", "^[0-9]*\\.?[0-9]* *%?$");
	jsonw_raw(j, "minimum", aff_view_of("0"));
	jsonw_object_end(j);
}

static void put_band(struct json_writer *j)
{
	jsonw_array(j, "anyOf");
	put_difference(j, NULL);
	jsonw_object(j, NULL);
	jsonw_text(j, "type", "object");
	jsonw_raw(j, "minProperties", aff_view_of("1"));
	put_difference(j, "additionalProperties");
	jsonw_object_end(j);
	jsonw_array_end(j);
}

static void put_value(struct json_writer *j, enum key_id id)
{
	static const char *const off[] = {"off", NULL}, *const unknown[] = {"keep", "drop", "reject", NULL};
	const struct key *key = &conf_keys[id];
	switch (key->kind) {
	case KIND_MAP:
		if (key_opens(id) == SECTION_COUNT)
			put_free_map(j);
		else
			put_reference(j, key_opens(id));
		break;
	case KIND_LIST:
		put_list(j, id);
		break;
	case KIND_BAND:
		put_band(j);
		break;
	case KIND_SWITCH:
		put_map_or_words(j, id, off);
		break;
	case KIND_DEFAULT:
		put_map_or_words(j, id, unknown);
		break;
	case KIND_LIST_NONE:
	case KIND_ORDER:
	case KIND_MAPS:
	case KIND_FIELDS:
	case KIND_ROWS:
		put_forms(j, id);
		break;
	default:
		if (key->kind >= KIND_TEXT)
			put_scalar(j, key);
	}
}

/* The level of checks, or a profile's file. */
static void put_check(struct json_writer *j)
{
	jsonw_array(j, "anyOf");
	jsonw_object(j, NULL);
	put_enum(j, &conf_keys[KEY_ACCEPT_check]);
	jsonw_object_end(j);
	jsonw_object(j, NULL);
	jsonw_text(j, "type", "string");
	jsonw_text(j, "pattern", "^profiles/");
	jsonw_object_end(j);
	jsonw_array_end(j);
}

static void put_property(struct json_writer *j, enum key_id id)
{
	const struct key *key = &conf_keys[id];
	struct aff_buf text;
	aff_buf_init(&text, 4096);
	aff_buf_printf(&text, "%s ", key->text);
	key_describe(key, &text);
	jsonw_object(j, key->name);
	jsonw_view(j, "description", aff_buf_view(&text));
	/* Beside a reference nothing else counts, so the value stands in a list of one. */
	jsonw_array(j, "allOf");
	jsonw_object(j, NULL);
	if (id == KEY_ACCEPT_check)
		put_check(j);
	else
		put_value(j, id);
	jsonw_object_end(j);
	jsonw_array_end(j);
	if (key->fallback && key->fallback[0] && key->kind == KIND_COUNT)
		jsonw_raw(j, "default", aff_view_of(key->fallback));
	else if (key->fallback && key->fallback[0] && key->kind >= KIND_TEXT)
		jsonw_text(j, "default", key->fallback);
	jsonw_object_end(j);
	aff_buf_free(&text);
}

static void put_section(struct json_writer *j, enum section_id section)
{
	jsonw_text(j, "title", section_title(section));
	jsonw_text(j, "type", "object");
	jsonw_object(j, "properties");
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (conf_keys[i].section == section && conf_keys[i].kind != KIND_LATER)
			put_property(j, (enum key_id)i);
	jsonw_object_end(j);
	jsonw_array(j, "required");
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (conf_keys[i].section == section && !conf_keys[i].fallback)
			jsonw_text(j, NULL, conf_keys[i].name);
	jsonw_array_end(j);
	jsonw_bool(j, "additionalProperties", 0);
}

bool schema_holds(size_t i, enum section_id section)
{
	bool held[SECTION_COUNT] = {false};
	held[roots[i]] = true;
	for (bool more = true; more;) {
		more = false;
		for (unsigned k = 0; k < KEY_COUNT; k++) {
			enum section_id inner = held[conf_keys[k].section] ? key_opens((enum key_id)k) : SECTION_COUNT;
			if (inner != SECTION_COUNT && !held[inner])
				held[inner] = more = true;
		}
	}
	return held[section];
}

void schema_write(size_t i, struct aff_buf *out)
{
	struct json_writer j;
	jsonw_begin(&j, out, 1);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "$schema", "http://json-schema.org/draft-07/schema#");
	jsonw_text(&j, "$comment", "afferent check --schema; afferent check finds more");
	put_section(&j, roots[i]);
	jsonw_object(&j, "definitions");
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		if (s == roots[i] || !schema_holds(i, (enum section_id)s))
			continue;
		jsonw_object(&j, section_id_text((enum section_id)s));
		put_section(&j, (enum section_id)s);
		jsonw_object_end(&j);
	}
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	aff_buf_put_char(out, '\n');
}
