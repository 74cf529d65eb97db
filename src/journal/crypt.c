/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/crypt.h"

#include <stdio.h>
#include <unistd.h>

/* ---- keys ---- */

/* A key for one use: what a data key encrypts and what it digests have nothing to do with each other. */
static int derive(const unsigned char key[CIPHER_KEY_SIZE], const char *use, unsigned char out[SHA256_SIZE])
{
	struct mac *m = mac_new(key);
	int rc = m ? mac_compute(m, use, aff_view("", 0), out) : AFF_ENOMEM;
	mac_free(m);
	return rc;
}

static int make(const unsigned char key[CIPHER_KEY_SIZE], enum cipher_direction direction, struct cipher **cipher,
		struct mac **lookup)
{
	unsigned char derived[SHA256_SIZE];
	int rc = derive(key, "afferent records", derived);
	if (!rc)
		*cipher = cipher_new(derived, direction);
	if (!rc)
		rc = derive(key, "afferent look-up", derived);
	if (!rc)
		*lookup = mac_new(derived);
	explicit_bzero(derived, sizeof derived);
	return rc ? rc : *cipher && *lookup ? 0 : AFF_ENOMEM;
}

/* What an encrypted text is, and under which key: it can stand for nothing else. */
#define ABOUT_SIZE 32
static struct aff_view about(enum crypt_purpose purpose, uint32_t id, char out[ABOUT_SIZE])
{
	static const char *const texts[] = {
		[CRYPT_BODY] = "body", [CRYPT_IDS] = "ids", [CRYPT_DICTIONARY] = "dictionary"};
	size_t n = strlen(texts[purpose]) + 1;
	memcpy(out, texts[purpose], n);
	for (int shift = 24; shift >= 0; shift -= 8)
		out[n++] = (char)(unsigned char)(id >> shift & 0xff);
	return aff_view(out, n);
}

static int digest(struct mac *m, enum journal_id which, struct aff_view id, unsigned char out[JOURNAL_HASHED_SIZE])
{
	static const char *const labels[] = {"control id", "patient", "device", [CRYPT_CODE] = "code"};
	unsigned char whole[SHA256_SIZE];
	int rc = mac_compute(m, labels[which], id, whole);
	memcpy(out, whole, JOURNAL_HASHED_SIZE);
	return rc;
}

/* ---- encrypting ---- */

void encrypter_free(struct encrypter *e)
{
	cipher_free(e->cipher);
	mac_free(e->lookup);
	*e = (struct encrypter){0};
}

/* The first eight bytes tell this use of the key from every other. */
static int renew_nonce(struct encrypter *e)
{
	e->count = 0;
	return getentropy(e->nonce, 8) ? AFF_EIO : 0;
}

int encrypter_use(struct encrypter *e, uint32_t id, const unsigned char key[CIPHER_KEY_SIZE])
{
	if (e->cipher && e->id == id)
		return 0;
	encrypter_free(e);
	int rc = make(key, CIPHER_ENCRYPT, &e->cipher, &e->lookup);
	if (!rc)
		rc = renew_nonce(e);
	if (rc)
		encrypter_free(e);
	e->id = id;
	return rc;
}

int encrypter_put(struct encrypter *e, enum crypt_purpose purpose, struct aff_view plain, struct aff_buf *out)
{
	char text[ABOUT_SIZE];
	char *to = aff_buf_reserve(out, plain.n + CRYPT_OVERHEAD);
	if (!to)
		return out->error;
#ifndef AFF_MUTANT_27 /* the nonce stays the same */
	if (++e->count == 0 && renew_nonce(e))
		return AFF_EIO;
#endif
	for (size_t i = 0; i < 4; i++)
		e->nonce[8 + i] = (unsigned char)(e->count >> (24 - 8 * i) & 0xff);
	memcpy(to, e->nonce, CIPHER_NONCE_SIZE);
	int rc = cipher_encrypt(e->cipher, e->nonce, about(purpose, e->id, text), plain,
				(unsigned char *)to + CIPHER_NONCE_SIZE);
	if (!rc)
		out->n += plain.n + CRYPT_OVERHEAD;
	return rc;
}

