/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent validate: what is wrong with messages, for people, scripts and pipelines.
 */
#include <inttypes.h>
#include <stdio.h>

#include <afferent/validate.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/option.h"
#include "cli/term.h"

#define FINDINGS_MAX 1000 /* told per message; the others are counted */
/* Behind the levels of HL7 v2 itself. */
#define LEVEL_IHE_PCD_01 (AFF_CHECK_TABLES + 1)
#define JSON_MAX (16u << 20)

struct validate {
	struct aff_msg *msg;
	struct aff_diag_list findings;
	struct aff_buf out;
	int level;
	bool lenient, json, quiet;
	uint64_t messages, errors, warnings;
};

static const char *const severities[] = {
	[AFF_SEVERITY_ERROR] = "error",
	[AFF_SEVERITY_WARNING] = "warning",
	[AFF_SEVERITY_INFO] = "info",
};

/* Collects everything that is wrong with one message. */
static int check(struct validate *v, const struct input_message *m)
{
	struct aff_diag diag;
	aff_diag_list_free(&v->findings);
	aff_diag_list_init(&v->findings, FINDINGS_MAX);
	int rc = aff_msg_parse(v->msg, m->bytes.p, m->bytes.n, v->lenient ? AFF_LENIENT_ALL : 0, &diag);
	if (rc == AFF_ENOMEM)
		return rc;
	if (rc)
		return aff_diag_list_add(&v->findings, &diag);
	struct aff_checks checks = {.level = (enum aff_check_level)v->level};
	if (v->level == LEVEL_IHE_PCD_01)
		checks = (struct aff_checks){.level = AFF_CHECK_TABLES, .ihe = AFF_IHE_PCD_01};
	checks.sense = checks.level >= AFF_CHECK_TABLES;
	rc = aff_validate(v->msg, &checks, &v->findings, NULL);
	return rc < 0 ? rc : 0;
}

static void print_finding(const struct input_message *m, const struct aff_diag *d)
{
	static const enum term_style_name styles[] = {
		[AFF_SEVERITY_ERROR] = TERM_RED,
		[AFF_SEVERITY_WARNING] = TERM_YELLOW,
		[AFF_SEVERITY_INFO] = TERM_PLAIN,
	};
	char at[64];
	aff_location_format(&d->at, at, sizeof at);
	printf("%s: %s%s%s%s", m->where, at, at[0] ? ": " : "", term_style(stdout, styles[d->severity]),
	       severities[d->severity]);
	if (d->severity == AFF_SEVERITY_ERROR)
		printf(" %d", aff_error_condition(d->code));
	printf(":%s %s%s%s\n", term_style(stdout, TERM_PLAIN), d->text, d->hint[0] ? "; " : "", d->hint);
}

static void print_text(const struct validate *v, const struct input_message *m)
{
	const struct aff_diag_list *l = &v->findings;
	if (!l->errors && !l->warnings)
		printf("%s: %sok%s\n", m->where, term_style(stdout, TERM_GREEN), term_style(stdout, TERM_PLAIN));
	for (size_t i = 0; i < l->count; i++)
		print_finding(m, &l->items[i]);
	if (l->dropped)
		printf("%s: and %zu more findings\n", m->where, l->dropped);
}

static void put_finding(struct json_writer *j, const struct aff_diag *d)
{
	char at[64];
	jsonw_object(j, NULL);
	jsonw_text(j, "severity", severities[d->severity]);
	jsonw_text(j, "rule", d->rule ? d->rule : "hl7-syntax");
	jsonw_text(j, "code", aff_error_name(d->code));
	jsonw_i64(j, "condition", aff_error_condition(d->code));
	jsonw_text(j, "location", aff_location_format(&d->at, at, sizeof at));
	jsonw_text(j, "text", d->text);
	jsonw_text(j, "hint", d->hint);
	jsonw_object_end(j);
}

