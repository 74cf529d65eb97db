/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps `hash`, `mask` and `deidentify`. The key of pseudonyms is read here and never shown; a stored configuration
 * is read without it where the key is not there any more.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "conf/transform.h"
#include "sys/file.h"

enum { KEY_MOST = 4096 };

static struct aff_view without_end(struct aff_view key)
{
	while (key.n && (key.p[key.n - 1] == '\n' || key.p[key.n - 1] == '\r'))
		key.n--;
	return key;
}

/* The key into out; what is wrong is reported. */
static bool read_key(struct reader *r, const struct node *n, const char *path, struct aff_buf *out)
{
	struct aff_diag diag = {0};
	struct stat st;
	int rc = file_read(path, out, &diag);
	bool open = !rc && !stat(path, &st) && (st.st_mode & 077);
	if (!r->files->root[0]) {
		if (rc)
			aff_buf_clear(out);
		return true;
	}
	if (rc) {
		aff_diag_hint(&diag, "make one: openssl rand -hex 32 >FILE; chmod 600 FILE");
		report_diag(&r->report, n->at, &diag);
	} else if (open) {
		report_error(&r->report, n->at, "chmod 600 it", "others may read the key of the pseudonyms");
	}
	return !rc && !open;
}

static void add_field(struct step_reader *s, const struct node *n, bool last)
{
	if (n->kind != NODE_SCALAR) {
		report_error(&s->r->report, n->at, "write a path such as PID-3.1", "'fields' takes paths");
		return;
	}
	if (!step_read_path(s->r, n, &s->step.path))
		return;
	step_check_condition(s, n, &s->step.path, last);
	step_add(s, n, NULL);
}

void read_hash(struct step_reader *s, const struct node *map)
{
	struct fields f;
	struct aff_buf key;
	if (!fields_read(s->r, &f, SECTION_HASH, map))
		return;
	const struct node *fields = f.value[KEY_HASH_fields], *file = f.value[KEY_HASH_key_file];
	char *path = get_path(s->r, &f, KEY_HASH_key_file);
	s->step.kind = AFF_STEP_HASH;
	s->step.digits = (unsigned)get_number(s->r, &f, KEY_HASH_length);
	aff_buf_init(&key, KEY_MOST + 1);
	if (fields && file && path && read_key(s->r, file, path, &key)) {
		s->step.key = without_end(aff_buf_view(&key));
		if (fields->kind == NODE_SCALAR)
			add_field(s, fields, true);
		else if (step_check_count(s->r, fields, KEY_HASH_fields))
			for (const struct node *n = fields->first; n; n = n->next)
				add_field(s, n, !n->next);
	}
	if (key.p)
		explicit_bzero(key.p, key.n);
	aff_buf_free(&key);
	free(path);
}

void read_deidentify(struct step_reader *s, const struct node *map)
{
	struct fields f;
	struct aff_buf key;
	if (!fields_read(s->r, &f, SECTION_DEIDENTIFY, map))
		return;
	const struct node *file = f.value[KEY_DEIDENTIFY_key_file];
	char *path = get_path(s->r, &f, KEY_DEIDENTIFY_key_file);
	s->step.kind = AFF_STEP_DEIDENTIFY;
	s->step.digits = (unsigned)get_number(s->r, &f, KEY_DEIDENTIFY_length);
	s->step.keep_text = get_word(s->r, &f, KEY_DEIDENTIFY_free_text) == 1;
	s->step.keep_others = get_word(s->r, &f, KEY_DEIDENTIFY_others) == 1;
	aff_buf_init(&key, KEY_MOST + 1);
	if (file && path && read_key(s->r, file, path, &key)) {
		s->step.key = without_end(aff_buf_view(&key));
		step_add(s, map, NULL);
	}
	if (key.p)
		explicit_bzero(key.p, key.n);
	aff_buf_free(&key);
	free(path);
}

void read_mask(struct step_reader *s, const struct node *map)
{
	struct reader *r = s->r;
	s->step.kind = AFF_STEP_MASK;
	if (!map->count)
		report_error(&r->report, map->at, "write mask: {PID-5: X}", "'mask' takes 1 field at least");
	for (const struct node *name = map->first; name; name = name->next->next) {
		const struct node *value = name->next;
		if (name->kind != NODE_SCALAR || !step_read_path(r, name, &s->step.path))
			continue;
		step_check_condition(s, name, &s->step.path, !name->next->next);
		if (value->kind != NODE_SCALAR || node_is_empty(value)) {
			report_error(&r->report, value->at, "write X, first 2 or last 4",
			             "'mask' takes a text for each field");
			continue;
		}
		s->step.value = value->text;
		step_add(s, name, NULL);
	}
}
