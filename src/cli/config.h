/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration for commands that look at it but do not run it.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <afferent/profile.h>

#include "conf/conf.h"

/* Reads and checks a configuration folder or a single channel file. Mistakes are told on standard error;
 * then NULL. */
struct conf *config_load(const char *path);
/* The same of files that were read; frees nothing. */
struct conf *config_load_files(const struct conf_files *files);
/* A stored snapshot, as the journal gave it. Mistakes likewise. */
struct conf *config_load_packed(struct aff_view packed);

/* The configuration that holds the channel that CHANNEL of a command line means: a channel's file, a folder with one
 * channel, or the name of a channel in the folder `config` (NULL: the current one). NULL means the only channel there
 * is; with `all`, it and a folder of several mean all channels, and *channel is NULL. Told on standard error where
 * there is no such channel, or where it is not clear; then NULL. */
struct conf *config_load_channel(const char *what, const char *config, bool all, const struct conf_channel **channel);

/* Reads a profile, XML or YAML. Mistakes are told on standard error, then COMMAND_FAILED; 0 otherwise. */
int config_profile(struct aff_profile **out, const char *path);

/* The destination that is meant: by name, by full name ("icu-monitors/ehr"), or NULL for the only one there is.
 * Told on standard error when there is no such one, or when it is not clear; then NULL. */
const struct conf_dest *config_destination(const struct conf *c, const char *name,
                                           const struct conf_channel **channel);

/* Where the journal is: the folder given with --journal, else the one that the configuration --config names, else
 * that of ./afferent.yaml, else ./journal. Freed by the caller; NULL after an error was told. */
char *config_journal(const char *journal, const char *config);
/* The same; *secret: the file of the master keys that the configuration names, freed by the caller, NULL: none. */
char *config_journal_and_keys(const char *journal, const char *config, char **secret);

/* The text behind its first lines; empty when there are not so many. */
struct aff_view config_behind(struct aff_view text, unsigned lines);
/* The text of a file by its name in the configuration; empty when there is none. */
struct aff_view config_text(const struct conf_files *files, const char *name);
/* Line `line`, from 1, of a text, without its end; empty when there is none. */
struct aff_view config_line(struct aff_view text, unsigned line);

/* Appends the control socket of the engine that runs with this configuration, whatever mistakes it has, and a NUL.
 * 0, or a diag. */
int config_socket(const char *path, struct aff_buf *out, struct aff_diag *diag);

#endif
