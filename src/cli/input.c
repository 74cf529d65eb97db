/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting a file into messages. The buffer holds what was read and not yet given out; its front is dropped before more
 * is read, and never while a frame with a batch is under way.
 */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"

#define CHUNK (256u << 10)

static bool is_end(char c)
{
	return c == '\r' || c == '\n';
}

int input_open(struct input *in, const char *file, struct aff_diag *diag)
{
	memset(in, 0, sizeof *in);
	bool standard = strcmp(file, "-") == 0;
	in->file = standard ? "standard input" : file;
	in->fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0) {
		int code = errno == ENOENT ? AFF_ENOTFOUND : AFF_EIO;
		return aff_diag_set(diag, code, "cannot open %s: %s", file, strerror(errno));
	}
	struct stat st;
	in->regular = fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode);
	in->size = in->regular ? (uint64_t)st.st_size : 0;
	in->chunk = CHUNK;
	aff_buf_init(&in->buf, INPUT_MESSAGE_MAX + CHUNK);
	aff_mllp_init(&in->mllp, INPUT_MESSAGE_MAX, INPUT_MESSAGE_MAX);
	in->mllp.lenient_end = true;
	aff_batch_init(&in->text, INPUT_MESSAGE_MAX);
	aff_batch_init(&in->framed, INPUT_MESSAGE_MAX);
	return 0;
}

void input_close(struct input *in)
{
	aff_buf_free(&in->buf);
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
}

static void drop_front(struct input *in)
{
	if (!in->from)
		return;
	memmove(in->buf.p, in->buf.p + in->from, in->buf.n - in->from);
	in->dropped += in->from;
	in->buf.n -= in->from;
	in->scanned = in->scanned > in->from ? in->scanned - in->from : 0;
	in->from = 0;
}

static int too_long(const struct input *in, struct aff_diag *diag)
{
	return aff_diag_set(diag, AFF_ELIMIT, "%s: message %" PRIu64 " is longer than %u MiB", in->file, in->number + 1,
	                    INPUT_MESSAGE_MAX >> 20);
}

static int read_more(struct input *in, struct aff_diag *diag)
{
	drop_front(in);
	char *to = aff_buf_reserve(&in->buf, in->chunk);
	if (!to)
		return in->buf.error == AFF_ELIMIT ? too_long(in, diag)
		                                   : aff_diag_set(diag, in->buf.error, "out of memory");
	ssize_t n;
	do
		n = read(in->fd, to, in->chunk);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return aff_diag_set(diag, AFF_EIO, "cannot read %s: %s", in->file, strerror(errno));
	in->buf.n += (size_t)n;
	in->ended = n == 0;
	return 0;
}

/* Whether a frame starts at i: at the start of a line, or anywhere before a header or a message, as where a capture has
 * a time in front of each. -1: not read yet. */
static int starts_frame(const struct input *in, size_t i)
{
	const char *p = in->buf.p;
	size_t left = in->buf.n - i;
	if (i == in->from || is_end(p[i - 1]))
		return 1;
	if (left < 8 && !in->ended)
		return -1;
	return aff_batch_kind_at(p + i + 1, left - 1) != AFF_BATCH_TEXT;
}

/* Where the text at from ends: at the next frame, or with what was read. *whole: nothing more belongs to it. */
static size_t text_end(struct input *in, bool *whole)
{
	size_t i = in->scanned > in->from ? in->scanned : in->from;
	for (;; i++) {
		const char *start = i < in->buf.n ? memchr(in->buf.p + i, AFF_MLLP_START, in->buf.n - i) : NULL;
		i = start ? (size_t)(start - in->buf.p) : in->buf.n;
		int found = start ? starts_frame(in, i) : 0;
		in->scanned = i;
		*whole = found == 1 || (!start && in->ended);
		if (!start || found)
			return i;
	}
}

static void give(struct input *in, struct input_message *m, struct aff_view bytes, size_t next)
{
	in->from = next;
	while (in->from < in->buf.n && is_end(in->buf.p[in->from]))
		in->from++;
	m->file = in->file;
	m->number = ++in->number;
	m->offset = in->dropped + (uint64_t)(bytes.p - in->buf.p);
	m->bytes = bytes;
	bool last = in->ended && in->from == in->buf.n;
	if (m->number == 1 && last)
		snprintf(in->where, sizeof in->where, "%s", in->file);
	else
		snprintf(in->where, sizeof in->where, "%s(message %" PRIu64 ")", in->file, m->number);
	m->where = in->where;
}

static void tell_odd(struct input *in, const struct aff_batch_part *part, unsigned issues)
{
	/* Several messages without an envelope are what most files hold. */
	issues &= ~(unsigned)AFF_BATCH_SEVERAL;
	for (unsigned bit = 1; bit <= issues; bit <<= 1) {
		struct aff_diag diag;
		if (!(issues & bit))
			continue;
		aff_batch_explain(part, (enum aff_batch_issue)bit, &diag);
		const char *where = part && part->kind == AFF_BATCH_MESSAGE ? in->where : in->file;
		if (in->odd)
			in->odd(in->odd_arg, where, &diag);
		else
			command_note("%s: %s; %s", where, diag.text, diag.hint);
	}
}

