/* SPDX-License-Identifier: Apache-2.0
 *
 * Doing something so many times a second, evenly. What is due is computed from the start, not from the last time, so
 * that the rate is right on average however unevenly it is asked.
 */
#include "cli/pace.h"

#include <afferent/number.h>
#include <stdlib.h>

#define LATE_US 1000000
#define MOST_PER_SECOND 1e6

static const struct {
	const char *suffix;
	double seconds;
} units[] = {{"/s", 1}, {"/min", 60}, {"/h", 3600}, {"", 1}};

int pace_parse(struct pace *p, const char *text)
{
	char digits[32];
	size_t n = strlen(text), i = 0;
	memset(p, 0, sizeof *p);
	if (!strcmp(text, "max"))
		return 0;
	/* The last suffix is empty and always fits. */
	for (; strlen(units[i].suffix) > n || strcmp(text + n - strlen(units[i].suffix), units[i].suffix); i++)
		;
	n -= strlen(units[i].suffix);
	if (n >= sizeof digits || !aff_is_number(aff_view(text, n)))
		return AFF_ESYNTAX;
	memcpy(digits, text, n);
	digits[n] = '\0';
	p->per_second = strtod(digits, NULL) / units[i].seconds;
	return p->per_second > 0 && p->per_second <= MOST_PER_SECOND ? 0 : AFF_ESYNTAX;
}

void pace_start(struct pace *p, int64_t now_us)
{
	p->started_us = now_us;
	p->taken = 0;
}

static int64_t due_us(const struct pace *p)
{
	return p->started_us + (int64_t)((double)p->taken * 1e6 / p->per_second);
}

bool pace_take(struct pace *p, int64_t now_us)
{
	if (p->per_second > 0) {
		int64_t due = due_us(p);
		if (now_us < due)
			return false;
		if (now_us - due > LATE_US)
			pace_start(p, now_us);
	}
	p->taken++;
	return true;
}

int pace_wait_ms(const struct pace *p, int64_t now_us)
{
	int64_t left = p->per_second > 0 ? due_us(p) - now_us : 0;
	return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX / 1000 : (int)((left + 999) / 1000);
}
