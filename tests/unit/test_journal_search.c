/* SPDX-License-Identifier: Apache-2.0
 *
 * Search and ledger against a model: random messages and outcomes over several log files, sealed and open, a clock that
 * steps back, restarts; then every question is answered twice, by the journal and by a loop over the model.
 */
#include "journal_fixture.h"

#define T0       1700000000000000
#define MESSAGES 1200
#define DESTINATIONS 4

static const char *const destinations[DESTINATIONS] = {"monitors/ehr", "monitors/fhir", "pumps/ehr", "pumps/late"};

struct model_message {
	int64_t id, received;
	unsigned number;
	const char *channel;
	enum journal_verdict verdict;
	int outcome[DESTINATIONS]; /* 0: none */
};
static struct model_message model[MESSAGES];
static size_t n_model;
static int64_t start[DESTINATIONS], cursor[DESTINATIONS];
static bool has_cursor[DESTINATIONS];

static struct journal *j;
static struct journal_packer *packer;
static struct journal_reader *reader;
static struct fixture_rows *rows;
static uint64_t seed = 12345;

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static bool is_of(const struct model_message *m, size_t destination)
{
	size_t n = strlen(m->channel);
	return strncmp(destinations[destination], m->channel, n) == 0 && destinations[destination][n] == '/';
}

static int error_of(const struct model_message *m)
{
	return m->verdict == JOURNAL_REJECTED ? m->number % 2 ? AFF_EREQUIRED : AFF_ESYNTAX : 0;
}

static void model_add(int64_t received)
{
	char text[200], number[24], patient[24], device[24];
	struct aff_buf body;
	aff_buf_init(&body, 4096);
	struct model_message *m = &model[n_model];
	*m = (struct model_message){.received = received, .number = dice(300)};
	m->channel = dice(2) ? "monitors" : "pumps";
	m->verdict = dice(10) ? JOURNAL_ACCEPTED : dice(2) ? JOURNAL_KEPT : JOURNAL_REJECTED;
	snprintf(number, sizeof number, "C%u", m->number);
	snprintf(patient, sizeof patient, "P%u", m->number % 7);
	snprintf(device, sizeof device, "D%u", m->number % 11);
	snprintf(text, sizeof text, "MSH|^~\\&|%s|%s|%s\r", number, patient, device);
	struct journal_message row = {
		.received_us = received,
		.channel = aff_view_of(m->channel),
		.peer = aff_view_of(m->number % 2 ? "10.0.0.1:99" : "10.0.0.2:99"),
		.type = aff_view_of(m->number % 3 ? "ORU^R01" : "ORU^R40"),
		.control_id = aff_view_of(number),
		.patient = aff_view_of(patient),
		.device = aff_view_of(device),
		.verdict = m->verdict,
		.error = error_of(m),
		.length = (uint32_t)strlen(text),
	};
	memcpy(row.snapshot, fixture_sha, SHA256_SIZE);
	ck_assert_int_eq(journal_pack(packer, aff_view_of(m->channel), aff_view_of(text), &body, &row.dictionary), 0);
	row.body = aff_buf_view(&body);
	OK(journal_add_message(j, &row, &diag));
	m->id = row.id;
	n_model++;
	aff_buf_free(&body);
}

/* Lets a destination go on for a while as a sender with several lanes does: some outcomes ahead of the cursor. */
static void deliver(size_t d, unsigned steps)
{
	for (size_t i = 0; i < n_model && steps; i++) {
		struct model_message *m = &model[i];
		if (!is_of(m, d) || m->verdict != JOURNAL_ACCEPTED || m->outcome[d] || m->id <= start[d])
			continue;
		steps--;
		if (dice(4) == 0)
			continue; /* this lane is stuck */
		unsigned kind = dice(100);
		m->outcome[d] = kind < 70   ? JOURNAL_DELIVERED
		                : kind < 85 ? JOURNAL_FILTERED
		                : kind < 95 ? JOURNAL_MERGED
		                            : JOURNAL_DEAD;
		fixture_outcome(j, m->id, destinations[d], (enum journal_outcome_kind)m->outcome[d]);
	}
	for (size_t i = 0; i < n_model; i++) {
		struct model_message *m = &model[i];
		if (m->id <= cursor[d] || !is_of(m, d) || m->verdict != JOURNAL_ACCEPTED)
			continue;
		if (!m->outcome[d])
			break;
		cursor[d] = m->id;
	}
	OK(journal_set_cursor(j, aff_view_of(destinations[d]), cursor[d], &diag));
}

