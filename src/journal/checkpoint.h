/* SPDX-License-Identifier: Apache-2.0
 *
 * Signed checkpoints: who holds the key says that the chain's link of this number has this hash. Whoever changes rows
 * can compute the chain anew, but not the signatures. A checkpoint is one line of text:
 *
 *	afferent-checkpoint 1 JOURNAL LINK MICROSECONDS HASH KEY SIGNATURE
 *
 * with numbers in decimal and everything else in hexadecimal; the Ed25519 signature is over the line up to the blank
 * before it. The log file keeps the same as columns.
 */
#ifndef JOURNAL_CHECKPOINT_H
#define JOURNAL_CHECKPOINT_H

#include "base/sign.h"
#include "journal/journal.h"
#include "journal/link.h"

struct checkpoint {
	unsigned char journal[JOURNAL_ID_SIZE];
	int64_t link, at_us;
	unsigned char hash[SHA256_SIZE], key[SIGN_KEY_SIZE], signature[SIGN_SIZE];
};

/* Appends what the signature is over; the whole line, without a line end. */
void checkpoint_put_text(const struct checkpoint *c, struct aff_buf *out);
void checkpoint_put(const struct checkpoint *c, struct aff_buf *out);
/* AFF_EARGUMENT: it is no such line. The signature is not looked at. */
int checkpoint_read(struct checkpoint *c, struct aff_view line);
/* The next one in a text that may have anything around it, such as the header of a syslog server. *text goes on behind
 * it. */
bool checkpoint_find(struct checkpoint *c, struct aff_view *text, struct aff_view *line);
/* 0, or AFF_ECORRUPT: the key did not sign this. */
int checkpoint_verify(const struct checkpoint *c);

/* Who signs for an open journal: the key, how often, and the file outside. Not thread-safe. */
struct signer {
	struct sign_key *key, *next; /* next: while the key is changed */
	char *key_file;
	int file;                    /* the file outside, -1: none */
	bool file_failed;            /* told once */
	journal_export_fn *export;   /* NULL: none */
	void *export_arg;
	uint64_t records;            /* sign after so many, but not twice within a second */
	int64_t period_us;           /* and after so long */
	uint64_t unsigned_records;
	int64_t unsigned_us;         /* monotonic: since when there is an unsigned link, 0 = all are signed */
	int64_t signed_us;           /* monotonic, of the last checkpoint; 0: none yet */
	int64_t link;                /* the newest link that is signed in a committed checkpoint */
	struct checkpoint last;
};

#define SIGNER_RECORDS   1000u
#define SIGNER_PERIOD_US 60000000

/* Reads the key, or makes one: key_file gets mode 0600, and the public key goes beside it, "<key_file>.pub".
 * export_file: NULL or a file that each checkpoint is appended to. */
int signer_open(struct signer *s, const char *key_file, const char *export_file, struct aff_diag *diag);
void signer_close(struct signer *s);
bool signer_is_due(const struct signer *s, uint64_t more_records, int64_t now_us);
/* When the next checkpoint is due if nothing happens; INT64_MAX: all is signed. */
int64_t signer_due_us(const struct signer *s);
/* Makes s->last; AFF_ENOMEM. */
int signer_sign(struct signer *s, const unsigned char journal[JOURNAL_ID_SIZE], int64_t link,
                const unsigned char hash[SHA256_SIZE]);
/* Gives a line to the outside. */
void signer_export(struct signer *s, const char *what, struct aff_view line);

/* signer_key.c: the key's files. A new key is made and written beside the old one (AFF_EIO, ...), and forgotten, or
 * takes the old one's place. */
int signer_read_key(struct signer *s, struct aff_diag *diag);
int signer_make_next(struct signer *s, struct aff_diag *diag);
void signer_drop_next(struct signer *s);
void signer_take_next(struct signer *s);
/* After a start: the key that the journal names as the newest one (NULL: it names none), and the one that signed last
 * (NULL: none did). Takes over a new key whose change a crash cut off; logs when neither is ours. */
void signer_settle_key(struct signer *s, const unsigned char *named, const unsigned char *before);
/* A transaction with so many linked rows was committed; with the checkpoint s->last, when it was signed in it. */
void signer_committed(struct signer *s, uint64_t records, bool with_checkpoint, int64_t now_us);

#endif
