/* SPDX-License-Identifier: Apache-2.0
 *
 * MLLP framing. Between calls the buffer either is empty, holds the start of a frame at buf[0], or bytes not yet
 * looked at. The answers do not depend on how the bytes arrive: limits are checked against what a frame holds, never a
 * chunk.
 */
#include <afferent/mllp.h>

void aff_mllp_init(struct aff_mllp *f, size_t max_frame, size_t max_junk)
{
	memset(f, 0, sizeof *f);
	f->max_frame = max_frame;
	f->max_junk = max_junk;
}

/* Counts buf[0..n) as bytes outside frames. */
static int count_junk(struct aff_mllp *f, const char *buf, size_t n)
{
	for (; n && f->spare && (buf[0] == '\n' || buf[0] == '\r'); buf++, n--)
		f->spare--;
	if (n)
		f->spare = 0;
	f->junk_total += n;
	f->junk = n > SIZE_MAX - f->junk ? SIZE_MAX : f->junk + n;
	return f->junk > f->max_junk ? AFF_ELIMIT : 0;
}

/* A frame, or a broken one, is at its end. */
static int finish(struct aff_mllp *f, int result, struct aff_view content, struct aff_view *frame)
{
	f->scanned = 0;
	if (content.n > f->max_frame)
		return AFF_ELIMIT;
	*frame = content;
	if (result == 1)
		f->junk = 0;
	return result;
}

/* Looks on in the frame that begins at start[0]; size > 0. *used: bytes of it that are done with. */
static int next_in_frame(struct aff_mllp *f, const char *start, size_t size, struct aff_view *frame, size_t *used)
{
	size_t from = f->scanned ? f->scanned : 1;
	const char *p = start + from;
	const char *end = memchr(p, AFF_MLLP_END, size - from);
	const char *again = memchr(p, AFF_MLLP_START, end ? (size_t)(end - p) : size - from);
	const char *stop = again ? again : end ? end : start + size;
	struct aff_view content = {start + 1, (size_t)(stop - start) - 1};
	if (again) {
		*used = (size_t)(again - start);
		return finish(f, AFF_EFRAME, content, frame);
	}
	f->scanned = (size_t)(stop - start);
	bool at_end = end && end + 1 == start + size;
	if (!end || (at_end && !f->lenient_end))
		return content.n > f->max_frame ? AFF_ELIMIT : 0;
	bool complete = !at_end && end[1] == AFF_MLLP_CR;
	*used = (size_t)(end - start) + (complete ? 2 : 1);
	/* Where the CR may still be on its way it is not junk either, nor the LF behind it. */
	f->spare = complete ? 1 : f->lenient_end ? 2 : 0;
	return finish(f, complete || f->lenient_end ? 1 : AFF_EFRAME, content, frame);
}

int aff_mllp_next(struct aff_mllp *f, const char *buf, size_t n, struct aff_view *frame, size_t *consumed)
{
	*frame = aff_view("", 0);
	*consumed = 0;
	const char *start = n ? memchr(buf, AFF_MLLP_START, n) : NULL;
	size_t junk = start ? (size_t)(start - buf) : n, used = 0;
	int result = count_junk(f, buf, junk);
	if (!result && start)
		result = next_in_frame(f, start, n - junk, frame, &used);
	*consumed = junk + used;
	return result;
}

void aff_mllp_put(struct aff_buf *out, struct aff_view message)
{
	if (memchr(message.p, AFF_MLLP_START, message.n) || memchr(message.p, AFF_MLLP_END, message.n)) {
		out->error = out->error ? out->error : AFF_EFRAME;
		return;
	}
	aff_buf_put_char(out, AFF_MLLP_START);
	aff_buf_put_view(out, message);
	aff_buf_put_char(out, AFF_MLLP_END);
	aff_buf_put_char(out, AFF_MLLP_CR);
}
