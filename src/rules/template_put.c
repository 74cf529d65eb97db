/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling templates in.
 */
#include <afferent/parts.h>

#include "rules/place.h"

static bool needs_primitive(const struct part *part)
{
	for (size_t i = 0; i < part->call_count; i++) {
		enum function f = part->calls[i].function;
		if (f == FUNCTION_LENGTH || f == FUNCTION_SUBSTR || f == FUNCTION_DEFAULT)
			return true;
	}
	return false;
}

/* One text without delimiters through the part's functions. */
static int put_called(struct run *run, const struct part *part, struct aff_view raw)
{
	struct aff_view text = charset_read(&run->charset, &run->key, raw);
	if (run->key.error)
		return run->key.error;
	for (size_t i = 0; i < part->call_count; i++) {
		const struct call *call = &part->calls[i];
		if (call->function == FUNCTION_SUBSTR)
			text = function_substr(text, call->from, call->count);
		else if (call->function == FUNCTION_DEFAULT)
			text = text.n ? text : call->text;
		else
			text = function_apply(call->function, text, &run->made);
		if (run->made.error)
			return run->made.error;
	}
	return charset_write(&run->charset, &run->text, text);
}

static bool is_delimiter(const struct aff_delims *d, char c)
{
	return c && (c == d->component || c == d->subcomponent || c == d->repetition);
}

/* Every primitive in the text, with the delimiters between them as they are. */
static int put_each(struct run *run, const struct part *part, struct aff_view raw)
{
	int rc = 0;
	for (size_t from = 0, i = 0; i <= raw.n && !rc; i++) {
		if (i < raw.n && !is_delimiter(&run->delims, raw.p[i]))
			continue;
		rc = put_called(run, part, aff_view(raw.p + from, i - from));
		if (i < raw.n)
			aff_buf_put_char(&run->text, raw.p[i]);
		from = i + 1;
	}
	return rc;
}

static int put_path(struct run *run, const struct part *part, unsigned segment)
{
	const struct aff_groups *groups;
	struct aff_path own;
	if (part->path.group_count && aff_edit_groups(run->e, &groups))
		return AFF_ENOMEM;
	struct aff_view raw = aff_edit_path(run->e, place_path(run, &part->path, segment, &own), segment);
	if (!part->call_count) {
		aff_buf_put_view(&run->text, raw);
		return 0;
	}
	if (part->call_count == 1 && part->calls[0].function == FUNCTION_DEFAULT && aff_is_valued(raw, &run->delims)) {
		aff_buf_put_view(&run->text, raw);
		return 0;
	}
	aff_buf_clear(&run->made);
	return needs_primitive(part) ? put_called(run, part, aff_primitive(raw, &run->delims))
	                             : put_each(run, part, raw);
}

static int put_delimiter(struct run *run, char recommended)
{
	const struct aff_delims *d = &run->delims;
	char c = recommended == '|' ? d->field : recommended == '^' ? d->component
	       : recommended == '~' ? d->repetition : d->subcomponent;
	if (!c)
		return AFF_EDELIMITER;
	aff_buf_put_char(&run->text, c);
	return 0;
}

int template_put(struct run *run, const struct template *t, unsigned segment)
{
	int rc = 0;
	for (size_t i = 0; i < t->count && !rc; i++) {
		const struct part *part = &t->parts[i];
		if (part->kind == PART_TEXT)
			rc = charset_write(&run->charset, &run->text, part->text);
		else
			rc = part->kind == PART_PATH ? put_path(run, part, segment)
			                             : put_delimiter(run, part->delimiter);
	}
	return rc ? rc : run->text.error;
}
