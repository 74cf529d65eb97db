/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers by which devices say that there is no reading: what was seen in messages, and the ends of the ranges of
 * integers that firmware keeps its readings in. -1 and -100 are seen too, but are readings elsewhere: they are left to
 * those who know the code beside them.
 */
#include "terms/marker.h"

#include <afferent/number.h>

bool marker_is(struct aff_view number)
{
	static const char *const markers[] = {"-99.9",    "-999",       "-999.9",      "-9999",     "-32768",
	                                      "32767",    "65535",      "8388607",     "-8388608",  "8388608",
	                                      "16777215", "2147483647", "-2147483648", "4294967295"};
	struct aff_nm value, marker;
	if (number.n < 4 || aff_nm_parse(&value, number))
		return false;
	for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
		if (aff_nm_parse(&marker, aff_view_of(markers[i])) == 0 && aff_nm_compare(&value, &marker) == 0)
			return true;
	}
	return false;
}
