/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever parses: a message that is de-identified parses again, has no segment beside those that may stay, no name,
 * address or telephone of the patient, and of its values of type TX nothing.
 */
#include <afferent/rules.h>

#include "fuzz.h"

/* Nothing, or null values. */
static bool is_empty(const struct aff_msg *m, unsigned segment, unsigned field)
{
	struct aff_view v = aff_msg_field(m, segment, field);
	while (v.n && (v.p[v.n - 1] == '"' || v.p[v.n - 1] == aff_msg_delims(m).repetition))
		v.n--;
	return !v.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char stays[] = "MSH EVN PID PV1 ORC OBR OBX SPM NTE";
	static struct aff_msg *before, *after;
	static struct aff_edit *e;
	static struct aff_rules *r;
	static struct aff_buf out;
	struct aff_step step = {.kind = AFF_STEP_DEIDENTIFY, .key = aff_view_of("0123456789abcdef"), .digits = 16};
	struct aff_rules_result result;
	struct aff_msg *m = fuzz_message(&before), *m2 = fuzz_message(&after);
	must(e || !aff_edit_new(&e, 1 << 20));
	must(r || (!aff_rules_new(&r) && !aff_rules_add(r, &step, NULL)));
	if (aff_msg_parse(m, (const char *)data, size, AFF_LENIENT_ALL, NULL) || aff_edit_begin(e, m))
		return 0;
	if (aff_rules_run(r, e, &result, NULL) || result.verdict != AFF_VERDICT_PASS)
		return 0;
	aff_edit_write(e, fuzz_buffer(&out));
	must(!aff_msg_parse(m2, out.p, out.n, AFF_LENIENT_ALL, NULL));
	for (unsigned i = 0; i < aff_msg_segments(m2); i++) {
		char id[4] = "";
		memcpy(id, aff_msg_segment(m2, i).p, aff_msg_segment(m2, i).n < 3 ? aff_msg_segment(m2, i).n : 3);
		must(strlen(id) == 3 && strstr(stays, id));
		if (!strcmp(id, "PID"))
			must(is_empty(m2, i, 5) && is_empty(m2, i, 11) && is_empty(m2, i, 13));
		if (!strcmp(id, "OBX") && aff_view_is(aff_msg_field(m2, i, 2), "TX"))
			must(is_empty(m2, i, 5));
	}
	return 0;
}
