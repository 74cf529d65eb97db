/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a message: parsing must end in a message or in an error, every part of it lies inside the bytes, an
 * untouched edit writes the same bytes, an answer can be built or is refused.
 */
#include <stdlib.h>

#include <afferent/ack.h>
#include <afferent/edit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct aff_view v, const char *bytes, size_t size)
{
	if (v.n && (v.p < bytes || v.p + v.n > bytes + size))
		abort();
}

static void walk(const struct aff_msg *m, const char *bytes, size_t size)
{
	for (unsigned s = 0; s < aff_msg_segments(m); s++) {
		inside(aff_msg_segment(m, s), bytes, size);
		for (unsigned f = 0; f <= aff_msg_fields(m, s) + 1; f++) {
			inside(aff_msg_field(m, s, f), bytes, size);
			unsigned repetitions = aff_msg_repetitions(m, s, f);
			for (unsigned r = 1; r <= repetitions && r <= 3; r++)
				for (unsigned c = 0; c < 4; c++)
					inside(aff_msg_get(m, s, f, r, c, c % 2), bytes, size);
		}
	}
}

static void rewrite(const struct aff_msg *m, const char *bytes, size_t size)
{
	struct aff_edit *e;
	struct aff_buf out;
	aff_buf_init(&out, 1 << 24);
	if (aff_edit_new(&e, 1 << 20) != 0 || aff_edit_begin(e, m) != 0)
		abort();
	aff_edit_write(e, &out);
	struct aff_view all = aff_msg_bytes(m);
	inside(all, bytes, size);
	if (out.error || !aff_view_equal(aff_buf_view(&out), all))
		abort();
	aff_buf_free(&out);
	aff_edit_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	const struct aff_ack ack = {.code = AFF_AA, .control_id = aff_view_of("1"), .time = aff_view_of("20260101")};
	struct aff_msg *m;
	struct aff_buf answer;
	aff_buf_init(&answer, 1 << 20);
	if (aff_msg_new(&m, NULL) != 0)
		abort();
	for (unsigned lenient = 0; lenient <= AFF_LENIENT_ALL; lenient += AFF_LENIENT_ALL) {
		int rc = aff_msg_parse(m, bytes, size, lenient, NULL);
		walk(m, bytes, size);
		if (rc == 0)
			rewrite(m, bytes, size);
		aff_buf_clear(&answer);
		(void)aff_ack_build(&answer, m, &ack);
	}
	aff_buf_free(&answer);
	aff_msg_free(m);
	return 0;
}
