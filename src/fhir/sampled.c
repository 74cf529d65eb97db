/* SPDX-License-Identifier: Apache-2.0
 *
 * Waveforms: NA and MA as SampledData. The time between samples comes from the row that states the sample rate
 * (a facet of the same OBX-4), else from OBR-7 and OBR-8; without either there is no SampledData, and the
 * samples stay text. So do samples with a scale or an offset of their own: their names are not standard, and a number
 * without them means something else.
 */
#include "fhir/fhir_internal.h"

enum { MOST_CHANNELS = 16, PERIOD_DECIMALS = 6, MILLION = 1000000, MOST_RATE_DIGITS = 9, RATE_SCALE = 1000000000 };

static const int64_t day_micros = INT64_C(86400000000);

/* NA: a repetition is a channel, its components follow each other in time. MA: the other way round, so that one walk
 * meets the channels in turn. */
struct samples {
	struct aff_array channels[MOST_CHANNELS];
	unsigned walks;
	unsigned dimensions;
	unsigned count; /* of time points */
};

/* False when the channels are not of one length, or too many. */
static bool split(const struct aff_fhir *f, struct samples *s, struct aff_view field, bool multiplexed)
{
	unsigned *rows = multiplexed ? &s->count : &s->dimensions;
	unsigned *columns = multiplexed ? &s->dimensions : &s->count;
	if (aff_array_shape(field, &f->d, rows, columns) || !s->count || s->dimensions > MOST_CHANNELS)
		return false;
	s->walks = multiplexed ? 1 : s->dimensions;
	if (multiplexed) {
		s->channels[0] = aff_array(field, &f->d);
		return true;
	}
	struct aff_parts channels = aff_parts(field, f->d.repetition);
	struct aff_view channel;
	for (unsigned i = 0; i < s->walks && aff_parts_next(&channels, &channel); i++)
		s->channels[i] = aff_array(channel, &f->d);
	return true;
}

static void put_sample(struct aff_fhir *f, struct aff_array *channel)
{
	struct aff_nm sample;
	if (aff_array_next(channel, &sample) == AFF_ARRAY_VALUE)
		aff_nm_put(f->out, &sample);
	else
		PUT(f, "E");
}

static void put_data(struct aff_fhir *f, struct samples *s)
{
	for (unsigned i = 0; i < s->count * s->dimensions; i++) {
		if (i)
			PUT(f, " ");
		put_sample(f, &s->channels[i % s->walks]);
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
static bool read_rate(struct aff_fhir *f, const struct row *rate, uint64_t *num, uint64_t *den)
{
	const struct aff_unit *unit = text_unit(f, obx(f, rate, 6));
	struct aff_nm number;
	int64_t scaled;
	if (!unit || (strcmp(unit->ucum, "/s") != 0 && strcmp(unit->ucum, "Hz") != 0) ||
	    aff_nm_parse(&number, obx(f, rate, 5)) || number.whole.n + number.fraction.n > MOST_RATE_DIGITS ||
	    aff_nm_scaled(&number, MOST_RATE_DIGITS, &scaled) || scaled <= 0)
		return false;
	*num = (uint64_t)scaled;
	*den = RATE_SCALE;
	return true;
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
	put_data(f, &s);
	PUT(f, "\"}");
	return true;
}
