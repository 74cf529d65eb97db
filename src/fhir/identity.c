/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is meant: identifiers of patients and devices as system and value, and the searches that find them at a server.
 * An identifier without a system would match other people's, so every one gets a system: the authority's own
 * where the message states it as OID, UUID or URI, else one under the site's base. Words that stand for
 * "nobody" are no identifiers.
 */
#include "fhir/fhir_internal.h"

#include <ctype.h>

#include "base/vector.h"
#include "terms/nobody.h"

enum { EUI64_DIGITS = 16 };

static bool is_word(struct aff_view v, const char *word)
{
	return v.n == strlen(word) && strncasecmp(v.p, word, v.n) == 0;
}

void system_of_base(struct aff_fhir *f, struct aff_buf *out, const char *kind, struct aff_view space)
{
	char separator = strncmp(f->base, "urn:", 4) == 0 ? ':' : '/';
	size_t n = strlen(f->base);
	while (n && f->base[n - 1] == separator)
		n--;
	aff_buf_put(out, f->base, n);
	aff_buf_put_char(out, separator);
	aff_buf_put_text(out, kind);
	if (space.n) {
		aff_buf_put_char(out, separator);
		encode_uri(out, space);
	}
}

static bool is_oid(struct aff_view v)
{
	bool digit = false;
	if (v.n < 3 || v.p[0] > '2')
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '.' ? !digit : !isdigit((unsigned char)v.p[i]))
			return false;
		digit = v.p[i] != '.';
	}
	return digit;
}

static bool is_uuid(struct aff_view v)
{
	if (v.n != 36)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if ((i == 8 || i == 13 || i == 18 || i == 23) ? v.p[i] != '-' : !isxdigit((unsigned char)v.p[i]))
			return false;
	return true;
}

/* A universal id and its type (HD.2, HD.3) as a URI; false when they do not make one. */
static bool put_universal(struct aff_buf *out, struct aff_view id, struct aff_view type)
{
	if (is_word(type, "ISO") && is_oid(id)) {
		aff_buf_put_text(out, "urn:oid:");
		aff_buf_put_view(out, id);
		return true;
	}
	if ((is_word(type, "UUID") || is_word(type, "GUID")) && is_uuid(id)) {
		aff_buf_put_text(out, "urn:uuid:");
		for (size_t i = 0; i < id.n; i++)
			aff_buf_put_char(out, (char)tolower((unsigned char)id.p[i]));
		return true;
	}
	if (is_word(type, "URI") && memchr(id.p, ':', id.n)) {
		encode_uri(out, id);
		return true;
	}
	return false;
}

/* Namespace, universal id, type -> system, into f->texts. Without any: of the sending facility. */
static void keep_system(struct aff_fhir *f, struct identity *out, const char *kind, const struct aff_hd *authority)
{
	struct aff_view space = authority->space, id = authority->universal;
	out->system = f->texts.n;
	if (!id.n || !put_universal(&f->texts, id, authority->type)) {
		struct aff_view name = text_plain(f, space.n ? space : id);
		if (!name.n)
			name = text_plain(f, component(f, aff_msg_field(f->m, 0, 4), 1));
		system_of_base(f, &f->texts, kind, name);
	}
	out->system_n = f->texts.n - out->system;
}

static void keep_value(struct aff_fhir *f, struct identity *out, struct aff_view plain)
{
	out->value = f->texts.n;
	out->value_n = plain.n;
	aff_buf_put_view(&f->texts, plain);
}

bool identity_of_cx(struct aff_fhir *f, struct identity *out, const struct aff_cx *cx)
{
	struct aff_view value = text_plain(f, cx->id);
	if (nobody_is(value))
		return false;
	keep_value(f, out, value);
	keep_system(f, out, "patient", &cx->authority);
	return true;
}

static bool is_eui64(struct aff_view v)
{
	if (v.n != EUI64_DIGITS)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!isxdigit((unsigned char)v.p[i]))
			return false;
	return true;
}

