/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent diff: the configuration that is in force against the files. The journal keeps every configuration; the
 * newest start or reload in it names the one in force, also of an engine that does not run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/control.h"
#include "base/json.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/option.h"
#include "cli/term.h"
#include "cli/text_diff.h"
#include "conf/compare.h"

#define SNAPSHOT_MAX (128u << 20)
#define OUTPUT_MAX   (256u << 20)
#define PATH_BYTES   4096

struct comparing {
	const char *journal, *key_file;
	bool json, summary;
	/* at work */
	struct conf_files before, after;
	unsigned char sha[SHA256_SIZE];
	bool found, running;
	struct aff_buf words, diff;
	struct json_writer j;        /* the array of changes, with --json */
	size_t changes;
};

/* ---- the configuration in force ---- */

/* "configuration <SHA-256>", of a start or a reload. */
static int take_action(void *arg, const struct journal_action *a)
{
	static const char word[] = "configuration ";
	struct comparing *c = arg;
	size_t n = sizeof word - 1;
	if (!aff_view_is(a->kind, "start") && !aff_view_is(a->kind, "reload"))
		return 0;
	c->found = a->detail.n == n + 2 * SHA256_SIZE && memcmp(a->detail.p, word, n) == 0 &&
	           hex_get(aff_view(a->detail.p + n, a->detail.n - n), c->sha, SHA256_SIZE);
	return 1;
}

static bool engine_answers(const struct conf_files *files)
{
	struct aff_buf path, answer;
	aff_buf_init(&path, PATH_BYTES);
	aff_buf_init(&answer, 16u << 20);
	conf_control_socket(files, &path);
	bool yes = !path.error && control_ask(path.p, "status", &answer, NULL) == 0;
	aff_buf_free(&path);
	aff_buf_free(&answer);
	return yes;
}

static int read_in_force(struct comparing *c)
{
	struct aff_buf folder, packed;
	struct journal_reader *reader = NULL;
	struct aff_diag diag = {0};
	aff_buf_init(&folder, PATH_BYTES);
	aff_buf_init(&packed, SNAPSHOT_MAX);
	conf_journal_folder(&c->after, &folder);
	int rc = journal_command_open_with(&reader, c->journal ? c->journal : folder.p, NULL, c->key_file);
	if (!rc) {
		rc = journal_read_actions(reader, INT64_MAX, UINT64_MAX, take_action, c, &diag);
		if (rc >= 0 && !c->found)
			rc = aff_diag_set(&diag, AFF_ENOTFOUND, "no engine has run with this journal yet");
		if (rc >= 0)
			rc = journal_get_snapshot(reader, c->sha, &packed, &diag);
		if (!rc)
			rc = conf_files_unpack(&c->before, aff_buf_view(&packed), &diag);
		rc = rc ? command_error_diag(&diag) : 0;
	}
	journal_reader_close(reader);
	aff_buf_free(&folder);
	aff_buf_free(&packed);
	return rc;
}

/* ---- comparing ---- */

static void take_change(void *arg, const struct conf_change *change)
{
	struct comparing *c = arg;
	c->changes++;
	aff_buf_printf(&c->words, "%s\n", change->text);
	if (!c->json)
		return;
	jsonw_object(&c->j, NULL);
	jsonw_text(&c->j, "what", change->what);
	jsonw_text(&c->j, "name", change->name);
	jsonw_text(&c->j, "change", conf_change_text(change->kind));
	jsonw_text(&c->j, "text", change->text);
	jsonw_object_end(&c->j);
}

static int diff_file(struct comparing *c, const struct conf_file *before, const struct conf_file *after)
{
	char from[600], to[PATH_BYTES];
	const struct aff_view nothing = {"", 0};
	bool here = strcmp(c->after.root, ".") == 0;
	snprintf(from, sizeof from, before ? "in-force/%.500s" : "/dev/null", before ? before->name : "");
	snprintf(to, sizeof to, "%.3000s%s%.500s", here ? "" : c->after.root, here ? "" : "/",
	         after ? after->name : "");
	return text_diff(&c->diff, from, before ? before->bytes : nothing, after ? to : "/dev/null",
	                 after ? after->bytes : nothing);
}

