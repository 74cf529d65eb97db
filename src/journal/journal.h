/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal: a row of SQLite log files in one folder. It is the engine's queue, its audit trail and its recovery:
 * an acknowledged message is a row, a destination is a cursor over the rows, and what became of a message at a
 * destination is an outcome row, committed together with the cursor.
 *
 *	<folder>/lock                     held by the process that writes
 *	<folder>/log-<first id>.db        the log files; the newest is open, the others are sealed
 *
 * A sealed file has indices and is never written again. A log file stands for itself: configuration snapshots,
 * compression dictionaries and names that its rows refer to are in it. An id is the receive time in microseconds
 * since 1970 UTC, made unique and increasing by the writer.
 *
 * Everything that is stored, but for cursors, totals and indices, is in a hash chain with one link a transaction, which
 * runs on from log file to log file and is signed from time to time (link.h, checkpoint.h, verify.h).
 *
 * One thread writes (struct journal); any number of threads read, each with a struct journal_reader of its own, and
 * pack bodies, each with a struct journal_packer of its own.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include <afferent/text.h>

#include "base/digest.h"

/* How a message was taken. */
enum journal_verdict {
	JOURNAL_ACCEPTED = 1, /* answered positively, goes to the channel's destinations */
	JOURNAL_KEPT     = 2, /* answered positively, journal only */
	JOURNAL_REJECTED = 3, /* answered negatively or not answerable */
	JOURNAL_DUPLICATE = 4 /* the bytes of an accepted message again: answered like it, journal only */
};

enum journal_outcome_kind {
	JOURNAL_DELIVERED = 1,
	JOURNAL_FILTERED = 2,
	JOURNAL_MERGED = 3,
	JOURNAL_DEAD = 4,
	JOURNAL_DISCARDED = 6 /* a dead letter that somebody put aside; the ledger counts it as dead */
};
/* "delivered", "accepted", ...: constant strings, never NULL. */
const char *journal_outcome_text(enum journal_outcome_kind kind);
const char *journal_verdict_text(enum journal_verdict verdict);

/* What a message is looked up by; in the journal a keyed digest of each, where it is encrypted. */
enum journal_id { JOURNAL_CONTROL_ID, JOURNAL_PATIENT, JOURNAL_DEVICE, JOURNAL_IDS };
#define JOURNAL_HASHED_SIZE 16

/* A received message. */
struct journal_message {
	int64_t id;                  /* set by journal_add_message */
	int64_t received_us;
	struct aff_view channel;     /* "icu-monitors" */
	struct aff_view peer;        /* "127.0.0.1:51234" */
	struct aff_view type;        /* "ORU^R01" */
	struct aff_view control_id;  /* MSH-10 as received */
	struct aff_view patient;     /* PID-3.1 of the first repetition */
	struct aff_view device;      /* OBX-18.1 of the first row that has one, else MSH-3.1 */
	enum journal_verdict verdict;
	int error;                   /* AFF_E... for JOURNAL_REJECTED; AFF_EIDREUSE for JOURNAL_ACCEPTED; else 0 */
	unsigned char snapshot[SHA256_SIZE]; /* the configuration it was received under */
	uint32_t length;             /* of the message as received */
	uint32_t dictionary;         /* the body's compression dictionary, 0 = none */
	struct aff_view body; /* compressed, as journal_pack made it; empty when retention has removed it */
	uint32_t key;         /* the data key that body and ids are encrypted with, 0 = they are not */
	struct aff_view ids;  /* control id, patient and device, encrypted; empty without a key. As read: empty, unless
	                         the key is not there: then the three are */
	struct aff_view hashed[JOURNAL_IDS]; /* their keyed digests, stored instead of them; empty without a key */
	unsigned char body_sha[SHA256_SIZE]; /* of a body that is empty */
	bool digested;               /* digest is that of this message: journal_digest_message computed it */
	unsigned char digest[SHA256_SIZE];
};

