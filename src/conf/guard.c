/* SPDX-License-Identifier: Apache-2.0
 *
 * Who else could change the configuration: modes and owners of its files and folders. Whoever can write a channel
 * decides where patient data goes.
 */
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

/* The first of several that are alike, and how many there are. */
struct group {
	const char *name;
	unsigned id;
	size_t count;
};

struct guard {
	struct conf_files *files;
	struct group writable, foreign;
};

static void count(struct group *g, const char *name, unsigned id)
{
	if (!g->count++) {
		g->name = name;
		g->id = id;
	}
}

static void add(struct conf_files *f, const char *name, enum aff_severity severity, struct aff_diag *d)
{
	d->severity = severity;
	aff_diag_in(d, name, 0, 0);
	aff_diag_list_add(&f->problems, d);
}

/* A group of its own for each user, with the user's number, is as good as the user. */
static void look_at(struct guard *g, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	struct aff_diag d;
	if (snprintf(path, sizeof path, "%s/%s", g->files->root, name) >= (int)sizeof path || lstat(path, &st))
		return;
#ifdef AFF_MUTANT_85 /* everybody may */
	st.st_mode &= ~(mode_t)S_IWOTH;
#endif
	if (st.st_mode & S_IWOTH) {
		aff_diag_set(&d, AFF_EPERMISSION, "everybody may write this %s",
		             S_ISDIR(st.st_mode) ? "folder" : "file");
		aff_diag_hint(&d, "chmod o-w %s", path);
		add(g->files, name, AFF_SEVERITY_ERROR, &d);
	}
	if ((st.st_mode & S_IWGRP) && st.st_gid != st.st_uid && st.st_gid != 0)
		count(&g->writable, name, (unsigned)st.st_gid);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		count(&g->foreign, name, (unsigned)st.st_uid);
}

/* One finding for all that are alike: what may be done to them by whom. */
static void tell(struct conf_files *f, const struct group *g, const char *who, const char *hint)
{
	struct aff_diag d;
	char others[64] = "";
	if (!g->count)
		return;
	if (g->count > 1)
		snprintf(others, sizeof others, ", and %zu other%s of the configuration", g->count - 1,
		         g->count == 2 ? "" : "s");
	aff_diag_set(&d, AFF_EPERMISSION, "%s %u may write this file or folder%s", who, g->id, others);
	aff_diag_hint(&d, "%s", hint);
	add(f, g->name, AFF_SEVERITY_WARNING, &d);
}

void conf_files_guard(struct conf_files *f)
{
	static const char *const folders[] = {".", "channels", "mappings", "profiles", "scripts"};
	struct guard g = {.files = f};
	for (size_t i = 0; i < sizeof folders / sizeof folders[0] && !f->single; i++)
		look_at(&g, folders[i]);
	for (size_t i = 0; i < f->count; i++)
		look_at(&g, f->items[i].name);
	tell(f, &g.writable, "the group with id", "take the right from the group: chmod -R g-w");
	tell(f, &g.foreign, "its owner with id", "let root or the user that runs the engine own the configuration");
}
