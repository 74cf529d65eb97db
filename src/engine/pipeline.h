/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to a message between the journal and a destination: transform, filter, render. Pure: the same message,
 * channel and snapshot give the same bytes, in the running engine, in `afferent convert`, in `journal show` and in a
 * replay.
 */
#ifndef ENGINE_PIPELINE_H
#define ENGINE_PIPELINE_H

#include <afferent/watch.h>

#include "conf/conf.h"

enum pipeline_verdict { PIPELINE_SEND, PIPELINE_FILTERED, PIPELINE_DEAD };

struct pipeline_result {
	enum pipeline_verdict verdict;
	struct aff_view bytes;       /* SEND: what goes out; valid until the next run */
	struct aff_view control_id;  /* SEND: MSH-10 in it, or in its first part */
	const struct split_part *parts; /* SEND, `split`: what goes out one after the other; bytes are all of them */
	unsigned nparts;             /* 0: it is not split */
	unsigned suspect;            /* readings that the transform's `suspect` acted on */
	unsigned skipped, skipped_line; /* steps that failed and were undone (on_error), and where the first one is */
	char skipped_why[128];       /* why that one failed */
	char detail[160];            /* FILTERED, DEAD: by which rule, why */
};

/* Reused for message after message by one thread. */
struct pipeline;
int pipeline_new(struct pipeline **out);
void pipeline_free(struct pipeline *p);

/* From now on this observer (which must outlive its use) is told what transforms do; NULL: nobody. */
void pipeline_watch(struct pipeline *p, const struct aff_rules_watch *watch);

/* Does the message overtake others on their way to dest? Asked of it as it was received; false when it cannot be
 * read. */
bool pipeline_has_priority(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
                           struct aff_view message);

/* First half: parse (in the character set that the channel's source says), transform, filter. The edited message can
 * then be sampled (pipeline_edit). Second half: render for the destination. pipeline_run does both. Returns 0 with a
 * verdict in *result, or AFF_ENOMEM. */
int pipeline_transform(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
                       struct aff_view message, struct pipeline_result *result);
struct aff_edit *pipeline_edit(struct pipeline *p);
int pipeline_render(struct pipeline *p, const struct conf_dest *dest, struct pipeline_result *result);
int pipeline_run(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
                 struct aff_view message, struct pipeline_result *result);

#endif
