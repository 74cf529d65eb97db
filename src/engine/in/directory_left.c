/* SPDX-License-Identifier: Apache-2.0
 *
 * Files in .taken that are not on their way: left by a crash, or because there was no room for them. The journal knows
 * which of them it has.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/peer.h"
#include "engine/in/source_directory.h"

struct leftover {
	int64_t head;
	char name[INBOX_NAME_SIZE];
};

static int by_head(const void *a, const void *b)
{
	const struct leftover *x = a, *y = b;
	return x->head != y->head ? (x->head < y->head ? -1 : 1) : strcmp(x->name, y->name);
}

static bool is_on_its_way(const struct directory *d, const char *claimed)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (d->jobs[i] && strcmp(d->jobs[i]->claimed, claimed) == 0)
			return true;
	}
	return false;
}

bool directory_has(const struct directory *d, const char *name)
{
	const struct dirent *entry;
	const char *other;
	int64_t head;
	bool has = false;
	for (size_t i = 0; i < JOBS_MAX && !has; i++)
		has = d->jobs[i] && inbox_claim(d->jobs[i]->claimed, &head, &other) && strcmp(other, name) == 0;
	if (has || !d->leftovers)
		return has;
	int fd = openat(d->inbox.taken, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	while (dir && !has && (entry = readdir(dir)))
		has = inbox_claim(entry->d_name, &head, &other) && strcmp(other, name) == 0;
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return has;
}

/* The oldest ones in .taken; *more: there are others. NULL: out of memory, or the folder cannot be read. */
static struct leftover *read_leftovers(const struct directory *d, size_t *n, bool *more)
{
	const struct dirent *entry;
	const char *name;
	struct leftover *all = NULL;
	size_t room = 0, most = JOBS_MAX - d->njobs;
	int fd = openat(d->inbox.taken, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	*n = 0;
	while (dir && (entry = readdir(dir))) {
		struct leftover one;
		if (!inbox_claim(entry->d_name, &one.head, &name) || is_on_its_way(d, entry->d_name))
			continue;
		if (*n == room) {
			room = room ? room * 2 : 64;
			struct leftover *grown = realloc(all, room * sizeof *all);
			if (!grown)
				break;
			all = grown;
		}
		snprintf(one.name, sizeof one.name, "%s", entry->d_name);
		all[(*n)++] = one;
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	if (*n)
		qsort(all, *n, sizeof *all, by_head);
	*more = *n > most;
	if (*more)
		*n = most;
	return all;
}

/* What the journal has of them, in order. */
static int look_up(const struct source *s, const struct leftover *left, size_t n, struct taken *taken,
		   struct aff_diag *diag)
{
#ifdef AFF_MUTANT_56 /* a file that was taken before a crash is taken again, whatever the journal has of it */
	return 0;
#endif
	struct taken_known *files = calloc(n, sizeof *files);
	char peer[PEER_FILE_SIZE];
	const char *name = "";
	int64_t head;
	int rc = files ? 0 : AFF_ENOMEM;
	for (size_t i = 0; i < n && !rc; i++) {
		inbox_claim(left[i].name, &head, &name);
		struct aff_view text = peer_of_file(peer, source_of(s)->path, name);
		files[i] = (struct taken_known){strndup(text.p, text.n), head, &taken[i]};
		rc = files[i].peer ? 0 : AFF_ENOMEM;
	}
	if (!rc)
		rc = taken_find(s->of.conf, s->of.settings->name, files, n, diag);
	for (size_t i = 0; files && i < n; i++)
		free(files[i].peer);
	free(files);
	return rc;
}

void directory_take_leftovers(struct source *s)
{
	struct directory *d = s->state;
	struct aff_diag diag = {0};
	size_t n;
	bool more;
	struct leftover *left = read_leftovers(d, &n, &more);
	struct taken *taken = n ? calloc(n, sizeof *taken) : NULL;
	int rc = n && !taken ? AFF_ENOMEM : n ? look_up(s, left, n, taken, &diag) : 0;
	d->leftovers = false;
	if (rc) {
		directory_tell_trouble(s, "was taken earlier and cannot be looked for in the journal", rc);
		directory_leave(d, AGAIN_US);
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
		directory_begin(s, left[i].name, NULL, &taken[i]);
	if (more && !rc)
		directory_leave(d, 0);
	free(taken);
	free(left);
}
