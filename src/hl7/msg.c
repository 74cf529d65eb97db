/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing: delimiters and terminator from the first segment, one scan, then one walk over the segments that checks
 * their ids and the limits.
 */
#include <afferent/batch.h>

#include <stdlib.h>

#include "hl7/group.h"
#include "hl7/delims.h"
#include "hl7/index.h"
#include "hl7/scan.h"

/* No version defines more than 28. Far more means that a terminator is missing and other segments run into the MSH. */
#define MSH_FIELDS_MAX 40

const struct aff_limits aff_limits_default = {16u << 20, 10000, 2000, 1000};

int aff_msg_new(struct aff_msg **out, const struct aff_limits *limits)
{
	struct aff_msg *m = calloc(1, sizeof *m);
	if (!m || aff_groups_new(&m->groups)) {
		free(m);
		return AFF_ENOMEM;
	}
	m->limits = limits ? *limits : aff_limits_default;
	if (m->limits.bytes > UINT32_MAX / 2)
		m->limits.bytes = UINT32_MAX / 2;
	m->bytes = aff_view("", 0);
	*out = m;
	return 0;
}

void aff_msg_free(struct aff_msg *m)
{
	if (!m)
		return;
	free(m->cuts);
	free(m->ends);
	free(m->segments);
	aff_groups_free(m->groups);
	free(m);
}

bool index_is_id(const char *p, size_t n)
{
	if (n != 3 || p[0] < 'A' || p[0] > 'Z')
		return false;
	for (size_t i = 1; i < 3; i++) {
		if (!((p[i] >= 'A' && p[i] <= 'Z') || (p[i] >= '0' && p[i] <= '9')))
			return false;
	}
	return true;
}

