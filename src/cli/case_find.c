/* SPDX-License-Identifier: Apache-2.0
 *
 * See case_find.h.
 */
#include "cli/case_find.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/vector.h"
#include "cli/case_files.h"
#include "cli/command.h"

#define YAML      ".yaml"
#define NAMES_MAX 100000

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n > m && strcmp(text + n - m, end) == 0;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "channels/x.cases" as the channel's file. */
static int take_cases(struct case_target *t, const char *folder)
{
	size_t n = strlen(folder) - strlen(CASE_ENDING);
	struct stat st;
	snprintf(t->config, sizeof t->config, "%.*s" YAML, (int)n, folder);
	if (stat(t->config, &st))
		return command_error("%s belongs to no channel: there is no %s", folder, t->config);
	return 0;
}

static int take_folder(struct case_target *t, const char *argument)
{
	char path[PATH_MAX];
	size_t n = strlen(argument);
	while (n > 1 && argument[n - 1] == '/')
		n--;
	snprintf(path, sizeof path, "%.*s", (int)n, argument);
	if (ends_with(path, CASE_ENDING))
		return take_cases(t, path);
	char *slash = strrchr(path, '/');
	if (slash) {
		*slash = '\0';
		if (ends_with(path, CASE_ENDING)) {
			snprintf(t->name, sizeof t->name, "%.255s", slash + 1);
			return take_cases(t, path);
		}
		*slash = '/';
	}
	snprintf(t->config, sizeof t->config, "%s", path);
	return 0;
}

int case_target_find(struct case_target *t, const char *argument)
{
	memset(t, 0, sizeof *t);
	snprintf(t->config, sizeof t->config, ".");
	if (!argument)
		return 0;
	if (strlen(argument) >= PATH_MAX - sizeof YAML)
		return command_error("the path is too long");
	if (is_folder(argument))
		return take_folder(t, argument);
	if (ends_with(argument, YAML)) {
		snprintf(t->config, sizeof t->config, "%s", argument);
		return 0;
	}
	const char *slash = strchr(argument, '/');
	size_t n = slash ? (size_t)(slash - argument) : strlen(argument);
	if (n >= sizeof t->channel || (slash && (strlen(slash + 1) >= sizeof t->name || strchr(slash + 1, '/'))))
		return command_error("there is no %s", argument);
	snprintf(t->channel, sizeof t->channel, "%.*s", (int)n, argument);
	snprintf(t->name, sizeof t->name, "%s", slash ? slash + 1 : "");
	return 0;
}

void case_folder(char out[PATH_MAX], const char *root, const struct conf_channel *channel)
{
	bool here = strcmp(root, ".") == 0;
	size_t n = strlen(channel->file) - (ends_with(channel->file, YAML) ? strlen(YAML) : 0);
	snprintf(out, PATH_MAX, "%.3000s%s%.*s" CASE_ENDING, here ? "" : root, here ? "" : "/",
		 (int)(n < 900 ? n : 900), channel->file);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct case_names *n, const char *name)
{
	if (n->count == NAMES_MAX)
		return AFF_ELIMIT;
	if (vector_room(&n->names, &n->capacity, n->count, sizeof *n->names) ||
	    !(n->names[n->count] = strdup(name)))
		return AFF_ENOMEM;
	n->count++;
	return 0;
}

int case_names_read(struct case_names *n, const char *folder)
{
	char path[PATH_MAX + 256];
	int rc = 0;
	memset(n, 0, sizeof *n);
	DIR *dir = opendir(folder);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return command_error("cannot read %s: %s", folder, strerror(errno));
	for (struct dirent *e; !rc && (e = readdir(dir));) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.' && is_folder(path))
			rc = add(n, e->d_name);
	}
	closedir(dir);
	if (n->count)
		qsort(n->names, n->count, sizeof *n->names, by_name);
	return rc ? command_error("%s: %s", folder, aff_error_text(rc)) : 0;
}

void case_names_free(struct case_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->names[i]);
	free(n->names);
}

size_t case_tell_strays(const char *root, const struct conf *conf)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct case_names n;
	size_t strays = 0;
	snprintf(folder, sizeof folder, "%.4000s/channels", root);
	if (case_names_read(&n, folder))
		return 1;
	for (size_t i = 0; i < n.count; i++) {
		bool known = !ends_with(n.names[i], CASE_ENDING);
		for (size_t k = 0; k < conf->nchannels && !known; k++) {
			case_folder(path, root, &conf->channels[k]);
			known = strcmp(strrchr(path, '/') + 1, n.names[i]) == 0;
		}
		if (!known) {
			command_error("%s/%s belongs to no channel; name it like its channel's file", folder,
				      n.names[i]);
			strays++;
		}
	}
	case_names_free(&n);
	return strays;
}
