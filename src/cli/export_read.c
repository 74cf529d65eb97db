/* SPDX-License-Identifier: Apache-2.0
 *
 * See export_read.h.
 */
#include "cli/export_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/base64.h"
#include "cli/export_write.h"

#define CHUNK (1u << 20)
#define NAME_MOST 127  /* bytes of a channel's name */
#define TEXT_MOST 4096 /* bytes of any other text that a message is found by */

static int damaged(const struct export_reader *r, struct aff_diag *diag, const char *what)
{
	aff_diag_set(diag, AFF_ECORRUPT, "%s, line %" PRIu64 ": %s", r->file, r->line, what);
	aff_diag_hint(diag, "the file is not as it was exported; export it again");
	return AFF_ECORRUPT;
}

/* ---- lines ---- */

static int fill(struct export_reader *r, struct aff_diag *diag)
{
	if (r->from) {
		memmove(r->buf.p, r->buf.p + r->from, r->buf.n - r->from);
		r->buf.n -= r->from;
		r->from = 0;
	}
	if (!aff_buf_reserve(&r->buf, CHUNK)) {
		if (r->buf.error == AFF_ELIMIT)
			return damaged(r, diag, "the line is too long");
		return aff_diag_set(diag, r->buf.error, "%s: %s", r->file, aff_error_text(r->buf.error));
	}
	ssize_t n;
	do
		n = read(r->fd, r->buf.p + r->buf.n, CHUNK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return aff_diag_set(diag, AFF_EIO, "cannot read %s: %s", r->file, strerror(errno));
	r->buf.n += (size_t)n;
	r->position += (uint64_t)n;
	r->ended = n == 0;
	return 0;
}

/* 1 with a whole line and its end, 0: there is none, < 0. */
static int next_line(struct export_reader *r, struct aff_view *line, struct aff_diag *diag)
{
	size_t seen = r->from;
	r->line++;
	for (;;) {
		const char *end = r->buf.n > seen ? memchr(r->buf.p + seen, '\n', r->buf.n - seen) : NULL;
		if (end) {
			*line = aff_view(r->buf.p + r->from, (size_t)(end - r->buf.p) + 1 - r->from);
			r->from += line->n;
			return 1;
		}
		if (r->ended)
			return r->from == r->buf.n ? 0 : damaged(r, diag, "the line has no end");
		seen = r->buf.n - r->from;
		int rc = fill(r, diag);
		if (rc)
			return rc;
	}
}

/* 1: r->object is the next line's. */
static int next_object(struct export_reader *r, struct aff_view *line, struct aff_diag *diag)
{
	json_error_t error;
	json_decref(r->object);
	r->object = NULL;
	int rc = next_line(r, line, diag);
	if (rc <= 0)
		return rc;
	r->object = json_loadb(line->p, line->n, JSON_REJECT_DUPLICATES, &error);
	return json_is_object(r->object) ? 1 : damaged(r, diag, "it is no JSON object");
}

/* ---- what is in them ---- */

static bool get_text(const struct export_reader *r, const char *name, size_t most, struct aff_view *out)
{
	const json_t *value = json_object_get(r->object, name);
	*out = aff_view(json_is_string(value) ? json_string_value(value) : "", json_string_length(value));
	return json_is_string(value) && out->n <= most;
}

static bool get_sha(const struct export_reader *r, unsigned char sha[SHA256_SIZE])
{
	struct aff_view hex;
	return get_text(r, "sha256", 2 * SHA256_SIZE, &hex) && hex.n == 2 * SHA256_SIZE &&
	       hex_get(hex, sha, SHA256_SIZE);
}

static int64_t get_number(const struct export_reader *r, const char *name)
{
	const json_t *value = json_object_get(r->object, name);
	return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

static int get_raw(struct export_reader *r, struct export_message *m, struct aff_diag *diag)
{
	unsigned char sha[SHA256_SIZE];
	struct aff_view text;
	size_t n = 0;
	aff_buf_clear(&r->raw);
	m->has_raw = json_object_get(r->object, "raw") != NULL;
	m->raw = aff_view("", 0);
	if (!m->has_raw)
		return json_object_get(r->object, "body_removed") ? 0 : damaged(r, diag, "the message is not in it");
	if (!get_text(r, "raw", EXPORT_LINE_MAX, &text) || text.n / 4 * 3 > EXPORT_MESSAGE_MAX)
		return damaged(r, diag, "the message is no text, or too long");
	if (!aff_buf_reserve(&r->raw, text.n / 4 * 3 + 1))
		return aff_diag_set(diag, r->raw.error, "out of memory");
	if (!base64_get(text, (unsigned char *)r->raw.p, text.n / 4 * 3, &n))
		return damaged(r, diag, "the message is not base64");
	m->raw = aff_view(r->raw.p, n);
	if (!get_sha(r, m->sha))
		return damaged(r, diag, "it has no SHA-256");
	sha256(sha, m->raw);
	if (memcmp(sha, m->sha, sizeof sha) != 0)
		return damaged(r, diag, "the message does not have this SHA-256: it was changed");
	return get_number(r, "length") == (int64_t)n ? 0 : damaged(r, diag, "the message does not have this length");
}

static int get_message(struct export_reader *r, struct export_message *m, struct aff_diag *diag)
{
	m->received_us = get_number(r, "received_us");
	if (m->received_us < 0 || m->received_us == INT64_MAX)
		return damaged(r, diag, "it has no receive time");
	if (!get_text(r, "channel", NAME_MOST, &m->channel) || !m->channel.n ||
	    !get_text(r, "peer", TEXT_MOST, &m->peer) || !get_text(r, "type", TEXT_MOST, &m->type) ||
	    !get_text(r, "control_id", TEXT_MOST, &m->control_id) || !get_text(r, "patient", TEXT_MOST, &m->patient) ||
	    !get_text(r, "device", TEXT_MOST, &m->device))
		return damaged(r, diag, "channel, peer, type or an id is missing or too long");
	return get_raw(r, m, diag);
}

/* The last line; nothing is behind it. */
static int check_end(struct export_reader *r, struct aff_diag *diag)
{
	unsigned char sha[SHA256_SIZE];
	struct aff_view line;
	hasher_end(r->hash, r->sha);
	hasher_begin(r->hash);
	if (get_number(r, "messages") != (int64_t)r->messages)
		return damaged(r, diag, "it tells of another number of messages than there are");
	if (!get_sha(r, sha) || memcmp(sha, r->sha, sizeof sha) != 0)
		return damaged(r, diag, "the lines before it do not have this SHA-256: they were changed");
	int rc = next_line(r, &line, diag);
	return rc > 0 ? damaged(r, diag, "something follows the last line") : rc;
}

int export_reader_open(struct export_reader *r, const char *file, struct aff_diag *diag)
{
	struct aff_view line, at;
	struct stat st;
	*r = (struct export_reader){.file = file, .fd = open(file, O_RDONLY | O_CLOEXEC), .hash = hasher_new()};
	aff_buf_init(&r->buf, EXPORT_LINE_MAX + 2 * CHUNK);
	aff_buf_init(&r->raw, EXPORT_MESSAGE_MAX + 16);
	if (r->fd < 0)
		return aff_diag_set(diag, errno == ENOENT ? AFF_ENOTFOUND : AFF_EIO, "cannot open %s: %s", file,
				    strerror(errno));
	if (!r->hash)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (fstat(r->fd, &st) || !S_ISREG(st.st_mode)) /* it is read twice */
		return aff_diag_set(diag, AFF_EARGUMENT, "%s is no file", file);
	r->size = (uint64_t)st.st_size;
	hasher_begin(r->hash);
	int rc = next_object(r, &line, diag);
	if (rc < 0 && rc != AFF_ECORRUPT)
		return rc;
	if (rc <= 0 || get_number(r, "afferent_export") < 1)
		return aff_diag_set(diag, AFF_ESYNTAX, "%s was not written by 'afferent journal export'", file);
	if (get_number(r, "afferent_export") != EXPORT_VERSION)
		return aff_diag_set(diag, AFF_ESYNTAX, "%s is of a newer version of afferent", file);
	if (!get_text(r, "exported_at", sizeof r->exported_at - 1, &at))
		return damaged(r, diag, "it does not tell when it was exported");
	snprintf(r->exported_at, sizeof r->exported_at, "%s", at.p);
	hasher_add(r->hash, line.p, line.n);
	return 0;
}

int export_reader_next(struct export_reader *r, struct export_message *m, struct aff_diag *diag)
{
	struct aff_view line;
	int rc = next_object(r, &line, diag);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return damaged(r, diag, "the file was cut: its last line is missing");
	if (json_object_get(r->object, "end"))
		return check_end(r, diag);
	hasher_add(r->hash, line.p, line.n);
	rc = get_message(r, m, diag);
	r->messages += !rc;
	return rc ? rc : 1;
}

void export_reader_close(struct export_reader *r)
{
	json_decref(r->object);
	hasher_free(r->hash);
	aff_buf_free(&r->buf);
	aff_buf_free(&r->raw);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}
