/* SPDX-License-Identifier: Apache-2.0
 *
 * libxml2's events with the places of tags and of attribute values. libxml2 says where it is, which is behind the tag;
 * the tag's start is the last '<' before that, because no attribute may hold one.
 */
#include "base/xml_read.h"
#include "base/utf8.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <stdarg.h>
#include <stdio.h>

struct cursor {
	size_t offset;
	struct xml_place at;
};

struct reading {
	xmlParserCtxt *xml;
	struct aff_view bytes;
	const struct xml_handler *handler;
	struct xml_report *report;
	struct cursor cursor; /* moves forward only */
	unsigned depth, elements;
	bool stopped;
	struct aff_buf values; /* of the current tag, where they could not stay as libxml2 gives them */
};

void xml_report(struct xml_report *r, enum aff_severity severity, struct xml_place at, const char *hint,
                const char *format, ...)
{
	struct aff_diag d;
	char text[sizeof d.text];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	aff_diag_set(&d, AFF_ECONFIG, "%s", text);
	d.severity = severity;
	if (hint)
		aff_diag_hint(&d, "%s", hint);
	aff_diag_in(&d, r->source, at.line, at.column);
	if (aff_diag_list_add(r->findings, &d))
		r->error = AFF_ENOMEM;
}

static void stop(struct reading *r)
{
	r->stopped = true;
	xmlStopParser(r->xml);
}

/* ---- places ---- */

static void advance(struct cursor *c, struct aff_view bytes, size_t offset)
{
	for (; c->offset < offset; c->offset++) {
		bool end = bytes.p[c->offset] == '\n';
		c->at.line += end;
		c->at.column = end ? 1 : c->at.column + utf8_starts(bytes.p[c->offset]);
	}
}

/* Moves the cursor to the '<' of the tag that libxml2 has just read. */
static void find_tag(struct reading *r)
{
	long consumed = xmlByteConsumed(r->xml);
	size_t end = consumed > 0 && (size_t)consumed < r->bytes.n ? (size_t)consumed : r->bytes.n;
	while (end > r->cursor.offset && r->bytes.p[end - 1] != '<')
		end--;
	if (end > r->cursor.offset)
		advance(&r->cursor, r->bytes, end - 1);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The place of the next attribute's value behind *c, which moves behind it. The tag is known to be well-formed. */
static struct xml_place next_value(struct cursor *c, struct aff_view bytes, struct aff_view *name)
{
	size_t i = c->offset;
	while (i < bytes.n && is_space(bytes.p[i]))
		i++;
	size_t from = i;
	while (i < bytes.n && bytes.p[i] != '=' && !is_space(bytes.p[i]))
		i++;
	*name = aff_view(bytes.p + from, i - from);
	while (i < bytes.n && bytes.p[i] != '"' && bytes.p[i] != '\'')
		i++;
	advance(c, bytes, i < bytes.n ? i + 1 : i);
	struct xml_place at = c->at;
	const char *end = i + 1 < bytes.n ? memchr(bytes.p + i + 1, bytes.p[i], bytes.n - i - 1) : NULL;
	advance(c, bytes, end ? (size_t)(end - bytes.p) + 1 : bytes.n);
	return at;
}

static bool is_local_name(struct aff_view qualified, const char *local)
{
	size_t n = strlen(local);
	if (qualified.n < n || memcmp(qualified.p + qualified.n - n, local, n) != 0)
		return false;
	return qualified.n == n || qualified.p[qualified.n - n - 1] == ':';
}

/* Attributes come in the order of the document; declarations of namespaces stand between them. */
static void place_attributes(const struct reading *r, struct xml_tag *tag)
{
	struct cursor c = r->cursor;
	struct aff_view name;
	size_t i = c.offset;
	while (i < r->bytes.n && !is_space(r->bytes.p[i]) && r->bytes.p[i] != '>')
		i++;
	advance(&c, r->bytes, i);
	for (size_t k = 0; k < tag->count; k++) {
		struct xml_place at;
		do
			at = next_value(&c, r->bytes, &name);
		while (c.offset < r->bytes.n && !is_local_name(name, tag->attributes[k].name));
		tag->attributes[k].at = at;
	}
}

/* ---- values ---- */

/* As long as entities are not replaced, libxml2 gives every & as this. */
static const char ampersand[] = "&#38;";
#define AMPERSAND_SIZE (sizeof ampersand - 1)

static struct aff_view decode(struct aff_buf *to, struct aff_view v)
{
	size_t from = to->n;
	for (size_t i = 0; i < v.n; i++) {
		aff_buf_put_char(to, v.p[i]);
		if (v.n - i >= AMPERSAND_SIZE && !memcmp(v.p + i, ampersand, AMPERSAND_SIZE))
			i += AMPERSAND_SIZE - 1;
	}
	return aff_view(to->p + from, to->n - from);
}

static void read_attributes(struct reading *r, struct xml_tag *tag, const xmlChar **attributes, size_t count)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += (size_t)(attributes[5 * i + 4] - attributes[5 * i + 3]);
	aff_buf_clear(&r->values);
	if (total && !aff_buf_reserve(&r->values, total)) {
		r->report->error = r->values.error;
		stop(r);
		return;
	}
	for (; tag->count < count; tag->count++) {
		const xmlChar **a = attributes + 5 * tag->count;
		struct aff_view v = aff_view((const char *)a[3], (size_t)(a[4] - a[3]));
		tag->attributes[tag->count] = (struct xml_attribute){
			.name = (const char *)a[0], .value = v.n && memchr(v.p, '&', v.n) ? decode(&r->values, v) : v};
	}
	place_attributes(r, tag);
}