/* Outcomes that stand for earlier ones, and first ones of messages from before the destination's start. */
static void replay(size_t d, unsigned steps)
{
	static const int kinds[] = {JOURNAL_DELIVERED, JOURNAL_DELIVERED, JOURNAL_FILTERED, JOURNAL_DEAD,
				    JOURNAL_DISCARDED};
	while (steps--) {
		struct model_message *m = &model[dice((unsigned)n_model)];
		bool early = m->id <= start[d] && m->verdict == JOURNAL_ACCEPTED && is_of(m, d);
		if (!m->outcome[d] && !early)
			continue;
		int kind = kinds[dice(5)];
		fixture_outcome_instead(j, m->id, destinations[d], (enum journal_outcome_kind)kind,
					(enum journal_outcome_kind)m->outcome[d]);
		m->outcome[d] = kind;
	}
}

static void begin_destination(size_t d, int64_t at)
{
	has_cursor[d] = true;
	start[d] = cursor[d] = at;
	OK(journal_set_cursor(j, aff_view_of(destinations[d]), at, &diag));
}

static bool is_pending(const struct model_message *m, size_t d)
{
	return has_cursor[d] && is_of(m, d) && m->verdict == JOURNAL_ACCEPTED && m->id > start[d] && !m->outcome[d];
}

static void check_ledger(void)
{
	struct journal_stats s;
	OK(journal_read_stats(reader, &s, &diag));
	ck_assert_uint_eq(s.messages, n_model);
	for (size_t i = 0; i < s.nledgers; i++) {
		const struct journal_ledger *l = &s.ledgers[i];
		size_t d = 0;
		while (strcmp(destinations[d], l->destination) != 0)
			d++;
		uint64_t received = 0, kind[JOURNAL_DISCARDED + 1] = {0}, pending = 0;
		int64_t oldest = 0;
		for (size_t k = 0; k < n_model; k++) {
			const struct model_message *m = &model[k];
			received += is_of(m, d) && m->verdict == JOURNAL_ACCEPTED && m->id > start[d];
			kind[m->id > start[d] ? m->outcome[d] : 0]++;
			pending += is_pending(m, d);
			if (is_pending(m, d) && !oldest)
				oldest = m->received;
		}
		ck_assert_int_eq(l->cursor, cursor[d]);
		ck_assert_uint_eq(l->received, received);
		ck_assert_uint_eq(l->delivered, kind[JOURNAL_DELIVERED]);
		ck_assert_uint_eq(l->filtered, kind[JOURNAL_FILTERED]);
		ck_assert_uint_eq(l->merged, kind[JOURNAL_MERGED]);
		ck_assert_uint_eq(l->dead, kind[JOURNAL_DEAD] + kind[JOURNAL_DISCARDED]);
		ck_assert_uint_eq(l->discarded, kind[JOURNAL_DISCARDED]);
		ck_assert_uint_eq(l->pending, pending);
		ck_assert_int_eq(l->oldest_pending_us, oldest);
		ck_assert_uint_eq(l->received, l->delivered + l->filtered + l->merged + l->dead + l->pending);
	}
	journal_stats_free(&s);
}

