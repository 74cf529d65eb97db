/* SPDX-License-Identifier: Apache-2.0
 *
 * DEIDENTIFY: a message for research. The table says what stays; a field or segment that it does not name goes away, so
 * that what nobody thought of does not go out.
 */
#include <afferent/dtm.h>

#include "rules/deid_field.h"
#include "rules/hide.h"

enum { FIELDS = 20, MSH_TIME = 7, PID_ID = 3 };

/* What stays of a segment; a field that is not named is emptied. man/afferent-channel.5 has the same table. */
static const struct kept {
	char id[4];
	struct {
		unsigned char field, how;
	} fields[FIELDS];
} kept[] = {
	{"MSH", {{1, DEID_KEEP}, {2, DEID_KEEP}, {3, DEID_FIRST}, {4, DEID_FIRST}, {5, DEID_FIRST}, {6, DEID_FIRST},
	         {7, DEID_DATE}, {9, DEID_KEEP}, {10, DEID_CONTROL_ID}, {11, DEID_KEEP}, {12, DEID_KEEP},
	         {15, DEID_CODE}, {16, DEID_CODE}, {17, DEID_CODE}, {18, DEID_KEEP}, {19, DEID_CODE}, {20, DEID_CODE},
	         {21, DEID_KEEP}}},
	{"EVN", {{1, DEID_CODE}, {2, DEID_DATE}, {6, DEID_DATE}}},
	{"PID", {{1, DEID_DIGITS}, {2, DEID_PERSON_ID}, {3, DEID_PERSON_ID}, {4, DEID_PERSON_ID}, {7, DEID_BIRTH},
	         {8, DEID_CODE}, {10, DEID_CODE}, {18, DEID_PERSON_ID}, {22, DEID_CODE}, {29, DEID_DATE},
	         {30, DEID_CODE}}},
	{"PV1", {{1, DEID_DIGITS}, {2, DEID_CODE}, {3, DEID_FIRST}, {4, DEID_CODE}, {10, DEID_CODE}, {14, DEID_CODE},
	         {18, DEID_CODE}, {19, DEID_PERSON_ID}, {36, DEID_CODE}, {44, DEID_DATE}, {45, DEID_DATE},
	         {50, DEID_PERSON_ID}}},
	{"ORC", {{1, DEID_CODE}, {2, DEID_HASH}, {3, DEID_HASH}, {4, DEID_HASH}, {5, DEID_CODE}, {9, DEID_DATE},
	         {15, DEID_DATE}}},
	{"OBR", {{1, DEID_DIGITS}, {2, DEID_HASH}, {3, DEID_HASH}, {4, DEID_NAMED_CODE}, {5, DEID_CODE}, {6, DEID_DATE},
	         {7, DEID_DATE}, {8, DEID_DATE}, {11, DEID_CODE}, {14, DEID_DATE}, {22, DEID_DATE}, {24, DEID_CODE},
	         {25, DEID_CODE}, {36, DEID_DATE}}},
	{"OBX", {{1, DEID_DIGITS}, {2, DEID_CODE}, {3, DEID_NAMED_CODE}, {4, DEID_CODE}, {5, DEID_VALUE},
	         {6, DEID_NAMED_CODE}, {7, DEID_DIGITS}, {8, DEID_CODE}, {10, DEID_CODE}, {11, DEID_CODE},
	         {12, DEID_DATE}, {14, DEID_DATE}, {17, DEID_CODE}, {18, DEID_HASH}, {19, DEID_DATE}, {20, DEID_CODE},
	         {29, DEID_CODE}}},
	{"SPM", {{1, DEID_DIGITS}, {4, DEID_CODE}, {8, DEID_CODE}, {11, DEID_CODE}, {17, DEID_RANGE}, {18, DEID_DATE}}},
	{"NTE", {{1, DEID_DIGITS}, {2, DEID_CODE}, {3, DEID_TEXT}, {4, DEID_CODE}}},
};

/* Segments that go away whatever the channel says of others: persons, and what is about orders and visits beside the
 * readings. No reading belongs to one of them. */
static const char dropped[][4] = {
	"ACC", "CTD", "GT1", "IN1", "IN2", "IN3", "MRG", "NK1", "PD1", "PRT", "PV2", "ROL", "SFT", "TQ1", "TQ2", "UAC",
};

static const struct kept *kept_of(const struct aff_edit *e, unsigned segment)
{
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (aff_edit_is(e, segment, kept[i].id))
			return &kept[i];
	return NULL;
}

/* A line that is no segment is not what the channel wants kept. */
static bool is_segment(struct aff_view raw, char delimiter)
{
	bool good = raw.n >= 3 && raw.p[0] >= 'A' && raw.p[0] <= 'Z' && (raw.n == 3 || raw.p[3] == delimiter);
	for (size_t i = 1; good && i < 3; i++)
		good = (raw.p[i] >= 'A' && raw.p[i] <= 'Z') || (raw.p[i] >= '0' && raw.p[i] <= '9');
	return good;
}

static bool is_dropped(const struct aff_edit *e, unsigned segment)
{
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
		if (aff_edit_is(e, segment, dropped[i]))
			return true;
	return false;
}

static enum deid_how how_of_field(const struct kept *k, unsigned field)
{
	for (size_t i = 0; i < FIELDS && k->fields[i].field; i++)
		if (k->fields[i].field == field)
			return (enum deid_how)k->fields[i].how;
#ifdef AFF_MUTANT_88 /* what the table does not name stays */
	return DEID_KEEP;
#endif
	return DEID_EMPTY;
}

