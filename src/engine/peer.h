/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a message came from, as the journal tells it: "127.0.0.1:51234" of a connection, "directory in: a.hl7" of a
 * file, "channel ward: 1767225600000000" of a message of another channel. The name of a file may say whose message it
 * holds, so it is for the journal and not for logs.
 */
#ifndef ENGINE_PEER_H
#define ENGINE_PEER_H

#include <afferent/text.h>

#include <stdbool.h>
#include <stdint.h>

/* Who sent it: the address without its port, the folder without its file. Two messages of one sender have it alike. */
struct aff_view peer_sender(struct aff_view peer);

/* What messages have alike that stay in order where the order is that of connections: the connection, the other
 * channel, the folder. */
struct aff_view peer_order(struct aff_view peer);

/* The channel that a message was handed over by, and the id that it has there. false: it came from elsewhere. */
bool peer_channel(struct aff_view peer, struct aff_view *channel, int64_t *id);
#define PEER_SIZE 192
/* The peer of such a message. */
struct aff_view peer_of_channel(char buf[PEER_SIZE], struct aff_view channel, int64_t id);

/* The peer of a file of a folder (its path; the last part of it names it). Characters that mean something in a peer, or
 * are none in UTF-8, become %41. */
#define PEER_FILE_SIZE 1800
struct aff_view peer_of_file(char buf[PEER_FILE_SIZE], const char *path, const char *name);

/* What a log may show of it. */
struct aff_view peer_for_log(struct aff_view peer);

#endif
