/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent.yaml and channels/<name>.yaml: the engine and a channel.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/reader.h"

#define MAX_FORGOTTEN 1000

static void read_forget(struct reader *r, struct conf_engine *e, const struct node *list)
{
	char word[SHOWN_SIZE];
	if (!list)
		return;
	if (list->count > MAX_FORGOTTEN) {
		report_error(&r->report, list->at, "forget them in several starts",
		             "there are more than %d destinations", MAX_FORGOTTEN);
		return;
	}
	e->forget = keep_array(r, list->count + 1, sizeof *e->forget);
	for (const struct node *n = list->first; n && e->forget; n = n->next) {
		const char *slash = n->kind == NODE_SCALAR ? memchr(n->text.p, '/', n->text.n) : NULL;
		char *name = slash && slash > n->text.p && slash + 1 < n->text.p + n->text.n ? keep_text(r, n->text)
		                                                                             : NULL;
		if (name)
			e->forget[e->nforget++] = (struct conf_forgotten){name, n->at.line, n->at.column};
		else
			report_error(&r->report, n->at, "write channel/destination", "'%s' is no destination",
			             shown(word, n->text));
	}
}

void check_forgotten(struct reader *r)
{
	const struct conf_engine *e = &r->conf->engine;
	r->report.file = "afferent.yaml";
	for (size_t i = 0; i < e->nforget; i++) {
		struct place at = {e->forget[i].line, e->forget[i].column};
		if (conf_dest(r->conf, aff_view_of(e->forget[i].full_name)))
			report_error(&r->report, at, "leave it out, or take the destination out of its channel",
			             "'%s' is still delivered to", e->forget[i].full_name);
	}
}

static void read_log_file(struct reader *r, struct conf_engine *e, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_LOG_FILE, map);
	e->file_rows = get_number(r, &f, KEY_LOG_FILE_rows);
	e->file_bytes = get_number(r, &f, KEY_LOG_FILE_size);
	e->daily = get_word(r, &f, KEY_LOG_FILE_at) == 0;
	e->keep_ms = (int64_t)get_number(r, &f, KEY_LOG_FILE_keep);
	e->keep_bytes = get_number(r, &f, KEY_LOG_FILE_keep_size);
	e->keep_bodies_ms = (int64_t)get_number(r, &f, KEY_LOG_FILE_keep_bodies);
	read_forget(r, e, f.value[KEY_LOG_FILE_forget]);
}

static void read_duplicates(struct reader *r, struct conf_engine *e, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_DUPLICATES, map);
	e->resend_ms = (int64_t)get_number(r, &f, KEY_DUPLICATES_window);
	e->resend_most = get_number(r, &f, KEY_DUPLICATES_most);
}

static bool is_host_name(struct aff_view v)
{
	bool good = v.n && v.n <= 253;
	for (size_t i = 0; good && i < v.n; i++) {
		char c = v.p[i];
		good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		       c == '.';
	}
	return good && v.p[0] != '.' && v.p[0] != '-';
}

static void read_syslog(struct reader *r, struct conf_syslog *s, const struct node *map)
{
	struct conf_address to;
	struct fields f;
	if (!map || !fields_read(r, &f, SECTION_SYSLOG, map))
		return;
	if (get_address(r, &f, KEY_SYSLOG_to, &to)) {
		s->to = keep_text(r, f.value[KEY_SYSLOG_to]->text);
		add_endpoint(r, &r->receivers, &to, f.value[KEY_SYSLOG_to]->at);
	}
	const struct node *name = f.value[KEY_SYSLOG_name];
	char word[SHOWN_SIZE];
	if (name && !is_host_name(name->text))
		report_error(&r->report, name->at, "write it as syslog.hospital.example", "'%s' is no host name",
		             shown(word, name->text));
	s->name = get_string(r, &f, KEY_SYSLOG_name);
	s->ca_file = get_path(r, &f, KEY_SYSLOG_ca_file);
	s->cert_file = get_path(r, &f, KEY_SYSLOG_cert_file);
	s->key_file = get_path(r, &f, KEY_SYSLOG_key_file);
	bool cert = f.meant[KEY_SYSLOG_cert_file], key = f.meant[KEY_SYSLOG_key_file];
	if (cert != key)
		report_error(&r->report, f.at, "give both, or none", "'%s' has no use without '%s'",
		             cert ? "cert_file" : "key_file", cert ? "key_file" : "cert_file");
}

static void read_checkpoints(struct reader *r, struct conf_engine *e, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_CHECKPOINTS, map);
	e->checkpoint_file = get_path(r, &f, KEY_CHECKPOINTS_file);
	e->key_file = get_path(r, &f, KEY_CHECKPOINTS_key_file);
	read_syslog(r, &e->syslog, f.value[KEY_CHECKPOINTS_syslog]);
}

