/* SPDX-License-Identifier: Apache-2.0
 *
 * Joining the fragments of a message. The text grows segment by segment: a terminator is written before a segment and
 * not behind it, so that an ADD can go on where the segment before it ended.
 */
#include <afferent/continuation.h>

#include "hl7/index.h"

struct join {
	struct aff_buf *out;
	struct aff_view terminator;
	const struct aff_msg *m;
	size_t number;              /* of the fragment, from 0 */
	bool may_go_on;             /* an ADD may follow: the segment before it can be cut */
	struct aff_diag *diag;
};

static bool is_addendum(const struct aff_msg *m, unsigned segment)
{
	return aff_msg_is(m, segment, "ADD");
}

void aff_continuation_read(const struct aff_msg *m, struct aff_continuation *out)
{
	unsigned dsc = aff_msg_find(m, "DSC", 0), count = aff_msg_segments(m);
	memset(out, 0, sizeof *out);
	out->continues = aff_msg_field(m, 0, 14);
	out->continued = dsc == AFF_NONE ? aff_view("", 0) : aff_msg_field(m, dsc, 1);
	out->interactive = dsc != AFF_NONE && aff_view_is(aff_msg_field(m, dsc, 2), "I");
	for (unsigned i = aff_msg_find(m, "ADD", 0); i != AFF_NONE; i = aff_msg_find(m, "ADD", i + 1))
		out->addenda++;
	unsigned last = dsc != AFF_NONE ? dsc : count;
	out->open_segment = last > 1 && is_addendum(m, last - 1) && aff_msg_fields(m, last - 1) == 0;
}

static int fail(const struct join *j, int code, unsigned segment, const char *what)
{
	aff_diag_set(j->diag, code, "fragment %zu: %s", j->number + 1, what);
	aff_diag_hint(j->diag, "join the fragments only when all of them are there, in order");
	struct aff_view id = aff_msg_id(j->m, segment);
	char name[4] = "";
	if (index_is_id(id.p, id.n)) {
		memcpy(name, id.p, 3);
		aff_diag_at(j->diag, name, aff_msg_occurrence(j->m, segment), 0);
	}
	return code;
}

/* One sender, one kind of message, one encoding. */
static int compare(const struct join *j, const struct aff_msg *first)
{
	static const unsigned same[] = {3, 4, 5, 6, 9, 11, 12, 18};
	struct aff_delims a = aff_msg_delims(first), b = aff_msg_delims(j->m);
	if (memcmp(&a, &b, sizeof a) != 0)
		return fail(j, AFF_EDELIMITER, 0, "its delimiters are not those of the first");
	if (aff_msg_terminator(first) != aff_msg_terminator(j->m))
		return fail(j, AFF_ETERMINATOR, 0, "its segments end unlike those of the first");
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		if (!aff_view_equal(aff_msg_field(first, 0, same[i]), aff_msg_field(j->m, 0, same[i])))
			return fail(j, AFF_EREFUSED, 0, "it is of another sender, receiver, type, version or charset");
	return 0;
}

/* Whether the fragment is the one that belongs here. */
static int check_place(const struct join *j, const struct aff_msg *before, bool last)
{
	struct aff_continuation here, there = {.continued = aff_view("", 0)};
	aff_continuation_read(j->m, &here);
	if (before)
		aff_continuation_read(before, &there);
	if (here.interactive)
		return fail(j, AFF_ESEQUENCE, 0, "the rest of it must be asked for by a query");
	if (!aff_view_equal(here.continues, there.continued))
		return fail(j, AFF_ESEQUENCE, 0, before ? "its MSH-14 is not DSC-1 of the one before"
		                                        : "its MSH-14 says that it is not the first");
	if (last != (here.continued.n == 0))
		return fail(j, AFF_ESEQUENCE, 0, last ? "its DSC-1 says that it is not the last"
		                                      : "it has no DSC-1 and is not the last");
	if (last && here.open_segment)
		return fail(j, AFF_ESEQUENCE, 0, "its last segment goes on in a fragment that is not there");
	if (there.open_segment && !is_addendum(j->m, 1))
		return fail(j, AFF_ESEQUENCE, 0, "it does not begin with the ADD that the one before needs");
	if (before && !there.open_segment && is_addendum(j->m, 1))
		return fail(j, AFF_ESEQUENCE, 1, "it begins with an ADD that the one before does not need");
	return 0;
}

static bool can_be_cut(const struct aff_msg *m, unsigned segment)
{
	return !aff_msg_is(m, segment, "MSH") && !aff_msg_is(m, segment, "MSA") && !aff_msg_is(m, segment, "PID");
}

static int put_segment(struct join *j, unsigned i)
{
	struct aff_view text = aff_msg_segment(j->m, i);
	bool closes = i + 1 == aff_msg_segments(j->m);
	if (aff_msg_is(j->m, i, "DSC"))
		return closes ? 0 : fail(j, AFF_ESEQUENCE, i, "segments follow its DSC");
	if (!is_addendum(j->m, i)) {
		if (j->out->n)
			aff_buf_put_view(j->out, j->terminator);
		aff_buf_put_view(j->out, text);
		j->may_go_on = can_be_cut(j->m, i);
		return 0;
	}
	if (!j->may_go_on)
		return fail(j, AFF_ESEQUENCE, i, "an ADD with no segment before it that may be continued");
	if (text.n > 3) {
		aff_buf_put(j->out, text.p + 4, text.n - 4);
		return 0;
	}
	return closes || aff_msg_is(j->m, i + 1, "DSC") ? 0 : fail(j, AFF_ESEQUENCE, i, "an ADD without fields");
}

static int join_one(struct join *j, const struct aff_msg *const *fragments, size_t count)
{
	const struct aff_msg *before = j->number ? fragments[j->number - 1] : NULL;
	j->m = fragments[j->number];
	if (j->m->error || !j->m->count)
		return aff_diag_set(j->diag, AFF_EARGUMENT, "fragment %zu was not parsed whole", j->number + 1);
	int rc = compare(j, fragments[0]);
	if (!rc)
		rc = check_place(j, before, j->number + 1 == count);
	for (unsigned i = before ? 1 : 0; !rc && i < aff_msg_segments(j->m); i++)
		rc = put_segment(j, i);
	return rc;
}

int aff_continuation_join(struct aff_buf *out, const struct aff_msg *const *fragments, size_t count,
                          struct aff_diag *diag)
{
	struct aff_buf text;
	if (!count)
		return aff_diag_set(diag, AFF_EARGUMENT, "no fragments");
	aff_buf_init(&text, out->max);
	struct join j = {.out = &text, .terminator = index_terminator(fragments[0]->terminator), .diag = diag};
	int rc = 0;
	for (; !rc && j.number < count; j.number++)
		rc = join_one(&j, fragments, count);
	aff_buf_put_view(&text, j.terminator);
	if (!rc && text.error)
		rc = aff_diag_set(diag, text.error, "the joined message does not fit");
	if (!rc) {
		aff_buf_put_view(out, aff_buf_view(&text));
		rc = out->error;
	}
	aff_buf_free(&text);
	return rc;
}
