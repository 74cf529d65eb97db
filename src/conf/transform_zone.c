/* SPDX-License-Identifier: Apache-2.0
 *
 * The step `zone`: each field is a step of its own.
 */
#include "conf/transform.h"

static void read_field(struct step_reader *s, const struct node *n)
{
	if (n->kind != NODE_SCALAR)
		report_error(&s->r->report, n->at, "write OBX-14", "'fields' takes fields");
	else if (step_read_path(s->r, n, &s->step.path))
		step_add(s, n, NULL);
}

static bool names(const struct node *list, const char *segment, unsigned field)
{
	bool one = list->kind == NODE_SCALAR, found = false;
	for (const struct node *n = one ? list : list->first; n && !found; n = one ? NULL : n->next) {
		struct aff_path path;
		found = n->kind == NODE_SCALAR && !aff_path_parse(&path, n->text, NULL) && path.field == field &&
		        strcmp(path.segment, segment) == 0;
	}
	return found;
}

/* What states no zone is read in that of MSH-7: where only that is converted, readings get another time. */
static void check_alone(struct step_reader *s, const struct node *list)
{
	if (names(list, "MSH", 7) && !names(list, "OBX", 14))
		report_warning(&s->r->report, list->at, "add OBX-14, OBR-7 and the other times that state no zone",
		               "times without a zone are read in that of MSH-7, which becomes another one");
}

void read_zone(struct step_reader *s, const struct node *map)
{
	struct fields f;
	if (!fields_read(s->r, &f, SECTION_ZONE, map))
		return;
	const struct node *list = f.value[KEY_ZONE_fields], *assume = f.value[KEY_ZONE_assume];
	const struct node *to = f.value[KEY_ZONE_to];
	struct aff_zone *assumed = assume ? read_place(s->r, assume) : NULL, *wanted = to ? read_place(s->r, to) : NULL;
	bool good = (!assume || assumed) && (!to || wanted);
	if (!f.meant[KEY_ZONE_assume] && !f.meant[KEY_ZONE_to]) {
		report_error(&s->r->report, map->at, "add assume: Europe/Berlin for times without a zone, or to: Z",
		             "'zone' does not say which");
		good = false;
	}
	if (list && to)
		check_alone(s, list);
	s->step.kind = AFF_STEP_ZONE;
	s->step.assume = assumed;
	s->step.to = wanted;
	if (good && list && list->kind == NODE_SCALAR)
		read_field(s, list);
	else if (good && list && step_check_count(s->r, list, KEY_ZONE_fields))
		for (const struct node *n = list->first; n; n = n->next)
			read_field(s, n);
	aff_zone_free(assumed);
	aff_zone_free(wanted);
}
