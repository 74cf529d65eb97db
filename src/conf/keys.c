/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar table.
 */
#include "conf/keys.h"

#include <stdio.h>
#include <string.h>

#define OPTIONAL ""
#define REQUIRED NULL

const struct key conf_keys[KEY_COUNT] = {
#define CONF_SECTION(id, title)
#define CONF_KEY(section, name, kind, fallback, values, text) \
	{SECTION_##section, #name, KIND_##kind, fallback, values, text},
#include "conf/keys.def"
#undef CONF_SECTION
#undef CONF_KEY
};

const char *section_title(enum section_id section)
{
	static const char *const titles[] = {
#define CONF_SECTION(id, title) title,
#define CONF_KEY(section, name, kind, fallback, values, text)
#include "conf/keys.def"
#undef CONF_SECTION
#undef CONF_KEY
	};
	return titles[section];
}

const char *kind_text(enum key_kind kind)
{
	static const char *const texts[] = {
		[KIND_MAP] = "a map",
		[KIND_LIST] = "a list",
		[KIND_LIST_NONE] = "a list or the word none",
		[KIND_SWITCH] = "a map or the word off",
		[KIND_ORDER] = "a list of segment ids or the word segments",
		[KIND_MAPS] = "a map or a list of maps",
		[KIND_FIELDS] = "a field or a list of fields",
		[KIND_ROWS] = "a map or a file name",
		[KIND_DEFAULT] = "a row or one of keep, drop, reject",
		[KIND_TEXT] = "text",
		[KIND_NAME] = "a name",
		[KIND_WORD] = "a word",
		[KIND_PATH] = "a path",
		[KIND_URL] = "a URL",
		[KIND_URI] = "a URI",
		[KIND_ADDRESS] = "an address",
		[KIND_ZONE] = "a time zone",
		[KIND_PLACE] = "an offset such as +01:00 or the name of a time zone such as Europe/Berlin",
		[KIND_COUNT] = "a number",
		[KIND_BYTES] = "a size",
		[KIND_DURATION] = "a duration",
		[KIND_NEVER] = "a duration or never",
		[KIND_RATE] = "a rate",
		[KIND_DECIMAL] = "a decimal number",
		[KIND_BAND] = "a number, a share or a map",
		[KIND_CONDITION] = "a condition",
		[KIND_FIELD] = "a field",
		[KIND_SEGMENT] = "a segment id",
		[KIND_EACH] = "a segment id or a field",
		[KIND_TABLE] = "a table",
		[KIND_CHARSET] = "a character set",
		[KIND_LATER] = "not supported yet",
	};
	return texts[kind];
}

static const char *const section_ids[] = {
#define CONF_SECTION(id, title) #id,
#define CONF_KEY(section, name, kind, fallback, values, text)
#include "conf/keys.def"
#undef CONF_SECTION
#undef CONF_KEY
};

const char *section_id_text(enum section_id section)
{
	return section_ids[section];
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The section that is called as the key: with all the name of its own section in front, with less and less of it, and
 * alone. */
static enum section_id section_called(const struct key *k)
{
	const char *own = section_ids[k->section];
	char name[80];
	for (size_t n = strlen(own);; n--) {
		while (n && own[n] && own[n] != '_')
			n--;
		snprintf(name, sizeof name, "%.*s%s%s", (int)n, own, n ? "_" : "", k->name);
		for (char *p = name; *p; p++)
			*p = upper(*p);
		for (unsigned i = 0; i < SECTION_COUNT; i++)
			if (!strcmp(section_ids[i], name))
				return (enum section_id)i;
		if (!n)
			return SECTION_COUNT;
	}
}

enum section_id key_opens(enum key_id key)
{
	static const struct {
		enum key_id key;
		enum section_id section;
	} said[] = {
#define CONF_SECTION(id, title)
#define CONF_KEY(section, name, kind, fallback, values, text)
#define CONF_OPENS(section, name, inner) {KEY_##section##_##name, SECTION_##inner},
#include "conf/keys.def"
#undef CONF_SECTION
#undef CONF_KEY
#undef CONF_OPENS
	};
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		if (said[i].key == key)
			return said[i].section;
	return conf_keys[key].kind < KIND_TEXT ? section_called(&conf_keys[key]) : SECTION_COUNT;
}

enum section_id section_above(enum section_id section)
{
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (key_opens((enum key_id)i) == section)
			return conf_keys[i].section;
	return SECTION_COUNT;
}

enum key_id key_find(enum section_id section, struct aff_view name)
{
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (conf_keys[i].section == section && aff_view_is(name, conf_keys[i].name))
			return (enum key_id)i;
	return KEY_COUNT;
}

bool word_at(const struct key *key, unsigned i, char word[WORD_SIZE], bool *later)
{
	const char *p = key->values;
	for (; i && *p; i--) {
		p += strcspn(p, "|");
		p += *p != '\0';
	}
	*later = *p == '~';
	p += *later;
	size_t n = strcspn(p, "|");
	if (!n || n >= WORD_SIZE)
		return false;
	memcpy(word, p, n);
	word[n] = '\0';
	return true;
}

static void put_words(const struct key *key, struct aff_buf *out)
{
	char word[WORD_SIZE];
	bool later;
	for (unsigned i = 0; word_at(key, i, word, &later); i++)
		if (!later)
			aff_buf_printf(out, "%s%s", i ? ", " : "", word);
}

void key_describe(const struct key *key, struct aff_buf *out)
{
	const char *kind = kind_text(key->kind);
	bool words = key->values[0] && !strstr(key->values, "..");
	if (words && key->kind == KIND_WORD)
		aff_buf_put_text(out, strchr(key->values, '|') ? "One of " : "The word ");
	else
		aff_buf_printf(out, "%c%s%s", kind[0] - 'a' + 'A', kind + 1, words ? " of " : "");
	if (words)
		put_words(key, out);
	else if (key->values[0])
		aff_buf_printf(out, ", %s", key->values);
	if (!key->fallback)
		aff_buf_put_text(out, "; required.");
	else if (key->fallback[0] && key->kind != KIND_LIST)
		aff_buf_printf(out, "; default %s.", key->fallback);
	else
		aff_buf_put_text(out, ".");
}

const char *kind_example(enum key_kind kind)
{
	switch (kind) {
	case KIND_NAME:
		return "icu";
	case KIND_PATH:
		return "out.hl7";
	case KIND_URL:
		return "http://127.0.0.1:8080/fhir";
	case KIND_URI:
		return "urn:oid:1.2.3";
	case KIND_ADDRESS:
		return "127.0.0.1:2575";
	case KIND_ZONE:
		return "+01:00";
	case KIND_BYTES:
		return "64KiB";
	case KIND_DURATION:
	case KIND_NEVER:
		return "30s";
	case KIND_CONDITION:
		return "PV1-3.1 = ICU";
	case KIND_FIELD:
	case KIND_FIELDS:
		return "OBX-3";
	case KIND_BAND:
		return "2";
	case KIND_RATE:
		return "50/s";
	case KIND_SEGMENT:
	case KIND_EACH:
		return "OBX";
	case KIND_CHARSET:
		return "8859/1";
	default:
		return NULL;
	}
}
