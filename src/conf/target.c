/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a destination can write where it wants to: not into the configuration, which would be broken at the next
 * start, nor into the journal; and not into a folder that is not there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "conf/reader.h"

static bool is_same_thing(struct reader *r, const char *a, const char *b)
{
	struct stat x, y;
	if (!stat(a, &x) && !stat(b, &y))
		return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
	return is_same_path(r, a, b);
}

/* What of the engine's own this is; NULL: nothing. */
static const char *own(struct reader *r, const char *path)
{
	static const char *const parts[] = {"channels", "mappings", "profiles", "scripts", "afferent.yaml"};
	const char *found = NULL;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !found; i++) {
		size_t size = strlen(r->files->root) + strlen(parts[i]) + 2;
		char *mine = keep_array(r, size, 1);
		if (mine)
			snprintf(mine, size, "%s/%s", r->files->root, parts[i]);
		found = mine && is_same_thing(r, path, mine) ? "configuration" : NULL;
		free(mine);
	}
	const char *journal = r->conf->engine.journal;
#ifdef AFF_MUTANT_97 /* messages may be written into the configuration */
	found = NULL;
#endif
	return !found && journal && is_same_thing(r, path, journal) ? "journal" : found;
}

void check_target(struct reader *r, const char *path, const struct node *n, bool folder)
{
	struct stat st;
	if (!path || !n || stat(r->files->root, &st)) /* a configuration that is in no folder */
		return;
	char *parent = keep_text(r, aff_view_of(path));
	char *slash = parent ? strrchr(parent, '/') : NULL;
	if (slash)
		slash[slash == parent] = '\0';
	const char *into = folder ? path : slash ? parent : ".";
	const char *mine = own(r, path);
	mine = mine ? mine : own(r, into);
	bool there = !stat(into, &st), is_folder = there && S_ISDIR(st.st_mode);
	if (mine)
		report_error(&r->report, n->at, "write to another place", "messages would be written into the %s",
		             mine);
	else if (!there)
		report_warning(&r->report, n->at, "make it; until then the messages wait in the journal",
		               "there is no folder %s", into);
	else if (!is_folder)
		report_error(&r->report, n->at, "name a folder", "%s is no folder", into);
	else if (!folder && !stat(path, &st) && S_ISDIR(st.st_mode))
		report_error(&r->report, n->at, "name a file in it, or use 'directory' for a file each message",
		             "%s is a folder", path);
	free(parent);
}
