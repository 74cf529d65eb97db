/* SPDX-License-Identifier: Apache-2.0
 *
 * An io thread: epoll over the connections it accepted. Framing, parsing, checking and answering of a connection all
 * happen on its thread.
 */
#ifndef ENGINE_IO_H
#define ENGINE_IO_H

#include "engine/histogram.h"
#include "engine/in/intake.h"

struct io;

int io_start(struct io **out, unsigned number, struct journal *journal, struct writer *writer, struct budget *budget);

/* Serves a channel: connections from the listening socket fd (the caller's, shared by all io threads), or the one to
 * the device that settings name (fd -1; by one io thread only), and their messages under the snapshot conf. A channel
 * that is served already keeps its socket and connections and gets the snapshot. Returns when the thread has done it.
 */
void io_serve(struct io *io, int fd, struct conf *conf, const struct conf_channel *settings, struct channel *channel);
/* No longer serves a channel: no new connections; open ones are answered and closed. */
void io_leave(struct io *io, struct channel *channel);

/* Stops reading everywhere; returns when everything handed to the writer has been answered, or at the deadline
 * (monotonic). */
void io_drain(struct io *io, int64_t deadline_us);
/* Ends the thread and frees it. */
void io_stop(struct io *io);

/* From the last byte of a message to its answer handed to the kernel. */
const struct histogram *io_latency(const struct io *io);

#endif
