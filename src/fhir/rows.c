/* SPDX-License-Identifier: Apache-2.0
 *
 * The first pass over a message: who the patients and devices are, and what each OBX does. The second pass,
 * which writes, only reads what is kept here.
 */
#include "fhir/fhir_internal.h"

#include "base/vector.h"

struct aff_view obx(const struct aff_fhir *f, const struct row *r, unsigned field)
{
	return aff_msg_field(f->m, r->segment, field);
}

enum { MOST_MDS = 32 };

static struct row *row_add(struct aff_fhir *f)
{
	return vector_room(&f->rows, &f->capacity, f->count, sizeof *f->rows) ? NULL : &f->rows[f->count++];
}

/* The next number of an OBX-4; false at its end or at anything that is no number. */
static bool next_level(struct aff_view *rest, struct aff_view *level)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	if (!n || (n < rest->n && rest->p[n] != '.'))
		return false;
	*level = aff_view(rest->p, n);
	size_t skip = n + (n < rest->n);
	*rest = aff_view(rest->p + skip, rest->n - skip);
	return true;
}

static bool is_zero(struct aff_view level)
{
	return level.n == 1 && level.p[0] == '0';
}

/* m.0.0.0, m.v.0.0 or m.v.c.0 */
static bool is_level(struct aff_view place)
{
	struct aff_view level = {"", 0};
	unsigned levels = 0;
	while (next_level(&place, &level))
		levels++;
	return levels == 4 && !place.n && is_zero(level);
}

size_t place_length(struct aff_view place)
{
	while (place.n > 2 && memcmp(place.p + place.n - 2, ".0", 2) == 0)
		place.n -= 2;
	return is_zero(place) ? 0 : place.n;
}

bool place_holds(struct aff_view ancestor, struct aff_view place)
{
	size_t n = place_length(ancestor);
	return n && place.n > n && place.p[n] == '.' && memcmp(ancestor.p, place.p, n) == 0;
}

static struct aff_view first_level(struct aff_view place)
{
	struct aff_view level;
	return next_level(&place, &level) ? level : aff_view("", 0);
}

/* A number that no source names: the sender's name cannot be held against it, but the unit can. */
static bool unit_contradicts(const struct row *r)
{
	if (r->term->refid[0] || !r->code.triple[r->term_triple].name.n || !r->unit)
		return false;
	const struct aff_unit *usual = aff_unit_by_ucum(aff_view_of(r->term->ucum));
	return !usual || strcmp(usual->quantity, r->unit->quantity) != 0;
}

/* A LOINC beside it that means another vital sign. */
static bool loinc_contradicts(const struct row *r)
{
	const struct vital *meant = vital_by_loinc(aff_view_of(r->term->loinc));
	if (r->term->loinc_vital[0])
		meant = vital_by_loinc(aff_view_of(r->term->loinc_vital));
	for (unsigned i = 0; meant && i < TRIPLES; i++) {
		const struct vital *said = aff_view_is(r->code.triple[i].system, "LN")
						   ? vital_by_loinc(r->code.triple[i].code)
						   : NULL;
		if (said && said != meant)
			return true;
	}
	return false;
}

static void find_term(struct row *r)
{
	int conflict = 0;
	for (unsigned i = 0; i < 2 && !r->term && !conflict; i++) {
		const struct triple *t = &r->code.triple[i];
		if (aff_view_equal(t->system, aff_view("MDC", 3)))
			r->term = aff_term_of_coding(t->code, t->name, &conflict);
		r->term_triple = i;
	}
	r->doubtful = conflict;
}

static bool names_device(const struct row *r)
{
	struct aff_view name = r->code.triple[0].name;
	return (r->term && strcmp(r->term->kind, "device") == 0) ||
	       (name.n > 8 && memcmp(name.p, "MDC_DEV_", 8) == 0);
}

static enum role role_of(const struct aff_fhir *f, const struct row *r)
{
	bool valued = value_is_there(f, r);
	if (aff_view_is(trimmed(obx(f, r, 11)), "O"))
		return ROLE_NONE;
	if (!valued && (is_level(r->place) || names_device(r)))
		return ROLE_DEVICE;
	if (!valued && !obx(f, r, 3).n)
		return ROLE_NONE;
	return ROLE_OBSERVATION;
}

/* OBX-17: set by hand or by the device itself. */
static bool is_setting(const struct aff_fhir *f, struct aff_view methods)
{
	unsigned n = methods.n ? aff_count(methods, f->d.repetition) : 0;
	for (unsigned i = 1; i <= n && i <= MOST_PARTIES; i++) {
		struct aff_view method = trimmed(aff_cut(methods, &f->d, i, 1, 0));
		if (aff_view_is(method, "ASET") || aff_view_is(method, "MSET"))
			return true;
	}
	return false;
}

