/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration: YAML files in, an immutable snapshot out. A snapshot is made whole or not at all and is shared by
 * reference count; every message keeps the one it started with. It can be packed into bytes, which the journal stores
 * under their SHA-256, and loaded from them again: what was sent last year can be rendered again today.
 *
 * The layout on disk:
 *	afferent.yaml            the engine: journal, control socket, limits
 *	channels/<name>.yaml     one channel a file
 *	mappings/<name>.yaml     one table a file, its rows inline or in a .csv beside it
 *	profiles/<name>.xml      conformance profiles; or .yaml, the short form
 *	scripts/<name>.lua       scripts of the step `lua`
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <afferent/ack.h>
#include <afferent/charset.h>
#include <afferent/expr.h>
#include <afferent/fhir.h>
#include <afferent/rules.h>
#include <afferent/validate.h>

#include "base/digest.h"
#include "rules/sample.h"
#include "rules/split.h"

/* ---- the files ---- */

struct conf_file {
	char *name;              /* relative to the configuration folder: "channels/icu.yaml" */
	struct aff_view bytes;
};
struct conf_files {
	char *root;              /* the folder, for messages; "" for a stored snapshot */
	bool single;             /* one channel was asked for: tables that it does not use are no finding */
	struct conf_file *items; /* sorted by name */
	size_t count;
	struct aff_buf bytes;    /* where the bytes live */
	struct aff_diag_list problems; /* files that could not be read, then what conf_files_guard found */
	size_t unread;           /* how many of them are of the first kind */
};

#define CONF_MAX_FILES 1000
#define CONF_MAX_BYTES (64u << 20)

/* Reads afferent.yaml, channels/, mappings/, profiles/ and scripts/ below the folder `path` (.yaml, .csv, .xml, .lua;
 * at most CONF_MAX_FILES, CONF_MAX_BYTES in all). A path that names a single .yaml file loads just this one as a
 * channel, with mappings/ and profiles/ looked for beside its folder. A file of a folder that cannot be read, is no
 * regular file (a symbolic link, a FIFO), or would silently be left out (.yml) is noted under problems, which
 * conf_load reports as errors beside its own findings. On failure f needs no freeing. */
int conf_files_read(struct conf_files *f, const char *path, struct aff_diag *diag);
/* Notes under problems who else may change files and folders: a mode that lets everybody write is an error; a group,
 * and an owner other than root and the caller, are warnings. */
void conf_files_guard(struct conf_files *f);
/* Packs them into one run of bytes, the same for the same files; and back. AFF_ECORRUPT. */
void conf_files_pack(const struct conf_files *f, struct aff_buf *out);
int conf_files_unpack(struct conf_files *f, struct aff_view packed, struct aff_diag *diag);
void conf_files_free(struct conf_files *f);

/* ---- what they say ---- */

struct conf_address {
	char host[64];           /* numeric address */
	uint16_t port;
};

enum conf_source_kind {
	CONF_SOURCE_MLLP,        /* an MLLP listener */
	CONF_SOURCE_DIRECTORY,   /* the files of a folder */
	CONF_SOURCE_HTTP,        /* HL7 over HTTP: one message a request */
	CONF_SOURCE_MLLP_CLIENT, /* the same protocol from a device that listens: the engine connects to it */
	CONF_SOURCE_CHANNELS     /* other channels, whose destinations lead here */
};

struct conf_retry {
	int64_t first_ms, most_ms; /* back-off: first, doubled up to most */
	int64_t give_up_ms;        /* 0 = never; else dead letter after this long */
};

/* Of a source that takes files. */
struct conf_folder {
	char *match;             /* fnmatch(3), whatever the case */
	char *done, *error, *acks; /* paths; acks NULL: none are written */
	int64_t settle_ms;       /* a file is complete when it has not changed for so long */
	int64_t every_ms;        /* how often the folder is looked at */
};

struct conf_source {
	enum conf_source_kind kind;
	struct conf_address address; /* listened on, or connected to */
	char *path;              /* HTTP: where messages are posted to; DIRECTORY: the folder */
	struct conf_folder folder;
	char **channels;         /* CHANNELS: their names */
	size_t nchannels;
	struct conf_retry retry; /* MLLP_CLIENT: of connecting; it never gives up */
	enum aff_ack_mode answer;
	char *delivered_to;      /* full name of the destination whose outcome is answered; NULL: at once */
	int64_t answer_within_ms;
	unsigned lenient;        /* enum aff_lenient, or'ed */
	bool lenient_end;        /* MLLP: 0x1C alone ends a frame */
	bool again;              /* a byte-identical resend is delivered again */
	bool stall;              /* on_full: stall, here or for the whole engine */
	bool split;              /* MLLP: a frame may hold several messages */
	size_t max_frame;        /* bytes, of a frame, a file, or the body of a request */
	unsigned max_connections;
	int64_t idle_ms, frame_ms; /* a silent connection, an unfinished frame or request */
	struct aff_charset_options charset;
	bool plaintext_accepted; /* `plaintext: accept-phi-in-clear` */
};

/* MSH-11, HL7 table 0103: in the order of keys.def. */
enum conf_processing { CONF_PRODUCTION = 1 << 0, CONF_TRAINING = 1 << 1, CONF_DEBUGGING = 1 << 2 };

struct conf_accept {
	char (*messages)[16];    /* "ORU^R01"; "ORU^*" and "*" allowed */
	size_t nmessages;        /* 0: all */
	unsigned processing;     /* enum conf_processing, or'ed */
	unsigned versions;       /* of MSH-12.1, for conf_takes_version; 0: all */
	char **senders;          /* "PHILIPS|ICU", "AT_*^1234*|*"; as accept_sender compares them */
	size_t nsenders;         /* 0: all */
	struct aff_checks checks;
	const struct aff_profile *profile; /* what checks.profiles points to; NULL: none */
	struct aff_check_override *overrides; /* of checks; each rule is a text of its own */
	int zone;                /* what checks.zone points to */
	bool keep_others;        /* otherwise: keep (journal only) instead of reject */
};

