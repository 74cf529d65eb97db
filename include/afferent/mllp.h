/* SPDX-License-Identifier: Apache-2.0
 *
 * MLLP release 1 framing: 0x0B, message, 0x1C 0x0D. No input or output: the caller keeps one growing buffer of received
 * bytes and asks for the next frame in it. Bytes are looked at once, however they arrive.
 */
#ifndef AFFERENT_MLLP_H
#define AFFERENT_MLLP_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AFF_MLLP_START 0x0b
#define AFF_MLLP_END   0x1c
#define AFF_MLLP_CR    0x0d

struct aff_mllp {
	size_t max_frame;      /* bytes of one message at most */
	size_t max_junk;       /* bytes outside frames in a row at most */
	bool lenient_end;      /* 0x1C without 0x0D after it ends a frame too */
	/* state */
	size_t scanned;        /* bytes of the buffer that were looked at */
	size_t junk;           /* bytes outside frames since the last frame */
	unsigned spare;        /* CR or LF that may still follow the last frame without being junk */
	uint64_t junk_total;
};

void aff_mllp_init(struct aff_mllp *f, size_t max_frame, size_t max_junk);

/* Looks for the next frame in buf[0..n). Returns
 *   1  a frame: *frame views its message inside buf; afterwards drop *consumed bytes from the front
 *   0  more bytes are needed; drop *consumed bytes (junk) from the front
 *   AFF_ELIMIT  the frame or the junk is larger than allowed: close the connection
 *   AFF_EFRAME  a 0x0B inside a frame (its tail was lost), or 0x1C without 0x0D: *frame views the broken bytes, drop
 *               *consumed and go on or close
 * After dropping, call again with the bytes that are left (and new ones behind them). A single LF or CR after a frame
 * is not counted as junk. *consumed is always set; *frame is empty unless 1 or AFF_EFRAME is returned. */
int aff_mllp_next(struct aff_mllp *f, const char *buf, size_t n, struct aff_view *frame, size_t *consumed);

/* Appends a framed message. A message that holds 0x0B or 0x1C cannot be framed: out->error becomes AFF_EFRAME. */
void aff_mllp_put(struct aff_buf *out, struct aff_view message);

#ifdef __cplusplus
}
#endif
#endif
