/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal verify: whether the journal still is what was written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/journal_verify.h"
#include "cli/option.h"
#include "cli/when.h"
#include "sys/clock.h"
#include "sys/file.h"

#define KEY_FILE_MAX   4096

static void on_finding(void *arg, const struct verify_finding *f)
{
	struct verify_run *r = arg;
	uint64_t n = r->result.findings;
	if (n && n <= VERIFY_RUN_FINDINGS)
		r->findings[n - 1] = *f;
}

static void on_progress(void *arg, uint64_t records, uint64_t position, uint64_t total)
{
	struct verify_run *r = arg;
	r->progress.total = total;
	progress_update_at(&r->progress, records, position);
}

int verify_run_key(const char *path, unsigned char key[SIGN_KEY_SIZE])
{
	struct aff_diag diag;
	struct aff_buf pem;
	aff_buf_init(&pem, KEY_FILE_MAX);
	int rc = file_read(path, &pem, &diag);
	if (rc)
		rc = command_error_diag(&diag);
	else if (sign_public_read(key, aff_buf_view(&pem)))
		rc = command_error("%s holds no Ed25519 key in PEM", path);
	aff_buf_free(&pem);
	return rc;
}

/* The key as people compare it: the SHA-256 of its bytes. */
static void fingerprint(const unsigned char key[SIGN_KEY_SIZE], char hex[2 * SHA256_SIZE + 1])
{
	unsigned char sha[SHA256_SIZE];
	sha256(sha, aff_view((const char *)key, SIGN_KEY_SIZE));
	journal_command_hex(sha, hex);
}

static size_t shown(const struct verify_result *r)
{
	return r->findings < VERIFY_RUN_FINDINGS ? (size_t)r->findings : VERIFY_RUN_FINDINGS;
}

static void print_findings(const struct verify_run *r)
{
	for (size_t i = 0; i < shown(&r->result); i++) {
		const struct verify_finding *f = &r->findings[i];
		printf("%sBAD%s  %s%s", term_style(stdout, TERM_RED), term_style(stdout, TERM_PLAIN), f->file,
		       f->file[0] ? ": " : "");
		printf("%s", f->table);
		if (f->id)
			printf(" %" PRId64, f->id);
		printf(": %s\n", f->what);
	}
	if (r->result.findings > VERIFY_RUN_FINDINGS)
		printf("and %" PRIu64 " more\n", r->result.findings - VERIFY_RUN_FINDINGS);
}

static void print_signatures(const struct verify_result *r, bool with_key, bool with_file)
{
	char when[CLOCK_TEXT_SIZE], hex[2 * SHA256_SIZE + 1];
	if (r->signed_link)
		printf("signed     up to link %" PRId64 ", %s, by %" PRIu64 " checkpoints\n", r->signed_link,
		       clock_local_text(r->signed_at_us, when), r->checkpoints);
	if (r->last_link > r->signed_link)
		printf("unsigned   links %" PRId64 " to %" PRId64 "\n", r->signed_link + 1, r->last_link);
	if (r->has_key) {
		fingerprint(r->key, hex);
		printf("key        %s", hex);
		if (r->key_changes)
			printf(", changed %" PRIu64 " time%s before", r->key_changes, r->key_changes == 1 ? "" : "s");
		printf("%s\n", with_key ? "" : " (not compared: give your copy with --key)");
	}
	if (with_file)
		printf("outside    %" PRIu64 " checkpoints, %" PRIu64 " of them of links that are there; %" PRIu64
		       " lines ignored\n",
		       r->exported, r->exported_used, r->exported_ignored);
}

static void print_text(const struct verify_run *run, bool with_key, bool with_file)
{
	const struct verify_result *r = &run->result;
	char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
	print_findings(run);
	printf("log files  %" PRIu64, r->files);
	if (r->unchained)
		printf(", %" PRIu64 " of them not chained: written before the chain began", r->unchained);
	printf("\nrecords    %" PRIu64 " messages, %" PRIu64 " outcomes, %" PRIu64 " actions\n", r->rows[LINK_MESSAGE],
	       r->rows[LINK_OUTCOME], r->rows[LINK_ACTION]);
	if (r->links)
		printf("links      %" PRId64 " to %" PRId64 ", %s to %s\n", r->first_link, r->last_link,
		       clock_local_text(r->first_at_us, first), clock_local_text(r->last_at_us, last));
	print_signatures(r, with_key, with_file);
	if (r->findings)
		printf("%snot what was written%s: %" PRIu64 " finding%s\n", term_style(stdout, TERM_RED),
		       term_style(stdout, TERM_PLAIN), r->findings, r->findings == 1 ? "" : "s");
	else if (r->links)
		printf("%sverified%s\n", term_style(stdout, TERM_GREEN), term_style(stdout, TERM_PLAIN));
	else
		printf("nothing is chained\n");
}

