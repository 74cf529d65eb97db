/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers go into a digest as 8 bytes, big-endian, texts after their length: two different rows never give the same
 * bytes.
 */
#include "journal/link.h"

#include "journal/schema.h"

static void put_number(unsigned char *to, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		to[i] = (unsigned char)(value & 0xff);
}

/* Small parts are collected, so that the library is called once for most rows. */
struct parts {
	struct hasher *h;
	size_t n;
	unsigned char bytes[1024];
};

static void begin(struct parts *p, struct hasher *h, const char *what)
{
	p->h = h;
	p->n = strlen(what) + 1;
	memcpy(p->bytes, what, p->n);
	hasher_begin(h);
}

static void add_bytes(struct parts *p, const void *bytes, size_t n)
{
	if (n > sizeof p->bytes - p->n) {
		hasher_add(p->h, p->bytes, p->n);
		p->n = 0;
	}
	if (n > sizeof p->bytes) {
		hasher_add(p->h, bytes, n);
		return;
	}
	if (n)
		memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

static void add_number(struct parts *p, int64_t value)
{
	unsigned char bytes[8];
	put_number(bytes, (uint64_t)value);
	add_bytes(p, bytes, sizeof bytes);
}

static void add_view(struct parts *p, struct aff_view v)
{
	add_number(p, (int64_t)v.n);
	add_bytes(p, v.p, v.n);
}

static void end(struct parts *p, unsigned char out[SHA256_SIZE])
{
	hasher_add(p->h, p->bytes, p->n);
	hasher_end(p->h, out);
}

static void digest_body(struct hasher *h, const struct journal_message *m, unsigned char out[SHA256_SIZE])
{
	if (!m->body.n) {
		memcpy(out, m->body_sha, SHA256_SIZE);
		return;
	}
	hasher_begin(h);
	hasher_add(h, m->body.p, m->body.n);
	hasher_end(h, out);
}

struct aff_view record_id(const struct journal_message *m, enum journal_id which)
{
	const struct aff_view clear[JOURNAL_IDS] = {m->control_id, m->patient, m->device};
	return m->key ? m->hashed[which] : clear[which];
}

void record_message(struct hasher *h, int format, const struct journal_message *m, const unsigned char *dictionary,
		    unsigned char out[SHA256_SIZE])
{
	struct parts p;
	unsigned char body[SHA256_SIZE] = {0};
#ifndef AFF_MUTANT_9 /* the chain leaves the bodies out */
	if (format >= FORMAT)
		digest_body(h, m, body);
#endif
	begin(&p, h, "message");
	add_number(&p, m->received_us);
	add_view(&p, m->channel);
	add_view(&p, m->peer);
	add_view(&p, m->type);
	for (int i = 0; i < JOURNAL_IDS; i++)
		add_view(&p, record_id(m, (enum journal_id)i));
	add_bytes(&p, m->snapshot, SHA256_SIZE);
	add_number(&p, m->length);
	add_number(&p, m->dictionary);
	if (format >= FORMAT) {
		add_number(&p, m->key);
		add_view(&p, m->ids);
		add_bytes(&p, body, SHA256_SIZE);
	} else {
		add_bytes(&p, dictionary, SHA256_SIZE);
		add_view(&p, m->body);
	}
	end(&p, out);
}

void record_outcome(struct hasher *h, int format, const struct journal_outcome *o, unsigned char out[SHA256_SIZE])
{
	struct parts p;
	begin(&p, h, "outcome");
	add_number(&p, o->message);
	add_view(&p, o->destination);
	add_number(&p, o->kind);
	add_number(&p, o->at_us);
	add_number(&p, o->tries);
	add_bytes(&p, o->snapshot, SHA256_SIZE);
	add_bytes(&p, o->sent, SHA256_SIZE);
	add_number(&p, o->sent_length);
	add_view(&p, o->detail);
	if (format >= FORMAT) {
		add_number(&p, o->instead);
		add_number(&p, o->action_us);
	}
	end(&p, out);
}

void record_action(struct hasher *h, const struct journal_action *a, unsigned char out[SHA256_SIZE])
{
	struct parts p;
	begin(&p, h, "action");
	add_number(&p, a->at_us);
	add_view(&p, a->kind);
	add_view(&p, a->who);
	add_view(&p, a->detail);
	end(&p, out);
}

void record_dictionary(struct hasher *h, int format, int64_t key, struct aff_view body, unsigned char out[SHA256_SIZE])
{
	struct parts p;
	if (format < FORMAT) {
		sha256(out, body);
		return;
	}
	begin(&p, h, "dictionary");
	add_number(&p, key);
	add_view(&p, body);
	end(&p, out);
}

void record_snapshot(struct hasher *h, const unsigned char sha[SHA256_SIZE], struct aff_view body,
		     unsigned char out[SHA256_SIZE])
{
	struct parts p;
	begin(&p, h, "snapshot");
	add_bytes(&p, sha, SHA256_SIZE);
	add_view(&p, body);
	end(&p, out);
}

int64_t record_judged(const struct journal_message *m)
{
	return (int64_t)((uint64_t)(unsigned)m->verdict << 32 | (uint32_t)m->error);
}

int64_t record_mark(int64_t id, int64_t judged, const unsigned char digest[SHA256_SIZE])
{
	uint64_t mark = 0;
	for (size_t i = 0; i < 8; i++)
		mark = mark << 8 | digest[i];
	mark ^= (uint64_t)id * 0x9e3779b97f4a7c15u ^ (uint64_t)judged * 0xc2b2ae3d27d4eb4fu;
	int64_t out;
	memcpy(&out, &mark, sizeof out);
	return out;
}

void link_add_row(struct hasher *h, int64_t id, int64_t judged, const unsigned char digest[SHA256_SIZE])
{
	unsigned char bytes[16 + SHA256_SIZE];
	put_number(bytes, (uint64_t)id);
	put_number(bytes + 8, (uint64_t)judged);
	memcpy(bytes + 16, digest, SHA256_SIZE);
	hasher_add(h, bytes, sizeof bytes);
}

void link_genesis(const unsigned char journal[JOURNAL_ID_SIZE], unsigned char out[SHA256_SIZE])
{
	char text[32 + JOURNAL_ID_SIZE] = "afferent journal";
	memcpy(text + 32, journal, JOURNAL_ID_SIZE);
	sha256(out, aff_view(text, sizeof text));
}

void link_hash(struct hasher *h, const unsigned char before[SHA256_SIZE], const struct link *l,
	       unsigned char out[SHA256_SIZE])
{
	static const unsigned char nothing[SHA256_SIZE];
	struct parts p;
	begin(&p, h, "link");
	add_bytes(&p, before, SHA256_SIZE);
	add_number(&p, l->number);
	add_number(&p, l->at_us);
	for (size_t t = 0; t < LINK_TABLES; t++) {
		const struct link_rows *r = &l->rows[t];
		add_number(&p, (int64_t)r->n);
		add_number(&p, r->last);
		add_bytes(&p, r->n ? r->digest : nothing, SHA256_SIZE);
	}
	add_view(&p, l->others);
	end(&p, out);
}

const char *link_table_text(enum link_table t)
{
	static const char *const texts[LINK_TABLES] = {"message", "outcome", "action"};
	return texts[t < LINK_TABLES ? t : 0];
}
