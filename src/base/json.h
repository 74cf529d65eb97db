/* SPDX-License-Identifier: Apache-2.0
 *
 * A streaming JSON writer: no tree. Commas and (when asked for) line breaks are its business; what is nested
 * how is the caller's. Numbers are copied as text so that 37.20 stays 37.20. Errors stick in the buffer.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <afferent/text.h>

struct json_writer {
	struct aff_buf *out;
	int pretty;
	int depth;
	int comma; /* a value stands before the next one */
};

void jsonw_begin(struct json_writer *j, struct aff_buf *out, int pretty);
/* name NULL: an element of an array, or the top. */
void jsonw_object(struct json_writer *j, const char *name);
void jsonw_object_end(struct json_writer *j);
void jsonw_array(struct json_writer *j, const char *name);
void jsonw_array_end(struct json_writer *j);
/* Strings are escaped; bytes that are not UTF-8 become U+FFFD. */
void jsonw_text(struct json_writer *j, const char *name, const char *value);
void jsonw_view(struct json_writer *j, const char *name, struct aff_view value);
void jsonw_i64(struct json_writer *j, const char *name, int64_t value);
void jsonw_bool(struct json_writer *j, const char *name, int value);
/* A number (or anything that is JSON already), copied as it is. */
void jsonw_raw(struct json_writer *j, const char *name, struct aff_view value);
/* Appends a string's contents, escaped, without quotes: for values put together from parts. Returns how many
 * bytes were not UTF-8. */
size_t jsonw_put_escaped(struct aff_buf *out, struct aff_view value);
/* Appends compact JSON with line breaks and indentation, as this writer would have written it. */
void jsonw_indent(struct aff_buf *out, struct aff_view compact);

#endif
