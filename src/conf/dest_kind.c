/* SPDX-License-Identifier: Apache-2.0
 *
 * The ways to deliver: what stands below mllp, fhir, http, file, directory and channel of a destination.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/reader.h"

static void read_mllp(struct reader *r, struct conf_dest *d, const struct node *map)
{
	struct fields f;
	d->kind = CONF_DEST_MLLP;
	fields_read(r, &f, SECTION_DEST_MLLP, map);
	if (!get_address(r, &f, KEY_DEST_MLLP_to, &d->to))
		return;
	if (address_is_any(&d->to))
		report_error(&r->report, f.value[KEY_DEST_MLLP_to]->at, "write the address of the receiver",
		             "%s stands for all addresses, nothing can be sent to it", d->to.host);
	add_endpoint(r, &r->receivers, &d->to, f.value[KEY_DEST_MLLP_to]->at);
}

static char *get_uri(struct reader *r, const struct fields *f, enum key_id key)
{
	const struct node *n = f->value[key];
	struct aff_view v = get_view(f, key);
	const char *colon = memchr(v.p, ':', v.n);
	bool good = colon && colon != v.p && colon != v.p + v.n - 1;
	for (size_t i = 0; i < v.n; i++)
		good = good && is_uri_character(v.p[i]);
	if (!good) {
		report_error(&r->report, n->at, "write urn:oid:1.2.3 or http://hospital.example/id", "'%s' takes a URI",
		             conf_keys[key].name);
		return NULL;
	}
	while (v.p[v.n - 1] == '/')
		v.n--;
	return keep_text(r, v);
}

/* The keys of what a bundle looks like, in their section. */
struct fhir_keys {
	enum key_id bundle, zone, base, r_status;
};

/* d stays where it is: the options point into it. */
static void read_fhir_options(struct reader *r, struct conf_dest *d, const struct fields *f, const struct fhir_keys *k)
{
	d->fhir.bundle = get_word(r, f, k->bundle) == 1 ? AFF_FHIR_COLLECTION : AFF_FHIR_TRANSACTION;
	d->fhir.r_status = get_word(r, f, k->r_status) == 1 ? "final" : NULL;
	d->fhir_base = get_uri(r, f, k->base);
	d->fhir.base = d->fhir_base;
	if (get_zone(r, f, k->zone, &d->fhir_zone))
		d->fhir.zone_minutes = &d->fhir_zone;
}

static void read_fhir(struct reader *r, struct conf_dest *d, const struct node *map)
{
	static const struct fhir_keys keys = {KEY_DEST_FHIR_bundle, KEY_DEST_FHIR_zone, KEY_DEST_FHIR_base,
	                                      KEY_DEST_FHIR_r_status};
	struct fields f;
	d->kind = CONF_DEST_FHIR;
	d->as_fhir = true;
	fields_read(r, &f, SECTION_DEST_FHIR, map);
	d->url = get_url(r, &f, KEY_DEST_FHIR_to);
	add_url_endpoint(r, d->url, f.value[KEY_DEST_FHIR_to]);
	read_fhir_options(r, d, &f, &keys);
}

static void read_http(struct reader *r, struct conf_dest *d, const struct node *map)
{
	struct fields f;
	d->kind = CONF_DEST_HTTP;
	fields_read(r, &f, SECTION_DEST_HTTP, map);
	d->url = get_url(r, &f, KEY_DEST_HTTP_to);
	add_url_endpoint(r, d->url, f.value[KEY_DEST_HTTP_to]);
	d->status_alone = get_word(r, &f, KEY_DEST_HTTP_answer) == 1;
}

static void read_file_dest(struct reader *r, struct conf_dest *d, const struct node *map)
{
	struct fields f;
	d->kind = CONF_DEST_FILE;
	fields_read(r, &f, SECTION_DEST_FILE, map);
	d->path = get_path(r, &f, KEY_DEST_FILE_to);
	add_written(r, d->path, f.value[KEY_DEST_FILE_to]);
	check_target(r, d->path, f.value[KEY_DEST_FILE_to], false);
}

#define NAME_MAX_BYTES 128 /* of the pattern of a name: room for the id and for the name while it is written */