/* What became of a message at one destination. */
struct journal_outcome {
	int64_t message;
	struct aff_view destination; /* "icu-monitors/ehr" */
	enum journal_outcome_kind kind;
	int64_t at_us;
	unsigned tries;
	unsigned char snapshot[SHA256_SIZE]; /* the configuration it was rendered with */
	unsigned char sent[SHA256_SIZE];     /* SHA-256 of the bytes sent; zeros when nothing was sent */
	uint32_t sent_length;
	struct aff_view detail;      /* the rule ("line 14: drop segment"), the reason, the answer (codes only) */
	enum journal_outcome_kind instead; /* of the earlier outcome that this one stands for from now on; 0: the first
	                                      outcome of the message at the destination */
	int64_t action_us;                 /* at_us of the action that it comes from (a replay), 0 = none */
};

/* What somebody did to the engine or the journal. */
struct journal_action {
	int64_t at_us;          /* journal_add_action makes it later than that of every earlier action */
	struct aff_view kind;        /* "start", "stop", "reload", "replay": one word */
	struct aff_view who;         /* "uid 1000" */
	struct aff_view detail;      /* what exactly; no values of fields */
};

/* ---- codes ---- */

/* Takes one of the codes that a message can be found by. 0 to go on; other values end the message's. */
typedef int journal_code_fn(void *arg, struct aff_view code);
/* Knows what the codes of a message are: gives them to fn until it returns something other than 0, and returns that.
 * The journal makes an index of them when a log file is sealed. */
struct journal_coder {
	int (*codes)(void *state, struct aff_view raw, journal_code_fn *fn, void *arg);
	void *state;
};

/* ---- writing: one thread ---- */

/* Gets a line to be kept elsewhere, without a line end: what it is ("checkpoint", "key"), and its text. Called by the
 * thread that writes, after the commit; must not block. */
typedef void journal_export_fn(void *arg, const char *what, struct aff_view line);

struct journal_options {
	const char *folder;
	uint64_t file_rows;          /* a log file is sealed at this many rows (0: 1,000,000) */
	uint64_t file_bytes;         /* or at this size (0: 512 MB) */
	bool daily;                  /* or at midnight UTC */
	int64_t keep_us;             /* sealed log files older than this are removed (0: never) */
	uint64_t keep_bytes;         /* the oldest ones beyond this size of all are removed (0: never) */
	int64_t keep_bodies_us;      /* the bodies in sealed log files older than this are removed (0: never) */
	uint64_t reserve_bytes;      /* space set aside for outcomes when the disk is full (0: none) */
	bool quarantine;             /* a newest log file that is damaged is set aside (damaged-<first id>.db), and
	                                a new one goes on; else journal_open fails with AFF_ECORRUPT */
	bool must_exist;             /* no journal is begun where there is none: AFF_ECORRUPT */
	const char *key_file;        /* signs the checkpoints (NULL: "<folder>.key"); made when it is not there */
	const char *checkpoint_file; /* each checkpoint is appended to it too (NULL: none) */
	journal_export_fn *export;   /* and handed to this (NULL: to nobody) */
	void *export_arg;
	uint64_t checkpoint_records; /* one after so many records (0: 1,000), but not twice a second */
	int64_t checkpoint_us;       /* and after so long (0: 60 s) */
	bool encrypt;                /* bodies, ids and dictionaries, from now on */
	const char *secret_file;     /* the master keys (NULL: "<folder>.secret"); made when it is not there, with
	                                encrypt: secret.h */
	const struct journal_coder *coder; /* for the sealer's thread, until journal_close (NULL: no index of codes) */
	int64_t (*now_us)(void);     /* for tests: the wall clock (NULL: the system's) */
};

/* How retention stands. */
struct journal_retention {
	uint64_t files, bytes;       /* on disk, when it was last looked */
	uint64_t removed_files, removed_bytes; /* since the journal was opened */
	int64_t removed_us;          /* when the last one was; 0: none was */
	uint64_t due;                /* files that should go and cannot */
	char held_by[128];           /* the destination that still needs the oldest of these; "": none does */
	uint64_t stripped_files, stripped_bytes; /* files whose bodies were removed since, and the room that gave */
	char bodies_held_by[128];    /* the destination that still needs the oldest ones that should go */
	uint64_t unsealed;           /* closed files whose sealing failed and is tried again */
};

