/* SPDX-License-Identifier: Apache-2.0
 *
 * The files and folders that destinations write, and the folders that sources take files from. Two destinations of one
 * are a mistake, because what one writes the other one would overwrite, or mix with its own; so are two sources of one,
 * and a source that takes what a destination writes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/reader.h"

/* Takes empty parts and "." out, and a part before each "..": what a path means where there are no symbolic links. In
 * place. */
static void straighten(char *path)
{
	bool rooted = path[0] == '/';
	size_t base = rooted, out = base;
	for (const char *p = path + base; *p;) {
		size_t n = strcspn(p, "/");
		const char *next = p + n + (p[n] == '/');
		size_t last = out;
		while (last > base && path[last - 1] != '/')
			last--;
		bool up = n == 2 && p[0] == '.' && p[1] == '.';
		bool above = out <= base || (out - last == 2 && path[last] == '.' && path[last + 1] == '.');
		if (up && !above) {
			out = last > base ? last - 1 : base;
		} else if (n && !(n == 1 && p[0] == '.') && !(up && rooted)) {
			if (out > base)
				path[out++] = '/';
			memmove(path + out, p, n);
			out += n;
		}
		p = next;
	}
	path[out] = '\0';
}

/* Adds a path to the list; the one that stands there already is returned, and reported by the caller. */
static const struct written *add(struct reader *r, struct written **list, size_t *n, const char *path, struct place at)
{
	struct written *items = realloc(*list, (*n + 1) * sizeof *items);
	if (items)
		*list = items;
	char *copy = items ? keep_text(r, aff_view_of(path)) : NULL;
	if (!copy) {
		r->report.error = AFF_ENOMEM;
		return NULL;
	}
	straighten(copy);
	size_t i = 0;
	while (i < *n && strcmp(items[i].path, copy) != 0)
		i++;
	items[*n] = (struct written){copy, r->report.file, at};
	return i < (*n)++ ? &items[i] : NULL;
}

void add_written(struct reader *r, const char *path, const struct node *n)
{
	if (!path || !n)
		return;
	const struct written *other = add(r, &r->written, &r->nwritten, path, n->at);
	if (other)
		report_error(&r->report, n->at, "give one of them another path", "%s line %u writes there too",
		             other->file, other->at.line);
}

void add_watched(struct reader *r, const char *path, const struct node *n)
{
	const struct written *other = add(r, &r->watched, &r->nwatched, path, n->at);
	if (other)
		report_error(&r->report, n->at, "give one of them another folder",
		             "%s line %u takes files from this folder too", other->file, other->at.line);
}

bool is_same_path(struct reader *r, const char *a, const char *b)
{
	char *x = keep_text(r, aff_view_of(a)), *y = keep_text(r, aff_view_of(b));
	if (x && y) {
		straighten(x);
		straighten(y);
	}
	bool same = x && y && strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

/* Whether what is written is the folder, or a file in it. */
static bool is_in(const char *written, const char *folder)
{
	size_t n = strlen(folder);
	if (strncmp(written, folder, n) != 0)
		return false;
	return !written[n] || (written[n] == '/' && !strchr(written + n + 1, '/'));
}

void check_watched(struct reader *r)
{
	for (size_t i = 0; i < r->nwatched; i++) {
		const struct written *from = &r->watched[i];
		for (size_t k = 0; k < r->nwritten; k++) {
			const struct written *to = &r->written[k];
			r->report.file = to->file;
			if (is_in(to->path, from->path))
				report_error(&r->report, to->at, "write to another folder",
					     "a loop: %s line %u takes files from there", from->file, from->at.line);
		}
	}
}

void free_written(struct reader *r)
{
	for (size_t i = 0; i < r->nwritten; i++)
		free(r->written[i].path);
	free(r->written);
	for (size_t i = 0; i < r->nwatched; i++)
		free(r->watched[i].path);
	free(r->watched);
}
