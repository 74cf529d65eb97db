/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages as v2.xml and out of it, for afferent convert.
 */
#ifndef CLI_CONVERT_XML_H
#define CLI_CONVERT_XML_H

#include <afferent/charset.h>
#include <afferent/v2xml.h>

#include "cli/input.h"

/* Turns one message into a document, a line feed at its end. What is in another character set (`charset`, NULL: what
 * MSH-18 says) becomes UTF-8, and MSH-18 of the document says so. groups, c and m are used for message after message.
 * Returns 0 or an error with diag. */
int convert_to_xml(struct aff_buf *out, struct aff_msg *m, struct aff_groups *groups, struct aff_charset *c,
                   const char *charset, struct aff_view bytes, unsigned lenient, struct aff_diag *diag);

/* Calls fn with the message of each file, which holds one v2.xml document; "-" is standard input. What cannot be read
 * is told by `fail`. Returns as input_each. */
int convert_each_xml(char **files, int nfiles, input_fn *fn,
                     int (*fail)(void *arg, const struct input_message *m, const char *why), void *arg);

#endif
