/* SPDX-License-Identifier: Apache-2.0
 *
 * Transform, filter, render: pure functions over one message.
 */
#include "engine/pipeline.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/vector.h"

#define PIPELINE_MAX (64u << 20) /* bytes of one message on its way out */

struct pipeline {
	struct aff_charset *charset;
	struct aff_msg *msg;      /* the message as received, or its copy in UTF-8 */
	struct aff_msg *rendered; /* the message as transformed, for the FHIR renderer */
	struct aff_edit *edit;
	struct aff_fhir *fhir;
	const struct aff_rules_watch *watch; /* NULL: nobody watches */
	struct aff_buf hl7, json;
	struct aff_buf converted; /* the message in another set than it was worked on in */
	struct split *split;
	struct split_part *parts;
	size_t parts_room;
};

int pipeline_new(struct pipeline **out)
{
	struct pipeline *p = calloc(1, sizeof *p);
	if (!p)
		return AFF_ENOMEM;
	aff_buf_init(&p->hl7, PIPELINE_MAX);
	aff_buf_init(&p->json, PIPELINE_MAX);
	aff_buf_init(&p->converted, PIPELINE_MAX);
	int rc = aff_msg_new(&p->msg, NULL);
	if (!rc)
		rc = aff_charset_new(&p->charset);
	if (!rc)
		rc = aff_msg_new(&p->rendered, NULL);
	if (!rc)
		rc = aff_edit_new(&p->edit, PIPELINE_MAX);
	if (!rc)
		rc = aff_fhir_new(&p->fhir);
	if (!rc)
		rc = split_new(&p->split);
	if (rc) {
		pipeline_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	aff_msg_free(p->msg);
	aff_msg_free(p->rendered);
	aff_charset_free(p->charset);
	aff_edit_free(p->edit);
	aff_fhir_free(p->fhir);
	aff_buf_free(&p->hl7);
	aff_buf_free(&p->json);
	aff_buf_free(&p->converted);
	split_free(p->split);
	free(p->parts);
	free(p);
}

struct aff_edit *pipeline_edit(struct pipeline *p)
{
	return p->edit;
}

void pipeline_watch(struct pipeline *p, const struct aff_rules_watch *watch)
{
	p->watch = watch;
}

/* Ends as dead letter, with the reason; out of memory is not the message's fault and is handed on. */
static int dead(struct pipeline_result *result, const char *where, int rc, const struct aff_diag *diag)
{
	char reason[128];
	if (rc == AFF_ENOMEM)
		return rc;
	if (diag && diag->code)
		aff_diag_format(diag, reason, sizeof reason);
	else
		snprintf(reason, sizeof reason, "%s", aff_error_text(rc));
	result->verdict = PIPELINE_DEAD;
	snprintf(result->detail, sizeof result->detail, "%s: %s", where, reason);
	return 0;
}

static int filtered(struct pipeline_result *result, const char *rule, unsigned line)
{
	result->verdict = PIPELINE_FILTERED;
	int n = snprintf(result->detail, sizeof result->detail, "line %u: %s", line, rule);
	if (result->skipped)
		snprintf(result->detail + n, sizeof result->detail - (size_t)n, " (step at line %u skipped)",
			 result->skipped_line);
	return 0;
}

static int parse(struct pipeline *p, const struct conf_channel *channel, struct aff_view message, struct aff_diag *diag)
{
	return aff_charset_parse(p->charset, p->msg, message.p, message.n, channel->source.lenient,
				 &channel->source.charset, diag);
}

bool pipeline_has_priority(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
			   struct aff_view message)
{
	return dest->priority && parse(p, channel, message, NULL) == 0 && aff_edit_begin(p->edit, p->msg) == 0 &&
	       aff_expr_test(dest->priority, p->edit, AFF_NONE) > 0;
}

/* Leaves the verdict SEND where the message goes on. */
static int run_steps(struct pipeline *p, const struct aff_rules *steps, struct pipeline_result *result)
{
	struct aff_rules_result rules;
	struct aff_diag diag = {0};
	char where[32];
	int rc = aff_rules_run_watched(steps, p->edit, p->watch, &rules, &diag);
	if (rc)
		return dead(result, "transform", rc, &diag);
	result->suspect = rules.suspect;
	result->skipped = rules.skipped;
	result->skipped_line = rules.skipped_line;
	if (rules.verdict == AFF_VERDICT_DROP)
		return filtered(result, "drop: message", rules.line);
	snprintf(where, sizeof where, "line %u", rules.line);
	if (rules.verdict == AFF_VERDICT_REJECT)
		return dead(result, where, rules.code, &diag);
	if (rules.skipped)
		aff_diag_format(&diag, result->skipped_why, sizeof result->skipped_why);
	return 0;
}

int pipeline_transform(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
		       struct aff_view message, struct pipeline_result *result)
{
	struct aff_diag diag = {0};
	memset(result, 0, sizeof *result);
	int rc = parse(p, channel, message, &diag);
	if (rc)
		return dead(result, "parse", rc, &diag);
	rc = aff_edit_begin(p->edit, p->msg);
	if (rc)
		return dead(result, "edit", rc, NULL);
	rc = channel->transform ? run_steps(p, channel->transform, result) : 0;
	if (rc || result->verdict != PIPELINE_SEND)
		return rc;
	if (dest->when) {
		int yes = aff_expr_test(dest->when, p->edit, AFF_NONE);
		if (yes < 0)
			return dead(result, "when", yes, NULL);
		if (!yes)
			return filtered(result, "when", dest->when_line);
	}
	return 0;
}

/* The message as transformed: *m is what was received, or its edited form, written and read again. */
static int write_edited(struct pipeline *p, const struct aff_msg **m, struct aff_diag *diag)
{
	*m = p->msg;
	if (!aff_edit_changed(p->edit))
		return 0;
	aff_buf_clear(&p->hl7);
	aff_edit_write(p->edit, &p->hl7);
	if (p->hl7.error)
		return p->hl7.error;
	*m = p->rendered;
	int rc = aff_msg_parse(p->rendered, p->hl7.p, p->hl7.n, AFF_LENIENT_ALL, diag);
	aff_charset_attach(p->charset, p->rendered);
	return rc;
}

/* A message that asks for no answer on success would be sent again for ever: the answer is how we know that it arrived.
 * MSH-15 and MSH-16 speak of one exchange, and in this one we are the sender. */
static int ask_for_answer(struct pipeline *p, const struct aff_msg **m, struct aff_diag *diag)
{
	if (aff_ack_choose(*m, AFF_ACK_AUTO, AFF_OK) != AFF_ACK_NONE)
		return 0;
	int rc = aff_edit_set(p->edit, 0, 15, 0, 0, 0, aff_view_of("AL"));
	return rc ? rc : write_edited(p, m, diag);
}

/* Says that the message is UTF-8, as it will be. */
static int label_utf8(struct pipeline *p)
{
	int rc = aff_edit_set(p->edit, 0, 18, 0, 0, 0, aff_view_of("UNICODE UTF-8"));
	return rc ? rc : aff_edit_set(p->edit, 0, 20, 0, 0, 0, aff_view_of(""));
}

/* HL7 as it goes out: in UTF-8 where that is wanted, else in the set it came in. What could not be read is U+FFFD in
 * UTF-8, as it is in FHIR: a reading is not held back for a letter. What cannot be written as it came is not sent. */
static int write_hl7(struct pipeline *p, const struct aff_msg *m, bool utf8, struct pipeline_result *result)
{
	int rc = 0;
	if (!utf8 && !aff_charset_is_converted(p->charset))
		return 0;
	aff_buf_clear(&p->converted);
	if (utf8)
		(void)aff_charset_to_utf8(p->charset, m, &p->converted);
	else
		rc = aff_charset_write(p->charset, p->edit, &p->converted);
	rc = p->converted.error ? p->converted.error : rc;
	if (rc)
		return rc;
	/* The answer will name MSH-10 as it goes out: as it was read if that is ASCII, else cut out of the bytes. */
	result->bytes = aff_buf_view(&p->converted);
	if (ascii_length(result->control_id.p, result->control_id.n) == result->control_id.n)
		return 0;
	(void)aff_msg_parse(p->rendered, result->bytes.p, result->bytes.n, AFF_LENIENT_ALL, NULL);
	result->control_id = aff_msg_field(p->rendered, 0, 10);
	return 0;
}

/* ---- several messages of one ---- */

static int keep_part(struct pipeline *p, struct pipeline_result *result, struct split_part part)
{
	if (vector_room(&p->parts, &p->parts_room, result->nparts, sizeof *p->parts))
		return AFF_ENOMEM;
	p->parts[result->nparts++] = part;
	result->parts = p->parts;
	return 0;
}

static int split_hl7(struct pipeline *p, const struct aff_msg *m, const struct conf_dest *dest,
		     struct pipeline_result *result)
{
	int n = split_message(p->split, m, dest->split), rc = 0;
	if (n > 1 && !dest->utf8 && aff_charset_is_converted(p->charset))
		return AFF_ECHARSET;
	if (n > 1 && result->bytes.p != aff_msg_bytes(m).p) { /* it was converted: to UTF-8 */
		rc = aff_msg_parse(p->rendered, result->bytes.p, result->bytes.n, AFF_LENIENT_ALL, NULL);
		n = rc ? rc : split_message(p->split, p->rendered, dest->split);
	}
	for (int i = 0; i < n && n > 1 && !rc; i++)
		rc = keep_part(p, result, split_part(p->split, (unsigned)i));
	if (rc || n < 2)
		return n < 0 ? n : rc;
	result->bytes = split_bytes(p->split);
	result->control_id = result->parts[0].control_id;
	return 0;
}

/* The bundles stand one behind the other, with a line feed between them. */
static void find_bundles(struct pipeline *p, const struct pipeline_result *result)
{
	size_t at = 0;
	for (unsigned i = 0; i < result->nparts; i++) {
		p->parts[i].bytes.p = p->json.p + at;
		at += p->parts[i].bytes.n + 1;
	}
}

/* A bundle for each part that has observations. */
static int split_fhir(struct pipeline *p, const struct aff_msg *m, const struct conf_dest *dest,
		      struct pipeline_result *result, struct aff_diag *diag)
{
	int n = split_message(p->split, m, dest->split), rc = 0;
	if (n < 2)
		return n < 0 ? n : aff_fhir_render(p->fhir, &p->json, m, &dest->fhir, NULL, diag);
	for (int i = 0; i < n && !rc; i++) {
		struct split_part part = split_part(p->split, (unsigned)i);
		size_t before = p->json.n;
		if (result->nparts)
			aff_buf_put_char(&p->json, '\n');
		size_t begin = p->json.n;
		rc = aff_msg_parse(p->rendered, part.bytes.p, part.bytes.n, AFF_LENIENT_ALL, diag);
		aff_charset_attach(p->charset, p->rendered);
		if (!rc)
			rc = aff_fhir_render(p->fhir, &p->json, p->rendered, &dest->fhir, NULL, diag);
		part.bytes.n = p->json.n - begin;
		if (!rc) {
			rc = keep_part(p, result, part);
		} else if (rc == AFF_EMSGTYPE && (result->nparts || i + 1 < n)) {
			rc = 0; /* nothing in it is a reading */
			p->json.n = before;
		}
	}
	find_bundles(p, result);
	return rc;
}

static int render_fhir(struct pipeline *p, const struct aff_msg *m, const struct conf_dest *dest,
		       struct pipeline_result *result)
{
	struct aff_diag diag = {0};
	aff_buf_clear(&p->json);
	int rc = dest->split ? split_fhir(p, m, dest, result, &diag)
			     : aff_fhir_render(p->fhir, &p->json, m, &dest->fhir, NULL, &diag);
	if (rc)
		return dead(result, "FHIR", rc, &diag);
	result->bytes = aff_buf_view(&p->json);
	if (result->nparts)
		result->control_id = result->parts[0].control_id;
	return 0;
}

static int render_hl7(struct pipeline *p, const struct aff_msg *m, const struct conf_dest *dest,
		      struct pipeline_result *result)
{
	int rc = write_hl7(p, m, dest->utf8, result);
	if (rc)
		return dead(result, "its character set", rc, NULL);
	rc = dest->split ? split_hl7(p, m, dest, result) : 0;
	return rc ? dead(result, "split", rc, NULL) : 0;
}

int pipeline_render(struct pipeline *p, const struct conf_dest *dest, struct pipeline_result *result)
{
	const struct aff_msg *m;
	struct aff_diag diag = {0};
	int rc = dest->utf8 ? label_utf8(p) : 0;
	if (!rc)
		rc = write_edited(p, &m, &diag);
	if (!rc && (dest->kind == CONF_DEST_MLLP || (dest->kind == CONF_DEST_HTTP && !dest->status_alone)))
		rc = ask_for_answer(p, &m, &diag);
	if (rc)
		return dead(result, "the transformed message", rc, &diag);
	result->bytes = aff_msg_bytes(m);
	result->control_id = aff_msg_field(m, 0, 10);
	result->verdict = PIPELINE_SEND;
	return dest->as_fhir ? render_fhir(p, m, dest, result) : render_hl7(p, m, dest, result);
}

int pipeline_run(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
		 struct aff_view message, struct pipeline_result *result)
{
	int rc = pipeline_transform(p, channel, dest, message, result);
	if (rc || result->verdict != PIPELINE_SEND)
		return rc;
	return pipeline_render(p, dest, result);
}
