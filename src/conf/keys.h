/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar as a table (keys.def).
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include <afferent/text.h>

enum section_id {
#define CONF_SECTION(id, title) SECTION_##id,
#define CONF_KEY(section, name, kind, fallback, values, text)
#include "conf/keys.def"
#undef CONF_SECTION
#undef CONF_KEY
	SECTION_COUNT
};

enum key_id {
#define CONF_SECTION(id, title)
#define CONF_KEY(section, name, kind, fallback, values, text) KEY_##section##_##name,
#include "conf/keys.def"
#undef CONF_SECTION
#undef CONF_KEY
	KEY_COUNT
};

enum key_kind {
	/* A map or a list may stand there; further ones before KIND_TEXT. */
	KIND_MAP, KIND_LIST, KIND_ROWS,                           /* not scalar; ROWS may be both */
	KIND_SWITCH,                                              /* a map, or the word "off" */
	KIND_LIST_NONE,                                           /* a list, or the word "none" */
	KIND_DEFAULT,                                             /* a row of a table, or a word */
	KIND_ORDER,                                               /* a list, or the word "segments" */
	KIND_MAPS, KIND_FIELDS,                                   /* one, or a list of them */
	KIND_TEXT, KIND_NAME, KIND_WORD, KIND_PATH, KIND_URL, KIND_URI, KIND_ADDRESS, KIND_ZONE, KIND_PLACE,
	KIND_COUNT, KIND_BYTES, KIND_DURATION, KIND_RATE, KIND_DECIMAL,
	KIND_NEVER,                                               /* a duration, or the word "never" */
	KIND_BAND,                                                /* a number, a share, or a map of codes to them */
	KIND_CONDITION, KIND_FIELD, KIND_SEGMENT, KIND_EACH, KIND_TABLE, KIND_CHARSET,
	KIND_LATER                                                /* known by the design, not supported yet */
};

struct key {
	enum section_id section;
	const char *name;
	enum key_kind kind;
	const char *fallback;   /* NULL: required; "": optional */
	const char *values, *text;
};

extern const struct key conf_keys[KEY_COUNT];

const char *section_title(enum section_id section); /* "afferent.yaml", "a channel" */
const char *section_id_text(enum section_id section); /* "ENGINE", "DEST_MLLP" */
const char *kind_text(enum key_kind kind);

/* A value of this kind, as people would write it; NULL where none says enough. */
const char *kind_example(enum key_kind kind);

/* The section whose keys stand under this key, in a map or in each map of a list; SECTION_COUNT when there is none. */
enum section_id key_opens(enum key_id key);
/* The first section with a key that opens this one; SECTION_COUNT for a whole file. */
enum section_id section_above(enum section_id section);

/* The key with this name in a section; KEY_COUNT when there is none. */
enum key_id key_find(enum section_id section, struct aff_view name);

/* What a value may be, for people: "One of text, json; default text." Not for KIND_LATER. */
void key_describe(const struct key *key, struct aff_buf *out);

/* Word number i of "a|b|~c"; false behind the last one. *later: it is not supported yet. */
#define WORD_SIZE 24
bool word_at(const struct key *key, unsigned i, char word[WORD_SIZE], bool *later);

#endif
