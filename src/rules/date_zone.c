/* SPDX-License-Identifier: Apache-2.0
 *
 * ZONE: gives times without a zone the one they were meant in, and converts them into another. As exact as they were
 * written they stay: what is behind the minute is copied, a date gets no time. What is no time stays as it came.
 */
#include <afferent/dtm.h>
#include <stdlib.h>

#include "rules/place.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, MSH_TIME = 7, HOUR_DIGITS = 10, MINUTE_DIGITS = 12 };

static bool is_path(const struct aff_path *p, const char *segment, unsigned field)
{
	return p->field == field && strcmp(p->segment, segment) == 0;
}

static bool holds_time(const char *type)
{
	return !strcmp(type, "DTM") || !strcmp(type, "TS") || !strcmp(type, "Varies") || !type[0];
}

static int check_zone(const struct aff_step *s, struct aff_diag *diag)
{
	const struct aff_path *p = &s->path;
	const struct aff_schema_part *part = aff_schema_field(0, p->segment, p->field);
	if (!s->assume && !s->to)
		return step_wrong(diag, "`zone` does not say which",
		                  "add assume: Europe/Berlin for times without a zone, or to: Z for all");
	if (!p->field || p->group_count || p->subcomponent)
		return step_wrong(diag, "`zone` takes fields or components, without groups",
		                  "write OBX-14 or PID-5.12");
	if (s->for_each[0] && strcmp(s->for_each, p->segment) != 0)
		return step_wrong(diag, "`for` and the field name different segments",
		                  "leave `for` out: it is done in every segment");
	if (part && p->component)
		part = aff_schema_component(0, part->type, p->component);
	if (part && !holds_time(part->type))
		return step_wrong(diag, "no time stands there",
		                  "write a field such as OBX-14 or MSH-7, or a component");
	return 0;
}

static int compile_zone(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	if ((asked->assume && aff_zone_copy(&step->assume, asked->assume)) ||
	    (asked->to && aff_zone_copy(&step->to, asked->to)))
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	return 0;
}

/* Minutes east of UTC that a time is meant in; false: nobody tells. HL7 v2 section 2.A.22: what MSH-7 says counts for
 * times that say nothing. */
static bool own_zone(const struct run *run, const struct aff_dtm *t, int64_t local, int *minutes)
{
	const struct step *step = run->step;
	*minutes = t->zone_minutes;
	if (t->has_zone || aff_dtm_message_zone(aff_edit_message(run->e), minutes))
		return true;
	if (!step->assume)
		return false;
	int seconds = aff_zone_at_local(step->assume, local);
	*minutes = seconds / 60;
	return seconds % 60 == 0; /* as before there were zones */
}

static void put_zone(struct aff_buf *out, int minutes)
{
	int size = minutes < 0 ? -minutes : minutes;
	aff_buf_printf(out, "%c%02d%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

/* The time in the wanted zone in run->text; false: it stays as it is. */
static bool put_time(struct run *run, struct aff_view text)
{
	const struct step *step = run->step;
	struct aff_dtm t;
	char digits[AFF_DTM_SIZE];
	int own, wanted;
	if (aff_dtm_parse(&t, text) || t.precision < AFF_DTM_HOUR)
		return false;
	size_t exact = t.precision == AFF_DTM_HOUR ? HOUR_DIGITS : MINUTE_DIGITS;
	size_t zone = text.n - (t.has_zone ? 5 : 0);
	struct aff_dtm plain = t;
	plain.has_zone = false;
	int64_t local = aff_dtm_micros(&plain, 0) / 1000000;
	if (!own_zone(run, &t, local, &own))
		return false;
	int seconds = step->to ? aff_zone_at(step->to, local - own * 60) : own * 60;
	wanted = seconds / 60;
	/* An offset of half an hour cannot be told in whole hours, nor one of seconds in minutes. */
	if (seconds % 60 || (t.precision == AFF_DTM_HOUR && (wanted - own) % 60))
		wanted = own;
	if (t.has_zone && wanted == own)
		return false;
	aff_dtm_now_text(digits, (local + (wanted - own) * 60) * 1000000);
	aff_buf_clear(&run->text);
	aff_buf_put(&run->text, digits, exact);
	aff_buf_put(&run->text, text.p + exact, zone - exact);
	put_zone(&run->text, wanted);
	return true;
}

static int change(struct run *run, const struct place *at)
{
	struct aff_view text = aff_view_trim(place_read(run, at));
	if (!put_time(run, text))
		return 0;
	return run->text.error ? run->text.error : place_write(run, at, aff_buf_view(&run->text));
}

static int run_zone(struct run *run, unsigned segment)
{
	const struct aff_path *path = &run->step->path;
	struct place at;
	int rc = place_find(run, path, segment, &at);
	if (rc || at.segment == AFF_NONE)
		return rc;
	at.level = LEVEL_SUBCOMPONENT;
	at.component = at.component ? at.component : 1;
	at.subcomponent = 1;
	struct aff_view type = aff_edit_get(run->e, at.segment, OBX_TYPE, 1, 1, 0);
	if (is_path(path, "OBX", OBX_VALUE) && !aff_view_is(type, "TS") && !aff_view_is(type, "DTM"))
		return STEP_DONE;
	if (at.repetition)
		return change(run, &at);
	struct aff_view field = aff_edit_field(run->e, at.segment, path->field);
	unsigned n = run->delims.repetition ? aff_count(field, run->delims.repetition) : 1;
	for (at.repetition = 1; at.repetition <= n && rc == STEP_DONE; at.repetition++)
		rc = change(run, &at);
	return rc;
}

const struct step_kind step_zone = {
	.name = "zone", .check = check_zone, .compile = compile_zone, .run = run_zone};
