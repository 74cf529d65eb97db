/* SPDX-License-Identifier: Apache-2.0
 *
 * Envelopes: one allocation a message, everything inside.
 */
#include "engine/envelope.h"

#include <stdlib.h>

#include "engine/answers.h"

static struct aff_view place(char **at, struct aff_view from)
{
	struct aff_view v = aff_view(*at, from.n);
	if (from.n)
		memcpy(*at, from.p, from.n);
	*at += from.n;
	return v;
}

struct envelope *envelope_new(const struct envelope_parts *parts)
{
	const struct journal_message *m = &parts->row;
	size_t data = m->channel.n + m->peer.n + m->type.n + m->control_id.n + m->patient.n + m->device.n + m->body.n +
		      m->ids.n + parts->raw.n + parts->answer.n + parts->head.n;
	for (int i = 0; i < JOURNAL_IDS; i++)
		data += m->hashed[i].n;
	struct envelope *e = malloc(sizeof *e + data);
	if (!e)
		return NULL;
	memset(e, 0, sizeof *e);
	atomic_init(&e->refs, 1);
	e->row = *m;
	e->size = sizeof *e + data;
	char *at = e->data;
	e->raw = place(&at, parts->raw);
	e->answer = place(&at, parts->answer);
	e->head = place(&at, parts->head);
	e->row.channel = place(&at, m->channel);
	e->row.peer = place(&at, m->peer);
	e->row.type = place(&at, m->type);
	e->row.control_id = place(&at, m->control_id);
	e->row.patient = place(&at, m->patient);
	e->row.device = place(&at, m->device);
	e->row.body = place(&at, m->body);
	e->row.ids = place(&at, m->ids);
	for (int i = 0; i < JOURNAL_IDS; i++)
		e->row.hashed[i] = place(&at, m->hashed[i]);
	return e;
}

struct envelope *envelope_ref(struct envelope *e)
{
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
	return e;
}

void envelope_unref(struct envelope *e)
{
	if (e && atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) == 1) {
		if (e->conf)
			conf_unref(e->conf);
		awaited_free(e->awaited);
		envelope_unref(e->about);
		free(e);
	}
}
