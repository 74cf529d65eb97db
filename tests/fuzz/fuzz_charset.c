/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes in any character set: what is decoded and can be encoded again is read back the same from a message that
 * holds it; a message that nobody changes goes out byte for byte. The first byte chooses MSH-18 and MSH-20.
 */
#include <afferent/charset.h>

#include "fuzz.h"

static const char *const sets[] = {
	"|", "UTF-8|", "8859/1|", "8859/5|", "~ISO IR87~ISO IR159||ISO 2022-1994", "GB 18030|", "BIG-5|", "Shift-JIS|",
	"KS X 1001|", "CNS 11643-1992|", "8859/1~8859/7~KS X 1001||2.3", "8859/2~8859/5||ISO 2022-1994", "EUC-JP|",
};

static int read_text(struct aff_charset *c, struct aff_msg *m, struct aff_buf *b, const char *set, struct aff_view text)
{
	const struct aff_charset_options as_declared = {.as_declared = true};
	aff_buf_printf(fuzz_buffer(b), "MSH|^~\\&||||||||A1||2.6||||||%s\rZZZ|", set);
	aff_buf_put_view(b, text);
	return aff_charset_parse(c, m, b->p, b->n, AFF_LENIENT_ALL, &as_declared, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_charset *c;
	static struct aff_msg *message;
	static struct aff_edit *e;
	static struct aff_buf bytes, plain, raw, again;
	struct aff_view in = {(const char *)data, size};
	const char *set = sets[fuzz_take(&in) % (sizeof sets / sizeof *sets)];
	must(c || (!aff_charset_new(&c) && !aff_edit_new(&e, 64u << 20)));
	if (read_text(c, fuzz_message(&message), &bytes, set, in))
		return 0;
	struct aff_delims d = aff_msg_delims(message);
	must(!aff_edit_begin(e, message) && !aff_charset_write(c, e, fuzz_buffer(&again)));
	must(aff_view_equal(aff_buf_view(&again), aff_buf_view(&bytes)));
	aff_charset_decode(c, fuzz_buffer(&plain), aff_msg_field(message, 1, 1), &d);
	must(!read_text(c, message, &bytes, set, aff_view("", 0)));
	for (size_t i = 0; i < plain.n; i++) /* control characters stay escaped */
		plain.p[i] = (unsigned char)plain.p[i] < ' ' || plain.p[i] == 0x7f ? ' ' : plain.p[i];
	if (!aff_charset_encode(c, fuzz_buffer(&raw), aff_buf_view(&plain), &d)) {
		must(!read_text(c, message, &bytes, set, aff_buf_view(&raw)));
		aff_charset_decode(c, fuzz_buffer(&again), aff_msg_field(message, 1, 1), &d);
		must(aff_view_equal(aff_buf_view(&again), aff_buf_view(&plain)));
	}
	return 0;
}
