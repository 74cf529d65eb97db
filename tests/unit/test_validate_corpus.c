/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks messages of many senders, where they are present: every finding must point to something that is there (or to
 * the gap where something is missing), and have a text and a hint.
 */
#include <afferent/validate.h>
#include <ftw.h>

#include "hl7_test.h"

enum { MESSAGE_MAX = 1 << 20 };

static const char folder[] = "../shared/corpus/messages";
static struct aff_msg *message;
static unsigned messages;

static void check_place(const char *path, const struct aff_diag *d)
{
	const struct aff_location *at = &d->at;
	if (!at->segment[0])
		return;
	unsigned segment = aff_msg_nth(message, at->segment, at->occurrence);
	ck_assert_msg(segment != AFF_NONE, "%s: %s[%u]: %s", path, at->segment, at->occurrence, d->text);
	if (d->code == AFF_EREQUIRED || !at->field)
		return;
	struct aff_view part = aff_msg_get(message, segment, at->field, at->repetition, at->component, 0);
	ck_assert_msg(part.n, "%s: %s-%u: %s", path, at->segment, at->field, d->text);
}

static void check_message(const char *path, const struct aff_checks *checks)
{
	struct aff_diag_list found;
	struct aff_diag first = {0};
	aff_diag_list_init(&found, 10000);
	int errors = aff_validate(message, checks, &found, &first);
	ck_assert_int_ge(errors, 0);
	ck_assert_uint_eq((size_t)errors, found.errors);
	ck_assert_uint_eq(found.dropped, 0);
	for (size_t i = 0; i < found.count; i++) {
		check_place(path, &found.items[i]);
		const struct aff_diag *d = &found.items[i];
		ck_assert_msg(d->text[0] && d->hint[0], "%s: finding %zu says nothing", path, i);
		ck_assert_msg(d->rule && aff_check_rule_find(d->rule), "%s: finding %zu has no rule", path, i);
	}
	aff_diag_list_free(&found);
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)where;
	static char bytes[MESSAGE_MAX];
	FILE *f = kind == FTW_F ? fopen(path, "rb") : NULL;
	if (!f)
		return 0;
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	char *exact = exact_copy(bytes, n);
	aff_msg_parse(message, exact, n, AFF_LENIENT_ALL, NULL);
	if (aff_msg_segments(message)) {
		for (int level = AFF_CHECK_NONE; level <= AFF_CHECK_TABLES; level++)
			check_message(path, &(struct aff_checks){.level = (enum aff_check_level)level});
		for (int ihe = AFF_IHE_AUTO; ihe < AFF_IHE_COUNT; ihe++) {
			const struct aff_checks all = {
				.level = AFF_CHECK_TABLES, .ihe = (enum aff_ihe)ihe, .sense = true};
			check_message(path, &all);
		}
		messages++;
	}
	free(exact);
	return 0;
}

START_TEST(findings_point_into_the_message)
{
	ck_assert_int_eq(aff_msg_new(&message, NULL), 0);
	if (nftw(folder, visit, 16, FTW_PHYS))
		puts("skipped: the folder of collected messages is not there");
	else
		ck_assert_uint_gt(messages, 100);
	aff_msg_free(message);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {findings_point_into_the_message};
	return RUN_TESTS("validate_corpus", tests);
}
