/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a message by path.
 */
#include "rules/place.h"

#include <afferent/parts.h>

static bool means_current(const struct aff_path *path, const char *for_each, unsigned for_field)
{
	return for_field && path->field == for_field && !path->repetition && !path->occurrence && !path->group_count &&
	       strcmp(path->segment, for_each) == 0;
}

enum level place_level(const struct aff_path *path, const char *for_each, unsigned for_field)
{
	if (!path->field)
		return LEVEL_SEGMENT;
	if (path->component)
		return path->subcomponent ? LEVEL_SUBCOMPONENT : LEVEL_COMPONENT;
	return path->repetition || means_current(path, for_each, for_field) ? LEVEL_REPETITION : LEVEL_FIELD;
}

const struct aff_path *place_path(const struct run *run, const struct aff_path *path, unsigned segment,
                                  struct aff_path *own)
{
	if (!run->repetition || !means_current(path, run->step->for_each, run->step->for_field) ||
	    !aff_edit_is(run->e, segment, path->segment))
		return path;
	*own = *path;
	own->repetition = run->repetition;
	return own;
}

int place_find(struct run *run, const struct aff_path *path, unsigned segment, struct place *out)
{
	struct aff_path own;
	const struct aff_groups *groups;
	if (path->group_count && aff_edit_groups(run->e, &groups))
		return AFF_ENOMEM;
	path = place_path(run, path, segment, &own);
	*out = (struct place){.segment = aff_edit_path_segment(run->e, path, segment),
	                      .level = place_level(path, "", 0),
	                      .field = path->field, .repetition = path->repetition,
	                      .component = path->component, .subcomponent = path->subcomponent};
	return 0;
}

struct aff_view place_read(const struct run *run, const struct place *at)
{
	if (at->segment == AFF_NONE)
		return aff_view("", 0);
	if (at->level == LEVEL_FIELD)
		return aff_edit_field(run->e, at->segment, at->field);
	return aff_edit_get(run->e, at->segment, at->field, at->repetition, at->component, at->subcomponent);
}

int place_write(struct run *run, const struct place *at, struct aff_view raw)
{
	if (at->segment == AFF_NONE)
		return STEP_DONE;
	int rc = aff_edit_set(run->e, at->segment, at->field, at->repetition, at->component, at->subcomponent, raw);
	if (rc == AFF_EDELIMITER)
		return run_reject(run, rc, at->segment, at->field,
		                  "what is written here needs a delimiter that the message does not have");
	return rc;
}

/* The field without one of its repetitions in run->text. */
static void put_others(struct run *run, struct aff_view field, unsigned without)
{
	struct aff_parts repetitions = aff_parts(field, run->delims.repetition);
	struct aff_view text;
	bool first = true;
	aff_buf_clear(&run->text);
	for (unsigned n = 1; aff_parts_next(&repetitions, &text); n++) {
		if (n == without)
			continue;
		if (!first)
			aff_buf_put_char(&run->text, run->delims.repetition);
		aff_buf_put_view(&run->text, text);
		first = false;
	}
}

int place_clear(struct run *run, const struct place *at)
{
	struct place field = {at->segment, LEVEL_FIELD, at->field, 0, 0, 0};
	/* What is current moves up when one before it goes, too. */
	bool current = run->repetition && at->level == LEVEL_REPETITION && at->repetition <= run->repetition &&
	               at->field == run->step->for_field && at->segment == run->repeated;
	if (at->level != LEVEL_REPETITION)
		return place_write(run, at, aff_view("", 0));
	put_others(run, place_read(run, &field), at->repetition);
	if (run->text.error)
		return run->text.error;
	int rc = place_write(run, &field, aff_buf_view(&run->text));
	return !rc && current ? STEP_DELETED : rc;
}
