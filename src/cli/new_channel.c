/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent new channel: a channel's file with comments, from options or from questions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/new.h"
#include "cli/option.h"

#define TEXT_MAX   (64u << 10)
#define FIRST_PORT 2575
#define ANSWER_MAX 512

struct channel {
	const char *name, *folder;
	const char *description, *listen, *to, *fhir, *table;
	struct option_list messages;
	bool print;
	char answers[5][ANSWER_MAX];  /* to questions; the five texts above point here */
	char default_listen[32];
};

/* ---- questions ---- */

/* 0, or COMMAND_FAILED when there is nobody any more. An empty answer means `otherwise`, NULL: nothing. */
static int ask(const char *question, const char *otherwise, char answer[ANSWER_MAX], const char **out)
{
	printf("%s%s%s%s: ", question, otherwise ? " [" : "", otherwise ? otherwise : "", otherwise ? "]" : "");
	fflush(stdout);
	if (!fgets(answer, ANSWER_MAX, stdin))
		return command_error("no answer: nothing is written");
	answer[strcspn(answer, "\r\n")] = '\0';
	*out = answer[0] ? answer : otherwise;
	return 0;
}

static int ask_all(struct channel *c)
{
	return ask("what is it for", NULL, c->answers[0], &c->description) ||
	       ask("listen on, address and port", c->default_listen, c->answers[1], &c->listen) ||
	       ask("send HL7 to, address and port (empty: nowhere)", NULL, c->answers[2], &c->to) ||
	       ask("send FHIR to, URL (empty: nowhere)", NULL, c->answers[3], &c->fhir) ||
	       ask("mapping table for OBX-3 (empty: none)", NULL, c->answers[4], &c->table)
	               ? COMMAND_FAILED
	               : 0;
}

/* ---- the file ---- */

/* The first port from 2575 on that no channel listens on. */
static void choose_port(struct channel *c)
{
	struct conf *conf = new_known(c->folder);
	unsigned port = FIRST_PORT;
	for (size_t i = 0; conf && i < conf->nchannels; i++) {
		if (conf->channels[i].source.address.port == port && port < UINT16_MAX) {
			port++;
			i = SIZE_MAX; /* look at all of them again */
		}
	}
	conf_unref(conf);
	snprintf(c->default_listen, sizeof c->default_listen, "127.0.0.1:%u", port);
}

static void put_head(struct aff_buf *out, const struct channel *c)
{
	aff_buf_put_text(out, "# Every key is in afferent-channel(5), and in: afferent check --keys\n");
	aff_buf_printf(out, "channel: %s\n", c->name);
	aff_buf_put_text(out, "description: ");
	new_put_scalar(out, c->description ? c->description : "What it is for, in a sentence");
	aff_buf_put_text(out, "\n\nsource:\n  mllp:\n    listen: ");
	new_put_scalar(out, c->listen);
	aff_buf_put_text(out, "        # where the devices connect to\n"
		"    # idle: 5m                      # a connection that is silent for so long is closed\n"
		"  answer: when-journaled            # the message is safe on disk before the device "
		"hears AA or CA\n");
}

static void put_accept(struct aff_buf *out, const struct channel *c)
{
	aff_buf_put_text(out, "\naccept:\n");
	size_t start = out->n;
	aff_buf_put_text(out, "  messages: [");
	for (size_t i = 0; i < c->messages.count; i++) {
		aff_buf_put_text(out, i ? ", " : "");
		aff_buf_put_text(out, c->messages.items[i]);
	}
	int pad = 36 - (int)(out->n - start);
	aff_buf_printf(out, "]%*s# what is taken\n", pad > 1 ? pad - 1 : 1, "");
	aff_buf_put_text(out,
		"  processing: [P]                   # training and debugging data (MSH-11 = T, D) stay out\n"
		"  check: tables                     # none, syntax, structure, types, tables, or ihe-pcd-01\n"
		"  otherwise: reject                 # anything else is answered AR; keep: only journaled\n");
}

static void put_transform(struct aff_buf *out, const struct channel *c)
{
	aff_buf_put_text(out, "\n# Steps that change each message, in order. The journal keeps it as it came.\n"
		"transform:\n");
	if (c->table) {
		aff_buf_put_text(out, "  - translate: OBX-3                # the device's codes\n    with: ");
		new_put_scalar(out, c->table);
		aff_buf_put_text(out, "\n"
			"    unknown: keep                   # or drop, reject; afferent unmapped lists them\n");
	} else {
		aff_buf_put_text(out,
			"  # - translate: OBX-3              # the device's codes; afferent new table makes one\n"
			"  #   with: my-table\n"
			"  #   unknown: keep                 # or drop, reject; afferent unmapped lists them\n");
	}
	aff_buf_put_text(out, "  - units: ucum                     # OBX-6: bpm, mmHg, C become /min, mm[Hg], Cel\n"
		"  # - suspect: drop-value           # what no human being can have leaves its row empty\n"
		"  # - set:\n  #     MSH-5: EHR\n"
		"  # - for: OBX                      # segments that nobody wants\n"
		"  #   when: OBX-11 = X and empty OBX-5\n  #   drop: segment\n");
}

