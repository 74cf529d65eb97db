/* SPDX-License-Identifier: Apache-2.0
 *
 * Another master key: the data keys of the log files are wrapped anew, the messages stay as they are. A file changes
 * in one transaction, so a crash leaves each wholly under the old master key or under the new one, and the next start
 * goes on. It is the one thing that is ever changed in a sealed log file; no link of the hash chain is over it.
 */
#ifndef JOURNAL_REKEY_H
#define JOURNAL_REKEY_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "journal/secret.h"

struct rekey_result {
	unsigned files, missing; /* wrapped anew; with data keys whose master key is not there */
	unsigned damaged;        /* with data keys that were changed */
};
/* All log files but the newest. *stop: breaks off between two. AFF_EBUSY: a command writes log files anew. */
int rekey_sealed(const char *folder, const char *vfs, const struct secret *secret, const atomic_bool *stop,
		 struct rekey_result *out, struct aff_diag *diag);

#endif
