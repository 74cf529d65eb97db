/* SPDX-License-Identifier: Apache-2.0
 *
 * Several messages in one stream: batches and files of batches (HL7 v2 section 2.10.3), or messages that simply follow
 * each other.
 *
 *	[FHS] { [BHS] { MSH ... } [BTS] } [FTS]
 *
 * Every level may be missing. Each header has delimiters of its own, which say nothing about the messages, and each
 * message has its own. No input or output: the caller keeps one growing buffer of bytes and asks for the next part in
 * it, as with mllp.h. A part begins where a line begins with FHS, BHS, MSH, BTS or FTS (a byte order mark may stand
 * before it) and ends where the next one begins. What is found does not depend on the pieces in which the bytes come.
 *
 * Nothing is merged and nothing is dropped: text that belongs to no message is a part too, and the bytes of all parts,
 * put one behind the other, are the stream, byte for byte.
 */
#ifndef AFFERENT_BATCH_H
#define AFFERENT_BATCH_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

enum aff_batch_kind {
	AFF_BATCH_FHS,     /* file header */
	AFF_BATCH_BHS,     /* batch header */
	AFF_BATCH_MESSAGE, /* a message: give its text to aff_msg_parse */
	AFF_BATCH_BTS,     /* batch trailer */
	AFF_BATCH_FTS,     /* file trailer */
	AFF_BATCH_TEXT     /* lines that are no part of a message: aff_msg_parse says what is wrong */
};

/* What is odd about a part; bits. None of them stops the reading. */
enum aff_batch_issue {
	AFF_BATCH_COUNT     = 1 << 0, /* BTS-1 or FTS-1 is not the number of messages or batches that were there */
	AFF_BATCH_ORDER     = 1 << 1, /* a trailer with nothing before it */
	AFF_BATCH_UNENDED   = 1 << 2, /* the batch or file before it has a header and no trailer: it may be cut off */
	AFF_BATCH_SEVERAL   = 1 << 3, /* a message behind another one, outside of any batch: AFF_ETWOMSH where one is
	                               * expected */
	AFF_BATCH_LINE_END  = 1 << 4, /* the last line of the message ends unlike its other segments, so what follows
	                               * could also be text of it */
	AFF_BATCH_DELIMITER = 1 << 5  /* a header whose first two fields give no usable delimiters */
};

struct aff_batch_part {
	enum aff_batch_kind kind;
	unsigned issues;           /* enum aff_batch_issue, or'ed */
	struct aff_view bytes;     /* the part with all line ends behind it (the first part: also those before it) */
	struct aff_view text;      /* without empty lines around it: one line end at its end at most */
	struct aff_delims delims;  /* of a header or trailer; a trailer has those of its header */
	uint64_t message;          /* of a message: its number in the stream, from 1 */
	uint64_t said, found;      /* of a trailer: what its first field says and what was there; said is
	                            * AFF_BATCH_NO_COUNT where it says nothing */
};
#define AFF_BATCH_NO_COUNT UINT64_MAX

struct aff_batch {
	size_t max_part;           /* bytes of one part at most */
	/* state */
	size_t scanned;            /* bytes of the buffer that hold no end of the first part */
	bool in_file, in_batch;
	uint64_t message;          /* messages so far */
	uint64_t messages;         /* since the last header or trailer */
	uint64_t batches;          /* since the last file header or trailer */
	struct aff_delims delims;  /* of the last header */
};

void aff_batch_init(struct aff_batch *b, size_t max_part);

/* Looks for the first part of buf[0..n). `ended`: no bytes will follow these. Returns
 *   1  a part: its views point into buf; drop *consumed bytes from the front before the next call
 *   0  more bytes are needed; with `ended`: there is no part left (an empty buffer, or empty lines alone)
 *   AFF_ELIMIT  the part is larger than max_part: the rest of the stream cannot be told apart
 * *consumed is 0 unless 1 is returned. A field's number in a message is never looked at, and nothing is copied. */
int aff_batch_next(struct aff_batch *b, const char *buf, size_t n, bool ended, struct aff_batch_part *part,
                   size_t *consumed);

/* After the last part: AFF_BATCH_UNENDED when a header has no trailer, else 0. The state is that of a new stream. */
unsigned aff_batch_end(struct aff_batch *b);

/* A field of a header or trailer by its number, as in a message: FHS-1 and BHS-1 are the field separator, -2 the other
 * delimiters, -11 the control id; BTS-1 and FTS-1 the count. Whole, still escaped; cut it with aff_cut and the part's
 * delims. Empty when it is not there or the part is no header or trailer. */
struct aff_view aff_batch_field(const struct aff_batch_part *part, unsigned field);

/* Fills *diag (a warning) with what one issue of a part means; part NULL: of aff_batch_end. The code is AFF_EBATCH,
 * AFF_ETWOMSH, AFF_ETERMINATOR or AFF_EDELIMITER. */
void aff_batch_explain(const struct aff_batch_part *part, enum aff_batch_issue issue, struct aff_diag *diag);

/* What the line at bytes begins; seven bytes are enough to tell, or less where the line ends before. */
enum aff_batch_kind aff_batch_kind_at(const char *bytes, size_t n);
/* Whether the bytes begin with a header, FHS or BHS: a batch and not one message. */
bool aff_batch_is(const char *bytes, size_t n);

/* ---- writing ---- */

/* To write a stream again, put the bytes of its parts. To write a batch from nothing: aff_build_header with "FHS" or
 * "BHS", the messages, then this: "BTS|2\r" or "FTS|1\r". */
void aff_batch_put_trailer(struct aff_buf *out, const char *id, char field_separator, uint64_t count);

/* Appends the header of the answer to a batch (HL7 v2 section 2.10.3.2): a BHS with the delimiters of `header` (an FHS
 * or BHS), -3/-4 and -5/-6 swapped whole, -7 = time, -11 = control_id, -12 = the header's -11. The answers to its
 * messages and a BTS follow. Returns 0, AFF_EARGUMENT for another part, or the buffer's error. */
int aff_batch_put_answer(struct aff_buf *out, const struct aff_batch_part *header, struct aff_view control_id,
                         struct aff_view time);

#ifdef __cplusplus
}
#endif
#endif
