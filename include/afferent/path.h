/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths name a part of a message: PID-5.1, PID-3[2].4.1, OBX[3]-5, OBX-5, PV1. PID-5-1 and PID.5.1 mean PID-5.1.
 * Brackets after the segment choose its occurrence, after the field its repetition. Case matters in segment ids.
 */
#ifndef AFFERENT_PATH_H
#define AFFERENT_PATH_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_path {
	char segment[4];
	unsigned occurrence;   /* 0 = not said: the first one, or the current one inside a `for:` */
	unsigned field;        /* 0 = the whole segment */
	unsigned repetition;   /* 0 = not said: the first one when reading, the whole field when writing a field */
	unsigned component;    /* 0 = the whole repetition */
	unsigned subcomponent; /* 0 = the whole component */
};

/* Reads a path. AFF_ESYNTAX: the diag's column is the place in text. */
int aff_path_parse(struct aff_path *out, struct aff_view text, struct aff_diag *diag);

/* Writes the path in its usual spelling into buf, shortened to fit; returns buf. 48 bytes are always enough. */
const char *aff_path_format(const struct aff_path *path, char *buf, size_t size);

/* What the path names in m, still escaped. Empty when it is not there. */
struct aff_view aff_path_get(const struct aff_msg *m, const struct aff_path *path);

#ifdef __cplusplus
}
#endif
#endif
