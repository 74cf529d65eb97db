/* SPDX-License-Identifier: Apache-2.0
 *
 * Scalars as typed values, checked against the ranges and words of the grammar table.
 */
#include "conf/reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

#define MAX_WORDS 24

char *keep_text(struct reader *r, struct aff_view text)
{
	char *copy = strndup(text.p, text.n);
	if (!copy)
		r->report.error = AFF_ENOMEM;
	return copy;
}

void *keep_array(struct reader *r, size_t count, size_t size)
{
	void *p = calloc(count, size);
	if (!p)
		r->report.error = AFF_ENOMEM;
	return p;
}

struct aff_view get_view(const struct fields *f, enum key_id key)
{
	const char *fallback = conf_keys[key].fallback;
	return f->value[key] ? f->value[key]->text : aff_view_of(fallback ? fallback : "");
}

char *get_string(struct reader *r, const struct fields *f, enum key_id key)
{
	struct aff_view v = get_view(f, key);
	return v.n ? keep_text(r, v) : NULL;
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	    c == '.';
}

char *get_name(struct reader *r, const struct fields *f, enum key_id key)
{
	const struct node *n = f->value[key];
	char word[SHOWN_SIZE];
	if (!n)
		return NULL;
	bool good = n->text.n && n->text.n <= 60 && n->text.p[0] != '.' && n->text.p[0] != '-';
	for (size_t i = 0; good && i < n->text.n; i++)
		good = name_character(n->text.p[i]);
	if (!good) {
		report_error(&r->report, n->at, "use letters, digits, '-', '_' and '.', at most 60",
		             "'%s' cannot be a name", shown(word, n->text));
		return NULL;
	}
	return keep_text(r, n->text);
}

char *get_path(struct reader *r, const struct fields *f, enum key_id key)
{
	struct aff_view v = get_view(f, key);
	const char *root = r->files->root;
	if (!v.n && f->value[key])
		report_error(&r->report, f->value[key]->at, "name a file, or leave the key out", "'%s' is empty",
		             conf_keys[key].name);
	if (!v.n)
		return NULL;
	if (v.p[0] == '/' || !root[0])
		return keep_text(r, v);
	size_t size = strlen(root) + 1 + v.n + 1;
	char *path = keep_array(r, size, 1);
	if (path)
		snprintf(path, size, "%s/%.*s", root, (int)v.n, v.p);
	return path;
}

static int parse_number(enum key_kind kind, struct aff_view text, uint64_t *out)
{
	int64_t ms = 0;
	int rc;
	switch (kind) {
	case KIND_BYTES:
		return number_bytes(text, out);
	case KIND_RATE:
		return number_rate_an_hour(text, out);
	case KIND_NEVER:
	case KIND_DURATION:
		rc = number_duration_ms(text, &ms);
		*out = (uint64_t)ms;
		return rc;
	default:
		return number_u64(text, UINT64_MAX, out);
	}
}

static const char *number_example(enum key_kind kind)
{
	switch (kind) {
	case KIND_BYTES:
		return "a size such as 64KiB or 1MiB";
	case KIND_DURATION:
		return "a duration such as 500ms, 30s, 5m, 24h";
	case KIND_RATE:
		return "a rate such as 50/s, 600/min, 20/h";
	case KIND_NEVER:
		return "a duration such as 30s, 24h, 7d, or never";
	default:
		return "a whole number";
	}
}

static uint64_t number_of(enum key_kind kind, struct aff_view text)
{
	uint64_t value = 0;
	return parse_number(kind, text, &value) ? 0 : value;
}

/* "least..most" of a key. */
static void range_of(const struct key *key, uint64_t *least, uint64_t *most)
{
	const char *dots = strstr(key->values, "..");
	*least = dots ? number_of(key->kind, aff_view(key->values, (size_t)(dots - key->values))) : 0;
	*most = dots ? number_of(key->kind, aff_view_of(dots + 2)) : UINT64_MAX;
}

uint64_t get_number(struct reader *r, const struct fields *f, enum key_id id)
{
	const struct key *key = &conf_keys[id];
	const struct node *n = f->value[id];
	uint64_t value = 0, least, most;
	char word[SHOWN_SIZE];
	struct aff_view text = get_view(f, id);
	if (key->kind == KIND_NEVER && aff_view_is(text, "never"))
		return 0;
	int rc = parse_number(key->kind, text, &value);
	if (!n)
		return rc ? 0 : value;
	range_of(key, &least, &most);
	if (rc && rc != AFF_ELIMIT) {
		report_error(&r->report, n->at, NULL, "'%s' takes %s, not '%s'", key->name, number_example(key->kind),
		             shown(word, text));
	} else if (rc || value < least || value > most) {
		report_error(&r->report, n->at, NULL, "'%s' must be in %s", key->name, key->values);
	} else {
		return value;
	}
	return number_of(key->kind, aff_view_of(key->fallback && key->fallback[0] ? key->fallback : "0"));
}

