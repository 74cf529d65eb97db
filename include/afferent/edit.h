/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing a message. A struct aff_edit lies over a parsed message: reads see the changes, and writing it out gives
 * every part that was not touched byte for byte. Numbers of segments are those of the edited message and move when
 * segments are inserted or deleted. The message and its bytes must outlive the edit. One thread at a time.
 */
#ifndef AFFERENT_EDIT_H
#define AFFERENT_EDIT_H

#include <afferent/msg.h>
#include <afferent/path.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_edit;

/* Makes an editor object that is used for message after message; `max` caps the bytes it may hold for changes.
 * Returns 0, AFF_ENOMEM. */
int aff_edit_new(struct aff_edit **out, size_t max);
void aff_edit_free(struct aff_edit *e);

/* Lays e over m and forgets all earlier changes. Returns 0, or what aff_msg_parse returned for m: a message that could
 * not be read whole cannot be changed, for what was not read would be lost. Then e has no segments, and writing it
 * gives the bytes of m. */
int aff_edit_begin(struct aff_edit *e, const struct aff_msg *m);

const struct aff_msg *aff_edit_message(const struct aff_edit *e);
struct aff_delims aff_edit_delims(const struct aff_edit *e);
bool aff_edit_changed(const struct aff_edit *e);

/* Reading, as in msg.h but with the changes. */
unsigned aff_edit_segments(const struct aff_edit *e);
unsigned aff_edit_find(const struct aff_edit *e, const char *id, unsigned from);
unsigned aff_edit_nth(const struct aff_edit *e, const char *id, unsigned nth);
bool aff_edit_is(const struct aff_edit *e, unsigned segment, const char *id);
struct aff_view aff_edit_segment(const struct aff_edit *e, unsigned segment);
struct aff_view aff_edit_field(const struct aff_edit *e, unsigned segment, unsigned field);
struct aff_view aff_edit_get(const struct aff_edit *e, unsigned segment, unsigned field, unsigned repetition,
                             unsigned component, unsigned subcomponent);
/* What the path names. `current` is the segment that a path without an occurrence means if it has the path's id
 * (AFF_NONE: the first one in the message); nothing of another patient is named for it, as in aff_path_read. */
struct aff_view aff_edit_path(const struct aff_edit *e, const struct aff_path *path, unsigned current);
/* The segment that the path names, likewise; AFF_NONE when it is not there. */
unsigned aff_edit_path_segment(const struct aff_edit *e, const struct aff_path *path, unsigned current);

/* The groups of the message as it stands now; a path with groups needs them. Ask for them before such a path is
 * followed to be told when there is no memory (the path names nothing then). They are found anew after a segment was
 * inserted or deleted, and hold until the next change. 0, AFF_ENOMEM. */
int aff_edit_groups(const struct aff_edit *e, const struct aff_groups **out);

/* Writing. `raw` is text of the message's own encoding, put in as it is: escape it first if it is data. Missing fields,
 * repetitions and components before the place are made. repetition 0 with component 0 replaces the whole field.
 * MSH-1 and MSH-2 and the fields of an empty line cannot be set, raw text must not hold a segment terminator (for the
 * MSH: a line feed either) or the field separator (AFF_EARGUMENT).
 * Setting to nothing what is not there changes nothing. AFF_ELIMIT: past the message's limits or e's own cap;
 * AFF_EDELIMITER: the place needs a delimiter that the message does not have. */
int aff_edit_set(struct aff_edit *e, unsigned segment, unsigned field, unsigned repetition, unsigned component,
                 unsigned subcomponent, struct aff_view raw);
/* Sets what the path names; AFF_ENOTFOUND when its segment is not there. */
int aff_edit_set_path(struct aff_edit *e, const struct aff_path *path, unsigned current, struct aff_view raw);
/* Deletes a segment (not the MSH: AFF_EARGUMENT). */
int aff_edit_delete(struct aff_edit *e, unsigned segment);
/* Moves a segment so that it has the number `to`; those between move up or down (not the MSH: AFF_EARGUMENT). */
int aff_edit_move(struct aff_edit *e, unsigned segment, unsigned to);
/* Inserts a segment before number `segment` (the number of segments: at the end). raw as "NTE|1||text"; no second MSH,
 * and nothing before the first (AFF_EARGUMENT). */
int aff_edit_insert(struct aff_edit *e, unsigned segment, struct aff_view raw);

/* Notes how the message stands now, and takes back every change since then; one mark at a time, gone with the next
 * aff_edit_begin. Numbers of segments are those of then again. Undo without a mark does nothing. 0, AFF_ENOMEM. */
int aff_edit_mark(struct aff_edit *e);
void aff_edit_undo(struct aff_edit *e);

/* Appends the whole message to out, segments ended as in the original (CR for inserted ones of a CR message; the last
 * one has a terminator if the original's last one had or if it was inserted). Errors stick in the buffer. */
void aff_edit_write(const struct aff_edit *e, struct aff_buf *out);

#ifdef __cplusplus
}
#endif
#endif
