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
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/inbox.h"
#include "engine/inbox_list.h"
#include "engine/peer.h"
#include "engine/source_internal.h"
#include "engine/taken.h"
#include "engine/writer.h"
#include "sys/clock.h"
#include "sys/log.h"

#define JOBS_MAX 128         /* files on their way */
#define MESSAGES_MAX 100000  /* of one file */
#define TURN_MS 1000
#define FULL_MS 200          /* a full disk is looked at again */
#define AGAIN_US 60000000    /* what failed is tried again */
#define OPEN_US 1000000
#define ANSWERS_MAX (64u << 20)
#define REPORT_MAX (64u << 10)

/* A file that is taken. */
struct job {
	char claimed[INBOX_NAME_SIZE];
	struct stat st;
	struct taken taken;
	unsigned left;               /* messages that have not come back */
	int result;                  /* AFF_EFULL: they found no room */
	struct aff_buf answers;
};

struct directory {
	struct inbox inbox;
	bool open, reopen;           /* reopen: the settings may name other folders beside it */
	int64_t open_us;             /* when opening is tried again */
	struct inbox_list list;
	size_t next;                 /* of list.due */
	int64_t look_us;             /* when the folder is looked at again */
	bool leftovers;              /* there may be files in .taken that are not on their way */
	int64_t leftovers_us;        /* not before */
	struct job *jobs[JOBS_MAX];
	unsigned njobs;
	struct aff_buf bytes;        /* of the file at hand */
	int64_t trouble_told_us, refused_told_us;
	unsigned trouble_untold, refused_untold;
};

static const struct conf_source *source_of(const struct source *s)
{
	return &s->of.settings->source;
}

/* A file that cannot be taken or finished: told once a minute, without its name. */
static void tell_trouble(const struct source *s, const char *what, int error)
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

/* ---- the way out ---- */

static void free_job(struct directory *d, struct job *j)
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

/* It stays in .taken, and is tried from there again. */
static void leave(struct directory *d, int64_t after_us)
{
	d->leftovers = true;
	d->leftovers_us = clock_mono_us() + after_us;
}

/* Moves a taken file to .error with a report. */
static void refuse(struct source *s, const char *claimed, struct aff_view report)
{
	struct directory *d = s->state;
	char final[INBOX_NAME_SIZE];
	int rc = inbox_finish(&d->inbox, claimed, d->inbox.error, final);
	if (!rc)
		rc = inbox_write(d->inbox.error, final, ".why", report);
	if (!rc)
		return;
	tell_trouble(s, "cannot be moved to the folder for errors", rc);
	leave(d, AGAIN_US);
}

static void finish(struct source *s, struct job *j)
{
	struct directory *d = s->state;
	char final[INBOX_NAME_SIZE];
	struct aff_buf report;
	const char *name;
	int64_t head;
	int rc = 0;
	aff_buf_init(&report, REPORT_MAX);
	bool changed = !inbox_is_same(&d->inbox, j->claimed, &j->st);
	if (j->answers.n && d->inbox.acks >= 0 && inbox_claim(j->claimed, &head, &name))
		rc = inbox_write(d->inbox.acks, name, ".ack", aff_buf_view(&j->answers));
	if (rc)
		tell_trouble(s, "cannot be answered", rc);
	if (changed)
		aff_buf_put_text(&report, "The file was changed after it was taken: what was added is not taken.\n");
	if (j->taken.rejected)
		taken_report(&j->taken, &report);
	if (report.n) {
		tell_refused(s, changed ? "it was changed after it was taken" : "messages of it are rejected");
		refuse(s, j->claimed, aff_buf_view(&report));
	} else {
		rc = inbox_finish(&d->inbox, j->claimed, d->inbox.done, final);
		if (rc) {
			tell_trouble(s, "cannot be moved to the folder for those that are done", rc);
			leave(d, AGAIN_US);
		}
	}
	aff_buf_free(&report);
	free_job(d, j);
}

static void add_answer(struct job *j, struct aff_view framed)
{
	if (framed.n > 3)
		aff_buf_put(&j->answers, framed.p + 1, framed.n - 3);
}

static void came_back(struct source *s, struct envelope *e)
{
	struct directory *d = s->state;
	struct job *j = d->jobs[e->slot];
	if (e->result)
		j->result = e->result;
	else
		taken_add(&j->taken, &e->row);
	if (d->inbox.acks >= 0)
		add_answer(j, e->answer);
	envelope_unref(e);
	if (--j->left)
		return;
	if (j->result) { /* no room: nothing of it is stored */
		leave(d, 0);
		free_job(d, j);
	} else {
		finish(s, j);
	}
}

/* ---- the way in ---- */

