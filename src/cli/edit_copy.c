/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/edit_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "sys/file.h"

/* Segments end with CR, whatever the editor ends lines with. */
static void end_with_cr(struct aff_buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++) {
		bool crlf = b->p[i] == '\n' && i && b->p[i - 1] == '\r';
		if (!crlf)
			b->p[n++] = b->p[i] == '\n' ? '\r' : b->p[i];
	}
	b->n = n;
}

int edit_from_file(const char *path, struct aff_buf *out)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return command_error("cannot open %s: %s", path, strerror(errno));
	char *to = aff_buf_reserve(out, EDIT_MAX);
	size_t n = to ? fread(to, 1, EDIT_MAX, f) : 0;
	int bad = ferror(f), more = to && fgetc(f) != EOF;
	fclose(f);
	if (!to)
		return command_error("out of memory");
	if (bad || more)
		return command_error(bad ? "cannot read %s" : "%s is too long", path);
	out->n += n;
	end_with_cr(out);
	return 0;
}

static int write_copy(const char *path, struct aff_view message)
{
	struct aff_buf lines;
	aff_buf_init(&lines, EDIT_MAX + 1);
	aff_buf_put_view(&lines, message);
	for (size_t i = 0; i < lines.n; i++)
		if (lines.p[i] == '\r')
			lines.p[i] = '\n';
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = lines.error || fd < 0 ? AFF_EIO : file_write_all(fd, lines.p, lines.n);
	if (fd >= 0 && close(fd))
		rc = AFF_EIO;
	aff_buf_free(&lines);
	return rc ? command_error("cannot write %s", path) : 0;
}

static int call_editor(const char *path)
{
	int status = 0;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "${VISUAL:-${EDITOR:-vi}} \"$1\"", "sh", path, (char *)NULL);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return command_error("the editor failed; nothing was changed");
	return 0;
}

static void remove_folder(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	if (rmdir(folder))
		command_error("cannot remove %s, which holds patient data: %s", folder, strerror(errno));
}

int edit_by_hand(struct aff_view message, struct aff_buf *out)
{
	char folder[PATH_MAX], path[PATH_MAX + 16];
	const char *where = getenv("XDG_RUNTIME_DIR"); /* in memory, where there is one */
	if (!where || access(where, W_OK))
		where = getenv("TMPDIR");
	int n = snprintf(folder, sizeof folder, "%s/afferent-XXXXXX", where ? where : "/tmp");
	if (n < 0 || (size_t)n >= sizeof folder || !mkdtemp(folder))
		return command_error("cannot make a folder for the copy: %s", strerror(errno));
	snprintf(path, sizeof path, "%s/message.hl7", folder);
	int rc = write_copy(path, message);
	if (!rc)
		rc = call_editor(path);
	if (!rc)
		rc = edit_from_file(path, out);
	remove_folder(folder);
	return rc;
}
