/* SPDX-License-Identifier: Apache-2.0
 *
 * What the journal's commands share.
 */
#ifndef CLI_CMD_JOURNAL_H
#define CLI_CMD_JOURNAL_H

#include "base/json.h"
#include "journal/journal.h"

#define JOURNAL_WHERE_OPTIONS(journal, config) \
	OPTION_TEXT('J', "journal", journal, "FOLDER", "the journal; otherwise that of --config, else ./journal"), \
	OPTION_TEXT('C', "config", config, "FOLDER", "a configuration: its journal is used")

/* Of the commands that read messages. */
#define JOURNAL_KEY_OPTION(key_file) \
	OPTION_TEXT('K', "key-file", key_file, "FILE", \
		    "the master keys of an encrypted journal; otherwise those of the configuration, else FOLDER.secret")

int journal_search_command(int argc, char **argv);
int journal_show_command(int argc, char **argv);
int journal_actions_command(int argc, char **argv);
int journal_stats_command(int argc, char **argv);
int journal_reindex_command(int argc, char **argv);
int journal_new_key_command(int argc, char **argv);
int journal_rekey_command(int argc, char **argv);
int journal_verify_command(int argc, char **argv);
int journal_upgrade_command(int argc, char **argv);
int journal_backup_command(int argc, char **argv);
int journal_restore_command(int argc, char **argv);
int journal_export_command(int argc, char **argv);
int journal_import_command(int argc, char **argv);

/* 0 or COMMAND_FAILED, told on standard error. */
int journal_command_open(struct journal_reader **out, const char *journal, const char *config);
int journal_command_open_with(struct journal_reader **out, const char *journal, const char *config,
			      const char *key_file);
/* Whether control id, patient and device are encrypted, and the key is not there. */
bool journal_command_is_hidden(const struct journal_message *m);
int journal_command_id(const char *text, int64_t *id);

/* "icu-monitors/ehr" -> "ehr" */
struct aff_view journal_command_short(struct aff_view destination);
const char *journal_command_hex(const unsigned char sha[SHA256_SIZE], char buf[2 * SHA256_SIZE + 1]);

/* "the body of message N was removed by retention on DATE" to standard error; COMMAND_FAILED. */
int journal_command_removed(int64_t id, int64_t removed_us);

/* The message's members into the open object; an outcome as an object. */
void journal_command_put_message(struct json_writer *j, const struct journal_message *m);
void journal_command_put_outcome(struct json_writer *j, const struct journal_outcome *o);
/* The array "pending" of the destinations that the message waits for; 0 or AFF_E... */
int journal_command_put_pending(struct json_writer *j, struct journal_reader *r, const struct journal_message *m);

#endif