/* Both lists are sorted by name. */
static int diff_files(struct comparing *c)
{
	size_t i = 0, k = 0;
	int rc = 0;
	while (!rc && (i < c->before.count || k < c->after.count)) {
		const struct conf_file *a = i < c->before.count ? &c->before.items[i] : NULL;
		const struct conf_file *b = k < c->after.count ? &c->after.items[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
		rc = diff_file(c, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return rc ? rc : c->diff.error;
}

static void print_diff(struct aff_view diff)
{
	while (diff.n) {
		const char *end = memchr(diff.p, '\n', diff.n);
		size_t n = end ? (size_t)(end - diff.p) : diff.n;
		enum term_style_name style = diff.p[0] == '-'   ? TERM_RED
					   : diff.p[0] == '+'   ? TERM_GREEN
					   : diff.p[0] == '@'   ? TERM_CYAN
								: TERM_PLAIN;
		fputs(style == TERM_PLAIN ? "" : term_style(stdout, style), stdout);
		for (size_t i = 0; i < n; i++)
			putchar((unsigned char)diff.p[i] < 0x20 && diff.p[i] != '\t' ? ' ' : diff.p[i]);
		puts(style == TERM_PLAIN ? "" : term_style(stdout, TERM_PLAIN));
		diff = aff_view(diff.p + n + (end != NULL), diff.n - n - (end != NULL));
	}
}

static int print_json(struct comparing *c, struct aff_buf *out)
{
	jsonw_array_end(&c->j);
	jsonw_view(&c->j, "diff", aff_buf_view(&c->diff));
	jsonw_object_end(&c->j);
	aff_buf_put_char(out, '\n');
	if (!out->error)
		fwrite(out->p, 1, out->n, stdout);
	return out->error;
}

static int compare(struct comparing *c)
{
	struct aff_buf out;
	char hex[2 * SHA256_SIZE + 1];
	aff_buf_init(&out, OUTPUT_MAX);
	jsonw_begin(&c->j, &out, 0);
	jsonw_object(&c->j, NULL);
	jsonw_bool(&c->j, "running", c->running);
	jsonw_text(&c->j, "in_force", journal_command_hex(c->sha, hex));
	jsonw_array(&c->j, "changes");
	int rc = conf_compare(&c->before, &c->after, take_change, c);
	if (!rc && !c->summary)
		rc = diff_files(c);
	if (!rc && c->json) {
		rc = print_json(c, &out);
	} else if (!rc) {
		struct aff_view words = aff_buf_view(&c->words);
		print_diff(aff_buf_view(&c->diff));
		printf("%s", c->changes && !c->summary ? "\n" : "");
		fwrite(words.p, 1, words.n, stdout);
		if (!c->changes)
			printf("the files are what %s\n", c->running ? "the running engine has in force"
			                                             : "the engine last had in force");
	}
	aff_buf_free(&out);
	return rc ? command_error("%s", aff_error_text(rc)) : c->changes ? COMMAND_NEGATIVE : COMMAND_OK;
}

int cmd_diff(int argc, char **argv)
{
	static const char *const examples[] = {"afferent diff", "afferent diff --summary .", NULL};
	const struct usage usage = {
		.command = "diff", .arguments = "[FOLDER|CHANNEL.yaml]", .examples = examples, .least = 0, .most = 1,
		.about = "Shows what afferent reload would change: the files in FOLDER (default: here) against the "
			 "configuration that is in force, file by file, and then what that means for channels, "
			 "destinations and what waits for them. The files may have mistakes; afferent check tells "
			 "them.\n\n"
			 "The configuration in force is read from the journal, which keeps each one. When no engine "
			 "runs, it is the one that was in force last.",
		.exit0 = "the files are what is in force",
		.exit1 = "they differ",
	};
	struct comparing c = {.json = false};
	const struct option options[] = {
		OPTION_FLAG('s', "summary", &c.summary, "only what it means, without the lines"),
		OPTION_FLAG('j', "json", &c.json, "print one JSON object"),
		OPTION_TEXT('J', "journal", &c.journal, "FOLDER", "the journal; otherwise that of the configuration"),
		JOURNAL_KEY_OPTION(&c.key_file), OPTION_END};
	struct aff_diag diag = {0};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (conf_files_read(&c.after, n ? argv[0] : ".", &diag))
		return command_error_diag(&diag);
	aff_buf_init(&c.words, OUTPUT_MAX);
	aff_buf_init(&c.diff, OUTPUT_MAX);
	int rc = read_in_force(&c);
	c.running = !rc && engine_answers(&c.after);
	if (!rc)
		rc = compare(&c);
	conf_files_free(&c.before);
	conf_files_free(&c.after);
	aff_buf_free(&c.words);
	aff_buf_free(&c.diff);
	return rc;
}
