/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent show: messages readable.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/term.h"

#define JSON_MAX (1u << 30)

struct show {
	struct aff_charset *charset;
	const char *charset_name;
	struct aff_msg *msg;
	struct aff_buf out;
	bool tree, json, lenient, bad;
	uint64_t shown;
};

static int show_json(struct show *s, const struct input_message *m)
{
	struct json_writer j;
	aff_buf_clear(&s->out);
	jsonw_begin(&j, &s->out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "file", m->file);
	jsonw_i64(&j, "message", (int64_t)m->number);
	message_put_json(&j, s->msg);
	jsonw_object_end(&j);
	aff_buf_put_char(&s->out, '\n');
	if (!s->out.error)
		fwrite(s->out.p, 1, s->out.n, stdout);
	return s->out.error;
}

static int show_one(void *arg, const struct input_message *m)
{
	struct show *s = arg;
	int rc = 0;
	if (message_parse(s->msg, s->charset, s->charset_name, m, s->lenient)) {
		s->bad = true;
		return 0;
	}
	if (!s->json && s->shown++)
		putchar('\n');
	if (s->json)
		rc = show_json(s, m);
	else if (s->tree)
		rc = message_print_tree(stdout, s->msg);
	else
		message_print(stdout, s->msg);
	return rc ? command_error("%s: %s", m->where, aff_error_text(rc)) : 0;
}

int cmd_show(int argc, char **argv)
{
	static const char *const examples[] = {"afferent show examples/monitor.hl7",
					       "afferent show --tree examples/monitor.hl7",
					       "afferent show --json examples/two-messages.hl7 | head -n 1", NULL};
	const struct usage usage = {
		.command = "show",
		.arguments = "FILE|-...",
		.examples = examples,
		.least = 1,
		.most = -1,
		.about = "Shows messages readable: one segment a line, or with --tree one value a line with its path "
			 "and the name of its field.\n\n"
			 "A file may hold several messages, MLLP frames or batches; - is standard input.",
		.exit0 = "everything was shown",
	};
	struct show s = {.charset = NULL};
	const struct option options[] = {
		OPTION_FLAG('t', "tree", &s.tree, "one value a line: path, field name, value without escapes"),
		OPTION_FLAG('j', "json", &s.json, "one JSON object a message and line"),
		OPTION_TEXT('c', "charset", &s.charset_name, "NAME",
		            "the character set of the messages, whatever MSH-18 says"),
		OPTION_FLAG('l', "lenient", &s.lenient, "accept a byte order mark, blank lines and odd segment ids"),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (message_check_charset(s.charset_name))
		return COMMAND_FAILED;
	if (aff_msg_new(&s.msg, NULL) || aff_charset_new(&s.charset))
		return command_error("out of memory");
	aff_buf_init(&s.out, JSON_MAX);
	int rc = input_each(argv, n, show_one, &s);
	aff_buf_free(&s.out);
	aff_msg_free(s.msg);
	aff_charset_free(s.charset);
	return rc ? rc : s.bad ? COMMAND_FAILED : COMMAND_OK;
}
