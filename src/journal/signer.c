/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints leave for the file outside after their commit, so that what stands there is always true of the journal.
 * It is not synced: after a power cut it may lack the last lines, never hold wrong ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal/checkpoint.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"

#define LINE_BYTES   1024
#define LEAST_US     1000000 /* between two checkpoints */

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
	if (strlen(key_file) >= PATH_MAX)
		return aff_diag_set(diag, AFF_EARGUMENT, "the name of the key file is too long");
	s->key_file = strdup(key_file);
	int rc = s->key_file ? signer_read_key(s, diag) : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (!rc && export_file)
		rc = open_file(s, export_file, diag);
	return rc;
}

void signer_close(struct signer *s)
{
	sign_key_free(s->key);
	s->key = NULL;
	signer_drop_next(s);
	free(s->key_file);
	s->key_file = NULL;
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

static void append(struct signer *s, struct aff_view line)
{
	struct aff_buf out;
	aff_buf_init(&out, LINE_BYTES);
	aff_buf_put_view(&out, line);
	aff_buf_put_char(&out, '\n');
	int rc = out.error ? out.error : file_write_all(s->file, out.p, out.n);
	aff_buf_free(&out);
	if (rc && !s->file_failed)
		log_error("journal", "a checkpoint could not be written to the file outside: %s", aff_error_text(rc));
	else if (!rc && s->file_failed)
		log_info("journal", "checkpoints are written to the file outside again");
	s->file_failed = rc != 0;
}

void signer_export(struct signer *s, const char *what, struct aff_view line)
{
	if (s->export)
		s->export(s->export_arg, what, line);
	if (s->file >= 0)
		append(s, line);
}

static void export_last(struct signer *s)
{
	struct aff_buf line;
	aff_buf_init(&line, LINE_BYTES);
	checkpoint_put(&s->last, &line);
	if (!line.error)
		signer_export(s, "checkpoint", aff_buf_view(&line));
	aff_buf_free(&line);
}

void signer_committed(struct signer *s, uint64_t records, bool with_checkpoint, int64_t now_us)
{
	if (with_checkpoint) {
		s->link = s->last.link;
		s->signed_us = now_us;
		s->unsigned_records = 0;
		s->unsigned_us = 0;
		export_last(s);
	} else if (records) {
		s->unsigned_records += records;
		if (!s->unsigned_us)
			s->unsigned_us = now_us;
	}
}
