/* SPDX-License-Identifier: Apache-2.0
 *
 * Each open file is a wrapper followed in the same memory by the real file. Memory-mapped reading is left out: the
 * journal does not use it.
 */
#include "journal/vfs.h"

#include <errno.h>
#include <stdio.h>

#include <afferent/error.h>

struct wrapped {
	sqlite3_file base;
	struct vfs *owner;
	_Alignas(8) char real[];
};

static struct {
	atomic_bool wanted, lasting;
	atomic_llong left;   /* operations until the fault */
	atomic_int result;
} plan[VFS_OPERATIONS];

void vfs_plan(enum vfs_operation operation, int64_t n, bool lasting, int result)
{
	atomic_store(&plan[operation].left, n);
	atomic_store(&plan[operation].lasting, lasting);
	atomic_store(&plan[operation].result, result);
	atomic_store(&plan[operation].wanted, n != 0);
}

/* SQLITE_OK, or the fault that is due. */
static int due(enum vfs_operation operation)
{
	if (!atomic_load_explicit(&plan[operation].wanted, memory_order_relaxed))
		return SQLITE_OK;
	long long left = atomic_fetch_sub(&plan[operation].left, 1);
	if (left == 1 || (left <= 0 && atomic_load(&plan[operation].lasting)))
		return atomic_load(&plan[operation].result);
	return SQLITE_OK;
}

static sqlite3_file *real_of(sqlite3_file *f)
{
	return (sqlite3_file *)(void *)((struct wrapped *)f)->real;
}

/* A full disk loses nothing that was reported as written, except in a sync, which is reported once and never again. */
static int note(sqlite3_file *f, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_FULL && rc != SQLITE_IOERR_SHORT_READ)
		atomic_store(&((struct wrapped *)f)->owner->failed, true);
	return rc;
}

static int file_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int file_read_at(sqlite3_file *f, void *to, int n, sqlite3_int64 offset)
{
	return note(f, real_of(f)->pMethods->xRead(real_of(f), to, n, offset));
}

static int file_write_at(sqlite3_file *f, const void *from, int n, sqlite3_int64 offset)
{
	atomic_fetch_add_explicit(&((struct wrapped *)f)->owner->writes, 1, memory_order_relaxed);
	int rc = due(VFS_WRITE);
	return note(f, rc ? rc : real_of(f)->pMethods->xWrite(real_of(f), from, n, offset));
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return note(f, real_of(f)->pMethods->xTruncate(real_of(f), size));
}

static int file_sync(sqlite3_file *f, int flags)
{
	atomic_fetch_add_explicit(&((struct wrapped *)f)->owner->syncs, 1, memory_order_relaxed);
	int rc = due(VFS_SYNC);
	return note(f, rc ? rc : real_of(f)->pMethods->xSync(real_of(f), flags));
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int file_take(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int file_release(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int file_is_reserved(sqlite3_file *f, int *out)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int file_control(sqlite3_file *f, int operation, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), operation, arg);
}

static int file_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int file_characteristics(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int file_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	int rc = due(VFS_MAP);
	return rc ? rc : real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int file_shm_unmap(sqlite3_file *f, int delete)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read_at,
	.xWrite = file_write_at,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_take,
	.xUnlock = file_release,
	.xCheckReservedLock = file_is_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static struct vfs *vfs_of(sqlite3_vfs *v)
{
	return v->pAppData;
}

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct wrapped *w = (struct wrapped *)f;
	sqlite3_vfs *real = vfs_of(v)->real;
	w->owner = vfs_of(v);
	int rc = real->xOpen(real, name, real_of(f), flags, out_flags);
	f->pMethods = real_of(f)->pMethods ? &methods : NULL;
	return rc;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync)
{
	return vfs_of(v)->real->xDelete(vfs_of(v)->real, name, sync);
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	return vfs_of(v)->real->xAccess(vfs_of(v)->real, name, flags, out);
}

static int vfs_full_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
	return vfs_of(v)->real->xFullPathname(vfs_of(v)->real, name, n, out);
}

static int vfs_random(sqlite3_vfs *v, int n, char *out)
{
	return vfs_of(v)->real->xRandomness(vfs_of(v)->real, n, out);
}

static int vfs_sleep(sqlite3_vfs *v, int microseconds)
{
	return vfs_of(v)->real->xSleep(vfs_of(v)->real, microseconds);
}

static int vfs_time(sqlite3_vfs *v, double *out)
{
	return vfs_of(v)->real->xCurrentTime(vfs_of(v)->real, out);
}

static int vfs_time_ms(sqlite3_vfs *v, sqlite3_int64 *out)
{
	return vfs_of(v)->real->xCurrentTimeInt64(vfs_of(v)->real, out);
}

static int vfs_last_error(sqlite3_vfs *v, int n, char *out)
{
	return vfs_of(v)->real->xGetLastError(vfs_of(v)->real, n, out);
}

int vfs_register(struct vfs *v)
{
	static atomic_uint counter;
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	if (!real || real->iVersion < 2)
		return AFF_EIO;
	*v = (struct vfs){.real = real};
	snprintf(v->name, sizeof v->name, "afferent-journal-%u", atomic_fetch_add(&counter, 1));
	v->base = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)sizeof(struct wrapped) + real->szOsFile,
		.mxPathname = real->mxPathname,
		.zName = v->name,
		.pAppData = v,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_random,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
		.xCurrentTimeInt64 = vfs_time_ms,
		.xGetLastError = vfs_last_error,
	};
	return sqlite3_vfs_register(&v->base, 0) == SQLITE_OK ? 0 : AFF_ENOMEM;
}

void vfs_unregister(struct vfs *v)
{
	sqlite3_vfs_unregister(&v->base);
}

bool vfs_failed(const struct vfs *v)
{
	return atomic_load(&v->failed);
}

void vfs_fail(struct vfs *v)
{
	atomic_store(&v->failed, true);
}
