/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens at the beds. Each bed has a generator of its own (splitmix64), so that its values do not depend on the
 * order in which the devices take their turns. A pump runs in fast motion: an infusion takes a few minutes.
 */
#include "cli/ward.h"

#include <stdlib.h>

#define CUFF_EVERY_US (60 * INT64_C(1000000))
#define PUMP_FAST_MOTION 60.0
#define PUMP_PAUSE_US (5 * INT64_C(1000000))
#define US_PER_HOUR 3.6e9

const char *const ward_drugs[] = {"Norepinephrine", "Propofol", "Sodium chloride 0.9 %", "Heparin"};
#define DRUGS (sizeof ward_drugs / sizeof *ward_drugs)

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double random_between(struct ward_bed *bed, double low, double high)
{
	return low + (high - low) * (double)(next_random(&bed->random) >> 11) / (double)(UINT64_C(1) << 53);
}

/* One step of a walk that is drawn back to `home` and never leaves [low, high]. */
static void wander(struct ward_bed *bed, double *value, double home, double step, double low, double high)
{
	*value += random_between(bed, -step, step) + (home - *value) * 0.05;
	*value = *value < low ? low : *value > high ? high : *value;
}

void ward_vitals_step(struct ward_bed *bed, int64_t now_us)
{
	struct ward_vitals *v = &bed->vitals;
	wander(bed, &v->heart_rate, 82, 2.5, 38, 165);
	wander(bed, &v->saturation, 96.5, 0.5, 82, 100);
	wander(bed, &v->resp_rate, 16, 0.8, 6, 38);
	wander(bed, &v->temperature, 37.1, 0.05, 35, 40.5);
	wander(bed, &v->systolic, 124, 3, 75, 205);
	wander(bed, &v->diastolic, v->systolic * 0.62, 2, v->systolic * 0.45, v->systolic * 0.8);
	v->cuff_is_new = now_us - v->cuff_us >= CUFF_EVERY_US;
	if (v->cuff_is_new)
		v->cuff_us = now_us;
}

static void load_pump(struct ward_bed *bed)
{
	struct ward_pump *p = &bed->pump;
	p->drug = (unsigned)(next_random(&bed->random) % DRUGS);
	p->rate = (double)(int)random_between(bed, 20, 250) / 2;
	p->planned = (double)(int)random_between(bed, 25, 250);
	p->given = 0;
}

enum ward_pump_event ward_pump_step(struct ward_bed *bed, int64_t now_us)
{
	struct ward_pump *p = &bed->pump;
	int64_t passed_us = now_us - p->changed_us;
	if (!p->running) {
		if (passed_us < PUMP_PAUSE_US && p->given > 0)
			return WARD_PUMP_NO_EVENT;
		load_pump(bed);
		p->running = true;
		p->changed_us = now_us;
		return WARD_PUMP_STARTED;
	}
	p->given += p->rate * (double)passed_us / US_PER_HOUR * PUMP_FAST_MOTION;
	p->changed_us = now_us;
	if (p->given < p->planned)
		return WARD_PUMP_NO_EVENT;
	p->given = p->planned;
	p->running = false;
	return WARD_PUMP_COMPLETED;
}

static void admit(struct ward_bed *bed)
{
	struct ward_vitals *v = &bed->vitals;
	v->heart_rate = random_between(bed, 62, 105);
	v->saturation = random_between(bed, 93, 99);
	v->resp_rate = random_between(bed, 12, 22);
	v->temperature = random_between(bed, 36.4, 38.2);
	v->systolic = random_between(bed, 100, 150);
	v->diastolic = v->systolic * random_between(bed, 0.55, 0.7);
}

int ward_init(struct ward *w, unsigned beds, uint64_t seed, unsigned vendor_percent, int64_t now_us)
{
	memset(w, 0, sizeof *w);
	w->beds = calloc(beds, sizeof *w->beds);
	if (!w->beds)
		return AFF_ENOMEM;
	w->nbeds = beds;
	w->run = (uint64_t)now_us;
	w->processing = "T";
	for (unsigned i = 0; i < beds; i++) {
		struct ward_bed *bed = &w->beds[i];
		bed->number = i + 1;
		bed->random = seed * UINT64_C(1000003) + i;
		/* Spread evenly: with 25 percent it is every fourth one. */
		bed->vendor_codes = (i + 1) * vendor_percent / 100 > i * vendor_percent / 100;
		admit(bed);
	}
	return 0;
}

void ward_free(struct ward *w)
{
	free(w->beds);
	w->beds = NULL;
}
