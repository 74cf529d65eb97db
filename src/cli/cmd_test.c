/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent test: the cases that lie beside channels. Nothing is started and nothing is sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/case_find.h"
#include "cli/case_run.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"
#include "cli/term.h"

struct testing {
	struct case_printer printer;
	struct case_totals totals;
	struct case_report *report;
	struct progress progress;
	bool update, visible;
};

static void count(struct testing *t, const struct case_report *r)
{
	uint64_t *const counters[] = {[CASE_PASSED] = &t->totals.passed, [CASE_UPDATED] = &t->totals.updated,
	                              [CASE_FAILED] = &t->totals.failed, [CASE_ERROR] = &t->totals.errors};
	++*counters[r->result];
	const struct case_totals *n = &t->totals;
	if (t->visible)
		progress_update(&t->progress, n->passed + n->updated + n->failed + n->errors);
}

static int run_case(struct testing *t, const struct case_channel *channel, const char *folder, const char *name)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return command_error("the path of %s is too long", name);
	case_report_begin(t->report, channel->channel->name, name, path);
	if (case_run(channel, path, t->update, t->report))
		return command_error("out of memory");
	t->printer.result(&t->printer, t->report);
	count(t, t->report);
	return 0;
}

static bool holds(const struct case_names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->names[i], name) == 0)
			return true;
	return false;
}

/* only: a case's name, "": all. */
static int run_channel(struct testing *t, const struct case_channel *channel, const char *root, const char *only)
{
	char folder[PATH_MAX];
	struct case_names names;
	const char *problem = case_channel_problem(channel->channel);
	case_folder(folder, root, channel->channel);
	int rc = case_names_read(&names, folder);
	if (!rc && only[0] && !holds(&names, only))
		rc = command_error("%s holds no case %s", folder, only);
	if (!rc && names.count && problem)
		rc = command_error("%s: %s", channel->channel->name, problem);
	if (!rc)
		t->printer.channel(&t->printer, channel->channel->name);
	if (!rc && !names.count) {
		t->printer.empty(&t->printer, channel->channel->name);
		t->totals.without_cases++;
	}
	for (size_t i = 0; !rc && i < names.count; i++)
		if (!only[0] || strcmp(only, names.names[i]) == 0)
			rc = run_case(t, channel, folder, names.names[i]);
	case_names_free(&names);
	return rc;
}

static int run_channels(struct testing *t, const struct conf *conf, const struct conf_files *files,
			const struct case_target *target)
{
	bool found = false;
	int result = 0;
	for (size_t i = 0; i < conf->nchannels; i++) {
		const struct case_channel channel = {.conf = conf, .channel = &conf->channels[i],
		                                     .text = config_text(files, conf->channels[i].file)};
		if (target->channel[0] && strcmp(target->channel, channel.channel->name) != 0)
			continue;
		found = true;
		if (run_channel(t, &channel, files->root, target->name))
			result = COMMAND_FAILED;
	}
	if (!found)
		return command_error("there is no channel, file or folder '%s'", target->channel);
	if (!target->channel[0] && !files->single && case_tell_strays(files->root, conf))
		result = COMMAND_FAILED;
	return result;
}

static int run_target(struct testing *t, const char *argument)
{
	struct case_target target;
	struct conf_files files;
	struct aff_diag diag = {0};
	if (case_target_find(&target, argument))
		return COMMAND_FAILED;
	if (conf_files_read(&files, target.config, &diag))
		return command_error_diag(&diag);
	struct conf *conf = config_load_files(&files);
	int rc = conf ? run_channels(t, conf, &files, &target) : COMMAND_FAILED;
	conf_unref(conf);
	conf_files_free(&files);
	return rc;
}

static int run(struct testing *t, enum case_form form, char **arguments, int n)
{
	int result = 0;
	t->report = calloc(1, sizeof *t->report);
	if (!t->report || case_printer_init(&t->printer, form)) {
		free(t->report);
		return command_error("out of memory");
	}
	t->visible = form != CASE_TEXT || !term_is_terminal(stdout);
	progress_start(&t->progress, "cases", 0);
	for (int i = 0; i < (n ? n : 1); i++)
		if (run_target(t, n ? arguments[i] : NULL))
			result = COMMAND_FAILED;
	progress_end(&t->progress);
	const struct case_totals *all = &t->totals;
	if (t->printer.end(&t->printer, all))
		result = command_error("there is more output than fits into memory");
	if (!result && !(all->passed + all->updated + all->failed + all->errors))
		result = command_error("nothing was tested: there is no case");
	case_printer_free(&t->printer);
	free(t->report);
	return result || all->errors ? COMMAND_FAILED : all->failed ? COMMAND_NEGATIVE : COMMAND_OK;
}

int cmd_test(int argc, char **argv)
{
	static const char *const forms[] = {[CASE_TEXT] = "text", [CASE_JSON] = "json", [CASE_JUNIT] = "junit", NULL};
	static const char *const examples[] = {
		"afferent test", "afferent test icu-monitors", "afferent test channels/icu-monitors.cases/readings",
		"afferent test --format junit >results.xml", "afferent test --update pass-through", NULL};
	const struct usage usage = {
		.command = "test", .arguments = "[CHANNEL|PATH]...", .examples = examples, .least = 0, .most = -1,
		.about = "Runs the cases that lie beside channels and tells where what comes out is not what is "
			 "expected: each field of HL7 and each value of FHIR by its path. Nothing is started, sent or "
			 "stored.\n\n"
			 "The cases of channels/NAME.yaml are the folders in channels/NAME.cases/. Each holds in.hl7, "
			 "the messages; expected.txt, how each is taken and what becomes of it at each destination; "
			 "DEST.hl7 or DEST.json, what is sent there; answer.hl7, the answers, if they matter. "
			 "afferent-test(1) tells more.\n\n"
			 "CHANNEL is a channel of the configuration in the current folder, CHANNEL/CASE one of its "
			 "cases; PATH a configuration folder, a channel's file, or the folder of its cases or of one "
			 "of them. Without any, all cases of the current folder are run.",
		.exit0 = "every case passed, or was updated",
		.exit1 = "a case failed",
	};
	struct testing t = {.update = false};
	bool json = false;
	int form = CASE_TEXT;
	const struct option options[] = {
		OPTION_FLAG('u', "update", &t.update, "write what comes out as what is expected; read it before you "
		                                      "commit it"),
		OPTION_CHOICE('f', "format", &form, "FORMAT", forms, "how results are written"),
		OPTION_FLAG('j', "json", &json, "the same as --format json"), OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	return run(&t, json ? CASE_JSON : (enum case_form)form, argv, n);
}
