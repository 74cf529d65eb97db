/* SPDX-License-Identifier: Apache-2.0
 *
 * A message with one part set is read to what was set, and all the rest of it is the same byte for byte. The input:
 * leniencies, segment, field, repetition, component, subcomponent, length of the text; the text; the message.
 */
#include <afferent/edit.h>

#include "fuzz.h"

/* Whether the text is one part at every level: no delimiter cuts it, and it cannot be taken for a blank last line. */
static int is_one_part(struct aff_view raw, const struct aff_delims *d)
{
	const char splits[] = {d->repetition, d->component, d->subcomponent};
	for (size_t i = 0; i < sizeof splits; i++)
		if (splits[i] && memchr(raw.p, splits[i], raw.n))
			return 0;
	return !raw.n || raw.p[raw.n - 1] != '\n';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *before, *after;
	static struct aff_edit *e;
	static struct aff_buf out;
	struct aff_view in = {(const char *)data, size};
	unsigned lenient = fuzz_take(&in), at = fuzz_take(&in), f = fuzz_take(&in), r = fuzz_take(&in),
		 c = fuzz_take(&in), s = fuzz_take(&in), n = fuzz_take(&in);
	struct aff_view raw = {in.p, n < in.n ? n : in.n};
	struct aff_msg *m = fuzz_message(&before), *m2 = fuzz_message(&after);
	must(e || !aff_edit_new(&e, 1 << 20));
	if (aff_msg_parse(m, in.p + raw.n, in.n - raw.n, lenient & AFF_LENIENT_ALL, NULL) || aff_edit_begin(e, m))
		return 0;
	at %= aff_msg_segments(m);
	struct aff_delims d = aff_msg_delims(m);
	if (aff_edit_set(e, at, f, r, c, s, raw) || !is_one_part(raw, &d) || (at == 0 && f > 40))
		return 0;
	aff_edit_write(e, fuzz_buffer(&out));
	must(!aff_msg_parse(m2, out.p, out.n, lenient & AFF_LENIENT_ALL, NULL));
	must(aff_msg_segments(m) == aff_msg_segments(m2) && aff_msg_terminator(m) == aff_msg_terminator(m2));
	must(aff_view_equal(aff_msg_get(m2, at, f, r, c, s), raw));
	must(aff_view_equal(aff_edit_get(e, at, f, r, c, s), raw));
	for (unsigned i = 0; i < aff_msg_segments(m); i++)
		must(i == at || aff_view_equal(aff_msg_segment(m, i), aff_msg_segment(m2, i)));
	for (unsigned i = 1; aff_msg_fields(m, at) && i <= aff_msg_fields(m2, at); i++)
		must(i == f || aff_view_equal(aff_msg_field(m, at, i), aff_msg_field(m2, at, i)));
	return 0;
}
