/* SPDX-License-Identifier: Apache-2.0
 *
 * Sampling: of the readings that one key (patient, device, code) sends in one window of time, keep the first or the
 * last, those that differ enough from the one before, or one that says what all of them come to. Windows are counted
 * from 1970, so the same messages give the same result whenever they are sent.
 *
 * A reading is an OBX with a value (OBX-5). Its key is made of
 *   patient  PID-3.1 and PID-3.4 of the PID before it, and PV1-3 of the PV1 behind that: patients whom nobody has
 *            admitted yet lie in different beds
 *   device   OBX-18 of its row or of the nearest row above it under the same OBR, else MSH-3
 *   code     OBX-3.1, OBX-3.3 and OBX-4, and for what is no number (NM, SN) OBX-5: a rhythm, a state or an alarm that
 *            changes is another one
 * Alerts (ORU^R40) and events of infusion pumps (ORU^R42) are not sampled: each happens once.
 * A reading that goes takes the NTE and PRT segments behind it along. Rows without a value (devices, channels) stay
 * when a reading of their message stays; a message without any reading is not sampled.
 *
 * A number that may be reckoned with is an NM with one value of a patient who is told from others, measured, not set or
 * taken back, and not suspect (terms/reading.h). MEAN, MEDIAN and MIN_MAX put what all of them in a unit come to in
 * place of the last one, with an OBX-17 that says so, and without OBX-8, OBX-21 and notes, which speak of the one
 * reading; MIN_MAX as SN ^low^-^high. What else there is, is kept as by LAST. With bands, a number goes out beside the
 * first one when it differs from the one sent before by more than the band, and anything else when it differs at all.
 *
 * FIRST needs no waiting: each message is edited as it comes. The others work on a window that is over: all its
 * messages are added in order, then each is edited. Messages are told apart by their index, a number that grows;
 * editing the same message again (delivery is tried once more) gives the same result. A sender that starts in the
 * middle of a window feeds the messages of that window again from its start.
 *
 * Memory is capped. Past the cap readings pass as they are and are counted: more is sent than asked for, nothing is
 * lost.
 */
#ifndef RULES_SAMPLE_H
#define RULES_SAMPLE_H

#include <afferent/edit.h>

#include "rules/decimal.h"

enum sample_keep { SAMPLE_FIRST, SAMPLE_LAST, SAMPLE_MEAN, SAMPLE_MEDIAN, SAMPLE_MIN_MAX };
enum sample_by { SAMPLE_BY_PATIENT = 1 << 0, SAMPLE_BY_DEVICE = 1 << 1, SAMPLE_BY_CODE = 1 << 2 };

/* By how much a number must differ to go out. */
struct sample_band {
	char *code;            /* OBX-3.1; NULL: all other codes */
	struct decimal width;
	bool share;            /* in per cent of the number sent before */
};

struct sample_spec {
	int64_t every_ms;      /* 0: no sampling */
	unsigned by;           /* enum sample_by, or'ed; where numbers are reckoned with, PATIENT and CODE at least */
	enum sample_keep keep;
	struct sample_band *bands; /* with FIRST: changes go out, too; they outlive what is made of the spec */
	size_t nbands;
};

struct sample;

enum { SAMPLE_KEYS_MAX = 65536 };

/* max_keys: the most keys remembered in a window, 0 for SAMPLE_KEYS_MAX. AFF_EARGUMENT when every_ms or by is 0. */
int sample_new(struct sample **out, const struct sample_spec *spec, size_t max_keys);
void sample_free(struct sample *s);

/* The number of the window that a moment is in, and the moment at which that window is over. */
int64_t sample_window(const struct sample *s, int64_t received_us);
int64_t sample_window_end_us(const struct sample *s, int64_t received_us);

/* FIRST: deletes the readings that an earlier message of the window had. anything_left: false when the message had
 * readings and none stays. Returns 0, or what aff_edit_delete returns. */
int sample_first(struct sample *s, int64_t received_us, uint64_t index, struct aff_edit *e, bool *anything_left);

/* All others: forgets the window before, takes up one message, edits one message. superseded_by: the message that has
 * what stands for the deleted readings, 0 when none was deleted. */
void sample_window_begin(struct sample *s);
void sample_window_add(struct sample *s, uint64_t index, struct aff_edit *e);
int sample_window_prune(struct sample *s, uint64_t index, struct aff_edit *e, bool *anything_left,
                        uint64_t *superseded_by);

/* Readings that passed because memory was used up. */
uint64_t sample_passed_over_cap(const struct sample *s);

#endif
