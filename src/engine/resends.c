/* SPDX-License-Identifier: Apache-2.0
 *
 * Each part has two tables of positions, by bytes and by control id, open addressing at half load, and nothing is ever
 * taken out of the middle: what is undone is the newest, in reverse, so no mark of a removed entry is needed. Where an
 * entry stands depends on a secret, so that nobody can choose control ids that meet in one place.
 */
#include "engine/resends.h"

#include <stdlib.h>
#include <sys/random.h>

#include "engine/peer.h"

#define SLOTS (2u * (RESENDS_A_PART + 1u))

struct entry {
	unsigned char digest[RESEND_DIGEST];
	uint64_t id;
	int64_t received_us;
};

struct resends_part {
	struct resends_part *newer, *older;
	int64_t newest_us;
	unsigned n;
	uint16_t by_bytes[SLOTS], by_id[SLOTS]; /* 1 + the position of the newest such entry, 0 = free */
	uint16_t before_bytes[RESENDS_A_PART], before_id[RESENDS_A_PART]; /* what stood there before it, for undoing */
	struct entry entry[RESENDS_A_PART];
};

struct resends {
	struct resends_part *newest, *oldest;
	uint64_t count;
	unsigned added;              /* since the last keep or undo */
};

/* ---- keys ---- */

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 33);
}

static uint64_t join(uint64_t h, struct aff_view v)
{
	return mix(h * 31 + hash64(v));
}

/* The next field of a segment; *at moves behind it. */
static struct aff_view next_field(struct aff_view segment, size_t *at, char separator)
{
	size_t begin = *at < segment.n ? *at : segment.n, end = begin;
	while (end < segment.n && segment.p[end] != separator)
		end++;
	*at = end + 1;
	return aff_view(segment.p + begin, end - begin);
}

/* MSH as it stands there, whatever its character set: the same bytes give the same fields. */
static struct aff_view first_segment(struct aff_view raw)
{
	size_t n = 0;
	if (raw.n >= 3 && memcmp(raw.p, "\xef\xbb\xbf", 3) == 0)
		raw = aff_view(raw.p + 3, raw.n - 3);
	while (n < raw.n && raw.p[n] != '\r' && raw.p[n] != '\n')
		n++;
	return aff_view(raw.p, n);
}

static bool is_timed(struct aff_view time)
{
	size_t digits = 0;
	while (digits < time.n && time.p[digits] >= '0' && time.p[digits] <= '9')
		digits++;
	return digits >= 14; /* YYYYMMDDHHMMSS */
}

void resend_key(struct resend_key *out, struct aff_view channel, struct aff_view peer, struct aff_view raw)
{
	struct aff_view msh = first_segment(raw), field[11];
	memset(out, 0, sizeof *out);
	if (msh.n < 4 || memcmp(msh.p, "MSH", 3) != 0)
		return;
	size_t at = 4;
	for (int i = 2; i <= 10; i++) /* MSH-2 is the first one behind the separator */
		field[i] = next_field(msh, &at, msh.p[3]);
	if (!field[10].n)
		return;
	sha256(out->digest, raw);
	out->id = join(join(join(join(join(0, channel), peer_sender(peer)), field[3]), field[4]), field[10]);
	out->timed = is_timed(field[7]);
	out->usable = true;
}

/* ---- one part ---- */

