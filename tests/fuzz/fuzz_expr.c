/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions: the text up to a NUL is compiled, what follows is the message it is tested on (else a fixed one). A
 * condition that compiles compiles again from its own text and gives the same answer.
 */
#include <afferent/expr.h>

#include "fuzz.h"

static const char fixed[] = "MSH|^~\\&|MON||||20250115||ORU^R01|A1|P|2.6\rPV1||I|ICU^9^B4\r"
			    "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|82|bpm\\T\\|60-100|N~H|||R\r";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	static struct aff_edit *edit;
	const char *text = (const char *)data, *end = size ? memchr(text, '\0', size) : NULL;
	size_t n = end ? (size_t)(end - text) : size;
	struct aff_view rest = end ? aff_view(end + 1, size - n - 1) : aff_view("", 0);
	struct aff_expr *x = NULL, *again = NULL;
	struct aff_diag diag = {0};
	struct aff_msg *m = fuzz_message(&message);
	if (aff_expr_compile(&x, aff_view(size ? text : "", n), &diag)) {
		must(diag.code && diag.column <= n + 1);
		return 0;
	}
	must(!aff_expr_compile(&again, aff_expr_text(x), NULL));
	if (!rest.n || aff_msg_parse(m, rest.p, rest.n, AFF_LENIENT_ALL, NULL))
		must(!aff_msg_parse(m, fixed, sizeof fixed - 1, 0, NULL));
	must((edit || !aff_edit_new(&edit, 1 << 20)) && !aff_edit_begin(edit, m));
	for (unsigned i = 0; i < aff_edit_segments(edit) && i < 4; i++)
		must(aff_expr_test(x, edit, i) == aff_expr_test(again, edit, i));
	aff_expr_test(x, edit, AFF_NONE);
	aff_expr_free(x);
	aff_expr_free(again);
	return 0;
}
