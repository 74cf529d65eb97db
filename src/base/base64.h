/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64 (RFC 4648, section 4), with padding and without line breaks.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <afferent/text.h>

/* Appends the text of some bytes; errors stick in the buffer. */
void base64_put(struct aff_buf *out, struct aff_view bytes);
/* Bytes from a text into `size` bytes of room, at *n how many. false: it is no base64, it is not what base64_put would
 * have written of any bytes, or there is no room. */
bool base64_get(struct aff_view text, unsigned char *out, size_t size, size_t *n);

#endif
