/* SPDX-License-Identifier: Apache-2.0
 *
 * A thin layer between SQLite and its own file layer for the connections that write. SQLite swallows an I/O error in an
 * automatic checkpoint, and the kernel reports a failed sync once: so every failure is remembered here, and the journal
 * looks at it after each commit. Tests make the n-th write, sync or mapping of shared memory fail through the same
 * layer.
 */
#ifndef JOURNAL_VFS_H
#define JOURNAL_VFS_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One for each open journal, registered with SQLite under a name of its own. */
struct vfs {
	sqlite3_vfs base;
	sqlite3_vfs *real;
	char name[40];
	atomic_bool failed;
	atomic_ullong syncs, writes;
};

int vfs_register(struct vfs *v);
void vfs_unregister(struct vfs *v);
/* True once a read, write, truncation or sync failed for another reason than a full disk. Thread-safe. */
bool vfs_failed(const struct vfs *v);
/* Notes such a failure that was met elsewhere in the journal's folder. Thread-safe. */
void vfs_fail(struct vfs *v);

/* For tests: what the n-th operation from now (1 = the next, over all journals of the process) and, when `lasting`, all
 * operations of that kind after it return. n = 0: no faults. */
enum vfs_operation { VFS_WRITE, VFS_SYNC, VFS_MAP, VFS_OPERATIONS };
void vfs_plan(enum vfs_operation operation, int64_t n, bool lasting, int result);

#endif
