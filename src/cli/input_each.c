/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of several files and folders. A folder is walked without recursion and in an order that does not depend on
 * the file system; links in it are not followed, and names that begin with a dot are passed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vector.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/term.h"

#define FILES_MAX 1000000
#define HEAD      512 /* bytes in which a file must begin like HL7 */

/* Behind an MLLP start, blanks and empty lines. */
static bool begins_like_hl7(const char *p, size_t n)
{
	while (n && (*p == AFF_MLLP_START || *p == '\r' || *p == '\n' || *p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	return aff_batch_kind_at(p, n) != AFF_BATCH_TEXT;
}

static bool is_wanted(const char *path, const char *name)
{
	size_t n = strlen(name);
	char head[HEAD];
	if (n > 4 && strcasecmp(name + n - 4, ".hl7") == 0)
		return true;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return true; /* that it cannot be read is told when it is its turn */
	ssize_t got = read(fd, head, sizeof head);
	close(fd);
	return got < 0 || begins_like_hl7(head, (size_t)got);
}

static int add(struct input_files *list, const char *name)
{
	if (list->count == FILES_MAX)
		return command_error("there are more than %d files", FILES_MAX);
	if (vector_room(&list->names, &list->capacity, list->count, sizeof *list->names) ||
	    !(list->names[list->count] = strdup(name)))
		return command_error("out of memory");
	list->count++;
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What the walk through a folder found beside the files it lists. */
struct walk {
	uint64_t skipped;
	char first[INPUT_WHERE]; /* of the skipped */
	int result;
};

/* One entry of a folder. 0, or COMMAND_FAILED when the walk must end. */
static int visit(struct input_files *list, FTS *tree, FTSENT *e, struct walk *w)
{
	switch (e->fts_info) {
	case FTS_D:
		if (e->fts_level > 0 && e->fts_name[0] == '.')
			fts_set(tree, e, FTS_SKIP);
		return 0;
	case FTS_F:
		if (e->fts_name[0] == '.')
			return 0;
		if (is_wanted(e->fts_path, e->fts_name))
			return add(list, e->fts_path);
		if (!w->skipped++)
			snprintf(w->first, sizeof w->first, "%s", e->fts_path);
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		w->result = command_error("cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
		return 0;
	default:
		return 0;
	}
}

static int list_folder(struct input_files *list, char *folder)
{
	char *const roots[] = {folder, NULL};
	struct walk w = {.result = 0};
	size_t before = list->count;
	int rc = 0;
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!tree)
		return command_error("cannot read %s: %s", folder, strerror(errno));
	for (FTSENT *e; !rc && (e = fts_read(tree)) != NULL;)
		rc = visit(list, tree, e, &w);
	fts_close(tree);
	if (w.skipped)
		command_note("%s: %" PRIu64 " file%s that %s no HL7 skipped, the first is %s", folder, w.skipped,
		             w.skipped == 1 ? "" : "s", w.skipped == 1 ? "is" : "are", w.first);
	if (!rc && !w.result && list->count == before)
		w.result = command_error("%s holds no HL7 file", folder);
	return rc ? rc : w.result;
}

int input_list(struct input_files *list, char **files, int nfiles)
{
	int result = 0;
	memset(list, 0, sizeof *list);
	for (int i = 0; i < nfiles; i++) {
		struct stat st;
		bool folder = strcmp(files[i], "-") != 0 && stat(files[i], &st) == 0 && S_ISDIR(st.st_mode);
		if (folder ? list_folder(list, files[i]) : add(list, files[i]))
			result = COMMAND_FAILED;
	}
	return result;
}

void input_list_free(struct input_files *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	memset(list, 0, sizeof *list);
}

/* How far the files are, together. */
struct course {
	struct progress progress;
	bool visible;        /* else the results tell how far it is */
	uint64_t messages;
	uint64_t before;     /* bytes of the files that are done */
};

/* Bytes of all files together; 0: not known, as of a pipe. */
static uint64_t size_of(const struct input_files *list)
{
	uint64_t size = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct stat st;
		if (strcmp(list->names[i], "-") == 0)
			return 0;
		if (stat(list->names[i], &st) == 0 && S_ISREG(st.st_mode))
			size += (uint64_t)st.st_size;
	}
	return size;
}

/* One file; *stop is what fn stopped with. Returns 0 or COMMAND_FAILED. */
static int each_message(struct input *in, struct course *course, input_fn *fn, void *arg, int *stop)
{
	int rc = 0;
	struct input_message m;
	struct aff_diag diag;
	while (!*stop && (rc = input_next(in, &m, &diag)) > 0) {
		*stop = fn(arg, &m);
		course->messages++;
		if (course->visible)
			progress_update_at(&course->progress, course->messages,
			                   course->before + in->dropped + in->from);
	}
	course->before += in->size;
	progress_end(&course->progress);
	if (rc < 0)
		return command_error_diag(&diag);
	if (in->broken)
		return COMMAND_FAILED;
	return !*stop && !in->number ? command_error("%s holds no message", in->file) : 0;
}

int input_each_odd(char **files, int nfiles, input_fn *fn, input_odd_fn *odd, void *arg)
{
	struct input_files list;
	int stop = 0, result = input_list(&list, files, nfiles);
	struct course course = {.visible = !term_is_terminal(stdout)};
	progress_start(&course.progress, "messages", size_of(&list));
	for (size_t i = 0; i < list.count && !stop; i++) {
		struct input in;
		struct aff_diag diag;
		if (input_open(&in, list.names[i], &diag)) {
			result = command_error_diag(&diag);
			continue;
		}
		in.odd = odd;
		in.odd_arg = arg;
		if (each_message(&in, &course, fn, arg, &stop))
			result = COMMAND_FAILED;
		if (in.batch_lines)
			command_note("%s: %" PRIu64 " batch segment%s (FHS, BHS, BTS, FTS) skipped", in.file,
			             in.batch_lines, in.batch_lines == 1 ? "" : "s");
		input_close(&in);
	}
	input_list_free(&list);
	return stop ? stop : result;
}

int input_each(char **files, int nfiles, input_fn *fn, void *arg)
{
	return input_each_odd(files, nfiles, fn, NULL, arg);
}
