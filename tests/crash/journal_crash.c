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
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "journal_load.h"

#define FILE_ROWS  20000
#define BATCH_MAX  64
#define MAX_RUN_MS 300

static void write_until_killed(int pipe_to_parent)
{
	struct journal *j;
	struct journal_packer *p;
	struct aff_diag diag = {0};
	struct report done = {0};
	char line[600];
	int rc = open_journal(&j, &diag);
	if (!rc)
		rc = journal_packer_new(&p, j);
	while (!rc) {
		rc = commit_some(j, p, BATCH_MAX, &done, &diag);
		if (!rc && write(pipe_to_parent, &done, sizeof done) != sizeof done)
			rc = AFF_EIO;
	}
	fprintf(stderr, "writer: %s\n", aff_diag_format(&diag, line, sizeof line));
	_exit(1);
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

int main(int argc, char **argv)
{
	uint64_t cycles = 50, rows = 0, missing = 0;
	struct reports reports = {0};
	struct aff_diag diag = {0};
	if (!arguments(argc, argv, &cycles))
		return 2;
	file_rows = FILE_ROWS;
	int rc = 0;
	for (uint64_t i = 0; i < cycles && !rc && !missing; i++) {
		/* The first commit needs some time to come; some kills shall fall before it. */
		rc = run_and_kill(&reports, (int64_t)dice(MAX_RUN_MS) * 1000 + dice(1000));
		if (!rc && i % 2)
			rc = recover(&diag);
		if (!rc && reports.n)
			rc = examine(&reports, &rows, &missing, &diag);
	}
	if (argc <= 2 && !rc && !missing)
		remove_folder();
	int status = conclude(cycles, reports.n, missing, rc, &diag);
	free(reports.item);
	return status;
}
