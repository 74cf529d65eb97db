/* SPDX-License-Identifier: Apache-2.0
 *
 * What commands put on record: a batch is written whole, with what the engine adds, or not at all, and a bad one does
 * not stop the journal.
 */
#include "journal_fixture.h"

#include <sys/stat.h>

#include "engine/deeds.h"
#include "sys/file.h"

static const char channel_yaml[] = "channel: lab\n"
				   "source:\n"
				   "  mllp: {listen: \"127.0.0.1:2600\"}\n"
				   "accept:\n"
				   "  check: none\n"
				   "  messages: [ORU^R01]\n"
				   "destinations:\n"
				   "  - name: archive\n"
				   "    file: {to: archive.hl7}\n";
static const char message[] = "MSH|^~\\&|MON|ICU|||20261120||ORU^R01|C1|P|2.6\rPID|||P1\r";

static char conf_folder[64];
static struct conf *conf;
static struct journal *j;
static struct aff_buf batch;
static struct deeds deeds;

static void write_conf(const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", conf_folder, name);
	OK(file_replace(path, aff_view_of(text), &diag));
}

static void load_conf(void)
{
	struct conf_files files;
	struct aff_diag_list findings;
	char path[128];
	snprintf(conf_folder, sizeof conf_folder, "/tmp/afferent-deeds-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(conf_folder));
	snprintf(path, sizeof path, "%s/channels", conf_folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_conf("afferent.yaml", "journal: journal\n");
	write_conf("channels/lab.yaml", channel_yaml);
	aff_diag_list_init(&findings, 10);
	OK(conf_files_read(&files, conf_folder, &diag));
	int rc = conf_load(&conf, &files, &findings);
	ck_assert_msg(rc == 0, "%s", findings.count ? findings.items[0].text : "no finding");
	conf_files_free(&files);
	aff_diag_list_free(&findings);
}

static void setup(void)
{
	fixture_setup();
	load_conf();
	j = fixture_open(0);
	OK(journal_set_snapshot(j, conf->sha256, aff_buf_view(&conf->packed), &diag));
	aff_buf_init(&batch, DEEDS_MAX);
	deeds = (struct deeds){.conf = conf, .who = "uid 7"};
}

static void teardown(void)
{
	static const char *const names[] = {"channels/lab.yaml", "channels", "afferent.yaml", ""};
	aff_buf_free(&batch);
	journal_close(j);
	conf_unref(conf);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", conf_folder, names[i]);
		remove(path);
	}
	fixture_teardown();
}

static void put_outcome(int64_t id, int64_t action)
{
	struct journal_outcome o = {.message = id,
				    .destination = aff_view_of("lab/archive"),
				    .kind = JOURNAL_DELIVERED,
				    .at_us = 5,
				    .tries = 2,
				    .sent_length = 9,
				    .detail = aff_view_of("AA"),
				    .instead = JOURNAL_DEAD,
				    .action_us = action};
	memcpy(o.snapshot, conf->sha256, SHA256_SIZE);
	deeds_put_outcome(&batch, &o);
}

static void put_action(void)
{
	deeds_put_action(&batch, "edit", aff_view_of("{\"to\":\"lab/archive\"}"), conf->sha256);
}

static void put_message(const char *text)
{
	deeds_put_message(&batch, aff_view_of("lab"), aff_view_of("edit"), aff_view_of(text));
}

static int commit(void)
{
	memset(&diag, 0, sizeof diag);
	deeds.batch = aff_buf_view(&batch);
	return deeds_commit(&deeds, j, &diag);
}

struct seen {
	unsigned actions, outcomes, messages;
};

static int see_action(void *arg, const struct journal_action *a)
{
	struct seen *s = arg;
	s->actions++;
	ck_assert(aff_view_is(a->kind, "edit"));
	ck_assert(aff_view_is(a->who, "uid 7"));
	ck_assert(aff_view_is(a->detail, "{\"to\":\"lab/archive\"}"));
	ck_assert_int_eq(a->at_us, deeds.done.action_us);
	return 0;
}

static int see_outcome(void *arg, const struct journal_outcome *o)
{
	struct seen *s = arg;
	s->outcomes++;
	ck_assert_int_eq(o->kind, JOURNAL_DELIVERED);
	ck_assert_int_eq(o->instead, JOURNAL_DEAD);
	ck_assert_int_eq(o->action_us, deeds.done.action_us);
	ck_assert_uint_eq(o->tries, 2);
	ck_assert(aff_view_is(o->detail, "AA"));
	ck_assert_mem_eq(o->snapshot, conf->sha256, SHA256_SIZE);
	return 0;
}

static int see_message(void *arg, const struct journal_row *row)
{
	struct seen *s = arg;
	s->messages++;
	ck_assert_int_eq(row->message.verdict, JOURNAL_KEPT);
	ck_assert(aff_view_is(row->message.peer, "edit uid 7"));
	ck_assert(aff_view_is(row->message.control_id, "C1"));
	ck_assert(aff_view_is(row->raw, message));
	return 0;
}

static struct seen look(void)
{
	struct seen s = {0};
	struct journal_reader *r = fixture_reader();
	const struct journal_query all = {.raw = true};
	OK(journal_read_actions(r, INT64_MAX, 100, see_action, &s, &diag));
	OK(journal_search(r, &all, see_message, &s, &diag));
	OK(journal_get_outcomes(r, 1, see_outcome, &s, &diag));
	journal_reader_close(r);
	return s;
}

static void nothing_was_written(void)
{
	struct seen s = look();
	ck_assert_uint_eq(s.actions + s.outcomes + s.messages, 0);
}

static void is_refused(int rc)
{
	ck_assert_int_eq(commit(), rc);
	nothing_was_written();
	aff_buf_clear(&batch);
}

START_TEST(a_batch_is_written_whole)
{
	int64_t last;
	uint64_t n;
	put_action();
	put_message(message);
	put_outcome(1, DEEDS_THIS_ACTION);
	OK(commit());
	ck_assert_int_eq(deeds.done.message, journal_head(j));
	struct seen s = look();
	ck_assert_uint_eq(s.actions, 1);
	ck_assert_uint_eq(s.outcomes, 1);
	ck_assert_uint_eq(s.messages, 1);
	struct journal_reader *r = fixture_reader();
	OK(journal_read_acted(r, deeds.done.action_us, &last, &n, &diag));
	ck_assert_int_eq(last, 1);
	ck_assert_uint_eq(n, 1);
	journal_reader_close(r);
}
END_TEST

/* Every beginning of a batch that ends within a record, and every record in a wrong place. */
START_TEST(a_bad_batch_is_not_written_at_all)
{
	put_action();
	size_t action = batch.n;
	put_message(message);
	size_t with_message = batch.n;
	put_outcome(1, DEEDS_THIS_ACTION);
	struct aff_buf whole = batch;
	for (size_t n = 1; n < whole.n; n++) {
		if (n == action || n == with_message)
			continue;
		deeds.batch = aff_view(whole.p, n);
		ck_assert_int_eq(deeds_commit(&deeds, j, &diag), AFF_EARGUMENT);
	}
	nothing_was_written();
	aff_buf_clear(&batch);
	put_outcome(1, DEEDS_THIS_ACTION); /* there is none */
	is_refused(AFF_EARGUMENT);
	put_action();
	put_action();
	is_refused(AFF_EARGUMENT);
	put_outcome(1, 2);
	put_message(message);
	is_refused(AFF_EARGUMENT);
	aff_buf_put_char(&batch, 'X');
	is_refused(AFF_EARGUMENT);
	put_action();
	OK(commit()); /* the journal goes on */
	ck_assert_uint_eq(look().actions, 1);
}
END_TEST

START_TEST(what_the_channel_would_not_take_is_refused)
{
	put_action();
	put_message("no message");
	is_refused(AFF_ESYNTAX);
	put_action();
	put_message("MSH|^~\\&|MON|ICU|||20261120||ADT^A01|C1|P|2.6\r");
	is_refused(AFF_ESYNTAX);
	put_action();
	deeds_put_message(&batch, aff_view_of("other"), aff_view_of("edit"), aff_view_of(message));
	is_refused(AFF_ENOTFOUND);
}
END_TEST

/* A command with another configuration than the engine's would record what nobody could render again. */
START_TEST(an_unknown_configuration_is_refused)
{
	conf->sha256[0] ^= 1;
	put_action();
	conf->sha256[0] ^= 1;
	is_refused(AFF_ECONFIG);
	conf->sha256[0] ^= 1;
	put_outcome(1, 2);
	conf->sha256[0] ^= 1;
	is_refused(AFF_ECONFIG);
}
END_TEST

static int see_handed_over(void *arg, const struct journal_row *row)
{
	struct seen *s = arg;
	s->messages++;
	ck_assert_int_eq(row->message.verdict, JOURNAL_ACCEPTED);
	ck_assert(aff_view_is(row->message.channel, "lab"));
	ck_assert(aff_view_is(row->message.peer, "channel ward: 17"));
	ck_assert(aff_view_is(row->raw, message));
	return 0;
}

static int see_handing_over(void *arg, const struct journal_outcome *o)
{
	struct seen *s = arg;
	char detail[80];
	s->outcomes++;
	snprintf(detail, sizeof detail, "AAmessage %lld of lab", (long long)deeds.done.message);
	ck_assert_msg(aff_view_is(o->detail, detail), "%.*s", (int)o->detail.n, o->detail.p);
	return 0;
}

/* The message and the outcome of handing it over, or neither. */
START_TEST(a_message_is_handed_over_with_its_outcome)
{
	struct seen s = {0};
	deeds_put_handover(&batch, aff_view_of("lab"), aff_view_of("ward"), 17, aff_view_of(message));
	put_outcome(17, 0);
	OK(commit());
	ck_assert_ptr_nonnull(deeds.done.delivers);
	ck_assert_str_eq(deeds.done.delivers->name, "lab");
	struct journal_reader *r = fixture_reader();
	const struct journal_query all = {.raw = true};
	OK(journal_search(r, &all, see_handed_over, &s, &diag));
	OK(journal_get_outcomes(r, 17, see_handing_over, &s, &diag));
	journal_reader_close(r);
	ck_assert_uint_eq(s.messages, 1);
	ck_assert_uint_eq(s.outcomes, 1);
}
END_TEST

START_TEST(what_the_other_channel_does_not_take_is_not_handed_over)
{
	static const char other[] = "MSH|^~\\&|MON|ICU|||20261120||ADT^A01|C1|P|2.6\r";
	deeds_put_handover(&batch, aff_view_of("lab"), aff_view_of("ward"), 17, aff_view_of(other));
	put_outcome(17, 0);
	is_refused(AFF_EUNDELIVERED);
	ck_assert_str_eq(diag.text, "lab refuses it: this message type is not accepted here");
	ck_assert_ptr_null(deeds.done.delivers);
	deeds_put_handover(&batch, aff_view_of("lab"), aff_view_of("ward"), 17, aff_view_of(message));
	size_t whole = batch.n;
	put_outcome(17, 0);
	for (size_t n = 1; n < batch.n; n++) {
		if (n == whole)
			continue;
		deeds.batch = aff_view(batch.p, n);
		ck_assert_int_eq(deeds_commit(&deeds, j, &diag), AFF_EARGUMENT);
	}
	nothing_was_written();
}
END_TEST

static TCase *cases(void)
{
	TCase *c = tcase_create("all");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_batch_is_written_whole);
	tcase_add_test(c, a_bad_batch_is_not_written_at_all);
	tcase_add_test(c, what_the_channel_would_not_take_is_refused);
	tcase_add_test(c, an_unknown_configuration_is_refused);
	tcase_add_test(c, a_message_is_handed_over_with_its_outcome);
	tcase_add_test(c, what_the_other_channel_does_not_take_is_not_handed_over);
	return c;
}

int main(void)
{
	TCase *(*all[])(void) = {cases};
	return fixture_run(all, 1, "engine: deeds");
}