/* ---- patients ---- */

/* The first identifier of PID-3, by which the patient's days are known. */
static struct aff_view patient_id(const struct run *run, unsigned pid)
{
	struct aff_parts repetitions = aff_parts(aff_edit_field(run->e, pid, PID_ID), run->delims.repetition);
	struct aff_view one, id = aff_view("", 0);
	while (!id.n && aff_parts_next(&repetitions, &one)) {
		aff_components(&id, 1, one, &run->delims);
		id = aff_is_null(id) ? aff_view("", 0) : aff_view_trim(id);
	}
	return id;
}

static int days_of(struct run *run, unsigned pid, int *days)
{
	struct aff_view id = patient_id(run, pid);
	if (!id.n)
		return run_reject(run, AFF_EREFUSED, pid, PID_ID,
		                  "without an identifier the patient's dates cannot be moved");
	int rc = deid_days(run, id, days);
	return rc == AFF_EKEY ? run_reject(run, rc, pid, PID_ID, "the key of the pseudonyms is missing") : rc;
}

/* Looks at all patients before anything is changed. What stands before the first one is about all of them: its dates
 * move where these move alike. */
static int look(struct run *run, struct deid *d)
{
	struct aff_dtm t;
	unsigned pid = aff_edit_find(run->e, "PID", 0);
	if (pid == AFF_NONE)
		return run_reject(run, AFF_EREFUSED, AFF_NONE, 0, "there is no patient whose dates could be moved");
	unsigned more = aff_edit_find(run->e, "DSC", 0), second = aff_edit_find(run->e, "MSH", 1);
	if (more != AFF_NONE)
		return run_reject(run, AFF_EREFUSED, more, 0, "the message goes on in another one: join them first");
	if (second != AFF_NONE)
		return run_reject(run, AFF_EREFUSED, second, 0, "there are two messages in one: split them first");
	if (!aff_dtm_parse(&t, aff_view_trim(aff_edit_get(run->e, 0, MSH_TIME, 1, 1, 0))))
		d->year = t.year;
	int rc = days_of(run, pid, &d->days);
	while (!rc && (pid = aff_edit_find(run->e, "PID", pid + 1)) != AFF_NONE) {
		int days = 0;
		rc = days_of(run, pid, &days);
		d->days = days == d->days ? days : 0;
	}
	return rc;
}

/* ---- segments ---- */

static bool is_note(const struct aff_edit *e, unsigned segment)
{
	return aff_edit_is(e, segment, "NTE") || aff_edit_is(e, segment, "PRT");
}

/* Takes a segment away with its notes, which would become those of the one before. What others have below them is not
 * known: a reading there is not given to another order or specimen. */
static int drop(struct run *run, unsigned segment)
{
	struct aff_view raw = aff_edit_segment(run->e, segment);
	bool ours = is_dropped(run->e, segment) || (raw.n && raw.p[0] == 'Z');
	bool notes = !aff_edit_is(run->e, segment, "PRT");
	unsigned next = segment + 1;
	while (notes && next < aff_edit_segments(run->e) && is_note(run->e, next))
		next++;
	if (!ours && raw.n && next < aff_edit_segments(run->e) && aff_edit_is(run->e, next, "OBX"))
		return run_reject(run, AFF_EREFUSED, segment, 0,
		                  "without this segment the readings below it would be about something else");
	int rc = 0;
	while (!rc && next-- > segment)
		rc = aff_edit_delete(run->e, next);
	return rc ? rc : STEP_DELETED;
}

/* A segment that the table does not name. */
static bool stays(const struct run *run, unsigned segment)
{
	return run->step->keep_others && !is_dropped(run->e, segment) &&
	       is_segment(aff_edit_segment(run->e, segment), run->delims.field);
}

static int treat(struct run *run, const struct deid *d, unsigned segment)
{
	const struct kept *k = kept_of(run->e, segment);
	if (!k)
		return stays(run, segment) ? STEP_DONE : drop(run, segment);
	bool msh = aff_edit_is(run->e, segment, "MSH");
	unsigned fields = aff_count(aff_edit_segment(run->e, segment), run->delims.field) - !msh;
	int rc = 0;
	for (unsigned i = msh ? 3 : 1; i <= fields && !rc; i++)
		rc = deid_field(run, d, segment, i, how_of_field(k, i));
	return rc;
}

static int run_deidentify(struct run *run, unsigned segment)
{
	struct deid d = {0};
	int rc = look(run, &d);
	(void)segment;
	for (unsigned i = 0; !rc && i < aff_edit_segments(run->e);) {
		if (aff_edit_is(run->e, i, "PID"))
			rc = days_of(run, i, &d.days);
		rc = rc ? rc : treat(run, &d, i);
		i += rc != STEP_DELETED;
		rc = rc == STEP_DELETED ? STEP_DONE : rc;
	}
	return rc;
}

static int check_deidentify(const struct aff_step *s, struct aff_diag *diag)
{
	if (s->for_each[0])
		return step_wrong(diag, "`deidentify` is about the whole message", "leave `for` out");
	return 0;
}

const struct step_kind step_deidentify = {
	.name = "deidentify", .check = check_deidentify, .compile = hide_compile, .run = run_deidentify,
	.everywhere = "", .guards = true
};
