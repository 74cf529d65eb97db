/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealing is done in WAL mode, so that readers go on reading. After it the log file goes back to a rollback journal,
 * which it never needs again: a sealed log file is one file, complete in itself, that can be read from a folder
 * without write permission. While a reader keeps the file open this last step is not possible; the file is then
 * sealed but keeps its WAL mode until the next start tries again.
 */
#include "journal/sealer.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "journal/codes.h"
#include "journal/rekey.h"
#include "journal/schema.h"
#include "journal/secret.h"
#include "journal/sql.h"
#include "journal/stats.h"
#include "sys/log.h"

#define NICE 15
#define STEPS_BETWEEN_LOOKS 20000
#define ROUND_S 5 /* between looks at what is left undone */

static int stop_wanted(void *arg)
{
	struct sealer *s = arg;
	return atomic_load(&s->stop);
}

static int make_totals(sqlite3 *db, struct codes *codes, struct aff_diag *diag)
{
	int rc = sql_exec(db, "BEGIN IMMEDIATE", diag);
	if (!rc)
		rc = sql_exec(db, schema_totals, diag);
	if (!rc)
		rc = stats_note_reused(db, diag);
	if (!rc)
		rc = codes_store(codes, db, diag);
	return rc ? rc : sql_exec(db, "INSERT INTO meta(key, value) VALUES('sealed', 1); COMMIT", diag);
}

static int make_indices(struct sealer *s, sqlite3 *db, int64_t first, struct aff_diag *diag)
{
	const struct codes_how how = {.coder = s->coder, .secret = s->secret, .stop = stop_wanted, .arg = s};
	struct codes *codes = NULL;
	int64_t sealed = 0;
	int rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'sealed'", &sealed, diag);
	if (rc != AFF_ENOTFOUND)
		return rc;
	rc = sql_exec(db, schema_indices, diag);
	if (!rc && s->coder)
		rc = codes_collect(&codes, db, first, &how, diag);
	if (!rc)
		rc = make_totals(db, codes, diag);
	codes_free(codes);
	return rc;
}

/* Does not wait for readers: the next start tries again. */
static int leave_wal(sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_busy_timeout(db, 0);
	int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ? 0 : sql_error(db, rc, "finish", diag);
}

static int seal(struct sealer *s, int64_t first, struct aff_diag *diag)
{
	char path[PATH_MAX];
	sqlite3 *db;
	int rc = folder_path(path, sizeof path, s->folder, first, "", diag);
	if (!rc)
		rc = schema_open(&db, path, s->vfs->name, diag);
	if (rc)
		return rc;
	sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, stop_wanted, s);
	rc = make_indices(s, db, first, diag);
	if (!rc)
		rc = leave_wal(db, diag);
	sqlite3_close(db);
	return rc;
}

static void train(struct sealer *s)
{
	int rc = book_train(s->book);
	if (rc)
		log_info("journal", "no compression dictionary for a channel: %s",
		         rc == AFF_ENOTFOUND ? "too little in common" : aff_error_text(rc));
}

/* Once, until the same work succeeds: what failed is tried again every few seconds. */
static void report(struct sealer *s, enum work work, int rc, const struct aff_diag *diag)
{
	static const char *const texts[] = {
		[WORK_SEAL] = "a log file is not sealed yet",
		[WORK_REMOVE] = "a log file, or the bodies in it, are not removed",
		[WORK_REKEY] = "data keys are not wrapped anew yet",
		[WORK_LOOK] = "retention cannot look at a log file",
	};
	char line[600];
	if (rc == AFF_EAGAIN)
		return;
	if (rc && !s->told[work])
		log_error("journal", "%s: %s", texts[work], aff_diag_format(diag, line, sizeof line));
	s->told[work] = rc != 0;
}

