/* SPDX-License-Identifier: Apache-2.0
 *
 * The key is made with the journal and stays when log files go. Checkpoints leave for the file outside after their
 * commit, so that what stands there is always true of the journal. It is not synced: after a power cut it may lack the
 * last lines, never hold wrong ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/checkpoint.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"

#define PEM_MAX      4096
#define LINE_BYTES   1024
#define LEAST_US     1000000 /* between two checkpoints */
#define PUBLIC_SUFFIX ".pub"

static int make_key(struct signer *s, const char *key_file, struct aff_diag *diag)
{
	char path[PATH_MAX];
	struct aff_buf pem;
	if (snprintf(path, sizeof path, "%s" PUBLIC_SUFFIX, key_file) >= (int)sizeof path)
		return aff_diag_set(diag, AFF_EARGUMENT, "the name of the key file is too long");
	int rc = sign_key_new(&s->key);
	if (rc)
		return aff_diag_set(diag, rc, "cannot make a key for checkpoints");
	aff_buf_init(&pem, PEM_MAX);
	rc = sign_key_put_public(s->key, &pem);
	if (!rc)
		rc = file_replace(path, aff_buf_view(&pem), diag);
	aff_buf_clear(&pem);
	if (!rc)
		rc = sign_key_put(s->key, &pem);
	if (!rc)
		rc = file_replace(key_file, aff_buf_view(&pem), diag);
	if (pem.p)
		explicit_bzero(pem.p, pem.allocated);
	aff_buf_free(&pem);
	if (!rc)
		log_info("journal", "made a key for checkpoints: %s; keep a copy of %s elsewhere, to verify with",
		         key_file, path);
	return rc;
}

static int read_key(struct signer *s, const char *key_file, struct aff_diag *diag)
{
	struct aff_buf pem;
	struct stat st;
	if (stat(key_file, &st) && errno == ENOENT)
		return make_key(s, key_file, diag);
	aff_buf_init(&pem, PEM_MAX);
	int rc = file_read(key_file, &pem, diag);
	if (!rc && (st.st_mode & 077)) {
		rc = aff_diag_set(diag, AFF_EARGUMENT, "the key file %s can be read by others", key_file);
		aff_diag_hint(diag, "chmod 600 %s", key_file);
	}
	if (!rc && sign_key_read(&s->key, aff_buf_view(&pem)))
		rc = aff_diag_set(diag, AFF_EARGUMENT, "%s holds no Ed25519 private key", key_file);
	if (pem.p)
		explicit_bzero(pem.p, pem.allocated);
	aff_buf_free(&pem);
	return rc;
}

/* A line that a crash cut off stays a line of its own. */
static int open_file(struct signer *s, const char *path, struct aff_diag *diag)
{
	char last = '\n';
	s->file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	off_t size = s->file < 0 ? 0 : lseek(s->file, 0, SEEK_END);
	if (s->file < 0 || size < 0 || (size && pread(s->file, &last, 1, size - 1) != 1) ||
	    (last != '\n' && write(s->file, "\n", 1) != 1))
		return aff_diag_set(diag, AFF_EIO, "cannot open %s for checkpoints: %s", path, strerror(errno));
	return 0;
}

int signer_open(struct signer *s, const char *key_file, const char *export_file, struct aff_diag *diag)
{
	int rc = read_key(s, key_file, diag);
	if (!rc && export_file)
		rc = open_file(s, export_file, diag);
	return rc;
}

void signer_close(struct signer *s)
{
	sign_key_free(s->key);
	s->key = NULL;
	if (s->file >= 0)
		close(s->file);
	s->file = -1;
}

bool signer_is_due(const struct signer *s, uint64_t more_records, int64_t now_us)
{
	if (!s->signed_us)
		return true;
	if (s->unsigned_us && now_us - s->unsigned_us >= s->period_us)
		return true;
	return s->unsigned_records + more_records >= s->records && now_us - s->signed_us >= LEAST_US;
}

int64_t signer_due_us(const struct signer *s)
{
	if (!s->unsigned_us)
		return INT64_MAX;
	int64_t by_time = s->unsigned_us + s->period_us, by_count = s->signed_us + LEAST_US;
	return s->unsigned_records >= s->records && by_count < by_time ? by_count : by_time;
}

int signer_sign(struct signer *s, const unsigned char journal[JOURNAL_ID_SIZE], int64_t link,
                const unsigned char hash[SHA256_SIZE])
{
	struct aff_buf line;
	struct checkpoint *c = &s->last;
	*c = (struct checkpoint){.link = link, .at_us = clock_wall_us()};
	memcpy(c->journal, journal, sizeof c->journal);
	memcpy(c->hash, hash, sizeof c->hash);
	memcpy(c->key, sign_key_public(s->key), sizeof c->key);
	aff_buf_init(&line, LINE_BYTES);
	checkpoint_put_text(c, &line);
	int rc = line.error ? line.error : sign(s->key, aff_buf_view(&line), c->signature);
	aff_buf_free(&line);
	return rc;
}

static void append(struct signer *s, struct aff_buf *line)
{
	aff_buf_put_char(line, '\n');
	int rc = line->error ? line->error : file_write_all(s->file, line->p, line->n);
	if (rc && !s->file_failed)
		log_error("journal", "a checkpoint could not be written to the file outside: %s", aff_error_text(rc));
	else if (!rc && s->file_failed)
		log_info("journal", "checkpoints are written to the file outside again");
	s->file_failed = rc != 0;
}

static void export(struct signer *s)
{
	struct aff_buf line;
	aff_buf_init(&line, LINE_BYTES);
	checkpoint_put(&s->last, &line);
	if (s->export && !line.error)
		s->export(s->export_arg, "checkpoint", aff_buf_view(&line));
	if (s->file >= 0)
		append(s, &line);
	aff_buf_free(&line);
}

void signer_committed(struct signer *s, uint64_t records, bool with_checkpoint, int64_t now_us)
{
	if (with_checkpoint) {
		s->link = s->last.link;
		s->signed_us = now_us;
		s->unsigned_records = 0;
		s->unsigned_us = 0;
		export(s);
	} else if (records) {
		s->unsigned_records += records;
		if (!s->unsigned_us)
			s->unsigned_us = now_us;
	}
}
