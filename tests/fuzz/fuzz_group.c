/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups nest, each segment lies in its own group, and the segments that fit a path are those that it names one by one.
 * The first byte chooses the leniencies.
 */
#include <afferent/path.h>

#include "fuzz.h"

static void check_orders(const struct aff_msg *m)
{
	struct aff_path every = {.segment = "OBX"};
	every.group_count = 1;
	every.groups[0].group = aff_schema_group(aff_view_of("ORDER_OBSERVATION"));
	unsigned found = 0;
	for (unsigned s = 0; (s = aff_path_next(m, &every, s)) != AFF_NONE; s++, found++)
		must(aff_path_segment(m, &every, s) == s);
	for (struct aff_path one = every; found && one.groups[0].occurrence < aff_msg_segments(m);) {
		one.groups[0].occurrence++;
		for (one.occurrence = 1; aff_path_segment(m, &one, AFF_NONE) != AFF_NONE; one.occurrence++)
			found--;
	}
	must(!found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *message;
	const struct aff_groups *g;
	struct aff_view in = {(const char *)data, size < 4096 ? size : 4096};
	unsigned lenient = fuzz_take(&in) & AFF_LENIENT_ALL;
	struct aff_msg *m = fuzz_message(&message);
	aff_msg_parse(m, in.p, in.n, lenient, NULL);
	must(!aff_msg_groups(m, &g) && aff_groups_count(g));
	for (unsigned i = 1; i < aff_groups_count(g); i++) {
		const struct aff_group *own = aff_groups_at(g, i), *parent = aff_groups_at(g, own->parent);
		must(own->parent < i && own->first <= own->last && own->last < aff_msg_segments(m));
		must(parent->first <= own->first && own->last <= parent->last && own->occurrence);
	}
	for (unsigned s = 0; s < aff_msg_segments(m); s++) {
		const struct aff_group *own = aff_groups_at(g, aff_groups_of(g, s));
		must(own->first <= s && s <= own->last);
	}
	check_orders(m);
	return 0;
}