static void put_findings(struct json_writer *j, const struct verify_run *run)
{
	jsonw_array(j, "findings");
	for (size_t i = 0; i < shown(&run->result); i++) {
		const struct verify_finding *f = &run->findings[i];
		jsonw_object(j, NULL);
		if (f->file[0])
			jsonw_text(j, "file", f->file);
		jsonw_text(j, "table", f->table);
		if (f->id)
			jsonw_i64(j, "id", f->id);
		jsonw_text(j, "what", f->what);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void print_json(const struct verify_run *run)
{
	const struct verify_result *r = &run->result;
	char when[WHEN_SIZE], hex[2 * SHA256_SIZE + 1];
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, 1u << 20);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "result", r->findings ? "bad" : r->links ? "verified" : "not chained");
	jsonw_i64(&j, "files", (int64_t)r->files);
	jsonw_i64(&j, "unchained", (int64_t)r->unchained);
	jsonw_i64(&j, "messages", (int64_t)r->rows[LINK_MESSAGE]);
	jsonw_i64(&j, "outcomes", (int64_t)r->rows[LINK_OUTCOME]);
	jsonw_i64(&j, "actions", (int64_t)r->rows[LINK_ACTION]);
	jsonw_i64(&j, "links", (int64_t)r->links);
	if (r->links) {
		jsonw_i64(&j, "first_link", r->first_link);
		jsonw_i64(&j, "last_link", r->last_link);
		jsonw_text(&j, "first", when_utc(r->first_at_us, when));
		jsonw_text(&j, "last", when_utc(r->last_at_us, when));
	}
	jsonw_i64(&j, "checkpoints", (int64_t)r->checkpoints);
	if (r->signed_link) {
		jsonw_i64(&j, "signed_link", r->signed_link);
		jsonw_text(&j, "signed", when_utc(r->signed_at_us, when));
	}
	if (r->has_key) {
		fingerprint(r->key, hex);
		jsonw_text(&j, "key_sha256", hex);
		jsonw_i64(&j, "key_changes", (int64_t)r->key_changes);
	}
	jsonw_i64(&j, "outside", (int64_t)r->exported);
	jsonw_i64(&j, "outside_used", (int64_t)r->exported_used);
	jsonw_i64(&j, "outside_ignored", (int64_t)r->exported_ignored);
	jsonw_i64(&j, "bad", (int64_t)r->findings);
	put_findings(&j, run);
	jsonw_object_end(&j);
	aff_buf_put_char(&out, '\n');
	fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
}

int verify_run(const char *folder, struct verify_options *o, struct verify_run *run)
{
	struct aff_diag diag = {0};
	o->finding = on_finding;
	o->progress = on_progress;
	o->arg = run;
	progress_start(&run->progress, "records", 0);
	int rc = journal_verify(folder, o, &run->result, &diag);
	progress_end(&run->progress);
	if (rc == AFF_ENOTFOUND && !diag.hint[0])
		aff_diag_hint(&diag, "name its folder with --journal, or the configuration's with --config");
	return rc ? command_error_diag(&diag) : 0;
}

int journal_verify_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent journal verify", "afferent journal verify --key journal.key.pub --json", NULL};
	const struct usage usage = {
		.command = "journal verify",
		.arguments = "",
		.examples = examples,
		.about = "Shows whether the journal still is what was written: each message, outcome, action and "
			 "configuration is computed into a chain of hashes, which was signed at checkpoints. Names "
			 "the first record that was changed, added, removed or moved. Works while the engine runs.\n\n"
			 "Who could write the journal could sign it with a key of his own: give a copy of the "
			 "public key that was kept elsewhere with --key. An end that was cut off shows only in a file "
			 "of checkpoints that was kept elsewhere (--checkpoints).",
		.exit0 = "it is what was written",
		.exit1 = "it is not",
	};
	struct verify_run run = {.result = {0}};
	unsigned char key[SIGN_KEY_SIZE];
	const char *journal = NULL, *config = NULL, *key_file = NULL;
	struct verify_options o = {0};
	bool json = false;
	const struct option options[] = {
		OPTION_TEXT('k', "key", &key_file, "FILE", "public key: only it and its changes count"),
		OPTION_TEXT('P', "checkpoints", &o.checkpoint_file, "FILE", "checkpoints that were kept elsewhere"),
		OPTION_FLAG('j', "json", &json, "one JSON object"),
		JOURNAL_WHERE_OPTIONS(&journal, &config),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (key_file && verify_run_key(key_file, key))
		return COMMAND_FAILED;
	o.key = key_file ? key : NULL;
	char *folder = config_journal(journal, config);
	if (!folder)
		return COMMAND_FAILED;
	int rc = verify_run(folder, &o, &run);
	free(folder);
	if (rc)
		return rc;
	if (json)
		print_json(&run);
	else
		print_text(&run, key_file != NULL, o.checkpoint_file != NULL);
	return run.result.findings ? COMMAND_NEGATIVE : COMMAND_OK;
}
