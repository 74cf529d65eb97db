/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounds of writing, syncing and reporting.
 */
#include "engine/out/out_round.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

int round_init(struct round *r, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	r->done = done;
	r->arg = arg;
	r->nlanes = dest->lanes;
	r->lanes = dest->lanes ? calloc(dest->lanes, sizeof *r->lanes) : NULL;
	return r->lanes ? 0 : dest->lanes ? AFF_ENOMEM : AFF_EARGUMENT;
}

void round_free(struct round *r)
{
	free(r->lanes);
}

void round_add(struct round *r, unsigned lane, int rc)
{
	r->lanes[lane].busy = true;
	r->lanes[lane].rc = rc;
	r->pending = true;
}

bool round_is_due(struct round *r, int wake_fd, int timeout_ms)
{
	struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
	if (!r->pending)
		poll(&wake, 1, timeout_ms);
	return r->pending;
}

static const char *text_of(int rc)
{
	switch (rc) {
	case 0:
		return "written";
	case AFF_EFULL:
		return "disk full";
	case AFF_EARGUMENT:
		return "not a regular file";
	case AFF_ENOTFOUND:
		return "the folder is not there";
	case AFF_EPERMISSION:
		return "permission denied";
	default:
		return "cannot write the file";
	}
}

static void report(const struct round *r, unsigned lane, int rc)
{
	struct output_answer answer = {.result = rc ? OUTPUT_TRANSIENT : OUTPUT_DELIVERED};
	snprintf(answer.detail, sizeof answer.detail, "%s", text_of(rc));
	r->done(r->arg, lane, &answer);
}

void round_end(struct round *r, int synced)
{
	r->pending = false;
	for (unsigned i = 0; i < r->nlanes; i++) {
		r->lanes[i].ends = r->lanes[i].busy;
		r->lanes[i].busy = false;
	}
	for (unsigned i = 0; i < r->nlanes; i++) {
		int rc = r->lanes[i].rc ? r->lanes[i].rc : synced;
		if (r->lanes[i].ends)
			report(r, i, rc);
	}
}
