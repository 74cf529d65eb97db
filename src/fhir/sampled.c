/* SPDX-License-Identifier: Apache-2.0
 *
 * Waveforms: NA and MA as SampledData. The time between samples comes from the row that states the sample rate
 * (a facet of the same OBX-4), else from OBR-7 and OBR-8; without either there is no SampledData, and the
 * samples stay text. So do samples with a scale or an offset of their own: their names are not standard, and a number
 * without them means something else.
 */
#include "fhir/fhir_internal.h"

#include "base/number.h"

enum { MOST_CHANNELS = 16, PERIOD_DECIMALS = 6, MILLION = 1000000 };

static const int64_t day_micros = INT64_C(86400000000);

/* NA: a repetition is a channel, its components follow each other in time. MA: the other way round. */
struct samples {
	struct aff_view channels[MOST_CHANNELS];
	unsigned dimensions;
	size_t count; /* of time points */
};

static size_t count_parts(struct aff_view v, char delimiter)
{
	size_t n = 1;
	for (size_t i = 0; i < v.n; i++)
		n += v.p[i] == delimiter;
	return n;
}

static struct aff_view take(struct aff_view *rest, char delimiter)
{
	const char *end = delimiter ? memchr(rest->p, delimiter, rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct aff_view part = aff_view(rest->p, n);
	*rest = aff_view(rest->p + n + (end != NULL), rest->n - n - (end != NULL));
	return part;
}

/* False when the channels are not of one length, or too many. */
static bool split(const struct aff_fhir *f, struct samples *s, struct aff_view field, bool multiplexed)
{
	struct aff_view rest = field;
	*s = (struct samples){.dimensions = 0};
	while (rest.n) {
		struct aff_view part = take(&rest, f->d.repetition);
		size_t n = count_parts(part, f->d.component);
		if (multiplexed) {
			if (n > MOST_CHANNELS || (s->count && n != s->dimensions))
				return false;
			s->dimensions = (unsigned)n;
			s->count++;
			continue;
		}
		if (s->dimensions == MOST_CHANNELS || (s->dimensions && n != s->count))
			return false;
		s->channels[s->dimensions++] = part;
		s->count = n;
	}
	return s->count > 0;
}

static void put_sample(struct aff_fhir *f, struct aff_view sample, bool first)
{
	if (!first)
		PUT(f, " ");
	if (!put_number(f, sample))
		PUT(f, "E");
}

static void put_data(struct aff_fhir *f, struct samples *s, struct aff_view field, bool multiplexed)
{
	bool first = true;
	for (size_t i = 0; i < s->count; i++) {
		struct aff_view row = multiplexed ? take(&field, f->d.repetition) : field;
		for (unsigned c = 0; c < s->dimensions; c++) {
			put_sample(f, take(multiplexed ? &row : &s->channels[c], f->d.component), first);
			first = false;
		}
	}
}

/* num / den, rounded to PERIOD_DECIMALS, without zeros at its end. */
static void put_decimal(struct aff_fhir *f, uint64_t num, uint64_t den)
{
	uint64_t scaled = (num * MILLION + den / 2) / den, fraction = scaled % MILLION;
	aff_buf_put_u64(f->out, scaled / MILLION);
	if (!fraction)
		return;
	char digits[PERIOD_DECIMALS];
	size_t n = PERIOD_DECIMALS;
	for (size_t i = n; i-- > 0; fraction /= 10)
		digits[i] = (char)('0' + fraction % 10);
	while (digits[n - 1] == '0')
		n--;
	PUT(f, ".");
	put(f, digits, n);
}

/* What the rows "<place of r>.n" under the same OBR say about the samples of r. */
struct facets {
	const struct row *rate;
	bool scaled; /* the samples are steps of a converter, not values in the unit of OBX-6 */
};

static void read_facets(const struct aff_fhir *f, const struct row *r, struct facets *out)
{
	*out = (struct facets){.rate = NULL};
	for (const struct row *a = r + 1; a < f->rows + f->count && a->obr == r->obr; a++) {
		struct aff_view name = a->code.triple[0].name;
		if (!r->place.n || a->place.n <= r->place.n || a->place.p[r->place.n] != '.' ||
		    memcmp(a->place.p, r->place.p, r->place.n) != 0)
			continue;
		if (!out->rate && a->role == ROLE_ATTRIBUTE && aff_view_is(name, "MDC_ATTR_SAMP_RATE"))
			out->rate = a;
		out->scaled |= memmem(name.p, name.n, "SCALE", 5) || memmem(name.p, name.n, "OFFSET", 6);
	}
}

/* A rate per second as a fraction; false when it is not one that can be used. */
static bool read_rate(const struct aff_fhir *f, const struct row *rate, uint64_t *num, uint64_t *den)
{
	struct aff_view v = trimmed(obx(f, rate, 5));
	const struct aff_unit *unit = aff_unit_of_cwe(obx(f, rate, 6), &f->d);
	if (!unit || (strcmp(unit->ucum, "/s") != 0 && strcmp(unit->ucum, "Hz") != 0) || !number_is_decimal(v) ||
	    v.n > 9)
		return false;
	*num = 0;
	*den = 1;
	bool point = false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '.')
			point = true;
		else if (v.p[i] >= '0' && v.p[i] <= '9') {
			*num = *num * 10 + (uint64_t)(v.p[i] - '0');
			*den *= point ? 10 : 1;
		} else
			return false;
	}
	return *num > 0;
}

static bool put_period(struct aff_fhir *f, const struct row *r, const struct row *rate, size_t count)
{
	uint64_t num, den;
	if (rate) {
		if (!read_rate(f, rate, &num, &den))
			return false;
		put_decimal(f, 1000 * den, num);
		return true;
	}
	int64_t micros = r->obr == AFF_NONE
			       ? -1
			       : time_between(f, aff_msg_field(f->m, r->obr, 7), aff_msg_field(f->m, r->obr, 8));
	if (micros <= 0 || micros > day_micros)
		return false;
	put_decimal(f, (uint64_t)micros, 1000 * (uint64_t)count);
	return true;
}

/* The samples as they were sent, one blank apart: for a reader, where a machine would have to guess their times. */
static bool put_sample_text(struct aff_fhir *f, struct aff_view field)
{
	PUT(f, ",\"valueString\":");
	put_string(f, text_plain(f, field));
	return true;
}

bool put_sampled(struct aff_fhir *f, const struct row *r)
{
	struct aff_view field = trimmed(obx(f, r, 5));
	bool multiplexed = aff_view_is(obx(f, r, 2), "MA");
	struct samples s;
	size_t start = f->out->n;
	struct facets facets;
	read_facets(f, r, &facets);
	if (facets.scaled || !split(f, &s, field, multiplexed))
		return put_sample_text(f, field);
	PUT(f, ",\"valueSampledData\":{\"origin\":{\"value\":0");
	put_unit(f, r, NULL);
	PUT(f, "},\"period\":");
	if (!put_period(f, r, facets.rate, s.count)) {
		put_undo(f, start);
		return put_sample_text(f, field);
	}
	PUT(f, ",\"dimensions\":");
	aff_buf_put_u64(f->out, s.dimensions);
	PUT(f, ",\"data\":\"");
	put_data(f, &s, field, multiplexed);
	PUT(f, "\"}");
	return true;
}
