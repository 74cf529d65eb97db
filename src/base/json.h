/* SPDX-License-Identifier: Apache-2.0
 *
 * A streaming JSON writer: no tree. Commas and (when asked for) line breaks are its business; what is nested
 * how is the caller's. Numbers are copied as text so that 37.20 stays 37.20. Errors stick in the buffer.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <afferent/text.h>

struct json {
	struct aff_buf *out;
	int pretty;
	int depth;
	int comma; /* a value stands before the next one */
};

void json_begin(struct json *j, struct aff_buf *out, int pretty);
void json_open(struct json *j, const char *name, char bracket);
/* name NULL: an element of an array, or the top. Inline, because libjansson exports functions of these two names: as
 * symbols of the program ours would take their place, inside libjansson too. */
static inline void json_object(struct json *j, const char *name)
{
	json_open(j, name, '{');
}
void json_object_end(struct json *j);
static inline void json_array(struct json *j, const char *name)
{
	json_open(j, name, '[');
}
void json_array_end(struct json *j);
/* Strings are escaped; bytes that are not UTF-8 become U+FFFD. */
void json_text(struct json *j, const char *name, const char *value);
void json_view(struct json *j, const char *name, struct aff_view value);
void json_i64(struct json *j, const char *name, int64_t value);
void json_bool(struct json *j, const char *name, int value);
/* A number (or anything that is JSON already), copied as it is. */
void json_raw(struct json *j, const char *name, struct aff_view value);
/* Appends a string's contents, escaped, without quotes: for values put together from parts. Returns how many
 * bytes were not UTF-8. */
size_t json_put_escaped(struct aff_buf *out, struct aff_view value);
/* Appends compact JSON with line breaks and indentation, as this writer would have written it. */
void json_indent(struct aff_buf *out, struct aff_view compact);

#endif
