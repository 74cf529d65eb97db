/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent convert: what a message becomes. Alone, HL7 to FHIR or v2.xml by the library, and v2.xml to HL7; through a
 * channel, exactly the bytes that the engine would send to a destination.
 */
#include <inttypes.h>
#include <stdio.h>

#include <afferent/dtm.h>
#include <afferent/fhir.h>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/convert_xml.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/term.h"
#include "engine/pipeline.h"

#define BUNDLE_MAX (256u << 20)

enum { TO_FHIR, TO_XML, TO_HL7 };
enum { FROM_HL7, FROM_XML };

struct convert {
	/* alone */
	int from, to;
	struct aff_charset *charset;
	const char *charset_name;
	struct aff_msg *msg;
	struct aff_groups *groups;
	struct aff_fhir *fhir;
	struct aff_fhir_options options;
	struct aff_buf out;
	bool lenient;
	/* through a channel */
	struct pipeline *pipeline;
	const struct conf_channel *channel;
	struct conf_dest dest;      /* a copy: --pretty changes it */
	uint64_t converted, not_converted;
};

static int not_converted(struct convert *c, const struct input_message *m, const char *why)
{
	c->not_converted++;
	command_error("%s: %s", m->where, why);
	return 0;
}

/* HL7 as it is sent: segments end with CR, and the next message starts behind the last one. On a terminal CR would
 * print everything over itself. */
static void print_hl7(struct aff_view bytes)
{
	bool lines = term_is_terminal(stdout);
	for (size_t i = 0; lines && i < bytes.n; i++)
		putchar(bytes.p[i] == '\r' ? '\n' : bytes.p[i]);
	if (!lines)
		fwrite(bytes.p, 1, bytes.n, stdout);
	if (bytes.n && bytes.p[bytes.n - 1] != '\r' && bytes.p[bytes.n - 1] != '\n')
		putchar(lines ? '\n' : '\r');
}

static int not_read(void *arg, const struct input_message *m, const char *why)
{
	return not_converted(arg, m, why);
}

static int to_fhir(struct convert *c, struct aff_view bytes, unsigned lenient, struct aff_diag *diag)
{
	/* out of XML text is UTF-8, whatever MSH-18 says of the message's other life */
	const struct aff_charset_options options = {
		.override = c->from == FROM_XML ? "UNICODE UTF-8" : c->charset_name};
	int rc = aff_charset_parse(c->charset, c->msg, bytes.p, bytes.n, lenient, &options, diag);
	if (rc)
		return rc;
	aff_buf_clear(&c->out);
	diag->code = 0;
	rc = aff_fhir_render(c->fhir, &c->out, c->msg, &c->options, NULL, diag);
	if (rc && !diag->code)
		aff_diag_set(diag, rc, "%s", aff_error_text(rc));
	aff_buf_put_char(&c->out, '\n');
	return rc;
}

static int convert_alone(void *arg, const struct input_message *m)
{
	struct convert *c = arg;
	struct aff_diag diag;
	char line[640];
	unsigned lenient = c->lenient ? AFF_LENIENT_ALL : 0;
	int rc = 0;
	if (c->to == TO_FHIR)
		rc = to_fhir(c, m->bytes, lenient, &diag);
	else if (c->to == TO_XML)
		rc = convert_to_xml(&c->out, c->msg, c->groups, c->charset, c->charset_name, m->bytes, lenient,
		                    &diag);
	if (rc)
		return not_converted(c, m, aff_diag_format(&diag, line, sizeof line));
	c->converted++;
	if (c->to == TO_HL7)
		print_hl7(m->bytes);
	else
		fwrite(c->out.p, 1, c->out.n, stdout);
	return 0;
}

static int convert_by_channel(void *arg, const struct input_message *m)
{
	struct convert *c = arg;
	struct pipeline_result r;
	int rc = pipeline_run(c->pipeline, c->channel, &c->dest, m->bytes, &r);
	if (rc)
		return command_error("%s: %s", m->where, aff_error_text(rc));
	if (r.verdict == PIPELINE_DEAD)
		return not_converted(c, m, r.detail);
	c->converted++;
	if (r.suspect)
		command_note("%s: suspect readings: %u", m->where, r.suspect);
	if (r.skipped)
		command_note("%s: the step at line %u was skipped: %s", m->where, r.skipped_line, r.skipped_why);
	if (r.verdict == PIPELINE_FILTERED) {
		command_note("%s: filtered by %s", m->where, r.detail);
	} else if (c->dest.as_fhir) {
		fwrite(r.bytes.p, 1, r.bytes.n, stdout);
		putchar('\n');
	} else {
		print_hl7(r.bytes);
	}
	return 0;
}

static int run_alone(struct convert *c, char **files, int n)
{
	int rc = COMMAND_FAILED;
	aff_buf_init(&c->out, BUNDLE_MAX);
	if (aff_msg_new(&c->msg, NULL) || aff_charset_new(&c->charset) || aff_fhir_new(&c->fhir) ||
	    aff_groups_new(&c->groups))
		command_error("out of memory");
	else if (c->from == FROM_XML)
		rc = convert_each_xml(files, n, convert_alone, not_read, c);
	else
		rc = input_each(files, n, convert_alone, c);
	aff_buf_free(&c->out);
	aff_groups_free(c->groups);
	aff_fhir_free(c->fhir);
	aff_msg_free(c->msg);
	aff_charset_free(c->charset);
	return rc;
}

