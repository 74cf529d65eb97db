/* SPDX-License-Identifier: Apache-2.0
 *
 * The step `order`.
 */
#include "conf/transform.h"

enum { IDS_MAX = 100 };

void read_order(struct step_reader *s, const struct node *n)
{
	char ids[IDS_MAX][4];
	bool good = true;
	s->step.kind = AFF_STEP_ORDER;
	if (n->kind == NODE_SCALAR) {
		step_add(s, n, NULL);
		return;
	}
	if (!n->count || n->count > IDS_MAX) {
		report_error(&s->r->report, n->at, NULL, "'order' takes 1 to %d segment ids", IDS_MAX);
		return;
	}
	size_t count = 0;
	for (const struct node *item = n->first; item; item = item->next, count++) {
		if (item->kind == NODE_SCALAR)
			step_read_segment(s->r, item, ids[count]);
		else
			report_error(&s->r->report, item->at, "write [PID, PD1, PV1, PV2]",
			             "'order' takes segment ids");
		good = good && item->kind == NODE_SCALAR && ids[count][0];
	}
	if (!good)
		return;
	s->step.order = (const char (*)[4])ids;
	s->step.order_count = count;
	step_add(s, n, NULL);
	s->step.order = NULL;
	s->step.order_count = 0;
}
