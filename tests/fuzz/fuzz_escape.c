/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text survives: escaped into a field, built into a message, parsed, cut out and resolved it is the same, but for
 * control characters, which stay escaped. The first byte chooses the delimiters. Any text can be resolved as if it had
 * been escaped.
 */
#include <afferent/build.h>
#include <afferent/escape.h>

#include "fuzz.h"

static const struct aff_delims delims[] = {
	{'|', '^', '~', '\\', '&', 0}, {'|', '^', '~', '\\', '&', '#'},
	{'$', '%', '*', '!', '@', '.'}, {'|', '^', 0, 0, 0, 0},
};

/* What the text must be in the end. */
static void put_expected(struct aff_buf *out, struct aff_view text, const struct aff_delims *d)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		int control = (unsigned char)c < ' ' && c != '\t';
		if (!d->escape && (control || c == d->field || c == d->component))
			aff_buf_put_char(out, ' ');
		else if (control && c != '\n' && c != '\r')
			aff_buf_printf(out, "%cX%02X%c", d->escape, (unsigned)c, d->escape);
		else
			aff_buf_put_char(out, c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	static struct aff_buf built, resolved, expected;
	struct aff_view in = {(const char *)data, size};
	const struct aff_delims *d = &delims[fuzz_take(&in) % 4];
	struct aff_build b;
	aff_build_begin(&b, fuzz_buffer(&built), d);
	aff_build_segment(&b, "ZZZ");
	aff_build_component(&b, in);
	aff_build_component(&b, aff_view_of("next"));
	aff_build_end(&b);
	must(!aff_msg_parse(fuzz_message(&message), built.p, built.n, 0, NULL) && aff_msg_segments(message) == 2);
	aff_unescape(fuzz_buffer(&resolved), aff_msg_get(message, 1, 1, 1, 1, 1), d);
	put_expected(fuzz_buffer(&expected), in, d);
	must(aff_view_equal(aff_buf_view(&resolved), aff_buf_view(&expected)));
	must(aff_view_is(aff_msg_get(message, 1, 1, 1, 2, 1), "next"));
	aff_unescape(fuzz_buffer(&resolved), in, d);
	return 0;
}
