/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting files into messages. The buffer holds what was read and not yet given out; its front is dropped before more
 * is read.
 */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/term.h"

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

static int read_more(struct input *in, struct aff_diag *diag)
{
	drop_front(in);
	char *to = aff_buf_reserve(&in->buf, in->chunk);
	if (!to)
		return aff_diag_set(diag, in->buf.error, "%s: message %" PRIu64 " is longer than %u MiB", in->file,
		                    in->number + 1, INPUT_MESSAGE_MAX >> 20);
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

/* Whether the bytes at p are this segment id with a delimiter behind it. */
static bool starts_with(const char *p, size_t n, const char *id)
{
	if (n < 4 || memcmp(p, id, 3) != 0)
		return false;
	char c = p[3];
	return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
}

static bool is_batch(const char *p, size_t n)
{
	static const char *const ids[] = {"FHS", "BHS", "BTS", "FTS"};
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		if (starts_with(p, n, ids[i]) || (n == 3 && memcmp(p, ids[i], 3) == 0))
			return true;
	return false;
}

/* The end of what starts at from: where a line starts with MSH, a batch segment or a frame. False: not read yet. */
static bool find_end(struct input *in, size_t *end)
{
	const char *p = in->buf.p;
	size_t i = in->scanned > in->from ? in->scanned : in->from + 1;
	for (; i < in->buf.n; i++) {
		if (!is_end(p[i - 1]) || is_end(p[i]))
			continue;
		if (in->buf.n - i < 4 && !in->ended)
			break;
		size_t left = in->buf.n - i;
		if (p[i] == AFF_MLLP_START || starts_with(p + i, left, "MSH") || is_batch(p + i, left)) {
			*end = i;
			return true;
		}
	}
	in->scanned = i;
	*end = in->buf.n;
	return in->ended;
}

static void skip_blank(struct input *in)
{
	while (in->from < in->buf.n && is_end(in->buf.p[in->from]))
		in->from++;
}

/* Without empty lines behind the message: one terminator of its own kind stays. */
static struct aff_view trim_end(const char *p, size_t n)
{
	size_t first = 0, end = n;
	while (first < n && !is_end(p[first]))
		first++;
	bool crlf = first + 1 < n && p[first] == '\r' && p[first + 1] == '\n';
	while (end > 0 && is_end(p[end - 1]))
		end--;
	if (end < n)
		end += crlf && end + 1 < n ? 2 : 1;
	return aff_view(p, end);
}

static void give(struct input *in, struct input_message *m, struct aff_view bytes, size_t next)
{
	in->from = next;
	skip_blank(in);
	m->file = in->file;
	m->number = ++in->number;
	m->bytes = bytes;
	bool last = in->ended && in->from == in->buf.n;
	if (m->number == 1 && last)
		snprintf(in->where, sizeof in->where, "%s", in->file);
	else
		snprintf(in->where, sizeof in->where, "%s(message %" PRIu64 ")", in->file, m->number);
	m->where = in->where;
}

/* A frame at from: 1 given, 0 more is needed. */
static int next_frame(struct input *in, struct input_message *m, struct aff_diag *diag)
{
	struct aff_view frame;
	size_t consumed = 0;
	int rc = aff_mllp_next(&in->mllp, in->buf.p + in->from, in->buf.n - in->from, &frame, &consumed);
	if (rc == 1) {
		give(in, m, frame, in->from + consumed);
		return 1;
	}
	in->from += consumed;
	if (rc == 0 && in->ended)
		rc = AFF_EFRAME;
	if (rc < 0) {
		in->from = in->buf.n;
		aff_diag_set(diag, rc, "%s: the MLLP frame of message %" PRIu64 " is broken or does not end", in->file,
		             in->number + 1);
	}
	return rc;
}

/* Text at from: 1 given, 0 more is needed or a batch segment was skipped. */
static int next_text(struct input *in, struct input_message *m, bool *more)
{
	size_t end;
	if (!find_end(in, &end)) {
		*more = true;
		return 0;
	}
	const char *p = in->buf.p + in->from;
	size_t n = end - in->from;
	if (!is_batch(p, n)) {
		give(in, m, trim_end(p, n), end);
		return 1;
	}
	size_t line = 0;
	while (line < n && !is_end(p[line]))
		line++;
	in->batch_lines++;
	in->from += line;
	return 0;
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
		skip_blank(in);
		if (in->from == in->buf.n) {
			if (in->ended)
				return 0;
			more = true;
		} else if (in->buf.p[in->from] == AFF_MLLP_START) {
			rc = next_frame(in, m, diag);
			more = rc == 0;
		} else {
			rc = next_text(in, m, &more);
		}
		if (!rc && more)
			rc = read_more(in, diag);
	}
	return rc;
}

/* One file; *stop is what fn stopped with. Returns 0 or COMMAND_FAILED. */
static int each_message(struct input *in, input_fn *fn, void *arg, int *stop)
{
	int rc = 0;
	struct input_message m;
	struct aff_diag diag;
	struct progress progress;
	bool visible = !term_is_terminal(stdout); /* else the results tell how far it is */
	progress_start(&progress, "messages", in->size);
	while (!*stop && (rc = input_next(in, &m, &diag)) > 0) {
		*stop = fn(arg, &m);
		if (visible)
			progress_update_at(&progress, in->number, in->dropped + in->from);
	}
	progress_end(&progress);
	if (rc < 0)
		return command_error_diag(&diag);
	return !*stop && !in->number ? command_error("%s holds no message", in->file) : 0;
}

int input_each(char **files, int nfiles, input_fn *fn, void *arg)
{
	int result = 0, stop = 0;
	for (int i = 0; i < nfiles && !stop; i++) {
		struct input in;
		struct aff_diag diag;
		if (input_open(&in, files[i], &diag)) {
			result = command_error_diag(&diag);
			continue;
		}
		if (each_message(&in, fn, arg, &stop))
			result = COMMAND_FAILED;
		if (in.batch_lines)
			command_note("%s: %" PRIu64 " batch segments (FHS, BHS, BTS, FTS) skipped", in.file,
			             in.batch_lines);
		input_close(&in);
	}
	return stop ? stop : result;
}
