/* SPDX-License-Identifier: Apache-2.0
 *
 * The step `lua`: a script in the channel's file or in one of its own. Scripts are compiled when the configuration is
 * read, so that a mistake is found where it stands.
 */
#include "conf/transform.h"

static bool is_file(struct aff_view text)
{
	return text.n > 12 && !memcmp(text.p, "scripts/", 8) && !memcmp(text.p + text.n - 4, ".lua", 4) &&
	       !memchr(text.p, '\n', text.n);
}

/* The number of a file of the configuration; their count when there is none. */
static size_t find_file(const struct reader *r, struct aff_view name)
{
	size_t i = 0;
	while (i < r->files->count && !aff_view_is(name, r->files->items[i].name))
		i++;
	return i;
}

/* Where the first character of a line stands. */
static struct place begin_of(struct aff_view text, unsigned line)
{
	struct place at = {line, 1};
	for (unsigned n = 1; n < line; n++) {
		const char *end = memchr(text.p, '\n', text.n);
		if (!end)
			return at;
		text = aff_view(end + 1, text.n - (size_t)(end + 1 - text.p));
	}
	for (size_t i = 0; i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'); i++)
		at.column++;
	return at;
}

static void add_inline(struct step_reader *s, const struct node *n)
{
	struct reader *r = s->r;
	struct aff_diag diag = {0};
	if (!n->literal && !n->exact) {
		report_error(&r->report, n->at, "write 'lua: |' and the script below it, further in",
		             "the lines of this script are joined to others");
		return;
	}
	s->step.value = n->text;
	s->step.script_line = n->at.line - !n->literal;
	int rc = step_try(s, &diag);
	if (rc == AFF_ESYNTAX && diag.line) {
		size_t file = find_file(r, aff_view_of(r->report.file));
		unsigned line = s->step.script_line + diag.line;
		struct aff_view bytes = file < r->files->count ? r->files->items[file].bytes : aff_view("", 0);
		report_diag(&r->report, n->literal ? begin_of(bytes, line) : n->at, &diag);
	} else if (rc && rc != AFF_ENOMEM && rc != AFF_ENOTFOUND) {
		report_diag(&r->report, n->at, &diag);
	}
}

static void report_missing(struct reader *r, const struct node *n)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = n->text};
	for (size_t i = 0; i < r->files->count; i++)
		if (!strncmp(r->files->items[i].name, "scripts/", 8))
			nearest_offer(&near, r->files->items[i].name);
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, n->at, proposal ? proposal : "scripts are files in scripts/, with .lua at their end",
	             "there is no script '%s'", shown(word, n->text));
}

static void add_file(struct step_reader *s, const struct node *n)
{
	struct reader *r = s->r;
	struct aff_diag diag = {0};
	const char *channel = r->report.file;
	size_t i = find_file(r, n->text);
	if (i == r->files->count) {
		report_missing(r, n);
		return;
	}
	if (r->scripts[i] == SCRIPT_BROKEN)
		return;
	const struct conf_file *file = &r->files->items[i];
	r->scripts[i] = SCRIPT_USED;
	s->step.value = file->bytes;
	s->step.script_name = file->name;
	int rc = step_try(s, &diag);
	if (rc == AFF_ESYNTAX || rc == AFF_ELIMIT) {
		r->scripts[i] = SCRIPT_BROKEN;
		r->report.file = file->name;
		report_diag(&r->report, begin_of(file->bytes, diag.line ? diag.line : 1), &diag);
		r->report.file = channel;
	} else if (rc && rc != AFF_ENOMEM && rc != AFF_ENOTFOUND) {
		report_diag(&r->report, n->at, &diag);
	}
}

void read_lua(struct step_reader *s, const struct node *n)
{
	s->step.kind = AFF_STEP_LUA;
	if (is_file(n->text))
		add_file(s, n);
	else
		add_inline(s, n);
}
