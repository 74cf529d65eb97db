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
#include <unistd.h>

#include "journal/schema.h"
#include "journal/sql.h"
#include "sys/log.h"

#define NICE 15
#define STEPS_BETWEEN_LOOKS 20000

static int stop_wanted(void *arg)
{
	struct sealer *s = arg;
	return atomic_load(&s->stop);
}

static int make_indices(sqlite3 *db, struct aff_diag *diag)
{
	int64_t sealed = 0;
	int rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'sealed'", &sealed, diag);
	if (rc != AFF_ENOTFOUND)
		return rc;
	rc = sql_exec(db, schema_indices, diag);
	if (!rc)
		rc = sql_exec(db, "BEGIN IMMEDIATE", diag);
	if (!rc)
		rc = sql_exec(db, schema_totals, diag);
	return rc ? rc : sql_exec(db, "INSERT INTO meta(key, value) VALUES('sealed', 1); COMMIT", diag);
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
	rc = make_indices(db, diag);
	if (!rc)
		rc = leave_wal(db, diag);
	sqlite3_close(db);
	return rc;
}

static void train(struct sealer *s)
{
	int rc = book_train(s->book);
	if (rc)
		log_info("journal", "no compression dictionary: %s",
		         rc == AFF_ENOTFOUND ? "too little in common" : aff_error_text(rc));
}

static void report(int rc, const struct aff_diag *diag)
{
	char line[600];
	if (rc == AFF_EAGAIN)
		return;
	log_error("journal", "a log file is not sealed: %s", aff_diag_format(diag, line, sizeof line));
}

/* Takes the next piece of work; false: stop. */
static bool next(struct sealer *s, int64_t *first, bool *training)
{
	pthread_mutex_lock(&s->lock);
	s->busy = false;
	while (!atomic_load(&s->stop) && !s->queue.n && !s->train) {
		pthread_cond_broadcast(&s->idle);
		pthread_cond_wait(&s->wake, &s->lock);
	}
	*training = s->train;
	s->train = false;
	*first = s->queue.n ? s->queue.first[0] : 0;
	if (!*training && s->queue.n)
		memmove(s->queue.first, s->queue.first + 1, --s->queue.n * sizeof *s->queue.first);
	s->busy = true;
	bool go_on = !atomic_load(&s->stop);
	pthread_mutex_unlock(&s->lock);
	return go_on;
}

static void *run(void *arg)
{
	struct sealer *s = arg;
	int64_t first;
	bool training;
	/* A thread that cannot be nice works all the same. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while (next(s, &first, &training)) {
		struct aff_diag diag;
		int rc = 0;
		if (training)
			train(s);
		else
			rc = seal(s, first, &diag);
		if (rc)
			report(rc, &diag);
	}
	return NULL;
}

int sealer_start(struct sealer *s, const char *folder, struct vfs *vfs, struct book *book)
{
	*s = (struct sealer){.folder = folder, .vfs = vfs, .book = book};
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
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

void sealer_drain(struct sealer *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->queue.n || s->train || s->busy)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
}
