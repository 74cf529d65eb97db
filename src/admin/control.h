/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: one line in ("status", "reload"), one JSON object out, on a UNIX socket with mode 0600.
 */
#ifndef ADMIN_CONTROL_H
#define ADMIN_CONTROL_H

#include <afferent/text.h>

/* Answers one command by appending JSON to out. */
typedef void control_fn(void *arg, struct aff_view command, struct aff_buf *out);

struct control;
/* Opens the socket (replacing a stale one) and starts a thread that serves it. AFF_EBUSY: another engine answers
 * there. */
int control_open(struct control **out, const char *path, control_fn *fn, void *arg, struct aff_diag *diag);
void control_close(struct control *c);

/* The other end: sends one command and appends the answer to out. AFF_ENOTFOUND: nobody listens there. */
int control_ask(const char *path, const char *command, struct aff_buf *out, struct aff_diag *diag);

#endif
