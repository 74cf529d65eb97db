/* SPDX-License-Identifier: Apache-2.0
 *
 * Days and dates of the proleptic Gregorian calendar.
 */
#ifndef HL7_CALENDAR_H
#define HL7_CALENDAR_H

#include <stdint.h>

/* Days from 1970-01-01. */
int64_t calendar_days(int year, int month, int day);
void calendar_date(int64_t days, int *year, int *month, int *day);

#endif
