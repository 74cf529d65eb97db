/* SPDX-License-Identifier: Apache-2.0
 *
 * The snapshot: made whole from the files, checked across them, shared by reference count.
 */
#include "conf/conf.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "conf/reader.h"

struct snapshot {
	struct conf conf;      /* first: a struct conf * handed out points here */
	atomic_uint references;
};

/* ---- one file after the other ---- */

static bool is_yaml(const struct conf_file *file)
{
	size_t n = strlen(file->name);
	return n > 5 && !strcmp(file->name + n - 5, ".yaml");
}

static bool is_csv(const struct conf_file *file)
{
	size_t n = strlen(file->name);
	return n > 4 && !strcmp(file->name + n - 4, ".csv");
}

static bool is_table(const struct conf_file *file)
{
	return is_yaml(file) && !strncmp(file->name, "mappings/", 9);
}

static bool is_engine(const struct conf_file *file)
{
	return !strcmp(file->name, "afferent.yaml");
}

static bool is_profile(const struct conf_file *file)
{
	return !strncmp(file->name, "profiles/", 9) && !is_csv(file);
}

static bool is_channel(const struct conf_file *file)
{
	return is_yaml(file) && !is_table(file) && !is_engine(file) && !is_profile(file);
}

typedef void read_fn(struct reader *r, const struct node *root);

/* Reads one file; root is NULL when it cannot be read. */
static void read_one(struct reader *r, const struct conf_file *file, read_fn *read)
{
	struct tree tree;
	struct place start = {1, 1};
	r->report.file = file->name;
	int rc = tree_read(&tree, file->bytes, &r->report);
	bool partly = rc == AFF_ECONFIG && tree.root && !r->report.error;
	if (!rc && !tree.root)
		report_error(&r->report, start, "fill it, or remove it", "the file is empty");
	if (!r->report.error)
		read(r, rc && !partly ? NULL : tree.root);
	tree_free(&tree);
}

static void read_channel_file(struct reader *r, const struct node *root)
{
	if (root)
		read_channel(r, root);
	if (!root || root->cut)
		r->unreadable_channel = true;
}

/* Reads all files of a kind; returns how many there are. */
static size_t read_each(struct reader *r, bool (*is)(const struct conf_file *), read_fn *read)
{
	size_t n = 0;
	for (size_t i = 0; i < r->files->count && !r->report.error; i++) {
		if (is(&r->files->items[i])) {
			read_one(r, &r->files->items[i], read);
			n++;
		}
	}
	return n;
}

/* ---- what concerns several files ---- */

static void check_tables(struct reader *r)
{
	for (size_t i = 0; i < r->ntables && !r->files->single && !r->unreadable_channel; i++) {
		const struct known_table *t = &r->tables[i];
		r->report.file = t->file;
		if (t->table && !t->used && !t->library)
			report_warning(&r->report, t->at, NULL,
			               "no channel uses the table '%s'", t->name);
	}
}

static void check_profiles(struct reader *r)
{
	for (size_t i = 0; i < r->nprofiles && !r->files->single && !r->unreadable_channel; i++) {
		const struct known_profile *p = &r->profiles[i];
		r->report.file = p->file;
		if (p->profile && !p->used)
			report_warning(&r->report, (struct place){1, 1}, NULL, "no channel uses this profile");
	}
}

static void check_scripts(struct reader *r)
{
	for (size_t i = 0; i < r->files->count && !r->files->single && !r->unreadable_channel; i++) {
		r->report.file = r->files->items[i].name;
		if (!strncmp(r->report.file, "scripts/", 8) && r->scripts[i] == SCRIPT_UNUSED)
			report_warning(&r->report, (struct place){1, 1}, NULL, "no channel uses this script");
	}
}

/* Where text stops being UTF-8; its length when it does not. */
static size_t utf8_end(struct aff_view text)
{
	size_t at = 0;
#ifdef AFF_MUTANT_86 /* any bytes are text */
	return text.n;
#endif
	while (at < text.n) {
		size_t n = ascii_length(text.p + at, text.n - at);
		n = n ? n : utf8_length(text.p + at, text.n - at);
		if (!n)
			break;
		at += n;
	}
	return at;
}

