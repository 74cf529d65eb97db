/* SPDX-License-Identifier: Apache-2.0
 *
 * The folder that the tests of a command work in, and the names of what lies in it.
 */
#ifndef TESTS_CLI_FOLDER_H
#define TESTS_CLI_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static char folder[64];

/* Good until the fourth call after it. */
static const char *at(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

/* A folder of files. */
__attribute__((unused)) static void remove_all(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	while (d && (e = readdir(d))) {
		char name[512];
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			unlink(name);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

#endif
