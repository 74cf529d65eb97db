/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent new case: a test of a channel, made of messages of files or of the journal.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/case_find.h"
#include "cli/case_run.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/new.h"
#include "cli/option.h"
#include "cli/text_file.h"

struct making {
	const char *config, *journal, *key_file;
	struct option_list from;
	struct journal_reader *reader;
	struct aff_buf messages;     /* in.hl7 */
	bool real;                   /* some are of the journal */
};

static int put_message(void *arg, struct aff_view message)
{
	struct making *m = arg;
	if (m->messages.n)
		aff_buf_put_char(&m->messages, '\n');
	case_put_lines(&m->messages, message);
	return m->messages.error;
}

static int put_row(void *arg, const struct journal_row *row)
{
	struct making *m = arg;
	struct aff_buf segments;
	if (row->body_removed_us) {
		journal_command_removed(row->message.id, row->body_removed_us);
		return AFF_ENOTFOUND;
	}
	aff_buf_init(&segments, CASE_BYTES_MAX);
	case_put_segments(&segments, row->raw);
	int rc = segments.error ? segments.error : put_message(m, aff_buf_view(&segments));
	aff_buf_free(&segments);
	return rc;
}

static bool is_id(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0' && access(text, F_OK) != 0;
}

static int open_journal(struct making *m, const struct conf *conf)
{
	if (m->reader)
		return 0;
	return journal_command_open_with(&m->reader, m->journal ? m->journal : conf->engine.journal, NULL,
	                                 m->key_file ? m->key_file : conf->engine.secret_file);
}

static int take(struct making *m, const struct conf *conf, const char *from)
{
	struct aff_diag diag = {0};
	int64_t id;
	size_t before = m->messages.n;
	int rc;
	if (is_id(from)) {
		m->real = true;
		if (journal_command_id(from, &id) || open_journal(m, conf))
			return COMMAND_FAILED;
		rc = journal_get(m->reader, id, put_row, m, &diag);
	} else {
		rc = case_each_message(from, put_message, m, &diag);
	}
	if (rc)
		return diag.code ? command_error_diag(&diag) : command_error("%s: %s", from, aff_error_text(rc));
	return m->messages.n == before ? command_error("%s holds no message", from) : 0;
}

/* Runs the new case and writes down what comes out. */
static int expect(const struct case_channel *channel, const char *folder, const char *name)
{
	struct case_report *report = calloc(1, sizeof *report);
	char line[CASE_LINE];
	if (!report)
		return command_error("out of memory");
	case_report_begin(report, channel->channel->name, name, folder);
	int rc = case_run(channel, folder, true, report) || report->result == CASE_ERROR ? COMMAND_FAILED : 0;
	for (size_t i = 0; i < report->count; i++)
		printf("%s/%s\n", folder, case_difference_line(&report->items[i], line));
	free(report);
	return rc;
}

static int write_case(struct making *m, const struct case_channel *channel, const char *root, const char *name)
{
	char cases[PATH_MAX], folder[PATH_MAX + 80], file[PATH_MAX + 96];
	struct aff_diag diag = {0};
	case_folder(cases, root, channel->channel);
	snprintf(folder, sizeof folder, "%s/%s", cases, name);
	snprintf(file, sizeof file, "%s/" CASE_IN, folder);
	if (text_file_folder(cases, &diag))
		return command_error_diag(&diag);
	if (m->real) /* nobody else reads what is of a patient, until somebody has changed that */
		umask(0077);
	if (mkdir(folder, 0777))
		return errno == EEXIST ? command_error("%s is there already: it is left as it is", folder)
		                       : command_error("cannot make %s: %s", folder, strerror(errno));
	if (text_file_make(file, aff_buf_view(&m->messages), &diag))
		return command_error_diag(&diag);
	printf("%s: written\n", file);
	int rc = expect(channel, folder, name);
	puts("next: read what was written: it is what the channel does, not what it should do");
	if (m->real)
		command_note("the messages are a patient's: replace names, ids and dates before you share the case");
	return rc;
}

static int run(struct making *m, const char *what, const char *name)
{
	struct case_target target;
	struct conf_files files;
	struct aff_diag diag = {0};
	if (new_check_name("case", name) || case_target_find(&target, what))
		return COMMAND_FAILED;
	if (target.name[0])
		return command_error("'%s' is no channel", what);
	if (conf_files_read(&files, m->config ? m->config : target.config, &diag))
		return command_error_diag(&diag);
	struct conf *conf = config_load_files(&files);
	const struct conf_channel *channel = NULL;
	int rc = conf ? 0 : COMMAND_FAILED;
	if (!rc) {
		channel = target.channel[0] ? conf_channel(conf, aff_view_of(target.channel))
			: files.single      ? &conf->channels[0]
					    : NULL;
		rc = channel ? 0 : command_error("there is no channel '%s' in the configuration", what);
	}
	if (!rc && case_channel_problem(channel))
		rc = command_error("%s: %s", channel->name, case_channel_problem(channel));
	for (size_t i = 0; !rc && i < m->from.count; i++)
		rc = take(m, conf, m->from.items[i]);
	if (!rc)
		rc = write_case(m, &(struct case_channel){conf, channel, config_text(&files, channel->file)},
		                files.root, name);
	journal_reader_close(m->reader);
	conf_unref(conf);
	conf_files_free(&files);
	return rc;
}

int new_case_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent new case icu-monitors two-readings --from examples/two-messages.hl7",
		"afferent new case channels/pass-through.yaml one --from examples/monitor.hl7", NULL};
	const struct usage usage = {
		.command = "new case", .arguments = "CHANNEL NAME", .examples = examples, .least = 2, .most = 2,
		.about = "Makes a test of a channel: the folder NAME beside its others, with the messages in in.hl7 "
			 "and what the channel makes of them now as what is expected. Read it before you commit it.\n\n"
			 "CHANNEL is its name in the configuration, or its file. The messages are those of files, or "
			 "of the journal by their ids.",
		.exit0 = "the case is written",
	};
	struct making m = {.config = NULL};
	const struct option options[] = {
		OPTION_LIST('f', "from", &m.from, "FILE|ID",
		            "a file of messages, or the id of one in the journal; may be said several times"),
		OPTION_TEXT('C', "config", &m.config, "FOLDER", "the configuration; otherwise the current folder"),
		OPTION_TEXT('J', "journal", &m.journal, "FOLDER", "the journal; otherwise that of the configuration"),
		JOURNAL_KEY_OPTION(&m.key_file), OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (!m.from.count)
		return command_error("no message given; --from FILE or --from ID says it");
	aff_buf_init(&m.messages, CASE_BYTES_MAX);
	int rc = run(&m, argv[0], argv[1]);
	aff_buf_free(&m.messages);
	return rc;
}