/* It cannot be taken now. file: as of begin. */
static void put_off(struct source *s, const char *claimed, struct listed *file, int error)
{
	struct directory *d = s->state;
	if (error != AFF_EAGAIN)
		tell_trouble(s, "cannot be read", error);
	if (!file) {
		leave(d, AGAIN_US);
		return;
	}
	file->not_before_us = error == AFF_EAGAIN ? 0 : clock_mono_us() + AGAIN_US;
	if (inbox_put_back(&d->inbox, claimed))
		leave(d, 0); /* another one of its name has come meanwhile */
}

/* What was read is nothing that could be taken, now or ever. */
static void not_taken(struct source *s, const char *claimed, struct listed *file, int error)
{
	char report[120];
	const char *why = error == AFF_ELIMIT      ? "it is larger than source.directory.max_file"
			  : error == AFF_EARGUMENT ? "it is no regular file"
						   : NULL;
	if (!why) {
		put_off(s, claimed, file, error);
		return;
	}
	snprintf(report, sizeof report, "Nothing of the file was taken: %s.\n", why);
	tell_refused(s, why);
	refuse(s, claimed, aff_view_of(report));
}

static struct job *new_job(struct directory *d, const char *claimed, uint32_t *slot)
{
	struct job *j = calloc(1, sizeof *j);
	for (*slot = 0; j && *slot < JOBS_MAX; (*slot)++) {
		if (d->jobs[*slot])
			continue;
		snprintf(j->claimed, sizeof j->claimed, "%s", claimed);
		aff_buf_init(&j->answers, ANSWERS_MAX);
		d->jobs[*slot] = j;
		d->njobs++;
		return j;
	}
	free(j);
	return NULL;
}

/* The journal has its messages: only the way out is left. */
static void resume(struct source *s, struct job *j, struct envelopes *all, const struct taken *known)
{
	j->taken = *known;
	for (const struct envelope *e = all->first; e; e = e->next)
		add_answer(j, e->answer);
	intake_discard(all);
	finish(s, j);
}

/* A taken file: its messages go to the writer. file: what the folder's list says of it; NULL: it was taken earlier,
 * and known is what the journal has of it. */
static void begin(struct source *s, const char *claimed, struct listed *file, const struct taken *known)
{
	struct directory *d = s->state;
	char peer[PEER_FILE_SIZE];
	struct envelopes all;
	const char *name = "";
	int64_t head;
	uint32_t slot;
	struct job *j = new_job(d, claimed, &slot);
	aff_buf_clear(&d->bytes);
	int rc = j && inbox_claim(claimed, &head, &name) ? 0 : AFF_ENOMEM;
	if (!rc)
		rc = inbox_read(&d->inbox, claimed, source_of(s)->max_frame, &d->bytes, &j->st);
	if (!rc && file && (file->inode != j->st.st_ino || file->size != j->st.st_size))
		rc = AFF_EAGAIN; /* it changed since it was looked at */
	if (!rc)
		rc = intake_messages(&s->in, &s->of, peer_of_file(peer, source_of(s)->path, name),
				     aff_buf_view(&d->bytes), MESSAGES_MAX, &all);
	if (rc) {
		not_taken(s, claimed, file, rc);
		if (j)
			free_job(d, j);
		return;
	}
	if (known && known->messages) {
		resume(s, j, &all, known);
		return;
	}
	for (struct envelope *e = all.first; e; e = e->next)
		e->slot = slot;
	j->left = all.count;
	source_queue(s, &all);
#ifdef AFF_MUTANT_57 /* a file is done before its messages are stored */
	char final[INBOX_NAME_SIZE];
	inbox_finish(&d->inbox, claimed, d->inbox.done, final);
#endif
}

static bool has_room(const struct source *s, size_t more)
{
	const struct budget *b = s->in.budget;
	return atomic_load(&b->used) + more * 2 < b->max / 4 * 3;
}

/* ---- new files ---- */

/* A file in hand before it is read. */
struct claim {
	char name[INBOX_NAME_SIZE];
	struct listed *file;
};

/* Renames complete files into .taken. Returns how many. */
static unsigned take(struct source *s, struct claim *claims, unsigned most)
{
	struct directory *d = s->state;
	int64_t head = journal_head(s->journal);
	size_t bytes = 0;
	unsigned n = 0;
	for (; d->next < d->list.ndue && n < most; d->next++) {
		struct listed *file = d->list.due[d->next];
		bytes += (size_t)file->size;
		if ((n || d->njobs) && !has_room(s, bytes))
			break;
		int rc = inbox_take(&d->inbox, file->name, head, claims[n].name);
		if (!rc)
			claims[n++].file = file;
		else if (rc != AFF_ENOTFOUND)
			file->not_before_us = clock_mono_us() + (rc == AFF_EBUSY ? OPEN_US : AGAIN_US);
		if (rc && rc != AFF_ENOTFOUND && rc != AFF_EBUSY)
			tell_trouble(s, "cannot be taken", rc);
	}
	return n;
}

