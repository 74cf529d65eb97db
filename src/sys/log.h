/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's log: one line an event to standard error; ids, codes, sizes and peers, never a field's value.
 * Thread-safe. People get "2026-11-20 09:30:00.123+01:00 warn  sender: ..."; with log_setup(level, true) each line is a
 * JSON object.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_setup(enum log_level level, bool json);
void log_line(enum log_level level, const char *area, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_error(area, ...) log_line(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warn(area, ...)  log_line(LOG_LEVEL_WARN, area, __VA_ARGS__)
#define log_info(area, ...)  log_line(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...) log_line(LOG_LEVEL_DEBUG, area, __VA_ARGS__)

/* For what repeats: true at most once a minute for each place that keeps its own `last` (starts at 0); *skipped
 * counts. */
bool log_once_a_minute(int64_t *last, unsigned *skipped);

#endif
