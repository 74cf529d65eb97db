/* SPDX-License-Identifier: Apache-2.0
 *
 * The states that devices put into OBX-8.
 */
#include "terms/flag.h"

#include <strings.h>

enum flag flag_of(struct aff_view text)
{
	static const struct {
		const char *text;
		enum flag flag;
	} flags[] = {
		{"INV", FLAG_NO_VALUE},  {"QUES", FLAG_STATE},   {"NAV", FLAG_NO_VALUE}, {"CAL", FLAG_CALIBRATION},
		{"TEST", FLAG_TEST},     {"DEMO", FLAG_TEST},    {"VAL", FLAG_STATE},    {"EARLY", FLAG_STATE},
		{"BUSY", FLAG_STATE}, {"ALACT", FLAG_STATE},  {"ALINH", FLAG_STATE},  {"NI", FLAG_NO_VALUE},
		{"OFF", FLAG_NO_VALUE},  {"NA", FLAG_NO_VALUE},  {"MSK", FLAG_NO_VALUE}, {"OTH", FLAG_NO_VALUE},
		{"NAN", FLAG_NO_VALUE},  {"PINF", FLAG_NO_VALUE}, {"NINF", FLAG_NO_VALUE},
	};
	for (size_t i = 0; text.n > 1 && i < sizeof flags / sizeof flags[0]; i++)
		if (strlen(flags[i].text) == text.n && strncasecmp(text.p, flags[i].text, text.n) == 0)
			return flags[i].flag;
	return FLAG_OTHER;
}
