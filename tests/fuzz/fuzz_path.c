/* SPDX-License-Identifier: Apache-2.0
 *
 * A path that can be read is written in a spelling that is read to the same path, and names the same part.
 */
#include <afferent/path.h>

#include "fuzz.h"

static const char text[] = "MSH|^~\\&|A^B&C~D|||20250115||ORU^R01|1|P|2.6\rPID|||1^^^H&1.2&ISO~2^^^I\rOBR|1\r"
			   "OBX|1|NM|3^HR^MDC|1.1.1.1|82\rOBX|2|NA|4^W^MDC|1.1.1.2|1^2^3~4^5^6\r";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	struct aff_path path, again;
	struct aff_diag diag = {0};
	char first[AFF_PATH_TEXT], second[AFF_PATH_TEXT];
	if (aff_path_parse(&path, aff_view((const char *)data, size), &diag)) {
		must(diag.code && diag.column >= 1 && diag.column <= size + 1);
		return 0;
	}
	aff_path_format(&path, first, sizeof first);
	must(!aff_path_parse(&again, aff_view_of(first), NULL));
	must(strcmp(first, aff_path_format(&again, second, sizeof second)) == 0);
	must(strcmp(path.segment, again.segment) == 0 && path.occurrence == again.occurrence);
	must(path.field == again.field && path.repetition == again.repetition);
	must(path.group_count == again.group_count);
	must(!memcmp(path.groups, again.groups, path.group_count * sizeof path.groups[0]));
	must(path.component == again.component && path.subcomponent == again.subcomponent);
	struct aff_msg *m = fuzz_message(&message);
	must(!aff_msg_parse(m, text, sizeof text - 1, 0, NULL));
	struct aff_view value = aff_path_get(m, &path);
	must(aff_view_equal(value, aff_path_get(m, &again)));
	must(!value.n || (value.p >= text && value.p + value.n <= text + sizeof text));
	return 0;
}