static void take_due(struct source *s)
{
	struct directory *d = s->state;
	struct claim claims[JOBS_MAX];
	unsigned n = take(s, claims, JOBS_MAX - d->njobs);
	/* What is committed must not be found again under its old name after a power cut. */
	int rc = n ? inbox_sync(&d->inbox) : 0;
	for (unsigned i = 0; i < n; i++) {
		if (rc)
			put_off(s, claims[i].name, claims[i].file, rc);
		else
			begin(s, claims[i].name, claims[i].file, NULL);
	}
}

/* ---- files that were taken earlier ---- */

struct leftover {
	int64_t head;
	char name[INBOX_NAME_SIZE];
};

static int by_head(const void *a, const void *b)
{
	const struct leftover *x = a, *y = b;
	return x->head != y->head ? (x->head < y->head ? -1 : 1) : strcmp(x->name, y->name);
}

static bool is_on_its_way(const struct directory *d, const char *claimed)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (d->jobs[i] && strcmp(d->jobs[i]->claimed, claimed) == 0)
			return true;
	}
	return false;
}

/* The oldest ones in .taken; *more: there are others. NULL: out of memory, or the folder cannot be read. */
static struct leftover *read_leftovers(const struct directory *d, size_t *n, bool *more)
{
	const struct dirent *entry;
	const char *name;
	struct leftover *all = NULL;
	size_t room = 0, most = JOBS_MAX - d->njobs;
	int fd = openat(d->inbox.taken, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	*n = 0;
	while (dir && (entry = readdir(dir))) {
		struct leftover one;
		if (!inbox_claim(entry->d_name, &one.head, &name) || is_on_its_way(d, entry->d_name))
			continue;
		if (*n == room) {
			room = room ? room * 2 : 64;
			struct leftover *grown = realloc(all, room * sizeof *all);
			if (!grown)
				break;
			all = grown;
		}
		snprintf(one.name, sizeof one.name, "%s", entry->d_name);
		all[(*n)++] = one;
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(all, *n, sizeof *all, by_head);
	*more = *n > most;
	if (*more)
		*n = most;
	return all;
}

/* What the journal has of them, in order. */
static int look_up(const struct source *s, const struct leftover *left, size_t n, struct taken *taken,
		   struct aff_diag *diag)
{
#ifdef AFF_MUTANT_56 /* a file that was taken before a crash is taken again, whatever the journal has of it */
	return 0;
#endif
	struct taken_known *files = calloc(n, sizeof *files);
	char peer[PEER_FILE_SIZE];
	const char *name = "";
	int64_t head;
	int rc = files ? 0 : AFF_ENOMEM;
	for (size_t i = 0; i < n && !rc; i++) {
		inbox_claim(left[i].name, &head, &name);
		struct aff_view text = peer_of_file(peer, source_of(s)->path, name);
		files[i] = (struct taken_known){strndup(text.p, text.n), head, &taken[i]};
		rc = files[i].peer ? 0 : AFF_ENOMEM;
	}
	if (!rc)
		rc = taken_find(s->of.conf, s->of.settings->name, files, n, diag);
	for (size_t i = 0; files && i < n; i++)
		free(files[i].peer);
	free(files);
	return rc;
}

static void take_leftovers(struct source *s)
{
	struct directory *d = s->state;
	struct aff_diag diag = {0};
	size_t n;
	bool more;
	struct leftover *left = read_leftovers(d, &n, &more);
	struct taken *taken = n ? calloc(n, sizeof *taken) : NULL;
	int rc = n && !taken ? AFF_ENOMEM : n ? look_up(s, left, n, taken, &diag) : 0;
	d->leftovers = false;
	if (rc) {
		tell_trouble(s, "was taken earlier and cannot be looked for in the journal", rc);
		leave(d, AGAIN_US);
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
		begin(s, left[i].name, NULL, &taken[i]);
	if (more && !rc)
		leave(d, 0);
	free(taken);
	free(left);
}

/* ---- the folder ---- */

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
		take_leftovers(s);
	if (d->next >= d->list.ndue && now >= d->look_us)
		look(s);
	if (d->next < d->list.ndue && d->njobs < JOBS_MAX)
		take_due(s);
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
			free_job(d, d->jobs[i]);
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

const struct source_kind source_directory = {open_directory, use, turn, came_back, NULL, end, close_directory};
