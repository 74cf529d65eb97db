/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass tells of each segment to which patient, order and observation it belongs and how far down; a part is then
 * what is above its observation, and itself.
 */
#include "rules/split.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/vector.h"

enum { OBX_CODE = 3, OBX_SUB = 4, OBX_VALUE = 5, BYTES_MAX = 64 << 20 };

enum level { LEVEL_MESSAGE, LEVEL_PATIENT, LEVEL_ORDER, LEVEL_DEVICE, LEVEL_OBSERVATION };

struct place {
	enum level level;
	unsigned patient, order, observation; /* from 1; 0: it stands before the first */
	unsigned row;                         /* the segment that began the device or the observation */
	bool leads;                           /* LEVEL_DEVICE: an observation comes from it */
};

struct part {
	unsigned patient, order, observation; /* 0: all of the one above */
	unsigned row;                         /* that began the observation */
	bool first;                           /* of its order */
	size_t begin, end, id, id_end;        /* in bytes */
};

struct split {
	struct place *places;
	size_t nplaces, places_room;
	struct part *parts;
	size_t nparts, parts_room;
	struct aff_buf bytes, id;
};

int split_new(struct split **out)
{
	struct split *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	aff_buf_init(&s->bytes, BYTES_MAX);
	aff_buf_init(&s->id, BYTES_MAX);
	*out = s;
	return 0;
}

void split_free(struct split *s)
{
	if (!s)
		return;
	free(s->places);
	free(s->parts);
	aff_buf_free(&s->bytes);
	aff_buf_free(&s->id);
	free(s);
}

/* ---- where each segment belongs ---- */

struct pass {
	const struct aff_msg *m;
	struct place at;   /* of the segment before */
	bool order, named; /* an order is open; it has its OBR, or rows that no later OBR shall get */
	bool behind;       /* its observations are over */
	unsigned orders, observations;
};

static struct aff_view field(const struct pass *p, unsigned segment, unsigned number)
{
	return aff_msg_field(p->m, segment, number);
}

static bool ends_in_zero(struct aff_view place)
{
	return place.n > 2 && place.p[place.n - 1] == '0' && place.p[place.n - 2] == '.';
}

/* 1.2.0.0 without its zeros. */
static struct aff_view device_prefix(struct aff_view place)
{
	while (ends_in_zero(place))
		place.n -= 2;
	return place;
}

static bool is_below(struct aff_view place, struct aff_view above)
{
	return above.n && place.n > above.n && memcmp(place.p, above.p, above.n) == 0 && place.p[above.n] == '.';
}

static bool is_device(const struct pass *p, unsigned segment)
{
	return !field(p, segment, OBX_VALUE).n && ends_in_zero(field(p, segment, OBX_SUB));
}

/* A row below the one before, or more of it. */
static bool goes_on(const struct pass *p, unsigned segment)
{
	if (p->at.level != LEVEL_OBSERVATION)
		return false;
	struct aff_view sub = field(p, segment, OBX_SUB), before = field(p, p->at.row, OBX_SUB);
	return is_below(sub, before) || (aff_view_equal(sub, before) &&
	                                 aff_view_equal(field(p, segment, OBX_CODE), field(p, p->at.row, OBX_CODE)));
}

static void begin_order(struct pass *p, bool named)
{
	p->at.level = LEVEL_ORDER;
	if (!p->order || p->named || !named)
		p->at.order = ++p->orders;
	p->order = true;
	p->named = named;
	p->behind = false;
}

static void take_row(struct pass *p, unsigned i)
{
	p->named = true;
	if (p->at.level == LEVEL_MESSAGE) /* before the first PID: nobody's, and in a part without any */
		p->at.level = LEVEL_PATIENT;
	if (!p->order || p->behind || goes_on(p, i))
		return; /* of what is above it */
	p->at.row = i;
	p->at.level = is_device(p, i) ? LEVEL_DEVICE : LEVEL_OBSERVATION;
	if (p->at.level == LEVEL_OBSERVATION)
		p->at.observation = ++p->observations;
}

static bool is_any(const struct aff_msg *m, unsigned segment, const char *const *ids)
{
	while (*ids && !aff_msg_is(m, segment, *ids))
		ids++;
	return *ids;
}

static void take_segment(struct pass *p, unsigned i)
{
	static const char *const behind[] = {"FT1", "CTI", "SPM", NULL};
	if (aff_msg_is(p->m, i, "PID")) {
		p->at.level = LEVEL_PATIENT;
		p->at.patient++;
		p->at.order = 0;
		p->order = false;
	} else if (aff_msg_is(p->m, i, "ORC")) {
		begin_order(p, false);
	} else if (aff_msg_is(p->m, i, "OBR")) {
		begin_order(p, true);
	} else if (aff_msg_is(p->m, i, "OBX")) {
		take_row(p, i);
	} else if (p->order && is_any(p->m, i, behind)) {
		p->at.level = LEVEL_ORDER;
		p->behind = true;
	}
}

