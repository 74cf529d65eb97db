/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration's files: found, read, packed and unpacked.
 */
#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "sys/file.h"

#define MAGIC "afferent configuration 1\n"
#define NAME_MAX_BYTES 1024

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);
	return n > m && !strcmp(name + n - m, end);
}

/* Adds a file of n bytes that already stand at the end of f->bytes. Views are set by finish: the buffer still moves. */
static int add_item(struct conf_files *f, const char *name, size_t n, struct aff_diag *diag)
{
	if (f->count == CONF_MAX_FILES)
		return aff_diag_set(diag, AFF_ELIMIT, "the configuration has more than %d files", CONF_MAX_FILES);
	if (!f->items && !(f->items = calloc(CONF_MAX_FILES, sizeof *f->items)))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	char *copy = strdup(name);
	if (!copy)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	f->items[f->count].name = copy;
	f->items[f->count++].bytes = aff_view("", n);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct conf_file *)a)->name, ((const struct conf_file *)b)->name);
}

static void finish(struct conf_files *f)
{
	size_t offset = 0;
	for (size_t i = 0; i < f->count; i++) {
		size_t n = f->items[i].bytes.n;
		if (n)
			f->items[i].bytes.p = f->bytes.p + offset;
		offset += n;
	}
	if (f->count)
		qsort(f->items, f->count, sizeof *f->items, by_name);
}

/* Reads root/name. A file that is not there: AFF_ENOTFOUND. */
static int read_file(struct conf_files *f, const char *name, struct aff_diag *diag)
{
	char path[PATH_MAX];
	struct stat st;
	if (snprintf(path, sizeof path, "%s/%s", f->root, name) >= (int)sizeof path)
		return aff_diag_set(diag, AFF_EARGUMENT, "the path of %s is too long", name);
	if (lstat(path, &st))
		return aff_diag_set(diag, errno == ENOENT ? AFF_ENOTFOUND : AFF_EIO, "cannot open %s: %s", path,
		                    strerror(errno));
	if (!S_ISREG(st.st_mode)) {
		aff_diag_set(diag, AFF_ECONFIG, "%s is not a regular file", path);
		aff_diag_hint(diag, "%s", S_ISLNK(st.st_mode)
		                              ? "symbolic links are not followed: put the file itself there"
		                              : "put a file there, or take it away");
		return AFF_ECONFIG;
	}
	if (st.st_size > CONF_MAX_BYTES || (size_t)st.st_size > CONF_MAX_BYTES - f->bytes.n) {
		aff_diag_set(diag, AFF_ECONFIG, "the configuration is larger than %u MiB with %s", CONF_MAX_BYTES >> 20,
		             path);
		aff_diag_hint(diag, "what is not configuration lies elsewhere");
		return AFF_ECONFIG;
	}
	size_t before = f->bytes.n;
	int rc = file_read(path, &f->bytes, diag);
	if (rc == AFF_ELIMIT)
		return aff_diag_set(diag, rc, "the configuration is larger than %u bytes with %s", CONF_MAX_BYTES,
		                    path);
	return rc ? rc : add_item(f, name, f->bytes.n - before, diag);
}

/* Notes what keeps one file from being read, unless it concerns all of them. */
static int note(struct conf_files *f, const char *name, struct aff_diag *problem, struct aff_diag *diag)
{
	if (problem->code == AFF_ENOMEM || problem->code == AFF_ELIMIT || problem->code == AFF_EARGUMENT) {
		if (diag)
			*diag = *problem;
		return problem->code;
	}
	problem->severity = AFF_SEVERITY_ERROR;
	aff_diag_in(problem, name, 0, 0);
	return aff_diag_list_add(&f->problems, problem) ? aff_diag_set(diag, AFF_ENOMEM, "out of memory") : 0;
}