/* What a table says ends up in messages. */
static void check_csv_bytes(struct reader *r)
{
	for (size_t i = 0; i < r->files->count; i++) {
		const struct conf_file *file = &r->files->items[i];
		size_t end = is_csv(file) ? utf8_end(file->bytes) : file->bytes.n;
		r->report.file = file->name;
		if (end < file->bytes.n)
			report_error(&r->report, place_of_byte(file->bytes, end), "save the file as UTF-8",
			             "this byte is not UTF-8");
	}
}

/* What could not be read; what others use of it is not known. */
static bool report_problems(struct reader *r)
{
	bool engine = false;
	for (size_t i = 0; i < r->files->problems.count; i++) {
		const struct aff_diag *d = &r->files->problems.items[i];
		r->report.file = d->source;
		report_forward(&r->report, d);
		if (i >= r->files->unread)
			continue;
		engine = engine || !strcmp(d->source, "afferent.yaml");
		r->unreadable_channel = r->unreadable_channel || !strncmp(d->source, "channels", 8);
		r->unreadable_table = r->unreadable_table || !strncmp(d->source, "mappings", 8);
	}
	return engine;
}

static void read_files(struct reader *r)
{
	struct place nowhere = {0, 0};
	bool unreadable_engine = report_problems(r);
	check_csv_bytes(r);
	read_each(r, is_table, read_table);
	for (size_t i = 0; i < r->files->count && !r->report.error; i++)
		if (is_profile(&r->files->items[i]))
			read_profile(r, &r->files->items[i]);
	if (!read_each(r, is_engine, read_engine)) {
		r->report.file = "afferent.yaml";
		if (!r->files->single && !unreadable_engine)
			report_info(&r->report, nowhere, NULL, "there is no such file: defaults are used");
		read_engine(r, NULL);
	}
	if (!read_each(r, is_channel, read_channel_file) && !r->unreadable_channel) {
		r->report.file = "channels";
		report_error(&r->report, nowhere, "put one .yaml file for each channel there", "there is no channel");
	}
	check_endpoints(r);
	check_watched(r);
	check_links(r);
	check_forgotten(r);
	check_tables(r);
	check_profiles(r);
	check_scripts(r);
}

/* ---- the snapshot ---- */

static void free_dest(struct conf_dest *d)
{
	free(d->name);
	free(d->full_name);
	free(d->url);
	free(d->path);
	free(d->channel);
	free(d->file_name);
	free(d->fhir_base);
	aff_expr_free(d->when);
	aff_expr_free(d->priority);
	for (size_t i = 0; i < d->sample.nbands; i++)
		free(d->sample.bands[i].code);
	free(d->sample.bands);
}

static void free_channel(struct conf_channel *c)
{
	for (size_t i = 0; i < c->ndests; i++)
		free_dest(&c->dests[i]);
	free(c->dests);
	aff_rules_free(c->transform);
	free(c->source.delivered_to);
	for (size_t i = 0; i < c->source.nchannels; i++)
		free(c->source.channels[i]);
	free(c->source.channels);
	free(c->accept.messages);
	for (size_t i = 0; i < c->accept.nsenders; i++)
		free(c->accept.senders[i]);
	free(c->accept.senders);
	for (size_t i = 0; i < c->accept.checks.override_count; i++)
		free((void *)(uintptr_t)c->accept.overrides[i].rule);
	free(c->accept.overrides);
	free(c->name);
	free(c->description);
	free(c->source.path);
	free(c->source.folder.match);
	free(c->source.folder.done);
	free(c->source.folder.error);
	free(c->source.folder.acks);
	free(c->file);
}

