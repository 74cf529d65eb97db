/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/pack.h"

#include <stdlib.h>

#include "journal/crypt.h"
#include "journal/internal.h"
#include "journal/link.h"
#include "journal/schema.h"
#include "journal/sql.h"

struct journal_packer {
	struct journal *journal;
	ZSTD_CCtx *context;
	struct hasher *hasher;
	const struct dictionary *dictionary; /* that the context refers to */
	struct encrypter encrypter;
	struct aff_buf ids, encrypted;       /* of the last message that was encrypted */
	unsigned char hashed[JOURNAL_IDS][JOURNAL_HASHED_SIZE];
};

static int set_up(ZSTD_CCtx *context)
{
	bool bad = ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)) ||
	           ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) ||
	           ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)) ||
	           ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0));
	return bad ? AFF_ENOMEM : 0;
}

static int compress(ZSTD_CCtx *context, struct aff_view bytes, struct aff_buf *out)
{
	size_t room = ZSTD_compressBound(bytes.n);
	char *to = aff_buf_reserve(out, room);
	if (!to)
		return out->error;
	size_t n = ZSTD_compress2(context, to, room, bytes.p, bytes.n);
	if (ZSTD_isError(n))
		return AFF_ENOMEM;
	out->n += n;
	return 0;
}

int journal_packer_new(struct journal_packer **out, struct journal *j)
{
	struct journal_packer *p = calloc(1, sizeof *p);
	if (!p)
		return AFF_ENOMEM;
	p->journal = j;
	aff_buf_init(&p->ids, CRYPT_IDS_MAX);
	aff_buf_init(&p->encrypted, (size_t)PACK_MAX_MESSAGE + CRYPT_IDS_MAX + PACK_MAX_MESSAGE / 64);
	p->context = ZSTD_createCCtx();
	p->hasher = hasher_new();
	if (!p->context || !p->hasher || set_up(p->context)) {
		journal_packer_free(p);
		return AFF_ENOMEM;
	}
	*out = p;
	return 0;
}

void journal_packer_free(struct journal_packer *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->context);
	hasher_free(p->hasher);
	encrypter_free(&p->encrypter);
	aff_buf_free(&p->ids);
	aff_buf_free(&p->encrypted);
	free(p);
}

int journal_pack(struct journal_packer *p, struct aff_view channel, struct aff_view message, struct aff_buf *out,
                 uint32_t *dictionary)
{
	if (message.n > PACK_MAX_MESSAGE)
		return AFF_ELIMIT;
	if (book_sample(&p->journal->book, channel, message))
		sealer_train(&p->journal->sealer);
	struct dictionary *d = book_choose(&p->journal->book, channel);
	if (d != p->dictionary) {
		if (ZSTD_isError(ZSTD_CCtx_refCDict(p->context, d->compiled)))
			return AFF_ENOMEM;
		p->dictionary = d;
	}
	size_t before = out->n;
	int rc = compress(p->context, message, out);
	if (rc)
		return rc;
	if (d && aff_view_is(channel, d->channel))
		book_note(d, message.n, out->n - before);
	*dictionary = d ? d->id : 0;
	return 0;
}

static int hash_ids(struct journal_packer *p, struct journal_message *m)
{
	const struct aff_view ids[JOURNAL_IDS] = {m->control_id, m->patient, m->device};
	int rc = 0;
	for (size_t i = 0; i < JOURNAL_IDS && !rc; i++) {
		m->hashed[i] = aff_view((const char *)p->hashed[i], ids[i].n ? JOURNAL_HASHED_SIZE : 0);
		if (ids[i].n)
			rc = encrypter_digest(&p->encrypter, (enum journal_id)i, ids[i], p->hashed[i]);
	}
	return rc;
}

int journal_encrypt(struct journal_packer *p, struct journal_message *m)
{
	const struct data_key *k = atomic_load_explicit(&p->journal->keyring.newest, memory_order_acquire);
	if (!k)
		return 0;
	int rc = encrypter_use(&p->encrypter, k->id, k->key);
	if (rc)
		return rc;
	aff_buf_clear(&p->ids);
	aff_buf_clear(&p->encrypted);
	rc = hash_ids(p, m);
	if (!rc)
		rc = crypt_join_ids(m, &p->ids);
	if (!rc)
		rc = encrypter_put(&p->encrypter, CRYPT_BODY, m->body, &p->encrypted);
	size_t body = p->encrypted.n;
	if (!rc)
		rc = encrypter_put(&p->encrypter, CRYPT_IDS, aff_buf_view(&p->ids), &p->encrypted);
	if (rc)
		return rc;
	m->key = k->id;
	m->body = aff_view(p->encrypted.p, body);
	m->ids = aff_view(p->encrypted.p + body, p->encrypted.n - body);
	return 0;
}

void journal_digest_message(struct journal_packer *p, struct journal_message *m)
{
	record_message(p->hasher, FORMAT, m, NULL, m->digest);
	m->digested = true;
}