static void keep_eui64(struct aff_fhir *f, struct identity *out, struct aff_view digits)
{
	out->value = f->texts.n;
	for (size_t i = 0; i < digits.n; i++) {
		if (i && i % 2 == 0)
			aff_buf_put_char(&f->texts, '-');
		aff_buf_put_char(&f->texts, (char)toupper((unsigned char)digits.p[i]));
	}
	out->value_n = f->texts.n - out->value;
	out->system = f->texts.n;
	aff_buf_put_text(&f->texts, "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680");
	out->system_n = f->texts.n - out->system;
}

/* An EUI-64 stands in EI-1, in EI-3 or in both. Beside another EI-1 an EI-3 names the authority, not the device. */
static struct aff_view eui64_of(struct aff_view id, struct aff_view universal)
{
	if (is_eui64(id))
		return id;
	return !id.n && is_eui64(universal) ? universal : aff_view("", 0);
}

static bool names_eui64(struct aff_view type)
{
	return is_word(type, "EUI-64") || is_word(type, "EUI64");
}

bool identity_of_device(struct aff_fhir *f, struct identity *out, struct aff_view text)
{
	struct aff_ei ei;
	aff_ei_read(&ei, text, &f->d);
	struct aff_view universal = ei.authority.universal;
	/* Some write the type where the namespace belongs. */
	if (names_eui64(ei.authority.type) || (!universal.n && names_eui64(ei.authority.space))) {
		struct aff_view digits = eui64_of(ei.id, universal);
		if (digits.n) {
			keep_eui64(f, out, digits);
			return true;
		}
	}
	struct aff_view value = text_plain(f, ei.id.n ? ei.id : universal);
	if (nobody_is(value))
		return false;
	keep_value(f, out, value);
	if (!ei.id.n)
		ei.authority.universal = aff_view("", 0);
	keep_system(f, out, "device", &ei.authority);
	return true;
}

bool identity_of_observation(struct aff_fhir *f, struct identity *out, struct aff_view text)
{
	struct aff_ei ei;
	aff_ei_read(&ei, text, &f->d);
	struct aff_view value = text_plain(f, ei.id);
	if (nobody_is(value))
		return false;
	keep_value(f, out, value);
	keep_system(f, out, "observation", &ei.authority);
	return true;
}

struct aff_view identity_system(const struct aff_fhir *f, const struct identity *i)
{
	return f->texts.error ? aff_view("", 0) : aff_view(f->texts.p + i->system, i->system_n);
}

struct aff_view identity_value(const struct aff_fhir *f, const struct identity *i)
{
	return f->texts.error ? aff_view("", 0) : aff_view(f->texts.p + i->value, i->value_n);
}

int party_add(struct aff_fhir *f, struct parties *p, const struct party *party, unsigned *number)
{
	for (size_t i = 0; i < p->count; i++) {
		if (aff_view_equal(identity_value(f, &p->items[i].identity), identity_value(f, &party->identity)) &&
		    aff_view_equal(identity_system(f, &p->items[i].identity), identity_system(f, &party->identity))) {
			*number = (unsigned)i;
			return 0;
		}
	}
	if (p->count == MOST_PARTIES)
		return AFF_ELIMIT;
	if (vector_room(&p->items, &p->capacity, p->count, sizeof *p->items))
		return AFF_ENOMEM;
	*number = (unsigned)p->count;
	p->items[p->count++] = *party;
	return 0;
}

void put_identity(struct aff_fhir *f, const struct identity *i)
{
	PUT(f, "\"system\":");
	put_string(f, identity_system(f, i));
	PUT(f, ",\"value\":");
	put_string(f, identity_value(f, i));
}

void put_search(struct aff_fhir *f, const struct identity *i)
{
	PUT(f, "identifier=");
	encode_query(f->out, identity_system(f, i));
	PUT(f, "%7C");
	encode_query(f->out, identity_value(f, i));
}