int encrypter_digest(struct encrypter *e, enum journal_id which, struct aff_view id,
		     unsigned char out[JOURNAL_HASHED_SIZE])
{
	struct known_digest *known = &e->known[hash64(id) % CRYPT_KNOWN];
	if (id.n == 0 || id.n > CRYPT_KNOWN_TEXT || which == JOURNAL_CONTROL_ID) /* which seldom comes again */
		return digest(e->lookup, which, id, out);
	if (known->which != (unsigned char)which || !aff_view_equal(aff_view(known->text, known->n), id)) {
		int rc = digest(e->lookup, which, id, known->digest);
		known->n = rc ? 0 : (unsigned char)id.n;
		known->which = (unsigned char)which;
		memcpy(known->text, id.p, id.n);
		if (rc)
			return rc;
	}
	memcpy(out, known->digest, JOURNAL_HASHED_SIZE);
	return 0;
}

/* ---- decrypting ---- */

int decrypter_init(struct decrypter *d, uint32_t id, const unsigned char key[CIPHER_KEY_SIZE])
{
	*d = (struct decrypter){.id = id};
	int rc = make(key, CIPHER_DECRYPT, &d->cipher, &d->lookup);
	if (rc)
		decrypter_free(d);
	return rc;
}

void decrypter_free(struct decrypter *d)
{
	cipher_free(d->cipher);
	mac_free(d->lookup);
	*d = (struct decrypter){0};
}

int decrypter_put(struct decrypter *d, enum crypt_purpose purpose, struct aff_view encrypted, struct aff_buf *out)
{
	char text[ABOUT_SIZE];
	if (encrypted.n < CRYPT_OVERHEAD)
		return AFF_ECORRUPT;
	size_t n = encrypted.n - CRYPT_OVERHEAD;
	char *to = aff_buf_reserve(out, n + 1);
	if (!to)
		return out->error;
	int rc = cipher_decrypt(d->cipher, (const unsigned char *)encrypted.p, about(purpose, d->id, text),
				aff_view(encrypted.p + CIPHER_NONCE_SIZE, encrypted.n - CIPHER_NONCE_SIZE),
				(unsigned char *)to);
	if (!rc)
		out->n += n;
	return rc;
}

int decrypter_digest(struct decrypter *d, enum journal_id which, struct aff_view id,
		     unsigned char out[JOURNAL_HASHED_SIZE])
{
	return digest(d->lookup, which, id, out);
}

/* ---- ids ---- */

int crypt_join_ids(const struct journal_message *m, struct aff_buf *out)
{
	const struct aff_view ids[JOURNAL_IDS] = {m->control_id, m->patient, m->device};
	for (size_t i = 0; i < JOURNAL_IDS; i++) {
		if (ids[i].n > UINT16_MAX)
			return AFF_ELIMIT;
		aff_buf_put_char(out, (char)(unsigned char)(ids[i].n >> 8));
		aff_buf_put_char(out, (char)(unsigned char)(ids[i].n & 0xff));
		aff_buf_put_view(out, ids[i]);
	}
	return out->error;
}

bool crypt_split_ids(struct journal_message *m, struct aff_view ids)
{
	struct aff_view *const to[JOURNAL_IDS] = {&m->control_id, &m->patient, &m->device};
	for (size_t i = 0; i < JOURNAL_IDS; i++) {
		if (ids.n < 2)
			return false;
		size_t n = (size_t)(unsigned char)ids.p[0] << 8 | (unsigned char)ids.p[1];
		if (n > ids.n - 2)
			return false;
		*to[i] = aff_view(ids.p + 2, n);
		ids = aff_view(ids.p + 2 + n, ids.n - 2 - n);
	}
	return ids.n == 0;
}
