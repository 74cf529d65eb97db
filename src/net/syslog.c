/* SPDX-License-Identifier: Apache-2.0 */
#include "net/syslog.h"

#include <time.h>

#define VERSION 1
#define HEADER_MAX 1024
#define HOST_MAX 255
#define APPLICATION_MAX 48
#define PROCESS_MAX 128
#define ID_MAX 32

/* Printable ASCII, at most so much of it; "-" for nothing. */
static void put_word(struct aff_buf *out, struct aff_view word, size_t most)
{
	size_t n = 0;
	aff_buf_put_char(out, ' ');
	for (size_t i = 0; i < word.n && n < most; i++) {
		if (word.p[i] > ' ' && word.p[i] < 0x7f) {
			aff_buf_put_char(out, word.p[i]);
			n++;
		}
	}
	if (!n)
		aff_buf_put_char(out, '-');
}

static void put_time(struct aff_buf *out, int64_t at_us)
{
	char text[32];
	time_t seconds = (time_t)(at_us / 1000000);
	struct tm tm;
	if (at_us < 0 || !gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
		aff_buf_put_text(out, " -");
	else
		aff_buf_printf(out, " %s.%06dZ", text, (int)(at_us % 1000000));
}

int syslog_put(struct aff_buf *out, const struct syslog_message *m)
{
	struct aff_buf header;
	aff_buf_init(&header, HEADER_MAX);
	aff_buf_printf(&header, "<%d>%d", (int)m->facility * 8 + (int)m->severity, VERSION);
	put_time(&header, m->at_us);
	put_word(&header, m->host, HOST_MAX);
	put_word(&header, m->application, APPLICATION_MAX);
	put_word(&header, m->process, PROCESS_MAX);
	put_word(&header, m->id, ID_MAX);
	aff_buf_put_text(&header, " - "); /* no structured data */
	if (header.error && !out->error)
		out->error = header.error;
	aff_buf_printf(out, "%zu ", header.n + m->text.n);
	aff_buf_put_view(out, aff_buf_view(&header));
	aff_buf_put_view(out, m->text);
	aff_buf_free(&header);
	return out->error;
}