/* What cannot be a pattern of file names; NULL: nothing is wrong with it. *at: where. */
static const char *name_fault(struct aff_view name, size_t *at, bool *has_id)
{
	*at = 0;
	*has_id = false;
	if (name.n > NAME_MAX_BYTES)
		return "the name is longer than 128 bytes";
	if (name.n && name.p[0] == '.')
		return "a name that begins with a dot is hidden";
	for (size_t i = 0; i < name.n; i++) {
		*at = i;
		if (name.p[i] == '/' || (unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
			return "this character cannot stand in a name";
		if (name.p[i] == '}')
			return "there is no { before it";
		if (name.p[i] != '{')
			continue;
		const char *end = memchr(name.p + i, '}', name.n - i);
		struct aff_view what = aff_view(name.p + i + 1, end ? (size_t)(end - name.p) - i - 1 : 0);
		if (!aff_view_is(what, "id") && !aff_view_is(what, "date"))
			return "in braces stand id or date";
		*has_id = *has_id || aff_view_is(what, "id");
		i += what.n + 1;
	}
	*at = 0;
	return *has_id ? NULL : "messages would overwrite each other: the name has no {id}";
}

static void read_file_name(struct reader *r, struct conf_dest *d, const struct node *n)
{
	struct aff_view name = n ? n->text : aff_view_of(d->as_fhir ? "{id}.json" : "{id}.hl7");
	size_t at;
	bool has_id;
	const char *fault = name_fault(name, &at, &has_id);
	if (fault)
		report_error(&r->report, node_place(n, at), "write {id}.hl7 or {date}-{id}.hl7", "%s", fault);
	else
		d->file_name = keep_text(r, name);
}

static void read_directory(struct reader *r, struct conf_dest *d, const struct node *map)
{
	static const struct fhir_keys keys = {KEY_DEST_DIRECTORY_bundle, KEY_DEST_DIRECTORY_zone,
	                                      KEY_DEST_DIRECTORY_base, KEY_DEST_DIRECTORY_r_status};
	static const enum key_id only_fhir[] = {KEY_DEST_DIRECTORY_bundle, KEY_DEST_DIRECTORY_zone,
	                                        KEY_DEST_DIRECTORY_base, KEY_DEST_DIRECTORY_r_status};
	static const unsigned modes[] = {0600, 0640, 0644, 0660, 0664};
	struct fields f;
	d->kind = CONF_DEST_DIRECTORY;
	fields_read(r, &f, SECTION_DEST_DIRECTORY, map);
	d->path = get_path(r, &f, KEY_DEST_DIRECTORY_path);
	add_written(r, d->path, f.value[KEY_DEST_DIRECTORY_path]);
	check_target(r, d->path, f.value[KEY_DEST_DIRECTORY_path], true);
	d->file_mode = modes[get_word(r, &f, KEY_DEST_DIRECTORY_mode)];
	d->as_fhir = get_word(r, &f, KEY_DEST_DIRECTORY_as) == 1;
	read_file_name(r, d, f.value[KEY_DEST_DIRECTORY_name]);
	read_fhir_options(r, d, &f, &keys);
	for (size_t i = 0; i < sizeof only_fhir / sizeof only_fhir[0] && !d->as_fhir; i++)
		if (f.value[only_fhir[i]])
			report_error(&r->report, f.value[only_fhir[i]]->at, "add 'as: fhir' or leave it out",
			             "'%s' has no use for HL7 messages", conf_keys[only_fhir[i]].name);
}

static void read_channel_dest(struct reader *r, struct conf_dest *d, const struct node *map)
{
	struct fields f;
	d->kind = CONF_DEST_CHANNEL;
	fields_read(r, &f, SECTION_DEST_CHANNEL, map);
	d->channel = get_name(r, &f, KEY_DEST_CHANNEL_to);
	if (d->channel)
		add_link(r, false, f.value[KEY_DEST_CHANNEL_to]);
}

void read_dest_kind(struct reader *r, struct conf_dest *d, const struct fields *f)
{
	static const struct {
		enum key_id key;
		void (*read)(struct reader *r, struct conf_dest *d, const struct node *map);
	} kinds[] = {
		{KEY_DEST_mllp, read_mllp},
		{KEY_DEST_fhir, read_fhir},
		{KEY_DEST_http, read_http},
		{KEY_DEST_file, read_file_dest},
		{KEY_DEST_directory, read_directory},
		{KEY_DEST_channel, read_channel_dest},
	};
	unsigned n = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		n += f->meant[kinds[i].key];
	if (n != 1)
		report_error(&r->report, f->at, "give it exactly one of mllp, fhir, http, file, directory and channel",
		             "the destination has %s to deliver", n ? "more than one way" : "no way");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (f->value[kinds[i].key])
			kinds[i].read(r, d, f->value[kinds[i].key]);
}
