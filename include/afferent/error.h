/* SPDX-License-Identifier: Apache-2.0
 *
 * Error codes. Every function of libafferent that can fail returns 0 (or a count) on success and one of these negative
 * codes on failure. What a code means to the sender of an HL7 message stands in the same table (errors.def).
 */
#ifndef AFFERENT_ERROR_H
#define AFFERENT_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

enum aff_error {
	AFF_OK = 0,
#define AFF_ERROR(name, value, answer, condition, text) AFF_E##name = (value),
#include <afferent/errors.def>
#undef AFF_ERROR
};

/* How a message is answered: AA/CA, AE/CE, AR/CR. HL7 table 0008. */
enum aff_answer { AFF_ANSWER_ACCEPT, AFF_ANSWER_ERROR, AFF_ANSWER_REJECT };

/* What the code means, for people: a constant string, never NULL. Thread-safe. */
const char *aff_error_text(int code);

/* The code's own name without its prefix, "NOMSH": a constant string, never NULL. Thread-safe. */
const char *aff_error_name(int code);

/* The answer to a message that failed with this code; AFF_OK gives AFF_ANSWER_ACCEPT. Thread-safe. */
enum aff_answer aff_error_answer(int code);

/* ERR-3 for this code, HL7 table 0357: 0, 100-104, 200-207. Thread-safe. */
int aff_error_condition(int code);

/* The library's version, "0.1.0". Thread-safe. */
const char *aff_version(void);

#ifdef __cplusplus
}
#endif
#endif