static int scan_patient(struct aff_fhir *f, unsigned segment, unsigned *number)
{
	struct party party = {.segment = segment};
	struct aff_view ids = aff_msg_field(f->m, segment, 3);
	unsigned n = aff_count(ids, f->d.repetition);
	*number = AFF_NONE;
	for (unsigned i = 1; i <= n && i <= MOST_PARTIES; i++) {
		struct aff_cx cx;
		aff_cx_read(&cx, aff_cut(ids, &f->d, i, 0, 0), &f->d);
		if (identity_of_cx(f, &party.identity, &cx))
			return party_add(f, &f->patients, &party, number);
	}
	return 0;
}

static int scan_device(struct aff_fhir *f, struct row *r)
{
	struct party party = {.segment = r->segment, .describes = r->role == ROLE_DEVICE};
	struct aff_view ei = aff_cut(obx(f, r, 18), &f->d, 1, 0, 0);
	return ei.n && identity_of_device(f, &party.identity, ei) ? party_add(f, &f->devices, &party, &r->device) : 0;
}

/* A row whose time is that of the rows below it. */
static int keep_time(struct aff_fhir *f, const struct row *r)
{
	if (!is_valued(obx(f, r, 14)))
		return 0;
	if (f->timed_count == MOST_PARTIES)
		return AFF_ELIMIT;
	f->timed[f->timed_count++] = (size_t)(r - f->rows);
	return 0;
}

static int scan_row(struct aff_fhir *f, struct row *r)
{
	cwe_split(f, &r->code, obx(f, r, 3));
	find_term(r);
	r->place = trimmed(component(f, obx(f, r, 4), 1));
	r->role = role_of(f, r);
	r->setting = is_setting(f, obx(f, r, 17));
	struct aff_view unit = obx(f, r, 6);
	r->unit = unit.n && r->role == ROLE_OBSERVATION ? text_unit(f, unit) : NULL;
	r->doubtful |= r->term && (unit_contradicts(r) || loinc_contradicts(r));
	if (r->doubtful)
		r->term = NULL;
	int rc = r->role == ROLE_DEVICE ? keep_time(f, r) : 0;
	return rc ? rc : scan_device(f, r);
}

/* Which device the MDS number of an OBX-4 stands for. */
struct mds {
	struct aff_view number;
	unsigned device; /* AFF_NONE: rows of this MDS name several devices, and the MDS itself does not say */
	bool stated;     /* by the row that describes the MDS */
};

struct scope {
	struct mds mds[MOST_MDS];
	size_t count;
};

static struct mds *scope_find(struct scope *s, struct aff_view number)
{
	for (size_t i = 0; number.n && i < s->count; i++)
		if (aff_view_equal(s->mds[i].number, number))
			return &s->mds[i];
	return NULL;
}

static void scope_add(struct scope *s, struct aff_view number, unsigned device, bool stated)
{
	struct mds *known = scope_find(s, number);
	if (!known && number.n && s->count < MOST_MDS)
		s->mds[s->count++] = (struct mds){number, device, stated};
	else if (known && stated && !known->stated)
		*known = (struct mds){number, device, true};
	else if (known && !known->stated && known->device != device)
		known->device = AFF_NONE;
}

/* m or m.0.0.0 */
static bool is_mds(struct aff_view place)
{
	struct aff_view level;
	bool first = next_level(&place, &level) && !is_zero(level);
	while (first && next_level(&place, &level))
		if (!is_zero(level))
			return false;
	return first && !place.n;
}

/* What is the device of a module is not the device of the modules beside it. */
static void scope_add_row(struct scope *s, const struct row *r)
{
	bool describes = r->role == ROLE_DEVICE, stated = describes && is_mds(r->place);
	scope_add(s, first_level(r->place), describes && !stated ? AFF_NONE : r->device, stated);
}

/* The device of a level around a row, where its MDS holds several devices. */
static unsigned device_around(const struct aff_fhir *f, const struct row *r, size_t start, size_t end)
{
	for (const struct row *a = f->rows + start; a < f->rows + end; a++)
		if (a->role == ROLE_DEVICE && a->device != AFF_NONE && a != r && place_holds(a->place, r->place))
			return a->device;
	return AFF_NONE;
}

/* The end of the rows under the same OBR. */
static size_t obr_end(const struct aff_fhir *f, size_t start)
{
	size_t end = start + 1;
	while (end < f->count && f->rows[end].obr_number == f->rows[start].obr_number &&
	       f->rows[end].group == f->rows[start].group)
		end++;
	return end;
}

/* The device of a row: its own, else the one of its MDS under the same OBR, else under an OBR before it of the same
 * patient. MDS numbers mean nothing beyond that. */
