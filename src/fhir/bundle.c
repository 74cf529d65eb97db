/* SPDX-License-Identifier: Apache-2.0
 *
 * The Bundle: patients, devices, observations, in this order. fullUrls are made of a digest of what names the
 * message and the number of the entry, so that the same message gives the same bytes.
 */
#include "fhir/fhir_internal.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/json.h"

enum { MOST_BUNDLE = 256 << 20, MOST_TEXT = 64 << 20 };

int aff_fhir_new(struct aff_fhir **out)
{
	struct aff_fhir *f = calloc(1, sizeof *f);
	if (!f || aff_charset_new(&f->own_charset)) {
		free(f);
		return AFF_ENOMEM;
	}
	aff_buf_init(&f->compact, MOST_BUNDLE);
	struct aff_buf *const texts[] = {&f->plain,    &f->utf8,       &f->texts,  &f->number, &f->effective,
					 &f->own_time, &f->identifier, &f->member, &f->search};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		aff_buf_init(texts[i], MOST_TEXT);
	*out = f;
	return 0;
}

void aff_fhir_free(struct aff_fhir *f)
{
	if (!f)
		return;
	struct aff_buf *const texts[] = {&f->compact,   &f->plain,    &f->utf8,       &f->texts,  &f->number,
					 &f->effective, &f->own_time, &f->identifier, &f->member, &f->search};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		aff_buf_free(texts[i]);
	aff_charset_free(f->own_charset);
	free(f->rows);
	free(f->patients.items);
	free(f->devices.items);
	free(f->seen);
	free(f);
}

/* What names the message: MSH-3, 4, 7, 10, PID-3 and PV1-3, not how it was routed. Without MSH-10, all of its bytes:
 * another message of the same second must not look like this one again. */
static void make_key(struct aff_fhir *f)
{
	static const unsigned fields[] = {3, 4, 7, 10};
	unsigned char digest[SHA256_SIZE];
	char hex[KEY_SIZE];
	struct aff_buf out = {.p = hex, .allocated = sizeof hex, .max = sizeof hex};
	unsigned pid = aff_msg_find(f->m, "PID", 0), pv1 = aff_msg_find(f->m, "PV1", 0);
	aff_buf_clear(&f->plain);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		aff_buf_put_view(&f->plain, aff_msg_field(f->m, 0, fields[i]));
		aff_buf_put_char(&f->plain, '\r');
	}
	aff_buf_put_view(&f->plain, aff_msg_field(f->m, pid, 3));
	aff_buf_put_char(&f->plain, '\r');
	aff_buf_put_view(&f->plain, aff_msg_field(f->m, pv1, 3));
	if (!is_valued(aff_msg_field(f->m, 0, 10))) {
		aff_buf_put_char(&f->plain, '\r');
		aff_buf_put_view(&f->plain, aff_msg_bytes(f->m));
	}
	sha256(digest, aff_buf_view(&f->plain));
	hex_put(&out, digest, (KEY_SIZE - 1) / 2);
	memcpy(f->key, hex, KEY_SIZE - 1);
	f->key[KEY_SIZE - 1] = '\0';
}

/* What the identifiers of all observations of the message begin with, as JSON and as a search. */
static void make_observation_system(struct aff_fhir *f)
{
	struct aff_buf *out = f->out;
	aff_buf_clear(&f->plain);
	system_of_base(f, &f->plain, "observation", aff_view("", 0));
	aff_buf_clear(&f->member);
	aff_buf_clear(&f->search);
	f->out = &f->member;
	PUT(f, "\"system\":");
	put_string(f, aff_buf_view(&f->plain));
	PUT(f, ",\"value\":\"");
	put_text(f, f->key);
	PUT(f, ".");
	f->out = &f->search;
	PUT(f, "identifier=");
	encode_query(f->out, aff_buf_view(&f->plain));
	PUT(f, "%7C");
	put_text(f, f->key);
	PUT(f, ".");
	f->out = out;
}

