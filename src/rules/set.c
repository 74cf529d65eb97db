/* SPDX-License-Identifier: Apache-2.0
 *
 * SET: a part of a message from a template.
 */
#include "rules/place.h"

enum { MSH_CHARSET = 18 };

static int compile_set(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	return template_compile(&step->text, asked->value,
	                        place_level(&asked->path, asked->for_each, asked->for_field), diag);
}

static int run_set(struct run *run, unsigned segment)
{
	const struct step *step = run->step;
	struct place at;
	aff_buf_clear(&run->text);
	int rc = template_put(run, &step->text, segment);
	if (rc == AFF_ECHARSET)
		return run_reject_text(run, segment, step->path.field);
	rc = rc ? rc : place_find(run, &step->path, segment, &at);
	if (rc || at.segment == AFF_NONE) /* a segment that is not there is not made */
		return rc;
	rc = place_write(run, &at, aff_buf_view(&run->text));
	if (!rc && step->path.field == MSH_CHARSET && strcmp(step->path.segment, "MSH") == 0) {
		run->relabelled = true;
		charset_relabel(&run->charset, &run->text, aff_edit_get(run->e, 0, MSH_CHARSET, 1, 1, 0));
	}
	return rc;
}

static int check_set(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->path.field)
		return step_wrong(diag, "`set` cannot write a whole segment",
		                  "write a path with a field, such as MSH-5");
	if (strcmp(s->path.segment, "MSH") == 0 && s->path.field <= 2)
		return step_wrong(diag, "MSH-1 and MSH-2 cannot be set", "they say how the whole message is delimited");
	if (strcmp(s->path.segment, "MSH") == 0 && s->path.field >= 9 && s->path.field <= 12 && !s->value.n &&
	    s->path.component < 2)
		return step_wrong(diag, "a message cannot be without MSH-9 to MSH-12", "give it another text");
	return 0;
}

const struct step_kind step_set = {
	.name = "set", .check = check_set, .compile = compile_set, .run = run_set, .everywhere = "", .repetitions = true
};
