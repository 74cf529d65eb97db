/* SPDX-License-Identifier: Apache-2.0
 *
 * A list under a lock: one lock and at most one wake for a whole commit.
 */
#include "engine/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

int mailbox_init(struct mailbox *m)
{
	m->first = m->last = NULL;
	m->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->eventfd < 0)
		return AFF_EIO;
	pthread_mutex_init(&m->lock, NULL);
	return 0;
}

void mailbox_destroy(struct mailbox *m)
{
	for (struct envelope *e = m->first, *next; e; e = next) {
		next = e->next;
		envelope_unref(e);
	}
	pthread_mutex_destroy(&m->lock);
	close(m->eventfd);
}

void mailbox_wake(struct mailbox *m)
{
	static const uint64_t one = 1;
	ssize_t n = write(m->eventfd, &one, sizeof one);
	(void)n; /* a full eventfd is a readable one */
}

void mailbox_put(struct mailbox *m, struct envelope *first, struct envelope *last)
{
	pthread_mutex_lock(&m->lock);
	bool idle = !m->first;
	if (m->last)
		m->last->next = first;
	else
		m->first = first;
	m->last = last;
	pthread_mutex_unlock(&m->lock);
	if (idle)
		mailbox_wake(m);
}

struct envelope *mailbox_take(struct mailbox *m)
{
	uint64_t n;
	ssize_t got = read(m->eventfd, &n, sizeof n);
	(void)got; /* nothing to read: somebody took it before */
	pthread_mutex_lock(&m->lock);
	struct envelope *first = m->first;
	m->first = m->last = NULL;
	pthread_mutex_unlock(&m->lock);
	return first;
}
