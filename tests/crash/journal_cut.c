/* SPDX-License-Identifier: Apache-2.0
 *
 * Power cuts on a disk that is made up, everywhere and without any rights. This program has the functions with which
 * SQLite and the journal change files (write, truncate, sync, rename, unlink) and keeps beside the real files what
 * would be on the disk: only a sync makes it so, of a file its bytes, of the folder its names. At a random moment the
 * power goes: nothing is written from then on and every function fails. What had not been synced then survives in part:
 * nothing of it, all of it, or each write by itself, in no order, whole, torn at a sector, or not at all. The journal
 * is opened from what is left; every transaction whose commit had returned must be there, and the hash chain whole.
 *
 *	journal_cut [CYCLES [FOLDER]]        200 cycles in a temporary folder
 *
 * Exit 0 and "1 passed, 0 failed" when nothing is missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "journal_load.h"
#include "sys/file.h"
#include "sys/log.h"

#define FILE_ROWS   150
#define BATCH_MAX   16
#define CHANGES_MAX 400  /* the power goes after so many at most */
#define CYCLES_A_JOURNAL 20
#define SECTOR      512
#define FILES_MAX   256
#define NAMES_MAX   128
#define FOLDERS_MAX 64
#define NAME_MAX_   80

/* ---- the disk ---- */

struct change {
	off_t at;                    /* a truncation: the new size */
	size_t n;
	char *bytes;                 /* NULL: a truncation */
};

struct disk_file {
	ino_t inode;                 /* 0: no name leads to it any more */
	char *bytes;                 /* what was synced */
	size_t n;
	struct change *change;       /* since */
	size_t changes, room;
};

/* The folder at one moment. */
struct names {
	char name[NAMES_MAX][NAME_MAX_];
	unsigned file[NAMES_MAX];
	unsigned n;
};

static struct {
	pthread_mutex_t lock;
	bool on;                     /* the model follows */
	bool dark;                   /* the power is gone */
	uint64_t left;               /* changes until it goes */
	dev_t device;
	struct disk_file file[FILES_MAX];
	unsigned files;
	struct names synced, later[FOLDERS_MAX]; /* later: since, each before the next change of a name */
	unsigned nlater;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "journal_cut: %s\n", what);
	abort();
}

static void apply(char **bytes, size_t *n, const struct change *c, size_t from, size_t to)
{
	size_t end = c->bytes ? (size_t)c->at + to : (size_t)c->at;
	if (!c->bytes || end > *n) {
		char *more = realloc(*bytes, end + 1);
		if (!more)
			give_up("out of memory");
		if (end > *n)
			memset(more + *n, 0, end - *n);
		*bytes = more;
		*n = end;
	}
	if (c->bytes && to > from)
		memcpy(*bytes + c->at + from, c->bytes + from, to - from);
}

static void forget_changes(struct disk_file *f)
{
	for (size_t i = 0; i < f->changes; i++)
		free(f->change[i].bytes);
	free(f->change);
	f->change = NULL;
	f->changes = f->room = 0;
}

/* Everything written so far is on the disk. */
static void sync_file(struct disk_file *f)
{
	for (size_t i = 0; i < f->changes; i++)
		apply(&f->bytes, &f->n, &f->change[i], 0, f->change[i].n);
	forget_changes(f);
}

static unsigned file_of(ino_t inode)
{
	unsigned i = 0;
	while (i < disk.files && disk.file[i].inode != inode)
		i++;
	if (i == FILES_MAX)
		give_up("too many files");
	if (i == disk.files)
		disk.file[disk.files++] = (struct disk_file){.inode = inode};
	return i;
}

/* The folder as the program sees it. */
static void list(struct names *out)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	out->n = 0;
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (out->n == NAMES_MAX)
			give_up("too many names");
		snprintf(out->name[out->n], NAME_MAX_, "%.*s", NAME_MAX_ - 1, entry->d_name);
		out->file[out->n++] = file_of(entry->d_ino);
	}
	if (d)
		closedir(d);
}

static void remember_names(void)
{
	if (disk.nlater == FOLDERS_MAX) /* some moment is forgotten: another one is as good */
		disk.nlater--;
	list(&disk.later[disk.nlater++]);
}

/* ---- what the program changes ---- */

enum what { NOT_OURS, OURS, DARK };

