/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a changed message segment by segment.
 */
#ifndef HL7_EDIT_WRITE_H
#define HL7_EDIT_WRITE_H

#include <afferent/edit.h>

/* Appends one segment; origin: its number in the message if it was not touched, else AFF_NONE. */
typedef void edit_put_fn(void *arg, struct aff_buf *out, struct aff_view text, unsigned origin);

/* What aff_edit_write does, for a message that was changed. */
void edit_write(const struct aff_edit *e, struct aff_buf *out, edit_put_fn *put, void *arg);

#endif
