/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/digest.h"
#include "sys/file.h"
#include "sys/log.h"

#define FILE_MAX 16384

/* ---- one key ---- */

static bool from_base64(struct aff_view v, unsigned char out[CIPHER_KEY_SIZE])
{
	size_t n;
	return base64_get(v, out, CIPHER_KEY_SIZE, &n) && n == CIPHER_KEY_SIZE;
}

static int name_key(struct secret_key *k)
{
	unsigned char digest[SHA256_SIZE];
	struct mac *m = mac_new(k->key);
	int rc = m ? mac_compute(m, "afferent master key", aff_view("", 0), digest) : AFF_ENOMEM;
	mac_free(m);
	memcpy(k->id, digest, SECRET_ID_SIZE);
	return rc;
}

/* ---- the file ---- */

static int bad_line(struct aff_diag *diag, const char *path, unsigned line, const char *what)
{
	aff_diag_set(diag, AFF_ESYNTAX, "%s, line %u: %s", path, line, what);
	aff_diag_hint(diag, "a key is 64 hexadecimal digits or 44 of base64, as 'openssl rand -hex 32' makes them");
	return AFF_ESYNTAX;
}

static int take_line(struct secret *s, struct aff_view line, const char *path, unsigned number, struct aff_diag *diag)
{
	line = aff_view_trim(line);
	if (line.n && line.p[line.n - 1] == '\r')
		line = aff_view_trim(aff_view(line.p, line.n - 1));
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (s->n == SECRET_KEYS)
		return bad_line(diag, path, number, "there are too many keys");
	struct secret_key *k = &s->key[s->n];
	if (!hex_get(line, k->key, CIPHER_KEY_SIZE) && !from_base64(line, k->key))
		return bad_line(diag, path, number, "this is no key");
	if (name_key(k))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (secret_has(s, k->id))
		return bad_line(diag, path, number, "this key stands in an earlier line already");
	s->n++;
	return 0;
}

static int parse(struct secret *s, struct aff_view text, const char *path, struct aff_diag *diag)
{
	int rc = 0;
	unsigned number = 0;
	for (size_t at = 0; at < text.n && !rc; number++) {
		const char *end = memchr(text.p + at, '\n', text.n - at);
		size_t n = end ? (size_t)(end - text.p) - at : text.n - at;
		rc = take_line(s, aff_view(text.p + at, n), path, number + 1, diag);
		at += n + 1;
	}
	if (!rc && !s->n)
		rc = bad_line(diag, path, number ? number : 1, "there is no key in the file");
	return rc;
}

/* systemd lets the service read its credentials by an access list, which shows as the group's permission. */
static bool is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t n = folder ? strlen(folder) : 0;
	return n && strncmp(path, folder, n) == 0 && path[n] == '/';
}

static int check_mode(const char *path, struct aff_diag *diag)
{
	struct stat st;
	if (stat(path, &st)) /* reading it tells why */
		return 0;
	if (!(st.st_mode & (is_credential(path) ? 007 : 077)))
		return 0;
	aff_diag_set(diag, AFF_EPERMISSION, "the key file %s can be read by others", path);
	aff_diag_hint(diag, "chmod 600 %s", path);
	return AFF_EPERMISSION;
}

int secret_read(struct secret *s, const char *path, struct aff_diag *diag)
{
	struct aff_buf text;
	*s = (struct secret){0};
	int rc = check_mode(path, diag);
	if (rc)
		return rc;
	aff_buf_init(&text, FILE_MAX);
	/* At once, so that no part of it is left where the buffer was. */
	rc = aff_buf_reserve(&text, FILE_MAX) ? file_read(path, &text, diag)
					      : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (!rc)
		rc = parse(s, aff_buf_view(&text), path, diag);
	if (text.p)
		explicit_bzero(text.p, text.allocated);
	aff_buf_free(&text);
	if (rc)
		secret_wipe(s);
	return rc;
}

int secret_make(const char *path, struct aff_diag *diag)
{
	unsigned char key[CIPHER_KEY_SIZE];
	struct aff_buf text;
	if (is_credential(path)) {
		aff_diag_set(diag, AFF_ENOTFOUND, "systemd gave no credential %s", path);
		aff_diag_hint(diag, "LoadCredential= or LoadCredentialEncrypted= in the service's unit gives it");
		return AFF_ENOTFOUND;
	}
	if (getentropy(key, sizeof key))
		return aff_diag_set(diag, AFF_EIO, "no random bytes for a key");
	aff_buf_init(&text, FILE_MAX);
	int rc = 0;
	if (aff_buf_reserve(&text, 512)) {
		aff_buf_put_text(&text, "# afferent: master keys of the journal's encryption, the newest first.\n"
					"# Without them the journal cannot be read.\n");
		hex_put(&text, key, sizeof key);
		aff_buf_put_char(&text, '\n');
	}
	rc = text.error ? aff_diag_set(diag, text.error, "out of memory")
			: file_replace(path, aff_buf_view(&text), diag);
	explicit_bzero(key, sizeof key);
	if (text.p)
		explicit_bzero(text.p, text.allocated);
	aff_buf_free(&text);
	if (!rc)
		log_warn("journal",
			 "made a key to encrypt the journal with: %s; keep a copy of it elsewhere: without it "
			 "the journal cannot be read",
			 path);
	return rc;
}

void secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof *s);
}

int secret_path(char *out, size_t size, const char *folder, const char *given, struct aff_diag *diag)
{
	size_t n = strlen(folder);
	while (n > 1 && folder[n - 1] == '/')
		n--;
	int used = given ? snprintf(out, size, "%s", given) : snprintf(out, size, "%.*s.secret", (int)n, folder);
	return used < 0 || (size_t)used >= size ? aff_diag_set(diag, AFF_ELIMIT, "the name of the key file is too long")
						: 0;
}

/* ---- wrapping ---- */

static const struct secret_key *find(const struct secret *s, const unsigned char master[SECRET_ID_SIZE])
{
	for (size_t i = 0; i < s->n; i++) {
		if (memcmp(s->key[i].id, master, SECRET_ID_SIZE) == 0)
			return &s->key[i];
	}
	return NULL;
}

bool secret_has(const struct secret *s, const unsigned char master[SECRET_ID_SIZE])
{
	return find(s, master) != NULL;
}

/* What a wrapped key is about: it fits no other id. */
static struct aff_view about(uint32_t id, char out[32])
{
	int n = snprintf(out, 32, "afferent data key %u", id);
	return aff_view(out, (size_t)n);
}

static void checksum(const struct wrapped_key *w, unsigned char out[SHA256_SIZE])
{
	char bytes[32 + sizeof w->master + sizeof w->bytes];
	size_t n = about(w->id, bytes).n;
	memcpy(bytes + n, w->master, sizeof w->master);
	memcpy(bytes + n + sizeof w->master, w->bytes, sizeof w->bytes - SECRET_CHECK_SIZE);
	sha256(out, aff_view(bytes, n + sizeof w->master + sizeof w->bytes - SECRET_CHECK_SIZE));
}

int secret_wrap(const struct secret *s, uint32_t id, const unsigned char key[CIPHER_KEY_SIZE], struct wrapped_key *out)
{
	char text[32];
	unsigned char digest[SHA256_SIZE];
	out->id = id;
	memcpy(out->master, s->key[0].id, SECRET_ID_SIZE);
	if (getentropy(out->bytes, CIPHER_NONCE_SIZE))
		return AFF_EIO;
	struct cipher *c = cipher_new(s->key[0].key, CIPHER_ENCRYPT);
	int rc = c ? cipher_encrypt(c, out->bytes, about(id, text), aff_view((const char *)key, CIPHER_KEY_SIZE),
				    out->bytes + CIPHER_NONCE_SIZE)
		   : AFF_ENOMEM;
	cipher_free(c);
	checksum(out, digest);
	memcpy(out->bytes + sizeof out->bytes - SECRET_CHECK_SIZE, digest, SECRET_CHECK_SIZE);
	return rc;
}

int secret_unwrap(const struct secret *s, const struct wrapped_key *w, unsigned char key[CIPHER_KEY_SIZE])
{
	char text[32];
	const struct secret_key *k = find(s, w->master);
	if (!secret_is_whole(w))
		return AFF_ECORRUPT;
	if (!k)
		return AFF_EKEY;
	struct cipher *c = cipher_new(k->key, CIPHER_DECRYPT);
	int rc = c ? cipher_decrypt(
			     c, w->bytes, about(w->id, text),
			     aff_view((const char *)w->bytes + CIPHER_NONCE_SIZE, CIPHER_KEY_SIZE + CIPHER_TAG_SIZE),
			     key)
		   : AFF_ENOMEM;
	cipher_free(c);
	return rc;
}

bool secret_is_whole(const struct wrapped_key *w)
{
	unsigned char digest[SHA256_SIZE];
	checksum(w, digest);
	return memcmp(w->bytes + sizeof w->bytes - SECRET_CHECK_SIZE, digest, SECRET_CHECK_SIZE) == 0;
}

bool secret_take(struct wrapped_key *w, int64_t id, struct aff_view master, struct aff_view wrapped)
{
	if (id <= 0 || id > UINT32_MAX || master.n != sizeof w->master || wrapped.n != sizeof w->bytes)
		return false;
	w->id = (uint32_t)id;
	memcpy(w->master, master.p, master.n);
	memcpy(w->bytes, wrapped.p, wrapped.n);
	return true;
}

const char *secret_name(const unsigned char master[SECRET_ID_SIZE], char out[SECRET_NAME_SIZE])
{
	for (size_t i = 0; i < SECRET_ID_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", master[i]);
	return out;
}
