/* SPDX-License-Identifier: Apache-2.0
 *
 * source: directory: a folder whose files are taken, and the folders that they go to.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "conf/reader.h"

/* A folder for files that were taken: below the source's own, unless it is absolute. */
static char *read_folder(struct reader *r, const struct conf_source *s, const struct fields *f, enum key_id key)
{
	struct aff_view name = get_view(f, key);
	if (!name.n || !s->path)
		return NULL;
	if (name.p[0] == '/')
		return get_path(r, f, key);
	size_t size = strlen(s->path) + 1 + name.n + 1;
	char *path = keep_array(r, size, 1);
	if (path)
		snprintf(path, size, "%s/%.*s", s->path, (int)name.n, name.p);
	return path;
}

/* Files that were taken must not be taken again. */
static void check_folder(struct reader *r, const struct conf_source *s, const struct fields *f, enum key_id key,
			 const char *path)
{
	struct place at = f->value[key] ? f->value[key]->at : f->at;
	if (path && s->path && is_same_path(r, path, s->path))
		report_error(&r->report, at, "name a folder below it", "'%s' is the folder that files are taken from",
			     conf_keys[key].name);
	else if (path && aff_view_is(get_view(f, key), ".taken"))
		report_error(&r->report, at, "choose another name",
			     "'.taken' is the folder for files that are on their way");
}

static bool has_open_bracket(struct aff_view match)
{
	for (size_t i = 0; i < match.n; i++) {
		const char *end = match.p[i] == '[' && i + 2 < match.n
					  ? memchr(match.p + i + 2, ']', match.n - i - 2)
					  : NULL;
		if (match.p[i] == '[' && !end)
			return true;
		i = end ? (size_t)(end - match.p) : i + (match.p[i] == '\\');
	}
	return false;
}

static void read_match(struct reader *r, struct conf_source *s, const struct fields *f)
{
	struct aff_view match = get_view(f, KEY_SOURCE_DIRECTORY_match);
	const struct node *n = f->value[KEY_SOURCE_DIRECTORY_match];
	char word[SHOWN_SIZE];
	const char *fault = memchr(match.p, '/', match.n) ? "folders below are not looked into"
			  : match.n && match.p[0] == '.' ? "names that begin with a dot are never taken"
			  : has_open_bracket(match)	   ? "there is a [ without ]"
							   : NULL;
	if (fault)
		report_error(&r->report, n->at, "write it as \"*.hl7\"", "'%s' is no pattern of file names: %s",
			     shown(word, match), fault);
	else
		s->folder.match = keep_text(r, match);
}

static void check_there(struct reader *r, const struct conf_source *s, struct place at)
{
	struct stat st;
	if (r->files->root[0] && s->path && stat(s->path, &st))
		report_warning(&r->report, at, "make it; until then the source is down", "there is no folder %s",
			       s->path);
	else if (r->files->root[0] && s->path && !S_ISDIR(st.st_mode))
		report_error(&r->report, at, "name a folder", "%s is no folder", s->path);
}

void read_directory_source(struct reader *r, struct conf_source *s, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_SOURCE_DIRECTORY, map);
	s->kind = CONF_SOURCE_DIRECTORY;
	s->split = true;
	s->path = get_path(r, &f, KEY_SOURCE_DIRECTORY_path);
	read_match(r, s, &f);
	s->folder.settle_ms = (int64_t)get_number(r, &f, KEY_SOURCE_DIRECTORY_settle);
	s->folder.every_ms = (int64_t)get_number(r, &f, KEY_SOURCE_DIRECTORY_every);
	s->max_frame = get_number(r, &f, KEY_SOURCE_DIRECTORY_max_file);
	if (s->max_frame > r->conf->engine.memory / 2)
		report_error(&r->report,
			     f.value[KEY_SOURCE_DIRECTORY_max_file] ? f.value[KEY_SOURCE_DIRECTORY_max_file]->at : f.at,
			     "raise 'memory' in afferent.yaml",
			     "such a file would not fit into the engine's memory for messages");
	s->folder.done = read_folder(r, s, &f, KEY_SOURCE_DIRECTORY_done);
	s->folder.error = read_folder(r, s, &f, KEY_SOURCE_DIRECTORY_error);
	s->folder.acks = read_folder(r, s, &f, KEY_SOURCE_DIRECTORY_acks);
	check_folder(r, s, &f, KEY_SOURCE_DIRECTORY_done, s->folder.done);
	check_folder(r, s, &f, KEY_SOURCE_DIRECTORY_error, s->folder.error);
	check_folder(r, s, &f, KEY_SOURCE_DIRECTORY_acks, s->folder.acks);
	if (s->folder.done && s->folder.error && is_same_path(r, s->folder.done, s->folder.error))
		report_error(&r->report, f.at, "give 'error' a folder of its own",
			     "nobody could tell good files from bad ones: 'done' and 'error' are one folder");
	/* all but two-msh: a file may hold several messages */
	unsigned lenient = get_words(r, &f, KEY_SOURCE_DIRECTORY_lenient);
	s->lenient = (lenient & (AFF_LENIENT_TWOMSH - 1)) | (lenient & AFF_LENIENT_TWOMSH ? AFF_LENIENT_ENCODING : 0);
	read_source_charset(r, &s->charset, f.value[KEY_SOURCE_DIRECTORY_charset]);
	if (!s->path)
		return;
	check_there(r, s, f.value[KEY_SOURCE_DIRECTORY_path]->at);
	add_watched(r, s->path, f.value[KEY_SOURCE_DIRECTORY_path]);
}
