/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of tests/cases/fhir against the bundles beside them, byte for byte. AFF_UPDATE_GOLDEN=1 writes the
 * bundles anew: read the difference, and check them with tests/interop/fhircheck.sh.
 */
#include <afferent/charset.h>
#include <afferent/fhir.h>

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_suite.h"

#define FOLDER "tests/cases/fhir/"

enum { MOST_CASES = 100, MOST_BYTES = 1 << 20 };

static char names[MOST_CASES][64];
static int cases;

static void find_cases(void)
{
	DIR *dir = opendir(FOLDER);
	const struct dirent *e;
	while (dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name);
		if (n > 4 && n < sizeof names[0] && strcmp(e->d_name + n - 4, ".hl7") == 0 && cases < MOST_CASES)
			snprintf(names[cases++], sizeof names[0], "%.*s", (int)(n - 4), e->d_name);
	}
	if (dir)
		closedir(dir);
}

static struct aff_view read_file(const char *name, const char *suffix, char *room)
{
	char path[160];
	snprintf(path, sizeof path, FOLDER "%s%s", name, suffix);
	FILE *f = fopen(path, "rb");
	if (!f)
		return aff_view("", 0);
	size_t n = fread(room, 1, MOST_BYTES, f);
	fclose(f);
	return aff_view(room, n);
}

static void write_file(const char *name, struct aff_view bytes)
{
	char path[160];
	snprintf(path, sizeof path, FOLDER "%s.json", name);
	FILE *f = fopen(path, "wb");
	ck_assert_msg(f != NULL, "%s", path);
	ck_assert_uint_eq(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(renders_as_written)
{
	static char message[MOST_BYTES], wanted[MOST_BYTES];
	const char *name = names[_i];
	struct aff_view text = read_file(name, ".hl7", message);
	struct aff_fhir_options options = {.pretty = 1};
	struct aff_diag diag = {0};
	struct aff_charset *set;
	struct aff_msg *m;
	struct aff_fhir *f;
	struct aff_buf out;
	options.bundle = strncmp(name, "collection", 10) == 0 ? AFF_FHIR_COLLECTION : AFF_FHIR_TRANSACTION;
	aff_buf_init(&out, MOST_BYTES);
	ck_assert_int_eq(aff_charset_new(&set), 0);
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_fhir_new(&f), 0);
	ck_assert_msg(aff_charset_parse(set, m, text.p, text.n, 0, NULL, &diag) == 0, "%s: %s", name, diag.text);
	ck_assert_msg(aff_fhir_render(f, &out, m, &options, NULL, &diag) == 0, "%s: %s", name, diag.text);
	aff_buf_put_char(&out, '\n');
	if (getenv("AFF_UPDATE_GOLDEN"))
		write_file(name, aff_buf_view(&out));
	struct aff_view golden = read_file(name, ".json", wanted);
	size_t same = 0, line = 1;
	while (same < golden.n && same < out.n && golden.p[same] == out.p[same])
		line += golden.p[same++] == '\n';
	ck_assert_msg(aff_view_equal(golden, aff_buf_view(&out)), "%s.json differs in line %zu", name, line);
	aff_fhir_free(f);
	aff_msg_free(m);
	aff_charset_free(set);
	aff_buf_free(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fhir/golden");
	TCase *c = tcase_create("golden");
	find_cases();
	if (!cases) {
		fprintf(stderr, "no cases in " FOLDER "; run from the project's folder\n");
		return EXIT_FAILURE;
	}
	tcase_add_loop_test(c, renders_as_written, 0, cases);
	suite_add_tcase(s, c);
	return run_suite(s);
}
