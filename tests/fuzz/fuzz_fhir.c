/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes that parse give well-formed JSON, or an error and nothing else; so they do as a collection with line
 * breaks.
 */
#include <afferent/fhir.h>

#include "fuzz.h"
#include "json_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	static struct aff_fhir *f;
	static struct aff_buf plain, pretty;
	struct aff_fhir_options options = {.bundle = AFF_FHIR_TRANSACTION};
	struct aff_buf *out = fuzz_buffer(&plain);
	must(f || !aff_fhir_new(&f));
	struct aff_msg *m = fuzz_message(&message);
	if (aff_msg_parse(m, (const char *)data, size, AFF_LENIENT_ALL, NULL))
		return 0;
	if (aff_fhir_render(f, out, m, &options, NULL, NULL)) {
		must(!out->n || out->error);
		return 0;
	}
	must(json_is_valid(out->p, out->n));
	options.pretty = 1;
	options.bundle = AFF_FHIR_COLLECTION;
	must(!aff_fhir_render(f, fuzz_buffer(&pretty), m, &options, NULL, NULL) || pretty.error);
	return 0;
}
