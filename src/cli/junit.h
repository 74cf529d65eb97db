/* SPDX-License-Identifier: Apache-2.0
 *
 * Results as JUnit XML, which every build server shows. A suite is written when its last case is known, since its
 * counts stand in front.
 */
#ifndef CLI_JUNIT_H
#define CLI_JUNIT_H

#include <afferent/text.h>

struct junit {
	const char *name;        /* of it all: "afferent validate" */
	struct aff_buf cases;    /* of the suite at hand */
	struct aff_buf suite;    /* its name; empty: none is at hand */
	uint64_t tests, failures, errors;
	const char *end;         /* what ends the case at hand */
	bool begun;
};
void junit_init(struct junit *j, const char *name);
void junit_free(struct junit *j);

/* Ends the suite before and begins the next one. */
void junit_suite(struct junit *j, const char *name);

enum junit_result { JUNIT_PASSED, JUNIT_FAILED, JUNIT_ERROR };
/* Begins a case. `message` sums up what there is to say, NULL: nothing; that follows through junit_text, and then
 * junit_case_end. */
void junit_case(struct junit *j, const char *group, const char *name, enum junit_result result, const char *message);
void junit_text(struct junit *j, const char *text);
void junit_case_end(struct junit *j);

/* Ends it all. 0, or the buffer's error: what was printed is not whole. */
int junit_end(struct junit *j);

#endif
