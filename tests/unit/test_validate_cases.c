/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the case files of tests/cases/validate. A file holds cases:
 *
 *	MSH|...                      segments that come before each case that has no MSH of its own
 *	== what the case is about
 *	level none | syntax | structure | types | tables | sense, or tables and an IHE transaction: ihe-pcd-01
 *	now 20250115103000+0000      the clock, for this case
 *	zone +60                     minutes east of UTC for times without a zone, for this case
 *	as error sense-demo          how bad a rule is (or off), for this case
 *	profile FILE | none          a profile beside the case file, until the next one
 *	PID|...                      the rest of the message
 *	-> error REQUIRED OBX[2]-3   every finding, in any order; "-" where no place in a segment can be named; the
 *	                             rule's id may follow
 *
 * Lines that start with # are comments. Findings that are not listed are failures.
 */
#include <afferent/dtm.h>
#include <afferent/validate.h>
#include <dirent.h>

#include "conf/profile.h"
#include "hl7_test.h"

enum { EXPECTED_MAX = 32, TEXT_MAX = 8192, LINE_MAX_BYTES = 1024, OVERRIDES_MAX = 8, RULES_MAX = 1000 };

struct expected {
	char severity[16], code[24], place[32], rule[40];
	bool met;
};

struct test_case {
	char name[160];
	struct aff_checks checks;
	const struct aff_profile *profile;
	struct aff_profile *owned;
	char prelude[TEXT_MAX], text[TEXT_MAX];
	size_t prelude_n, n;
	struct expected expected[EXPECTED_MAX];
	size_t expected_count;
	struct aff_check_override overrides[OVERRIDES_MAX];
	char override_rules[OVERRIDES_MAX][40];
	int zone;
};

static const char *const severities[] = {"error", "warning", "info"};
static bool broken[RULES_MAX]; /* by a case */

static const char folder[] = "tests/cases/validate";

static void add_segment(struct test_case *t, const char *line)
{
	size_t n = strlen(line);
	if (strncmp(line, "MSH", 3) == 0 && t->name[0] && t->n == t->prelude_n)
		t->n = 0;
	ck_assert_uint_lt(t->n + n + 1, sizeof t->text);
	memcpy(t->text + t->n, line, n);
	t->n += n;
	t->text[t->n++] = '\r';
}

static struct aff_checks checks_of(const char *word)
{
	static const char *const levels[] = {"none", "syntax", "structure", "types", "tables"};
	for (int i = 0; i <= AFF_CHECK_TABLES; i++) {
		if (strcmp(word, levels[i]) == 0)
			return (struct aff_checks){.level = (enum aff_check_level)i};
	}
	if (strcmp(word, "sense") == 0)
		return (struct aff_checks){.level = AFF_CHECK_TABLES, .sense = true};
	enum aff_ihe ihe = aff_ihe_find(word);
	ck_assert_msg(ihe != AFF_IHE_NONE, "no level: %s", word);
	return (struct aff_checks){.level = AFF_CHECK_TABLES, .ihe = ihe};
}

static void read_profile(struct test_case *t, const char *name)
{
	char path[2048];
	struct aff_diag_list found;
	aff_profile_free(t->owned);
	t->profile = t->owned = NULL;
	if (strcmp(name, "none") == 0)
		return;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	aff_diag_list_init(&found, 10);
	int rc = conf_profile_load(&t->owned, path, &found);
	ck_assert_msg(rc == 0, "%s: %s", name, found.count ? found.items[0].text : "");
	t->profile = t->owned;
	aff_diag_list_free(&found);
}

static bool meets(struct expected *e, const struct aff_diag *d)
{
	char place[64];
	aff_location_format(&d->at, place, sizeof place);
	if (e->rule[0] && strcmp(e->rule, d->rule) != 0)
		return false;
	return !e->met && strcmp(e->severity, severities[d->severity]) == 0 &&
	       strcmp(e->code, aff_error_name(d->code)) == 0 && strcmp(e->place, place[0] ? place : "-") == 0;
}

static bool take_expected(struct test_case *t, const struct aff_diag *d)
{
	for (size_t i = 0; i < t->expected_count; i++) {
		if (meets(&t->expected[i], d)) {
			t->expected[i].met = true;
			return true;
		}
	}
	return false;
}

