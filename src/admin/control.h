/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: one line in ("status", "reload"), one JSON object out, on a UNIX socket with mode 0600. A line
 * that ends in a number ("record 512") has so many bytes behind it. Only the user that the engine runs as, and root,
 * are answered.
 */
#ifndef ADMIN_CONTROL_H
#define ADMIN_CONTROL_H

#include <afferent/text.h>

#define CONTROL_BODY_MAX (16u << 20)

struct control_request {
	struct aff_view command;     /* its first word */
	struct aff_view body;        /* the bytes after the line */
	unsigned uid;                /* who asks, as the kernel says */
};
/* Answers one command by appending JSON to out. */
typedef void control_fn(void *arg, const struct control_request *request, struct aff_buf *out);

struct control;
/* Opens the socket (replacing a stale one) and starts a thread that serves it. AFF_EBUSY: another engine answers
 * there. */
int control_open(struct control **out, const char *path, control_fn *fn, void *arg, struct aff_diag *diag);
void control_close(struct control *c);

/* The other end: sends one command and appends the answer to out. AFF_ENOTFOUND: nobody listens there. */
int control_ask(const char *path, const char *command, struct aff_buf *out, struct aff_diag *diag);
/* The same with a body. */
int control_send(const char *path, const char *command, struct aff_view body, struct aff_buf *out,
		 struct aff_diag *diag);

#endif