static int find_places(struct split *s, const struct aff_msg *m)
{
	struct pass p = {.m = m};
	s->nplaces = 0;
	for (unsigned i = 0; i < aff_msg_segments(m); i++) {
		if (vector_room(&s->places, &s->places_room, s->nplaces, sizeof *s->places))
			return AFF_ENOMEM;
		take_segment(&p, i);
		s->places[s->nplaces++] = p.at;
	}
	return 0;
}

/* ---- the parts ---- */

static bool is_new(const struct place *now, const struct place *before, enum split_by by)
{
	if (now->patient != before->patient)
		return true;
	if (by >= SPLIT_BY_ORDER && now->order != before->order)
		return true;
	return by == SPLIT_BY_OBSERVATION && now->observation != before->observation;
}

/* Was a whole patient, or a whole order, taken for a part that turns out to have parts itself? */
static bool is_within(const struct part *part, const struct part *whole)
{
	if (part->patient != whole->patient || whole->observation)
		return false;
	return whole->order ? part->order == whole->order : part->order > 0;
}

static int add_part(struct split *s, const struct place *at, enum split_by by)
{
	struct part *last = s->nparts ? &s->parts[s->nparts - 1] : NULL;
	struct part part = {.patient = at->patient, .row = at->row};
	if (by >= SPLIT_BY_ORDER)
		part.order = at->order;
	if (by == SPLIT_BY_OBSERVATION && at->level == LEVEL_OBSERVATION)
		part.observation = at->observation;
	part.first = !last || last->order != part.order || last->patient != part.patient;
	if (last && is_within(&part, last)) {
		part.first = true;
		*last = part;
		return 0;
	}
	if (s->nparts == SPLIT_PARTS_MAX)
		return AFF_ELIMIT;
	if (vector_room(&s->parts, &s->parts_room, s->nparts, sizeof *s->parts))
		return AFF_ENOMEM;
	s->parts[s->nparts++] = part;
	return 0;
}

static int find_parts(struct split *s, enum split_by by)
{
	const struct place *before = &(struct place){.patient = 0};
	int rc = 0;
	s->nparts = 0;
	for (size_t i = 0; i < s->nplaces && !rc; i++) {
		const struct place *now = &s->places[i];
		bool first = now->level != LEVEL_MESSAGE && !s->nparts;
		if (first || is_new(now, before, by))
			rc = add_part(s, now, by);
		before = now;
	}
	return rc;
}

static bool comes_from(const struct aff_msg *m, const struct part *part, const struct place *device)
{
	return part->observation && part->order == device->order && part->patient == device->patient &&
	       is_below(aff_msg_field(m, part->row, OBX_SUB), device_prefix(aff_msg_field(m, device->row, OBX_SUB)));
}

/* Marks the devices' rows that an observation comes from. */
static void find_leads(struct split *s, const struct aff_msg *m)
{
	for (size_t i = 0; i < s->nplaces; i++) {
		struct place *d = &s->places[i];
		for (size_t k = 0; d->level == LEVEL_DEVICE && k < s->nparts && !d->leads; k++)
			d->leads = comes_from(m, &s->parts[k], d);
	}
}

static bool is_in(const struct place *at, const struct part *part, const struct aff_msg *m)
{
	if (at->level == LEVEL_MESSAGE)
		return true;
	if (at->patient != part->patient)
		return false;
	if (at->level == LEVEL_PATIENT || !part->order)
		return true;
	if (at->order != part->order)
		return false;
	if (at->level == LEVEL_ORDER || !part->observation)
		return true;
	if (at->level == LEVEL_OBSERVATION)
		return at->observation == part->observation;
	return at->leads ? comes_from(m, part, at) : part->first;
}

/* ---- writing ---- */

static size_t longest_id(const struct aff_msg *m)
{
	struct aff_view version = aff_msg_get(m, 0, 12, 1, 1, 0);
	bool since_2_7 = version.n >= 3 && version.p[0] == '2' && version.p[1] == '.' && version.p[2] >= '7';
	return since_2_7 ? 199 : 20;
}

/* MSH-10 of part n (from 1) into s->id. */
static void make_id(struct split *s, const struct aff_msg *m, unsigned n)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	enum { MARK = 8 };
	struct aff_view id = aff_msg_field(m, 0, 10);
	unsigned char sha[SHA256_SIZE];
	char suffix[16];
	size_t most = longest_id(m), k = (size_t)snprintf(suffix, sizeof suffix, "-%u", n);
	aff_buf_clear(&s->id);
	if (id.n > most || id.n + k <= most) { /* one that is too long already is taken by who takes it */
		aff_buf_put_view(&s->id, id);
	} else {
		sha256(sha, id);
		aff_buf_put(&s->id, id.p, most - k - MARK);
		for (size_t i = 0; i < MARK; i++)
			aff_buf_put_char(&s->id, digits[sha[i] % 32]);
	}
	aff_buf_put(&s->id, suffix, k);
}

