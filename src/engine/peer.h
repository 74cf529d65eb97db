/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a message came from, as the journal tells it: "127.0.0.1:51234" of a connection, "directory in: a.hl7" of a
 * file. The name of a file may say whose message it holds, so it is for the journal and not for logs.
 */
#ifndef ENGINE_PEER_H
#define ENGINE_PEER_H

#include <afferent/text.h>

/* Who sent it: the address without its port, the folder without its file. Two messages of one sender have it alike. */
struct aff_view peer_sender(struct aff_view peer);

/* What a log may show of it. */
struct aff_view peer_for_log(struct aff_view peer);

#endif
