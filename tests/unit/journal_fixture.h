/* SPDX-License-Identifier: Apache-2.0
 *
 * What the journal's tests share: a folder that goes away, messages with a number in them, collected rows.
 */
#ifndef TESTS_JOURNAL_FIXTURE_H
#define TESTS_JOURNAL_FIXTURE_H

#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal/internal.h"
#include "journal/reader.h"
#include "journal/sql.h"
#include "run_suite.h"

static char fixture_folder[64];
static bool fixture_encrypt; /* what fixture_open asks for */

__attribute__((unused)) static void fixture_setup(void)
{
	/* In memory where that is possible: the tests sync thousands of times. */
	const char *where = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	snprintf(fixture_folder, sizeof fixture_folder, "%s/afferent-journal-XXXXXX", where);
	ck_assert_ptr_nonnull(mkdtemp(fixture_folder));
	/* Most tests hold for an encrypted journal, too: this runs them with one. */
	fixture_encrypt = getenv("AFF_TEST_ENCRYPT") != NULL;
}

__attribute__((unused)) static void fixture_empty(void)
{
	DIR *d = opendir(fixture_folder);
	const struct dirent *entry;
	while (d && (entry = readdir(d))) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/%s", fixture_folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
}

__attribute__((unused)) static void fixture_teardown(void)
{
	char key[80];
	fixture_empty();
	rmdir(fixture_folder);
	snprintf(key, sizeof key, "%s.key", fixture_folder);
	unlink(key);
	snprintf(key, sizeof key, "%s.key.pub", fixture_folder);
	unlink(key);
	snprintf(key, sizeof key, "%s.secret", fixture_folder);
	unlink(key);
}

static struct aff_diag diag;

/* Fails with the diag's text. */
__attribute__((unused)) static void fixture_ok(int rc)
{
	char line[600];
	if (rc < 0)
		ck_abort_msg("%s: %s", aff_error_name(rc), aff_diag_format(&diag, line, sizeof line));
}
#define OK(call) fixture_ok(call)

__attribute__((unused)) static struct journal *fixture_open(uint64_t file_rows)
{
	struct journal *j = NULL;
	struct journal_options o = {.folder = fixture_folder, .file_rows = file_rows, .encrypt = fixture_encrypt};
	OK(journal_open(&j, &o, &diag));
	return j;
}

__attribute__((unused)) static struct journal_reader *fixture_reader(void)
{
	struct journal_reader *r = NULL;
	OK(journal_reader_open(&r, fixture_folder, &diag));
	return r;
}

static const unsigned char fixture_sha[SHA256_SIZE] = {1, 2, 3};

/* The raw text of message number n; about 600 bytes that compress. */
__attribute__((unused)) static struct aff_view fixture_raw(char *buf, size_t size, unsigned n)
{
	int length =
		snprintf(buf, size, "MSH|^~\\&|MON|ICU|EHR|HOSP|20250115||ORU^R01|C%u|P|2.6\rPID|||P%u\r", n, n % 7);
	for (unsigned i = 0; i < 8; i++)
		length += snprintf(buf + length, size - (size_t)length,
		                   "OBX|%u|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.%u|%u|bpm|||||R\r", i, i,
		                   (n * 37 + i) % 200);
	return aff_view(buf, (size_t)length);
}

/* Adds message number n of a channel within the open transaction; returns its id. */
__attribute__((unused)) static int64_t fixture_add(struct journal *j, struct journal_packer *p, const char *channel,
                                                   unsigned n, int64_t received_us)
{
	char raw[2048], control[24], patient[24], device[24];
	struct aff_buf body;
	aff_buf_init(&body, 1 << 20);
	struct aff_view text = fixture_raw(raw, sizeof raw, n);
	uint32_t dictionary = 0;
	ck_assert_int_eq(journal_pack(p, aff_view_of(channel), text, &body, &dictionary), 0);
	snprintf(control, sizeof control, "C%u", n);
	snprintf(patient, sizeof patient, "P%u", n % 7);
	snprintf(device, sizeof device, "D%u", n % 11);
	struct journal_message m = {
		.received_us = received_us,
		.channel = aff_view_of(channel),
		.peer = aff_view_of("127.0.0.1:51234"),
		.type = aff_view_of("ORU^R01"),
		.control_id = aff_view_of(control),
		.patient = aff_view_of(patient),
		.device = aff_view_of(device),
		.verdict = JOURNAL_ACCEPTED,
		.length = (uint32_t)text.n,
		.dictionary = dictionary,
		.body = aff_buf_view(&body),
	};
	memcpy(m.snapshot, fixture_sha, SHA256_SIZE);
	OK(journal_encrypt(p, &m));
	OK(journal_add_message(j, &m, &diag));
	aff_buf_free(&body);
	return m.id;
}

__attribute__((unused)) static void fixture_outcome_instead(struct journal *j, int64_t message, const char *destination,
							    enum journal_outcome_kind kind,
							    enum journal_outcome_kind instead)
{
	struct journal_outcome o = {
		.message = message,
		.destination = aff_view_of(destination),
		.kind = kind,
		.at_us = message + 5,
		.tries = 1,
		.sent_length = kind == JOURNAL_DELIVERED ? 100 : 0,
		.detail = aff_view_of(kind == JOURNAL_DELIVERED ? "AA" : "line 14: drop segment"),
		.instead = instead,
	};
	memcpy(o.snapshot, fixture_sha, SHA256_SIZE);
	OK(journal_add_outcome(j, &o, &diag));
}

__attribute__((unused)) static void fixture_outcome(struct journal *j, int64_t message, const char *destination,
						    enum journal_outcome_kind kind)
{
	fixture_outcome_instead(j, message, destination, kind, (enum journal_outcome_kind)0);
}

/* Rows as a callback collected them. */
struct fixture_rows {
	int64_t id[100000];
	size_t n;
	size_t stop_at;     /* 0: never */
	bool check_raw;     /* the raw text must be that of the control id */
};

__attribute__((unused)) static int fixture_collect(void *arg, const struct journal_row *row)
{
	struct fixture_rows *rows = arg;
	ck_assert_uint_lt(rows->n, sizeof rows->id / sizeof *rows->id);
	rows->id[rows->n++] = row->message.id;
	if (rows->check_raw) {
		char raw[2048], number[24] = "";
		struct aff_view control = row->message.control_id;
		ck_assert_uint_lt(control.n, sizeof number);
		memcpy(number, control.p, control.n);
		struct aff_view want = fixture_raw(raw, sizeof raw, (unsigned)strtoul(number + 1, NULL, 10));
		ck_assert(aff_view_equal(row->raw, want));
	}
	return rows->stop_at && rows->n == rows->stop_at;
}

__attribute__((unused)) static int fixture_run(TCase *(*cases[])(void), size_t n, const char *name)
{
	Suite *suite = suite_create(name);
	for (size_t i = 0; i < n; i++)
		suite_add_tcase(suite, cases[i]());
	return run_suite(suite);
}

#endif
