/* SPDX-License-Identifier: Apache-2.0
 *
 * A message as v2.xml. Written as it goes: no tree. An element is opened for every part that has a value, and for empty
 * repetitions with others behind them, because they count.
 */
#include <afferent/v2xml.h>

#include "base/utf8.h"
#include "hl7/index.h"

#include <afferent/parts.h>

/* Text that switches its set by ISO 2022 is bytes below 0x80, and no UTF-8 all the same. */
enum { GROUP_DEPTH = 16, ISO2022_ESCAPE = 0x1b };

struct writer {
	struct aff_buf *out;
	const struct aff_msg *m;
	const struct aff_groups *groups;
	struct aff_delims d;
	unsigned version;
	bool not_utf8;
	unsigned open[GROUP_DEPTH]; /* occurrences of groups, outermost first */
	unsigned depth;
};

/* ---- text ---- */

/* U+FFFE and U+FFFF are UTF-8 and may not stand in XML. */
static size_t character_length(struct aff_view v, size_t i)
{
	size_t n = utf8_length(v.p + i, v.n - i);
	return n == 3 && memcmp(v.p + i, "\xef\xbf", 2) == 0 && (unsigned char)v.p[i + 2] >= 0xbe ? 0 : n;
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' && c != '\t';
}

/* Text for elements and attributes alike. */
static void put_plain(struct writer *w, struct aff_view v)
{
	for (size_t i = 0; i < v.n;) {
		size_t n = (unsigned char)v.p[i] < 0x80 ? 1 : character_length(v, i);
		w->not_utf8 |= !n;
		if (v.p[i] == '&')
			aff_buf_put_text(w->out, "&amp;");
		else if (v.p[i] == '<')
			aff_buf_put_text(w->out, "&lt;");
		else if (v.p[i] == '>')
			aff_buf_put_text(w->out, "&gt;");
		else if (v.p[i] == '"')
			aff_buf_put_text(w->out, "&quot;");
		else if (v.p[i] == '\t')
			aff_buf_put_text(w->out, "&#9;");
		else
			aff_buf_put(w->out, v.p + i, n);
		i += n ? n : 1;
	}
}

/* The delimiter that a sequence of one letter stands for; 0: none. \P\ stays, because its character need not be
 * escaped everywhere. */
static char delimiter_of(struct aff_view sequence, const struct aff_delims *d)
{
	static const char letters[] = "FSRTE";
	const char delimiters[] = {d->field, d->component, d->repetition, d->subcomponent, d->escape};
	const char *at = sequence.n == 1 && sequence.p[0] ? strchr(letters, sequence.p[0]) : NULL;
	return at ? delimiters[at - letters] : 0;
}

static void put_escape_element(struct writer *w, struct aff_view sequence)
{
	aff_buf_put_text(w->out, "<escape V=\"");
	put_plain(w, sequence);
	aff_buf_put_text(w->out, "\"/>");
}

/* One sequence at the start of v; returns how much of v it was. */
static size_t put_sequence(struct writer *w, struct aff_view v)
{
	const char *end = memchr(v.p + 1, w->d.escape, v.n - 1);
	struct aff_view sequence = aff_view(v.p + 1, end ? (size_t)(end - v.p) - 1 : 0);
	bool is_sequence = end != NULL;
	for (size_t i = 0; i < sequence.n; i++)
		is_sequence &= !is_control(sequence.p[i]);
	if (!is_sequence) {
		aff_buf_put_text(w->out, "<escape/>");
		return 1;
	}
	char c = delimiter_of(sequence, &w->d);
	if (c)
		put_plain(w, aff_view(&c, 1));
	else
		put_escape_element(w, sequence);
	return sequence.n + 2;
}

static void put_control(struct writer *w, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	char sequence[3] = {'X', digits[(unsigned char)c >> 4], digits[c & 15]};
	w->not_utf8 |= c == ISO2022_ESCAPE;
	if (w->d.escape)
		put_escape_element(w, aff_view(sequence, sizeof sequence));
	else
		aff_buf_put_char(w->out, ' ');
}

static void put_text(struct writer *w, struct aff_view v)
{
	size_t from = 0, i = 0;
	while (i < v.n) {
		bool escape = w->d.escape && v.p[i] == w->d.escape;
		if (!escape && !is_control(v.p[i])) {
			i++;
			continue;
		}
		put_plain(w, aff_view(v.p + from, i - from));
		if (escape) {
			i += put_sequence(w, aff_view(v.p + i, v.n - i));
		} else {
			put_control(w, v.p[i++]);
		}
		from = i;
	}
	put_plain(w, aff_view(v.p + from, v.n - from));
}

/* ---- parts ---- */