static void compare(struct test_case *t, const char *file, const struct aff_diag_list *found)
{
	char line[512];
	for (size_t i = 0; i < found->count; i++)
		for (size_t k = 0; aff_check_rule_at(k); k++)
			broken[k] |= strcmp(aff_check_rule_at(k)->id, found->items[i].rule) == 0;
	for (size_t i = 0; i < found->count; i++)
		ck_assert_msg(take_expected(t, &found->items[i]), "%s: %s: not expected: %s (%s %s)", file, t->name,
		              aff_diag_format(&found->items[i], line, sizeof line),
		              aff_error_name(found->items[i].code), found->items[i].rule);
	for (size_t i = 0; i < t->expected_count; i++)
		ck_assert_msg(t->expected[i].met, "%s: %s: not found: %s %s %s", file, t->name, t->expected[i].severity,
		              t->expected[i].code, t->expected[i].place);
}

static void run_case(struct test_case *t, const char *file)
{
	struct aff_msg *m;
	struct aff_diag_list found;
	struct aff_diag first = {0};
	if (!t->name[0])
		return;
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	int rc = aff_msg_parse(m, t->text, t->n, AFF_LENIENT_ALL, NULL);
	ck_assert_msg(rc == 0, "%s: %s: does not parse: %s", file, t->name, aff_error_name(rc));
	aff_diag_list_init(&found, 1000);
	t->checks.profiles = &t->profile;
	t->checks.nprofiles = t->profile != NULL;
	rc = aff_validate(m, &t->checks, &found, &first);
	compare(t, file, &found);
	ck_assert_uint_eq((size_t)rc, found.errors);
	ck_assert(rc ? first.code && first.severity == AFF_SEVERITY_ERROR : !first.code);
	aff_diag_list_free(&found);
	aff_msg_free(m);
}

/* What stands before the first case comes before each of them. */
static void keep_prelude(struct test_case *t)
{
	memcpy(t->prelude, t->text, t->n);
	t->prelude_n = t->n;
}

static void add_override(struct test_case *t, const char *line)
{
	struct aff_check_override *o = &t->overrides[t->checks.override_count];
	char *rule = t->override_rules[t->checks.override_count++], how[16];
	ck_assert_uint_le(t->checks.override_count, OVERRIDES_MAX);
	ck_assert_int_eq(sscanf(line, "%15s %39s", how, rule), 2);
	*o = (struct aff_check_override){.rule = rule, .off = strcmp(how, "off") == 0};
	for (int i = 0; i < 3; i++)
		if (strcmp(how, severities[i]) == 0)
			o->severity = (enum aff_severity)i;
	t->checks.overrides = t->overrides;
}

/* false: the line is none of these. */
static bool take_setting(struct test_case *t, const char *line)
{
	struct aff_dtm now;
	if (strncmp(line, "now ", 4) == 0) {
		ck_assert_int_eq(aff_dtm_parse(&now, aff_view_of(line + 4)), 0);
		t->checks.now_us = aff_dtm_micros(&now, 0);
	} else if (strncmp(line, "zone ", 5) == 0) {
		t->zone = (int)strtol(line + 5, NULL, 10);
		t->checks.zone = &t->zone;
	} else if (strncmp(line, "as ", 3) == 0) {
		add_override(t, line + 3);
	} else {
		return false;
	}
	return true;
}

static void take_line(struct test_case *t, const char *file, const char *line)
{
	if (strncmp(line, "== ", 3) == 0) {
		run_case(t, file);
		if (!t->name[0])
			keep_prelude(t);
		memcpy(t->text, t->prelude, t->prelude_n);
		t->n = t->prelude_n;
		t->expected_count = 0;
		t->checks.override_count = 0;
		t->checks.now_us = 0;
		t->checks.zone = NULL;
		snprintf(t->name, sizeof t->name, "%.150s", line + 3);
	} else if (strncmp(line, "level ", 6) == 0) {
		t->checks = checks_of(line + 6);
	} else if (strncmp(line, "profile ", 8) == 0) {
		read_profile(t, line + 8);
	} else if (strncmp(line, "-> ", 3) == 0) {
		ck_assert_uint_lt(t->expected_count, EXPECTED_MAX);
		struct expected *e = &t->expected[t->expected_count++];
		e->met = false;
		e->rule[0] = '\0';
		ck_assert_int_ge(sscanf(line + 3, "%15s %23s %31s %39s", e->severity, e->code, e->place, e->rule), 3);
	} else if (line[0] && line[0] != '#' && !take_setting(t, line)) {
		add_segment(t, line);
	}
}

static void run_file(const char *name)
{
	char path[512], line[LINE_MAX_BYTES];
	struct test_case *t = calloc(1, sizeof *t);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(t);
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		take_line(t, name, line);
	}
	run_case(t, name);
	aff_profile_free(t->owned);
	fclose(f);
	free(t);
}