int find_word(struct reader *r, struct aff_view text, struct place at, enum key_id id)
{
	const struct key *key = &conf_keys[id];
	char words[MAX_WORDS][WORD_SIZE], wrong[SHOWN_SIZE], hint[HINT_SIZE], all[HINT_SIZE] = "write one of: ";
	size_t used = strlen(all);
	struct nearest near = {.word = text};
	bool later;
	for (unsigned i = 0; i < MAX_WORDS && word_at(key, i, words[i], &later); i++) {
		if (aff_view_is(text, words[i]) && later) {
			report_error(&r->report, at, "write another one, or leave it out",
			             "'%s: %s' is not supported yet", key->name, words[i]);
			return -1;
		}
		if (aff_view_is(text, words[i]))
			return (int)i;
		if (later)
			continue;
		nearest_offer(&near, words[i]);
		used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", words[i]);
	}
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, at, proposal ? proposal : all, "'%s' cannot be '%s'", key->name,
	             shown(wrong, text));
	return -1;
}

static unsigned fallback_word(const struct key *key)
{
	char word[WORD_SIZE];
	bool later;
	for (unsigned i = 0; word_at(key, i, word, &later); i++)
		if (key->fallback && !strcmp(word, key->fallback))
			return i;
	return 0;
}

unsigned get_word(struct reader *r, const struct fields *f, enum key_id id)
{
	int i = f->value[id] ? find_word(r, f->value[id]->text, f->value[id]->at, id) : -1;
	return i < 0 ? fallback_word(&conf_keys[id]) : (unsigned)i;
}

unsigned get_words(struct reader *r, const struct fields *f, enum key_id id)
{
	unsigned set = 0;
	if (!f->value[id])
		return 0;
	for (const struct node *n = f->value[id]->first; n; n = n->next) {
		if (n->kind != NODE_SCALAR) {
			report_error(&r->report, n->at, "write [A, B], without further brackets",
			             "'%s' takes a list of words", conf_keys[id].name);
			continue;
		}
		int i = find_word(r, n->text, n->at, id);
		if (i >= 0)
			set |= 1u << i;
	}
	return set;
}

/* Some mistakes say no more than where they are. */
static void report_condition(struct reader *r, const struct node *n, struct aff_diag *diag)
{
	if (!diag->hint[0])
		aff_diag_hint(diag, "conditions are explained in afferent-channel(5)");
	report_diag(&r->report, node_place(n, diag->column ? diag->column - 1 : 0), diag);
}

struct aff_expr *get_condition(struct reader *r, const struct fields *f, enum key_id key)
{
	const struct node *n = f->value[key];
	struct aff_expr *x = NULL;
	struct aff_diag diag = {0};
	if (!n)
		return NULL;
	int rc = aff_expr_compile(&x, n->text, &diag);
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	else if (rc)
		report_condition(r, n, &diag);
	else
		expect_condition(r, n, x);
	return rc ? NULL : x;
}

/* "+01:00", "-0330", "Z". */
bool parse_zone(struct aff_view v, int *minutes)
{
	char digits[5] = "";
	size_t n = 0;
	uint64_t value;
	if (aff_view_is(v, "Z") || aff_view_is(v, "UTC")) {
		*minutes = 0;
		return true;
	}
	if (v.n < 5 || v.n > 6 || (v.p[0] != '+' && v.p[0] != '-') || (v.n == 6 && v.p[3] != ':'))
		return false;
	for (size_t i = 1; i < v.n; i++)
		if (i != 3 || v.n == 5)
			digits[n++] = v.p[i];
	if (number_u64(aff_view(digits, 4), 1400, &value) || value % 100 > 59)
		return false;
	*minutes = (int)(value / 100 * 60 + value % 100);
	if (v.p[0] == '-')
		*minutes = -*minutes;
	return true;
}

const char *get_charset(struct reader *r, const struct fields *f, enum key_id key)
{
	const struct node *n = f->value[key];
	struct aff_diag diag = {0};
	const char *name = n ? aff_charset_find(n->text, &diag) : NULL;
	if (n && !name && diag.code == AFF_ENOMEM)
		r->report.error = AFF_ENOMEM;
	else if (n && !name)
		report_error(&r->report, n->at, diag.hint, "'%s': %s", conf_keys[key].name, diag.text);
	return name;
}

bool get_zone(struct reader *r, const struct fields *f, enum key_id key, int *minutes)
{
	const struct node *n = f->value[key];
	char word[SHOWN_SIZE];
	if (!n)
		return false;
	if (parse_zone(n->text, minutes))
		return true;
	report_error(&r->report, n->at, "write it as +01:00, -05:00 or Z", "'%s' is no time zone",
	             shown(word, n->text));
	return false;
}
