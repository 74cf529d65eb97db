/* SPDX-License-Identifier: Apache-2.0
 *
 * Where envelopes come back to the io thread that made them. Anybody puts, one thread takes; the eventfd is readable
 * when there is something to take, or when somebody only wanted to wake the taker.
 */
#ifndef ENGINE_MAILBOX_H
#define ENGINE_MAILBOX_H

#include <pthread.h>

#include "engine/envelope.h"

struct mailbox {
	int eventfd;
	pthread_mutex_t lock;
	struct envelope *first, *last;
};

int mailbox_init(struct mailbox *m);
void mailbox_destroy(struct mailbox *m);
/* Puts a chain; its references go along. */
void mailbox_put(struct mailbox *m, struct envelope *first, struct envelope *last);
/* Takes everything, in order, and makes the eventfd quiet. */
struct envelope *mailbox_take(struct mailbox *m);
void mailbox_wake(struct mailbox *m);

#endif
