/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking a stream apart at the lines that begin with a header, a message or a trailer. Lines of a part are looked at
 * once, however the bytes arrive: `scanned` is where the search for its end goes on.
 */
#include <afferent/batch.h>

#include <afferent/build.h>

#include "base/number.h"
#include "hl7/delims.h"
#include "hl7/splice.h"

#define WINDOW 256 /* bytes searched for one kind of line end before the other is tried */
#define MARK 3     /* bytes of a byte order mark */
#define LOOK (MARK + 4)

static const char *const ids[] = {
	[AFF_BATCH_FHS] = "FHS", [AFF_BATCH_BHS] = "BHS", [AFF_BATCH_MESSAGE] = "MSH",
	[AFF_BATCH_BTS] = "BTS", [AFF_BATCH_FTS] = "FTS",
};

void aff_batch_init(struct aff_batch *b, size_t max_part)
{
	memset(b, 0, sizeof *b);
	b->max_part = max_part;
	b->delims = aff_delims_default;
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool has_mark(const char *p, size_t n)
{
	return n >= MARK && memcmp(p, "\xef\xbb\xbf", MARK) == 0;
}

enum aff_batch_kind aff_batch_kind_at(const char *bytes, size_t n)
{
	size_t skip = has_mark(bytes, n) ? MARK : 0;
	const char *p = bytes + skip;
	n -= skip;
	for (size_t i = 0; n >= 3 && i < sizeof ids / sizeof ids[0]; i++)
		if (memcmp(p, ids[i], 3) == 0 && (n == 3 || !is_word(p[3])))
			return (enum aff_batch_kind)i;
	return AFF_BATCH_TEXT;
}

bool aff_batch_is(const char *bytes, size_t n)
{
	enum aff_batch_kind kind = aff_batch_kind_at(bytes, n);
	return kind == AFF_BATCH_FHS || kind == AFF_BATCH_BHS;
}

/* The first CR or LF at or behind i; n when there is none. */
static size_t find_line_end(const char *p, size_t i, size_t n)
{
	for (size_t w; i < n; i += w) {
		w = n - i < WINDOW ? n - i : WINDOW;
		const char *cr = memchr(p + i, '\r', w);
		const char *lf = memchr(p + i, '\n', cr ? (size_t)(cr - (p + i)) : w);
		if (lf || cr)
			return (size_t)((lf ? lf : cr) - p);
	}
	return n;
}

static size_t skip_line_ends(const char *p, size_t i, size_t n)
{
	while (i < n && is_line_end(p[i]))
		i++;
	return i;
}

/* A run of line ends, p[from..to). */
struct run {
	size_t from, to;
};

/* The line ends behind which the part that starts at `start` is over: at the next header, message or trailer, at the
 * end of a header's or trailer's own line, or at the end of everything. false: more bytes are needed to tell, and the
 * part reaches to end->to at least. */
static bool find_end(struct aff_batch *b, const char *p, size_t start, size_t n, bool ended, struct run *end)
{
	enum aff_batch_kind kind = aff_batch_kind_at(p + start, n - start);
	bool one_line = kind != AFF_BATCH_MESSAGE && kind != AFF_BATCH_TEXT;
	size_t i = b->scanned > start ? b->scanned : start;
	for (;;) {
		end->from = find_line_end(p, i, n);
		end->to = skip_line_ends(p, end->from, n);
		b->scanned = end->from;
		if (end->to == n)
			return ended;
		size_t left = n - end->to;
		if (one_line)
			return true;
		if (left < LOOK && !ended && find_line_end(p, end->to, n) == n)
			return false;
		if (aff_batch_kind_at(p + end->to, left) != AFF_BATCH_TEXT)
			return true;
		i = end->to;
	}
}

/* The line ends of a message are of the kind that follows its MSH. */
static bool ends_like_others(const char *p, size_t start, struct run end, size_t n)
{
	size_t first = find_line_end(p, start, n);
	if (first >= end.from)
		return true;
	bool cr = p[first] == '\r', lf = p[first] == '\n' || p[first + 1] == '\n';
	size_t length = end.to - end.from;
	return (!cr || memchr(p + end.from, '\r', length)) && (!lf || memchr(p + end.from, '\n', length));
}

/* The text with one of the line ends behind it: CRLF where its first line ends so. */
static struct aff_view text_of(const char *p, size_t start, struct run end)
{
	size_t first = find_line_end(p, start, end.to), stop = end.from;
	bool crlf = first + 1 < end.to && p[first] == '\r' && p[first + 1] == '\n';
	if (end.to > end.from)
		stop += crlf && end.from + 1 < end.to && p[end.from] == '\r' && p[end.from + 1] == '\n' ? 2 : 1;
	return aff_view(p + start, stop - start);
}

static void end_batch(struct aff_batch *b)
{
	if (b->in_batch || b->messages)
		b->batches++;
	b->in_batch = false;
	b->messages = 0;
}

static void end_file(struct aff_batch *b)
{
	b->in_file = false;
	b->batches = 0;
}

static void read_delims(struct aff_batch *b, struct aff_batch_part *part)
{
	size_t end = find_line_end(part->text.p, 0, part->text.n);
	if (delims_read(&b->delims, aff_view(part->text.p, end), 0, NULL)) {
		part->issues |= AFF_BATCH_DELIMITER;
		if (!b->delims.field)
			b->delims = aff_delims_default;
	}
	part->delims = b->delims;
}

/* Compares what a trailer says with what was there. */
static void check_count(struct aff_batch *b, struct aff_batch_part *part, uint64_t found)
{
	part->delims = b->delims;
	if (part->text.n > 3 && !is_line_end(part->text.p[3]))
		part->delims.field = part->text.p[3];
	part->found = found;
	part->said = AFF_BATCH_NO_COUNT;
	struct aff_view said = aff_batch_field(part, 1);
	uint64_t number;
	if (!said.n)
		return;
	if (number_u64(aff_view_trim(said), AFF_BATCH_NO_COUNT - 1, &number))
		part->issues |= AFF_BATCH_COUNT;
	else
		part->said = number;
	if (part->said != found)
		part->issues |= AFF_BATCH_COUNT;
}

/* Where the part stands among the others. */
static void place(struct aff_batch *b, struct aff_batch_part *part)
{
	switch (part->kind) {
	case AFF_BATCH_FHS:
	case AFF_BATCH_BHS:
		if (b->in_batch || (b->in_file && part->kind == AFF_BATCH_FHS))
			part->issues |= AFF_BATCH_UNENDED;
		end_batch(b);
		if (part->kind == AFF_BATCH_FHS)
			end_file(b);
		b->in_file |= part->kind == AFF_BATCH_FHS;
		b->in_batch = part->kind == AFF_BATCH_BHS;
		read_delims(b, part);
		break;
	case AFF_BATCH_MESSAGE:
		if (b->messages && !b->in_batch && !b->in_file)
			part->issues |= AFF_BATCH_SEVERAL;
		b->messages++;
		part->message = ++b->message;
		break;
	case AFF_BATCH_BTS:
		if (!b->in_batch && !b->messages)
			part->issues |= AFF_BATCH_ORDER;
		check_count(b, part, b->messages);
		end_batch(b);
		break;
	case AFF_BATCH_FTS:
		if (b->in_batch)
			part->issues |= AFF_BATCH_UNENDED;
		end_batch(b);
		if (!b->in_file && !b->batches)
			part->issues |= AFF_BATCH_ORDER;
		check_count(b, part, b->batches);
		end_file(b);
		break;
	case AFF_BATCH_TEXT:
		break;
	}
}

int aff_batch_next(struct aff_batch *b, const char *buf, size_t n, bool ended, struct aff_batch_part *part,
                   size_t *consumed)
{
	size_t start = skip_line_ends(buf, 0, n);
	struct run end;
	*consumed = 0;
	memset(part, 0, sizeof *part);
	part->text = part->bytes = aff_view("", 0);
	if (start == n)
		return n > b->max_part ? AFF_ELIMIT : 0;
	if (n - start < LOOK && !ended && find_line_end(buf, start, n) == n)
		return 0;
	bool found = find_end(b, buf, start, n, ended, &end);
	if (end.to > b->max_part)
		return AFF_ELIMIT;
	if (!found)
		return 0;
	part->kind = aff_batch_kind_at(buf + start, n - start);
	part->bytes = aff_view(buf, end.to);
	part->text = text_of(buf, start, end);
	if (part->kind == AFF_BATCH_MESSAGE) {
		if (!ends_like_others(buf, start, end, n) && end.to < n)
			part->issues |= AFF_BATCH_LINE_END;
	} else if (part->kind != AFF_BATCH_TEXT && has_mark(part->text.p, part->text.n)) {
		part->text = aff_view(part->text.p + MARK, part->text.n - MARK);
	}
	place(b, part);
	b->scanned = 0;
	*consumed = end.to;
	return 1;
}

unsigned aff_batch_end(struct aff_batch *b)
{
	unsigned issues = b->in_batch || b->in_file ? AFF_BATCH_UNENDED : 0;
	aff_batch_init(b, b->max_part);
	return issues;
}

struct aff_view aff_batch_field(const struct aff_batch_part *part, unsigned field)
{
	struct splice s;
	struct aff_view line = aff_view(part->text.p, find_line_end(part->text.p, 0, part->text.n));
	bool header = part->kind == AFF_BATCH_FHS || part->kind == AFF_BATCH_BHS;
	if (part->kind == AFF_BATCH_MESSAGE || part->kind == AFF_BATCH_TEXT || !field || line.n < 4)
		return aff_view("", 0);
	if (header && field == 1)
		return aff_view(line.p + 3, 1);
	if (splice_find(&s, line, &part->delims, field, 0, 0, 0) || splice_missing(&s))
		return aff_view("", 0);
	return aff_view(line.p + s.from, s.to - s.from);
}

static void explain_count(const struct aff_batch_part *part, struct aff_diag *diag)
{
	const char *what = part->kind == AFF_BATCH_BTS ? "message" : "batch";
	const char *plural = part->kind == AFF_BATCH_BTS ? "s" : "es";
	const char *many = part->found == 1 ? "" : plural;
	if (part->said == AFF_BATCH_NO_COUNT)
		aff_diag_set(diag, AFF_EBATCH, "%s-1 is no number; there %s %llu %s%s before it", ids[part->kind],
		             part->found == 1 ? "is" : "are", (unsigned long long)part->found, what, many);
	else
		aff_diag_set(diag, AFF_EBATCH, "%s-1 says %llu, but there %s %llu %s%s before it", ids[part->kind],
		             (unsigned long long)part->said, part->found == 1 ? "is" : "are",
		             (unsigned long long)part->found, what, many);
	aff_diag_hint(diag, "something may be lost, or the sender counts wrong");
}

void aff_batch_explain(const struct aff_batch_part *part, enum aff_batch_issue issue, struct aff_diag *diag)
{
	const char *id = part && part->kind != AFF_BATCH_TEXT ? ids[part->kind] : "";
	switch (issue) {
	case AFF_BATCH_COUNT:
		explain_count(part, diag);
		break;
	case AFF_BATCH_ORDER:
		aff_diag_set(diag, AFF_EBATCH, "a trailer (%s) with nothing before it", id);
		aff_diag_hint(diag, "the beginning may be lost");
		break;
	case AFF_BATCH_UNENDED:
		aff_diag_set(diag, AFF_EBATCH, "a batch or file with a header and no trailer (BTS, FTS)");
		aff_diag_hint(diag, "its end may be lost");
		break;
	case AFF_BATCH_SEVERAL:
		aff_diag_set(diag, AFF_ETWOMSH, "a message follows another one outside of any batch");
		aff_diag_hint(diag, "send each message in a frame of its own, or in a batch");
		break;
	case AFF_BATCH_LINE_END:
		aff_diag_set(diag, AFF_ETERMINATOR, "the last line of the message ends unlike its other segments");
		aff_diag_hint(diag, "end every segment the same way, best with a CR alone");
		break;
	case AFF_BATCH_DELIMITER:
		aff_diag_set(diag, AFF_EDELIMITER, "%s-1 and %s-2 do not give usable delimiters", id, id);
		aff_diag_hint(diag, "a header begins with %s|^~\\&| or other single, distinct characters", id);
		break;
	}
	if (!diag)
		return;
	diag->severity = AFF_SEVERITY_WARNING;
	if (id[0])
		aff_diag_at(diag, id, 0, issue == AFF_BATCH_COUNT ? 1 : 0);
}

void aff_batch_put_trailer(struct aff_buf *out, const char *id, char field_separator, uint64_t count)
{
	aff_buf_put_text(out, id);
	aff_buf_put_char(out, field_separator);
	aff_buf_put_u64(out, count);
	aff_buf_put_char(out, '\r');
}

int aff_batch_put_answer(struct aff_buf *out, const struct aff_batch_part *header, struct aff_view control_id,
                         struct aff_view time)
{
	static const unsigned swapped[] = {5, 6, 3, 4};
	if (header->kind != AFF_BATCH_FHS && header->kind != AFF_BATCH_BHS)
		return AFF_EARGUMENT;
	struct aff_build b;
	aff_build_header(&b, out, "BHS", &header->delims);
	for (size_t i = 0; i < sizeof swapped / sizeof swapped[0]; i++)
		aff_build_raw(&b, aff_batch_field(header, swapped[i]));
	aff_build_field(&b, time);
	aff_build_skip(&b, 3);
	aff_build_field(&b, control_id);
	aff_build_raw(&b, aff_batch_field(header, 11));
	aff_build_end(&b);
	return out->error;
}
