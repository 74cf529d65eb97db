/* SPDX-License-Identifier: Apache-2.0
 *
 * SET: a template of text and {paths}. Text is written in the character set of the message it goes into. What a path
 * names is put in raw: it is already written with the same delimiters, so a whole field keeps its components. A
 * template for a component must therefore name components: {PV1-3.4}, not {PV1-3}, whose delimiters would start new
 * components.
 */
#include <stdlib.h>

#include "rules/place.h"

enum { VALUE_MAX = 4096, MSH_CHARSET = 18 };

static int wrong(struct aff_diag *diag, size_t at, const char *what, const char *hint)
{
	aff_diag_set(diag, AFF_ESYNTAX, "%s", what);
	aff_diag_hint(diag, "%s", hint);
	if (diag)
		diag->column = (unsigned)at + 1;
	return AFF_ESYNTAX;
}

static void add_text(struct step *step, size_t from, size_t to)
{
	if (to > from)
		step->parts[step->part_count++] = (struct part){.text = aff_view(step->value + from, to - from)};
}

/* Reads "{path}" at `open`; *next gets the place behind it. */
static int add_path(struct step *step, size_t open, size_t n, size_t *next, struct aff_diag *diag)
{
	struct part part = {.is_path = true};
	struct aff_diag why = {0};
	const char *close = memchr(step->value + open, '}', n - open);
	if (!close)
		return wrong(diag, open, "this `{` is not closed", "write {PV1-3.4}, or {{ for a brace");
	size_t end = (size_t)(close - step->value);
	if (aff_path_parse(&part.path, aff_view(step->value + open + 1, end - open - 1), &why))
		return wrong(diag, open + (why.column ? why.column : 1),
		             why.text[0] ? why.text : "a path is expected here",
		             memchr(step->value + open, '/', end - open)
		                     ? why.hint
		                     : "a path looks like PV1-3.4; write {{ for a brace");
	if (!part.path.field)
		return wrong(diag, open + 1, "a field is expected here, not a segment", "a path looks like PV1-3.4");
	step->parts[step->part_count++] = part;
	*next = end + 1;
	return 0;
}

static int compile(struct step *step, size_t n, struct aff_diag *diag)
{
	const char *v = step->value;
	size_t from = 0, i = 0;
	while (i < n) {
		if (v[i] != '{' && v[i] != '}') {
			i++;
			continue;
		}
		if (i + 1 < n && v[i + 1] == v[i]) { /* a doubled brace: its first half is text */
			add_text(step, from, i + 1);
			from = i += 2;
			continue;
		}
		if (v[i] == '}')
			return wrong(diag, i, "this `}` closes nothing", "write }} for a brace");
		add_text(step, from, i);
		int rc = add_path(step, i, n, &i, diag);
		if (rc)
			return rc;
		from = i;
	}
	add_text(step, from, n);
	return 0;
}

static int compile_set(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	struct aff_view value = asked->value;
	if (value.n > VALUE_MAX)
		return aff_diag_set(diag, AFF_ELIMIT, "the value is longer than %d bytes", VALUE_MAX);
	/* Every part takes at least one character of the template. */
	step->value = malloc(value.n + 1);
	step->parts = calloc(value.n + 1, sizeof *step->parts);
	int rc = AFF_ENOMEM;
	if (step->value && step->parts) {
		memcpy(step->value, value.p, value.n);
		rc = compile(step, value.n, diag);
	} else {
		aff_diag_set(diag, rc, "%s", aff_error_text(rc));
	}
	if (rc) {
		free(step->value);
		free(step->parts);
	}
	return rc;
}

static int put_part(struct run *run, const struct part *part, unsigned segment)
{
	const struct aff_groups *groups;
	struct aff_path own;
	if (!part->is_path)
		return charset_write(&run->charset, &run->text, part->text);
	if (part->path.group_count && aff_edit_groups(run->e, &groups))
		return AFF_ENOMEM;
	aff_buf_put_view(&run->text, aff_edit_path(run->e, place_path(run, &part->path, segment, &own), segment));
	return 0;
}

static int run_set(struct run *run, unsigned segment)
{
	const struct step *step = run->step;
	struct place at;
	int rc = 0;
	aff_buf_clear(&run->text);
	for (size_t i = 0; i < step->part_count && !rc; i++)
		rc = put_part(run, &step->parts[i], segment);
	if (rc == AFF_ECHARSET)
		return run_reject_text(run, segment, step->path.field);
	rc = rc ? rc : run->text.error;
	rc = rc ? rc : place_find(run, &step->path, segment, &at);
	if (rc || at.segment == AFF_NONE) /* a segment that is not there is not made */
		return rc;
	rc = place_write(run, &at, aff_buf_view(&run->text));
	if (!rc && step->path.field == MSH_CHARSET && strcmp(step->path.segment, "MSH") == 0)
		charset_relabel(&run->charset, &run->text, aff_edit_get(run->e, 0, MSH_CHARSET, 1, 1, 0));
	return rc;
}

static int check_set(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->path.field)
		return step_wrong(diag, "`set` cannot write a whole segment",
		                  "write a path with a field, such as MSH-5");
	if (strcmp(s->path.segment, "MSH") == 0 && s->path.field <= 2)
		return step_wrong(diag, "MSH-1 and MSH-2 cannot be set", "they say how the whole message is delimited");
	return 0;
}

const struct step_kind step_set = {
	.name = "set", .check = check_set, .compile = compile_set, .run = run_set, .everywhere = "", .repetitions = true
};
