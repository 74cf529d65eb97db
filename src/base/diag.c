/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics: filled in by whoever finds the fault, read by whoever must tell somebody.
 */
#include <afferent/diag.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"

static void copy(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);
	memcpy(to, from, n);
	to[n] = '\0';
}

int aff_diag_set(struct aff_diag *d, int code, const char *format, ...)
{
	if (d) {
		va_list ap;
		memset(d, 0, sizeof *d);
		d->code = code;
		va_start(ap, format);
		vsnprintf(d->text, sizeof d->text, format, ap);
		va_end(ap);
	}
	return code;
}

void aff_diag_hint(struct aff_diag *d, const char *format, ...)
{
	if (d) {
		va_list ap;
		va_start(ap, format);
		vsnprintf(d->hint, sizeof d->hint, format, ap);
		va_end(ap);
	}
}

void aff_diag_at(struct aff_diag *d, const char *segment, unsigned occurrence, unsigned field)
{
	if (d) {
		memset(&d->at, 0, sizeof d->at);
		copy(d->at.segment, sizeof d->at.segment, segment);
		d->at.occurrence = occurrence;
		d->at.field = field;
	}
}

void aff_diag_in(struct aff_diag *d, const char *source, unsigned line, unsigned column)
{
	if (d) {
		copy(d->source, sizeof d->source, source);
		d->line = line;
		d->column = column;
	}
}

const char *aff_location_format(const struct aff_location *at, char *buf, size_t size)
{
	char occurrence[16] = "", field[16] = "", repetition[16] = "", component[16] = "", subcomponent[16] = "";
	if (at->occurrence > 1)
		snprintf(occurrence, sizeof occurrence, "[%u]", at->occurrence);
	if (at->field)
		snprintf(field, sizeof field, "-%u", at->field);
	if (at->repetition > 1)
		snprintf(repetition, sizeof repetition, "[%u]", at->repetition);
	if (at->component)
		snprintf(component, sizeof component, ".%u", at->component);
	if (at->component && at->subcomponent)
		snprintf(subcomponent, sizeof subcomponent, ".%u", at->subcomponent);
	snprintf(buf, size, "%s%s%s%s%s%s", at->segment, occurrence, field, repetition, component, subcomponent);
	return buf;
}

const char *aff_diag_format(const struct aff_diag *d, char *buf, size_t size)
{
	char place[256] = "", in[64] = "", position[32] = "";
	aff_location_format(&d->at, in, sizeof in);
	if (d->line)
		snprintf(position, sizeof position, ":%u:%u", d->line, d->column);
	snprintf(place, sizeof place, "%s%s%s%s%s", d->source, position, d->source[0] ? ": " : "", in,
	         in[0] ? ": " : "");
	snprintf(buf, size, "%s%s%s%s", place, d->text, d->hint[0] ? "; " : "", d->hint);
	return buf;
}

void aff_diag_list_init(struct aff_diag_list *l, size_t cap)
{
	memset(l, 0, sizeof *l);
	l->cap = cap;
}

int aff_diag_list_add(struct aff_diag_list *l, const struct aff_diag *d)
{
	if (d->severity == AFF_SEVERITY_ERROR)
		l->errors++;
	else if (d->severity == AFF_SEVERITY_WARNING)
		l->warnings++;
	if (l->count == l->cap) {
		l->dropped++;
		return 0;
	}
	if (vector_room(&l->items, &l->capacity, l->count, sizeof *l->items)) {
		l->dropped++;
		return AFF_ENOMEM;
	}
	l->items[l->count++] = *d;
	return 0;
}

void aff_diag_list_clear(struct aff_diag_list *l)
{
	l->count = l->dropped = l->errors = l->warnings = 0;
}

void aff_diag_list_free(struct aff_diag_list *l)
{
	free(l->items);
	memset(l, 0, sizeof *l);
}
