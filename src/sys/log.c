/* SPDX-License-Identifier: Apache-2.0
 *
 * One write(2) a line, so that lines of several threads do not mix.
 */
#include "sys/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "sys/clock.h"

static _Atomic int threshold = LOG_LEVEL_INFO;
static _Atomic bool as_json;
static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_setup(enum log_level level, bool json)
{
	atomic_store(&threshold, (int)level);
	atomic_store(&as_json, json);
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	char text[1024], when[CLOCK_TEXT_SIZE];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);

	int64_t now = clock_wall_us();
	struct aff_buf line;
	aff_buf_init(&line, 8192);
	if (atomic_load(&as_json)) {
		time_t seconds = (time_t)(now / 1000000);
		struct tm tm;
		gmtime_r(&seconds, &tm);
		size_t n = strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(when + n, sizeof when - n, ".%03dZ", (int)(now / 1000 % 1000));
		struct json_writer j;
		jsonw_begin(&j, &line, 0);
		jsonw_object(&j, NULL);
		jsonw_text(&j, "time", when);
		jsonw_text(&j, "level", level_names[level]);
		jsonw_text(&j, "area", area);
		jsonw_text(&j, "text", text);
		jsonw_object_end(&j);
		aff_buf_put_char(&line, '\n');
	} else {
		aff_buf_printf(&line, "%s %-5s %s: %s\n", clock_local_text(now, when), level_names[level], area, text);
	}
	ssize_t ignored = line.error ? 0 : write(STDERR_FILENO, line.p, line.n);
	(void)ignored; /* nowhere left to complain */
	aff_buf_free(&line);
}

bool log_once_a_minute(int64_t *last, unsigned *skipped)
{
	int64_t now = clock_mono_us();
	if (*last && now - *last < 60000000) {
		(*skipped)++;
		return false;
	}
	*last = now;
	return true;
}
