/* SPDX-License-Identifier: Apache-2.0
 *
 * The calendar.
 */
#include "hl7/calendar.h"

/* Years are counted from March, so that the leap day is the last of its year. */
int64_t calendar_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t century = y / 100, months = (month + 9) % 12;
	int64_t day_of_year = (153 * months + 2) / 5 + day - 1;
	return y * 365 + y / 4 - century + century / 4 + day_of_year - 719468;
}

void calendar_date(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = z / 146097, of_era = z % 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), months = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * months + 2) / 5 + 1);
	*month = (int)(months < 10 ? months + 3 : months - 9);
	*year = (int)(era * 400 + y + (*month <= 2));
}
