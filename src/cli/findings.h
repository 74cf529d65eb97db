/* SPDX-License-Identifier: Apache-2.0
 *
 * Mistakes of a configuration, as people and programs read them.
 */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "base/json.h"
#include "conf/conf.h"

/* Each with the line that it is in quoted, where one of the files is its source. */
void findings_print(const struct conf_files *files, const struct aff_diag_list *findings);

/* The array "findings" into the open object. */
void findings_put(struct json_writer *j, const struct aff_diag_list *findings);

/* "error", "warning", "note"; and back, -1 when it is none of them. */
const char *findings_severity(enum aff_severity severity);
int findings_severity_of(const char *text);

#endif