/* The character set that the message was parsed with, else what its MSH-18 says. */
static int begin_charset(struct aff_fhir *f, const struct aff_msg *m, struct aff_diag *diag)
{
	int rc = 0;
	f->charset = aff_charset_of(m);
	if (!f->charset) {
		f->charset = f->own_charset;
		rc = aff_charset_begin(f->charset, m, NULL, diag);
	}
	f->decodes = !aff_charset_is_plain(f->charset);
	return rc;
}

static void begin(struct aff_fhir *f, const struct aff_msg *m, const struct aff_fhir_options *options)
{
	f->m = m;
	f->d = aff_msg_delims(m);
	f->options = options;
	f->base = options->base ? options->base : "urn:afferent";
	f->transaction = options->bundle == AFF_FHIR_TRANSACTION;
	struct aff_view processing = aff_msg_get(m, 0, 11, 1, 1, 0);
	f->test = aff_view_is(processing, "T") || aff_view_is(processing, "D");
	f->zone = options->zone_minutes;
	if (aff_dtm_message_zone(m, &f->message_zone))
		f->zone = &f->message_zone;
	f->result = (struct aff_fhir_result){0};
	f->entries = 0;
	f->effective_known = false;
	aff_buf_clear(&f->texts);
	make_key(f);
	make_observation_system(f);
}

static bool is_observing(const struct aff_msg *m)
{
	static const char *const types[] = {"ORU", "ORF", "OUL"};
	struct aff_view type = aff_msg_get(m, 0, 9, 1, 1, 0);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (aff_view_is(type, types[i]))
			return true;
	return false;
}

static int first_error(const struct aff_fhir *f)
{
	const struct aff_buf *const used[] = {f->out,     &f->texts,     &f->identifier, &f->member,
					      &f->search, &f->effective, &f->own_time};
	for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
		if (used[i]->error)
			return used[i]->error;
	return 0;
}

static void put_bundle(struct aff_fhir *f)
{
	unsigned ordinal = 0;
	if (f->transaction)
		PUT(f, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[");
	else
		PUT(f, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
	for (size_t i = 0; i < f->patients.count; i++)
		put_patient(f, &f->patients.items[i], ++ordinal);
	for (unsigned i = 0; i < f->devices.count; i++)
		put_device(f, i, ++ordinal);
	for (const struct row *r = f->rows; r < f->rows + f->count; r++) {
		if (r->role == ROLE_OBSERVATION)
			put_observation(f, r, ++ordinal);
		else if (r->role == ROLE_PANEL)
			put_panel(f, r, ++ordinal);
	}
	PUT(f, "]}");
}

static int nothing(struct aff_diag *diag)
{
	aff_diag_set(diag, AFF_EMSGTYPE, "there are no observations in this message");
	aff_diag_at(diag, "MSH", 1, 9);
	return AFF_EMSGTYPE;
}

int aff_fhir_render(struct aff_fhir *f, struct aff_buf *out, const struct aff_msg *m,
		    const struct aff_fhir_options *options, struct aff_fhir_result *result, struct aff_diag *diag)
{
	size_t start = out->n;
	if (!is_observing(m))
		return nothing(diag);
	int rc = begin_charset(f, m, diag);
	if (rc)
		return rc;
	f->out = options->pretty ? &f->compact : out;
	aff_buf_clear(&f->compact);
	begin(f, m, options);
	rc = rows_scan(f, diag);
	if (rc)
		return rc;
	if (!f->count)
		return nothing(diag);
	if (!seen_clear(f))
		return aff_diag_set(diag, AFF_ENOMEM, "no memory for the observations of a message");
	panels_find(f);
	put_bundle(f);
	rc = first_error(f);
	if (!rc && !f->result.observations) {
		put_undo(f, f->out == out ? start : 0);
		return nothing(diag);
	}
	if (!rc && options->pretty) {
		jsonw_indent(out, aff_buf_view(&f->compact));
		rc = out->error;
	}
	if (rc)
		return aff_diag_set(diag, rc, "the bundle does not fit into its buffer");
	if (result)
		*result = f->result;
	return 0;
}