/* ---- events ---- */

static void on_open(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nnamespaces,
                    const xmlChar **namespaces, int nattributes, int ndefaulted, const xmlChar **attributes)
{
	struct reading *r = context;
	struct xml_tag tag = {.name = (const char *)name};
	(void)prefix, (void)uri, (void)nnamespaces, (void)namespaces, (void)ndefaulted;
	if (r->stopped)
		return;
	find_tag(r);
	tag.at = r->cursor.at;
	if (++r->depth > XML_MAX_DEPTH || ++r->elements > XML_MAX_ELEMENTS || nattributes > XML_MAX_ATTRIBUTES) {
		xml_report(r->report, AFF_SEVERITY_ERROR, tag.at, NULL,
		           r->depth > XML_MAX_DEPTH           ? "elements are nested deeper than %u levels"
		           : nattributes > XML_MAX_ATTRIBUTES ? "an element has more than %u attributes"
		                                              : "there are more than %u elements",
		           r->depth > XML_MAX_DEPTH           ? XML_MAX_DEPTH
		           : nattributes > XML_MAX_ATTRIBUTES ? XML_MAX_ATTRIBUTES
		                                              : XML_MAX_ELEMENTS);
		stop(r);
		return;
	}
	read_attributes(r, &tag, attributes, (size_t)nattributes);
	if (!r->stopped && !r->handler->open(r->handler->state, &tag))
		stop(r);
}

static void on_close(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reading *r = context;
	(void)name, (void)prefix, (void)uri;
	if (r->stopped)
		return;
	r->depth--;
	r->handler->close(r->handler->state);
}

static void on_text(void *context, const xmlChar *text, int n)
{
	struct reading *r = context;
	if (!r->stopped && r->handler->text)
		r->handler->text(r->handler->state, aff_view((const char *)text, (size_t)n));
}

/* Comes before any declaration in the document type is read. */
static void on_document_type(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct reading *r = context;
	(void)name, (void)external, (void)system;
	if (r->stopped)
		return;
	find_tag(r);
	xml_report(r->report, AFF_SEVERITY_ERROR, r->cursor.at, "leave the line with <!DOCTYPE out",
	           "a document type declaration is not allowed");
	stop(r);
}

#if LIBXML_VERSION >= 21200
static void on_error(void *context, const xmlError *error)
#else
static void on_error(void *context, xmlError *error)
#endif
{
	struct reading *r = context;
	struct xml_place at = {error->line > 0 ? (unsigned)error->line : 1,
	                       error->int2 > 0 ? (unsigned)error->int2 : 1};
	const char *text = error->message ? error->message : "it cannot be read";
	if (error->code == XML_ERR_NO_MEMORY)
		r->report->error = AFF_ENOMEM;
	if (r->stopped || r->report->error || error->level < XML_ERR_ERROR)
		return;
	xml_report(r->report, AFF_SEVERITY_ERROR, at,
	           error->code == XML_ERR_INVALID_ENCODING || error->code == XML_ERR_INVALID_CHAR
	                   ? "save the file as UTF-8"
	                   : NULL,
	           "not XML: %.*s", (int)strcspn(text, "\n"), text);
	r->stopped = true; /* what follows a fault is guesswork */
	xmlStopParser(r->xml);
}

/* UTF-16 and the like would be converted, and the places would be lost. */
static bool is_eight_bit(struct aff_view bytes)
{
	size_t i = bytes.n >= 3 && !memcmp(bytes.p, "\xef\xbb\xbf", 3) ? 3 : 0;
	while (i < bytes.n && is_space(bytes.p[i]))
		i++;
	return i < bytes.n && bytes.p[i] == '<' && !memchr(bytes.p, '\0', bytes.n < 64 ? bytes.n : 64);
}

static int parse(struct reading *r)
{
	static const xmlSAXHandler handler = {.internalSubset = on_document_type,
	                                      .startElementNs = on_open,
	                                      .endElementNs = on_close,
	                                      .characters = on_text,
	                                      .ignorableWhitespace = on_text,
	                                      .cdataBlock = on_text,
	                                      .serror = on_error,
	                                      .initialized = XML_SAX2_MAGIC};
	xmlInitParser();
	r->xml = xmlCreateMemoryParserCtxt(r->bytes.p, (int)r->bytes.n);
	if (!r->xml)
		return r->report->error = AFF_ENOMEM;
	xmlCtxtUseOptions(r->xml, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	*r->xml->sax = handler;
	r->xml->userData = r;
	aff_buf_init(&r->values, r->bytes.n);
	int rc = xmlParseDocument(r->xml);
	aff_buf_free(&r->values);
	xmlFreeParserCtxt(r->xml);
	if (r->report->error)
		return r->report->error;
	return rc || r->stopped ? AFF_ECONFIG : 0;
}

int xml_read(struct aff_view bytes, size_t max, const struct xml_handler *handler, struct xml_report *report)
{
	struct reading r = {.bytes = bytes, .handler = handler, .report = report, .cursor = {0, {1, 1}}};
	struct xml_place start = {1, 1};
	if (bytes.n > max) {
		xml_report(report, AFF_SEVERITY_ERROR, start, NULL, "the file is larger than %zu bytes", max);
		return AFF_ECONFIG;
	}
	if (!is_eight_bit(bytes)) {
		xml_report(report, AFF_SEVERITY_ERROR, start, "save it as UTF-8", "the file is not XML in UTF-8");
		return AFF_ECONFIG;
	}
	return parse(&r);
}