/* A name that terminals and logs can show. */
static bool is_shown(const char *name)
{
	size_t n = strlen(name), length;
	for (size_t i = 0; i < n; i += length) {
		length = utf8_length(name + i, n - i);
		if (!length || (unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	}
	return true;
}

static int read_entry(struct conf_files *f, const char *folder, const char *entry, struct aff_diag *diag)
{
	char name[NAME_MAX_BYTES];
	struct aff_diag problem;
	if (entry[0] == '.')
		return 0;
	snprintf(name, sizeof name, "%s/%s", folder, entry);
	if (ends_with(entry, ".yml")) {
		aff_diag_set(&problem, AFF_ECONFIG, "this file would not be read");
		aff_diag_hint(&problem, "name it .yaml");
		return note(f, name, &problem, diag);
	}
	bool xml = ends_with(entry, ".xml") && !strcmp(folder, "profiles");
	bool script = !strcmp(folder, "scripts");
	if (script ? !ends_with(entry, ".lua") : !ends_with(entry, ".yaml") && !ends_with(entry, ".csv") && !xml)
		return 0;
	if (!is_shown(entry)) {
		aff_diag_set(&problem, AFF_ECONFIG, "a file has control characters, or no UTF-8, in its name");
		aff_diag_hint(&problem, "rename it: ls -b shows the name");
		return note(f, folder, &problem, diag);
	}
	int rc = read_file(f, name, &problem);
	return rc ? note(f, name, &problem, diag) : 0;
}

/* Reads the .yaml and .csv files of root/folder, of profiles the .xml files too, of scripts the .lua files; *found
 * tells whether the folder is there. */
static int read_folder(struct conf_files *f, const char *folder, bool *found, struct aff_diag *diag)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s", f->root, folder) >= (int)sizeof path)
		return aff_diag_set(diag, AFF_EARGUMENT, "the path of %s is too long", folder);
	DIR *dir = opendir(path);
	*found = dir != NULL;
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir) {
		struct aff_diag problem;
		aff_diag_set(&problem, AFF_EIO, "cannot open %s: %s", path, strerror(errno));
		aff_diag_hint(&problem, "let the user that runs the engine read it");
		*found = true;
		return note(f, folder, &problem, diag);
	}
	int rc = 0;
	for (struct dirent *e; !rc && (e = readdir(dir));)
		rc = read_entry(f, folder, e->d_name, diag);
	closedir(dir);
	return rc;
}

static int read_all(struct conf_files *f, const char *path, struct aff_diag *diag)
{
	bool channels, others;
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (!(f->root = strndup(path, n)))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	struct aff_diag problem;
	int rc = read_file(f, "afferent.yaml", &problem);
	bool engine = rc != AFF_ENOTFOUND;
	if (rc && engine && (rc = note(f, "afferent.yaml", &problem, diag)))
		return rc;
	if ((rc = read_folder(f, "channels", &channels, diag)) || (rc = read_folder(f, "mappings", &others, diag)) ||
	    (rc = read_folder(f, "profiles", &others, diag)) || (rc = read_folder(f, "scripts", &others, diag)))
		return rc;
	if (!engine && !channels) {
		aff_diag_set(diag, AFF_ENOTFOUND, "%s holds no configuration: neither afferent.yaml nor channels/",
		             f->root);
		aff_diag_hint(diag, "name the configuration folder, or one channel's .yaml file");
		return AFF_ENOTFOUND;
	}
	return 0;
}

/* Splits "a/b/c.yaml" into the root "a" and the name "b/c.yaml", so that mappings/ and profiles/ can lie beside b. */
static int split_single(struct conf_files *f, const char *path, char *name, size_t size, struct aff_diag *diag)
{
	char folder[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash - path) : 1;
	if (snprintf(folder, sizeof folder, "%.*s", n ? n : 1, slash ? path : ".") >= (int)sizeof folder)
		return aff_diag_set(diag, AFF_EARGUMENT, "the path is too long");
	const char *file = slash ? slash + 1 : path;
	const char *base = strrchr(folder, '/');
	base = base ? base + 1 : folder;
	bool plain = *base && strcmp(base, ".") && strcmp(base, "..");
	if (plain) {
		size_t above = (size_t)(base - folder);
		f->root = above == 0 ? strdup(".") : above == 1 ? strdup("/") : strndup(folder, above - 1);
	} else if (realpath(folder, real) && strrchr(real, '/')[1]) {
		size_t length = strlen(folder) + sizeof "/..";
		f->root = malloc(length);
		if (f->root)
			snprintf(f->root, length, "%s%s..", slash ? folder : "", slash ? "/" : "");
		base = strrchr(real, '/') + 1;
	} else {
		return aff_diag_set(diag, AFF_ENOTFOUND, "cannot find the folder of %s", path);
	}
	if (!f->root)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (snprintf(name, size, "%s/%s", base, file) >= (int)size)
		return aff_diag_set(diag, AFF_EARGUMENT, "the path is too long");
	return 0;
}

