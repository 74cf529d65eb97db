/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of the signing key: "<key>", "<key>.pub" for people to copy, and "<key>.new" while it is changed.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/checkpoint.h"
#include "sys/file.h"
#include "sys/log.h"

#define PEM_MAX       4096
#define PUBLIC_SUFFIX ".pub"
#define NEXT_SUFFIX   ".new"
#define KEY_PATH_SIZE (PATH_MAX + 8)

static void wipe(struct aff_buf *pem)
{
	if (pem->p)
		explicit_bzero(pem->p, pem->allocated);
	aff_buf_free(pem);
}

static const char *path_of(const struct signer *s, const char *suffix, char path[KEY_PATH_SIZE])
{
	snprintf(path, KEY_PATH_SIZE, "%s%s", s->key_file, suffix);
	return path;
}

static int write_key(const struct sign_key *k, const char *path, struct aff_diag *diag)
{
	struct aff_buf pem;
	aff_buf_init(&pem, PEM_MAX);
	int rc = sign_key_put(k, &pem);
	if (!rc)
		rc = file_replace(path, aff_buf_view(&pem), diag);
	wipe(&pem);
	return rc;
}

static int write_public(const struct signer *s, const struct sign_key *k, struct aff_diag *diag)
{
	char path[KEY_PATH_SIZE];
	struct aff_buf pem;
	aff_buf_init(&pem, PEM_MAX);
	int rc = sign_key_put_public(k, &pem);
	if (!rc)
		rc = file_replace(path_of(s, PUBLIC_SUFFIX, path), aff_buf_view(&pem), diag);
	aff_buf_free(&pem);
	return rc;
}

static int new_key(struct sign_key **out, struct aff_diag *diag)
{
	int rc = sign_key_new(out);
	return rc ? aff_diag_set(diag, rc, "cannot make a key for checkpoints") : 0;
}

static int make_key(struct signer *s, struct aff_diag *diag)
{
	int rc = new_key(&s->key, diag);
	if (!rc)
		rc = write_public(s, s->key, diag);
	if (!rc)
		rc = write_key(s->key, s->key_file, diag);
	if (!rc)
		log_info("journal", "made a key for checkpoints: %s; keep a copy of %s" PUBLIC_SUFFIX
		                    " elsewhere, to verify with",
		         s->key_file, s->key_file);
	else if (rc != AFF_ENOMEM)
		aff_diag_hint(diag, "make its folder writable, or name another file with checkpoints: key_file");
	return rc;
}

static int read_file(struct sign_key **out, const char *path, struct aff_diag *diag)
{
	struct aff_buf pem;
	aff_buf_init(&pem, PEM_MAX);
	int rc = file_read(path, &pem, diag);
	if (!rc && sign_key_read(out, aff_buf_view(&pem)))
		rc = aff_diag_set(diag, AFF_EARGUMENT, "%s holds no Ed25519 private key", path);
	wipe(&pem);
	return rc;
}

int signer_read_key(struct signer *s, struct aff_diag *diag)
{
	struct stat st;
	if (stat(s->key_file, &st) && errno == ENOENT)
		return make_key(s, diag);
	int rc = read_file(&s->key, s->key_file, diag);
	if (!rc && (st.st_mode & 077)) {
		rc = aff_diag_set(diag, AFF_EARGUMENT, "the key file %s can be read by others", s->key_file);
		aff_diag_hint(diag, "chmod 600 %s", s->key_file);
	}
	return rc;
}

/* ---- changing it ---- */

int signer_make_next(struct signer *s, struct aff_diag *diag)
{
	char path[KEY_PATH_SIZE];
	int rc = new_key(&s->next, diag);
	if (!rc)
		rc = write_key(s->next, path_of(s, NEXT_SUFFIX, path), diag);
	if (rc)
		signer_drop_next(s);
	return rc;
}

void signer_drop_next(struct signer *s)
{
	sign_key_free(s->next);
	s->next = NULL;
}

void signer_take_next(struct signer *s)
{
	char path[KEY_PATH_SIZE], text[400];
	struct aff_diag diag = {0};
	int rc = write_public(s, s->next, &diag);
	if (!rc)
		rc = write_key(s->next, s->key_file, &diag);
	if (rc)
		log_error("journal", "%s; the new key stays in %s" NEXT_SUFFIX ", the next start tries again",
		          aff_diag_format(&diag, text, sizeof text), s->key_file);
	else
		unlink(path_of(s, NEXT_SUFFIX, path));
	sign_key_free(s->key);
	s->key = s->next;
	s->next = NULL;
	s->signed_us = 0; /* the next commit signs with it */
	log_info("journal", "checkpoints are signed with a new key; keep a copy of %s" PUBLIC_SUFFIX
	                    " elsewhere, beside that of the old one",
	         s->key_file);
}

static bool is_key(const struct sign_key *k, const unsigned char public[SIGN_KEY_SIZE])
{
	return memcmp(sign_key_public(k), public, SIGN_KEY_SIZE) == 0;
}

void signer_settle_key(struct signer *s, const unsigned char *named, const unsigned char *before)
{
	char path[KEY_PATH_SIZE];
	const unsigned char *wanted = named ? named : before;
	path_of(s, NEXT_SUFFIX, path);
	if (named && !is_key(s->key, named) && !read_file(&s->next, path, NULL)) {
		if (is_key(s->next, named))
			signer_take_next(s);
		else
			signer_drop_next(s);
	} else {
		unlink(path);
	}
	if (wanted && !is_key(s->key, wanted))
		log_error("journal",
		          "%s is not the key that signed before, which did not name it either: afferent journal verify "
		          "will tell so from here on; put the old key back if you can",
		          s->key_file);
}
