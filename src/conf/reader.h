/* SPDX-License-Identifier: Apache-2.0
 *
 * From nodes to values: what the readers of the sections share. A mistake is reported where it stands and the reader
 * goes on with a harmless value, so that one run finds them all.
 */
#ifndef CONF_READER_H
#define CONF_READER_H

#include "base/nearest.h"
#include "conf/conf.h"
#include "conf/keys.h"
#include "conf/yaml.h"

/* A table by its name; broken ones stay known so that their users are not blamed. */
struct known_table {
	char *name;
	const struct aff_table *table; /* NULL: it has mistakes */
	const char *file;
	struct place at;
	bool used;
	bool library;                  /* one of a collection: that nobody uses it is no finding */
	unsigned unknown;              /* what becomes of unknown codes: enum aff_unknown plus 1; 0: not said */
};

/* A file of profiles/; broken ones stay known so that their users are not blamed. */
struct known_profile {
	const char *file;
	struct aff_profile *profile;   /* NULL: it has mistakes */
	bool used;
};

/* A socket address that a channel listens on or sends to. */
struct endpoint {
	struct conf_address address;
	const char *file;
	struct place at;
};
struct endpoints {
	struct endpoint *items;
	size_t count;
};

/* One end of a way from channel to channel, as it is written. */
struct link {
	size_t channel;                /* the one that says it, by its index */
	bool incoming;                 /* its source names another one; else its destination does */
	char *other;                   /* the name of the other one */
	size_t to;                     /* its index, once it was looked for; SIZE_MAX: there is none */
	const char *file;
	struct place at;
};

/* A file or folder that a destination writes to. */
struct written {
	char *path;                    /* straightened */
	const char *file;
	struct place at;
};

/* A file of scripts/; broken ones are told once. */
enum script_state { SCRIPT_UNUSED, SCRIPT_USED, SCRIPT_BROKEN };

struct reader {
	struct report report;
	const struct conf_files *files;
	struct conf *conf;             /* being filled */
	struct known_table *tables;
	size_t ntables;
	enum script_state *scripts;    /* by the number of the file */
	struct known_profile *profiles;
	size_t nprofiles;
	struct endpoints listeners, receivers;
	struct link *links;
	size_t nlinks;
	struct written *written;
	size_t nwritten;
	struct written *watched;       /* the folders that sources take files from */
	size_t nwatched;
	struct endpoints dialed;       /* devices that sources connect to */
	bool unreadable_channel;       /* some channel could not be read: what it uses is not known */
	bool unreadable_table;         /* some table could not be read: what it is called is not known */
};

/* One section taken apart. A value of a wrong shape was reported and is NULL here. A key is meant when it was
 * written, or another one that was reported as its misspelling. */
struct fields {
	struct place at;
	const struct node *value[KEY_COUNT];
	bool given[KEY_COUNT], meant[KEY_COUNT];
};

/* Takes a map apart: unknown, duplicate, missing and unsupported keys and wrong shapes are reported. map NULL: all
 * defaults. Returns false when it is no map at all. */
bool fields_read(struct reader *r, struct fields *f, enum section_id section, const struct node *map);

/* Whether a file is one of another folder, because it lacks the key that names it and has another one's; reported. */
bool in_wrong_folder(struct reader *r, const struct node *root, enum section_id own);

/* Values, or the key's fallback where nothing (usable) is given. */
struct aff_view get_view(const struct fields *f, enum key_id key);
char *get_string(struct reader *r, const struct fields *f, enum key_id key); /* NULL: nothing, or no memory */
char *get_name(struct reader *r, const struct fields *f, enum key_id key);   /* letters, digits, . _ - */
char *get_path(struct reader *r, const struct fields *f, enum key_id key);   /* relative ones count from the root */
char *get_url(struct reader *r, const struct fields *f, enum key_id key);    /* http(s), without trailing slash */
/* Durations in ms, never = 0; rates an hour. */
uint64_t get_number(struct reader *r, const struct fields *f, enum key_id key);
unsigned get_word(struct reader *r, const struct fields *f, enum key_id key);   /* index into the key's values */
unsigned get_words(struct reader *r, const struct fields *f, enum key_id key);  /* a list; bit i for word i */
/* The index of a word in the key's values; reports and returns -1 when it is not one. */
int find_word(struct reader *r, struct aff_view text, struct place at, enum key_id key);
bool get_address(struct reader *r, const struct fields *f, enum key_id key, struct conf_address *out);
struct aff_expr *get_condition(struct reader *r, const struct fields *f, enum key_id key);
const char *get_charset(struct reader *r, const struct fields *f, enum key_id key); /* of table 0211; NULL: nothing */
bool parse_zone(struct aff_view text, int *minutes); /* "+01:00", "-0330", "Z" */
/* A zone by offset or by name; reports. NULL then and without memory. */
struct aff_zone *read_place(struct reader *r, const struct node *n);
bool get_zone(struct reader *r, const struct fields *f, enum key_id key, int *minutes);

