/* SPDX-License-Identifier: Apache-2.0
 *
 * Peers. What stands behind the last colon tells apart what one sender sends.
 */
#include "engine/peer.h"

static const char folder[] = "directory ";

struct aff_view peer_sender(struct aff_view peer)
{
	const char *colon = peer.n ? memrchr(peer.p, ':', peer.n) : NULL;
	return colon ? aff_view(peer.p, (size_t)(colon - peer.p)) : peer;
}

struct aff_view peer_for_log(struct aff_view peer)
{
	size_t n = sizeof folder - 1;
	return peer.n > n && memcmp(peer.p, folder, n) == 0 ? peer_sender(peer) : peer;
}
