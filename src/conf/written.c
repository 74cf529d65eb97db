/* SPDX-License-Identifier: Apache-2.0
 *
 * The files and folders that destinations write: two destinations of one are a mistake, because what one writes the
 * other one would overwrite, or mix with its own.
 */
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

void add_written(struct reader *r, const char *path, const struct node *n)
{
	if (!path || !n)
		return;
	struct written *items = realloc(r->written, (r->nwritten + 1) * sizeof *items);
	if (items)
		r->written = items;
	char *copy = items ? keep_text(r, aff_view_of(path)) : NULL;
	if (!copy) {
		r->report.error = AFF_ENOMEM;
		return;
	}
	straighten(copy);
	size_t i = 0;
	while (i < r->nwritten && strcmp(items[i].path, copy) != 0)
		i++;
	if (i < r->nwritten)
		report_error(&r->report, n->at, "give one of them another path", "%s line %u writes there too",
		             items[i].file, items[i].at.line);
	items[r->nwritten++] = (struct written){copy, r->report.file, n->at};
}

void free_written(struct reader *r)
{
	for (size_t i = 0; i < r->nwritten; i++)
		free(r->written[i].path);
	free(r->written);
}
