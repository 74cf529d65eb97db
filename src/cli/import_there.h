/* SPDX-License-Identifier: Apache-2.0
 *
 * Which messages of an exported file the journal has already: with the same channel, receive time and bytes. A message
 * that is in the file twice has to be in the journal twice.
 */
#ifndef CLI_IMPORT_THERE_H
#define CLI_IMPORT_THERE_H

#include "cli/export_read.h"
#include "journal/journal.h"

#define IMPORT_MOST 8000000u /* messages of one file */

struct import_entry {
	int64_t received_us;
	uint64_t channel;            /* hash64 */
	unsigned char sha[SHA256_SIZE];
	uint32_t number;             /* in the file, from 0 */
	bool there;
};
struct import_there {
	struct import_entry *entry;
	size_t n, allocated;
	bool *skip;                  /* by number: it is there, or has no body */
	uint64_t already, without_body;
	int64_t first_us, last_us;
};

/* Notes the next message of the file. 0, AFF_ELIMIT, AFF_ENOMEM. */
int import_there_add(struct import_there *t, const struct export_message *m);
/* Once all are noted: looks into the journal with one reader, and with another for the messages themselves. */
int import_there_find(struct import_there *t, struct journal_reader *r, struct journal_reader *bodies,
		      struct aff_diag *diag);
void import_there_free(struct import_there *t);

#endif