/* Copies text; on lack of memory NULL, and the reader knows. */
char *keep_text(struct reader *r, struct aff_view text);
/* calloc, likewise. */
void *keep_array(struct reader *r, size_t count, size_t size);
/* Whether text is a plain scalar that says nothing: empty, ~ or null. */
bool node_is_empty(const struct node *n);
/* The hint "did you mean ...?" into buf; NULL when there is nothing near. */
#define HINT_SIZE 160
const char *did_you_mean(char buf[HINT_SIZE], const struct nearest *n);

bool is_uri_character(char c);
bool address_is_loopback(const struct conf_address *a);
bool address_is_any(const struct conf_address *a);

/* Warnings about what HL7 has in no version: a segment, a field, and those that a condition or a template reads. */
void expect_segment(struct reader *r, struct place at, const char *id);
void expect_path(struct reader *r, struct place at, const struct aff_path *path);
void expect_condition(struct reader *r, const struct node *n, const struct aff_expr *x);
void expect_template(struct reader *r, const struct node *n);

/* ---- the sections, one file each ---- */

void check_forgotten(struct reader *r);
void read_engine(struct reader *r, const struct node *root);              /* root NULL: there is no afferent.yaml */
void read_table(struct reader *r, const struct node *root);
void read_channel(struct reader *r, const struct node *root);
void read_profile(struct reader *r, const struct conf_file *file);        /* profiles/: YAML or XML */
void read_source(struct reader *r, struct conf_source *s, const struct node *map); /* map NULL: none is there */
void read_directory_source(struct reader *r, struct conf_source *s, const struct node *map);
void read_source_charset(struct reader *r, struct aff_charset_options *o, const struct node *map);
void check_answer(struct reader *r, struct conf_channel *c, const struct node *source); /* once destinations are read */
void read_accept(struct reader *r, struct conf_accept *a, const struct node *map);
void read_checks(struct reader *r, struct conf_accept *a, const struct fields *f); /* accept: errors, ignore, zone */
struct aff_rules *read_transform(struct reader *r, const struct node *list);
void read_destinations(struct reader *r, struct conf_channel *c, const struct node *list);
/* d stays where it is. */
void read_dest_kind(struct reader *r, struct conf_dest *d, const struct fields *f);
/* The channel that is read names another one as where messages come from, or go to. */
void add_link(struct reader *r, bool incoming, const struct node *name);
/* Links to nowhere, links that only one end knows of, loops. */
void check_links(struct reader *r);
void free_links(struct reader *r);
/* What a destination writes to, said by n; reports where another one does. Nothing where one of them is NULL. */
void add_written(struct reader *r, const char *path, const struct node *n);
void free_written(struct reader *r);
void read_sample(struct reader *r, struct conf_dest *d, const struct node *map); /* map NULL: none */
/* A file, or a folder for files, that a destination writes and that is the engine's own, or is not there. */
void check_target(struct reader *r, const char *path, const struct node *n, bool folder);
bool is_same_path(struct reader *r, const char *a, const char *b);
/* A folder that a source takes files from. */
void add_watched(struct reader *r, const char *path, const struct node *n);
/* Destinations that write where a source takes files from. */
void check_watched(struct reader *r);
void add_endpoint(struct reader *r, struct endpoints *e, const struct conf_address *address, struct place at);
/* The same for the host and port of a URL, if they are numeric; nothing where one of them is NULL. */
void add_url_endpoint(struct reader *r, const char *url, const struct node *n);
/* Two listeners on one port, and destinations that are listeners of our own. */
void check_endpoints(struct reader *r);

/* "*", "ORU^*", "ORU^R01". */
bool is_message_type(struct aff_view v);

/* Whether the value of accept.check is a file rather than a word; and the profile in that file, marked as used. Reports
 * where there is none; NULL then and for a profile with mistakes. */
bool is_profile_file(const struct node *check);
const struct aff_profile *use_profile(struct reader *r, const struct node *file);

/* The table with this name, marked as used; reports where there is none. NULL then; its `table` is NULL for one with
 * mistakes. */
const struct known_table *use_table(struct reader *r, const struct node *name);

#endif