/* With the lock held until end_change(). One change of our files or folder is about to happen: may it? */
static enum what begin_change(bool ours)
{
	if (!ours || !disk.on)
		return NOT_OURS;
	if (!disk.dark && disk.left-- == 0)
		disk.dark = true;
	if (disk.dark)
		errno = EIO;
	return disk.dark ? DARK : OURS;
}

static bool is_in_folder(const char *path)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* The file behind a descriptor, if it lies in the folder. */
static struct disk_file *file_behind(int fd, bool *is_folder)
{
	char link[40], path[4096];
	struct stat st;
	*is_folder = false;
	if (!disk.on || fstat(fd, &st) || st.st_dev != disk.device)
		return NULL;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	*is_folder = strcmp(path, folder) == 0;
	return S_ISREG(st.st_mode) && is_in_folder(path) ? &disk.file[file_of(st.st_ino)] : NULL;
}

static void note(struct disk_file *f, struct change c, const void *bytes)
{
	if (vector_room(&f->change, &f->room, f->changes, sizeof *f->change))
		give_up("out of memory");
	if (bytes) {
		c.bytes = malloc(c.n + 1);
		if (!c.bytes)
			give_up("out of memory");
		memcpy(c.bytes, bytes, c.n);
	}
	f->change[f->changes++] = c;
}

