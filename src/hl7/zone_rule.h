/* SPDX-License-Identifier: Apache-2.0
 *
 * How a zone goes on for ever: the text at the end of a TZif file, such as CET-1CEST,M3.5.0,M10.5.0/3.
 */
#ifndef HL7_ZONE_RULE_H
#define HL7_ZONE_RULE_H

#include <afferent/text.h>

/* "M3.5.0/2": the last Sunday in March at 2 o'clock by the clocks that count until then. */
struct zone_change {
	int month, week, day;
	int seconds;
};

struct zone_rule {
	bool known, changes;     /* changes: there is daylight saving */
	int standard, daylight;  /* seconds east of UTC */
	struct zone_change start, end;
};

/* false: it is none that this knows. An empty text: nothing is known. */
bool zone_rule_read(struct zone_rule *out, struct aff_view text);
/* Seconds east of UTC at an instant. */
int zone_rule_at(const struct zone_rule *r, int64_t utc);

#endif