static int run_by_channel(struct convert *c, const char *path, const char *destination, char **files, int n)
{
	int rc = COMMAND_FAILED;
	struct conf *conf = config_load(path);
	const struct conf_dest *dest = conf ? config_destination(conf, destination, &c->channel) : NULL;
	if (!dest)
		goto out;
	c->dest = *dest;
	c->dest.fhir.pretty = c->options.pretty;
	if (pipeline_new(&c->pipeline)) {
		command_error("out of memory");
		goto out;
	}
	rc = input_each(files, n, convert_by_channel, c);
	pipeline_free(c->pipeline);
out:
	conf_unref(conf);
	return rc;
}

/* "+0100" or "Z" as minutes. */
static int read_zone(const char *text, int *minutes)
{
	char dtm[32];
	struct aff_dtm t;
	snprintf(dtm, sizeof dtm, "20260101000000%s", strcmp(text, "Z") == 0 ? "+0000" : text);
	if (aff_dtm_parse(&t, aff_view_of(dtm)) || !t.has_zone)
		return command_error("'%s' is no time zone; write it as +0100, -0530 or Z", text);
	*minutes = t.zone_minutes;
	return 0;
}

int cmd_convert(int argc, char **argv)
{
	static const char *const sources[] = {[FROM_HL7] = "hl7", [FROM_XML] = "v2.xml", NULL};
	static const char *const targets[] = {[TO_FHIR] = "fhir", [TO_XML] = "v2.xml", [TO_HL7] = "hl7", NULL};
	static const char *const bundles[] = {
		[AFF_FHIR_TRANSACTION] = "transaction", [AFF_FHIR_COLLECTION] = "collection", NULL
	};
	static const char *const examples[] = {
		"afferent convert examples/monitor.hl7",
		"afferent convert --pretty --bundle collection examples/monitor.hl7",
		"afferent convert --to v2.xml examples/monitor.hl7",
		"afferent convert --channel channels/icu-monitors.yaml --destination fhir examples/monitor.hl7",
		"afferent convert --channel channels/icu-monitors.yaml --destination ehr examples/monitor.hl7", NULL
	};
	const struct usage usage = {
		.command = "convert", .arguments = "FILE|-...", .examples = examples, .least = 1, .most = -1,
		.about = "Converts device observations to FHIR R4, one bundle a line. Other forms: --to v2.xml "
		         "writes messages in the XML encoding of HL7 v2, one document after the other; --from "
		         "v2.xml reads files that hold one such document each.\n\n"
		         "With --channel each message goes through the channel's steps, filter and output, and "
		         "what is printed is what the engine would send to the destination: a FHIR bundle or "
		         "an HL7 message.",
		.exit0 = "every message was converted, or filtered by a rule",
		.exit1 = "a message could not be converted",
	};
	struct convert c = {.converted = 0};
	const char *channel = NULL, *destination = NULL, *zone = NULL;
	int bundle = AFF_FHIR_TRANSACTION, minutes;
	bool pretty = false;
	const struct option options[] = {
		OPTION_CHOICE('f', "from", &c.from, "FORM", sources, "form of the files, without --channel"),
		OPTION_CHOICE('t', "to", &c.to, "FORM", targets, "what messages become, without --channel"),
		OPTION_TEXT('c', "channel", &channel, "FILE", "a channel file, or a configuration folder"),
		OPTION_TEXT('d', "destination", &destination, "NAME", "the destination, when the channel has several"),
		OPTION_FLAG('p', "pretty", &pretty, "FHIR with line breaks and indentation"),
		OPTION_CHOICE('b', "bundle", &bundle, "TYPE", bundles, "type of the bundle, without --channel"),
		OPTION_TEXT(0, "base", &c.options.base, "URI", "where this site's identifiers live, without --channel"),
		OPTION_TEXT('z', "zone", &zone, "ZONE", "zone of times that state none, without --channel: +0100"),
		OPTION_TEXT(0, "charset", &c.charset_name, "NAME", "the character set of the messages, whatever MSH-18 "
		                                                   "says, without --channel"),
		OPTION_FLAG('l', "lenient", &c.lenient, "accept a byte order mark, blank lines and odd segment ids, "
		                                        "without --channel"),
		OPTION_END
	};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (channel && (c.from != FROM_HL7 || c.to != TO_FHIR))
		return command_error("--from and --to do not go with --channel: its destination says what comes out");
	if (destination && !channel)
		return command_error("--destination needs --channel");
	if (message_check_charset(c.charset_name))
		return COMMAND_FAILED;
	if (zone && read_zone(zone, &minutes))
		return COMMAND_FAILED;
	c.options.zone_minutes = zone ? &minutes : NULL;
	c.options.bundle = (enum aff_fhir_bundle)bundle;
	c.options.pretty = pretty;
	int rc = channel ? run_by_channel(&c, channel, destination, argv, n) : run_alone(&c, argv, n);
	return rc ? rc : c.not_converted ? COMMAND_NEGATIVE : COMMAND_OK;
}
