/* SPDX-License-Identifier: Apache-2.0
 *
 * What CHANNEL means on a command line: the same in every command that runs messages through one.
 */
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/config.h"

static bool is_path(const char *what)
{
	size_t n = strlen(what);
	return (n > 5 && strcmp(what + n - 5, ".yaml") == 0) || access(what, F_OK) == 0;
}

static void tell_unclear(const struct conf *c, const char *name)
{
	struct aff_buf names;
	aff_buf_init(&names, 4096);
	for (size_t i = 0; i < c->nchannels; i++)
		aff_buf_printf(&names, "%s%s", i ? ", " : "", c->channels[i].name);
	aff_buf_put_char(&names, '\0');
	const char *all = names.error ? "too many to list" : names.p;
	if (!c->nchannels)
		command_error("the configuration has no channel");
	else if (name)
		command_error("there is no channel '%s'; there are: %s", name, all);
	else
		command_error("there are several channels; name one: %s", all);
	aff_buf_free(&names);
}

struct conf *config_load_channel(const char *what, const char *config, bool all, const struct conf_channel **channel)
{
	bool path = what && is_path(what);
	const char *name = path ? NULL : what;
	*channel = NULL;
	if (path && config) {
		command_error("with --config, name the channel, not its file");
		return NULL;
	}
	struct conf *conf = config_load(path ? what : config ? config : ".");
	if (!conf || (all && !what))
		return conf;
	if (name)
		*channel = conf_channel(conf, aff_view_of(name));
	else if (conf->nchannels == 1)
		*channel = &conf->channels[0];
	if (*channel || (all && !name))
		return conf;
	tell_unclear(conf, name);
	conf_unref(conf);
	return NULL;
}
