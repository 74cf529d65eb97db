/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory runs out at every single allocation of a load: each time the load says so, or had no use for it, and nothing
 * is left behind (the sanitizer build counts). The makefile links this program with malloc and its kin wrapped.
 */
#include <check.h>
#include <stdlib.h>

#include "conf/conf.h"
#include "run_suite.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

static long until_failure = -1; /* allocations that still succeed; -1: all */
static bool failed;

static bool out_of_memory(void)
{
	if (until_failure < 0 || until_failure-- > 0)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return out_of_memory() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return out_of_memory() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return out_of_memory() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *text)
{
	return out_of_memory() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
	return out_of_memory() ? NULL : __real_strndup(text, n);
}

static int load(const char *path, struct conf **conf, struct aff_diag_list *findings)
{
	struct conf_files files;
	int rc = conf_files_read(&files, path, NULL);
	if (!rc) {
		rc = conf_load(conf, &files, findings);
		conf_files_free(&files);
	}
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	static const char *const paths[] = {"channels/icu-monitors.yaml", "channels/infusion-pumps.yaml",
	                                    "channels/pass-through.yaml", ".", "tests/cases/conf/with-profiles"};
	long n = 0;
	do {
		struct conf *conf = NULL;
		struct aff_diag_list findings;
		aff_diag_list_init(&findings, 20);
		failed = false;
		until_failure = n++;
		int rc = load(paths[_i], &conf, &findings);
		until_failure = -1;
		ck_assert_int_eq(rc, failed ? AFF_ENOMEM : 0);
		ck_assert_int_eq(conf != NULL, rc == 0);
		conf_unref(conf);
		aff_diag_list_free(&findings);
	} while (failed);
	ck_assert_int_gt(n, 30);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf memory");
	TCase *tc = tcase_create("memory");
	tcase_add_loop_test(tc, every_allocation_may_fail, 0, 5);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
