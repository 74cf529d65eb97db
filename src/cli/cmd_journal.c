/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal: looking into the journal, whether the engine runs or not.
 */
#include "cli/cmd_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/when.h"
#include "sys/clock.h"

int journal_command_open_with(struct journal_reader **out, const char *journal, const char *config,
			      const char *key_file)
{
	struct aff_diag diag;
	char *secret, *folder = config_journal_and_keys(journal, config, &secret);
	if (!folder)
		return COMMAND_FAILED;
	int rc = journal_reader_open(out, folder, &diag);
	if (rc == AFF_ENOTFOUND)
		aff_diag_hint(&diag, "name its folder with --journal, or the configuration's with --config");
	if (!rc)
		rc = journal_reader_use_keys(*out, key_file ? key_file : secret, &diag);
	free(folder);
	free(secret);
	return rc ? command_error_diag(&diag) : 0;
}

int journal_command_open(struct journal_reader **out, const char *journal, const char *config)
{
	return journal_command_open_with(out, journal, config, NULL);
}

bool journal_command_is_hidden(const struct journal_message *m)
{
	return m->ids.n != 0;
}

int journal_command_id(const char *text, int64_t *id)
{
	uint64_t value;
	if (number_u64(aff_view_of(text), INT64_MAX, &value) || !value)
		return command_error("'%s' is no message id; 'afferent journal search' lists them", text);
	*id = (int64_t)value;
	return 0;
}

int journal_command_removed(int64_t id, int64_t removed_us)
{
	char when[CLOCK_TEXT_SIZE];
	return command_error("the body of message %" PRId64 " was removed by retention on %s", id,
			     clock_local_text(removed_us, when));
}

struct aff_view journal_command_short(struct aff_view destination)
{
	const char *slash = destination.n ? memrchr(destination.p, '/', destination.n) : NULL;
	if (!slash)
		return destination;
	size_t before = (size_t)(slash - destination.p) + 1;
	return aff_view(destination.p + before, destination.n - before);
}

void journal_command_put_outcome(struct json_writer *j, const struct journal_outcome *o)
{
	char when[WHEN_SIZE], hex[2 * SHA256_SIZE + 1];
	jsonw_object(j, NULL);
	jsonw_view(j, "destination", o->destination);
	jsonw_text(j, "status", journal_outcome_text(o->kind));
	jsonw_text(j, "at", when_utc(o->at_us, when));
	jsonw_i64(j, "tries", o->tries);
	jsonw_view(j, "detail", o->detail);
	if (o->instead)
		jsonw_text(j, "instead_of", journal_outcome_text(o->instead));
	if (o->action_us)
		jsonw_i64(j, "action", o->action_us);
	if (o->sent_length) {
		jsonw_i64(j, "sent_length", o->sent_length);
		jsonw_text(j, "sent_sha256", journal_command_hex(o->sent, hex));
	}
	jsonw_text(j, "configuration", journal_command_hex(o->snapshot, hex));
	jsonw_object_end(j);
}

static int put_name(void *arg, struct aff_view destination)
{
	jsonw_view(arg, NULL, destination);
	return 0;
}

int journal_command_put_pending(struct json_writer *j, struct journal_reader *r, const struct journal_message *m)
{
	jsonw_array(j, "pending");
	int rc = journal_get_pending(r, m, put_name, j, NULL);
	jsonw_array_end(j);
	return rc;
}

const char *journal_command_hex(const unsigned char sha[SHA256_SIZE], char buf[2 * SHA256_SIZE + 1])
{
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(buf + 2 * i, 3, "%02x", sha[i]);
	return buf;
}

void journal_command_put_message(struct json_writer *j, const struct journal_message *m)
{
	char when[WHEN_SIZE], hex[2 * SHA256_SIZE + 1];
	jsonw_i64(j, "id", m->id);
	jsonw_text(j, "received", when_utc(m->received_us, when));
	jsonw_view(j, "channel", m->channel);
	jsonw_view(j, "peer", m->peer);
	jsonw_view(j, "type", m->type);
	jsonw_view(j, "control_id", m->control_id);
	jsonw_view(j, "patient", m->patient);
	jsonw_view(j, "device", m->device);
	if (journal_command_is_hidden(m))
		jsonw_bool(j, "encrypted", true);
	jsonw_text(j, "verdict", journal_verdict_text(m->verdict));
	if (m->error == AFF_EIDREUSE)
		jsonw_bool(j, "id_reuse", true);
	else if (m->error)
		jsonw_text(j, "error", aff_error_name(m->error));
	jsonw_i64(j, "length", m->length);
	jsonw_text(j, "configuration", journal_command_hex(m->snapshot, hex));
}

int cmd_journal(int argc, char **argv)
{
	static const struct command commands[] = {
		{"search", "find messages", journal_search_command},
		{"show", "one message: what came, what became of it, what was sent", journal_show_command},
		{"actions", "who did what, when and why", journal_actions_command},
		{"stats", "sizes, rates and the ledger of each destination", journal_stats_command},
		{"reindex", "indices and totals of sealed log files anew", journal_reindex_command},
		{"new-key", "sign with a new key from here on", journal_new_key_command},
		{"rekey", "another master key for an encrypted journal", journal_rekey_command},
		{"verify", "whether the journal still is what was written", journal_verify_command},
		{"backup", "copy it while the engine runs", journal_backup_command},
		{"restore", "a journal from a backup", journal_restore_command},
		{"export", "messages into a file, to move them", journal_export_command},
		{"import", "messages of another journal into this one", journal_import_command},
		{"upgrade", "a journal of an earlier version up to date", journal_upgrade_command},
	};
	static const struct command_group group = {
		"journal",
		"Looks into the journal: every message that was received and what became of it.",
		commands,
		sizeof commands / sizeof commands[0],
	};
	return command_dispatch(&group, argc, argv);
}
