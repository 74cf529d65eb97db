/* SPDX-License-Identifier: Apache-2.0
 *
 * The sample of a destination.
 */
#include <stdlib.h>

#include "conf/reader.h"

#define BANDS_MAX 1000

/* "2", "0.5", "5%". */
static bool parse_band(struct sample_band *b, struct aff_view text)
{
	struct aff_nm number;
	b->share = text.n && text.p[text.n - 1] == '%';
	text = b->share ? aff_view_trim(aff_view(text.p, text.n - 1)) : text;
	return aff_nm_parse(&number, text) == 0 && !number.negative && decimal_of(&b->width, &number);
}

static void read_band(struct reader *r, struct sample_spec *spec, const struct node *code, const struct node *value)
{
	struct sample_band *b = &spec->bands[spec->nbands];
	char word[SHOWN_SIZE];
	static const char what_to_do[] = "write a number such as 2 or 0.5, or a share such as 5%";
	if (value->kind != NODE_SCALAR) {
		report_error(&r->report, value->at, what_to_do, "a code of 'change' takes one difference");
		return;
	}
	if (!parse_band(b, value->text)) {
		report_error(&r->report, value->at, what_to_do, "'%s' is no difference", shown(word, value->text));
		return;
	}
	if (code && !aff_view_is(code->text, "others"))
		b->code = keep_text(r, code->text);
	spec->nbands++;
}

static void read_bands(struct reader *r, struct sample_spec *spec, const struct node *map)
{
	char word[SHOWN_SIZE];
	for (const struct node *code = map->first; code; code = code->next->next) {
		if (code->kind != NODE_SCALAR || !code->text.n) {
			report_error(&r->report, code->at, "write the code as in OBX-3.1, or others",
			             "this is no code");
			continue;
		}
		bool again = false;
		for (const struct node *c = map->first; c != code; c = c->next->next)
			again |= c->kind == NODE_SCALAR && aff_view_equal(c->text, code->text);
		if (again)
			report_error(&r->report, code->at, "leave one of them out",
			             "the code '%s' stands here twice", shown(word, code->text));
		else
			read_band(r, spec, code, code->next);
	}
}

static void read_change(struct reader *r, struct sample_spec *spec, const struct fields *f)
{
	const struct node *n = f->value[KEY_SAMPLE_change], *keep = f->value[KEY_SAMPLE_keep];
	if (!n)
		return;
	if (keep && spec->keep != SAMPLE_FIRST)
		report_error(&r->report, keep->at, "leave one of them out, or write 'keep: first'",
		             "with 'change' the first reading of a window is sent, and then each that differs");
	spec->keep = SAMPLE_FIRST;
	size_t n_bands = n->kind == NODE_MAP ? n->count / 2 : 1;
	if (!n_bands || n_bands > BANDS_MAX) {
		report_error(&r->report, n->at, NULL, "'change' takes 1 to %d codes", BANDS_MAX);
		return;
	}
	spec->bands = keep_array(r, n_bands, sizeof *spec->bands);
	if (!spec->bands)
		return;
	if (n->kind == NODE_MAP)
		read_bands(r, spec, n);
	else
		read_band(r, spec, NULL, n);
}

/* Numbers of two patients, or of two codes, have no mean, and are no change of one another. */
static void check_by(struct reader *r, const struct conf_dest *d, const struct fields *f)
{
	const struct node *by = f->value[KEY_SAMPLE_by];
	bool reckons = d->sample.nbands || d->sample.keep > SAMPLE_LAST;
	unsigned needed = SAMPLE_BY_PATIENT | SAMPLE_BY_CODE;
	if (!by)
		return;
	if (!by->count)
		report_error(&r->report, by->at, "write [patient, device, code]", "the list is empty");
	else if (reckons && (d->sample.by & needed) != needed)
		report_error(&r->report, by->at, "write [patient, code] or [patient, device, code]",
		             "'%s' reckons with numbers of one patient and one code",
		             d->sample.nbands ? "change" : "keep");
}

void read_sample(struct reader *r, struct conf_dest *d, const struct node *map)
{
	static const enum sample_keep keeps[] = {SAMPLE_LAST, SAMPLE_FIRST, SAMPLE_MEAN, SAMPLE_MEDIAN, SAMPLE_MIN_MAX};
	struct fields f;
	if (!map)
		return;
	fields_read(r, &f, SECTION_SAMPLE, map);
	d->sample_line = map->at.line;
	d->sample.every_ms = (int64_t)get_number(r, &f, KEY_SAMPLE_every);
	d->sample.keep = keeps[get_word(r, &f, KEY_SAMPLE_keep)];
	d->sample.by = get_words(r, &f, KEY_SAMPLE_by);
	if (!f.value[KEY_SAMPLE_by])
		d->sample.by = SAMPLE_BY_PATIENT | SAMPLE_BY_DEVICE | SAMPLE_BY_CODE;
	read_change(r, &d->sample, &f);
	check_by(r, d, &f);
}
