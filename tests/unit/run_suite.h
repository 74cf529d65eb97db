/* SPDX-License-Identifier: Apache-2.0
 *
 * How every unit test program ends.
 */
#ifndef UNIT_RUN_SUITE_H
#define UNIT_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite and frees it; the exit status of the program. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