int pack_alone(struct aff_view bytes, struct aff_buf *out)
{
	if (bytes.n > PACK_MAX_MESSAGE)
		return AFF_ELIMIT;
	ZSTD_CCtx *context = ZSTD_createCCtx();
	int rc = context ? set_up(context) : AFF_ENOMEM;
	if (!rc) {
		for (int shift = 24; shift >= 0; shift -= 8)
			aff_buf_put_char(out, (char)(unsigned char)(bytes.n >> shift & 0xff));
		rc = compress(context, bytes, out);
	}
	ZSTD_freeCCtx(context);
	return rc;
}

/* Appends exactly `length` bytes that `packed` decompresses to. */
static int decompress(ZSTD_DCtx *context, const ZSTD_DDict *dictionary, struct aff_view packed, uint32_t length,
                      struct aff_buf *out)
{
	if (length > PACK_MAX_MESSAGE)
		return AFF_ECORRUPT;
	char *to = aff_buf_reserve(out, length ? length : 1);
	if (!to)
		return out->error;
	size_t n = ZSTD_decompress_usingDDict(context, to, length, packed.p, packed.n, dictionary);
	if (ZSTD_isError(n) || n != length)
		return AFF_ECORRUPT;
	out->n += n;
	return 0;
}

int unpack_alone(struct aff_view packed, struct aff_buf *out)
{
	uint32_t length = 0;
	if (packed.n < 4)
		return AFF_ECORRUPT;
	for (size_t i = 0; i < 4; i++)
		length = length << 8 | (unsigned char)packed.p[i];
	ZSTD_DCtx *context = ZSTD_createDCtx();
	int rc = context ? decompress(context, NULL, aff_view(packed.p + 4, packed.n - 4), length, out) : AFF_ENOMEM;
	ZSTD_freeDCtx(context);
	return rc;
}

int unpacker_init(struct unpacker *u, struct unlock *unlock)
{
	*u = (struct unpacker){.unlock = unlock, .context = ZSTD_createDCtx()};
	return u->context ? 0 : AFF_ENOMEM;
}

void unpacker_free(struct unpacker *u)
{
	for (size_t i = 0; i < UNPACK_DICTIONARIES; i++)
		ZSTD_freeDDict(u->cache[i].compiled);
	ZSTD_freeDCtx(u->context);
}

static int compile(struct unpacker *u, sqlite3_stmt *s, int64_t file, ZSTD_DDict **out)
{
	struct aff_view body = sql_blob(s, 0);
	int64_t key = sqlite3_column_int64(s, 1);
	struct decrypter *d;
	struct aff_buf clear;
	if (!key) {
		*out = ZSTD_createDDict(body.p, body.n);
		return *out ? 0 : AFF_ECORRUPT;
	}
	if (key < 0 || key > UINT32_MAX)
		return AFF_ECORRUPT;
	int rc = unlock_key(u->unlock, sqlite3_db_handle(s), file, (uint32_t)key, &d, NULL);
	if (rc)
		return rc;
	aff_buf_init(&clear, body.n + 1);
	rc = decrypter_put(d, CRYPT_DICTIONARY, body, &clear);
	if (!rc)
		*out = ZSTD_createDDict(clear.p, clear.n);
	aff_buf_free(&clear);
	return rc ? rc : *out ? 0 : AFF_ECORRUPT;
}

static int load(struct unpacker *u, sqlite3 *db, int64_t file, uint32_t id, ZSTD_DDict **out)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "SELECT body, key FROM dictionary WHERE id = ?1", &s, NULL);
	if (rc)
		return rc;
	sqlite3_bind_int64(s, 1, id);
	ZSTD_DDict *compiled = NULL;
	rc = sqlite3_step(s) == SQLITE_ROW ? compile(u, s, file, &compiled) : AFF_ECORRUPT;
	sqlite3_finalize(s);
	if (rc)
		return rc;
	struct unpack_dictionary *d = &u->cache[u->next];
	u->next = (u->next + 1) % UNPACK_DICTIONARIES;
	ZSTD_freeDDict(d->compiled);
	*d = (struct unpack_dictionary){file, id, compiled};
	*out = compiled;
	return 0;
}

int unpack(struct unpacker *u, sqlite3 *db, int64_t file, uint32_t dictionary, struct aff_view body, uint32_t length,
           struct aff_buf *out)
{
	ZSTD_DDict *compiled = NULL;
	for (size_t i = 0; dictionary && i < UNPACK_DICTIONARIES && !compiled; i++) {
		if (u->cache[i].id == dictionary && u->cache[i].file == file)
			compiled = u->cache[i].compiled;
	}
	int rc = dictionary && !compiled ? load(u, db, file, dictionary, &compiled) : 0;
	return rc ? rc : decompress(u->context, compiled, body, length, out);
}
