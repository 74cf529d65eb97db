/* SPDX-License-Identifier: Apache-2.0
 *
 * Two JSON documents, compared. jansson keeps numbers as doubles, but 36.80 and 36.8 are not the same measurement:
 * before it reads them, numbers become strings that begin with a mark.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/vector.h"
#include "cli/case_diff.h"

#define MARK       "\xee\x80\x80" /* U+E000, which is nobody's text */
#define TEXT_MAX   (128u << 20)
#define PAIRS_MAX  1000000
#define PATH_BYTES 128

/* Two values at the same place that are still to be compared; NULL: it is not there. */
struct pair {
	const json_t *e, *g;
	char path[PATH_BYTES];
};
struct pairs {
	struct pair *items;
	size_t count, capacity;
	const struct case_place *place;
	int error;
};

/* ---- reading ---- */

static bool is_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static void mark_numbers(struct aff_buf *out, struct aff_view text)
{
	bool in_string = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (in_string && c == '\\' && i + 1 < text.n) {
			aff_buf_put(out, text.p + i++, 2);
			continue;
		}
		if (c == '"')
			in_string = !in_string;
		if (in_string || !(c == '-' || (c >= '0' && c <= '9'))) {
			aff_buf_put_char(out, c);
			continue;
		}
		size_t n = 1;
		while (i + n < text.n && is_number(text.p[i + n]))
			n++;
		aff_buf_put_text(out, "\"" MARK);
		aff_buf_put(out, text.p + i, n);
		aff_buf_put_char(out, '"');
		i += n - 1;
	}
}

/* NULL: it is no JSON, *error tells why, or there is no memory. *used: bytes of text. */
static json_t *parse(struct aff_view text, size_t *used, json_error_t *error)
{
	struct aff_buf marked;
	json_t *plain = json_loadb(text.p, text.n, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, error), *value;
	if (!plain)
		return NULL;
	json_decref(plain);
	*used = (size_t)error->position;
	aff_buf_init(&marked, TEXT_MAX);
	mark_numbers(&marked, aff_view(text.p, *used));
	value = marked.error ? NULL : json_loadb(marked.p, marked.n, 0, error);
	aff_buf_free(&marked);
	return value;
}

/* ---- comparing ---- */

static void push(struct pairs *p, const json_t *e, const json_t *g, const char *format, ...) AFF_PRINTF(4, 5);
static void push(struct pairs *p, const json_t *e, const json_t *g, const char *format, ...)
{
	va_list ap;
	if (p->error)
		return;
	if (p->count == PAIRS_MAX || vector_room(&p->items, &p->capacity, p->count, sizeof *p->items)) {
		p->error = AFF_ENOMEM;
		return;
	}
	struct pair *pair = &p->items[p->count++];
	pair->e = e;
	pair->g = g;
	va_start(ap, format);
	vsnprintf(pair->path, sizeof pair->path, format, ap);
	va_end(ap);
}

static void show(char out[CASE_VALUE], const json_t *value)
{
	if (!value) {
		out[0] = '\0';
	} else if (json_is_string(value)) {
		struct aff_view text = aff_view(json_string_value(value), json_string_length(value));
		size_t mark = sizeof MARK - 1;
		bool number = text.n >= mark && memcmp(text.p, MARK, mark) == 0;
		char plain[CASE_VALUE];
		case_value(plain, number ? aff_view(text.p + mark, text.n - mark) : text);
		if (number)
			memcpy(out, plain, sizeof plain);
		else
			snprintf(out, CASE_VALUE, "\"%.190s\"", plain);
	} else if (json_is_object(value)) {
		snprintf(out, CASE_VALUE, "an object with %zu member%s", json_object_size(value),
			 json_object_size(value) == 1 ? "" : "s");
	} else if (json_is_array(value)) {
		snprintf(out, CASE_VALUE, "an array of %zu", json_array_size(value));
	} else {
		snprintf(out, CASE_VALUE, "%s",
			 json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
	}
}

static void tell(const struct pairs *p, const struct pair *pair)
{
	struct case_difference *d = case_report_add(p->place->report, p->place->file, p->place->message, pair->path);
	if (!d)
		return;
	show(d->expected, pair->e);
	show(d->got, pair->g);
}

static bool fits(const struct pair *p)
{
	if (p->e && json_is_string(p->e) && strcmp(json_string_value(p->e), "*") == 0)
		return p->g != NULL;
	return p->e && p->g && json_equal(p->e, p->g);
}

static bool elements_fit(const struct pair *pair, size_t e, size_t g)
{
	return fits(&(struct pair){.e = json_array_get(pair->e, e), .g = json_array_get(pair->g, g)});
}

/* Children go on in reverse: the last one pushed is compared first. Of arrays of different lengths only what lies
 * between equal beginnings and equal ends: an element that is missing does not make all behind it differ. */
static void push_array(struct pairs *p, const struct pair *pair)
{
	size_t e = json_array_size(pair->e), g = json_array_size(pair->g), from = 0;
	if (e != g) {
		while (from < e && from < g && elements_fit(pair, from, from))
			from++;
		while (e > from && g > from && elements_fit(pair, e - 1, g - 1)) {
			e--;
			g--;
		}
	}
	for (size_t i = e > g ? e : g; i-- > from;)
		push(p, i < e ? json_array_get(pair->e, i) : NULL, i < g ? json_array_get(pair->g, i) : NULL,
		     "%.100s[%zu]", pair->path, i);
}

static void push_object(struct pairs *p, const struct pair *pair)
{
	const char *name;
	json_t *value;
	size_t from = p->count;
	json_object_foreach((json_t *)(uintptr_t)pair->e, name, value)
		push(p, value, json_object_get(pair->g, name), "%.80s%s%.40s", pair->path, pair->path[0] ? "." : "",
		     name);
	json_object_foreach((json_t *)(uintptr_t)pair->g, name, value)
	{
		if (!json_object_get(pair->e, name))
			push(p, NULL, value, "%.80s%s%.40s", pair->path, pair->path[0] ? "." : "", name);
	}
	for (size_t i = from, j = p->count; i + 1 < j; i++) {
		struct pair swap = p->items[i];
		p->items[i] = p->items[--j];
		p->items[j] = swap;
	}
}

static int compare(struct pairs *p, const json_t *e, const json_t *g)
{
	push(p, e, g, "%s", "");
	while (p->count && !p->error) {
		const struct pair pair = p->items[--p->count];
		if (fits(&pair))
			continue;
		if (json_is_object(pair.e) && json_is_object(pair.g))
			push_object(p, &pair);
		else if (json_is_array(pair.e) && json_is_array(pair.g))
			push_array(p, &pair);
		else
			tell(p, &pair);
	}
	free(p->items);
	return p->error;
}

int case_diff_json(const struct case_place *place, struct aff_view expected, struct aff_view got, size_t *used)
{
	json_error_t error = {.line = 0};
	struct pairs p = {.place = place};
	size_t all;
	json_t *e = parse(expected, used, &error), *g;
	if (!e) {
		case_report_say(place->report, place->file, place->message, "is no JSON: line %d, column %d: %s",
				error.line, error.column, error.text);
		return AFF_ESYNTAX;
	}
	g = parse(got, &all, &error);
	int rc = g ? compare(&p, e, g) : AFF_ENOMEM;
	json_decref(e);
	json_decref(g);
	return rc;
}
