/* SPDX-License-Identifier: Apache-2.0
 *
 * What OBX-8 says of the state of a measurement (IHE DEV TF-2 B.8.5; the meaning is that of the HL7 Point-of-Care
 * Device guide).
 */
#ifndef TERMS_FLAG_H
#define TERMS_FLAG_H

#include <afferent/text.h>

enum flag {
	FLAG_OTHER,       /* how the value is to be read (H, L), or not known */
	FLAG_STATE,       /* a state beside which a value may stand */
	FLAG_NO_VALUE,    /* a value beside it is not one that may be charted */
	FLAG_TEST,        /* not of a patient */
	FLAG_CALIBRATION
};

/* One repetition's first component, in any case of letters. */
enum flag flag_of(struct aff_view text);

#endif
