/* SPDX-License-Identifier: Apache-2.0
 *
 * The FHIR face of the test receiver: takes transaction bundles and answers each entry as a server would that stores
 * resources by their identifiers. It keeps the identifiers' hashes, never a resource.
 *
 * jansson's names and those of base/json.h do not go together in one file; what is written here is written with
 * jansson.
 */
#include "cli/ehr.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include <jansson.h>

#include "base/digest.h"

#define KEY_MAX 1024

static void put_json(struct http_reply *reply, int status, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	reply->status = text ? status : 500;
	reply->content_type = "application/fhir+json";
	if (text)
		aff_buf_put_text(reply->body, text);
	free(text);
	json_decref(object);
}

static void put_outcome(struct http_reply *reply, int status, const char *code, const char *text)
{
	put_json(reply, status,
		 json_pack("{s:s, s:[{s:s, s:s, s:s}]}", "resourceType", "OperationOutcome", "issue", "severity",
			   "error", "code", code, "diagnostics", text));
}

static void put_capabilities(struct http_reply *reply)
{
	put_json(reply, 200,
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s], s:[{s:s, s:[{s:s}, {s:s}]}]}", "resourceType",
			   "CapabilityStatement", "status", "active", "date", "2025-01-01", "kind", "instance",
			   "fhirVersion", "4.0.1", "format", "application/fhir+json", "rest", "mode", "server",
			   "interaction", "code", "transaction", "code", "batch"));
}

/* ---- one entry ---- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

/* "Patient?identifier=system|value" for a conditional create or update; empty when the entry is neither. */
static void conditional_key(const json_t *request, char key[KEY_MAX])
{
	const char *method = text_of(request, "method"), *url = text_of(request, "url");
	const char *condition = text_of(request, "ifNoneExist"), *query = strchr(url, '?');
	int n = 0;
	key[0] = '\0';
	if (!strcmp(method, "PUT") && query)
		n = snprintf(key, KEY_MAX, "%s", url);
	else if (!strcmp(method, "POST") && *condition)
		n = snprintf(key, KEY_MAX, "%s?%s", url, condition + (*condition == '?'));
	if (n >= KEY_MAX)
		key[0] = '\0';
}

/* Stores what the entry says as far as the counts go; returns the status of its response. */
static const char *store(struct ehr *e, const json_t *request, char id[24])
{
	char key[KEY_MAX];
	const char *method = text_of(request, "method");
	conditional_key(request, key);
	snprintf(id, 24, "%016" PRIx64, key[0] ? hash64(aff_view_of(key)) : ++e->created + e->existing);
	if (!key[0])
		return "201 Created";
	if (idset_add(&e->resources, aff_view_of(key)) == 0) {
		e->existing++;
		return "200 OK";
	}
	e->created++;
	return !strcmp(method, "PUT") || !strcmp(method, "POST") ? "201 Created" : "200 OK";
}

static json_t *entry_response(struct ehr *e, const json_t *entry)
{
	const json_t *request = json_object_get(entry, "request");
	const char *url = text_of(request, "url");
	char id[24], location[160];
	const char *status = store(e, request, id);
	snprintf(location, sizeof location, "%.*s/%s/_history/1", (int)strcspn(url, "?/"), url, id);
	return json_pack("{s:{s:s, s:s, s:s}}", "response", "status", status, "location", location, "etag", "W/\"1\"");
}

/* ---- a bundle ---- */

/* What is wrong with it, or NULL. */
static const char *check_bundle(const json_t *bundle)
{
	const char *type = text_of(bundle, "type");
	const json_t *entry, *entries = json_object_get(bundle, "entry");
	size_t i;
	if (strcmp(text_of(bundle, "resourceType"), "Bundle"))
		return "resourceType is not Bundle";
	if (strcmp(type, "transaction") && strcmp(type, "batch"))
		return "Bundle.type is neither transaction nor batch";
	if (!json_is_array(entries) || json_array_size(entries) == 0)
		return "Bundle.entry is empty";
	json_array_foreach(entries, i, entry)
	{
		const json_t *request = json_object_get(entry, "request");
		const char *method = text_of(request, "method");
		if (strcmp(method, "POST") && strcmp(method, "PUT"))
			return "an entry's request.method is neither POST nor PUT";
		if (!*text_of(request, "url"))
			return "an entry has no request.url";
		if (!*text_of(json_object_get(entry, "resource"), "resourceType"))
			return "an entry's resource has no resourceType";
	}
	return NULL;
}

static void store_bundle(struct ehr *e, const json_t *bundle, struct http_reply *reply)
{
	const json_t *entry, *entries = json_object_get(bundle, "entry");
	bool batch = !strcmp(text_of(bundle, "type"), "batch");
	json_t *responses = json_array();
	size_t i;
	json_array_foreach(entries, i, entry)
	{
		json_array_append_new(responses, entry_response(e, entry));
	}
	e->entries += json_array_size(entries);
	put_json(reply, 200,
		 json_pack("{s:s, s:s, s:o}", "resourceType", "Bundle", "type",
			   batch ? "batch-response" : "transaction-response", "entry", responses));
}

static void refuse(struct ehr *e, enum ehr_answer answer, struct http_reply *reply)
{
	int status = e->rules.status ? (int)e->rules.status : answer == EHR_REJECT ? 503 : 422;
	e->refused++;
	reply->retry_after_s = (int64_t)e->rules.retry_after_s;
	put_outcome(reply, status, status < 500 ? "processing" : "transient",
		    "refused, as this test receiver was told to");
}

static void take_bundle(struct ehr *e, const struct http_request *request, struct http_reply *reply)
{
	json_error_t where;
	enum ehr_answer answer = ehr_receive(e);
	if (e->rules.status && !e->rules.refuse_every)
		answer = EHR_ERROR;
	reply->delay_ms = e->rules.stall_ms;
	if (answer == EHR_SILENT) {
		e->silent++;
		reply->delay_ms = -1;
		return;
	}
	if (answer != EHR_ACCEPT) {
		refuse(e, answer, reply);
		return;
	}
	json_t *bundle = json_loadb(request->body.p, request->body.n, JSON_REJECT_DUPLICATES, &where);
	const char *wrong = bundle ? check_bundle(bundle) : "the body is not JSON";
	if (wrong) {
		e->unreadable++;
		put_outcome(reply, 400, "invalid", wrong);
	} else {
		ehr_accept(e, request->body, request->body);
		store_bundle(e, bundle, reply);
	}
	json_decref(bundle);
}

void ehr_fhir_answer(void *arg, const struct http_request *request, struct http_reply *reply)
{
	struct ehr *e = arg;
	const char *path = request->path;
	bool base = !strcmp(path, "/fhir") || !strcmp(path, "/fhir/");
	if (!strcmp(path, "/fhir/metadata") && (request->method == HTTP_GET || request->method == HTTP_HEAD))
		put_capabilities(reply);
	else if (!base)
		put_outcome(reply, 404, "not-found", "this test receiver knows /fhir and /fhir/metadata only");
	else if (request->method != HTTP_POST)
		put_outcome(reply, 405, "not-supported", "bundles are sent by POST");
	else if (!strstr(request->content_type, "json"))
		put_outcome(reply, 415, "not-supported", "the body must be application/fhir+json");
	else
		take_bundle(e, request, reply);
}
