/* SPDX-License-Identifier: Apache-2.0
 *
 * What the crash tests of the journal alone share: a writer that commits as fast as it can, reports of what it was told
 * to be committed, and the search for all of that after the crash.
 */
#ifndef TESTS_JOURNAL_LOAD_H
#define TESTS_JOURNAL_LOAD_H

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/vector.h"
#include "journal/verify.h"
#include "sys/clock.h"

/* One committed transaction. */
struct report {
	int64_t first, last;
	uint64_t n;
};

static const char *folder;
static uint64_t file_rows, seed;

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

/* ---- writing ---- */

static int add(struct journal *j, struct journal_packer *p, struct aff_buf *body, int64_t *id, struct aff_diag *diag)
{
	char text[400];
	int n = snprintf(text, sizeof text,
	                 "MSH|^~\\&|CRASH|||||||||\rOBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC||%u|bpm\r", dice(200));
	struct journal_message m = {
		.received_us = clock_wall_us(),
		.channel = aff_view_of("crash"),
		.verdict = JOURNAL_ACCEPTED,
		.length = (uint32_t)n,
	};
	aff_buf_clear(body);
	int rc = journal_pack(p, m.channel, aff_view(text, (size_t)n), body, &m.dictionary);
	m.body = aff_buf_view(body);
	if (!rc)
		rc = journal_add_message(j, &m, diag);
	*id = m.id;
	return rc;
}

/* One transaction: messages, and an outcome for each of the transaction before, with the cursor. */
static int commit_some(struct journal *j, struct journal_packer *p, unsigned batch_max, struct report *done,
                       struct aff_diag *diag)
{
	struct aff_buf body;
	struct report now = {0};
	unsigned n = 1 + dice(batch_max);
	aff_buf_init(&body, 65536);
	int rc = journal_begin(j, diag);
	for (unsigned i = 0; i < n && !rc; i++) {
		int64_t id;
		rc = add(j, p, &body, &id, diag);
		now = (struct report){now.first ? now.first : id, id, now.n + 1};
	}
	if (!rc && done->last) {
		struct journal_outcome o = {.message = done->last, .destination = aff_view_of("crash/ehr"),
		                            .kind = JOURNAL_DELIVERED, .at_us = now.last};
		rc = journal_add_outcome(j, &o, diag);
	}
	if (!rc)
		rc = journal_set_cursor(j, aff_view_of("crash/ehr"), done->last, diag);
	if (!rc)
		rc = journal_commit(j, diag);
	aff_buf_free(&body);
	*done = now;
	return rc;
}

static int open_journal(struct journal **j, struct aff_diag *diag)
{
	struct journal_options o = {.folder = folder, .file_rows = file_rows};
	return journal_open(j, &o, diag);
}

/* ---- what was committed ---- */

struct reports {
	struct report *item;
	size_t n, allocated;
};

static int keep(struct reports *r, struct report one)
{
	if (vector_room(&r->item, &r->allocated, r->n, sizeof *r->item))
		return AFF_ENOMEM;
	r->item[r->n++] = one;
	return 0;
}

struct check {
	const struct reports *reports;
	size_t at;
	uint64_t seen;               /* rows of the report at hand */
	uint64_t rows, missing;
};

static void end_report(struct check *c)
{
	c->missing += c->seen != c->reports->item[c->at].n;
	c->at++;
	c->seen = 0;
}

/* Rows come in order: the reported transactions are ticked off one after the other. */
static int tick_off(void *arg, const struct journal_row *row)
{
	struct check *c = arg;
	int64_t id = row->message.id;
	c->rows++;
	while (c->at < c->reports->n && c->reports->item[c->at].last < id)
		end_report(c);
	if (c->at < c->reports->n && c->reports->item[c->at].first <= id)
		c->seen++;
	return 0;
}

static int look(const struct reports *reports, uint64_t *rows, uint64_t *missing, struct aff_diag *diag)
{
	struct journal_reader *r;
	struct check c = {.reports = reports};
	struct journal_stats s;
	int rc = journal_reader_open(&r, folder, diag);
	if (rc)
		return rc;
	rc = journal_read_channel(r, aff_view_of("crash"), 0, tick_off, &c, diag);
	while (c.at < reports->n)
		end_report(&c);
	if (!rc)
		rc = journal_read_stats(r, &s, diag);
	if (!rc) {
		if (s.messages != c.rows)
			rc = aff_diag_set(diag, AFF_ECORRUPT, "%" PRIu64 " rows read, %" PRIu64 " counted", c.rows,
			                  s.messages);
		journal_stats_free(&s);
	}
	journal_reader_close(r);
	*rows = c.rows;
	*missing = c.missing;
	return rc;
}

static void keep_first(void *arg, const struct verify_finding *f)
{
	struct verify_finding *first = arg;
	if (!first->what[0])
		*first = *f;
}

/* The hash chain is whole, whether somebody has recovered the journal or not. */
static int verify(struct aff_diag *diag)
{
	struct verify_finding first = {0};
	struct verify_options o = {.finding = keep_first, .arg = &first};
	struct verify_result result;
	int rc = journal_verify(folder, &o, &result, diag);
	if (!rc && result.findings)
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s: %s %" PRId64 " %s", first.file, first.table, first.id,
		                  first.what);
	return rc;
}

/* Recovers as the engine would. In every other cycle only: otherwise the next child has to. */
static int recover(struct aff_diag *diag)
{
	struct journal *j;
	int rc = open_journal(&j, diag);
	if (!rc)
		journal_close(j);
	return rc;
}

/* Looks for everything, and verifies. *rows: messages in the journal. */
static int examine(const struct reports *reports, uint64_t *rows, uint64_t *missing, struct aff_diag *diag)
{
	int rc = look(reports, rows, missing, diag);
	return rc ? rc : verify(diag);
}

static void empty_folder(void)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d)
		closedir(d);
}

static void remove_folder(void)
{
	empty_folder();
	rmdir(folder);
	for (size_t i = 0; i < 2; i++) {
		char key[4096 + 16];
		snprintf(key, sizeof key, "%s.key%s", folder, i ? ".pub" : "");
		unlink(key);
	}
}

/* The last words of a program. */
static int conclude(uint64_t cycles, uint64_t reported, uint64_t missing, int rc, const struct aff_diag *diag)
{
	char line[600];
	if (rc)
		printf("%s: %s\n", aff_error_name(rc), aff_diag_format(diag, line, sizeof line));
	printf("%" PRIu64 " cycles, %" PRIu64 " transactions reported, %" PRIu64 " not whole\n", cycles, reported,
	       missing);
	bool good = !rc && !missing;
	printf("%d passed, %d failed\n", good, !good);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* [CYCLES [FOLDER]], else so many in a temporary folder. */
static bool arguments(int argc, char **argv, uint64_t *cycles)
{
	static char temporary[] = "/tmp/afferent-crash-XXXXXX";
	if (argc > 1 && number_u64(aff_view_of(argv[1]), 1000000, cycles)) {
		fprintf(stderr, "usage: %s [CYCLES [FOLDER]]\n", argv[0]);
		return false;
	}
	folder = argc > 2 ? argv[2] : mkdtemp(temporary);
	seed = (uint64_t)clock_wall_us();
	printf("seed %" PRIu64 ", folder %s\n", seed, folder);
	return true;
}

#endif
