/* SPDX-License-Identifier: Apache-2.0
 *
 * Building a message from nothing: segments and fields in order, escaped as they are written.
 *
 *	aff_build_begin(&b, &out, NULL);             // MSH|^~\&
 *	aff_build_field(&b, aff_view_of("SENDER"));  // MSH-3
 *	aff_build_segment(&b, "PID");
 *	aff_build_skip(&b, 2);                       // PID-1, PID-2 stay empty
 *	aff_build_component(&b, ...);                // PID-3.1, next call .2, ...
 *	aff_build_repetition(&b);                    // PID-3[2], its components follow
 *	aff_build_end(&b);
 */
#ifndef AFFERENT_BUILD_H
#define AFFERENT_BUILD_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_build {
	struct aff_buf *out;
	struct aff_delims delims;
	unsigned pending_fields, pending_repetitions, pending_components, pending_subcomponents;
	bool in_field, in_repetition;
};

extern const struct aff_delims aff_delims_default; /* | ^ ~ \ & and no truncation character */

/* Starts with MSH-1 and MSH-2; the next field is MSH-3. delims NULL = the default. Errors stick in out: AFF_ENOMEM,
 * AFF_ELIMIT, AFF_EDELIMITER when a part needs a delimiter that is not in use. */
void aff_build_begin(struct aff_build *b, struct aff_buf *out, const struct aff_delims *delims);
/* The same for a header segment: id is "FHS", "BHS" or "MSH". */
void aff_build_header(struct aff_build *b, struct aff_buf *out, const char *id, const struct aff_delims *delims);
/* Ends the segment before and starts the next one. */
void aff_build_segment(struct aff_build *b, const char *id);
/* The next field, plain text (escaped here). Empty text is allowed. */
void aff_build_field(struct aff_build *b, struct aff_view plain);
/* The next field, already encoded. */
void aff_build_raw(struct aff_build *b, struct aff_view raw);
/* Leaves n fields empty. */
void aff_build_skip(struct aff_build *b, unsigned n);
/* The next component of the current field; the first call opens the next field. */
void aff_build_component(struct aff_build *b, struct aff_view plain);
/* The next subcomponent of the component that aff_build_component began with its first one. */
void aff_build_subcomponent(struct aff_build *b, struct aff_view plain);
/* Starts the next repetition of the field that aff_build_component opened; its components follow. */
void aff_build_repetition(struct aff_build *b);
/* Ends the field that aff_build_component opened. */
void aff_build_field_end(struct aff_build *b);
/* Ends the last segment. */
void aff_build_end(struct aff_build *b);

#ifdef __cplusplus
}
#endif
#endif