static void put_dest(struct aff_buf *out, const char *name, const char *kind, const char *to)
{
	aff_buf_printf(out, "  - name: %s\n    %s: {to: \"", name, kind);
	while (*to == '"' || *to == '\\') /* nothing that could end the quotes; the check tells what is wrong with it */
		to++;
	for (; *to; to++)
		aff_buf_put_char(out, *to == '"' || *to == '\\' ? ' ' : *to);
	aff_buf_put_text(out, "\"}\n    order: patient                  # one patient's messages stay in order\n"
		"    # lanes: 4                      # different patients side by side\n"
		"    # when: PV1-3.1 in [ICU, CCU]   # only these\n"
		"    # sample: {every: 60s, by: [patient, device, code], keep: last}\n");
}

static void put_dests(struct aff_buf *out, const struct channel *c)
{
	aff_buf_put_text(out, "\n# Each gets every message on its own; one that is slow or down holds up no other.\n");
	if (!c->to && !c->fhir) {
		aff_buf_put_text(out, "destinations: none                  # the journal keeps what comes\n"
			"# destinations:\n#   - name: ehr\n#     mllp: {to: \"127.0.0.1:6661\"}\n"
			"#     order: patient\n");
		return;
	}
	aff_buf_put_text(out, "destinations:\n");
	if (c->to)
		put_dest(out, "ehr", "mllp", c->to);
	if (c->fhir)
		put_dest(out, "fhir", "fhir", c->fhir);
}

/* Steps are for those that get the messages: without any they wait behind # signs. */
static void put_steps(struct aff_buf *out, const struct channel *c)
{
	struct aff_buf steps;
	bool waits = !c->to && !c->fhir, begins = true;
	aff_buf_init(&steps, TEXT_MAX);
	put_transform(&steps, c);
	for (size_t i = 0; i < steps.n; i++) {
		if (waits && begins && steps.p[i] != '\n' && steps.p[i] != '#')
			aff_buf_put_text(out, "# ");
		aff_buf_put_char(out, steps.p[i]);
		begins = steps.p[i] == '\n';
	}
	out->error = out->error ? out->error : steps.error;
	aff_buf_free(&steps);
}

static int make(struct channel *c)
{
	struct new_file file;
	aff_buf_init(&file.text, TEXT_MAX);
	snprintf(file.name, sizeof file.name, "channels/%.200s.yaml", c->name);
	put_head(&file.text, c);
	put_accept(&file.text, c);
	put_steps(&file.text, c);
	put_dests(&file.text, c);
	int rc = new_write(c->folder, &file, 1, c->print);
	aff_buf_free(&file.text);
	if (!rc && !c->print)
		printf("next: read it, give it a case (afferent new case %s NAME --from message.hl7), "
		       "run it (afferent run %s)\n", c->name, c->folder);
	return rc;
}

int new_channel_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent new channel neonatal --listen 127.0.0.1:2580 --to 127.0.0.1:6661 --table philips-numerics",
		"afferent new channel --print lab --listen 127.0.0.1:2581 --messages ORU^R01 --messages ORM^O01", NULL};
	const struct usage usage = {
		.command = "new channel", .arguments = "NAME", .examples = examples, .least = 1, .most = 1,
		.about = "Writes channels/NAME.yaml, with comments that say what else there is. The file passes "
			 "afferent check together with the others of the configuration, or nothing is written; one "
			 "that is there is never written over.\n\n"
			 "On a terminal, without any option, it asks.",
		.exit0 = "the file is written",
	};
	struct channel c = {.folder = "."};
	const struct option options[] = {
		OPTION_TEXT('l', "listen", &c.listen, "ADDRESS", "address and port; otherwise the first free one from "
		                                                 "127.0.0.1:2575 on"),
		OPTION_TEXT('t', "to", &c.to, "ADDRESS", "an EHR that takes HL7 over MLLP, address and port"),
		OPTION_TEXT('f', "fhir", &c.fhir, "URL", "a FHIR server"),
		OPTION_TEXT('T', "table", &c.table, "NAME", "the mapping table for OBX-3"),
		OPTION_LIST('m', "messages", &c.messages, "TYPE", "a message type that is taken; otherwise ORU^R01"),
		OPTION_TEXT('d', "description", &c.description, "TEXT", "what it is for"),
		OPTION_TEXT('C', "config", &c.folder, "FOLDER", "the configuration folder; otherwise the current one"),
		OPTION_FLAG('p', "print", &c.print, "print the file and write nothing"), OPTION_END};
	int given = argc;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	c.name = argv[0];
	if (new_check_name("channel", c.name))
		return COMMAND_FAILED;
	choose_port(&c);
	if (given == 2 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && ask_all(&c))
		return COMMAND_FAILED;
	if (!c.listen)
		c.listen = c.default_listen;
	if (!c.messages.count)
		c.messages.items[c.messages.count++] = "ORU^R01";
	return make(&c);
}
