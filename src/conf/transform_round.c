/* SPDX-License-Identifier: Apache-2.0
 *
 * The step `round`.
 */
#include "conf/transform.h"

/* The multiple that leaves so many decimals. */
static struct aff_view multiple_of(uint64_t decimals)
{
	static const char *const multiples[] = {"1",      "0.1",     "0.01",     "0.001",     "0.0001",
	                                        "0.00001", "0.000001", "0.0000001", "0.00000001", "0.000000001"};
	return aff_view_of(multiples[decimals < sizeof multiples / sizeof multiples[0] ? decimals : 0]);
}

void read_round(struct step_reader *s, const struct node *map)
{
	struct fields f;
	if (!fields_read(s->r, &f, SECTION_ROUND, map))
		return;
	const struct node *decimals = f.value[KEY_ROUND_decimals], *to = f.value[KEY_ROUND_to];
	if (f.meant[KEY_ROUND_decimals] && f.meant[KEY_ROUND_to])
		report_error(&s->r->report, map->at, "leave one of them out", "'round' takes 'decimals' or 'to'");
	if (!f.meant[KEY_ROUND_decimals] && !f.meant[KEY_ROUND_to])
		report_error(&s->r->report, map->at, "write round: {decimals: 1} or round: {to: 0.5}",
		             "'round' does not say how far");
	s->step.kind = AFF_STEP_ROUND;
	s->step.range = get_word(s->r, &f, KEY_ROUND_range) == 1;
	s->step.value = to ? to->text : multiple_of(get_number(s->r, &f, KEY_ROUND_decimals));
	if (to || decimals)
		step_add(s, to ? to : decimals, NULL);
}