static void find_devices(struct aff_fhir *f)
{
	struct scope patient;
	patient.count = 0;
	for (size_t start = 0, end; start < f->count && f->devices.count; start = end) {
		struct scope obr;
		obr.count = 0;
		if (start && f->rows[start].group != f->rows[start - 1].group)
			patient.count = 0;
		end = obr_end(f, start);
		for (const struct row *r = f->rows + start; r < f->rows + end; r++)
			if (r->device != AFF_NONE)
				scope_add_row(&obr, r);
		for (size_t i = 0; i < patient.count; i++)
			if (!scope_find(&obr, patient.mds[i].number))
				scope_add(&obr, patient.mds[i].number, patient.mds[i].device, patient.mds[i].stated);
		for (struct row *r = f->rows + start; r < f->rows + end; r++) {
			const struct mds *mds = scope_find(&obr, first_level(r->place));
			if (r->device == AFF_NONE && mds && mds->device != AFF_NONE)
				r->inherited = mds->device;
			else if (r->device == AFF_NONE && mds)
				r->inherited = device_around(f, r, start, end);
		}
		for (struct row *r = f->rows + start; r < f->rows + end; r++)
			if (r->device == AFF_NONE)
				r->device = r->inherited;
		patient = obr;
	}
}

/* "1.0.1" without a type and a value, and "1.0.1.1" behind it: the parts carry the values. */
static bool is_compound(const struct aff_fhir *f, size_t i)
{
	const struct row *r = &f->rows[i], *next = r + 1;
	return i + 1 < f->count && r->place.n && next->place.n > r->place.n && next->place.p[r->place.n] == '.' &&
	       memcmp(next->place.p, r->place.p, r->place.n) == 0 && next->obr == r->obr && !value_is_there(f, r) &&
	       (!trimmed(obx(f, r, 2)).n || aff_view_is(trimmed(obx(f, r, 11)), "X"));
}

/* Rows that say how the samples of a waveform are to be read. Their numbers vary, their names do not. */
static bool is_facet(const struct row *r)
{
	struct aff_view name = r->code.triple[0].name;
	return aff_view_is(name, "MDC_ATTR_SAMP_RATE") || aff_view_is(name, "MDC_ATTR_DATA_RANGE");
}

/* m.v.c of m.v.c.n: the level that an attribute row is about. */
static struct aff_view level_of(struct aff_view place)
{
	struct aff_view rest = place, level;
	for (unsigned i = 0; i < 3; i++)
		if (!next_level(&rest, &level))
			return place;
	return aff_view(place.p, (size_t)(rest.p - place.p));
}

/* true when the row is about the device that carries the identifier, not about a module in it. */
static bool is_of_device(const struct aff_fhir *f, const struct row *r)
{
	const struct party *p = &f->devices.items[r->device];
	if (!r->place.n)
		return true;
	if (!p->describes)
		return is_mds(level_of(r->place));
	struct aff_view device = trimmed(component(f, aff_msg_field(f->m, p->segment, 4), 1));
	struct aff_view about = level_of(r->place);
	return is_mds(device) ? is_mds(about) : aff_view_equal(about, level_of(device));
}

/* Rows that describe the device, or say how a waveform is sampled, are no observations of their own. */
static int find_attributes(struct aff_fhir *f)
{
	int rc = 0;
	for (size_t i = 0; i < f->count && !rc; i++) {
		struct row *r = &f->rows[i];
		if (r->role != ROLE_OBSERVATION)
			continue;
		if (is_facet(r) || (r->device != AFF_NONE && r->term && device_takes(r->term) && is_of_device(f, r)))
			r->role = ROLE_ATTRIBUTE;
		else if (is_compound(f, i)) {
			r->role = ROLE_NONE;
			rc = keep_time(f, r);
		}
	}
	return rc;
}

int rows_scan(struct aff_fhir *f, struct aff_diag *diag)
{
	unsigned patient = AFF_NONE, obr = AFF_NONE, obrs = 0, pids = 0, occurrence = 0;
	f->count = f->patients.count = f->devices.count = f->timed_count = 0;
	for (unsigned i = 1; i < aff_msg_segments(f->m); i++) {
		struct aff_view id = aff_msg_id(f->m, i);
		int rc = 0;
		if (aff_view_equal(id, aff_view("PID", 3))) {
			obr = AFF_NONE;
			pids++;
			rc = scan_patient(f, i, &patient);
		} else if (aff_view_equal(id, aff_view("OBR", 3))) {
			obr = i;
			obrs++;
		} else if (aff_view_equal(id, aff_view("OBX", 3))) {
			struct row *r = row_add(f);
			occurrence++;
			if (!r)
				return aff_diag_set(diag, AFF_ENOMEM, "no memory for the rows of the message");
			*r = (struct row){.segment = i, .group = pids, .obr = obr, .obr_number = obrs};
			r->patient = patient;
			r->device = r->inherited = AFF_NONE;
			rc = scan_row(f, r);
		}
		if (rc) {
			aff_diag_set(diag, rc, "more than %d patients, devices or levels in one message", MOST_PARTIES);
			bool in_pid = aff_view_equal(id, aff_view("PID", 3));
			aff_diag_at(diag, in_pid ? "PID" : "OBX", in_pid ? pids : occurrence, 0);
			return rc;
		}
	}
	find_devices(f);
	if (find_attributes(f))
		return aff_diag_set(diag, AFF_ELIMIT, "more than %d levels that state a time in one message",
				    MOST_PARTIES);
	return 0;
}
