/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent convert: what a message becomes. Alone, HL7 to FHIR by the library; through a channel, exactly the
 * bytes that the engine would send to a destination.
 */
#include <inttypes.h>
#include <stdio.h>

#include <afferent/dtm.h>
#include <afferent/fhir.h>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/term.h"
#include "engine/pipeline.h"

#define BUNDLE_MAX (256u << 20)

struct convert {
	/* alone */
	struct aff_charset *charset;
	const char *charset_name;
	struct aff_msg *msg;
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

static int convert_alone(void *arg, const struct input_message *m)
{
	struct convert *c = arg;
	struct aff_diag diag;
	char line[640];
	const struct aff_charset_options options = {.override = c->charset_name};
	int rc = aff_charset_parse(c->charset, c->msg, m->bytes.p, m->bytes.n, c->lenient ? AFF_LENIENT_ALL : 0,
	                           &options, &diag);
	if (!rc) {
		aff_buf_clear(&c->out);
		diag.code = 0;
		rc = aff_fhir_render(c->fhir, &c->out, c->msg, &c->options, NULL, &diag);
		if (rc && !diag.code)
			aff_diag_set(&diag, rc, "%s", aff_error_text(rc));
	}
	if (rc)
		return not_converted(c, m, aff_diag_format(&diag, line, sizeof line));
	c->converted++;
	fwrite(c->out.p, 1, c->out.n, stdout);
	putchar('\n');
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
	if (r.verdict == PIPELINE_FILTERED) {
		command_note("%s: filtered by %s", m->where, r.detail);
	} else if (c->dest.kind == CONF_DEST_FHIR) {
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
	if (aff_msg_new(&c->msg, NULL) || aff_charset_new(&c->charset) || aff_fhir_new(&c->fhir))
		command_error("out of memory");
	else
		rc = input_each(files, n, convert_alone, c);
	aff_buf_free(&c->out);
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
	static const char *const bundles[] = {
		[AFF_FHIR_TRANSACTION] = "transaction", [AFF_FHIR_COLLECTION] = "collection", NULL
	};
	static const char *const examples[] = {
		"afferent convert examples/monitor.hl7",
		"afferent convert --pretty --bundle collection examples/monitor.hl7",
		"afferent convert --channel channels/icu-monitors.yaml --destination fhir examples/monitor.hl7",
		"afferent convert --channel channels/icu-monitors.yaml --destination ehr examples/monitor.hl7", NULL
	};
	const struct usage usage = {
		.command = "convert", .arguments = "FILE|-...", .examples = examples, .least = 1, .most = -1,
		.about = "Converts device observations to FHIR R4, one bundle a line.\n\n"
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