static void put_terminator(struct aff_buf *out, const struct aff_msg *m)
{
	static const char *const texts[] = {[AFF_TERMINATOR_CR] = "\r", [AFF_TERMINATOR_LF] = "\n",
	                                    [AFF_TERMINATOR_CRLF] = "\r\n"};
	aff_buf_put_text(out, texts[aff_msg_terminator(m)]);
}

/* The segment with another text in one field that it has. */
static void put_changed(struct aff_buf *out, const struct aff_msg *m, unsigned i, unsigned number, struct aff_view text)
{
	struct aff_view segment = aff_msg_segment(m, i), old = aff_msg_field(m, i, number);
	size_t at = (size_t)(old.p - segment.p);
	aff_buf_put(out, segment.p, at);
	aff_buf_put_view(out, text);
	aff_buf_put(out, old.p + old.n, segment.n - at - old.n);
}

/* Numbers of segments count from 1 where a part begins with another one. */
struct numbers {
	unsigned patient, order, row;
	bool orders, rows;
};

static void put_segment(struct split *s, const struct aff_msg *m, unsigned i, struct numbers *n)
{
	char text[16];
	unsigned *number = NULL;
	if (aff_msg_is(m, i, "PID"))
		number = &n->patient;
	else if (n->orders && aff_msg_is(m, i, "OBR"))
		number = &n->order;
	else if (n->rows && aff_msg_is(m, i, "OBX"))
		number = &n->row;
	if (number && aff_msg_field(m, i, 1).n) {
		snprintf(text, sizeof text, "%u", ++*number);
		put_changed(&s->bytes, m, i, 1, aff_view_of(text));
	} else {
		aff_buf_put_view(&s->bytes, aff_msg_segment(m, i));
	}
	put_terminator(&s->bytes, m);
}

static void write_part(struct split *s, const struct aff_msg *m, unsigned index)
{
	struct part *part = &s->parts[index];
	struct numbers numbers = {.orders = part->order, .rows = part->observation};
	size_t id_at = (size_t)(aff_msg_field(m, 0, 10).p - aff_msg_segment(m, 0).p);
	make_id(s, m, index + 1);
	part->begin = s->bytes.n;
	put_changed(&s->bytes, m, 0, 10, aff_buf_view(&s->id));
	put_terminator(&s->bytes, m);
	part->id = part->begin + id_at;
	part->id_end = part->id + s->id.n;
	for (unsigned i = 1; i < s->nplaces && !s->bytes.error; i++)
		if (is_in(&s->places[i], part, m))
			put_segment(s, m, i, &numbers);
	part->end = s->bytes.n;
}

/* A message that is continued in another one (DSC) is no whole. */
static bool can_be_split(const struct aff_msg *m)
{
	return aff_view_is(aff_msg_get(m, 0, 9, 1, 1, 0), "ORU") && aff_msg_field(m, 0, 10).n &&
	       aff_msg_find(m, "DSC", 0) == AFF_NONE && !aff_msg_field(m, 0, 14).n;
}

int split_message(struct split *s, const struct aff_msg *m, enum split_by by)
{
	struct aff_view trigger = aff_msg_get(m, 0, 9, 1, 2, 0);
	if (!can_be_split(m))
		return 1;
	if (by == SPLIT_BY_OBSERVATION && (aff_view_is(trigger, "R40") || aff_view_is(trigger, "R42")))
		by = SPLIT_BY_ORDER;
	int rc = find_places(s, m);
	if (!rc)
		rc = find_parts(s, by);
	if (rc || s->nparts < 2)
		return rc ? rc : 1;
	if (by == SPLIT_BY_OBSERVATION)
		find_leads(s, m);
	aff_buf_clear(&s->bytes);
	for (unsigned i = 0; i < s->nparts && !s->bytes.error; i++)
		write_part(s, m, i);
	rc = s->bytes.error ? s->bytes.error : s->id.error;
	return rc ? rc : (int)s->nparts;
}

struct split_part split_part(const struct split *s, unsigned i)
{
	const struct part *p = &s->parts[i];
	return (struct split_part){aff_view(s->bytes.p + p->begin, p->end - p->begin),
	                           aff_view(s->bytes.p + p->id, p->id_end - p->id)};
}

struct aff_view split_bytes(const struct split *s)
{
	return aff_buf_view(&s->bytes);
}
