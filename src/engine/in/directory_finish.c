/* SPDX-License-Identifier: Apache-2.0
 *
 * The way out of a file that was taken: its messages have come back from the writer, or it holds none that could be
 * taken; it goes to .done or to .error, or waits for room.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/in/source_directory.h"
#include "sys/clock.h"
#include "sys/log.h"

#define REPORT_MAX (64u << 10)

void directory_tell_trouble(const struct source *s, const char *what, int error)
{
	struct directory *d = s->state;
	if (log_once_a_minute(&d->trouble_told_us, &d->trouble_untold))
		log_warn("source", "%s: a file of %s %s: %s; it stays, and is tried again", s->of.settings->name,
			 source_of(s)->path, what, aff_error_text(error));
}

static void tell_refused(const struct source *s, const char *why)
{
	struct directory *d = s->state;
	if (!log_once_a_minute(&d->refused_told_us, &d->refused_untold))
		return;
	char others[64] = "";
	if (d->refused_untold)
		snprintf(others, sizeof others, " and %u others since the last such line", d->refused_untold);
	log_warn("source", "%s: a file of %s%s goes to %s: %s; the report lies beside it", s->of.settings->name,
		 source_of(s)->path, others, source_of(s)->folder.error, why);
	d->refused_untold = 0;
}

void directory_free_job(struct directory *d, struct job *j)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (d->jobs[i] == j) {
			d->jobs[i] = NULL;
			d->njobs--;
		}
	}
	aff_buf_free(&j->answers);
	free(j);
}

void directory_leave(struct directory *d, int64_t after_us)
{
	d->leftovers = true;
	d->leftovers_us = clock_mono_us() + after_us;
}

void directory_refuse(struct source *s, const char *claimed, const char *why, struct aff_view report)
{
	struct directory *d = s->state;
	char final[INBOX_NAME_SIZE];
	tell_refused(s, why);
	int rc = inbox_finish(&d->inbox, claimed, d->inbox.error, final);
	if (!rc)
		rc = inbox_write(d->inbox.error, final, ".why", report);
	if (!rc)
		return;
	directory_tell_trouble(s, "cannot be moved to the folder for errors", rc);
	directory_leave(d, AGAIN_US);
}

static void write_answers(struct source *s, const struct job *j)
{
	struct directory *d = s->state;
	const char *name;
	int64_t head;
	if (!j->answers.n || d->inbox.acks < 0 || !inbox_claim(j->claimed, &head, &name))
		return;
	int rc = j->answers.error ? j->answers.error
				  : inbox_write(d->inbox.acks, name, ".ack", aff_buf_view(&j->answers));
	if (rc)
		directory_tell_trouble(s, "cannot be answered", rc);
}

void directory_finish(struct source *s, struct job *j)
{
	struct directory *d = s->state;
	char final[INBOX_NAME_SIZE];
	struct aff_buf report;
	int rc = inbox_compare(&d->inbox, j->claimed, &j->st);
	bool changed = rc == AFF_EAGAIN || j->changed;
	aff_buf_init(&report, REPORT_MAX);
	if (changed)
		aff_buf_put_text(&report, "The file was changed after it was taken: what was added is not taken.\n");
	if (j->taken.rejected)
		taken_report(&j->taken, &report);
	if (!rc || rc == AFF_EAGAIN) {
		write_answers(s, j);
		rc = report.n ? 0 : inbox_finish(&d->inbox, j->claimed, d->inbox.done, final);
	} else {
		aff_buf_clear(&report); /* the folder is away: later, as the journal tells */
	}
	if (report.n) {
		directory_refuse(s, j->claimed,
				 changed ? "it was changed after it was taken" : "messages of it are rejected",
				 aff_buf_view(&report));
	} else if (rc) {
		directory_tell_trouble(s, "cannot be moved to the folder for those that are done", rc);
		directory_leave(d, AGAIN_US);
	}
	aff_buf_free(&report);
	directory_free_job(d, j);
}

void directory_add_answer(struct job *j, struct aff_view framed)
{
	if (framed.n > 3)
		aff_buf_put(&j->answers, framed.p + 1, framed.n - 3);
}

void directory_came_back(struct source *s, struct envelope *e)
{
	struct directory *d = s->state;
	struct job *j = d->jobs[e->slot];
	if (e->result)
		j->result = e->result;
	else
		taken_add(&j->taken, &e->row);
	if (d->inbox.acks >= 0)
		directory_add_answer(j, e->answer);
	envelope_unref(e);
	if (--j->left)
		return;
	if (j->result) { /* no room: nothing of it is stored */
		directory_leave(d, 0);
		directory_free_job(d, j);
	} else {
		directory_finish(s, j);
	}
}
