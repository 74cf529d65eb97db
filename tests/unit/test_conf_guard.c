/* SPDX-License-Identifier: Apache-2.0
 *
 * Who else may change the configuration: modes and owners.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "sys/file.h"
#include "run_suite.h"

static char folder[] = "/tmp/afferent-guard-XXXXXX";
static const char channel[] = "channel: c\nsource: {mllp: {listen: \"127.0.0.1:2575\"}}\n"
                              "destinations: [{name: x, file: {to: x.hl7}}]\n";

static const char *path_of(const char *name)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void make(void)
{
	umask(022);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(mkdir(path_of("channels"), 0755), 0);
	ck_assert_int_eq(file_replace(path_of("channels/c.yaml"), aff_view_of(channel), NULL), 0);
	ck_assert_int_eq(file_replace(path_of("afferent.yaml"), aff_view_of("log: text\n"), NULL), 0);
}

static void take_away(void)
{
	static const char *const names[] = {"channels/c.yaml", "channels", "afferent.yaml", ""};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		remove(path_of(names[i]));
}

/* Loads the folder; the only finding, if there is one, goes into *found. */
static int load(struct aff_diag *found)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	memset(found, 0, sizeof *found);
	ck_assert_int_eq(conf_files_read(&files, folder, NULL), 0);
	conf_files_guard(&files);
	aff_diag_list_init(&findings, 50);
	int rc = conf_load(&conf, &files, &findings);
	ck_assert_uint_le(findings.count, 1);
	if (findings.count)
		*found = findings.items[0];
	aff_diag_list_free(&findings);
	conf_files_free(&files);
	conf_unref(conf);
	return rc;
}

START_TEST(nobody_else_may_write)
{
	struct aff_diag found;
	ck_assert_int_eq(load(&found), 0);
	ck_assert_str_eq(found.text, "");
}
END_TEST

START_TEST(what_everybody_may_write_is_refused)
{
	static const struct {
		const char *name;
		mode_t mode;
	} open[] = {{"afferent.yaml", 0666}, {"channels/c.yaml", 0646}, {"channels", 0777}, {"channels", 01777},
	            {".", 0777}};
	struct aff_diag found;
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
		struct stat st;
		ck_assert_int_eq(stat(path_of(open[i].name), &st), 0);
		ck_assert_int_eq(chmod(path_of(open[i].name), open[i].mode), 0);
		ck_assert_int_eq(load(&found), AFF_ECONFIG);
		ck_assert_int_eq(found.severity, AFF_SEVERITY_ERROR);
		ck_assert_ptr_nonnull(strstr(found.text, "everybody may write"));
		ck_assert_ptr_nonnull(strstr(found.hint, open[i].name));
		ck_assert_int_eq(chmod(path_of(open[i].name), st.st_mode & 07777), 0);
	}
}
END_TEST

START_TEST(groups_and_owners_are_warned_of)
{
	struct aff_diag found;
	if (geteuid() != 0)
		return; /* only root gives files away */
	ck_assert_int_eq(chown(path_of("afferent.yaml"), 0, 4711), 0);
	ck_assert_int_eq(chmod(path_of("afferent.yaml"), 0664), 0);
	ck_assert_int_eq(load(&found), 0);
	ck_assert_int_eq(found.severity, AFF_SEVERITY_WARNING);
	ck_assert_str_eq(found.text, "the group with id 4711 may write this file or folder");
	ck_assert_int_eq(chown(path_of("channels/c.yaml"), 0, 4711), 0);
	ck_assert_int_eq(chmod(path_of("channels/c.yaml"), 0664), 0);
	ck_assert_int_eq(load(&found), 0);
	ck_assert_str_eq(found.text,
	                 "the group with id 4711 may write this file or folder, and 1 other of the configuration");
	ck_assert_int_eq(chmod(path_of("channels/c.yaml"), 0644), 0);
	ck_assert_int_eq(chmod(path_of("afferent.yaml"), 0644), 0);
	ck_assert_int_eq(chown(path_of("channels"), 4712, 0), 0);
	ck_assert_int_eq(load(&found), 0);
	ck_assert_str_eq(found.text, "its owner with id 4712 may write this file or folder");
	/* a group of the user's own is as good as the user */
	ck_assert_int_eq(chown(path_of("channels"), 0, 0), 0);
	ck_assert_int_eq(chmod(path_of("channels"), 0775), 0);
	ck_assert_int_eq(load(&found), 0);
	ck_assert_str_eq(found.text, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf guard");
	TCase *tc = tcase_create("guard");
	tcase_add_checked_fixture(tc, make, take_away);
	tcase_add_test(tc, nobody_else_may_write);
	tcase_add_test(tc, what_everybody_may_write_is_refused);
	tcase_add_test(tc, groups_and_owners_are_warned_of);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
