/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/control.h"
#include "cli/command.h"
#include "engine/engine.h"
#include "sys/clock.h"

#define ANSWER_MAX (1u << 20)
#define OUTCOMES_MOST 64
#define WAIT_US 200000

/* ---- one command at a time ---- */

static int lock(struct recorder *r, const char *destination)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/replay.lock", r->folder);
	if (n < 0 || (size_t)n >= sizeof path)
		return command_error("the journal's folder name is too long");
	r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->lock < 0)
		return command_error("cannot open %s: %s; this needs the rights of the engine's user", path,
				     strerror(errno));
	struct stat st; /* who comes first may be root: it is everybody's who may write the journal */
	if (!stat(r->folder, &st) && st.st_uid != geteuid() && fchown(r->lock, st.st_uid, st.st_gid))
		return command_error("cannot give %s to the journal's owner: %s", path, strerror(errno));
	/* A byte of the file stands for a destination. */
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	lock.l_start = (off_t)(hash64(aff_view_of(destination)) >> 2);
	if (fcntl(r->lock, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return command_error("another command deals with messages of %s at this moment; wait for its end, or "
				     "stop it",
				     destination);
	return command_error("cannot lock %s: %s", path, strerror(errno));
}

/* ---- who writes ---- */

static bool is_same_folder(const char *a, const char *b)
{
	struct stat x, y;
	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));
	return value ? value : "";
}

/* What the engine has to say to a batch. AFF_ENOTFOUND: none answers; AFF_EBUSY: it writes another journal. */
static int ask(struct recorder *r)
{
	struct aff_buf raw;
	json_error_t error;
	aff_buf_init(&raw, ANSWER_MAX);
	int rc = control_send(r->conf->engine.control, "record", aff_buf_view(&r->batch), &raw, &r->diag);
	json_t *answer = rc ? NULL : json_loadb(raw.p, raw.n, 0, &error);
	if (!rc && !json_is_object(answer))
		rc = aff_diag_set(&r->diag, AFF_ECORRUPT, "the engine's answer is not JSON");
	if (!rc && !json_is_true(json_object_get(answer, "ok"))) {
		rc = (int)json_integer_value(json_object_get(answer, "code"));
		rc = aff_diag_set(&r->diag, rc < 0 ? rc : AFF_EREFUSED, "%s%s",
				  rc == AFF_EUNDELIVERED ? "" : "the engine did not record it: ",
				  text(answer, "error"));
		aff_diag_hint(&r->diag, "%s", text(answer, "hint"));
	} else if (!rc && !is_same_folder(text(answer, "journal"), r->folder)) {
		rc = aff_diag_set(&r->diag, AFF_EBUSY, "the engine at %s has another journal, %s",
				  r->conf->engine.control, text(answer, "journal"));
	}
	if (!rc) {
		r->done.action_us = json_integer_value(json_object_get(answer, "action"));
		r->done.message = json_integer_value(json_object_get(answer, "message"));
	}
	json_decref(answer);
	aff_buf_free(&raw);
	return rc;
}

/* Files that root leaves in the engine's journal would keep the engine out of it. */
static int check_owner(struct recorder *r)
{
	struct stat st;
	if (stat(r->folder, &st) || st.st_uid == geteuid())
		return 0;
	aff_diag_set(&r->diag, AFF_EPERMISSION, "no engine answers, and the journal in %s belongs to uid %u", r->folder,
		     (unsigned)st.st_uid);
	aff_diag_hint(&r->diag, "run this as that user, or while the engine runs");
	return AFF_EPERMISSION;
}

/* Retention is left to the engine: nothing goes while it is read. So is what becomes of a damaged journal. */
static int open_journal(struct recorder *r)
{
	struct journal_options options;
	engine_journal_options(r->conf, &options);
	options.folder = r->folder;
	options.must_exist = true;
	options.quarantine = false;
	options.keep_us = 0;
	options.keep_bytes = 0;
	int rc = check_owner(r);
	if (!rc)
		rc = journal_open(&r->journal, &options, &r->diag);
	if (!rc)
		rc = journal_set_snapshot(r->journal, r->conf->sha256, aff_buf_view(&r->conf->packed), &r->diag);
	return rc;
}

