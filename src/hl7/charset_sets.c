/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of character sets.
 */
#include "hl7/charset_internal.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const struct set_info charset_sets[SET_COUNT] = {
#define CHARSET(id, name, converter, kind) {name, converter, KIND_##kind},
#define CHARSET_ALIAS(id, name)
#define CHARSET_SWITCH(id, hex)
#include "hl7/charset.def"
#undef CHARSET
#undef CHARSET_ALIAS
#undef CHARSET_SWITCH
};

static const struct {
	const char *name;
	enum set set;
} spellings[] = {
#define CHARSET(id, name, converter, kind) {name, SET_##id},
#define CHARSET_ALIAS(id, name) {name, SET_##id},
#define CHARSET_SWITCH(id, hex)
#include "hl7/charset.def"
#undef CHARSET
#undef CHARSET_ALIAS
#undef CHARSET_SWITCH
};

static const struct set_switch switches[] = {
#define CHARSET(id, name, converter, kind)
#define CHARSET_ALIAS(id, name)
#define CHARSET_SWITCH(id, bytes) {SET_##id, bytes},
#include "hl7/charset.def"
#undef CHARSET
#undef CHARSET_ALIAS
#undef CHARSET_SWITCH
};

/* The next character of a name that counts, in lower case; 0 at the end. */
static char next_of(struct aff_view *name)
{
	while (name->n) {
		char c = *name->p++;
		name->n--;
		if (c >= 'A' && c <= 'Z')
			return (char)(c - 'A' + 'a');
		if (!memchr(" -_/()", c, 6))
			return c;
	}
	return '\0';
}

static bool is_same_name(struct aff_view a, struct aff_view b)
{
	char c;
	do {
		c = next_of(&a);
		if (c != next_of(&b))
			return false;
	} while (c);
	return true;
}

enum set charset_find(struct aff_view name)
{
	for (size_t i = 0; i < COUNT(spellings); i++) {
		if (is_same_name(name, aff_view_of(spellings[i].name)))
			return spellings[i].set;
	}
	return SET_NONE;
}

const struct set_switch *charset_switch_at(struct aff_view bytes)
{
	for (size_t i = 0; i < COUNT(switches); i++) {
		size_t n = strlen(switches[i].bytes);
		if (bytes.n >= n && memcmp(bytes.p, switches[i].bytes, n) == 0)
			return &switches[i];
	}
	return NULL;
}

const struct set_switch *charset_switch_to(enum set set)
{
	for (size_t i = 0; i < COUNT(switches); i++) {
		if (switches[i].set == set)
			return &switches[i];
	}
	return NULL;
}
