/* SPDX-License-Identifier: Apache-2.0
 *
 * Peers. What stands behind the last colon tells apart what one sender sends.
 */
#include "engine/peer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "base/utf8.h"

static const char folder[] = "directory ";
static const char channel_word[] = "channel ";

static bool begins_with(struct aff_view peer, const char *word)
{
	size_t n = strlen(word);
	return peer.n > n && memcmp(peer.p, word, n) == 0;
}

struct aff_view peer_sender(struct aff_view peer)
{
	const char *colon = peer.n ? memrchr(peer.p, ':', peer.n) : NULL;
	return colon ? aff_view(peer.p, (size_t)(colon - peer.p)) : peer;
}

struct aff_view peer_for_log(struct aff_view peer)
{
	return begins_with(peer, folder) ? peer_sender(peer) : peer;
}

struct aff_view peer_order(struct aff_view peer)
{
	return begins_with(peer, channel_word) || begins_with(peer, folder) ? peer_sender(peer) : peer;
}

struct aff_view peer_of_channel(char buf[PEER_SIZE], struct aff_view channel, int64_t id)
{
	int n = snprintf(buf, PEER_SIZE, "%s%.*s: %" PRId64, channel_word, (int)channel.n, channel.p, id);
	return aff_view(buf, n < PEER_SIZE ? (size_t)n : PEER_SIZE - 1);
}

bool peer_channel(struct aff_view peer, struct aff_view *channel, int64_t *id)
{
	struct aff_view sender = peer_sender(peer);
	size_t word = sizeof channel_word - 1;
	uint64_t number;
	if (!begins_with(sender, channel_word) || peer.n < sender.n + 3 ||
	    number_u64(aff_view(peer.p + sender.n + 2, peer.n - sender.n - 2), INT64_MAX, &number))
		return false;
	*channel = aff_view(sender.p + word, sender.n - word);
	*id = (int64_t)number;
	return true;
}

static bool is_text(struct aff_view name)
{
	size_t i = 0, n = 1;
	while (i < name.n && (n = utf8_length(name.p + i, name.n - i)))
		i += n;
	return n != 0;
}

static void put_name(struct aff_buf *out, struct aff_view name)
{
	bool text = is_text(name);
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		if (c < 0x20 || c == 0x7f || c == ':' || c == '%' || (c >= 0x80 && !text))
			aff_buf_printf(out, "%%%02X", (unsigned)c);
		else
			aff_buf_put_char(out, (char)c);
	}
}

struct aff_view peer_of_file(char buf[PEER_FILE_SIZE], const char *path, const char *name)
{
	struct aff_buf out = {.p = buf, .allocated = PEER_FILE_SIZE, .max = PEER_FILE_SIZE};
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	size_t begin = end;
	while (begin && path[begin - 1] != '/')
		begin--;
	aff_buf_put_text(&out, folder);
	put_name(&out, aff_view(path + begin, end - begin));
	aff_buf_put_text(&out, ": ");
	put_name(&out, aff_view_of(name));
	return aff_buf_view(&out);
}
