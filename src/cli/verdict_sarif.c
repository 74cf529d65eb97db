/* SPDX-License-Identifier: Apache-2.0
 *
 * A verdict as SARIF 2.1.0 (OASIS), the form in which code reviews and build servers take the findings of checkers.
 * Results are written as they come; the places are byte offsets in the file, since files of HL7 have no lines that
 * tools agree on.
 */
#include <afferent/charset.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/verdict.h"

static void flush(struct verdict_writer *w)
{
	if (!w->out.error)
		fwrite(w->out.p, 1, w->out.n, stdout);
}

static void put_text(struct json_writer *j, const char *name, const char *text)
{
	jsonw_object(j, name);
	jsonw_text(j, "text", text);
	jsonw_object_end(j);
}

static const char *level(enum aff_severity severity)
{
	return severity == AFF_SEVERITY_ERROR ? "error" : severity == AFF_SEVERITY_WARNING ? "warning" : "note";
}

static void put_rules(struct json_writer *j)
{
	jsonw_array(j, "rules");
	for (size_t i = 0; aff_check_rule_at(i); i++) {
		const struct aff_check_rule *r = aff_check_rule_at(i);
		jsonw_object(j, NULL);
		jsonw_text(j, "id", r->id);
		put_text(j, "shortDescription", r->what);
		put_text(j, "fullDescription", r->why);
		put_text(j, "help", r->mend);
		jsonw_object(j, "defaultConfiguration");
		jsonw_text(j, "level", level(r->severity));
		jsonw_object_end(j);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void begin(struct verdict_writer *w)
{
	struct json_writer j;
	jsonw_begin(&j, &w->out, 0);
	aff_buf_put_text(&w->out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
	                          "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":");
	jsonw_object(&j, NULL);
	jsonw_text(&j, "name", "afferent");
	jsonw_text(&j, "version", AFF_VERSION_STRING);
	put_rules(&j);
	jsonw_object_end(&j);
	aff_buf_put_text(&w->out, "},\"columnKind\":\"unicodeCodePoints\",\"results\":[\n");
	w->begun = true;
}

/* The place; the whole message where none can be named in the bytes of the file. */
static void put_region(struct json_writer *j, const struct verdict *v, const struct aff_diag *d)
{
	struct verdict_place place;
	size_t from = 0, n = v->input->bytes.n;
	bool as_read = !aff_charset_is_converted(aff_charset_of(v->msg)); /* else the file has other bytes */
	if (as_read && verdict_locate(v->msg, &d->at, &place)) {
		from = (size_t)(place.segment.p - aff_msg_bytes(v->msg).p) + place.from;
		n = place.n;
	}
	jsonw_object(j, "region");
	jsonw_i64(j, "byteOffset", (int64_t)(v->input->offset + from));
	jsonw_i64(j, "byteLength", (int64_t)n);
	jsonw_object_end(j);
}

/* A path as the path of a URI (RFC 3986). */
static void put_uri(struct json_writer *j, const char *path)
{
	static const char plain[] = "-._~/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char uri[3 * INPUT_WHERE + 1];
	size_t n = 0;
	for (; *path && n + 4 < sizeof uri; path++)
		n += (size_t)snprintf(uri + n, 4, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
	uri[n] = '\0';
	jsonw_text(j, "uri", uri);
}

static void put_location(struct json_writer *j, const struct verdict *v, const struct aff_diag *d)
{
	char at[64], where[96];
	aff_location_format(&d->at, at, sizeof at);
	snprintf(where, sizeof where, "message %llu%s%s", (unsigned long long)v->input->number, at[0] ? ": " : "", at);
	jsonw_object(j, NULL);
	jsonw_object(j, "physicalLocation");
	jsonw_object(j, "artifactLocation");
	put_uri(j, v->input->file);
	jsonw_object_end(j);
	if (v->input->offset != INPUT_NO_FILE)
		put_region(j, v, d);
	jsonw_object_end(j);
	jsonw_array(j, "logicalLocations");
	jsonw_object(j, NULL);
	jsonw_text(j, "fullyQualifiedName", where);
	jsonw_object_end(j);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_result(struct verdict_writer *w, const struct verdict *v, const struct aff_diag *d)
{
	struct json_writer j;
	char text[sizeof d->text + sizeof d->hint + 2];
	snprintf(text, sizeof text, "%s%s%s", d->text, d->hint[0] ? "; " : "", d->hint);
	if (w->results)
		aff_buf_put_text(&w->out, ",\n");
	w->results = true;
	jsonw_begin(&j, &w->out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "ruleId", d->rule);
	jsonw_text(&j, "level", level(d->severity));
	put_text(&j, "message", text);
	jsonw_array(&j, "locations");
	put_location(&j, v, d);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
}

static int sarif_message(struct verdict_writer *w, const struct verdict *v)
{
	aff_buf_clear(&w->out);
	if (!w->begun)
		begin(w);
	for (size_t i = 0; i < v->findings->count; i++)
		put_result(w, v, v->ordered[i]);
	flush(w);
	return w->out.error;
}

static int sarif_end(struct verdict_writer *w, struct verdict_totals *totals)
{
	(void)totals;
	aff_buf_clear(&w->out);
	if (!w->begun)
		begin(w);
	aff_buf_put_text(&w->out, "\n]}]}\n");
	flush(w);
	return w->out.error;
}

const struct verdict_format verdict_sarif = {sarif_message, sarif_end};