enum conf_dest_kind {
	CONF_DEST_MLLP,
	CONF_DEST_FHIR,
	CONF_DEST_HTTP,
	CONF_DEST_FILE,
	CONF_DEST_DIRECTORY,
	CONF_DEST_CHANNEL
};
enum conf_order { CONF_ORDER_CONNECTION, CONF_ORDER_PATIENT, CONF_ORDER_DEVICE, CONF_ORDER_NONE };

struct conf_dest {
	char *name;              /* "ehr" */
	char *full_name;         /* "icu-monitors/ehr": the cursor's name in the journal */
	enum conf_dest_kind kind;
	struct conf_address to;  /* MLLP */
	char *url;               /* FHIR: base URL; HTTP; without trailing slash */
	bool status_alone;       /* HTTP: a status 2xx is enough without an HL7 answer */
	char *path;              /* FILE: messages are appended to it, each ended by its terminator and an empty line */
	                         /* DIRECTORY: one file a message in it */
	char *channel;           /* CHANNEL: its name */
	char *file_name;         /* DIRECTORY: with {id} and {date} in it */
	unsigned file_mode;      /* DIRECTORY */
	bool as_fhir;            /* FHIR bundles go out, not HL7 messages */
	bool utf8;               /* HL7: whole messages are converted to UTF-8 */
	struct aff_fhir_options fhir;
	char *fhir_base;
	int fhir_zone;
	struct aff_expr *when;   /* NULL: everything */
	unsigned when_line;
	struct aff_expr *priority; /* asked of the message as received: it overtakes; NULL: none does */
	enum split_by split;
	struct sample_spec sample; /* every_ms 0: none */
	unsigned sample_line;
	enum conf_order order;
	unsigned lanes;
	uint64_t rate_an_hour;   /* tries begun in an hour, evenly spaced; 0: as they come */
	int64_t timeout_ms;      /* for an answer; default 30 s */
	struct conf_retry retry; /* default 1 s, 60 s, never */
	unsigned tries;          /* permanent refusals until dead letter; default 3 */
};

struct conf_channel {
	char *name, *description;
	char *file;              /* "channels/icu-monitors.yaml" */
	struct conf_source source;
	struct conf_accept accept;
	struct aff_rules *transform; /* NULL: none */
	struct conf_dest *dests;
	size_t ndests;           /* 0: messages stay in the journal */
};

/* A destination that was taken out for good, with its place in afferent.yaml. */
struct conf_forgotten {
	char *full_name;
	unsigned line, column;
};

/* Where checkpoints go over syslog with TLS. */
struct conf_syslog {
	char *to;                /* "10.1.2.3:6514"; NULL: nowhere */
	char *name;              /* whom its certificate must be for; NULL: the address */
	char *ca_file, *cert_file, *key_file; /* NULL: those the system trusts; none */
};

struct conf_engine {
	char *journal;           /* folder; a relative one counts from the configuration folder */
	char *control;           /* UNIX socket, likewise */
	unsigned io_threads;     /* 0: chosen at start */
	size_t memory;           /* envelopes in flight, bytes */
	uint64_t file_rows, file_bytes; /* a log file is sealed at this many rows or this size */
	bool daily;              /* or at midnight UTC */
	int64_t keep_ms;         /* a sealed log file is removed when it is older (0: never) */
	uint64_t keep_bytes;     /* the oldest ones are when all are larger (0: never) */
	int64_t keep_bodies_ms;  /* the bodies in a sealed log file are removed when it is older (0: never) */
	bool journal_must_exist; /* new_journal: refuse */
	bool quarantine;         /* on_corruption: quarantine */
	uint64_t reserve_bytes;  /* space set aside for outcomes when the disk is full */
	bool stall;              /* on_full: stall */
	int64_t resend_ms;       /* how long accepted messages are remembered to tell resends */
	uint64_t resend_most;    /* and how many at least */
	struct conf_forgotten *forget;
	size_t nforget;
	char *checkpoint_file, *key_file; /* of the journal; NULL: none, and beside the journal */
	struct conf_syslog syslog;
	bool encrypt;            /* the journal */
	char *secret_file;       /* its master keys; NULL: beside the journal */
	int64_t drain_ms;        /* how long SIGTERM waits, default 10 s */
	bool log_json;
};

struct conf {
	unsigned char sha256[SHA256_SIZE];
	struct aff_buf packed;   /* what the hash is over */
	struct conf_engine engine;
	struct conf_channel *channels;
	size_t nchannels;
	struct aff_table **tables;
	size_t ntables;
	struct aff_profile **profiles;
	size_t nprofiles;
};

/* Reads and checks everything. Every mistake is added to findings (file:line:column, a proposal); on AFF_ECONFIG *out
 * is NULL. Warnings alone do not fail. The snapshot starts with one reference. Thread-safe. */
int conf_load(struct conf **out, const struct conf_files *files, struct aff_diag_list *findings);

struct conf *conf_ref(struct conf *c);
void conf_unref(struct conf *c);

/* Whether a version is among those that are taken, if versions is not 0. */
bool conf_takes_version(const struct conf_accept *a, struct aff_view version);

const struct conf_channel *conf_channel(const struct conf *c, struct aff_view name);
const struct conf_dest *conf_dest(const struct conf *c, struct aff_view full_name);

#endif
