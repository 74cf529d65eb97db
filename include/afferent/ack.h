/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: which one a message gets (original or enhanced mode, HL7 v2 section 2.9) and how it is built.
 */
#ifndef AFFERENT_ACK_H
#define AFFERENT_ACK_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which mode answers follow. AUTO reads MSH-15 and MSH-16:
 *   both empty                -> original mode: AA, AE or AR
 *   MSH-15 asks for an answer -> accept acknowledgement: CA, CE or CR
 *   else MSH-16 asks for one  -> application acknowledgement on the same connection: AA, AE or AR
 *   neither                   -> no answer
 * ENHANCED goes by MSH-15 alone, empty meaning always; ORIGINAL always answers.
 * AL always, NE never, ER on error and reject only, SU on success only (HL7 table 0155). */
enum aff_ack_mode { AFF_ACK_AUTO, AFF_ACK_ORIGINAL, AFF_ACK_ENHANCED, AFF_ACK_NEVER };

enum aff_ack_code { AFF_ACK_NONE, AFF_AA, AFF_AE, AFF_AR, AFF_CA, AFF_CE, AFF_CR };

/* "AA" ... "CR", "" for AFF_ACK_NONE. */
const char *aff_ack_code_text(enum aff_ack_code code);

/* What ERR-3 says, HL7 table 0357: "Unsupported message type" for 200; "" for a code that is not in the table. */
const char *aff_ack_condition_text(int condition);

/* The code for a message that ended with `error` (AFF_OK or AFF_E...): from the error table and the mode. m is parsed
 * (it may have failed, as long as it has its MSH). */
enum aff_ack_code aff_ack_choose(const struct aff_msg *m, enum aff_ack_mode mode, int error);

/* The same in two steps, for a receiver that answers again when it knows what became of the message: what is answered
 * as soon as the message is safe (enhanced mode, as MSH-15 asks: CA, CE, CR; else AFF_ACK_NONE), and what is answered
 * then (as MSH-16 asks, and in original mode: AA, AE, AR). */
enum aff_ack_code aff_ack_choose_accept(const struct aff_msg *m, enum aff_ack_mode mode, int error);
enum aff_ack_code aff_ack_choose_application(const struct aff_msg *m, enum aff_ack_mode mode, int error);

struct aff_ack {
	enum aff_ack_code code;
	struct aff_view control_id;       /* MSH-10 of the answer */
	struct aff_view time;             /* MSH-7 of the answer, HL7 DTM */
	const struct aff_diag *diag;      /* why, for AE/AR/CE/CR; makes the ERR segment. May be NULL */
	const struct aff_diag_list *more; /* the errors of it that are not diag are told too, AFF_ACK_ERRORS in all */
};
#define AFF_ACK_ERRORS 10

/* Appends the answer to m: its delimiters, version (MSH-12) and processing id (MSH-11); MSH-3/4 and MSH-5/6 swapped
 * whole; MSH-9 = ACK^<trigger>^ACK; MSH-18 copied; MSA-1, MSA-2 = MSH-10 byte for byte; as of 2.5 an ERR for each error
 * with ERR-2/3/4/7/8, before 2.5 one ERR with a repetition of ERR-1 for each (for the first alone in a
 * message without a repetition separator) and the text of the first in MSA-3.
 * Returns 0, AFF_EARGUMENT without a code, AFF_ENOMSH when m has no MSH, AFF_EREQUIRED when m has no MSH-10 (an answer
 * to nobody), or the buffer's error. */
int aff_ack_build(struct aff_buf *out, const struct aff_msg *m, const struct aff_ack *ack);

/* What an answer says, read at the sender's side. */
struct aff_ack_result {
	enum aff_ack_code code;           /* AFF_ACK_NONE: no MSA or no known MSA-1 */
	struct aff_view control_id;       /* MSA-2 */
	struct aff_view text;             /* MSA-3, else ERR-8, else ERR-7 */
	int condition;                    /* ERR-3.1, before 2.5 ERR-1.4, as a number; else 0 */
};
void aff_ack_read(const struct aff_msg *answer, struct aff_ack_result *out);

#ifdef __cplusplus
}
#endif
#endif
