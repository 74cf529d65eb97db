/* SPDX-License-Identifier: Apache-2.0
 *
 * An output carries rendered messages to one destination. It belongs to its sender's thread and does all its input
 * and output there, without blocking except in its poll. It has as many lanes as the destination asks for, each with
 * at most one delivery in flight.
 */
#ifndef ENGINE_OUTPUT_H
#define ENGINE_OUTPUT_H

#include <afferent/text.h>

#include "conf/conf.h"

enum output_result {
	OUTPUT_DELIVERED,   /* the destination has it */
	OUTPUT_PERMANENT,   /* it refuses this message: AE, CE, HTTP 400, 404, 409, 412, 422 */
	OUTPUT_TRANSIENT    /* try again with the same bytes: no connection, time-out, AR, CR, other HTTP errors */
};

struct output_answer {
	enum output_result result;
	char detail[160];         /* "AA", "AE 101", "HTTP 503", "connection refused": never a field's value */
	int64_t retry_after_ms;   /* the peer asked for this pause; 0 = it did not */
	bool committed;           /* delivered, and the journal has the outcome */
};

struct outcome_report;

/* What goes out. */
struct output_message {
	struct aff_view bytes;
	struct aff_view control_id; /* MSH-10 of the message, for matching the answer */
	int64_t id;                 /* in the journal */
	struct outcome_report *report; /* for outputs that `commit`: theirs from now on; else NULL */
};

struct output;

/* Called from inside poll (or send) when a lane's delivery has ended. */
typedef void output_done_fn(void *arg, unsigned lane, const struct output_answer *answer);

struct output_ops {
	/* Starts one delivery on a free lane. What m's views point to stays valid until done is called. May call done
	 * at once. */
	void (*send)(struct output *o, unsigned lane, const struct output_message *m);
	/* Does what input and output there is, waiting up to timeout_ms (-1: for ever) for something to happen or for
	 * wake_fd (an eventfd of the sender, which the sender itself drains) to become readable. */
	void (*poll)(struct output *o, int wake_fd, int timeout_ms);
	/* Deliveries in flight are abandoned: their outcome stays unknown and they will be sent again. */
	void (*free)(struct output *o);
	/* It takes care that a delivery and its outcome are committed together. */
	bool commits;
};
struct output {
	const struct output_ops *ops;
};

/* The output for a destination, of its kind; for a channel see out_channel.h. 0, AFF_ENOMEM, AFF_EARGUMENT. */
int output_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg);
/* "mllp", "fhir", ...: as the configuration calls it. */
const char *output_kind_text(enum conf_dest_kind kind);

int output_mllp_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg);
int output_fhir_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg);
int output_http_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg);
int output_file_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg);
int output_directory_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg);

#endif