int recorder_open(struct recorder *r, const struct conf *conf, const char *folder, const char *destination)
{
	*r = (struct recorder){.conf = conf, .folder = folder, .lock = -1};
	aff_buf_init(&r->batch, DEEDS_MAX);
	if (lock(r, destination))
		return COMMAND_FAILED;
	int rc = is_same_folder(folder, conf->engine.journal) ? ask(r) : AFF_ENOTFOUND;
	if (rc == AFF_ENOTFOUND)
		rc = open_journal(r);
	if (rc == AFF_EBUSY)
		aff_diag_hint(&r->diag, "name the configuration of the engine that runs with --config");
	return rc ? command_error_diag(&r->diag) : 0;
}

void recorder_close(struct recorder *r)
{
	journal_close(r->journal);
	if (r->lock >= 0)
		close(r->lock);
	aff_buf_free(&r->batch);
	*r = (struct recorder){.lock = -1};
}

/* ---- recording ---- */

static int commit_here(struct recorder *r)
{
	char who[24];
	snprintf(who, sizeof who, "uid %u", (unsigned)getuid());
	struct conf *conf = (struct conf *)(uintptr_t)r->conf;
	struct deeds deeds = {.conf = conf, .who = who, .batch = aff_buf_view(&r->batch)};
	int rc = deeds_commit(&deeds, r->journal, &r->diag);
	if (rc == AFF_EFULL) /* once more: the journal may have given its reserve for this */
		rc = deeds_commit(&deeds, r->journal, &r->diag);
	r->done = deeds.done;
	return rc;
}

int recorder_flush(struct recorder *r)
{
	if (!r->batch.n && !r->batch.error)
		return 0;
	int rc = r->batch.error;
	if (rc)
		aff_diag_set(&r->diag, rc, "there is too much to record at once");
	else
		rc = r->journal ? commit_here(r) : ask(r);
	r->lost += rc ? r->outcomes : 0;
	aff_buf_clear(&r->batch);
	r->batch.error = 0;
	r->outcomes = 0;
#ifdef AFF_MUTANT_12 /* a replay goes on when nothing can be recorded */
	return 0;
#endif
	return rc ? command_error_diag(&r->diag) : 0;
}

int recorder_hand_over(struct recorder *r, const char *channel, const char *from, struct aff_view raw,
		       const struct journal_outcome *o)
{
	int rc = recorder_flush(r);
	if (rc)
		return rc;
	deeds_put_handover(&r->batch, aff_view_of(channel), aff_view_of(from), o->message, raw);
	deeds_put_outcome(&r->batch, o);
	rc = r->batch.error ? aff_diag_set(&r->diag, r->batch.error, "the message is too large to be handed over")
	   : r->journal     ? commit_here(r)
			    : ask(r);
	aff_buf_clear(&r->batch);
	r->batch.error = 0;
	if (rc && rc != AFF_EUNDELIVERED)
		return command_error_diag(&r->diag);
	return rc;
}

int recorder_flush_if_due(struct recorder *r)
{
	bool due = r->outcomes >= OUTCOMES_MOST || (r->outcomes && clock_mono_us() - r->oldest_us >= WAIT_US);
	return due ? recorder_flush(r) : 0;
}

int recorder_act(struct recorder *r, const char *kind, struct aff_view detail)
{
	int rc = recorder_flush(r);
	if (rc)
		return rc;
	deeds_put_action(&r->batch, kind, detail, r->conf->sha256);
	return recorder_flush(r);
}

int recorder_add(struct recorder *r, const struct journal_outcome *o)
{
	if (!r->outcomes++)
		r->oldest_us = clock_mono_us();
	deeds_put_outcome(&r->batch, o);
	return recorder_flush_if_due(r);
}
