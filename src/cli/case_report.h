/* SPDX-License-Identifier: Apache-2.0
 *
 * What a test of a channel found: differences, each with its place. Values of the test's messages are in them: cases
 * are made of messages that nobody is treated by.
 */
#ifndef CLI_CASE_REPORT_H
#define CLI_CASE_REPORT_H

#include "cli/junit.h"

struct json_writer;

#define CASE_DIFFERENCES 100 /* told for each case; the others are counted */
#define CASE_VALUE       200

struct case_difference {
	char file[80];               /* "ehr.hl7", "expected.txt:3" */
	uint64_t message;            /* of in.hl7, from 1; 0: of none */
	char at[128];                /* "OBX[2]-5", "entry[1].resource.status"; may be "" */
	char expected[CASE_VALUE], got[CASE_VALUE];
	char text[CASE_VALUE];       /* instead of the two above, when it is not "" */
};

enum case_result { CASE_PASSED, CASE_UPDATED, CASE_FAILED, CASE_ERROR };

struct case_report {
	const char *channel, *name, *folder;
	enum case_result result;
	struct case_difference items[CASE_DIFFERENCES];
	size_t count, dropped;
};

void case_report_begin(struct case_report *r, const char *channel, const char *name, const char *folder);
/* Adds a difference, and makes the result FAILED; NULL past the cap. The caller fills in expected and got. */
struct case_difference *case_report_add(struct case_report *r, const char *file, uint64_t message, const char *at);
/* Adds a difference that is a sentence. */
void case_report_say(struct case_report *r, const char *file, uint64_t message, const char *format, ...)
	AFF_PRINTF(4, 5);
/* Adds what keeps the case from being run: the result is ERROR. */
void case_report_error(struct case_report *r, const char *file, const char *format, ...) AFF_PRINTF(3, 4);
/* Copies a value, shortened, with control characters made visible. */
void case_value(char out[CASE_VALUE], struct aff_view value);

/* "ehr.hl7, message 2: OBX[2]-5: expected 36.9, got 37.0" */
#define CASE_LINE 900
const char *case_difference_line(const struct case_difference *d, char buf[CASE_LINE]);

/* ---- printing: text as it goes, one JSON object or JUnit XML at the end ---- */

struct case_totals {
	uint64_t passed, updated, failed, errors;
	uint64_t without_cases;      /* channels */
};
struct case_printer {
	void (*channel)(struct case_printer *p, const char *channel);
	void (*empty)(struct case_printer *p, const char *channel); /* it has no cases */
	void (*result)(struct case_printer *p, const struct case_report *r);
	int (*end)(struct case_printer *p, const struct case_totals *t);
	struct junit junit;
	struct aff_buf out;
	struct json_writer *json;
};
enum case_form { CASE_TEXT, CASE_JSON, CASE_JUNIT };
/* 0, AFF_ENOMEM. */
int case_printer_init(struct case_printer *p, enum case_form form);
void case_printer_free(struct case_printer *p);

#endif
