/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression dictionaries: each channel gets its own, a channel whose messages change gets another one, not more than
 * one a log file, and the next start goes on with them.
 */
#include "journal_fixture.h"

static struct journal *j;
static struct journal_packer *packer;
static struct journal_reader *reader;
static unsigned number;

static void open_journal(uint64_t file_rows)
{
	j = fixture_open(file_rows);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

static void close_journal(void)
{
	journal_packer_free(packer);
	journal_close(j);
}

static void setup(void)
{
	fixture_setup();
	number = 0;
	open_journal(0);
}

static void teardown(void)
{
	journal_reader_close(reader);
	reader = NULL;
	close_journal();
	fixture_teardown();
}

/* Messages of three makers that have little in common. */
static struct aff_view text_of(char *buf, size_t size, unsigned maker, unsigned n)
{
	static const char *const words[3][4] = {
		{"147842^MDC_ECG_HEART_RATE^MDC", "150456^MDC_PULS_OXIM_SAT_O2^MDC", "bpm^beats per minute", "BED"},
		{"157784^MDC_FLOW_FLUID_PUMP^MDC", "999^Infusion remaining volume", "ml/h^millilitres", "PUMP-STATION"},
		{"vendor^Airway pressure peak", "ventilation mode assisted", "cm[H2O]", "Respirator unit 7"},
	};
	int length = snprintf(buf, size, "MSH|^~\\&|%s|X|||20250115||ORU^R01|C%u|P|2.6\r", words[maker][3], n);
	for (unsigned i = 0; i < 9; i++)
		length += snprintf(buf + length, size - (size_t)length, "OBX|%u|NM|%s|%s|%u|%s\r", i,
		                   words[maker][i % 2], words[maker][3], (n * 2654435761u + i * 40503u) % 9973,
		                   words[maker][2]);
	return aff_view(buf, (size_t)length);
}

struct used {
	uint32_t dictionary;         /* of the last message */
	double ratio;                /* of all */
};

static struct used add(const char *channel, unsigned maker, unsigned n)
{
	struct used u = {.dictionary = 0};
	struct aff_buf body;
	double in = 0, out = 0;
	aff_buf_init(&body, 1 << 20);
	OK(journal_begin(j, &diag));
	for (unsigned i = 0; i < n; i++) {
		char text[2048];
		struct journal_message m = {
			.received_us = 1700000000000000 + number,
			.channel = aff_view_of(channel),
			.verdict = JOURNAL_ACCEPTED,
		};
		struct aff_view raw = text_of(text, sizeof text, maker, number++);
		aff_buf_clear(&body);
		ck_assert_int_eq(journal_pack(packer, m.channel, raw, &body, &m.dictionary), 0);
		m.length = (uint32_t)raw.n;
		m.body = aff_buf_view(&body);
		memcpy(m.snapshot, fixture_sha, SHA256_SIZE);
		OK(journal_add_message(j, &m, &diag));
		in += (double)raw.n;
		out += (double)body.n;
		u.dictionary = m.dictionary;
	}
	OK(journal_commit(j, &diag));
	aff_buf_free(&body);
	u.ratio = in / out;
	return u;
}

static unsigned dictionaries(void)
{
	return atomic_load(&j->book.count);
}

static int check_row(void *arg, const struct journal_row *row)
{
	unsigned *n = arg;
	char text[2048];
	const char *number_of = memmem(row->raw.p, row->raw.n, "|C", 2);
	ck_assert_ptr_nonnull(number_of);
	unsigned i = (unsigned)strtoul(number_of + 2, NULL, 10);
	bool known = false;
	for (unsigned maker = 0; maker < 3 && !known; maker++)
		known = aff_view_equal(row->raw, text_of(text, sizeof text, maker, i));
	ck_assert(known);
	++*n;
	return 0;
}

static unsigned read_all(const char *channel)
{
	unsigned n = 0;
	if (!reader)
		reader = fixture_reader();
	OK(journal_read_channel(reader, aff_view_of(channel), 0, check_row, &n, &diag));
	return n;
}

struct packings {
	double ratio[2];
	uint64_t messages[2];
};

static int take_packing(void *arg, const struct journal_packing *p)
{
	struct packings *all = arg;
	size_t i = aff_view_is(p->channel, "pumps");
	all->messages[i] = p->messages;
	all->ratio[i] = (double)p->bytes / (double)p->packed;
	return 0;
}

START_TEST(it_is_told_how_well_the_newest_are_compressed)
{
	struct packings all = {{0}, {0}};
	close_journal();
	open_journal(3000);
	add("pumps", 1, 1000);
	add("monitors", 0, 2000);
	sealer_drain(&j->sealer);
	double pumps = add("pumps", 1, 1500).ratio, monitors = add("monitors", 0, 600).ratio;
	reader = fixture_reader();
	OK(journal_read_packing(reader, 2100, take_packing, &all, &diag));
	ck_assert_uint_eq(all.messages[0], 600);
	ck_assert_uint_eq(all.messages[1], 1500);
	ck_assert_double_eq_tol(all.ratio[0], monitors, 1e-9);
	ck_assert_double_eq_tol(all.ratio[1], pumps, 1e-9);
	OK(journal_read_packing(reader, 100000, take_packing, &all, &diag));
	ck_assert_uint_eq(all.messages[0], 2600);
	ck_assert_uint_eq(all.messages[1], 2500);
}
END_TEST

START_TEST(each_channel_gets_its_own)
{
	add("monitors", 0, 2000);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(dictionaries(), 1);
	struct used foreign = add("pumps", 1, 2000);
	ck_assert_uint_eq(foreign.dictionary, 1);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(dictionaries(), 2);
	struct used own = add("pumps", 1, 500);
	ck_assert_uint_eq(own.dictionary, 2);
	ck_assert_double_gt(own.ratio, 1.5 * foreign.ratio);
	ck_assert_uint_eq(add("monitors", 0, 10).dictionary, 1);
	ck_assert_uint_eq(add("pumps", 1, 10).dictionary, 2);
	ck_assert_uint_eq(read_all("monitors"), 2010);
	ck_assert_uint_eq(read_all("pumps"), 2510);
	/* The next start goes on with both, and does not train again. */
	close_journal();
	open_journal(0);
	ck_assert_uint_eq(dictionaries(), 2);
	ck_assert_uint_eq(add("monitors", 0, 2500).dictionary, 1);
	ck_assert_uint_eq(add("pumps", 1, 2500).dictionary, 2);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(dictionaries(), 2);
}
END_TEST

START_TEST(a_channel_whose_messages_change_gets_another_one)
{
	close_journal();
	open_journal(30000);
	add("monitors", 0, 2000);
	sealer_drain(&j->sealer);
	struct used before = add("monitors", 0, 4200); /* what is usual is known */
	ck_assert_uint_eq(before.dictionary, 1);
	/* The same file: the channel has had its turn. */
	struct used changed = add("monitors", 1, 9000);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(changed.dictionary, 1);
	ck_assert_uint_eq(dictionaries(), 1);
	add("monitors", 1, 15000);
	ck_assert_uint_eq(dictionaries(), 1);
	/* The next one. */
	add("monitors", 1, 2000);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(dictionaries(), 2);
	struct used after = add("monitors", 1, 1000);
	ck_assert_uint_eq(after.dictionary, 2);
	ck_assert_double_gt(after.ratio, 1.5 * changed.ratio);
	ck_assert_uint_eq(read_all("monitors"), number);
	/* Nothing changes any more. */
	add("monitors", 1, 9000);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(dictionaries(), 2);
}
END_TEST

START_TEST(many_channels_are_bounded)
{
	for (unsigned i = 0; i < 3 * BOOK_CHANNELS; i++) {
		char name[24];
		snprintf(name, sizeof name, "channel-%u", i);
		add(name, i % 3, 50);
	}
	for (unsigned i = 0; i < BOOK_CHANNELS; i++)
		ck_assert_uint_le(j->book.samples[i].count, 50);
	char longer[100];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	add(longer, 0, 2100);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(dictionaries(), 0);
	add("channel-3", 0, 1950);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(add(longer, 0, 1).dictionary, 1);
	ck_assert_uint_eq(read_all(longer), 2101);
}
END_TEST

static TCase *dictionary_case(void)
{
	TCase *c = tcase_create("dictionaries");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, each_channel_gets_its_own);
	tcase_add_test(c, it_is_told_how_well_the_newest_are_compressed);
	tcase_add_test(c, a_channel_whose_messages_change_gets_another_one);
	tcase_add_test(c, many_channels_are_bounded);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {dictionary_case};
	return fixture_run(cases, sizeof cases / sizeof *cases, "journal: dictionaries");
}