static int read_single(struct conf_files *f, const char *path, struct aff_diag *diag)
{
	char name[NAME_MAX_BYTES];
	bool found;
	f->single = true;
	if (!ends_with(path, ".yaml")) {
		aff_diag_set(diag, AFF_EARGUMENT, "%s is neither a folder nor a .yaml file", path);
		return AFF_EARGUMENT;
	}
	int rc = split_single(f, path, name, sizeof name, diag);
	bool table = !rc && !strncmp(name, "mappings/", sizeof "mappings/" - 1);
	if (table || (!rc && !strncmp(name, "profiles/", sizeof "profiles/" - 1))) {
		aff_diag_set(diag, AFF_EARGUMENT, "%s is a %s, not a channel", path, table ? "table" : "profile");
		aff_diag_hint(diag, "check a channel that uses it, or the whole configuration folder");
		return AFF_EARGUMENT;
	}
	if (!rc)
		rc = read_file(f, name, diag);
	if (!rc)
		rc = read_folder(f, "mappings", &found, diag);
	if (!rc)
		rc = read_folder(f, "profiles", &found, diag);
	return rc ? rc : read_folder(f, "scripts", &found, diag);
}

int conf_files_read(struct conf_files *f, const char *path, struct aff_diag *diag)
{
	struct stat st;
	memset(f, 0, sizeof *f);
	aff_buf_init(&f->bytes, CONF_MAX_BYTES);
	aff_diag_list_init(&f->problems, CONF_MAX_FILES);
	if (stat(path, &st))
		return aff_diag_set(diag, errno == ENOENT ? AFF_ENOTFOUND : AFF_EIO, "cannot open %s: %s", path,
		                    strerror(errno));
	int rc = S_ISDIR(st.st_mode) ? read_all(f, path, diag) : read_single(f, path, diag);
	if (rc)
		conf_files_free(f);
	else
		finish(f);
	f->unread = f->problems.count;
	return rc;
}

void conf_files_free(struct conf_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->items[i].name);
	free(f->items);
	free(f->root);
	aff_buf_free(&f->bytes);
	aff_diag_list_free(&f->problems);
	memset(f, 0, sizeof *f);
}

/* ---- packing: MAGIC, then for each file its name's and its bytes' lengths (4 bytes each, big-endian) and both ---- */

static void put_length(struct aff_buf *out, size_t n)
{
	unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
	                          (unsigned char)n};
	aff_buf_put(out, bytes, sizeof bytes);
}

void conf_files_pack(const struct conf_files *f, struct aff_buf *out)
{
	aff_buf_put_text(out, MAGIC);
	for (size_t i = 0; i < f->count; i++) {
		put_length(out, strlen(f->items[i].name));
		put_length(out, f->items[i].bytes.n);
		aff_buf_put_text(out, f->items[i].name);
		aff_buf_put_view(out, f->items[i].bytes);
	}
}

/* Cuts n bytes from the front of *rest. */
static bool cut(struct aff_view *rest, size_t n, struct aff_view *out)
{
	if (n > rest->n)
		return false;
	*out = aff_view(rest->p, n);
	*rest = aff_view(rest->p + n, rest->n - n);
	return true;
}

static bool cut_length(struct aff_view *rest, size_t *n)
{
	struct aff_view v;
	if (!cut(rest, 4, &v))
		return false;
	const unsigned char *p = (const unsigned char *)v.p;
	*n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	return true;
}

static int unpack(struct conf_files *f, struct aff_view rest, struct aff_diag *diag)
{
	struct aff_view magic, name, bytes;
	size_t name_length, length;
	if (!cut(&rest, sizeof MAGIC - 1, &magic) || !aff_view_is(magic, MAGIC))
		return aff_diag_set(diag, AFF_ECORRUPT, "this is no stored configuration");
	while (rest.n) {
		char text[NAME_MAX_BYTES];
		if (!cut_length(&rest, &name_length) || !cut_length(&rest, &length) || name_length >= sizeof text ||
		    !cut(&rest, name_length, &name) || !cut(&rest, length, &bytes) || memchr(name.p, '\0', name.n))
			return aff_diag_set(diag, AFF_ECORRUPT, "the stored configuration is cut off or damaged");
		memcpy(text, name.p, name.n);
		text[name.n] = '\0';
		if (f->count && strcmp(f->items[f->count - 1].name, text) >= 0)
			return aff_diag_set(diag, AFF_ECORRUPT,
			                    "the files of the stored configuration are out of order");
		aff_buf_put_view(&f->bytes, bytes);
		int rc = f->bytes.error ? aff_diag_set(diag, f->bytes.error, "the stored configuration is too large")
		                        : add_item(f, text, bytes.n, diag);
		if (rc)
			return rc;
	}
	return 0;
}

int conf_files_unpack(struct conf_files *f, struct aff_view packed, struct aff_diag *diag)
{
	memset(f, 0, sizeof *f);
	aff_buf_init(&f->bytes, CONF_MAX_BYTES);
	f->root = strdup("");
	int rc = f->root ? unpack(f, packed, diag) : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (rc)
		conf_files_free(f);
	else
		finish(f);
	return rc;
}