static void put_tag(struct writer *w, const char *lead, struct aff_view name, unsigned number, const char *tail)
{
	aff_buf_put_text(w->out, lead);
	aff_buf_put_view(w->out, name);
	if (number) {
		aff_buf_put_char(w->out, '.');
		aff_buf_put_u64(w->out, number);
	}
	aff_buf_put_text(w->out, tail);
}

/* What the parts of a value are called, and their types. */
struct naming {
	struct aff_view name;
	const struct aff_schema *schema; /* NULL: a primitive, or not known */
};

static struct naming naming_of(const struct writer *w, struct aff_view type)
{
	const struct aff_schema *schema = type.n ? aff_schema_type(w->version, type) : NULL;
	if (schema && !schema->count)
		schema = NULL;
	if (schema)
		return (struct naming){aff_view_of(schema->id), schema};
	bool is_name = type.n > 0 && type.n <= 3 && !aff_view_is(type, "Varies");
	for (size_t i = 0; i < type.n; i++)
		is_name &= (type.p[i] >= 'A' && type.p[i] <= 'Z') || (i && type.p[i] >= '0' && type.p[i] <= '9');
	return (struct naming){is_name ? type : aff_view_of("UNKNOWN"), NULL};
}

static struct naming part_naming(const struct writer *w, const struct naming *of, unsigned n)
{
	const struct aff_schema_part *part = of->schema ? aff_schema_part(of->schema, n) : NULL;
	return naming_of(w, aff_view_of(part ? part->type : ""));
}

/* Delimiters at the end divide nothing. */
static struct aff_view without_tail(const struct writer *w, struct aff_view v)
{
	while (v.n && v.p[v.n - 1] && (v.p[v.n - 1] == w->d.component || v.p[v.n - 1] == w->d.subcomponent))
		v.n--;
	return v;
}

static void write_component(struct writer *w, const struct naming *naming, struct aff_view text)
{
	text = without_tail(w, text);
	struct aff_parts parts = aff_parts(text, w->d.subcomponent);
	struct aff_view part;
	bool divided = w->d.subcomponent && memchr(text.p, w->d.subcomponent, text.n);
	if (!naming->schema && !divided) {
		put_text(w, text);
		return;
	}
	for (unsigned n = 1; aff_parts_next(&parts, &part); n++) {
		if (!part.n)
			continue;
		put_tag(w, "<", naming->name, n, ">");
		put_text(w, part);
		put_tag(w, "</", naming->name, n, ">");
	}
}

static void write_repetition(struct writer *w, const struct naming *naming, struct aff_view text)
{
	text = without_tail(w, text);
	struct aff_delims below = aff_delims_below(&w->d);
	struct aff_parts parts = aff_parts(text, w->d.component);
	struct aff_view part;
	bool divided = (w->d.component && memchr(text.p, w->d.component, text.n)) ||
	               (w->d.subcomponent && memchr(text.p, w->d.subcomponent, text.n));
	if (!naming->schema && !divided) {
		put_text(w, text);
		return;
	}
	for (unsigned n = 1; aff_parts_next(&parts, &part); n++) {
		struct naming inner = part_naming(w, naming, n);
		if (!aff_is_valued(part, &below))
			continue;
		put_tag(w, "<", naming->name, n, ">");
		write_component(w, &inner, part);
		put_tag(w, "</", naming->name, n, ">");
	}
}

static struct aff_view type_of(const struct writer *w, const struct aff_schema *schema, unsigned segment,
                               unsigned field)
{
	const struct aff_schema_part *part = schema ? aff_schema_part(schema, field) : NULL;
	if (part && field == 5 && aff_msg_is(w->m, segment, "OBX"))
		return aff_primitive(aff_msg_field(w->m, segment, 2), &w->d);
	return aff_view_of(part ? part->type : "");
}

static void write_field(struct writer *w, struct aff_view id, unsigned field, struct aff_view text,
                        struct aff_view type)
{
	struct naming naming = naming_of(w, type);
	struct aff_parts repetitions = aff_parts(text, w->d.repetition);
	struct aff_view repetition;
	unsigned empty = 0;
	while (aff_parts_next(&repetitions, &repetition)) {
		if (!aff_is_valued(repetition, &w->d)) {
			empty++;
			continue;
		}
		for (; empty && !w->out->error; empty--)
			put_tag(w, "<", id, field, "/>");
		put_tag(w, "<", id, field, ">");
		write_repetition(w, &naming, repetition);
		put_tag(w, "</", id, field, ">");
	}
}

/* What is in use, not what was written: a leniency may lie between. */
static void write_delimiters(struct writer *w)
{
	const char encoding[] = {w->d.component, w->d.repetition, w->d.escape, w->d.subcomponent, w->d.truncation, 0};
	aff_buf_put_text(w->out, "<MSH.1>");
	put_plain(w, aff_view(&w->d.field, 1));
	aff_buf_put_text(w->out, "</MSH.1><MSH.2>");
	put_plain(w, aff_view_of(encoding));
	aff_buf_put_text(w->out, "</MSH.2>");
}