static void reopen(uint64_t file_rows)
{
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(file_rows);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

/* ---- one question, answered by the model ---- */

static bool text_matches(struct aff_view want, char letter, unsigned number)
{
	char text[24];
	snprintf(text, sizeof text, "%c%u", letter, number);
	return want.n == 0 || aff_view_is(want, text);
}

static bool has_status(const struct model_message *m, const struct journal_query *q)
{
	bool any = q->status == 0;
	for (size_t d = 0; d < DESTINATIONS && !any; d++) {
		if (q->destination.n && !aff_view_is(q->destination, destinations[d]))
			continue;
		any = q->status == JOURNAL_PENDING ? is_pending(m, d) : m->outcome[d] == q->status;
	}
	return any;
}

static bool matches(const struct model_message *m, const struct journal_query *q)
{
	return (q->channel.n == 0 || aff_view_is(q->channel, m->channel)) &&
	       (q->type.n == 0 || aff_view_is(q->type, m->number % 3 ? "ORU^R01" : "ORU^R40")) &&
	       text_matches(q->control_id, 'C', m->number) && text_matches(q->patient, 'P', m->number % 7) &&
	       text_matches(q->device, 'D', m->number % 11) &&
	       (q->peer.n == 0 || aff_view_is(q->peer, m->number % 2 ? "10.0.0.1:99" : "10.0.0.2:99")) &&
	       (q->verdict == 0 || q->verdict == m->verdict) && (q->from_us == 0 || m->received >= q->from_us) &&
	       (q->to_us == 0 || m->received < q->to_us) &&
	       (q->error == 0 || q->error == error_of(m)) && (!q->test || m->number % 5 == 0) &&
	       (q->before_id == 0 || (q->oldest_first ? m->id > q->before_id : m->id < q->before_id)) &&
	       has_status(m, q);
}

static void check_question(const struct journal_query *q, const char *what)
{
	uint64_t limit = q->limit ? q->limit : 100, found = 0;
	rows->n = 0;
	OK(journal_search(reader, q, fixture_collect, rows, &diag));
	for (size_t k = 0; k < n_model && found < limit; k++) {
		const struct model_message *m = &model[q->oldest_first ? k : n_model - 1 - k];
		if (!matches(m, q))
			continue;
		ck_assert_msg(found < rows->n, "%s: a row is missing", what);
		ck_assert_msg(rows->id[found] == m->id, "%s: another row comes first", what);
		found++;
	}
	ck_assert_msg(found == rows->n, "%s: too many rows", what);
}

/* By the content: the number in MSH-3 can be divided by 5. */
static int test_number(void *arg, const struct journal_row *row)
{
	unsigned number = 1;
	(void)arg;
	ck_assert_int_eq(sscanf(row->raw.p, "MSH|^~\\&|C%u|", &number), 1);
	return number % 5 == 0;
}

static void random_question(struct journal_query *q, char texts[3][24])
{
	*q = (struct journal_query){.oldest_first = dice(2), .raw = dice(2), .limit = dice(3) ? dice(600) + 1 : 0};
	snprintf(texts[0], sizeof texts[0], "C%u", dice(320));
	snprintf(texts[1], sizeof texts[1], "P%u", dice(8));
	snprintf(texts[2], sizeof texts[2], "D%u", dice(12));
	if (dice(6) == 0)
		q->control_id = aff_view_of(texts[0]);
	if (dice(5) == 0)
		q->patient = aff_view_of(texts[1]);
	if (dice(5) == 0)
		q->device = aff_view_of(texts[2]);
	if (dice(3) == 0)
		q->channel = aff_view_of(dice(5) ? dice(2) ? "monitors" : "pumps" : "nobody");
	if (dice(4) == 0)
		q->type = aff_view_of(dice(2) ? "ORU^R01" : "ORU^R40");
	if (dice(6) == 0)
		q->peer = aff_view_of("10.0.0.1:99");
	if (dice(5) == 0)
		q->verdict = (enum journal_verdict)(1 + dice(3));
	if (dice(12) == 0)
		q->error = dice(2) ? AFF_EREQUIRED : AFF_ESYNTAX;
	if (dice(4) == 0)
		q->test = test_number;
	if (dice(3) == 0)
		q->from_us = model[dice((unsigned)n_model)].received;
	if (dice(3) == 0)
		q->to_us = model[dice((unsigned)n_model)].received;
	if (dice(4) == 0)
		q->before_id = model[dice((unsigned)n_model)].id + (int)dice(2);
	if (dice(2))
		q->status = 1 + (int)dice(5);
	if (dice(2))
		q->destination = aff_view_of(destinations[dice(DESTINATIONS)]);
}

static void ask(unsigned n)
{
	struct journal_query q;
	char texts[3][24], what[80];
	for (unsigned i = 0; i < n; i++) {
		snprintf(what, sizeof what, "a question after %zu messages (seed %llu)", n_model,
		         (unsigned long long)seed);
		random_question(&q, texts);
		check_question(&q, what);
	}
}

/* A start is best tested where a message of the destination's channel lies on it. */
static int64_t accepted_before(size_t i, size_t destination)
{
	while (!is_of(&model[i], destination) || model[i].verdict != JOURNAL_ACCEPTED)
		i--;
	return model[i].id;
}

/* 1,200 messages in files of 130, questions asked on the way. */
static void fill(void)
{
	int64_t now = T0;
	unsigned round = 0;
	while (n_model < MESSAGES) {
		OK(journal_begin(j, &diag));
		for (unsigned i = 0; i < 20; i++) {
			now += dice(50) == 0 ? -(int64_t)dice(20000) : (int64_t)dice(2000);
			model_add(now);
		}
		if (round == 0) {
			for (size_t d = 0; d < 3; d++)
				begin_destination(d, 0);
		}
		if (round == 30)
			begin_destination(3, accepted_before(500, 3));
		for (size_t d = 0; d < DESTINATIONS; d++) {
			if (has_cursor[d] && dice(3))
				deliver(d, dice(40));
			if (has_cursor[d] && dice(3) == 0)
				replay(d, dice(20));
		}
		OK(journal_commit(j, &diag));
		if (round % 7 == 0)
			check_ledger();
		ask(12);
		if (round == 40)
			reopen(130);
		round++;
	}
	check_ledger();
}

static void setup(void)
{
	fixture_setup();
	rows = calloc(1, sizeof *rows);
	j = fixture_open(130);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	reader = fixture_reader();
	fill();
}

static void teardown(void)
{
	journal_reader_close(reader);
	journal_packer_free(packer);
	journal_close(j);
	free(rows);
	fixture_teardown();
}

START_TEST(every_question_is_answered_as_by_the_model)
{
	ask(700);
	sealer_drain(&j->sealer);
	ask(700);
}
END_TEST

struct progress_seen {
	int64_t last;
	unsigned calls;
	bool falling;
};

static void note_progress(void *arg, int64_t id)
{
	struct progress_seen *p = arg;
	ck_assert(p->calls == 0 || (p->falling ? id <= p->last : id >= p->last));
	p->last = id;
	p->calls++;
}

START_TEST(a_search_tells_how_far_it_is)
{
	struct progress_seen seen = {.falling = _i != 0};
	struct journal_query q = {
		.limit = 10000, .oldest_first = _i == 0, .progress = note_progress, .arg = &seen,
		.status = _i == 2 ? JOURNAL_DELIVERED : 0,
	};
	rows->n = 0;
	OK(journal_search(reader, &q, fixture_collect, rows, &diag));
	ck_assert_uint_ge(seen.calls, n_model / 130);
	if (_i == 2) /* only where such outcomes are it looks at each message */
		ck_assert_int_le(seen.last, model[0].id);
	else
		ck_assert_int_eq(seen.last, _i ? model[0].id : model[n_model - 1].id);
}
END_TEST

/* ---- fates: the same answers as one by one ---- */

struct fates_seen {
	size_t order[60];            /* positions in the model */
	unsigned pending[60], outcomes[60][DESTINATIONS];
	size_t last;
	bool in_pending;
};

static size_t destination_of(struct aff_view name)
{
	size_t d = 0;
	while (!aff_view_is(name, destinations[d]))
		d++;
	return d;
}

static int see_fate(void *arg, size_t i, const struct journal_outcome *fate)
{
	struct fates_seen *seen = arg;
	size_t d = destination_of(fate->destination);
	ck_assert_uint_ge(i, seen->last);
	if (i != seen->last)
		seen->in_pending = false;
	seen->last = i;
	ck_assert_int_eq(fate->message, model[seen->order[i]].id);
	if ((int)fate->kind == JOURNAL_PENDING) {
		seen->in_pending = true;
		seen->pending[i] |= 1u << d;
	} else {
		ck_assert(!seen->in_pending);
		ck_assert_uint_eq(seen->outcomes[i][d], (unsigned)fate->instead);
		seen->outcomes[i][d] = (unsigned)fate->kind;
	}
	return 0;
}

static void check_fates(size_t n)
{
	struct fates_seen seen = {.last = 0};
	struct journal_message m[60] = {{0}};
	size_t first = dice((unsigned)n_model);
	for (size_t i = 0; i < n; i++) {
		seen.order[i] = (first + i * 23) % n_model; /* never the same twice: 23 does not divide 1,200 */
		const struct model_message *from = &model[seen.order[i]];
		m[i] = (struct journal_message){.id = from->id, .verdict = from->verdict};
		m[i].channel = aff_view_of(from->channel);
	}
	OK(journal_get_fates(reader, m, n, see_fate, &seen, &diag));
	for (size_t i = 0; i < n; i++) {
		for (size_t d = 0; d < DESTINATIONS; d++) {
			const struct model_message *of = &model[seen.order[i]];
			ck_assert_uint_eq(seen.outcomes[i][d], (unsigned)of->outcome[d]);
			ck_assert_int_eq((seen.pending[i] >> d) & 1, is_pending(of, d));
		}
	}
}

START_TEST(fates_are_those_of_the_model)
{
	check_fates(0);
	for (unsigned round = 0; round < 40; round++)
		check_fates(1 + dice(50));
	sealer_drain(&j->sealer);
	for (unsigned round = 0; round < 40; round++)
		check_fates(1 + dice(50));
}
END_TEST

static int stop_with_error(void *arg, const struct journal_row *row)
{
	(void)arg;
	(void)row;
	return AFF_ECLOSED;
}

START_TEST(pages_follow_each_other_and_a_callback_ends_them)
{
	struct journal_query q = {.limit = 37, .status = JOURNAL_DELIVERED};
	uint64_t seen = 0, want = 0;
	for (size_t i = 0; i < n_model; i++)
		want += has_status(&model[i], &q);
	do {
		rows->n = 0;
		OK(journal_search(reader, &q, fixture_collect, rows, &diag));
		seen += rows->n;
		if (rows->n)
			q.before_id = rows->id[rows->n - 1];
	} while (rows->n);
	ck_assert_uint_eq(seen, want);
	ck_assert_uint_gt(want, 500);

	q = (struct journal_query){.limit = 1000};
	rows->stop_at = 5;
	rows->n = 0;
	OK(journal_search(reader, &q, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 5);
	ck_assert_int_eq(journal_search(reader, &q, stop_with_error, NULL, &diag), AFF_ECLOSED);
	ck_assert_int_eq(journal_read_channel(reader, aff_view_of("pumps"), 0, stop_with_error, NULL, &diag),
	                 AFF_ECLOSED);
}
END_TEST

static TCase *cases(void)
{
	TCase *c = tcase_create("search");
	tcase_set_timeout(c, 300);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, every_question_is_answered_as_by_the_model);
	tcase_add_test(c, pages_follow_each_other_and_a_callback_ends_them);
	tcase_add_loop_test(c, a_search_tells_how_far_it_is, 0, 3);
	tcase_add_test(c, fates_are_those_of_the_model);
	return c;
}

int main(void)
{
	TCase *(*all[])(void) = {cases};
	return fixture_run(all, 1, "journal: search and ledger");
}
