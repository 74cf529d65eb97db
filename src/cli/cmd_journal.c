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

int journal_command_open(struct journal_reader **out, const char *journal, const char *config)
{
	struct aff_diag diag;
	char *folder = config_journal(journal, config);
	if (!folder)
		return COMMAND_FAILED;
	int rc = journal_reader_open(out, folder, &diag);
	free(folder);
	return rc ? command_error_diag(&diag) : 0;
}

int journal_command_id(const char *text, int64_t *id)
{
	uint64_t value;
	if (number_u64(aff_view_of(text), INT64_MAX, &value) || !value)
		return command_error("'%s' is no message id; 'afferent journal search' lists them", text);
	*id = (int64_t)value;
	return 0;
}

struct aff_view journal_command_short(struct aff_view destination)
{
	const char *slash = destination.n ? memrchr(destination.p, '/', destination.n) : NULL;
	if (!slash)
		return destination;
	size_t before = (size_t)(slash - destination.p) + 1;
	return aff_view(destination.p + before, destination.n - before);
}

void journal_command_put_outcome(struct json *j, const struct journal_outcome *o)
{
	char when[WHEN_SIZE], hex[2 * SHA256_SIZE + 1];
	json_object(j, NULL);
	json_view(j, "destination", o->destination);
	json_text(j, "status", journal_outcome_text(o->kind));
	json_text(j, "at", when_utc(o->at_us, when));
	json_i64(j, "tries", o->tries);
	json_view(j, "detail", o->detail);
	if (o->sent_length) {
		json_i64(j, "sent_length", o->sent_length);
		json_text(j, "sent_sha256", journal_command_hex(o->sent, hex));
	}
	json_text(j, "configuration", journal_command_hex(o->snapshot, hex));
	json_object_end(j);
}

const char *journal_command_hex(const unsigned char sha[SHA256_SIZE], char buf[2 * SHA256_SIZE + 1])
{
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(buf + 2 * i, 3, "%02x", sha[i]);
	return buf;
}

void journal_command_put_message(struct json *j, const struct journal_message *m)
{
	char when[WHEN_SIZE], hex[2 * SHA256_SIZE + 1];
	json_i64(j, "id", m->id);
	json_text(j, "received", when_utc(m->received_us, when));
	json_view(j, "channel", m->channel);
	json_view(j, "peer", m->peer);
	json_view(j, "type", m->type);
	json_view(j, "control_id", m->control_id);
	json_view(j, "patient", m->patient);
	json_view(j, "device", m->device);
	json_text(j, "verdict", journal_verdict_text(m->verdict));
	if (m->error)
		json_text(j, "error", aff_error_name(m->error));
	json_i64(j, "length", m->length);
	json_text(j, "configuration", journal_command_hex(m->snapshot, hex));
}

int cmd_journal(int argc, char **argv)
{
	static const struct command commands[] = {
		{"search", "find messages", journal_search_command},
		{"show", "one message: what came, what became of it, what was sent", journal_show_command},
		{"stats", "sizes, rates and the ledger of each destination", journal_stats_command},
	};
	static const struct command_group group = {
		"journal", "Looks into the journal: every message that was received and what became of it.",
		commands, sizeof commands / sizeof commands[0],
	};
	return command_dispatch(&group, argc, argv);
}
