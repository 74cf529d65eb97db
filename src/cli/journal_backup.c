/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal backup and restore.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/journal_verify.h"
#include "cli/option.h"
#include "cli/when.h"
#include "journal/backup.h"
#include "sys/clock.h"

#define NICE 15

static void show(void *arg, uint64_t done, uint64_t total)
{
	struct progress *p = arg;
	p->total = total;
	progress_update(p, done);
}

static void print_json(const struct backup_result *r)
{
	char when[WHEN_SIZE];
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, 1u << 16);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "files", r->files);
	jsonw_i64(&j, "copied", r->copied);
	jsonw_i64(&j, "linked", r->linked);
	jsonw_i64(&j, "removed", r->removed);
	jsonw_i64(&j, "bytes", (int64_t)r->bytes);
	jsonw_text(&j, "taken", when_utc(r->taken_us, when));
	jsonw_i64(&j, "last_link", r->link);
	jsonw_i64(&j, "signed_link", r->signed_link);
	jsonw_object_end(&j);
	aff_buf_put_char(&out, '\n');
	fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_backup(const struct backup_result *r, const char *folder)
{
	char when[CLOCK_TEXT_SIZE];
	printf("log files  %u, %u of them new or changed, %" PRIu64 " bytes copied", r->files, r->copied, r->bytes);
	if (r->linked)
		printf(", %u linked", r->linked);
	if (r->removed)
		printf("; %u that retention took from the journal removed", r->removed);
	printf("\ntaken      %s: what was committed then is in it\n", clock_local_text(r->taken_us, when));
	if (r->link)
		printf("chain      up to link %" PRId64 "\n", r->link);
	if (r->signed_link && r->signed_link == r->link)
		printf("signed     all of it\n");
	else if (r->link)
		printf("signed     up to link %" PRId64 "; the engine signs the rest for the next backup\n",
		       r->signed_link);
	printf("The keys are not in it: keep copies elsewhere of %s.secret (or encrypt.key_file), without which"
	       "\nnobody can read what is encrypted, and of %s.key (or checkpoints.key_file).\n", folder, folder);
}

int journal_backup_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal backup backup",
					       "afferent journal backup --journal journal --json backup",
					       NULL};
	const struct usage usage = {
		.command = "journal backup",
		.arguments = "TO",
		.examples = examples,
		.least = 1,
		.most = 1,
		.about = "Copies the journal to the folder TO, while the engine runs or not: every message that was "
			 "answered before this began is in it. What was copied before is not copied again, and what "
			 "retention took from the journal is removed. TO can be searched and verified like the journal "
			 "itself (--journal TO). A backup that is broken off leaves the one before whole, and goes on "
			 "with the next try.",
		.exit0 = "the backup is complete",
	};
	const char *journal = NULL, *config = NULL;
	bool json = false;
	struct progress progress;
	struct backup_options o = {.progress = show, .arg = &progress};
	const struct option options[] = {
		OPTION_FLAG('l', "link", &o.link, "link sealed log files instead of copying; TO on the same disk"),
		OPTION_FLAG('j', "json", &json, "one JSON object"), JOURNAL_WHERE_OPTIONS(&journal, &config),
		OPTION_END};
	struct backup_result result;
	struct aff_diag diag;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	char *folder = config_journal(journal, config);
	if (!folder)
		return COMMAND_FAILED;
	if (nice(NICE) < 0)
		command_note("this runs at the usual priority");
	progress_start(&progress, "bytes", 0);
	int rc = journal_backup(folder, argv[0], &o, &result, &diag);
	progress_end(&progress);
	if (rc)
		command_error_diag(&diag);
	else if (json)
		print_json(&result);
	else
		print_backup(&result, folder);
	free(folder);
	return rc ? COMMAND_FAILED : COMMAND_OK;
}

/* ---- back ---- */

static int check(const char *from, const char *key_file)
{
	struct verify_run run = {.result = {0}};
	struct verify_options o = {0};
	unsigned char key[SIGN_KEY_SIZE];
	if (key_file && verify_run_key(key_file, key))
		return COMMAND_FAILED;
	o.key = key_file ? key : NULL;
	int rc = verify_run(from, &o, &run);
	if (rc || run.result.findings == 0)
		return rc;
	const struct verify_finding *f = &run.findings[0];
	command_error("the backup is not what was written, and nothing was restored: %s%s%s %" PRId64 " %s (%" PRIu64
		      " finding%s; 'afferent journal verify --journal %s' tells all)",
		      f->file, f->file[0] ? ": " : "", f->table, f->id, f->what, run.result.findings,
		      plural(run.result.findings), from);
	return COMMAND_NEGATIVE;
}

static void print_restore(const struct backup_result *r, const char *to)
{
	char when[CLOCK_TEXT_SIZE];
	printf("restored   %u log file%s to %s\n", r->files, plural(r->files), to);
	printf("taken      %s: what was received later is not in it\n", clock_local_text(r->taken_us, when));
	printf("Put the keys back before the engine starts: %s.secret (or encrypt.key_file) and %s.key (or"
	       " checkpoints.key_file).\n", to, to);
	puts("Messages that were pending then, or were delivered later, are delivered again, with the same ids.");
}

int journal_restore_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal restore backup restored", NULL};
	const struct usage usage = {
		.command = "journal restore",
		.arguments = "FROM TO",
		.examples = examples,
		.least = 2,
		.most = 2,
		.about = "Verifies the backup in the folder FROM and copies it to the folder TO, which must have no "
			 "journal. The engine that starts on it records that, and delivers what was pending when the "
			 "backup was taken. A restore that is broken off goes on with the next try.",
		.exit0 = "restored",
		.exit1 = "the backup is not what was written: nothing was restored",
	};
	const char *key_file = NULL;
	bool no_verify = false, json = false;
	struct progress progress;
	struct backup_options o = {.progress = show, .arg = &progress};
	const struct option options[] = {
		OPTION_TEXT('k', "key", &key_file, "FILE", "public key to verify with: no other signature counts"),
		OPTION_FLAG('N', "no-verify", &no_verify, "restore what is there, right or not"),
		OPTION_FLAG('j', "json", &json, "one JSON object"), OPTION_END};
	struct backup_result result;
	struct aff_diag diag;
	char who[32];
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	int rc = no_verify ? COMMAND_OK : check(argv[0], key_file);
	if (rc)
		return rc;
	snprintf(who, sizeof who, "uid %u", (unsigned)getuid());
	progress_start(&progress, "bytes", 0);
	rc = journal_restore(argv[0], argv[1], who, &o, &result, &diag);
	progress_end(&progress);
	if (rc)
		return command_error_diag(&diag);
	if (json)
		print_json(&result);
	else
		print_restore(&result, argv[1]);
	return COMMAND_OK;
}
