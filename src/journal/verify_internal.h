/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of verifying: the walk through one log file, the things its rows refer to by number, the checkpoints.
 */
#ifndef JOURNAL_VERIFY_INTERNAL_H
#define JOURNAL_VERIFY_INTERNAL_H

#include "journal/key_change.h"
#include "journal/schema.h"
#include "journal/verify.h"

#define VERIFY_LINKS 512
#define VERIFY_KEYS  256 /* changes of keys at most */

/* A checkpoint of the file outside: where its line is, and what it says of which link. */
struct exported {
	unsigned char journal[JOURNAL_ID_SIZE];
	int64_t link;
	unsigned char hash[SHA256_SIZE];
	size_t offset, n;
};

/* A number that rows refer to, and what it means. */
struct referred {
	int64_t id;
	int64_t kind;                /* of a name: enum name_kind; of what stands in a link: enum link_other */
	bool seen;
	size_t offset, n;            /* of a name's text */
	unsigned char digest[SHA256_SIZE];
};
struct referred_list {
	struct referred *item;
	size_t n, allocated;
	struct aff_buf text;
};

/* One link while its rows are looked at. */
struct verify_link {
	struct link link;
	size_t others, others_n;     /* in struct verify.others */
	unsigned char stored[SHA256_SIZE];
	uint64_t found[LINK_TABLES];
	bool damaged;                /* the row of the link itself */
	struct verify_bad {
		const char *what;    /* NULL: no bad row */
		int64_t id;
	} bad[LINK_TABLES];
};

struct verify {
	const struct verify_options *options;
	struct verify_result *result;
	struct aff_diag *diag;
	/* the chain as far as it was walked */
	bool begun, has_journal;
	unsigned char journal[JOURNAL_ID_SIZE];
	unsigned char hash[SHA256_SIZE];
	int64_t number;
	const char *folder;
	/* the log file */
	sqlite3 *db;
	int64_t file_id;             /* its first id */
	uint64_t bodies_missing, bodies_there;
	int64_t missing_id;          /* of the first message without a body */
	bool stripped;               /* an action says that bodies were removed */
	char file[48];
	int format;                  /* of schema.h */
	int64_t last[LINK_TABLES];
	int64_t file_first, file_last; /* numbers of its links */
	uint64_t size, before, total; /* bytes: of this file, of those before, of all */
	struct referred_list names, snapshots, dictionaries, keys, others;
	struct verify_link links[VERIFY_LINKS];
	size_t nlinks;
	struct aff_buf others_text;
	struct hasher *record, *rows;
	int64_t judged;              /* of the row at hand */
	/* changes of keys whose signatures are good; from outside, those of other journals too */
	struct key_change *changes;
	size_t nchanges, changes_allocated;
	bool vouched;                /* by the key that was given, or one that followed it */
	struct aff_buf removals;     /* lines of actions: which bodies were removed */
	/* the file outside, sorted by link */
	struct aff_buf exported_text;
	struct exported *exported;
	size_t nexported, next_exported;
};

void verify_tell(struct verify *v, const char *table, int64_t id, const char *format, ...) AFF_PRINTF(4, 5);
/* A failure to read: 0 when it was told as a finding, else the error, with a diag. */
int verify_unreadable(struct verify *v, int rc);

/* verify_refer.c: names, configurations and dictionaries of the log file. NULL: the row is missing. */
const struct referred *verify_name(struct verify *v, enum name_kind kind, int64_t id, int *rc);
const struct referred *verify_snapshot(struct verify *v, int64_t id, int *rc);
const struct referred *verify_dictionary(struct verify *v, int64_t id, int *rc);
const struct referred *verify_key(struct verify *v, int64_t id, int *rc);
void verify_forget(struct verify *v);
/* Takes what a link says of configurations and dictionaries; false: damaged. AFF_ENOMEM in *rc. */
bool verify_take_others(struct verify *v, struct aff_view others, int *rc);
/* Compares the configurations and dictionaries of the file with what its links say. */
int verify_check_others(struct verify *v);

/* verify_rows.c: the rows of one table that the collected links are over. */
int verify_rows(struct verify *v, enum link_table t);

/* verify_vouch.c: whether an action says that the bodies that are missing were removed; sets v->stripped. */
int verify_bodies(struct verify *v);

/* verify_file.c: the links of one log file. */
int verify_file(struct verify *v);
/* Only those behind the newest checkpoint, whose link is taken as given. */
int verify_file_tail(struct verify *v);

/* verify.c: what each walk starts with. AFF_ENOMEM. */
int verify_init(struct verify *v, const struct verify_options *options, struct verify_result *out,
                struct aff_diag *diag);
void verify_free(struct verify *v);

/* verify_keys.c: whose signatures count. */
/* Takes those that stand in a text and are signed; *some: there was one. */
int verify_take_keys(struct verify *v, struct aff_view text, bool *some);
/* And what the newest log file knows, before the walk begins: earlier keys may be bound to the one that is given by
 * later changes. */
int verify_newest_keys(struct verify *v, const char *path);
/* Takes the new key that an action names, if it does; NULL or what is wrong with it. */
const char *verify_key_action(struct verify *v, int64_t link, struct aff_view kind, struct aff_view detail, int *rc);
/* Takes what the log file knows of changes before it. */
int verify_file_keys(struct verify *v);
/* NULL, or why a signature by this key does not count for this link. */
const char *verify_key_counts(struct verify *v, const unsigned char key[SIGN_KEY_SIZE], int64_t link);
/* A good checkpoint is by this key. */
void verify_note_key(struct verify *v, const unsigned char key[SIGN_KEY_SIZE]);
void verify_count_keys(struct verify *v);

/* verify_sign.c: checkpoints inside and outside. */
int verify_anchor(struct verify *v, struct checkpoint *c, bool *found);
int verify_checkpoints(struct verify *v);
int verify_read_exported(struct verify *v);
void verify_exported_link(struct verify *v, int64_t number, const unsigned char hash[SHA256_SIZE]);
void verify_exported_end(struct verify *v);

#endif