/* Where systemd puts a credential: told to the service, and known to others, like the commands that root runs. */
static char *credential_path(struct reader *r, const char *name)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	if (!folder || !folder[0])
		folder = "/run/credentials/afferent.service";
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = keep_array(r, size, 1);
	if (path)
		snprintf(path, size, "%s/%s", folder, name);
	return path;
}

static void read_encrypt(struct reader *r, struct conf_engine *e, const struct node *value)
{
	struct fields f;
	e->encrypt = !value || value->kind == NODE_MAP;
	if (!value || !e->encrypt)
		return;
	fields_read(r, &f, SECTION_ENCRYPT, value);
	e->secret_file = get_path(r, &f, KEY_ENCRYPT_key_file);
	char *name = get_name(r, &f, KEY_ENCRYPT_credential);
	if (e->secret_file && name)
		report_error(&r->report, f.value[KEY_ENCRYPT_credential]->at, "leave one of them out",
			     "'credential' and 'key_file' name the same thing");
	else if (name)
		e->secret_file = credential_path(r, name);
	free(name);
}

void read_engine(struct reader *r, const struct node *root)
{
	struct conf_engine *e = &r->conf->engine;
	struct fields f;
	fields_read(r, &f, SECTION_ENGINE, root);
	e->journal = get_path(r, &f, KEY_ENGINE_journal);
	e->journal_must_exist = get_word(r, &f, KEY_ENGINE_new_journal) == 1;
	e->quarantine = get_word(r, &f, KEY_ENGINE_on_corruption) == 1;
	e->control = get_path(r, &f, KEY_ENGINE_control);
	e->io_threads = (unsigned)get_number(r, &f, KEY_ENGINE_io_threads);
	e->memory = get_number(r, &f, KEY_ENGINE_memory);
	read_log_file(r, e, f.value[KEY_ENGINE_log_file]);
	e->reserve_bytes = get_number(r, &f, KEY_ENGINE_reserve);
	e->stall = get_word(r, &f, KEY_ENGINE_on_full) == 1;
	read_duplicates(r, e, f.value[KEY_ENGINE_duplicates]);
	read_checkpoints(r, e, f.value[KEY_ENGINE_checkpoints]);
	read_encrypt(r, e, f.value[KEY_ENGINE_encrypt]);
	e->drain_ms = (int64_t)get_number(r, &f, KEY_ENGINE_drain);
	e->log_json = get_word(r, &f, KEY_ENGINE_log) == 1;
}

static void check_name(struct reader *r, const struct conf_channel *c, struct place at)
{
	for (size_t i = 0; c->name && i < r->conf->nchannels; i++) {
		const struct conf_channel *other = &r->conf->channels[i];
		if (other->name && !strcmp(other->name, c->name))
			report_error(&r->report, at, "give one of them another name", "the channel '%s' is in %s too",
			             c->name, other->file);
	}
}

static void read_on_error(struct reader *r, const struct conf_channel *c, const struct fields *f)
{
	static const enum aff_on_error whats[] = {AFF_ON_ERROR_REJECT, AFF_ON_ERROR_SKIP};
	unsigned word = get_word(r, f, KEY_CHANNEL_on_error);
	if (c->transform)
		aff_rules_on_error(c->transform, whats[word]);
	else if (f->value[KEY_CHANNEL_on_error] && !f->meant[KEY_CHANNEL_transform])
		report_error(&r->report, f->value[KEY_CHANNEL_on_error]->at, "leave it out",
		             "'on_error' is about the steps of 'transform', and there are none");
}

void read_channel(struct reader *r, const struct node *root)
{
	struct conf_channel *c = &r->conf->channels[r->conf->nchannels];
	struct fields f;
	if (in_wrong_folder(r, root, SECTION_CHANNEL) || !fields_read(r, &f, SECTION_CHANNEL, root)) {
		r->unreadable_channel = true;
		return;
	}
	c->file = keep_text(r, aff_view_of(r->report.file));
	c->name = get_name(r, &f, KEY_CHANNEL_channel);
	check_name(r, c, f.value[KEY_CHANNEL_channel] ? f.value[KEY_CHANNEL_channel]->at : f.at);
	c->description = get_string(r, &f, KEY_CHANNEL_description);
	read_source(r, &c->source, f.value[KEY_CHANNEL_source]);
	read_accept(r, &c->accept, f.value[KEY_CHANNEL_accept]);
	if (f.value[KEY_CHANNEL_transform])
		c->transform = read_transform(r, f.value[KEY_CHANNEL_transform]);
	read_on_error(r, c, &f);
	const struct node *destinations = f.value[KEY_CHANNEL_destinations];
	if (destinations)
		read_destinations(r, c, destinations);
	check_answer(r, c, f.value[KEY_CHANNEL_source]);
	if (destinations && destinations->kind == NODE_SCALAR && f.value[KEY_CHANNEL_transform])
		report_error(&r->report, f.value[KEY_CHANNEL_transform]->at, "leave it out",
		             "'transform' has no use with 'destinations: none': the journal keeps what came");
	r->conf->nchannels++;
}
