/* SPDX-License-Identifier: Apache-2.0
 *
 * Kill -9 in a loop, on the journal alone. A child writes as fast as it can and reports each committed id through a
 * pipe; the parent kills it at a random moment, opens the journal again and looks for everything that was reported.
 * All cycles use one journal, with small log files, so that kills also fall into beginning, sealing and recovering
 * them.
 *
 *	journal_crash [CYCLES [FOLDER]]      50 cycles in a temporary folder
 *
 * Exit 0 and "1 passed, 0 failed" when nothing is missing.
 */
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "journal/verify.h"
#include "sys/clock.h"

#define FILE_ROWS  20000
#define BATCH_MAX  64
#define MAX_RUN_MS 300

/* One committed transaction. */
struct report {
	int64_t first, last;
	uint64_t n;
};

static const char *folder;
static uint64_t seed;

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

/* ---- the child ---- */

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
	int rc = journal_pack(p, aff_view(text, (size_t)n), body, &m.dictionary);
	m.body = aff_buf_view(body);
	if (!rc)
		rc = journal_add_message(j, &m, diag);
	*id = m.id;
	return rc;
}

/* One transaction: messages, and an outcome for each of the transaction before, with the cursor. */
static int commit_some(struct journal *j, struct journal_packer *p, struct report *done, struct aff_diag *diag)
{
	struct aff_buf body;
	struct report now = {0};
	unsigned n = 1 + dice(BATCH_MAX);
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

static void write_until_killed(int pipe_to_parent)
{
	struct journal *j;
	struct journal_packer *p;
	struct aff_diag diag = {0};
	struct report done = {0};
	char line[600];
	struct journal_options o = {.folder = folder, .file_rows = FILE_ROWS};
	int rc = journal_open(&j, &o, &diag);
	if (!rc)
		rc = journal_packer_new(&p, j);
	while (!rc) {
		rc = commit_some(j, p, &done, &diag);
		if (!rc && write(pipe_to_parent, &done, sizeof done) != sizeof done)
			rc = AFF_EIO;
	}
	fprintf(stderr, "writer: %s\n", aff_diag_format(&diag, line, sizeof line));
	_exit(1);
}

/* ---- the parent ---- */

struct reports {
	struct report *item;
	size_t n, allocated;
};

static int keep(struct reports *r, struct report one)
{
	if (r->n == r->allocated) {
		size_t more = r->allocated ? 2 * r->allocated : 1024;
		struct report *p = realloc(r->item, more * sizeof *p);
		if (!p)
			return AFF_ENOMEM;
		r->item = p;
		r->allocated = more;
	}
	r->item[r->n++] = one;
	return 0;
}

/* Collects reports until `until`, kills, and collects what was reported before the kill. */
static int run_and_kill(struct reports *reports, int64_t run_us)
{
	int ends[2], rc = 0;
	if (pipe(ends))
		return AFF_EIO;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		write_until_killed(ends[1]);
	}
	close(ends[1]);
	bool killed = false;
	int64_t until = clock_mono_us() + run_us;
	for (;;) {
		struct report one;
		struct pollfd p = {.fd = ends[0], .events = POLLIN};
		int64_t left = until - clock_mono_us();
		if (!killed && left <= 0) {
			kill(child, SIGKILL);
			killed = true;
		}
		if (!killed && poll(&p, 1, (int)(left / 1000) + 1) == 0)
			continue;
		ssize_t n = read(ends[0], &one, sizeof one);
		if (n != sizeof one) /* reports are written in one piece */
			break;
		rc = keep(reports, one);
		if (rc)
			break;
	}
	close(ends[0]);
	int status;
	waitpid(child, &status, 0);
	if (!rc && !WIFSIGNALED(status))
		rc = AFF_ECLOSED;
	return rc;
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
	struct journal_options o = {.folder = folder, .file_rows = FILE_ROWS};
	int rc = journal_open(&j, &o, diag);
	if (!rc)
		journal_close(j);
	return rc;
}

static void remove_folder(void)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d)
		closedir(d);
	rmdir(folder);
	for (size_t i = 0; i < 2; i++) {
		char key[4096 + 16];
		snprintf(key, sizeof key, "%s.key%s", folder, i ? ".pub" : "");
		unlink(key);
	}
}

int main(int argc, char **argv)
{
	char temporary[] = "/tmp/afferent-crash-XXXXXX";
	uint64_t cycles = 50, rows = 0, missing = 0, died_early = 0;
	struct reports reports = {0};
	struct aff_diag diag = {0};
	char line[600];
	if (argc > 1 && number_u64(aff_view_of(argv[1]), 1000000, &cycles)) {
		fprintf(stderr, "usage: journal_crash [CYCLES [FOLDER]]\n");
		return 2;
	}
	folder = argc > 2 ? argv[2] : mkdtemp(temporary);
	seed = (uint64_t)clock_wall_us();
	printf("seed %" PRIu64 ", folder %s\n", seed, folder);
	int rc = 0;
	for (uint64_t i = 0; i < cycles && !rc && !missing; i++) {
		/* The first commit needs some time to come; some kills shall fall before it. */
		rc = run_and_kill(&reports, (int64_t)dice(MAX_RUN_MS) * 1000 + dice(1000));
		died_early += rc == AFF_ECLOSED;
		if (!rc && i % 2)
			rc = recover(&diag);
		if (!rc && reports.n)
			rc = look(&reports, &rows, &missing, &diag);
		if (!rc && reports.n)
			rc = verify(&diag);
	}
	if (rc)
		printf("%s: %s\n", aff_error_name(rc), aff_diag_format(&diag, line, sizeof line));
	printf("%" PRIu64 " cycles, %zu transactions reported, %" PRIu64 " not whole, %" PRIu64
	       " messages in the journal\n",
	       cycles, reports.n, missing, rows);
	if (argc <= 2 && !rc && !missing)
		remove_folder();
	free(reports.item);
	bool good = !rc && !missing && !died_early;
	printf("%d passed, %d failed\n", good, !good);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
