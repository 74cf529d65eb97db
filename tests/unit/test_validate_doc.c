/* SPDX-License-Identifier: Apache-2.0
 *
 * doc/ihe.md lists the fields and rules of the IHE transactions exactly as the tables of the validator have them. When
 * it does not, what it should be is written to build/ihe.md.
 */
#include <afferent/validate.h>

#include "hl7_test.h"

enum { PAGE_MAX = 1 << 20 };

static const char page[] = "doc/ihe.md";

static void put_usage(FILE *out)
{
	fputs("| field | | PCD-01 | PCD-03 order | answer | PCD-04 | PCD-05 | PCD-10 | ACK |\n"
	      "|---|---|---|---|---|---|---|---|---|\n",
	      out);
#define ROW(segment, field, a, b, c, d, e, f, g, name)                                                                 \
	fprintf(out, "| %s-%u | %s | %s | %s | %s | %s | %s | %s | %s |\n", segment, (unsigned)(field), name, a, b, c, \
	        d, e, f, g);
#define REQUIRED(segment, small, field, a, b, c, d, e, f, g, severity, name, why, mend, source)                        \
	ROW(#segment, field, #a, #b, #c, #d, #e, #f, #g, name)
#define USAGE(segment, field, a, b, c, d, e, f, g, name) ROW(#segment, field, #a, #b, #c, #d, #e, #f, #g, name)
#include "validate/pcd_usage.def"
#undef REQUIRED
#undef USAGE
#undef ROW
}

static void put_rules(FILE *out)
{
	static const char *const severities[] = {"error", "warning", "info"};
	fputs("| rule | | what | why | what to do | source |\n|---|---|---|---|---|---|\n", out);
	for (size_t i = 0; aff_check_rule_at(i); i++) {
		const struct aff_check_rule *r = aff_check_rule_at(i);
		if (strncmp(r->id, "pcd-", 4) == 0)
			fprintf(out, "| `%s` | %s | %s | %s | %s | %s |\n", r->id, severities[r->severity], r->what,
			        r->why, r->mend, r->source);
	}
}

/* The page with its two tables made anew. */
static void put_page(FILE *out, const char *text)
{
	static const char usage[] = "<!-- usage -->\n", rules[] = "<!-- rules -->\n", end[] = "<!-- end -->\n";
	const char *u = strstr(text, usage), *r = strstr(text, rules);
	ck_assert(u && r && u < r);
	const char *after_u = strstr(u, end), *after_r = strstr(r, end);
	ck_assert(after_u && after_r);
	fwrite(text, 1, (size_t)(u - text) + sizeof usage - 1, out);
	put_usage(out);
	fwrite(after_u, 1, (size_t)(r - after_u) + sizeof rules - 1, out);
	put_rules(out);
	fputs(after_r, out);
}

START_TEST(the_page_lists_the_fields_and_rules_of_the_validator)
{
	static char text[PAGE_MAX];
	char *wanted = NULL;
	size_t size = 0;
	FILE *f = fopen(page, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	ck_assert_uint_lt(n, sizeof text - 1);
	FILE *out = open_memstream(&wanted, &size);
	ck_assert_ptr_nonnull(out);
	put_page(out, text);
	fclose(out);
	bool same = size == n && memcmp(wanted, text, n) == 0;
	f = same ? NULL : fopen("build/ihe.md", "w");
	if (f) {
		fwrite(wanted, 1, size, f);
		fclose(f);
	}
	free(wanted);
	ck_assert_msg(same, "%s is not what the validator does; build/ihe.md is", page);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {the_page_lists_the_fields_and_rules_of_the_validator};
	return RUN_TESTS("validate_doc", tests);
}