struct aff_view index_terminator(enum aff_terminator t)
{
	return aff_view_of(t == AFF_TERMINATOR_CR ? "\r" : t == AFF_TERMINATOR_LF ? "\n" : "\r\n");
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

/* Where the MSH should start, behind what the leniencies allow. */
static size_t skip_lead(struct aff_view v, unsigned lenient)
{
	size_t i = 0;
	if ((lenient & AFF_LENIENT_BOM) && v.n >= 3 && memcmp(v.p, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	if (lenient & AFF_LENIENT_BLANK) {
		while (i < v.n && (is_line_end(v.p[i]) || v.p[i] == ' ' || v.p[i] == '\t'))
			i++;
	}
	return i;
}

/* Finds the end of the first segment and sets the terminator from what follows it. */
static size_t find_first_end(struct aff_msg *m, size_t start)
{
	const char *p = m->bytes.p + start;
	size_t n = m->bytes.n - start;
	const char *cr = memchr(p, '\r', n);
	const char *lf = memchr(p, '\n', cr ? (size_t)(cr - p) : n);
	if (lf)
		m->terminator = AFF_TERMINATOR_LF;
	else if (cr && cr + 1 < p + n && cr[1] == '\n')
		m->terminator = AFF_TERMINATOR_CRLF;
	else
		m->terminator = AFF_TERMINATOR_CR;
	const char *end = lf ? lf : cr ? cr : p + n;
	return (size_t)(end - m->bytes.p);
}

/* In an LF or CRLF message a CR of its own would be a terminator to some and data to others. */
static bool has_other_terminator(const struct aff_msg *m, size_t from)
{
	if (m->terminator == AFF_TERMINATOR_CR)
		return false;
	const char *p = m->bytes.p + from, *end = m->bytes.p + m->body_end;
	for (; (p = memchr(p, '\r', (size_t)(end - p))) != NULL; p++) {
		if (m->terminator == AFF_TERMINATOR_LF || p + 1 == end || p[1] != '\n')
			return true;
	}
	return false;
}

/* Makes room for `more` entries behind `used` ones. */
static int grow(uint32_t **table, size_t *max, size_t used, size_t more)
{
	if (*max - used >= more)
		return 0;
	size_t want = *max ? *max * 2 : 512;
	while (want - used < more)
		want *= 2;
	uint32_t *p = realloc(*table, want * sizeof *p);
	if (!p)
		return AFF_ENOMEM;
	*table = p;
	*max = want;
	return 0;
}

static int grow_segments(struct aff_msg *m, size_t count)
{
	if (m->max_segments >= count)
		return 0;
	size_t want = m->max_segments ? m->max_segments : 64;
	while (want < count)
		want *= 2;
	struct segment *p = realloc(m->segments, want * sizeof *p);
	if (!p)
		return AFF_ENOMEM;
	m->segments = p;
	m->max_segments = want;
	return 0;
}

/* Fills cuts and ends for bytes[start..end), with one more terminator at the end. More segments than allowed by one at
 * most are looked for. *nends: the number of segments found. */
static int scan_body(struct aff_msg *m, size_t start, size_t end, size_t *nends)
{
	struct scan s = {.p = m->bytes.p, .i = start, .n = end, .field = m->delims.field,
	                 .terminator = m->terminator == AFF_TERMINATOR_LF ? '\n' : '\r'};
	for (;;) {
		if (grow(&m->cuts, &m->max_cuts, s.ncuts, SCAN_BLOCK + 1) ||
		    grow(&m->ends, &m->max_ends, s.nends, SCAN_BLOCK + 1))
			return AFF_ENOMEM;
		s.cuts = m->cuts;
		s.ends = m->ends;
		s.max_cuts = m->max_cuts - 1;
		s.max_ends = m->max_ends - 1;
		if (s.i == end || s.nends > m->limits.segments)
			break;
		scan_run(&s);
	}
	s.ends[s.nends++] = (uint32_t)s.ncuts;
	s.cuts[s.ncuts] = (uint32_t)s.i;
	*nends = s.nends;
	return 0;
}

/* The segment that ends at entry `last` of cuts. */
static struct segment make_segment(const struct aff_msg *m, uint32_t start, uint32_t first, uint32_t last)
{
	struct segment s = {.start = start, .end = m->cuts[last], .first = first, .fields = last - first};
	const char *p = m->bytes.p + start;
	if (m->cuts[first] - start == 3)
		s.id = index_pack_id(p);
	return s;
}

static bool has_too_many_repetitions(const struct aff_msg *m, const struct segment *s)
{
	if (s->end - s->start < m->limits.repetitions || !m->delims.repetition || index_is_header(s->id))
		return false;
	for (uint32_t k = 0; k < s->fields; k++) {
		uint32_t from = m->cuts[s->first + k] + 1, to = m->cuts[s->first + k + 1];
		if (to - from >= m->limits.repetitions &&
		    aff_count(aff_view(m->bytes.p + from, to - from), m->delims.repetition) > m->limits.repetitions)
			return true;
	}
	return false;
}

static int check_segment(const struct aff_msg *m, const struct segment *s, unsigned lenient, struct aff_diag *diag)
{
	unsigned number = m->count + 1;
	const char *id = m->bytes.p + s->start;
	if (s->start == s->end && (lenient & AFF_LENIENT_BLANK))
		return 0;
	if (!index_is_id(id, m->cuts[s->first] - s->start) && !(lenient & AFF_LENIENT_SEGMENTID)) {
		aff_diag_set(diag, AFF_ESEGMENTID, "segment %u, at byte %u, does not begin with a segment id", number,
		             (unsigned)s->start + 1);
		aff_diag_hint(diag, "ids are three characters, upper case letter first; each segment ends with a CR");
		return AFF_ESEGMENTID;
	}
	if (m->count && s->id == INDEX_ID('M', 'S', 'H') && !(lenient & AFF_LENIENT_TWOMSH)) {
		aff_diag_set(diag, AFF_ETWOMSH, "segment %u is a second MSH", number);
		aff_diag_at(diag, "MSH", 2, 0);
		aff_diag_hint(diag, "send each message in a frame of its own");
		return AFF_ETWOMSH;
	}
	if (s->fields > m->limits.fields)
		return aff_diag_set(diag, AFF_ELIMIT, "segment %u has %u fields, %u are allowed", number,
		                    (unsigned)s->fields, m->limits.fields);
	if (has_too_many_repetitions(m, s))
		return aff_diag_set(diag, AFF_ELIMIT, "a field of segment %u has more than %u repetitions", number,
		                    m->limits.repetitions);
	return 0;
}

#define ID_HASH_BITS 5

static uint32_t *hashed(uint32_t last[1 << ID_HASH_BITS], uint32_t id)
{
	return &last[id * 2654435769u >> (32 - ID_HASH_BITS)];
}

/* Which occurrence of its id segment m->count will be. last: for each hash 1 + the last segment with it, chained
 * through `before`; of segments of one id in a row only the last is in the chain. A walk along it passes a segment at
 * most once for every id with the same hash: thousands of segments cost far less than their square. */
static uint32_t count_occurrence(const struct aff_msg *m, uint32_t id, uint32_t last[1 << ID_HASH_BITS])
{
	if (m->count) {
		struct segment *previous = &m->segments[m->count - 1];
		if (previous->id == id)
			return previous->occurrence + 1;
		uint32_t *head = hashed(last, previous->id);
		previous->before = *head;
		*head = m->count;
	}
	uint32_t at = *hashed(last, id);
	while (at && m->segments[at - 1].id != id)
		at = m->segments[at - 1].before;
	return at ? m->segments[at - 1].occurrence + 1 : 1;
}

static int check_msh(const struct segment *s, struct aff_diag *diag)
{
	if (s->fields <= MSH_FIELDS_MAX)
		return 0;
	aff_diag_set(diag, AFF_ETERMINATOR, "the MSH has %u fields: other segments run into it", (unsigned)s->fields);
	aff_diag_at(diag, "MSH", 1, 0);
	aff_diag_hint(diag, "end the MSH with a CR");
	return AFF_ETERMINATOR;
}

/* Makes the segments out of the cuts; stops at the first that is not allowed and keeps those before it. */
static int walk_segments(struct aff_msg *m, size_t start, size_t nends, unsigned lenient, struct aff_diag *diag)
{
	size_t gap = m->terminator == AFF_TERMINATOR_CRLF ? 2 : 1;
	uint32_t first = 0, last[1 << ID_HASH_BITS] = {0};
	for (size_t k = 0; k < nends; k++) {
		struct segment s = make_segment(m, (uint32_t)start, first, m->ends[k]);
		if (m->count == m->limits.segments)
			return aff_diag_set(diag, AFF_ELIMIT, "more than %u segments", m->limits.segments);
		int error = check_segment(m, &s, lenient, diag);
		if (error)
			return error;
		s.occurrence = count_occurrence(m, s.id, last);
		m->segments[m->count++] = s;
		if (m->count == 1 && (error = check_msh(&s, diag)) != 0)
			return error;
		first = m->ends[k] + 1;
		start = s.end + gap;
	}
	return 0;
}

static int index_range(struct aff_msg *m, size_t start, size_t end, unsigned lenient, struct aff_diag *diag)
{
	size_t nends;
	if (scan_body(m, start, end, &nends) || grow_segments(m, nends))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	return walk_segments(m, start, nends, lenient, diag);
}

/* The message is refused with `error`; its MSH is still indexed if it can be, for the answer. */
static int keep_msh(struct aff_msg *m, size_t start, size_t end, int error)
{
	if (end > m->limits.bytes)
		end = m->limits.bytes;
	if (m->delims.field && start + 3 < end)
		index_range(m, start, end, 0, NULL);
	return error;
}

/* What can be said against the message before all of it is scanned. */
static int check_frame(struct aff_msg *m, size_t start, size_t first_end, unsigned lenient, struct aff_diag *diag)
{
	struct aff_view msh = {m->bytes.p + start, first_end - start};
	int error = delims_read(&m->delims, msh, lenient, diag);
	if (error)
		return error;
	if (m->bytes.n > m->limits.bytes)
		return aff_diag_set(diag, AFF_ELIMIT, "the message has %zu bytes, %zu are allowed", m->bytes.n,
		                    m->limits.bytes);
	if (has_other_terminator(m, first_end)) {
		aff_diag_set(diag, AFF_ETERMINATOR, "the MSH ends with %s, but there is a CR of its own later",
		             m->terminator == AFF_TERMINATOR_LF ? "LF" : "CRLF");
		aff_diag_hint(diag, "end every segment the same way, best with a CR alone");
		return AFF_ETERMINATOR;
	}
	return 0;
}

int aff_msg_parse(struct aff_msg *m, const char *bytes, size_t n, unsigned lenient, struct aff_diag *diag)
{
	m->bytes = aff_view(n ? bytes : "", n);
	m->count = 0;
	m->error = 0;
	m->charset = NULL;
	group_forget(m->groups);
	m->body_end = n;
	m->terminator = AFF_TERMINATOR_CR;
	memset(&m->delims, 0, sizeof m->delims);
	size_t start = skip_lead(m->bytes, lenient);
	if (aff_batch_is(m->bytes.p + start, n - start)) {
		aff_diag_set(diag, AFF_EBATCH, "this is a batch: it begins with FHS or BHS, not with MSH");
		aff_diag_hint(diag, "its messages must be taken out of it first");
		return m->error = AFF_EBATCH;
	}
	if (n - start < 3 || memcmp(m->bytes.p + start, "MSH", 3) != 0) {
		aff_diag_set(diag, AFF_ENOMSH, "the message does not begin with MSH");
		aff_diag_hint(diag, "nothing may stand before the MSH segment");
		return m->error = AFF_ENOMSH;
	}
	while (is_line_end(m->bytes.p[m->body_end - 1]))
		m->body_end--;
	size_t first_end = find_first_end(m, start);
	int error = check_frame(m, start, first_end, lenient, diag);
	if (error)
		return m->error = keep_msh(m, start, first_end, error);
	return m->error = index_range(m, start, m->body_end, lenient, diag);
}