static ssize_t change_bytes(int fd, const void *bytes, size_t n, off_t at)
{
	bool is_folder;
	pthread_mutex_lock(&disk.lock);
	struct disk_file *f = file_behind(fd, &is_folder);
	enum what what = begin_change(f);
	off_t to = at < 0 && f ? lseek(fd, 0, SEEK_CUR) : at;
	ssize_t written = -1;
	if (what != DARK)
		written = at < 0 ? syscall(SYS_write, fd, bytes, n) : syscall(SYS_pwrite64, fd, bytes, n, at);
	if (what == OURS && written > 0)
		note(f, (struct change){.at = to, .n = (size_t)written}, bytes);
	pthread_mutex_unlock(&disk.lock);
	return written;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	return change_bytes(fd, bytes, n, -1);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
	return change_bytes(fd, bytes, n, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	return change_bytes(fd, bytes, n, at);
}

int ftruncate64(int fd, off_t size)
{
	bool is_folder;
	pthread_mutex_lock(&disk.lock);
	struct disk_file *f = file_behind(fd, &is_folder);
	enum what what = begin_change(f);
	int rc = what == DARK ? -1 : (int)syscall(SYS_ftruncate, fd, size);
	if (what == OURS && rc == 0)
		note(f, (struct change){.at = size}, NULL);
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

int ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

/* The real disk is not waited for. */
int fdatasync(int fd)
{
	bool is_folder;
	pthread_mutex_lock(&disk.lock);
	struct disk_file *f = file_behind(fd, &is_folder);
	enum what what = begin_change(f || is_folder);
	if (what == OURS && f) {
		sync_file(f);
	} else if (what == OURS) {
		list(&disk.synced);
		disk.nlater = 0;
	}
	pthread_mutex_unlock(&disk.lock);
	return what == DARK ? -1 : 0;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

/* The file that a name leads to is another one from now on, or none: its inode may come back as a new file's. */
static void cut_off(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && st.st_nlink == 1)
		disk.file[file_of(st.st_ino)].inode = 0;
}

static int change_name(const char *from, const char *to)
{
	pthread_mutex_lock(&disk.lock);
	enum what what = begin_change(is_in_folder(from));
	if (what == OURS) {
		remember_names();
		cut_off(to ? to : from);
	}
	long rc = -1;
	if (what != DARK)
		rc = to ? syscall(SYS_rename, from, to) : syscall(SYS_unlink, from);
	pthread_mutex_unlock(&disk.lock);
	return (int)rc;
}

int rename(const char *from, const char *to)
{
	return change_name(from, to);
}

int unlink(const char *path)
{
	return change_name(path, NULL);
}

/* ---- power on, power off ---- */

static void free_disk(void)
{
	for (unsigned i = 0; i < disk.files; i++) {
		free(disk.file[i].bytes);
		forget_changes(&disk.file[i]);
	}
	disk.files = disk.nlater = 0;
}

/* What lies in the folder is on the disk. */
static void power_on(uint64_t changes)
{
	struct stat st;
	free_disk();
	if (stat(folder, &st))
		give_up("no folder");
	disk.device = st.st_dev;
	disk.left = changes;
	disk.dark = false;
	list(&disk.synced);
	for (unsigned i = 0; i < disk.synced.n; i++) {
		char path[4096];
		struct aff_buf bytes;
		struct disk_file *f = &disk.file[disk.synced.file[i]];
		snprintf(path, sizeof path, "%s/%s", folder, disk.synced.name[i]);
		aff_buf_init(&bytes, (size_t)1 << 30);
		if (file_read(path, &bytes, NULL))
			give_up("cannot read a file");
		apply(&f->bytes, &f->n, &(struct change){.n = bytes.n, .bytes = bytes.p ? bytes.p : path}, 0, bytes.n);
		aff_buf_free(&bytes);
	}
	disk.on = true;
}

enum survives { NOTHING, EVERYTHING, SOMETHING };

/* Of what was not synced. */
static void survive(struct disk_file *f, enum survives survives)
{
	for (size_t i = 0; i < f->changes && survives != NOTHING; i++) {
		const struct change *c = &f->change[i];
		unsigned luck = survives == EVERYTHING ? 0 : dice(3);
		size_t sectors = c->n / SECTOR, torn = sectors ? dice((unsigned)sectors + 1) * SECTOR : 0;
		if (torn)
			torn -= (size_t)c->at % SECTOR; /* the disk's sectors, not the write's */
		if (luck == 0)
			apply(&f->bytes, &f->n, c, 0, c->n);
		else if (luck == 1 && c->bytes && dice(2))
			apply(&f->bytes, &f->n, c, 0, torn);
		else if (luck == 1 && c->bytes)
			apply(&f->bytes, &f->n, c, torn, c->n);
	}
	forget_changes(f);
}

/* Makes the folder what the disk has kept. */
static void power_off(void)
{
	remember_names();
	disk.on = false;
	enum survives survives = (enum survives)dice(3);
	unsigned moment = survives == NOTHING ? 0 : survives == EVERYTHING ? disk.nlater : dice(disk.nlater + 1);
	const struct names *names = moment ? &disk.later[moment - 1] : &disk.synced;
	empty_folder();
	for (unsigned i = 0; i < names->n; i++) {
		char path[4096];
		struct disk_file *f = &disk.file[names->file[i]];
		survive(f, survives);
		snprintf(path, sizeof path, "%s/%s", folder, names->name[i]);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || file_write_all(fd, f->bytes, f->n))
			give_up("cannot write a file");
		close(fd);
	}
}

/* Writes until the power goes; what was committed is reported. */
static int run_and_cut(struct reports *reports)
{
	struct journal *j = NULL;
	struct journal_packer *p = NULL;
	struct report done = {0};
	int kept = 0;
	power_on(dice(CHANGES_MAX));
	int rc = open_journal(&j, NULL);
	if (!rc)
		rc = journal_packer_new(&p, j);
	while (!rc && !kept) {
		rc = commit_some(j, p, BATCH_MAX, &done, NULL);
		if (!rc)
			kept = keep(reports, done);
	}
	journal_packer_free(p);
	if (j)
		journal_close(j);
	if (!disk.dark)
		return AFF_EIO; /* something else has failed */
	power_off();
	return kept;
}

/* Makes the first log file: one that is just begun has nothing to lose. */
static int begin_anew(struct reports *reports, uint64_t *all, struct aff_diag *diag)
{
	*all += reports->n;
	reports->n = 0;
	empty_folder();
	return recover(diag);
}

int main(int argc, char **argv)
{
	uint64_t cycles = 200, rows = 0, missing = 0, all = 0;
	struct reports reports = {0};
	struct aff_diag diag = {0};
	if (!arguments(argc, argv, &cycles))
		return 2;
	file_rows = FILE_ROWS;
	log_setup(LOG_LEVEL_ERROR, false);
	int rc = 0;
	for (uint64_t i = 0; i < cycles && !rc && !missing; i++) {
		if (i % CYCLES_A_JOURNAL == 0)
			rc = begin_anew(&reports, &all, &diag);
		if (!rc)
			rc = run_and_cut(&reports);
		if (!rc && i % 2)
			rc = recover(&diag);
		if (!rc && reports.n)
			rc = examine(&reports, &rows, &missing, &diag);
	}
	if (argc <= 2 && !rc && !missing)
		remove_folder();
	int status = conclude(cycles, all + reports.n, missing, rc, &diag);
	free_disk();
	free(reports.item);
	return status;
}