static uint64_t secret(void)
{
	static uint64_t value;
	if (!value && getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
		value = 0x9e3779b97f4a7c15u;
	return value;
}

static unsigned slot_of_id(uint64_t id)
{
	return (unsigned)(mix(id ^ secret()) % SLOTS);
}

static unsigned slot_of_bytes(const unsigned char *digest, uint64_t id)
{
	uint64_t h;
	memcpy(&h, digest, sizeof h);
	return slot_of_id(h + id);
}

/* Where the entry with these bytes stands, or the free slot where it would. */
static unsigned find_bytes(const struct resends_part *p, const unsigned char *digest, uint64_t id)
{
	unsigned s = slot_of_bytes(digest, id);
	for (; p->by_bytes[s]; s = (s + 1) % SLOTS) {
		const struct entry *e = &p->entry[p->by_bytes[s] - 1];
		if (e->id == id && memcmp(e->digest, digest, RESEND_DIGEST) == 0)
			break;
	}
	return s;
}

static unsigned find_id(const struct resends_part *p, uint64_t id)
{
	unsigned s = slot_of_id(id);
	while (p->by_id[s] && p->entry[p->by_id[s] - 1].id != id)
		s = (s + 1) % SLOTS;
	return s;
}

struct resends_part *resends_part_new(void)
{
	return calloc(1, sizeof(struct resends_part));
}

void resends_part_free(struct resends_part *p)
{
	free(p);
}

/* The newest entry takes the slot, unless a later received one has it. */
static void put_newer(struct resends_part *p, uint16_t *slot, uint16_t *before)
{
	before[p->n - 1] = *slot;
	if (!*slot || p->entry[*slot - 1].received_us <= p->entry[p->n - 1].received_us)
		*slot = (uint16_t)p->n;
}

bool resends_part_is_full(const struct resends_part *p)
{
	return p->n == RESENDS_A_PART;
}

void resends_part_add(struct resends_part *p, const struct resend_key *key, int64_t received_us)
{
	unsigned bytes = find_bytes(p, key->digest, key->id), id = find_id(p, key->id);
	struct entry *e = &p->entry[p->n++];
	memcpy(e->digest, key->digest, RESEND_DIGEST);
	e->id = key->id;
	e->received_us = received_us;
	put_newer(p, &p->by_bytes[bytes], p->before_bytes);
	put_newer(p, &p->by_id[id], p->before_id);
	if (received_us > p->newest_us)
		p->newest_us = received_us;
}

/* Takes the newest entry out. Whatever was added after it is out already, so no search passes over its slots. */
static void part_undo(struct resends_part *p)
{
	const struct entry *e = &p->entry[p->n - 1];
	unsigned bytes = find_bytes(p, e->digest, e->id), id = find_id(p, e->id);
	if (p->by_bytes[bytes] == p->n)
		p->by_bytes[bytes] = p->before_bytes[p->n - 1];
	if (p->by_id[id] == p->n)
		p->by_id[id] = p->before_id[p->n - 1];
	p->n--;
}

/* The same bytes come under the same id only, so most messages are looked for once. */
static enum resend part_find(const struct resends_part *p, const struct resend_key *key, int64_t since_us)
{
	uint16_t id = p->by_id[find_id(p, key->id)];
	if (!id || p->entry[id - 1].received_us < since_us)
		return RESEND_NEW;
	uint16_t bytes = key->timed ? p->by_bytes[find_bytes(p, key->digest, key->id)] : 0;
	return bytes && p->entry[bytes - 1].received_us >= since_us ? RESEND_SAME : RESEND_ID_REUSE;
}

/* ---- all of them ---- */

struct resends *resends_new(void)
{
	(void)secret(); /* before there are threads */
	return calloc(1, sizeof(struct resends));
}

static void drop_newest(struct resends *r)
{
	struct resends_part *p = r->newest;
	r->newest = p->older;
	if (r->newest)
		r->newest->newer = NULL;
	else
		r->oldest = NULL;
	r->count -= p->n;
	free(p);
}

static void drop_oldest(struct resends *r)
{
	struct resends_part *p = r->oldest;
	r->oldest = p->newer;
	if (r->oldest)
		r->oldest->older = NULL;
	else
		r->newest = NULL;
	r->count -= p->n;
	free(p);
}

void resends_free(struct resends *r)
{
	if (!r)
		return;
	while (r->newest)
		drop_newest(r);
	free(r);
}

enum resend resends_find(const struct resends *r, const struct resend_key *key, int64_t since_us)
{
	enum resend found = RESEND_NEW;
	for (const struct resends_part *p = r->newest; p && found != RESEND_SAME; p = p->older) {
		enum resend here = part_find(p, key, since_us);
		if (here > found)
			found = here;
	}
	return found;
}

void resends_add(struct resends *r, const struct resend_key *key, int64_t received_us)
{
	if (!r->newest || resends_part_is_full(r->newest)) {
		struct resends_part *p = resends_part_new();
		if (!p)
			return;
		p->older = r->newest;
		if (r->newest)
			r->newest->newer = p;
		else
			r->oldest = p;
		r->newest = p;
	}
	resends_part_add(r->newest, key, received_us);
	r->count++;
	r->added++;
}

void resends_keep(struct resends *r)
{
	r->added = 0;
}

void resends_undo(struct resends *r)
{
	for (; r->added; r->added--) {
		if (!r->newest->n)
			drop_newest(r);
		part_undo(r->newest);
		r->count--;
	}
}

void resends_trim(struct resends *r, uint64_t most, int64_t since_us)
{
	while (r->oldest && (r->oldest->newest_us < since_us || r->count - r->oldest->n >= most))
		drop_oldest(r);
}

uint64_t resends_count(const struct resends *r)
{
	return r->count;
}

void resends_take_part(struct resends *r, struct resends_part *p)
{
	p->older = NULL;
	p->newer = r->oldest;
	if (r->oldest)
		r->oldest->older = p;
	else
		r->newest = p;
	r->oldest = p;
	r->count += p->n;
}