/* What could not be sealed, or was open elsewhere when it was, gets another try. */
static int try_again(struct sealer *s, int64_t first, struct aff_diag *diag)
{
	pthread_mutex_lock(&s->lock);
	int rc = folder_list_add(&s->again, first);
	pthread_mutex_unlock(&s->lock);
	return rc ? aff_diag_set(diag, rc, "too many log files wait to be sealed") : 0;
}

static int seal_or_keep(struct sealer *s, int64_t first, struct aff_diag *diag)
{
	int rc = seal(s, first, diag);
	if (!rc || rc == AFF_EAGAIN || rc == AFF_ECORRUPT)
		return rc;
	int kept = try_again(s, first, diag);
	return kept ? kept : rc;
}

/* ---- retention ---- */

static int remove_bodies(struct sealer *s, struct aff_diag *diag)
{
	int rc = tiers_remove(&s->tiers, &s->retention, stop_wanted, s, diag);
	pthread_mutex_lock(&s->lock);
	s->shown = s->retention.state;
	s->look = !rc;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* Whole files first: what goes altogether need not be written anew. */
static int look(struct sealer *s, struct aff_diag *diag)
{
	struct carry c;
	bool now = false;
	int64_t unfinished = 0;
	pthread_mutex_lock(&s->lock);
	bool under_way = atomic_load(&s->carrying) || s->carried;
	pthread_mutex_unlock(&s->lock);
	if (under_way) /* one file at a time: this one would be counted again */
		return 0;
	int rc = retention_look(&s->retention, &c, diag);
	if (!rc && !c.through)
		rc = tiers_look(&s->tiers, &s->retention, &c, &now, &unfinished, diag);
	if (!rc && unfinished)
		rc = try_again(s, unfinished, diag);
	pthread_mutex_lock(&s->lock);
	s->shown = s->retention.state;
	if (!rc && c.through) {
		s->carry = c;
		atomic_store(&s->carrying, true);
	}
	pthread_mutex_unlock(&s->lock);
	return rc || !now ? rc : remove_bodies(s, diag);
}

static int remove_carried(struct sealer *s, struct aff_diag *diag)
{
	bool bodies = s->carry.bodies;
	int64_t through = s->carry.through;
	carry_free(&s->carry);
	if (bodies)
		return remove_bodies(s, diag);
	int rc = retention_remove(&s->retention, through, diag);
	if (rc) /* what the folder holds is not known any more */
		vfs_fail(s->vfs);
	return rc ? rc : look(s, diag);
}

/* ---- another master key ---- */

static int rekey(struct sealer *s, struct aff_diag *diag)
{
	struct secret secret;
	struct rekey_result result = {0};
	keyring_secret(s->keyring, &secret);
	int rc = secret.n ? rekey_sealed(s->folder, s->vfs->name, &secret, &s->stop, &result, diag) : 0;
	secret_wipe(&secret);
	if (result.files)
		log_info("journal", "the data keys of %u sealed log files are wrapped with the newest master key",
			 result.files);
	if (result.missing)
		log_error("journal", "%u log files cannot be read: their master keys are not in %s", result.missing,
			  s->keyring->path);
	if (result.damaged)
		log_error("journal", "the data keys of %u log files are damaged; afferent journal verify names them",
			  result.damaged);
	pthread_mutex_lock(&s->lock);
	s->rekey_again = rc != 0;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* ---- the thread ---- */

static bool is_looking(const struct sealer *s)
{
	return retention_is_wanted(&s->retention) || s->tiers.keep_us;
}

static enum work choose(struct sealer *s, int64_t *first)
{
	if (atomic_load(&s->stop))
		return WORK_STOP;
	if (s->train) {
		s->train = false;
		return WORK_TRAIN;
	}
	if (s->queue.n) {
		*first = s->queue.first[0];
		s->look = is_looking(s) && !atomic_load(&s->carrying);
		memmove(s->queue.first, s->queue.first + 1, --s->queue.n * sizeof *s->queue.first);
		return WORK_SEAL;
	}
	if (s->carried) {
		s->carried = false;
		return WORK_REMOVE;
	}
	if (s->rekey) {
		s->rekey = false;
		return WORK_REKEY;
	}
	s->look = false;
	return WORK_LOOK;
}

static bool has_work(const struct sealer *s)
{
	return s->queue.n || s->train || s->carried || s->rekey || s->look;
}

/* What could not be sealed joins the queue again, and retention looks. */
static void come_round(struct sealer *s)
{
	while (s->again.n && !folder_list_add(&s->queue, s->again.first[s->again.n - 1]))
		s->again.n--;
	s->look = is_looking(s) && !atomic_load(&s->carrying);
	s->rekey = s->rekey || s->rekey_again;
}

static enum work next(struct sealer *s, int64_t *first)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ROUND_S;
	pthread_mutex_lock(&s->lock);
	s->busy = false;
	while (!atomic_load(&s->stop) && !has_work(s)) {
		pthread_cond_broadcast(&s->idle);
		if (pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0)
			continue;
		come_round(s);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += ROUND_S;
	}
	enum work work = choose(s, first);
	s->busy = true;
	pthread_mutex_unlock(&s->lock);
	return work;
}

static void *run(void *arg)
{
	struct sealer *s = arg;
	int64_t first = 0;
	enum work work;
	/* A thread that cannot be nice works all the same. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while ((work = next(s, &first)) != WORK_STOP) {
		struct aff_diag diag;
		int rc = 0;
		if (work == WORK_TRAIN)
			train(s);
		else if (work == WORK_SEAL)
			rc = seal_or_keep(s, first, &diag);
		else
			rc = work == WORK_REMOVE ? remove_carried(s, &diag)
			   : work == WORK_REKEY  ? rekey(s, &diag)
						 : look(s, &diag);
		if (work != WORK_TRAIN)
			report(s, work, rc, &diag);
	}
	return NULL;
}

int sealer_start(struct sealer *s, const struct journal_options *o, struct vfs *vfs, struct book *book,
		 struct keyring *keyring)
{
	pthread_condattr_t monotonic;
	*s = (struct sealer){.folder = o->folder, .vfs = vfs, .book = book, .keyring = keyring,
			     .coder = o->coder};
	int rc = secret_path(s->secret, sizeof s->secret, o->folder, o->secret_file, NULL);
	if (rc)
		return rc;
	retention_init(&s->retention, o->folder, o);
	tiers_init(&s->tiers, o);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_cond_init(&s->idle, NULL);
	s->running = pthread_create(&s->thread, NULL, run, s) == 0;
	return s->running ? 0 : AFF_ENOMEM;
}

void sealer_stop(struct sealer *s)
{
	if (!s->running)
		return;
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->stop, true);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->running = false;
	folder_list_free(&s->queue);
	folder_list_free(&s->again);
	carry_free(&s->carry);
	tiers_free(&s->tiers);
	pthread_cond_destroy(&s->idle);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
}

int sealer_add(struct sealer *s, int64_t first)
{
	pthread_mutex_lock(&s->lock);
	int rc = folder_list_add(&s->queue, first);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

void sealer_train(struct sealer *s)
{
	pthread_mutex_lock(&s->lock);
	s->train = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void sealer_rekey(struct sealer *s)
{
	pthread_mutex_lock(&s->lock);
	s->rekey = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void sealer_look(struct sealer *s)
{
	pthread_mutex_lock(&s->lock);
	come_round(s);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

const struct carry *sealer_carry(struct sealer *s)
{
	return atomic_load(&s->carrying) ? &s->carry : NULL;
}

void sealer_carried(struct sealer *s)
{
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->carrying, false);
	s->carried = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void sealer_retention(struct sealer *s, struct journal_retention *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->shown;
	out->unsealed = s->again.n;
	pthread_mutex_unlock(&s->lock);
}

void sealer_drain(struct sealer *s)
{
	pthread_mutex_lock(&s->lock);
	while (has_work(s) || s->busy)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
}
