/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent validate: what is wrong with messages, for people, scripts and build servers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <afferent/charset.h>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"
#include "cli/verdict.h"
#include "sys/clock.h"

#define FINDINGS_MAX 1000 /* told per message; the others are counted */
#define OUTPUT_MAX (64u << 20)
#define LEVEL_PROFILE (AFF_CHECK_TABLES + 1)

enum fail_on { FAIL_ON_ERROR, FAIL_ON_WARNING };
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_JUNIT, FORMAT_SARIF };

struct placed {
	size_t offset; /* in the message */
	const struct aff_diag *finding;
};

struct validate {
	struct aff_charset *charset;
	struct aff_msg *msg;
	struct aff_checks checks;
	struct aff_check_override overrides[3 * OPTION_LIST_MAX];
	struct aff_profile *profiles[OPTION_LIST_MAX];
	struct aff_diag_list findings;
	const struct aff_diag *ordered[FINDINGS_MAX];
	struct placed placed[FINDINGS_MAX];
	struct verdict_writer writer;
	struct verdict_totals totals;
	const struct verdict_format *format;     /* NULL: nothing is printed */
	int fail_on;
	bool lenient;
};

/* Collects everything that is wrong with one message. */
static int check(struct validate *v, const struct input_message *m)
{
	struct aff_diag diag;
	aff_diag_list_clear(&v->findings);
	int rc = aff_charset_parse(v->charset, v->msg, m->bytes.p, m->bytes.n, v->lenient ? AFF_LENIENT_ALL : 0, NULL,
	                           &diag);
	if (rc == AFF_ENOMEM)
		return rc;
	if (rc) {
		diag.rule = aff_check_rule_find(rc == AFF_ECHARSET ? "hl7-charset" : "hl7-syntax")->id;
		return aff_diag_list_add(&v->findings, &diag);
	}
	rc = aff_validate(v->msg, &v->checks, &v->findings, NULL);
	return rc < 0 ? rc : 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->finding < y->finding ? -1 : x->finding > y->finding;
}

/* Findings come check by check; people read a message from its start. */
static void order(struct validate *v)
{
	struct placed *placed = v->placed;
	size_t n = v->findings.count;
	for (size_t i = 0; i < n; i++) {
		struct verdict_place place;
		placed[i] = (struct placed){0, &v->findings.items[i]};
		if (verdict_locate(v->msg, &placed[i].finding->at, &place))
			placed[i].offset = (size_t)(place.segment.p - aff_msg_bytes(v->msg).p) + place.from;
	}
	qsort(placed, n, sizeof *placed, by_offset);
	for (size_t i = 0; i < n; i++)
		v->ordered[i] = placed[i].finding;
}

static void count_rule(struct verdict_totals *t, const char *id)
{
	size_t i = 0;
	while (i < t->nrules && strcmp(t->rules[i].id, id) != 0)
		i++;
	if (i == t->nrules && i < VERDICT_RULES)
		t->rules[t->nrules++] = (struct verdict_rule){id, 0};
	if (i < t->nrules)
		t->rules[i].n++;
}

static void count(struct validate *v, bool failed)
{
	v->totals.messages++;
	v->totals.failed += failed;
	v->totals.errors += v->findings.errors;
	v->totals.warnings += v->findings.warnings;
	for (size_t i = 0; i < v->findings.count; i++)
		count_rule(&v->totals, v->findings.items[i].rule);
}

static int validate_one(void *arg, const struct input_message *m)
{
	struct validate *v = arg;
	int rc = check(v, m);
	const struct aff_diag_list *l = &v->findings;
	bool failed = l->errors > 0 || (v->fail_on == FAIL_ON_WARNING && l->warnings > 0);
	struct verdict verdict = {m, v->msg, l, v->ordered, failed};
	if (!rc && v->format) {
		order(v);
		rc = v->format->message(&v->writer, &verdict);
	}
	if (rc)
		return command_error("%s: %s", m->where, aff_error_text(rc));
	count(v, failed);
	return 0;
}

