/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include <afferent/error.h>

#include "base/vector.h"
#include "run_suite.h"

START_TEST(grows_and_keeps_what_is_there)
{
	int64_t *items = NULL;
	size_t capacity = 0;
	for (size_t n = 0; n < 1000; n++) {
		ck_assert_int_eq(vector_room(&items, &capacity, n, sizeof *items), 0);
		ck_assert_uint_gt(capacity, n);
		items[n] = (int64_t)n;
	}
	for (size_t n = 0; n < 1000; n++)
		ck_assert_int_eq(items[n], (int64_t)n);
	free(items);
}
END_TEST

START_TEST(refuses_what_cannot_be_counted)
{
	char small[1] = {7};
	char *items = small;
	size_t capacity = SIZE_MAX / 2 + 1;
	ck_assert_int_eq(vector_room(&items, &capacity, capacity, 1), AFF_ENOMEM);
	ck_assert_ptr_eq(items, small);
	ck_assert_uint_eq(capacity, SIZE_MAX / 2 + 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base: vector");
	TCase *t = tcase_create("vector");
	tcase_add_test(t, grows_and_keeps_what_is_there);
	tcase_add_test(t, refuses_what_cannot_be_counted);
	suite_add_tcase(s, t);
	return run_suite(s);
}