START_TEST(case_files)
{
	DIR *d = opendir(folder);
	unsigned files = 0;
	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		if (n > 5 && strcmp(e->d_name + n - 5, ".case") == 0) {
			run_file(e->d_name);
			files++;
		}
	}
	closedir(d);
	ck_assert_uint_gt(files, 0);
	for (size_t k = 0; aff_check_rule_at(k); k++) {
		const char *id = aff_check_rule_at(k)->id;
		bool whole = strncmp(id, "sense-", 6) == 0 || strncmp(id, "pcd-", 4) == 0;
		ck_assert_msg(broken[k] || !whole, "no case breaks the rule %s", id);
	}
}
END_TEST

/* Messages of this project that are as they should be: nothing in them may look odd. */
START_TEST(good_messages_make_sense)
{
	static const char *const files[] = {"examples/monitor.hl7", "tests/bench/messages/typical.hl7",
	                                    "tests/bench/messages/large.hl7"};
	static char bytes[1 << 20];
	const struct aff_checks checks = {.level = AFF_CHECK_TABLES, .sense = true};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		FILE *f = fopen(files[i], "rb");
		ck_assert_msg(f != NULL, "%s", files[i]);
		size_t n = fread(bytes, 1, sizeof bytes, f);
		fclose(f);
		struct aff_msg *m;
		struct aff_diag_list found;
		ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
		ck_assert_int_eq(aff_msg_parse(m, bytes, n, AFF_LENIENT_ALL, NULL), 0);
		aff_diag_list_init(&found, 1000);
		aff_validate(m, &checks, &found, NULL);
		for (size_t k = 0; k < found.count; k++)
			ck_assert_msg(strncmp(found.items[k].rule, "sense-", 6) != 0, "%s: %s: %s", files[i],
			              found.items[k].rule, found.items[k].text);
		aff_diag_list_free(&found);
		aff_msg_free(m);
	}
}
END_TEST

START_TEST(past_the_cap_findings_are_counted)
{
	struct aff_msg *m = parsed("MSH|^~\\&|||||||ORU^R01|A1|P|2.6\rOBR|1\rOBX|1\rOBX|2\rOBX|3\r");
	struct aff_diag_list found;
	aff_diag_list_init(&found, 2);
	int errors = aff_validate(m, &(struct aff_checks){.level = AFF_CHECK_TABLES}, &found, NULL);
	ck_assert_int_eq(errors, 4);
	ck_assert_uint_eq(found.errors, 4);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_uint_gt(found.dropped, 0);
	aff_diag_list_free(&found);
	aff_msg_free(m);
}
END_TEST

/* More devices and rows than the checks of IHE hold without memory of their own; then two rows have one place. */
START_TEST(of_many_rows_none_is_forgotten)
{
	static char text[1 << 16];
	size_t n = (size_t)snprintf(
		text, sizeof text,
		"MSH|^~\\&|M|F|||20250115103000+0000||ORU^R01^ORU_R01|A1|P|2.6|||AL|NE|||||"
		"^^1.3.6.1.4.1.19376.1.6.1.1.1\r"
		"PID|||1^^^H^MR||A^B^^^^^L\rOBR|1||7^G|182777000^m^SCT|||20250115103000+0000\r"
		"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X\r");
	for (unsigned i = 2; i <= 100; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		                      "OBX|%u||69798^MDC_DEV_ECG_VMD^MDC|1.%u.0.0|||||||X\r", i, i);
	for (unsigned i = 101; i <= 300; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		                      "OBX|%u|ST|68546^MDC_ATTR_ALERT_TEXT^MDC|1.%u.0.%u|x||||||R\r", i,
		                      2 + i % 99, 401 - i);
	struct aff_msg *m = parsed(text);
	struct aff_diag_list found;
	aff_diag_list_init(&found, 10);
	ck_assert_int_eq(aff_validate(m, &(struct aff_checks){.ihe = AFF_IHE_AUTO}, &found, NULL), 0);
	ck_assert_uint_eq(found.count, 0);
	char *second = strstr(text, "1.5.0.299|x");
	ck_assert_ptr_nonnull(second);
	memcpy(second, "1.4.0.300|x", 11);
	aff_validate(m, &(struct aff_checks){.ihe = AFF_IHE_AUTO}, &found, NULL);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(found.items[0].rule, "pcd-obx-4-unique");
	aff_diag_list_free(&found);
	aff_msg_free(m);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {case_files, good_messages_make_sense, past_the_cap_findings_are_counted,
	                              of_many_rows_none_is_forgotten};
	return RUN_TESTS("validate_cases", tests);
}