struct journal;

/* Opens the journal, making the folder and the first log file when there is none. Takes the lock: AFF_EBUSY when
 * another process has it. AFF_ECORRUPT, AFF_EIO, AFF_EFULL. Starts the sealer thread (low priority: indexes closed
 * log files, trains the compression dictionary). */
int journal_open(struct journal **out, const struct journal_options *options, struct aff_diag *diag);
void journal_close(struct journal *j);

/* Makes a configuration snapshot known: stored in the open log file and in every later one until another is set. Its
 * own transaction; returns after it is durable. */
int journal_set_snapshot(struct journal *j, const unsigned char sha[SHA256_SIZE], struct aff_view packed,
                         struct aff_diag *diag);

/* Whether a snapshot was made known since the journal was opened (and is not long gone). For the thread that writes. */
bool journal_knows_snapshot(const struct journal *j, const unsigned char sha[SHA256_SIZE]);

/* One transaction: begin, any number of adds, commit. journal_commit returns 0 only after fdatasync did. Any failure
 * but AFF_EFULL is final: stop acknowledging and end the process. After a failure the transaction is rolled back.
 * After AFF_EFULL the journal is full: it gives its reserve away, takes outcomes and cursors, and refuses messages with
 * AFF_EFULL until there is room for the reserve again. */
int journal_begin(struct journal *j, struct aff_diag *diag);
int journal_add_message(struct journal *j, struct journal_message *m, struct aff_diag *diag);
int journal_add_outcome(struct journal *j, const struct journal_outcome *o, struct aff_diag *diag);
/* Sets a destination's cursor: every accepted message of its channel with id <= position (and after where it started:
 * the first position it was set to) has an outcome, and the next one has none. */
int journal_set_cursor(struct journal *j, struct aff_view destination, int64_t position, struct aff_diag *diag);
/* Records an administrative action. */
int journal_add_action(struct journal *j, struct journal_action *a, struct aff_diag *diag);
/* Notes how often the process may have ended while it tried to deliver a message that has no outcome yet; 0: forget
 * it. Not in the hash chain, like cursors. */
int journal_set_attempts(struct journal *j, struct aff_view destination, int64_t message, unsigned n,
			 struct aff_diag *diag);
int journal_commit(struct journal *j, struct aff_diag *diag);
void journal_rollback(struct journal *j);

/* Forgets a destination's cursor and its carried sums: what it was not sent is pending no more, and one that comes
 * back starts anew. A transaction of its own. AFF_ENOTFOUND: there is no such cursor. */
int journal_forget(struct journal *j, struct aff_view destination, struct aff_diag *diag);

/* What is due without a message to write: ends a log file at midnight, lets the sealer remove old ones, signs the end
 * of the hash chain. To be called now and then by the thread that writes, between transactions. Errors as of
 * journal_commit. */
int journal_tend(struct journal *j, struct aff_diag *diag);
/* Whether messages are refused for want of space. Thread-safe, as is the next one. */
bool journal_is_full(const struct journal *j);
void journal_retention(struct journal *j, struct journal_retention *out);
/* Signs the end of the hash chain, in a transaction of its own; nothing when it is signed already. journal_commit and
 * journal_tend do so when it is due. */
int journal_checkpoint(struct journal *j, struct aff_diag *diag);
/* Signs with a new key from here on, which the old key names in an action, in a transaction of its own; the new one
 * takes the place of the old one in the key file. AFF_EFULL, AFF_EPERMISSION: the old one stays. */
int journal_new_key(struct journal *j, struct aff_view who, struct aff_diag *diag);

/* Reads the master keys again. Where the newest one is another, data keys are wrapped with it from here on: those of
 * the open log file now, those of the others soon; an action records it. AFF_EKEY and others of the key file: nothing
 * has changed. */