static int print_json(struct validate *v, const struct input_message *m)
{
	const struct aff_diag_list *l = &v->findings;
	struct json_writer j;
	aff_buf_clear(&v->out);
	jsonw_begin(&j, &v->out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "file", m->file);
	jsonw_i64(&j, "message", (int64_t)m->number);
	jsonw_bool(&j, "ok", l->errors == 0);
	jsonw_i64(&j, "errors", (int64_t)l->errors);
	jsonw_i64(&j, "warnings", (int64_t)l->warnings);
	jsonw_array(&j, "findings");
	for (size_t i = 0; i < l->count; i++)
		put_finding(&j, &l->items[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	aff_buf_put_char(&v->out, '\n');
	if (!v->out.error)
		fwrite(v->out.p, 1, v->out.n, stdout);
	return v->out.error;
}

static int validate_one(void *arg, const struct input_message *m)
{
	struct validate *v = arg;
	int rc = check(v, m);
	if (!rc && v->json)
		rc = print_json(v, m);
	if (rc)
		return command_error("%s: %s", m->where, aff_error_text(rc));
	if (!v->json && !v->quiet)
		print_text(v, m);
	v->messages++;
	v->errors += v->findings.errors;
	v->warnings += v->findings.warnings;
	return 0;
}

static void print_summary(const struct validate *v)
{
	printf("%" PRIu64 " message%s, %" PRIu64 " error%s, %" PRIu64 " warning%s\n", v->messages,
	       v->messages == 1 ? "" : "s", v->errors, v->errors == 1 ? "" : "s", v->warnings,
	       v->warnings == 1 ? "" : "s");
}

int cmd_validate(int argc, char **argv)
{
	static const char *const levels[] = {[AFF_CHECK_NONE] = "none",
					     [AFF_CHECK_SYNTAX] = "syntax",
					     [AFF_CHECK_STRUCTURE] = "structure",
					     [AFF_CHECK_TYPES] = "types",
					     [AFF_CHECK_TABLES] = "tables",
					     [LEVEL_IHE_PCD_01] = "ihe-pcd-01",
					     NULL};
	static const char *const examples[] = {"afferent validate examples/monitor.hl7",
					       "afferent validate --level ihe-pcd-01 examples/monitor.hl7",
					       "afferent validate --json examples/two-messages.hl7",
					       "cat examples/monitor.hl7 | afferent validate --quiet -", NULL};
	const struct usage usage = {
		.command = "validate",
		.arguments = "FILE|-...",
		.examples = examples,
		.least = 1,
		.most = -1,
		.about = "Checks messages and tells everything that is wrong with them: the place, the HL7 error "
			 "condition (table 0357), what it is and what to do. Warnings alone are no failure.\n\n"
			 "Levels, each with those before it: none reads the message and its MSH; syntax adds segment "
			 "ids; structure adds the order of segments and required fields; types adds data types; tables "
			 "adds coded values; ihe-pcd-01 adds the rules of the IHE device observation transaction.",
		.exit0 = "no errors",
		.exit1 = "errors were found",
	};
	struct validate v = {.level = AFF_CHECK_TABLES};
	const struct option options[] = {
		OPTION_CHOICE('L', "level", &v.level, "LEVEL", levels, "how much is checked"),
		OPTION_FLAG('l', "lenient", &v.lenient, "accept a byte order mark, blank lines and odd segment ids"),
		OPTION_FLAG('j', "json", &v.json, "one JSON object a message and line"),
		OPTION_FLAG('q', "quiet", &v.quiet, "print nothing, only the exit code tells"), OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (v.json && v.quiet)
		return command_error("--json and --quiet do not go together");
	if (aff_msg_new(&v.msg, NULL))
		return command_error("out of memory");
	aff_buf_init(&v.out, JSON_MAX);
	int rc = input_each(argv, n, validate_one, &v);
	if (!v.json && !v.quiet && v.messages)
		print_summary(&v);
	aff_diag_list_free(&v.findings);
	aff_buf_free(&v.out);
	aff_msg_free(v.msg);
	return rc ? rc : v.errors ? COMMAND_NEGATIVE : COMMAND_OK;
}