/* The next part of p[0..n) that is a message: 1 and *used bytes, 0 more is needed or there is none, or AFF_ELIMIT. */
static int next_part(struct input *in, struct aff_batch *b, const char *p, size_t n, bool whole,
                     struct input_message *m, size_t *used)
{
	struct aff_batch_part part;
	size_t consumed;
	int rc;
	for (*used = 0; (rc = aff_batch_next(b, p + *used, n - *used, whole, &part, &consumed)) == 1;) {
		*used += consumed;
		if (part.kind == AFF_BATCH_MESSAGE || part.kind == AFF_BATCH_TEXT) {
			give(in, m, part.text, (size_t)(p - in->buf.p) + *used);
			tell_odd(in, &part, part.issues);
			return 1;
		}
		in->batch_lines++;
		tell_odd(in, &part, part.issues);
	}
	if (rc == 0 && whole) {
		tell_odd(in, NULL, aff_batch_end(b));
		*used = n;
	}
	return rc;
}

/* Goes on in a frame that holds a batch. */
static int next_framed(struct input *in, struct input_message *m, struct aff_diag *diag)
{
	size_t used;
	int rc = next_part(in, &in->framed, in->buf.p + in->from, in->frame_end - in->from, true, m, &used);
	if (rc < 0)
		return too_long(in, diag);
	if (rc == 0) {
		in->from = in->behind_frame;
		in->frame_end = 0;
	}
	return rc;
}

/* A frame in which another one starts: what was lost of it is not known, so it is no message. The others are read. */
static void tell_broken(struct input *in)
{
	struct aff_diag diag;
	in->broken = true;
	aff_diag_set(&diag, AFF_EFRAME, "behind message %" PRIu64 " an MLLP frame has no end: it is left out",
	             in->number);
	aff_diag_hint(&diag, "look for what was lost between its 0x0B and the next one");
	if (in->odd)
		in->odd(in->odd_arg, in->file, &diag);
	else
		command_error("%s: %s; %s", in->file, diag.text, diag.hint);
}

/* A frame at from: 1 given, 0 more is needed, a batch begins or the frame is broken. */
static int next_frame(struct input *in, struct input_message *m, bool *more, struct aff_diag *diag)
{
	struct aff_view frame;
	size_t consumed = 0;
	int rc = aff_mllp_next(&in->mllp, in->buf.p + in->from, in->buf.n - in->from, &frame, &consumed);
	if (rc == 1 && aff_batch_is(frame.p, frame.n)) {
		in->behind_frame = in->from + consumed;
		in->from = (size_t)(frame.p - in->buf.p);
		in->frame_end = in->from + frame.n;
		return 0;
	}
	if (rc == 1) {
		give(in, m, frame, in->from + consumed);
		return 1;
	}
	in->from += consumed;
	*more = rc == 0;
	if (rc == AFF_EFRAME) {
		tell_broken(in);
		return 0;
	}
	if (rc == 0 && in->ended)
		rc = AFF_EFRAME;
	if (rc < 0) {
		in->from = in->buf.n;
		aff_diag_set(diag, rc, "%s: the MLLP frame of message %" PRIu64 " does not end", in->file,
		             in->number + 1);
	}
	return rc;
}

/* Text at from: 1 given, 0 more is needed or a frame follows. */
static int next_text(struct input *in, struct input_message *m, bool *more, struct aff_diag *diag)
{
	bool whole;
	size_t used, end = text_end(in, &whole);
	int rc = next_part(in, &in->text, in->buf.p + in->from, end - in->from, whole, m, &used);
	if (rc < 0)
		return too_long(in, diag);
	if (rc == 0) {
		in->from += used;
		*more = !whole;
	}
	return rc;
}

/* Of a small file the end should be known with its first message: a single one needs no number. */
static int read_start(struct input *in, struct aff_diag *diag)
{
	int rc = 0;
	while (!rc && in->regular && !in->number && !in->ended && in->buf.n < in->chunk)
		rc = read_more(in, diag);
	return rc;
}

int input_next(struct input *in, struct input_message *m, struct aff_diag *diag)
{
	int rc = read_start(in, diag);
	while (!rc) {
		bool more = false;
		if (in->frame_end) {
			rc = next_framed(in, m, diag);
		} else if (in->from == in->buf.n && in->ended) {
			tell_odd(in, NULL, aff_batch_end(&in->text));
			return 0;
		} else if (in->from < in->buf.n && in->buf.p[in->from] == AFF_MLLP_START) {
			rc = next_frame(in, m, &more, diag);
		} else {
			rc = next_text(in, m, &more, diag);
		}
		if (!rc && more)
			rc = read_more(in, diag);
	}
	return rc;
}
