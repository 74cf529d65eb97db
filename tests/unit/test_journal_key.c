/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing the key of checkpoints: the whole journal verifies with one of the keys, whichever it is; a crash at any
 * moment leaves a key that the journal knows; a key that nobody named does not count.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "journal/folder.h"
#include "journal/key_change.h"
#include "journal/verify.h"
#include "journal_fixture.h"
#include "sys/clock.h"
#include "sys/file.h"

#define ROWS 10 /* of a log file, about */

static char outside[80], key_path[80], next_path[90];
static struct verify_result result;
static struct verify_finding first;
static unsigned sent_lines[2]; /* checkpoints, keys */
static unsigned nmessages;

static void keep_finding(void *arg, const struct verify_finding *f)
{
	(void)arg;
	if (!first.what[0])
		first = *f;
}

static uint64_t verify(const unsigned char *key, const char *file)
{
	struct verify_options o = {.key = key, .checkpoint_file = file, .finding = keep_finding};
	first = (struct verify_finding){0};
	OK(journal_verify(fixture_folder, &o, &result, &diag));
	return result.findings;
}

static void verify_is_good(const unsigned char *key, const char *file)
{
	if (verify(key, file))
		ck_abort_msg("%s: %s %" PRId64 " %s", first.file, first.table, first.id, first.what);
}

static void count_line(void *arg, const char *what, struct aff_view line)
{
	(void)arg;
	ck_assert(line.n > 100 && line.p[line.n - 1] != '\n');
	sent_lines[strcmp(what, "key") == 0]++;
}

static struct journal *open_journal(void)
{
	struct journal *j = NULL;
	struct journal_options o = {
		.folder = fixture_folder, .file_rows = ROWS, .checkpoint_file = outside, .export = count_line};
	OK(journal_open(&j, &o, &diag));
	return j;
}

/* Some messages, each in a transaction of its own, and a checkpoint. */
static void write_some(struct journal *j, unsigned n)
{
	struct journal_packer *p;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	for (unsigned i = 0; i < n; i++, nmessages++) {
		OK(journal_begin(j, &diag));
		fixture_add(j, p, "monitors", nmessages, clock_wall_us());
		OK(journal_commit(j, &diag));
	}
	OK(journal_checkpoint(j, &diag));
	journal_packer_free(p);
}

static void public_of(const struct journal *j, unsigned char key[SIGN_KEY_SIZE])
{
	memcpy(key, sign_key_public(j->signer.key), SIGN_KEY_SIZE);
}

static void change(struct journal *j)
{
	OK(journal_new_key(j, aff_view_of("uid 7"), &diag));
}

/* Three keys in five log files or more. */
static void write_journal(unsigned char keys[3][SIGN_KEY_SIZE])
{
	struct journal *j = open_journal();
	for (unsigned i = 0; i < 3; i++) {
		write_some(j, 2 * ROWS);
		public_of(j, keys[i]);
		if (i < 2)
			change(j);
	}
	sealer_drain(&j->sealer);
	journal_close(j);
}

static unsigned char keys[3][SIGN_KEY_SIZE];

static void setup(void)
{
	fixture_setup();
	snprintf(outside, sizeof outside, "%s.checkpoints", fixture_folder);
	snprintf(key_path, sizeof key_path, "%s.key", fixture_folder);
	snprintf(next_path, sizeof next_path, "%s.new", key_path);
	sent_lines[0] = sent_lines[1] = nmessages = 0;
	write_journal(keys);
}

static void teardown(void)
{
	unlink(outside);
	unlink(next_path);
	fixture_teardown();
}

static void read_pem(const char *path, struct aff_buf *pem)
{
	aff_buf_init(pem, 8192);
	OK(file_read(path, pem, &diag));
}

