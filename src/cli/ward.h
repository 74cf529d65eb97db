/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated ward: at each bed a patient, a monitor and an infusion pump. The values wander at random around what is
 * usual, the same way for the same seed; no person was the model.
 */
#ifndef CLI_WARD_H
#define CLI_WARD_H

#include <afferent/text.h>

#define WARD_ID_SIZE 40

struct ward_vitals {
	double heart_rate, saturation, resp_rate, temperature;
	double systolic, diastolic;
	int64_t cuff_us;  /* when the cuff measured last; 0: not yet */
	bool cuff_is_new; /* not reported yet */
};

enum ward_pump_event { WARD_PUMP_NO_EVENT, WARD_PUMP_STARTED, WARD_PUMP_COMPLETED };
struct ward_pump {
	unsigned drug; /* index into ward_drugs */
	bool running;
	double rate, planned, given; /* mL/h, mL, mL */
	int64_t changed_us;
};

struct ward_bed {
	unsigned number;   /* from 1 */
	bool vendor_codes; /* this monitor speaks its maker's codes */
	struct ward_vitals vitals;
	struct ward_pump pump;
	uint64_t random; /* state of its generator */
};

struct ward {
	struct ward_bed *beds;
	unsigned nbeds;
	const char *processing; /* MSH-11: "T" (training) unless it is changed */
	uint64_t run, messages; /* what makes control ids unique: this run, the message in it */
};

extern const char *const ward_drugs[];

/* vendor_percent of the monitors get vendor codes. 0 or AFF_ENOMEM. */
int ward_init(struct ward *w, unsigned beds, uint64_t seed, unsigned vendor_percent, int64_t now_us);
void ward_free(struct ward *w);

/* The state of things at now_us. */
void ward_vitals_step(struct ward_bed *bed, int64_t now_us);
enum ward_pump_event ward_pump_step(struct ward_bed *bed, int64_t now_us);

/* Steps the device and writes its message (errors stick in out) and control id. */
void ward_monitor_message(struct ward *w, struct ward_bed *bed, int64_t now_us, struct aff_buf *out,
			  char id[WARD_ID_SIZE]);
void ward_pump_message(struct ward *w, struct ward_bed *bed, int64_t now_us, struct aff_buf *out,
		       char id[WARD_ID_SIZE]);

#endif