int journal_rekey(struct journal *j, struct aff_view who, bool *changed, struct aff_diag *diag);

/* The newest id given out, 0 in an empty journal. Thread-safe. */
int64_t journal_head(const struct journal *j);

/* ---- packing bodies: one object per thread ---- */

struct journal_packer;
int journal_packer_new(struct journal_packer **out, struct journal *j);
void journal_packer_free(struct journal_packer *p);
/* Compresses a message with the dictionary of its channel and appends it to out; sets *dictionary. */
int journal_pack(struct journal_packer *p, struct aff_view channel, struct aff_view message, struct aff_buf *out,
                 uint32_t *dictionary);
/* Encrypts body and ids, where the journal is encrypted: sets key, body, ids and hashed, which live in the packer until
 * its next use. AFF_ENOMEM, AFF_ELIMIT (an id of more than 64 KiB), AFF_EIO: no random bytes. */
int journal_encrypt(struct journal_packer *p, struct journal_message *m);
/* Computes the digest that the hash chain is made of, so that the writer need not. Everything in the message but its
 * id, verdict and error is final: a change after it needs another call. */
void journal_digest_message(struct journal_packer *p, struct journal_message *m);

/* ---- reading: one object per thread, in the same process or another ---- */

struct journal_reader;
/* AFF_ENOTFOUND: there is no journal. */
int journal_reader_open(struct journal_reader **out, const char *folder, struct aff_diag *diag);
void journal_reader_close(struct journal_reader *r);
/* Where the master keys are, when it is not "<folder>.secret". The file is read when something encrypted is met, and
 * again when a key is missing in it. Without a key, what is not encrypted is read all the same; AFF_EKEY,
 * AFF_EPERMISSION or AFF_ESYNTAX when a message itself or a search for an id is asked for. */
int journal_reader_use_keys(struct journal_reader *r, const char *secret_file, struct aff_diag *diag);

/* How many log files need which master keys. */
struct journal_keys {
	unsigned files, clear;       /* all; with nothing encrypted */
	unsigned older, missing;     /* that need a key which is not the newest of the key file, or not in it */
};
int journal_read_keys(struct journal_reader *r, struct journal_keys *out, struct aff_diag *diag);

/* A row as read; views live until the callback returns. */
struct journal_row {
	struct journal_message message;  /* body: still packed; empty unless raw was asked for */
	struct aff_view raw;             /* the message as received; empty unless asked for */
	int64_t body_removed_us;         /* when retention removed its body, and raw is empty although it was asked
	                                    for; 0: it did not */
};
/* Returns 0 to go on, 1 to stop, < 0 to stop with this error. Called while nothing is locked, so it may take its
 * time; it must not use the reader that calls it. */
typedef int journal_row_fn(void *arg, const struct journal_row *row);
typedef int journal_outcome_fn(void *arg, const struct journal_outcome *outcome);

/* Accepted messages of a channel with id > after, in order, raw filled in, until fn stops. */
int journal_read_channel(struct journal_reader *r, struct aff_view channel, int64_t after, journal_row_fn *fn,
                         void *arg, struct aff_diag *diag);

/* Where a destination's cursor stands: 0 found, AFF_ENOTFOUND: it never had one. */
int journal_read_cursor(struct journal_reader *r, struct aff_view destination, int64_t *position,
                        struct aff_diag *diag);
/* What journal_set_attempts has noted of a destination, in order of message id. */
typedef int journal_attempts_fn(void *arg, int64_t message, unsigned n);
int journal_read_attempts(struct journal_reader *r, struct aff_view destination, journal_attempts_fn *fn, void *arg,
			  struct aff_diag *diag);
/* The actions that are older than a time, newest first, at most `limit`, until fn stops. */
typedef int journal_action_fn(void *arg, const struct journal_action *action);
int journal_read_actions(struct journal_reader *r, int64_t before_us, uint64_t limit, journal_action_fn *fn, void *arg,
			 struct aff_diag *diag);
