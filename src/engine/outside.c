/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal as configured, and the way of its checkpoints to the outside: the writer hands them over after the commit
 * and goes on.
 */
#include "engine/engine_internal.h"

static void send_checkpoint(void *arg, const char *what, struct aff_view line)
{
	struct engine *e = arg;
	if (e->syslog)
		syslog_client_put(e->syslog, what, line);
}

static int start_syslog(struct engine *e, const struct conf_syslog *s, struct aff_diag *diag)
{
	struct syslog_options o = {.to = s->to,
				   .name = s->name,
				   .tls = {.ca_file = s->ca_file, .cert_file = s->cert_file, .key_file = s->key_file}};
	return s->to ? syslog_client_start(&e->syslog, &o, diag) : 0;
}

void engine_journal_options(const struct conf *conf, struct journal_options *out)
{
	const struct conf_engine *c = &conf->engine;
	*out = (struct journal_options){.folder = c->journal,
					.file_rows = c->file_rows,
					.file_bytes = c->file_bytes,
					.quarantine = c->quarantine,
					.must_exist = c->journal_must_exist,
					.reserve_bytes = c->reserve_bytes,
					.daily = c->daily,
					.keep_us = c->keep_ms * 1000,
					.keep_bytes = c->keep_bytes,
					.key_file = c->key_file,
					.encrypt = c->encrypt,
					.secret_file = c->secret_file,
					.checkpoint_file = c->checkpoint_file};
}

int engine_open_journal(struct engine *e, struct aff_diag *diag)
{
	struct journal_options options;
	engine_journal_options(e->conf, &options);
	options.coder = &e->coder;
	options.export = send_checkpoint;
	options.export_arg = e;
	int rc = start_syslog(e, &e->conf->engine.syslog, diag);
	return rc ? rc : journal_open(&e->journal, &options, diag);
}

static int new_key(void *arg, struct journal *journal, struct aff_diag *diag)
{
	const char *const *who = arg;
	return journal_new_key(journal, aff_view_of(*who), diag);
}

struct rekey {
	const char *who;
	bool changed;
};

static int rekey(void *arg, struct journal *journal, struct aff_diag *diag)
{
	struct rekey *r = arg;
	return journal_rekey(journal, aff_view_of(r->who), &r->changed, diag);
}

int engine_rekey(struct engine *e, const char *who, bool *changed, struct aff_diag *diag)
{
	struct rekey r = {.who = who};
	int rc = writer_call(e->writer, rekey, &r, diag);
	*changed = r.changed;
	return rc;
}

int engine_new_key(struct engine *e, const char *who, struct aff_diag *diag)
{
	return writer_call(e->writer, new_key, &who, diag);
}