static void free_conf(struct conf *c)
{
	for (size_t i = 0; i < c->nchannels; i++)
		free_channel(&c->channels[i]);
	for (size_t i = 0; i < c->ntables; i++)
		aff_table_free(c->tables[i]);
	for (size_t i = 0; i < c->nprofiles; i++)
		aff_profile_free(c->profiles[i]);
	free(c->channels);
	free(c->tables);
	free(c->profiles);
	for (size_t i = 0; i < c->engine.nforget; i++)
		free(c->engine.forget[i].full_name);
	free(c->engine.forget);
	free(c->engine.journal);
	free(c->engine.checkpoint_file);
	free(c->engine.key_file);
	free(c->engine.secret_file);
	free(c->engine.syslog.to);
	free(c->engine.syslog.name);
	free(c->engine.syslog.ca_file);
	free(c->engine.syslog.cert_file);
	free(c->engine.syslog.key_file);
	free(c->engine.control);
	aff_buf_free(&c->packed);
	free(c);
}

static int new_conf(struct conf **out, const struct conf_files *files)
{
	struct snapshot *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	struct conf *c = &s->conf;
	atomic_init(&s->references, 1);
	aff_buf_init(&c->packed, 2 * (size_t)CONF_MAX_BYTES);
	conf_files_pack(files, &c->packed);
	c->channels = calloc(files->count + 1, sizeof *c->channels);
	c->tables = calloc(files->count + 1, sizeof(struct aff_table *));
	c->profiles = calloc(files->count + 1, sizeof(struct aff_profile *));
	if (c->packed.error || !c->channels || !c->tables || !c->profiles) {
		free_conf(c);
		return AFF_ENOMEM;
	}
	sha256(c->sha256, aff_buf_view(&c->packed));
	*out = c;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct aff_diag *x = a, *y = b;
	int c = strcmp(x->source, y->source);
	if (!c)
		c = x->line < y->line ? -1 : x->line > y->line;
	if (!c)
		c = x->column < y->column ? -1 : x->column > y->column;
	return c ? c : strcmp(x->text, y->text);
}

int conf_load(struct conf **out, const struct conf_files *files, struct aff_diag_list *findings)
{
	size_t before = findings->count, errors = findings->errors;
	struct conf *c = NULL;
	*out = NULL;
	int rc = new_conf(&c, files);
	if (rc)
		return rc;
	struct report report = {.findings = findings, .root = files->root, .file = ""};
	struct reader r = {.files = files, .conf = c, .report = report};
	r.tables = keep_array(&r, files->count + 1, sizeof *r.tables);
	r.profiles = keep_array(&r, files->count + 1, sizeof *r.profiles);
	r.scripts = keep_array(&r, files->count + 1, sizeof *r.scripts);
	if (r.tables && r.profiles && r.scripts)
		read_files(&r);
	if (findings->count > before)
		qsort(findings->items + before, findings->count - before, sizeof *findings->items, by_place);
	for (size_t i = 0; i < r.ntables; i++)
		free(r.tables[i].name);
	free(r.tables);
	free(r.profiles);
	free(r.scripts);
	free(r.listeners.items);
	free(r.receivers.items);
	free_written(&r);
	free_links(&r);
	free(r.dialed.items);
	rc = r.report.error ? r.report.error : findings->errors > errors ? AFF_ECONFIG : 0;
	if (rc)
		free_conf(c);
	else
		*out = c;
	return rc;
}

static struct snapshot *snapshot_of(struct conf *c)
{
	return (struct snapshot *)c;
}

struct conf *conf_ref(struct conf *c)
{
	atomic_fetch_add_explicit(&snapshot_of(c)->references, 1, memory_order_relaxed);
	return c;
}

void conf_unref(struct conf *c)
{
	if (c && atomic_fetch_sub_explicit(&snapshot_of(c)->references, 1, memory_order_acq_rel) == 1)
		free_conf(c);
}

const struct conf_channel *conf_channel(const struct conf *c, struct aff_view name)
{
	for (size_t i = 0; i < c->nchannels; i++)
		if (aff_view_is(name, c->channels[i].name))
			return &c->channels[i];
	return NULL;
}

const struct conf_dest *conf_dest(const struct conf *c, struct aff_view full_name)
{
	for (size_t i = 0; i < c->nchannels; i++)
		for (size_t k = 0; k < c->channels[i].ndests; k++)
			if (aff_view_is(full_name, c->channels[i].dests[k].full_name))
				return &c->channels[i].dests[k];
	return NULL;
}