static int run(struct validate *v, const char *query, char **files, int n)
{
	int rc = COMMAND_FAILED;
	aff_diag_list_init(&v->findings, FINDINGS_MAX);
	aff_buf_init(&v->writer.out, OUTPUT_MAX);
	junit_init(&v->writer.junit, "afferent validate");
	if (aff_msg_new(&v->msg, NULL) || aff_charset_new(&v->charset)) {
		command_error("out of memory");
	} else {
		rc = query ? input_each_journal("validate", query, validate_one, v)
			   : input_each(files, n, validate_one, v);
		if (v->format && v->format->end(&v->writer, &v->totals))
			rc = command_error("there is more output than fits into memory");
	}
	aff_diag_list_free(&v->findings);
	aff_buf_free(&v->writer.out);
	junit_free(&v->writer.junit);
	aff_msg_free(v->msg);
	aff_charset_free(v->charset);
	return rc ? rc : v->totals.failed ? COMMAND_NEGATIVE : COMMAND_OK;
}

/* Adds what the user says of rules. 0, or COMMAND_FAILED when a name means no rule. */
static int override(struct validate *v, const struct option_list *names, bool off, enum aff_severity severity)
{
	for (size_t i = 0; i < names->count; i++) {
		size_t n = 0;
		while (aff_check_rule_at(n) && !aff_check_rule_is(aff_check_rule_at(n), names->items[i]))
			n++;
		if (!aff_check_rule_at(n))
			return verdict_no_rule(names->items[i]);
		v->overrides[v->checks.override_count++] =
			(struct aff_check_override){names->items[i], off, severity};
	}
	v->checks.overrides = v->overrides;
	return COMMAND_OK;
}

/* Takes the profiles that are asked for: the name of an IHE transaction, else a file. 0 or COMMAND_FAILED. */
static int load_profiles(struct validate *v, const struct option_list *names)
{
	for (size_t i = 0; i < names->count; i++) {
		enum aff_ihe ihe = aff_ihe_find(names->items[i]);
		if (ihe && v->checks.ihe)
			return command_error("one IHE transaction at a time; ihe-pcd takes the one that MSH-9 names");
		if (ihe)
			v->checks.ihe = ihe;
		else if (strncasecmp(names->items[i], "ihe-", 4) == 0 && access(names->items[i], F_OK) != 0)
			return command_error("there is no IHE transaction '%s'; they are ihe-pcd, ihe-pcd-01, -03, "
			                     "-04, -05 and -10", names->items[i]);
		else if (config_profile(&v->profiles[v->checks.nprofiles], names->items[i]))
			return COMMAND_FAILED;
		else
			v->checks.nprofiles++;
	}
	v->checks.profiles = (const struct aff_profile *const *)v->profiles;
	return COMMAND_OK;
}

static void free_profiles(struct validate *v)
{
	for (size_t i = 0; i < v->checks.nprofiles; i++)
		aff_profile_free(v->profiles[i]);
}

