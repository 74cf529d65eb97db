/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths name a part of a message: PID-5.1, PID-3[2].4.1, OBX[3]-5, OBX-5, PV1. PID-5-1 and PID.5.1 mean PID-5.1.
 * Brackets after the segment choose its occurrence, after the field its repetition. Case matters in segment ids.
 *
 * Groups of the message structure (afferent/group.h) may stand before the segment: ORDER_OBSERVATION[2]/OBX[1]-5 is
 * the first OBX of the second order, PATIENT_RESULT[1]/ORDER_OBSERVATION[2]/OBX[1]-5 that of the first patient's second
 * order. A group is looked for anywhere in the one before it, and the segment anywhere in the last one. In a message
 * whose structure is not known, or has no such group, such a path names nothing.
 */
#ifndef AFFERENT_PATH_H
#define AFFERENT_PATH_H

#include <afferent/group.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AFF_PATH_GROUPS 6

struct aff_path_group {
	unsigned group;        /* the number of its name: aff_schema_group */
	unsigned occurrence;   /* 0 = not said: the first one; with a current segment the one that it is in, or else the
	                        * first in the nearest of its groups that may hold one: of its own patient */
};

struct aff_path {
	char segment[4];
	unsigned occurrence;   /* 0 = not said: the first one, or the current one inside a `for:` */
	unsigned field;        /* 0 = the whole segment */
	unsigned repetition;   /* 0 = not said: the first one when reading, the whole field when writing a field */
	unsigned component;    /* 0 = the whole repetition */
	unsigned subcomponent; /* 0 = the whole component */
	unsigned group_count;
	struct aff_path_group groups[AFF_PATH_GROUPS]; /* the outermost first */
};

/* Reads a path. AFF_ESYNTAX: the diag's column is the place in text. The name of a group must be one that some message
 * structure has. */
int aff_path_parse(struct aff_path *out, struct aff_view text, struct aff_diag *diag);

/* Writes the path in its usual spelling into buf, shortened to fit; returns buf. 48 bytes are always enough for a
 * path without groups, AFF_PATH_TEXT for any. */
#define AFF_PATH_TEXT 288
const char *aff_path_format(const struct aff_path *path, char *buf, size_t size);

/* What the path names in m, still escaped. Empty when it is not there. The first path with groups finds the groups of
 * the message, for which memory is needed: call aff_msg_groups before to be told when there is none. */
struct aff_view aff_path_get(const struct aff_msg *m, const struct aff_path *path);

/* The same with a current segment, which a path without an occurrence means if it has the path's id, and whose groups
 * one without theirs means. AFF_NONE: none. In a message about several patients (PID) nothing of another patient is
 * named for a current segment without saying which occurrence: it is not there then. */
struct aff_view aff_path_read(const struct aff_msg *m, const struct aff_path *path, unsigned current);

/* The segment that the path names, likewise; AFF_NONE when it is not there. */
unsigned aff_path_segment(const struct aff_msg *m, const struct aff_path *path, unsigned current);

/* The next segment at or after `from` that fits the path, where an occurrence that is not said means any. AFF_NONE when
 * there is none. */
unsigned aff_path_next(const struct aff_msg *m, const struct aff_path *path, unsigned from);

#ifdef __cplusplus
}
#endif
#endif
