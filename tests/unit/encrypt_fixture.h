/* SPDX-License-Identifier: Apache-2.0
 *
 * An encrypted journal under test, with its key file.
 */
#ifndef TESTS_ENCRYPT_FIXTURE_H
#define TESTS_ENCRYPT_FIXTURE_H

#include "journal_fixture.h"
#include "sys/file.h"

#define T0 1700000000000000

static char secret_path_[80];
static struct journal *j;
static struct journal_packer *packer;

__attribute__((unused)) static void open_journal(uint64_t file_rows)
{
	j = fixture_open(file_rows);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

__attribute__((unused)) static void close_journal(void)
{
	journal_packer_free(packer);
	journal_close(j);
	j = NULL;
}

__attribute__((unused)) static void setup(void)
{
	fixture_setup();
	snprintf(secret_path_, sizeof secret_path_, "%s.secret", fixture_folder);
	fixture_encrypt = true;
}

__attribute__((unused)) static void write_secret(const char *text)
{
	OK(file_replace(secret_path_, aff_view_of(text), &diag));
}

__attribute__((unused)) static void add(unsigned from, unsigned to, int64_t *ids)
{
	OK(journal_begin(j, &diag));
	for (unsigned i = from; i < to; i++)
		ids[i] = fixture_add(j, packer, "monitors", i, T0 + i);
	OK(journal_commit(j, &diag));
}

static struct fixture_rows rows;

__attribute__((unused)) static int search(struct journal_reader *r, const struct journal_query *q)
{
	rows = (struct fixture_rows){.check_raw = q->raw};
	return journal_search(r, q, fixture_collect, &rows, &diag);
}

/* Clear rows, then encrypted ones, over several log files and starts; one with the key of the file before. */
__attribute__((unused)) static unsigned write_mixture(int64_t *ids)
{
	unsigned n = 0;
	fixture_encrypt = false;
	open_journal(20);
	add(0, 5, ids);
	close_journal();
	fixture_encrypt = true;
	for (n = 5; n < 70; n += 5) {
		open_journal(20);
		add(n, n + 5, ids);
		sealer_drain(&j->sealer);
		close_journal();
	}
	return n;
}

#endif
