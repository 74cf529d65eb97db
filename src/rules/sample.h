/* SPDX-License-Identifier: Apache-2.0
 *
 * Sampling: of the readings that one key (patient, device, code) sends in one window of time, keep the first or the
 * last.
 */
#ifndef RULES_SAMPLE_H
#define RULES_SAMPLE_H

#include <stdint.h>

enum sample_keep { SAMPLE_FIRST, SAMPLE_LAST };
enum sample_by { SAMPLE_BY_PATIENT = 1 << 0, SAMPLE_BY_DEVICE = 1 << 1, SAMPLE_BY_CODE = 1 << 2 };

struct sample_spec {
	int64_t every_ms;  /* 0: no sampling */
	unsigned by;       /* enum sample_by, or'ed */
	enum sample_keep keep;
};

#endif
