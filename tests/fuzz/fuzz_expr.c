/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions: the text up to a NUL is compiled, what follows is the message it is tested on (else a fixed one). A
 * condition that compiles must compile again from its own text and give the same answer.
 */
#include <afferent/expr.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fixed[] = "MSH|^~\\&|MON||||20250115||ORU^R01|A1|P|2.6\rPV1||I|ICU^9^B4\r"
			    "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|82|bpm\\T\\|60-100|N~H|||R\r";

static struct aff_msg *message;
static struct aff_edit *edit;

static void begin(struct aff_view text)
{
	if (!message && (aff_msg_new(&message, NULL) || aff_edit_new(&edit, 1 << 20)))
		abort();
	if (!text.n || aff_msg_parse(message, text.p, text.n, AFF_LENIENT_ALL, NULL))
		aff_msg_parse(message, fixed, sizeof fixed - 1, 0, NULL);
	if (aff_edit_begin(edit, message))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	const char *end = size ? memchr(text, '\0', size) : NULL;
	size_t n = end ? (size_t)(end - text) : size;
	struct aff_view rest = end ? aff_view(end + 1, size - n - 1) : aff_view("", 0);
	struct aff_expr *x = NULL, *again = NULL;
	struct aff_diag diag = {0};
	if (aff_expr_compile(&x, aff_view(text, n), &diag)) {
		if (diag.column > n + 1)
			abort();
		return 0;
	}
	if (aff_expr_compile(&again, aff_expr_text(x), NULL))
		abort();
	begin(rest);
	for (unsigned i = 0; i < aff_edit_segments(edit) && i < 4; i++) {
		if (aff_expr_test(x, edit, i) != aff_expr_test(again, edit, i))
			abort();
	}
	aff_expr_test(x, edit, AFF_NONE);
	aff_expr_free(x);
	aff_expr_free(again);
	return 0;
}