/* How many outcomes come from an action, and the newest message among theirs (0: none). Reads the outcomes since. */
int journal_read_acted(struct journal_reader *r, int64_t action_us, int64_t *last, uint64_t *n, struct aff_diag *diag);
/* Outcomes of a destination for messages with id > after, in order of message id (ahead of the cursor, with several
 * lanes). */
int journal_read_outcomes(struct journal_reader *r, struct aff_view destination, int64_t after, journal_outcome_fn *fn,
                          void *arg, struct aff_diag *diag);

/* Whether a message that fits a query otherwise is wanted, by its content: 1 yes, 0 no, < 0 stop with this error. raw
 * is filled in; the rest is as for journal_row_fn. */
typedef int journal_test_fn(void *arg, const struct journal_row *row);
/* Where a search is: everything that it wants between its beginning and this id was given. Called now and then. */
typedef void journal_progress_fn(void *arg, int64_t id);

/* What to look for; empty views and zeros mean "any". Newest first unless oldest_first. */
#define JOURNAL_PENDING 5 /* as a status, among the kinds of outcomes */
struct journal_query {
	struct aff_view channel, type, control_id, patient, device;
	struct aff_view peer;            /* without its port: all of its connections */
	enum journal_verdict verdict;
	int error;                       /* with this error; 0 any */
	struct aff_view destination;     /* with status: the outcome at this destination (empty: at any) */
	int status;                      /* 0 any, enum journal_outcome_kind, or JOURNAL_PENDING */
	int64_t from_us, to_us;          /* received in [from, to) */
	int64_t before_id;               /* for the next page; with oldest_first: after this id */
	uint64_t limit;                  /* 0: 100 */
	bool raw;                        /* fill in raw */
	bool oldest_first;
	struct aff_view code;            /* test wants no message without this code, as struct journal_coder gives it:
	                                    where there is an index of codes, others are not read */
	journal_test_fn *test;           /* NULL: all that fit; asked last, before the limit counts */
	journal_progress_fn *progress;   /* may be NULL */
	void *arg;                       /* of both */
};
int journal_search(struct journal_reader *r, const struct journal_query *q, journal_row_fn *fn, void *arg,
                   struct aff_diag *diag);
/* One message by id, raw filled in; AFF_ENOTFOUND. */
int journal_get(struct journal_reader *r, int64_t id, journal_row_fn *fn, void *arg, struct aff_diag *diag);
/* When the transaction that stored a message ended, taken just before its sync: the answer went after it.
 * AFF_ENOTFOUND: it is not known (a log file of the first version has no hash chain). */
int journal_get_commit(struct journal_reader *r, int64_t id, int64_t *at_us, struct aff_diag *diag);
/* The accepted message whose bytes a duplicate has again: the newest one before it from the same address. */
int journal_find_original(struct journal_reader *r, const struct journal_message *duplicate, struct aff_view raw,
                          int64_t *id, struct aff_diag *diag);
/* All outcomes of one message, oldest first. */
int journal_get_outcomes(struct journal_reader *r, int64_t id, journal_outcome_fn *fn, void *arg,
                         struct aff_diag *diag);
/* What became of each of n messages: for the first of them each outcome, oldest first, then each destination at which
 * it is pending (kind JOURNAL_PENDING, everything but message and destination empty), and so on for the others. Of a
 * message the id, the channel and the verdict count. One pass over the outcomes: much faster than asking for each. */
typedef int journal_fate_fn(void *arg, size_t message, const struct journal_outcome *fate);
int journal_get_fates(struct journal_reader *r, const struct journal_message *messages, size_t n, journal_fate_fn *fn,
                      void *arg, struct aff_diag *diag);
/* The destinations of its channel at which an accepted message is pending, by name. */
typedef int journal_destination_fn(void *arg, struct aff_view destination);
int journal_get_pending(struct journal_reader *r, const struct journal_message *m, journal_destination_fn *fn,
                        void *arg, struct aff_diag *diag);
