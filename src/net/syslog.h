/* SPDX-License-Identifier: Apache-2.0
 *
 * Syslog messages (RFC 5424), each in a frame of a TLS stream (RFC 5425: its length in octets, a blank, the message).
 */
#ifndef NET_SYSLOG_H
#define NET_SYSLOG_H

#include <afferent/text.h>

/* Of RFC 5424, tables 1 and 2. */
enum syslog_facility { SYSLOG_SECURITY = 10, SYSLOG_AUDIT = 13 };
enum syslog_severity { SYSLOG_WARNING = 4, SYSLOG_NOTICE = 5 };

struct syslog_message {
	enum syslog_facility facility;
	enum syslog_severity severity;
	int64_t at_us;        /* since 1970 UTC */
	struct aff_view host; /* what cannot stand in a header is left out, as of the next three; "": "-" */
	struct aff_view application;
	struct aff_view process;
	struct aff_view id; /* which kind of message it is */
	struct aff_view text;
};

/* Appends one frame; the buffer's error. */
int syslog_put(struct aff_buf *out, const struct syslog_message *m);

#endif