static void write_segment(struct writer *w, unsigned segment)
{
	struct aff_view id = aff_msg_id(w->m, segment);
	const struct aff_schema *schema = aff_schema_segment(w->version, id);
	bool header = aff_msg_is(w->m, segment, "MSH");
	put_tag(w, "<", id, 0, ">");
	if (header)
		write_delimiters(w);
	for (unsigned n = header ? 3 : 1; n <= aff_msg_fields(w->m, segment); n++) {
		struct aff_view text = aff_msg_field(w->m, segment, n);
		if (text.n)
			write_field(w, id, n, text, type_of(w, schema, segment, n));
	}
	put_tag(w, "</", id, 0, ">");
}

/* ---- groups ---- */

static void put_group(struct writer *w, const char *lead, unsigned group)
{
	aff_buf_put_text(w->out, lead);
	aff_buf_put_text(w->out, aff_groups_structure(w->groups)->id);
	aff_buf_put_char(w->out, '.');
	aff_buf_put_text(w->out, aff_groups_at(w->groups, group)->node->name);
	aff_buf_put_char(w->out, '>');
}

static void close_groups(struct writer *w, unsigned down_to)
{
	while (w->depth > down_to)
		put_group(w, "</", w->open[--w->depth]);
}

/* Closes what the segment is not in and opens what it is in. */
static void enter_groups(struct writer *w, unsigned segment)
{
	unsigned chain[GROUP_DEPTH], n = 0, common = 0;
	for (unsigned g = aff_groups_of(w->groups, segment); g && n < GROUP_DEPTH;
	     g = aff_groups_at(w->groups, g)->parent)
		chain[n++] = g;
	while (common < w->depth && common < n && w->open[common] == chain[n - 1 - common])
		common++;
	close_groups(w, common);
	for (; w->depth < n; w->depth++) {
		w->open[w->depth] = chain[n - 1 - w->depth];
		put_group(w, "<", w->open[w->depth]);
	}
}

static bool is_name(struct aff_view v)
{
	for (size_t i = 0; i < v.n; i++) {
		bool letter = v.p[i] >= 'A' && v.p[i] <= 'Z';
		if (!letter && (!i || (v.p[i] != '_' && (v.p[i] < '0' || v.p[i] > '9'))))
			return false;
	}
	return v.n > 0;
}

static struct aff_view root_name(const struct writer *w)
{
	if (w->groups && aff_groups_structure(w->groups))
		return aff_view_of(aff_groups_structure(w->groups)->id);
	struct aff_view structure = aff_msg_get(w->m, 0, 9, 1, 3, 0), type = aff_msg_get(w->m, 0, 9, 1, 1, 0);
	return is_name(structure) ? structure : is_name(type) ? type : aff_view_of("HL7");
}

/* XML has no way to write control characters other than TAB. */
static bool has_control_delimiter(const struct aff_delims *d)
{
	const char all[] = {d->field, d->component, d->repetition, d->escape, d->subcomponent, d->truncation};
	for (size_t i = 0; i < sizeof all; i++) {
		if (all[i] && is_control(all[i]))
			return true;
	}
	return false;
}

int aff_v2xml_write(struct aff_buf *out, const struct aff_msg *m, const struct aff_groups *groups,
                    struct aff_diag *diag)
{
	struct writer w = {.out = out, .m = m, .groups = groups, .d = aff_msg_delims(m),
	                   .version = aff_schema_version(aff_msg_get(m, 0, 12, 1, 1, 1))};
	if (groups && !aff_groups_structure(groups))
		w.groups = NULL;
	if (has_control_delimiter(&w.d))
		return aff_diag_set(diag, AFF_EDELIMITER, "a delimiter is a control character, which XML cannot hold");
	struct aff_view root = root_name(&w);
	aff_buf_put_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	put_tag(&w, "<", root, 0, " xmlns=\"urn:hl7-org:v2xml\">");
	for (unsigned i = 0; i < aff_msg_segments(m) && !out->error; i++) {
		struct aff_view id = aff_msg_id(m, i);
		if (!index_is_id(id.p, id.n) || (i && index_is_header(index_pack_id(id.p))))
			return aff_diag_set(diag, AFF_ESEGMENTID, "line %u is no segment that XML can hold", i + 1);
		if (w.groups)
			enter_groups(&w, i);
		write_segment(&w, i);
	}
	close_groups(&w, 0);
	put_tag(&w, "</", root, 0, ">\n");
	if (w.not_utf8) {
		aff_diag_set(diag, AFF_ECHARSET, "the message is not UTF-8");
		aff_diag_hint(diag, "convert it to UTF-8 first");
		return AFF_ECHARSET;
	}
	if (out->error)
		return aff_diag_set(diag, out->error, "the document does not fit");
	return 0;
}
