/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a conformance profile in XML: it loads, or there is an error that has a place in the file. What loads is
 * checked against; every finding stands in the message.
 */
#include <afferent/validate.h>

#include "fuzz.h"

static const char text[] = "MSH|^~\\&|M||||20250115||ORU^R01|1|P|2.6\rSFT|1\rPID|1||4711^^^HOSP~2\rPV1||I\rORC|RE\r"
                           "OBR|1\rNTE|1\rOBX|1|NM|1^A^MDC|1.1|5|\rOBX|2||\"\"|&a\\T\\\rNTE|1\rZZZ|1\rPID|2\rDSC|1\r";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	struct aff_diag_list found = {.cap = 50}, wrong = {.cap = 50};
	struct aff_profile *p;
	struct aff_msg *m = fuzz_message(&message);
	int rc = aff_profile_read_xml(&p, "p.xml", aff_view((const char *)data, size), &wrong);
	must(!rc == !!p && !rc == !wrong.errors);
	for (size_t i = 0; i < wrong.count; i++)
		must(wrong.items[i].line && wrong.items[i].column);
	if (p) {
		const struct aff_profile *const profiles[] = {p};
		must(!aff_msg_parse(m, text, sizeof text - 1, AFF_LENIENT_ALL, NULL));
		must(aff_validate(m, &(struct aff_checks){.profiles = profiles, .nprofiles = 1}, &found, NULL) >= 0);
		for (size_t i = 0; i < found.count; i++)
			must(aff_msg_nth(m, found.items[i].at.segment, found.items[i].at.occurrence) != AFF_NONE);
	}
	aff_profile_free(p);
	aff_diag_list_free(&found);
	aff_diag_list_free(&wrong);
	return 0;
}