int cmd_validate(int argc, char **argv)
{
	static const char *const levels[] = {[AFF_CHECK_NONE] = "none",
					     [AFF_CHECK_SYNTAX] = "syntax",
					     [AFF_CHECK_STRUCTURE] = "structure",
					     [AFF_CHECK_TYPES] = "types",
					     [AFF_CHECK_TABLES] = "tables",
					     [LEVEL_PROFILE] = "profile",
					     NULL};
	static const char *const fail_on[] = {
		[FAIL_ON_ERROR] = "error", [FAIL_ON_WARNING] = "warning", NULL};
	static const char *const formats[] = {[FORMAT_TEXT] = "text",
					      [FORMAT_JSON] = "json",
					      [FORMAT_JUNIT] = "junit",
					      [FORMAT_SARIF] = "sarif",
					      NULL};
	static const struct verdict_format *const writers[] = {[FORMAT_TEXT] = &verdict_text,
							       [FORMAT_JSON] = &verdict_json,
							       [FORMAT_JUNIT] = &verdict_junit,
							       [FORMAT_SARIF] = &verdict_sarif};
	static const char *const examples[] = {"afferent validate examples/monitor.hl7",
					       "afferent validate --level profile examples/monitor.hl7",
					       "afferent validate -p examples/profiles/monitor.xml "
					       "examples/monitor.hl7",
					       "afferent validate --json examples/two-messages.hl7",
					       "afferent validate --format junit -F warning examples/monitor.hl7",
					       "cat examples/monitor.hl7 | afferent validate --quiet -",
					       "afferent validate --explain hl7-segment-order", NULL};
	const struct usage usage = {
		.command = "validate",
		.arguments = "FILE|FOLDER|-...",
		.examples = examples,
		.least = 0,
		.most = -1,
		.about = "Checks messages and tells everything that is wrong with them: the place, the HL7 error "
			 "condition (table 0357), what it is, what to do and the rule that is broken.\n\n"
			 "Levels, each with those before it: none reads the message and its MSH; syntax adds segment "
			 "ids; structure adds the order of segments and required fields; types adds data types; tables "
			 "adds coded values; profile adds the rules of --profile.\n\n"
			 "A profile is ihe-pcd (the IHE device transaction that MSH-9 names), ihe-pcd-01, -03, -04, "
			 "-05 or -10 (one transaction), or a file: a conformance profile in XML, or rules in YAML.\n\n"
			 "At every level readings that are probably none are warnings: the rules sense-...\n\n"
			 "The text form quotes lines of the messages, which may hold patient data; --no-quote leaves "
			 "them out. The other forms never hold a field's value.",
		.exit0 = "nothing at or above --fail-on was found",
		.exit1 = "something was",
	};
	static struct validate v = {.checks = {.level = AFF_CHECK_TABLES, .sense = true}};
	struct option_list profiles = {0}, as_error = {0}, as_warning = {0}, ignored = {0};
	int level = AFF_CHECK_TABLES, format = FORMAT_TEXT;
	bool clock = false, json = false, quiet = false, no_quote = false;
	const char *explain = NULL, *query = NULL;
	const struct option options[] = {
		OPTION_CHOICE('L', "level", &level, "LEVEL", levels, "how much is checked"),
		OPTION_LIST('p', "profile", &profiles, "NAME|FILE",
	                    "check against this profile too; --level profile without it takes ihe-pcd"),
		OPTION_LIST('E', "error", &as_error, "RULE",
	                    "a finding of this rule is an error; sense-* means all such"),
		OPTION_LIST('W', "warning", &as_warning, "RULE", "a finding of this rule is a warning"),
		OPTION_LIST('I', "ignore", &ignored, "RULE", "nothing is told of this rule"),
		OPTION_FLAG('c', "clock", &clock, "compare times with this machine's clock, not with MSH-7 alone"),
		OPTION_CHOICE('F', "fail-on", &v.fail_on, "SEVERITY", fail_on, "what makes a message fail"),
		OPTION_CHOICE('f', "format", &format, "FORMAT", formats, "the form of the output"),
		OPTION_FLAG('j', "json", &json, "one JSON object a message and line: --format json"),
		OPTION_FLAG('l', "lenient", &v.lenient, "accept a byte order mark, blank lines and odd segment ids"),
		OPTION_TEXT(0, "from-journal", &query, "QUERY", INPUT_JOURNAL_HELP),
		OPTION_FLAG(0, "no-quote", &no_quote, "do not repeat anything of the messages"),
		OPTION_FLAG('q', "quiet", &quiet, "print nothing, only the exit code tells"),
		OPTION_TEXT('e', "explain", &explain, "RULE", "explain a rule and end; all lists the rules"),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (explain)
		return verdict_explain(explain);
	if (!n && !query)
		return command_error("which messages? give files, folders, --from-journal or - for standard input");
	if (n && query)
		return command_error("--from-journal takes the place of files");
	if (quiet && (json || format != FORMAT_TEXT))
		return command_error("--quiet does not go together with a form of output");
	v.checks.level = level == LEVEL_PROFILE ? AFF_CHECK_TABLES : (enum aff_check_level)level;
	if (level == LEVEL_PROFILE && !profiles.count)
		v.checks.ihe = AFF_IHE_AUTO;
	v.checks.now_us = clock ? clock_wall_us() : 0;
	if (override(&v, &as_warning, false, AFF_SEVERITY_WARNING) ||
	    override(&v, &as_error, false, AFF_SEVERITY_ERROR) || override(&v, &ignored, true, AFF_SEVERITY_INFO))
		return COMMAND_FAILED;
	v.format = quiet ? NULL : writers[json ? FORMAT_JSON : format];
	v.writer.quote = !no_quote;
	int rc = load_profiles(&v, &profiles);
	if (!rc)
		rc = run(&v, query, argv, n);
	free_profiles(&v);
	return rc;
}
