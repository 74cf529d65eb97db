/* SPDX-License-Identifier: Apache-2.0
 *
 * TRANSLATE: a coded field to the code of a mapping table. The main triplet of the field (components 1-3) is looked up,
 * then the alternate one (4-6). The alternate triplet of the result is the row's LOINC, else the code that arrived;
 * beside a LOINC the code that arrived is the second alternate (components 10-12). A LOINC code means one quantity, so
 * it is left out beside a unit of another one.
 */
#include <afferent/table.h>

#include "rules/cwe.h"
#include "rules/row_fit.h"
#include "rules/row_value.h"
#include "rules/units.h"

/* What a field becomes. */
struct target {
	struct aff_view code, name, system, loinc, loinc_name;
};

static struct target target_of(const struct run *run, const struct aff_table_row *row, bool with_loinc)
{
	const struct aff_table *table = run->step->table;
	struct aff_view none = aff_view("", 0);
	struct aff_view from = row->from_system.n ? row->from_system : aff_table_from_system(table);
	if (run->step->back)
		return (struct target){row->from, row->from_name, from, none, none};
	return (struct target){row->code, row->name, aff_table_to_system(table), with_loinc ? row->loinc : none,
	                       row->loinc_name};
}

/* The field is in the wanted coding system as it came. */
static bool is_translated(struct run *run, const struct aff_coding *t)
{
	const struct aff_table *table = run->step->table;
	struct aff_view to = run->step->back ? aff_table_from_system(table) : aff_table_to_system(table);
	return to.n && t->code.n && aff_view_equal(row_plain(run, t->system), to);
}

/* The code that arrived is the one that is wanted, under its name: a table may know more of it. */
static bool is_same(struct run *run, const struct aff_coding *from, const struct target *to)
{
	return aff_view_equal(row_plain(run, from->code), to->code) &&
	       aff_view_equal(row_plain(run, from->text), to->name) &&
	       aff_view_equal(row_plain(run, from->system), to->system);
}

static int write_field(struct run *run, unsigned segment, const struct aff_cwe *cwe, const struct aff_coding *from,
                       const struct target *to)
{
	const struct aff_delims *d = &run->delims;
	const struct aff_path *path = &run->step->path;
	bool same = is_same(run, from, to);
	if (same && !to->loinc.n)
		return 0;
	/* What arrived beside it: its own alternate where it is the result itself. */
	const struct aff_coding *second = !same ? from : from == &cwe->coding[0] ? &cwe->coding[1] : NULL;
	aff_buf_clear(&run->text);
	int rc = cwe_put_plain(&run->charset, &run->text, to->code, to->name, to->system);
	aff_buf_put_char(&run->text, d->component);
	if (to->loinc.n)
		rc = rc ? rc
			: cwe_put_plain(&run->charset, &run->text, to->loinc, to->loinc_name, aff_view_of("LN"));
	else
		cwe_put_raw(&run->text, d, from);
	aff_buf_put(&run->text, (char[]){d->component, d->component, d->component}, 3);
	aff_buf_put_view(&run->text, cwe->original);
	if (to->loinc.n && second && !aff_view_is(second->system, "LN")) {
		aff_buf_put_char(&run->text, d->component);
		cwe_put_raw(&run->text, d, second);
	}
	cwe_trim(&run->text, d);
	if (run->text.error || rc == 0)
		rc = run->text.error;
	if (rc)
		return rc == AFF_ECHARSET ? run_reject_text(run, segment, path->field) : rc;
	unsigned repetition = path->repetition ? path->repetition : 1;
	return aff_edit_set(run->e, segment, path->field, repetition, 0, 0, aff_buf_view(&run->text));
}

static int unknown(struct run *run, unsigned segment, bool mismatch)
{
	enum aff_unmapped_kind kind = mismatch ? AFF_UNMAPPED_NAME : AFF_UNMAPPED_CODE;
	/* Without their container the readings in it would be unknown, too. */
	bool stays = run->step->unknown == AFF_UNKNOWN_KEEP || row_is_container(run, segment);
	if (!stays)
		watch_unmapped(run, kind, segment);
	switch (stays ? AFF_UNKNOWN_KEEP : run->step->unknown) {
	case AFF_UNKNOWN_DROP:
		return run_delete(run, segment);
	case AFF_UNKNOWN_REJECT:
		return run_refuse(run, AFF_EUNMAPPED, segment, run->step->path.field,
		                  mismatch ? "the code is in mapping table %s under another name, unit or container"
		                           : "the code is not in mapping table %s",
		                  aff_table_name(run->step->table));
	case AFF_UNKNOWN_KEEP:
		break;
	}
	run_keep_unmapped(run, kind, segment);
	return STEP_DONE;
}

static struct row_found find(struct run *run, unsigned segment, const struct aff_coding *coding)
{
	return run->step->back ? row_find_back(run, coding) : row_find(run, segment, coding);
}

static int run_translate(struct run *run, unsigned segment)
{
	const struct aff_path *path = &run->step->path;
	struct aff_view field = aff_edit_get(run->e, segment, path->field, path->repetition, 0, 0);
	if (!field.n || aff_is_null(field))
		return STEP_DONE;
	struct aff_cwe cwe;
	aff_cwe_read(&cwe, field, &run->delims);
	const struct aff_coding *from = &cwe.coding[0];
	struct row_found found = find(run, segment, from);
	if (!found.row && !found.mismatch) {
		if (is_translated(run, from))
			return STEP_DONE;
		from = &cwe.coding[1];
		found = find(run, segment, from);
	}
	if (found.costly)
		return run_reject(run, AFF_ELIMIT, segment, path->field,
		                  "finding out what contains the readings costs too much on this message");
	if (!found.row || !run->delims.component)
		return unknown(run, segment, found.mismatch);
	watch_row(run, segment, found.row);
	bool reading = !run->step->back && aff_edit_is(run->e, segment, "OBX");
	bool with_loinc = !reading || !found.row->unit.n || units_agree(run, segment, found.row->unit);
	struct target to = target_of(run, found.row, with_loinc);
	int rc = write_field(run, segment, &cwe, from, &to);
	return rc || !reading ? rc : row_value(run, segment, found.row);
}

static int check_translate(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->table)
		return step_wrong(diag, "`translate` has no mapping table", "add a line such as with: my-table");
	if (!s->path.field || s->path.component)
		return step_wrong(diag, "`translate` takes a whole coded field", "write a path such as OBX-3");
	if (s->path.group_count)
		return step_wrong(diag, "`translate` takes a path without groups",
		                  "choose with `when`: ORDER_OBSERVATION/OBR-4.1 = 182777000");
	if (strcmp(s->path.segment, "MSH") == 0)
		return step_wrong(diag, "no field of MSH can be translated", "use set: to change MSH");
	if (s->back && !aff_table_both_ways(s->table))
		return step_wrong(diag, "the mapping table is for one direction",
		                  "add 'bidirectional: true' to the table");
	if (s->for_each[0] && strcmp(s->for_each, s->path.segment) != 0)
		return step_wrong(diag, "`for` and `translate` name different segments",
		                  "leave `for` out: every segment is translated");
	return 0;
}

const struct step_kind step_translate = {.name = "translate", .check = check_translate, .run = run_translate};
