/* SPDX-License-Identifier: Apache-2.0
 *
 * See text_file.h.
 */
#include "cli/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

static int fail(struct aff_diag *diag, const char *what, const char *path)
{
	int code = errno == EEXIST ? AFF_EBUSY : errno == EACCES ? AFF_EPERMISSION : AFF_EIO;
	return aff_diag_set(diag, code, "cannot %s %s: %s", what, path, strerror(errno));
}

/* Writes a file that is not there yet; on failure it is not there either. */
static int make(const char *path, struct aff_view text, struct aff_diag *diag)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return fail(diag, "make", path);
	int rc = file_write_all(fd, text.p, text.n);
	if (!rc && fsync(fd))
		rc = AFF_EIO;
	close(fd);
	if (rc) {
		unlink(path);
		aff_diag_set(diag, rc, "cannot write %s: %s", path, aff_error_text(rc));
	}
	return rc;
}

/* Writes the text beside `path` first, so that there is never half of it. */
static int make_beside(char temporary[PATH_MAX], const char *path, struct aff_view text, struct aff_diag *diag)
{
	if (snprintf(temporary, PATH_MAX, "%s.%ld.new", path, (long)getpid()) >= PATH_MAX)
		return aff_diag_set(diag, AFF_EARGUMENT, "the file name is too long");
	return make(temporary, text, diag);
}

int text_file_make(const char *path, struct aff_view text, struct aff_diag *diag)
{
	char temporary[PATH_MAX];
	int rc = make_beside(temporary, path, text, diag);
	if (rc)
		return rc;
	if (link(temporary, path)) /* unlike rename, it replaces nothing */
		rc = fail(diag, "make", path);
	unlink(temporary);
	return rc;
}

int text_file_write(const char *path, struct aff_view text, struct aff_diag *diag)
{
	char temporary[PATH_MAX];
	int rc = make_beside(temporary, path, text, diag);
	if (rc)
		return rc;
	if (rename(temporary, path)) {
		rc = fail(diag, "write", path);
		unlink(temporary);
	}
	return rc;
}

int text_file_folder(const char *path, struct aff_diag *diag)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	if (!n || n >= sizeof part)
		return aff_diag_set(diag, AFF_EARGUMENT, "the name of the folder is empty or too long");
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return fail(diag, "make", part);
		part[i] = path[i];
	}
	return 0;
}
