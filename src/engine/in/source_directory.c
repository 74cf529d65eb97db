/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of a folder. Blocks on the folder's file system, which may be far away: that is why each such source has a
 * thread of its own.
 *
 * A file is taken by a rename (inbox.h), its messages are stored in one transaction, and only then it goes on to .done
 * or .error. What a crash leaves in .taken is looked for in the journal first: if it is there, the file only goes on;
 * if not, nothing of it was ever stored, and it is taken now. So neither a message is lost nor one stored twice,
 * however often that happens.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/in/source_directory.h"
#include "engine/writer.h"
#include "sys/clock.h"

#define TURN_MS 1000
#define FULL_MS 200          /* a full disk is looked at again */

static void close_folder(struct directory *d)
{
	inbox_close(&d->inbox);
	inbox_list_free(&d->list);
	d->open = false;
	d->next = 0;
}

static void down(struct source *s, const char *why)
{
	struct directory *d = s->state;
	d->open_us = clock_mono_us() + OPEN_US;
	channel_down(s->of.channel, why);
}

/* false: it is not there. */
static bool keep_open(struct source *s)
{
	struct directory *d = s->state;
	struct aff_diag diag = {0};
	char what[200];
	if (d->open && d->reopen && !d->njobs)
		close_folder(d);
	if (d->open)
		return !d->reopen;
	if (clock_mono_us() < d->open_us)
		return false;
	if (inbox_open(&d->inbox, source_of(s), &diag)) {
		down(s, diag.text);
		return false;
	}
	d->open = d->leftovers = true;
	d->reopen = false;
	d->look_us = d->leftovers_us = 0;
	snprintf(what, sizeof what, "takes files from %s", source_of(s)->path);
	channel_up(s->of.channel, what);
	return true;
}

static void look(struct source *s)
{
	struct directory *d = s->state;
	const struct conf_folder *c = &source_of(s)->folder;
	char why[200];
	int number = 0;
	int64_t now = clock_mono_us();
	bool there = inbox_is_there(&d->inbox, source_of(s)->path);
	int rc = there ? inbox_list_look(&d->list, d->inbox.in, c->match, c->settle_ms, now, &number) : AFF_EIO;
	d->next = 0;
	d->look_us = now + c->every_ms * 1000;
	if (!rc) {
		atomic_store(&s->of.channel->files_waiting, (int64_t)d->list.n);
		return;
	}
	snprintf(why, sizeof why, "cannot read the folder %s: %s", source_of(s)->path,
		 !there	? "it is not there any more"
		 : number ? strerror(number)
			  : aff_error_text(rc));
	d->list.ndue = 0;
	d->reopen = true;
	down(s, why);
}

static void work(struct source *s)
{
	struct directory *d = s->state;
	int64_t now = clock_mono_us();
	if (!keep_open(s) || writer_is_full(s->in.writer) || d->njobs > JOBS_MAX / 2)
		return;
	if (d->leftovers && now >= d->leftovers_us)
		directory_take_leftovers(s);
	if (d->next >= d->list.ndue && now >= d->look_us)
		look(s);
	if (d->next < d->list.ndue && d->njobs < JOBS_MAX)
		directory_take(s);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How long to wait for the mailbox. */
static int patience_ms(const struct source *s)
{
	const struct directory *d = s->state;
	int64_t now = clock_mono_us(), until = now + TURN_MS * 1000;
	if (s->ending)
		return TURN_MS;
	if (!d->open)
		until = earlier(until, d->open_us);
	else if (writer_is_full(s->in.writer))
		until = now + FULL_MS * 1000;
	else if (d->next < d->list.ndue)
		until = d->njobs > JOBS_MAX / 2 ? until : d->njobs ? now + 10000 : now;
	else
		until = earlier(until, d->look_us);
	if (d->open && d->leftovers && d->njobs <= JOBS_MAX / 2)
		until = earlier(until, d->leftovers_us > now ? d->leftovers_us : now + 10000);
	return until > now ? (int)((until - now + 999) / 1000) : 0;
}

static void turn(struct source *s)
{
	struct directory *d = s->state;
	struct pollfd mail = {.fd = s->in.mailbox.eventfd, .events = POLLIN};
	poll(&mail, 1, patience_ms(s));
	if (!s->ending)
		work(s);
	else if (!d->njobs && d->open)
		close_folder(d); /* somebody else may take its files now */
}

static void use(struct source *s)
{
	struct directory *d = s->state;
	d->reopen = d->open;
	aff_buf_free(&d->bytes);
	aff_buf_init(&d->bytes, source_of(s)->max_frame + 1);
}

static void end(struct source *s)
{
	atomic_store(&s->of.channel->files_waiting, 0);
}

static void close_directory(struct source *s)
{
	struct directory *d = s->state;
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (d->jobs[i])
			directory_free_job(d, d->jobs[i]);
	}
	close_folder(d);
	aff_buf_free(&d->bytes);
	free(d);
}

static int open_directory(struct source *s, const struct conf_channel *settings, int listener, struct aff_diag *diag)
{
	struct directory *d = calloc(1, sizeof *d);
	(void)settings;
	(void)listener;
	if (!d)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	d->inbox = (struct inbox){-1, -1, -1, -1, -1};
	s->state = d;
	return 0;
}

const struct source_kind source_directory = {open_directory,	    use,  turn,
						directory_came_back, NULL, end, close_directory};