/* A stored configuration snapshot, appended to out; AFF_ENOTFOUND. */
int journal_get_snapshot(struct journal_reader *r, const unsigned char sha[SHA256_SIZE], struct aff_buf *out,
                         struct aff_diag *diag);

/* The ledger of one destination, counted from the rows themselves (after where its cursor started) and, for log files
 * that were removed, carried on from them: received = delivered + filtered + merged + dead + pending. A message counts
 * as what its newest outcome says. */
struct journal_ledger {
	char destination[128];
	int64_t cursor;
	uint64_t received, delivered, filtered, merged, dead, pending;
	uint64_t discarded;          /* of the dead ones */
	int64_t oldest_pending_us;   /* received time, 0 = none */
};
struct journal_stats {
	unsigned files, sealed;
	unsigned waiting;            /* files that are closed and not sealed yet */
	int64_t waiting_us;          /* since when the oldest of these is */
	uint64_t messages, accepted, kept, rejected, duplicates;
	uint64_t ids_reused;         /* of the accepted ones: AFF_EIDREUSE */
	uint64_t bytes_received;     /* lengths of all messages */
	uint64_t removed_files, removed_messages, removed_bytes; /* by retention; the counts above, lengths and
	                                                            ledgers include them */
	uint64_t bytes_stored;       /* of the files */
	int64_t first_us, last_us;
	struct journal_ledger *ledgers;
	size_t nledgers;
};
int journal_read_stats(struct journal_reader *r, struct journal_stats *out, struct aff_diag *diag);

/* What a channel received in one interval; several of these may be about the same. */
struct journal_rate {
	struct aff_view channel;
	size_t interval;             /* from 0 */
	uint64_t messages, bytes;
};
typedef int journal_rate_fn(void *arg, const struct journal_rate *rate);
/* Counts what was received from a time on, in intervals of a width. Returns 0, what fn stopped with if that is an
 * error, AFF_EARGUMENT for times that cannot be. Reads the rows of that time. */
int journal_read_rates(struct journal_reader *r, int64_t from_us, int64_t width_us, size_t intervals,
                       journal_rate_fn *fn, void *arg, struct aff_diag *diag);
/* How well the newest messages of a channel are compressed. */
struct journal_packing {
	struct aff_view channel;
	uint64_t messages, bytes, packed;
};
typedef int journal_packing_fn(void *arg, const struct journal_packing *packing);
/* Reads so many of the newest messages that still have a body. Returns 0, or what fn stopped with if that is an
 * error. */
int journal_read_packing(struct journal_reader *r, uint64_t messages, journal_packing_fn *fn, void *arg,
                         struct aff_diag *diag);
void journal_stats_free(struct journal_stats *s);

/* ---- repairing ---- */

/* Brings the log files of an older version to this one's format, as journal_open does, too; *changed: how many were of
 * an older one. What fails half-way goes on at the next try. AFF_EBUSY: an engine uses the journal; AFF_ENOTFOUND:
 * there is none; AFF_ECORRUPT: damaged, or of a newer version. */
int journal_upgrade(const char *folder, unsigned *changed, struct aff_diag *diag);

struct journal_reindexed {
	unsigned files, left;        /* made anew; left alone: open, not sealed yet, or removed meanwhile */
};
typedef void journal_reindex_fn(void *arg, uint64_t done_bytes, uint64_t total_bytes);
/* Makes indices and totals of the sealed log files anew from their rows, that of codes with coder (NULL: none); fn (may
 * be NULL) is told how far it is. By any process, while the journal is written and read or not: it waits for nobody and
 * nobody waits for it. AFF_EBUSY: another one is at it; AFF_ENOTFOUND, AFF_ECORRUPT (rows cannot be read), AFF_EIO,
 * AFF_EFULL: the file at hand stays as it is. */
int journal_reindex(const char *folder, const struct journal_coder *coder, journal_reindex_fn *fn, void *arg,
                    struct journal_reindexed *out, struct aff_diag *diag);

#endif
