/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading configurations for the commands.
 */
#include "cli/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "conf/compare.h"
#include "conf/profile.h"

#define FINDINGS_MAX 100

/* Tells why something could not be loaded; frees the findings. */
static void tell(struct aff_diag_list *findings, int rc, const char *what)
{
	for (size_t i = 0; rc && i < findings->count; i++)
		if (findings->items[i].severity == AFF_SEVERITY_ERROR)
			command_error_diag(&findings->items[i]);
	if (rc && !findings->errors)
		command_error("cannot load %s: %s", what, aff_error_text(rc));
	aff_diag_list_free(findings);
}

struct conf *config_load_files(const struct conf_files *files)
{
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	aff_diag_list_init(&findings, FINDINGS_MAX);
	int rc = conf_load(&conf, files, &findings);
	tell(&findings, rc, "the configuration");
	return rc ? NULL : conf;
}

int config_profile(struct aff_profile **out, const char *path)
{
	struct aff_diag_list findings;
	aff_diag_list_init(&findings, FINDINGS_MAX);
	int rc = conf_profile_load(out, path, &findings);
	tell(&findings, rc, path);
	return rc ? COMMAND_FAILED : COMMAND_OK;
}

struct conf *config_load(const char *path)
{
	struct conf_files files;
	struct aff_diag diag;
	if (conf_files_read(&files, path, &diag)) {
		command_error_diag(&diag);
		return NULL;
	}
	struct conf *conf = config_load_files(&files);
	conf_files_free(&files);
	return conf;
}

struct conf *config_load_packed(struct aff_view packed)
{
	struct conf_files files;
	struct aff_diag diag;
	if (conf_files_unpack(&files, packed, &diag)) {
		command_error_diag(&diag);
		return NULL;
	}
	struct conf *conf = config_load_files(&files);
	conf_files_free(&files);
	return conf;
}

/* All names, for the message that asks for one of them. */
static void list_destinations(const struct conf *c, struct aff_buf *out)
{
	for (size_t i = 0; i < c->nchannels; i++)
		for (size_t k = 0; k < c->channels[i].ndests; k++)
			aff_buf_printf(out, "%s%s", out->n ? ", " : "", c->channels[i].dests[k].full_name);
	aff_buf_put_char(out, '\0');
}

static bool is_meant(const struct conf_dest *d, const char *name)
{
	return !name || strcmp(d->name, name) == 0 || strcmp(d->full_name, name) == 0;
}

const struct conf_dest *config_destination(const struct conf *c, const char *name,
                                           const struct conf_channel **channel)
{
	const struct conf_dest *found = NULL;
	size_t n = 0;
	for (size_t i = 0; i < c->nchannels; i++) {
		for (size_t k = 0; k < c->channels[i].ndests; k++) {
			if (!is_meant(&c->channels[i].dests[k], name))
				continue;
			found = &c->channels[i].dests[k];
			*channel = &c->channels[i];
			n++;
		}
	}
	if (n == 1)
		return found;
	struct aff_buf names;
	aff_buf_init(&names, 4096);
	list_destinations(c, &names);
	const char *all = names.error ? "too many to list" : names.p;
	if (!names.error && !names.p[0])
		command_error("no channel has a destination: the journal keeps what comes");
	else if (n == 0 && name)
		command_error("there is no destination '%s'; there are: %s", name, all);
	else
		command_error("several destinations fit; say which: %s", all);
	aff_buf_free(&names);
	return NULL;
}

char *config_journal_and_keys(const char *journal, const char *config, char **secret)
{
	*secret = NULL;
	if (journal && !config)
		return strdup(journal);
	if (!config && access("afferent.yaml", R_OK) != 0)
		return strdup("journal");
	struct conf *conf = config_load(config ? config : ".");
	char *folder = conf ? strdup(journal ? journal : conf->engine.journal) : NULL;
	if (folder && conf->engine.secret_file)
		*secret = strdup(conf->engine.secret_file);
	conf_unref(conf);
	return folder;
}

int config_socket(const char *path, struct aff_buf *out, struct aff_diag *diag)
{
	struct conf_files files = {0};
	int rc = conf_files_read(&files, path, diag);
	if (!rc)
		conf_control_socket(&files, out);
	conf_files_free(&files);
	return rc;
}

struct aff_view config_behind(struct aff_view text, unsigned lines)
{
	for (; lines; lines--) {
		const char *end = memchr(text.p, '\n', text.n);
		if (!end)
			return aff_view("", 0);
		text = aff_view(end + 1, text.n - (size_t)(end + 1 - text.p));
	}
	return text;
}

struct aff_view config_text(const struct conf_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i].name, name) == 0)
			return files->items[i].bytes;
	return aff_view("", 0);
}

struct aff_view config_line(struct aff_view text, unsigned line)
{
	text = config_behind(text, line - 1);
	const char *end = memchr(text.p, '\n', text.n);
	size_t n = end ? (size_t)(end - text.p) : text.n;
	return aff_view(text.p, n && text.p[n - 1] == '\r' ? n - 1 : n);
}

char *config_journal(const char *journal, const char *config)
{
	char *secret, *folder = config_journal_and_keys(journal, journal ? NULL : config, &secret);
	free(secret);
	return folder;
}
