/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar table as JSON Schema, for editors.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/keys.h"

/* The kinds of files: "engine", "channel", "mapping", "profile"; NULL at the end. */
extern const char *const schema_names[];

/* Writes the schema (draft 7) of files of kind schema_names[i], indented and with a line end. Errors stick in the
 * buffer. */
void schema_write(size_t i, struct aff_buf *out);

/* Whether a section is in the schema of kind i: some key of its file, or of another such section, opens it. */
bool schema_holds(size_t i, enum section_id section);

#endif