START_TEST(the_journal_verifies_with_any_of_its_keys)
{
	unsigned char public[SIGN_KEY_SIZE];
	char path[100];
	struct aff_buf pem;
	struct stat st;
	verify_is_good(NULL, NULL);
	for (unsigned i = 0; i < 3; i++) {
		verify_is_good(keys[i], outside);
		ck_assert_uint_eq(result.key_changes, 2);
		ck_assert_mem_eq(result.key, keys[2], SIGN_KEY_SIZE);
		ck_assert_uint_eq(result.exported_ignored, 0);
	}
	ck_assert_uint_eq(sent_lines[1], 2);
	ck_assert_uint_eq(sent_lines[0], result.exported);
	/* The files are those of the newest key. */
	snprintf(path, sizeof path, "%s.pub", key_path);
	read_pem(path, &pem);
	OK(sign_public_read(public, aff_buf_view(&pem)));
	ck_assert_mem_eq(public, keys[2], SIGN_KEY_SIZE);
	aff_buf_free(&pem);
	ck_assert_int_eq(stat(key_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_ne(access(next_path, F_OK), 0);
	/* After each start, too. */
	struct journal *j = open_journal();
	write_some(j, 3);
	journal_close(j);
	verify_is_good(keys[0], outside);
	/* Somebody else's key leads nowhere. */
	public[0] ^= 1;
	ck_assert_uint_gt(verify(public, NULL), 0);
}
END_TEST

START_TEST(it_does_when_the_log_files_of_the_changes_are_gone)
{
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	ck_assert_uint_ge(list.n, 5);
	for (size_t i = 0; i + 1 < list.n; i++) {
		char path[PATH_MAX];
		OK(folder_path(path, sizeof path, fixture_folder, list.first[i], "", &diag));
		ck_assert_int_eq(unlink(path), 0);
		for (unsigned k = 0; k < 3; k++)
			verify_is_good(keys[k], outside);
	}
	ck_assert_uint_eq(result.rows[LINK_ACTION], 0);
	folder_list_free(&list);
}
END_TEST

/* The key that was there before the last change, as the signer has it. */
static struct sign_key *read_key(const char *path)
{
	struct aff_buf pem;
	struct sign_key *k;
	read_pem(path, &pem);
	OK(sign_key_read(&k, aff_buf_view(&pem)));
	aff_buf_free(&pem);
	return k;
}

START_TEST(a_key_counts_while_it_is_in_force)
{
	struct sign_key *old = read_key(key_path);
	struct journal *j = open_journal();
	change(j);
	write_some(j, 2);
	verify_is_good(keys[0], NULL);
	/* Somebody found the old key. */
	sign_key_free(j->signer.key);
	j->signer.key = old;
	write_some(j, 2);
	journal_close(j);
	ck_assert_uint_gt(verify(keys[0], NULL), 0);
	ck_assert_ptr_nonnull(strstr(first.what, "not in force"));
}
END_TEST

/* With an old key that was found the journal can be computed anew up to its change, but not beyond. */
START_TEST(the_key_that_is_given_or_a_later_one_must_vouch)
{
	unsigned char new[SIGN_KEY_SIZE];
	struct journal *j = open_journal();
	change(j);
	public_of(j, new);
	verify_is_good(keys[2], NULL);
	ck_assert_uint_eq(verify(new, NULL), 1);
	ck_assert_ptr_nonnull(strstr(first.what, "none is by the key that was given"));
	write_some(j, 1);
	verify_is_good(new, NULL);
	journal_close(j);
}
END_TEST

/* Adds an action that names a new key as the engine does, but signed by another one than the old key. */
static void forge(struct journal *j, const struct sign_key *new)
{
	struct key_change c = {.link = j->file.chain.number + 1, .at_us = clock_wall_us()};
	struct sign_key *other;
	struct aff_buf line;
	ck_assert_int_eq(sign_key_new(&other), 0);
	memcpy(c.journal, j->file.chain.journal, sizeof c.journal);
	OK(key_change_sign(&c, other, new));
	memcpy(c.old, sign_key_public(j->signer.key), SIGN_KEY_SIZE);
	/* The new one can sign what it likes. */
	unsigned char by_old[SIGN_SIZE];
	memcpy(by_old, c.by_old, SIGN_SIZE);
	OK(key_change_sign(&c, j->signer.key, new));
	memcpy(c.by_old, by_old, SIGN_SIZE);
	aff_buf_init(&line, 1024);
	key_change_put(&c, &line);
	struct journal_action a = {.at_us = c.at_us, .kind = aff_view_of("key"), .who = aff_view_of("uid 7"),
	                           .detail = aff_buf_view(&line)};
	OK(journal_begin(j, &diag));
	OK(journal_add_action(j, &a, &diag));
	OK(journal_commit(j, &diag));
	aff_buf_free(&line);
	sign_key_free(other);
}

START_TEST(a_new_key_that_the_old_one_did_not_sign_is_found)
{
	struct sign_key *new;
	struct journal *j = open_journal();
	ck_assert_int_eq(sign_key_new(&new), 0);
	forge(j, new);
	OK(journal_checkpoint(j, &diag));
	ck_assert_uint_eq(verify(keys[0], NULL), 1);
	ck_assert_str_eq(first.table, "action");
	ck_assert_ptr_nonnull(strstr(first.what, "did not sign"));
	/* What is signed with it does not count. */
	sign_key_free(j->signer.key);
	j->signer.key = new;
	write_some(j, 1);
	journal_close(j);
	ck_assert_uint_eq(verify(keys[0], NULL), 2);
	ck_assert_uint_eq(verify(NULL, NULL), 2);
}
END_TEST

START_TEST(a_damaged_list_of_keys_is_found)
{
	struct file_list list = {0};
	char path[PATH_MAX];
	sqlite3 *db;
	OK(folder_list(fixture_folder, &list, &diag));
	OK(folder_path(path, sizeof path, fixture_folder, list.first[list.n - 1], "", &diag));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	OK(sql_exec(db, "UPDATE meta SET value = replace(value, 'key 1 ', 'key 1 0') WHERE key = 'keys'", &diag));
	sqlite3_close(db);
	ck_assert_uint_gt(verify(keys[0], NULL), 0);
	ck_assert_str_eq(first.table, "meta");
	folder_list_free(&list);
}
END_TEST

/* ---- crashes ---- */

static void write_bytes(const char *path, const struct aff_buf *bytes)
{
	OK(file_replace(path, aff_buf_view(bytes), &diag));
}

START_TEST(a_change_that_a_crash_cut_off_is_completed_or_forgotten)
{
	struct aff_buf old, new;
	unsigned char public[SIGN_KEY_SIZE];
	read_pem(key_path, &old);
	struct journal *j = open_journal();
	change(j);
	public_of(j, public);
	journal_close(j);
	read_pem(key_path, &new);
	/* The crash came after the commit. */
	write_bytes(key_path, &old);
	write_bytes(next_path, &new);
	j = open_journal();
	ck_assert_mem_eq(sign_key_public(j->signer.key), public, SIGN_KEY_SIZE);
	write_some(j, 1);
	journal_close(j);
	verify_is_good(public, outside);
	ck_assert_int_ne(access(next_path, F_OK), 0);
	/* It came before the commit: the journal does not know that key. */
	write_bytes(next_path, &old);
	j = open_journal();
	ck_assert_mem_eq(sign_key_public(j->signer.key), public, SIGN_KEY_SIZE);
	ck_assert_int_ne(access(next_path, F_OK), 0);
	write_some(j, 1);
	journal_close(j);
	verify_is_good(keys[0], outside);
	aff_buf_free(&old);
	aff_buf_free(&new);
}
END_TEST

START_TEST(a_change_that_cannot_be_written_leaves_the_old_key)
{
	struct journal *j = open_journal();
	ck_assert_int_eq(mkdir(next_path, 0700), 0);
	ck_assert_int_lt(journal_new_key(j, aff_view_of("uid 7"), &diag), 0);
	ck_assert_mem_eq(sign_key_public(j->signer.key), keys[2], SIGN_KEY_SIZE);
	write_some(j, 1);
	ck_assert_int_eq(rmdir(next_path), 0);
	change(j);
	write_some(j, 1);
	journal_close(j);
	verify_is_good(keys[0], outside);
	ck_assert_uint_eq(result.key_changes, 3);
}
END_TEST

START_TEST(a_key_that_was_lost_is_told)
{
	ck_assert_int_eq(unlink(key_path), 0);
	struct journal *j = open_journal();
	write_some(j, 1);
	journal_close(j);
	ck_assert_uint_gt(verify(keys[0], NULL), 0);
	ck_assert_str_eq(first.table, "checkpoint");
}
END_TEST

START_TEST(a_folder_that_takes_no_key_is_told_with_what_to_do)
{
	struct journal_options o = {.folder = fixture_folder, .key_file = "/proc/nothing/afferent.key"};
	struct journal *j;
	ck_assert_int_lt(journal_open(&j, &o, &diag), 0);
	ck_assert_ptr_nonnull(strstr(diag.text, "/proc/nothing/afferent.key"));
	ck_assert_ptr_nonnull(strstr(diag.hint, "key_file"));
}
END_TEST

static TCase *key(void)
{
	TCase *c = tcase_create("key");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_journal_verifies_with_any_of_its_keys);
	tcase_add_test(c, it_does_when_the_log_files_of_the_changes_are_gone);
	tcase_add_test(c, a_key_counts_while_it_is_in_force);
	tcase_add_test(c, the_key_that_is_given_or_a_later_one_must_vouch);
	tcase_add_test(c, a_new_key_that_the_old_one_did_not_sign_is_found);
	tcase_add_test(c, a_damaged_list_of_keys_is_found);
	tcase_add_test(c, a_change_that_a_crash_cut_off_is_completed_or_forgotten);
	tcase_add_test(c, a_change_that_cannot_be_written_leaves_the_old_key);
	tcase_add_test(c, a_key_that_was_lost_is_told);
	tcase_add_test(c, a_folder_that_takes_no_key_is_told_with_what_to_do);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {key};
	return fixture_run(cases, 1, "journal: the key of checkpoints");
}
