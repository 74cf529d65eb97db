/* SPDX-License-Identifier: Apache-2.0
 *
 * The configurations this process has made known, packed, to be stored in each log file whose rows name them. The
 * last few are kept: messages in flight may still name an older one.
 */
#ifndef JOURNAL_SNAPSHOT_H
#define JOURNAL_SNAPSHOT_H

#include <afferent/text.h>

#include "base/digest.h"

#define SNAPSHOT_KEPT 16

struct snapshot_list {
	struct {
		unsigned char sha[SHA256_SIZE];
		struct aff_buf body;
	} item[SNAPSHOT_KEPT];
	size_t n, newest;
};

int snapshot_add(struct snapshot_list *l, const unsigned char sha[SHA256_SIZE], struct aff_view bytes);
/* The packed body, "" when it is not known. */
struct aff_view snapshot_find(const struct snapshot_list *l, const unsigned char sha[SHA256_SIZE]);
void snapshot_list_free(struct snapshot_list *l);

#endif
