/* SPDX-License-Identifier: Apache-2.0
 *
 * ADD and RENUMBER: new segments, and set ids that follow one another. A new segment must not come between a segment
 * and what is said about it, nor between an order and its readings.
 */
#include <stdio.h>

#include "rules/place.h"

static bool is_note(const char *id)
{
	return strcmp(id, "NTE") == 0 || strcmp(id, "PRT") == 0;
}

static bool is_id(struct aff_view text)
{
	for (size_t i = 0; i < 3; i++) {
		char c = i < text.n ? text.p[i] : '\0';
		if (!(c >= 'A' && c <= 'Z') && !(i && c >= '0' && c <= '9'))
			return false;
	}
	return text.n == 3 || text.p[3] == '|';
}

static int check_add(const struct aff_step *s, struct aff_diag *diag)
{
	char id[4] = "";
	const char *beside = s->beside[0] ? s->beside : s->for_each;
	if (!is_id(s->value))
		return step_wrong(diag, "a segment begins with its id and |", "write NTE|1||text");
	memcpy(id, s->value.p, 3);
	if (strcmp(id, "MSH") == 0)
		return step_wrong(diag, "a message has one MSH segment", "change it with set");
	if (s->beside[0] && s->for_each[0] && strcmp(s->beside, s->for_each) != 0)
		return step_wrong(diag, "`for` and the segment to add beside are different ones",
		                  "leave one of them out");
	if (s->before && strcmp(beside, "MSH") == 0)
		return step_wrong(diag, "nothing stands before the MSH", "write after: MSH");
	if (is_note(id) && (s->before || !beside[0]))
		return step_wrong(diag, "a note belongs to the segment before it", "write after: OBX, or for: OBX");
	if (s->before && is_note(beside))
		return step_wrong(diag, "a note would come to belong to the new segment",
		                  "write after: and the segment that the note is about");
	return 0;
}

static int compile_add(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	return template_compile(&step->text, asked->value, LEVEL_SEGMENT, diag);
}

unsigned run_behind(const struct run *run, unsigned segment)
{
	bool note = aff_edit_is(run->e, segment, "NTE") || aff_edit_is(run->e, segment, "PRT");
	for (segment++; !note && (aff_edit_is(run->e, segment, "NTE") || aff_edit_is(run->e, segment, "PRT"));)
		segment++;
	return segment;
}

int run_insert(struct run *run, unsigned at)
{
	int rc = aff_edit_insert(run->e, at, aff_buf_view(&run->text));
	if (rc == AFF_ELIMIT)
		return run_reject(run, rc, AFF_NONE, 0, "with another segment the message has more than it may have");
	if (rc == AFF_EARGUMENT)
		return run_reject(run, rc, AFF_NONE, 0, "what was to be added is no segment");
#ifndef AFF_MUTANT_76
	if (!rc && run_takes_readings(run, at))
		return run_reject(run, AFF_EREFUSED, at, 0,
		                  "this segment would take readings over from another patient or order");
#endif
	return rc;
}

static int run_add(struct run *run, unsigned segment)
{
	const struct step *step = run->step;
	unsigned beside = segment, at = aff_edit_segments(run->e);
	if (segment == AFF_NONE && step->beside[0]) {
		beside = aff_edit_find(run->e, step->beside, 0);
		if (beside == AFF_NONE)
			return STEP_DONE;
	}
	if (beside != AFF_NONE)
		at = step->before ? beside : run_behind(run, beside);
	aff_buf_clear(&run->text);
	int rc = template_put(run, &step->text, segment);
	if (rc == AFF_ECHARSET)
		return run_reject_text(run, segment, 0);
	if (rc == AFF_EDELIMITER)
		return run_reject(run, rc, segment, 0,
		                  "what is added needs a delimiter that the message does not have");
	rc = rc ? rc : run_insert(run, at);
	if (rc || segment == AFF_NONE)
		return rc;
	unsigned next = step->before ? beside + 2 : at + 1;
	run->resume += run->resume >= at;
	run->resume = run->resume > next ? run->resume : next;
	run->moved = step->before;
	return STEP_DONE;
}

/* ---- set ids ---- */

static int check_renumber(const struct aff_step *s, struct aff_diag *diag)
{
	const struct aff_schema_part *part = aff_schema_field(0, s->path.segment, s->path.field);
	if (!part || strcmp(part->type, "SI") != 0 || s->path.repetition || s->path.component)
		return step_wrong(diag, "only set ids are numbered", "write a path such as OBX-1 or NTE-1");
	if (s->path.occurrence || s->path.group_count || s->for_each[0])
		return step_wrong(diag, "set ids are numbered in the whole message", "write renumber: OBX-1 alone");
	return 0;
}

/* Whether the numbers of `id` begin anew behind this segment. */
static bool begins_anew(const struct run *run, unsigned segment, const char *id)
{
	if (is_note(id))
		return !aff_edit_is(run->e, segment, id);
	if (strcmp(id, "OBX") == 0 && (aff_edit_is(run->e, segment, "OBR") || aff_edit_is(run->e, segment, "SPM")))
		return true;
	return strcmp(id, "PID") != 0 && aff_edit_is(run->e, segment, "PID");
}

static int run_renumber(struct run *run, unsigned segment)
{
	const struct aff_path *path = &run->step->path;
	unsigned n = 0;
	int rc = 0;
	(void)segment;
	for (unsigned i = 0; i < aff_edit_segments(run->e) && !rc; i++) {
		char text[16];
		if (begins_anew(run, i, path->segment))
			n = 0;
		if (!aff_edit_is(run->e, i, path->segment))
			continue;
		int length = snprintf(text, sizeof text, "%u", ++n);
		rc = aff_edit_set(run->e, i, path->field, 0, 0, 0, aff_view(text, (size_t)length));
	}
	return rc;
}

const struct step_kind step_add_segment = {
	.name = "add", .check = check_add, .compile = compile_add, .run = run_add, .everywhere = ""};
const struct step_kind step_renumber = {
	.name = "renumber", .check = check_renumber, .run = run_renumber, .everywhere = ""};
