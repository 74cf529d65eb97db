/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands over a journal that a small site could have written: three messages accepted by channel lab (the first
 * delivered to the file destination, the second dead, the third pending) and one rejected.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli_folder.h"
#include "conf/conf.h"
#include "engine/pipeline.h"
#include "journal/journal.h"
#include "run_suite.h"
#include "sys/file.h"

#define FIRST_US INT64_C(1795163400000000) /* 2026-11-20T08:30:00Z */
#define MESSAGES 4

static char out_text[65536], err_text[65536];
static int64_t ids[MESSAGES];

static const char engine_yaml[] = "journal: journal\ncontrol: control.sock\n";
static const char channel_yaml[] =
	"channel: lab\n"
	"source:\n"
	"  mllp: {listen: \"127.0.0.1:2600\"}\n"
	"accept:\n"
	"  check: none\n"
	"transform:\n"
	"  - set: {MSH-5: EHR}\n"
	"destinations:\n"
	"  - name: archive\n"
	"    file: {to: archive.hl7}\n"
	"    when: PID-3.1 != P9\n"
	"  - name: away\n" /* nobody listens there */
	"    mllp: {to: \"127.0.0.1:1\"}\n";

static void write_text(const char *name, const char *text)
{
	ck_assert_int_eq(file_replace(at(name), aff_view_of(text), NULL), 0);
}

static struct aff_view raw_message(unsigned n)
{
	static char text[MESSAGES][256];
	int length = snprintf(text[n], sizeof text[n],
	                      "MSH|^~\\&|MON|ICU|||20261120||ORU^R01|C%u|P|2.6\rPID|||P%u\rOBX|1|NM|a||%u||||||R\r", n,
	                      n == 2 ? 9 : n, n);
	return aff_view(text[n], (size_t)length);
}

static struct conf *load_conf(void)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_files_read(&files, folder, NULL), 0);
	int rc = conf_load(&conf, &files, &findings);
	ck_assert_msg(rc == 0, "%s", findings.count ? findings.items[0].text : "no finding");
	conf_files_free(&files);
	aff_diag_list_free(&findings);
	return conf;
}

static void add_message(struct journal *j, struct journal_packer *p, const struct conf *conf, unsigned n)
{
	char control[8], patient[8];
	struct aff_buf body;
	struct journal_message m = {.received_us = FIRST_US + n * 1000000, .error = n == 3 ? AFF_EREQUIRED : 0};
	snprintf(control, sizeof control, "C%u", n);
	snprintf(patient, sizeof patient, "P%u", n == 2 ? 9 : n);
	aff_buf_init(&body, 1 << 20);
	ck_assert_int_eq(journal_pack(p, aff_view_of("lab"), raw_message(n), &body, &m.dictionary), 0);
	m.channel = aff_view_of("lab");
	m.peer = aff_view_of("127.0.0.1:50000");
	m.type = aff_view_of("ORU^R01");
	m.control_id = aff_view_of(control);
	m.patient = aff_view_of(patient);
	m.device = aff_view_of("MON");
	m.verdict = n == 3 ? JOURNAL_REJECTED : JOURNAL_ACCEPTED;
	m.length = (uint32_t)raw_message(n).n;
	m.body = aff_buf_view(&body);
	memcpy(m.snapshot, conf->sha256, SHA256_SIZE);
	ck_assert_int_eq(journal_add_message(j, &m, NULL), 0);
	ids[n] = m.id;
	aff_buf_free(&body);
}

static void add_outcome(struct journal *j, const struct conf *conf, unsigned n, enum journal_outcome_kind kind)
{
	struct pipeline *p;
	struct pipeline_result r;
	struct journal_outcome o = {
		.message = ids[n], .destination = aff_view_of("lab/archive"), .kind = kind, .at_us = ids[n] + 5000,
		.tries = 3, .detail = aff_view_of(kind == JOURNAL_DEAD ? "AE 101" : "written"),
	};
	memcpy(o.snapshot, conf->sha256, SHA256_SIZE);
	ck_assert_int_eq(pipeline_new(&p), 0);
	ck_assert_int_eq(pipeline_run(p, &conf->channels[0], &conf->channels[0].dests[0], raw_message(n), &r), 0);
	if (kind == JOURNAL_DELIVERED) {
		sha256(o.sent, r.bytes);
		o.sent_length = (uint32_t)r.bytes.n;
	}
	ck_assert_int_eq(journal_add_outcome(j, &o, NULL), 0);
	pipeline_free(p);
}

static void setup(void)
{
	struct journal *j;
	struct journal_packer *p;
	snprintf(folder, sizeof folder, "/tmp/afferent-cli-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("TZ", "UTC", 1);
	write_text("afferent.yaml", engine_yaml);
	ck_assert_int_eq(mkdir(at("channels"), 0700), 0);
	write_text("channels/lab.yaml", channel_yaml);
	struct conf *conf = load_conf();
	struct journal_options options = {.folder = at("journal")};
	ck_assert_int_eq(journal_open(&j, &options, NULL), 0);
	ck_assert_int_eq(journal_set_snapshot(j, conf->sha256, aff_buf_view(&conf->packed), NULL), 0);
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	ck_assert_int_eq(journal_begin(j, NULL), 0);
	ck_assert_int_eq(journal_set_cursor(j, aff_view_of("lab/archive"), 0, NULL), 0);
	for (unsigned n = 0; n < MESSAGES; n++)
		add_message(j, p, conf, n);
	add_outcome(j, conf, 0, JOURNAL_DELIVERED);
	add_outcome(j, conf, 1, JOURNAL_DEAD);
	ck_assert_int_eq(journal_set_cursor(j, aff_view_of("lab/archive"), ids[1], NULL), 0);
	ck_assert_int_eq(journal_commit(j, NULL), 0);
	journal_packer_free(p);
	journal_close(j);
	conf_unref(conf);
}

static void teardown(void)
{
	remove_all(at("journal"));
	remove_all(at("channels"));
	remove_all(folder);
}

static void read_text(const char *name, char *to, size_t size)
{
	FILE *f = fopen(at(name), "rb");
	ck_assert_ptr_nonnull(f);
	to[fread(to, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* Runs "afferent <line>", words separated by blanks ("_" is a blank in a word), FOLDER standing for the folder; keeps
 * what it prints. */
static int run(const char *line)
{
	char words[40][128], copy[512], name[] = "afferent";
	char *argv[42] = {name}, *state = NULL;
	int argc = 1;
	snprintf(copy, sizeof copy, "%s", line);
	for (char *w = strtok_r(copy, " ", &state); w && argc < 41; w = strtok_r(NULL, " ", &state)) {
		char *here = strstr(w, "FOLDER"), *blank = strchr(w, '_');
		if (blank)
			*blank = ' ';
		snprintf(words[argc - 1], sizeof words[0], "%.*s%s%s", here ? (int)(here - w) : 0, w,
		         here ? folder : "", here ? here + 6 : w);
		argv[argc] = words[argc - 1];
		argc++;
	}
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	ck_assert_ptr_nonnull(freopen(at("out"), "wb", stdout));
	ck_assert_ptr_nonnull(freopen(at("err"), "wb", stderr));
	int rc = command_dispatch(&command_all, argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	read_text("out", out_text, sizeof out_text);
	read_text("err", err_text, sizeof err_text);
	return rc;
}

static unsigned lines(const char *text)
{
	unsigned n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

#define HAS(text, part) ck_assert_msg(strstr(text, part), "no '%s' in: %s", part, text)
#define LACKS(text, part) ck_assert_msg(!strstr(text, part), "'%s' in: %s", part, text)

START_TEST(search_finds_newest_first)
{
	ck_assert_int_eq(run("journal search --config FOLDER"), 0);
	ck_assert_uint_eq(lines(out_text), 5);
	HAS(out_text, "rejected REQUIRED");
	HAS(out_text, "archive delivered");
	HAS(out_text, "archive dead");
	HAS(out_text, "archive pending");
	HAS(out_text, "2026-11-20 08:30:01.000");
	ck_assert(strstr(out_text, " C3 ") < strstr(out_text, " C0 "));
}
END_TEST

static const struct {
	const char *options;
	unsigned found;
} searches[] = {
	{"--channel lab", 4}, {"--channel other", 0}, {"--control-id C1", 1}, {"--patient P9", 1}, {"--device MON", 4},
	{"--type ORU^R01", 4}, {"--type ORU^R01^ORU_R01", 4},
	{"--type ADT^A01", 0}, {"--verdict rejected", 1}, {"--verdict kept", 0},
	{"--status dead", 1}, {"--status pending", 1}, {"--status delivered --destination lab/archive", 1},
	{"--status delivered --destination lab/other", 0}, {"--since 2026-11-20T08:30:01Z", 3},
	{"--since 20261120083001+0000 --until 2026-11-20T08:30:02Z", 1}, {"--limit 2", 2},
	{"--peer 127.0.0.1:50000", 4}, {"--peer 127.0.0.1", 4}, {"--peer 127.0.0", 0}, {"--peer 127.0.0.1:5", 0},
};

START_TEST(searches_narrow_down)
{
	char line[256];
	snprintf(line, sizeof line, "journal search --json --journal FOLDER/journal %s", searches[_i].options);
	int rc = run(line);
	ck_assert_msg(lines(out_text) == searches[_i].found, "%s: %s%s", line, out_text, err_text);
	ck_assert_int_eq(rc, searches[_i].found ? 0 : 1);
}
END_TEST

START_TEST(nothing_found_is_told)
{
	ck_assert_int_eq(run("journal search --patient nobody --journal FOLDER/journal"), 1);
	HAS(err_text, "no message fits");
	ck_assert_int_eq(run("journal search --status dead --destination archive --journal FOLDER/journal"), 2);
	HAS(err_text, "channel/destination");
	ck_assert_int_eq(run("journal search --journal FOLDER/nowhere"), 2);
	HAS(err_text, "--config");
}
END_TEST

START_TEST(pages_meet)
{
	char line[256];
	ck_assert_int_eq(run("journal search --limit 3 --journal FOLDER/journal"), 0);
	snprintf(line, sizeof line, "--before %lld", (long long)ids[1]);
	HAS(err_text, line);
	snprintf(line, sizeof line, "journal search --journal FOLDER/journal --before %lld", (long long)ids[1]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, " C0 ");
	LACKS(out_text, " C1 ");
}
END_TEST

START_TEST(show_tells_the_story)
{
	char line[256];
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal %lld", (long long)ids[1]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, "received from 127.0.0.1:50000, accepted\n");
	HAS(out_text, "  committed (after ");
	HAS(out_text, "), then answered AA\n");
	HAS(out_text, "lab/archive: dead after 3 tries: AE 101 (after ");
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal %lld", (long long)ids[3]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, "rejected: error 101, ");
	HAS(out_text, ", then answered AE\n");
	snprintf(line, sizeof line, "journal show --json --journal FOLDER/journal %lld", (long long)ids[3]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, "\"answer\":\"AE\",\"raw\":\"MSH|");
	HAS(out_text, "\"segments\":[{\"id\":\"MSH\",");
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal %lld", (long long)ids[1]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, "PID|||P1");
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal --raw %lld", (long long)ids[1]);
	ck_assert_int_eq(run(line), 0);
	ck_assert(aff_view_is(raw_message(1), out_text));
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal %lld", (long long)ids[2]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, "  lab/archive: pending\n");
	snprintf(line, sizeof line, "journal show --json --journal FOLDER/journal %lld", (long long)ids[2]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, "\"outcomes\":[],\"pending\":[\"lab/archive\"],\"actions\":[]}");
	ck_assert_int_eq(run("journal show --journal FOLDER/journal 17"), 2);
	ck_assert_int_eq(run("journal show --journal FOLDER/journal x"), 2);
}
END_TEST

START_TEST(what_was_sent_is_proved)
{
	char line[256];
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal --sent archive %lld", (long long)ids[0]);
	ck_assert_int_eq(run(line), 0);
	HAS(err_text, "identical to what was sent");
	HAS(out_text, "MSH|^~\\&|MON|ICU|EHR|");
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal --sent archive %lld", (long long)ids[1]);
	ck_assert_int_eq(run(line), 2);
	HAS(err_text, "nothing was sent");
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal --sent nowhere %lld", (long long)ids[0]);
	ck_assert_int_eq(run(line), 2);
}
END_TEST

/* The recorded hash is not that of what the recorded configuration renders. */
START_TEST(what_was_sent_otherwise_is_told)
{
	struct journal *j;
	struct journal_options options = {.folder = at("journal")};
	struct conf *conf = load_conf();
	struct journal_outcome o = {
		.message = ids[1], .destination = aff_view_of("lab/archive"), .kind = JOURNAL_DELIVERED,
		.at_us = ids[2] + 1, .tries = 1, .sent_length = 10, .detail = aff_view_of("written"),
	};
	char line[256];
	memcpy(o.snapshot, conf->sha256, SHA256_SIZE);
	ck_assert_int_eq(journal_open(&j, &options, NULL), 0);
	ck_assert_int_eq(journal_begin(j, NULL), 0);
	ck_assert_int_eq(journal_add_outcome(j, &o, NULL), 0);
	ck_assert_int_eq(journal_commit(j, NULL), 0);
	journal_close(j);
	conf_unref(conf);
	snprintf(line, sizeof line, "journal show --journal FOLDER/journal --sent archive %lld", (long long)ids[1]);
	ck_assert_int_eq(run(line), 1);
	HAS(err_text, "differs from what was sent");
}
END_TEST

START_TEST(the_ledger_adds_up)
{
	ck_assert_int_eq(run("journal stats --config FOLDER"), 0);
	HAS(out_text, "4: 3 accepted, 0 kept, 1 rejected");
	HAS(out_text, "adds up");
	HAS(out_text, "compressed to");
	LACKS(out_text, "waiting to be");
	ck_assert_int_eq(run("journal stats --config FOLDER --json"), 0);
	HAS(out_text, "\"waiting\":0,");
	HAS(out_text, "\"received\":3,\"delivered\":1,\"filtered\":0,\"merged\":0,"
		      "\"dead\":1,\"discarded\":0,\"pending\":1,");
	HAS(out_text, "\"imbalance\":0");
}
END_TEST

START_TEST(replay_into_a_file)
{
	char text[4096];
	ck_assert_int_eq(run("replay --config FOLDER --to archive --all --to-file FOLDER/replayed --reason x"), 0);
	HAS(out_text, "2 sent to");
	HAS(out_text, "1 filtered");
	read_text("replayed", text, sizeof text);
	HAS(text, "MSH|^~\\&|MON|ICU|EHR||20261120||ORU^R01|C0|");
	HAS(text, "|C1|");
	LACKS(text, "|C2|");
	LACKS(text, "|C3|");
}
END_TEST

START_TEST(replay_delivers)
{
	char text[4096], line[256];
	ck_assert_int_eq(run("replay --config FOLDER --to lab/archive --status dead --reason again"), 0);
	HAS(out_text, "1 sent to lab/archive");
	read_text("archive.hl7", text, sizeof text);
	HAS(text, "|C1|");
	LACKS(text, "|C0|");
	snprintf(line, sizeof line, "replay --config FOLDER --to archive --reason again --rate 1000 %lld %lld",
	         (long long)ids[0], (long long)ids[3]);
	run(line);
	HAS(out_text, "1 sent to lab/archive");
	HAS(err_text, "was not accepted");
	read_text("archive.hl7", text, sizeof text);
	HAS(text, "|C0|");
}
END_TEST

static const struct {
	const char *options;
	int exit_code;
	const char *says;
} refused[] = {
	{"--to archive --since 1d", 2, "needs a reason"},
	{"--to archive --since 1d --reason=", 2, "needs a reason"},
	{"--to archive --since 1d --to-file -", 2, "needs a reason"},
	{"--resume 7", 2, "there is no replay 7"},
	{"--resume 7 --to archive", 2, "as it was begun"},
	{"--to archive --reason x", 2, "whole channel"},
	{"--since 1d --reason x", 2, "no destination given"},
	{"--to nowhere --since 1d --reason x", 2, "there is no destination 'nowhere'"},
	{"--to archive --patient nobody --reason x", 1, "no accepted message"},
	{"--to archive --channel other --since 1d --reason x", 2, "there is no destination 'other/archive'"},
	{"--to lab/archive --channel other --since 1d --reason x", 2, "belongs to channel lab"},
	{"--to archive --since 1d --reason x --rate fast", 2, "is no rate"},
	{"--to archive --since tomorrow --reason x", 2, "is no time"},
};

START_TEST(replay_asks_for_clear_orders)
{
	char line[256];
	snprintf(line, sizeof line, "replay --config FOLDER %s", refused[_i].options);
	ck_assert_int_eq(run(line), refused[_i].exit_code);
	HAS(err_text, refused[_i].says);
	ck_assert_int_ne(access(at("archive.hl7"), F_OK), 0);
}
END_TEST

START_TEST(actions_are_listed)
{
	ck_assert_int_eq(run("journal actions --config FOLDER"), 1);
	ck_assert_int_eq(run("replay --config FOLDER --to archive --all --reason because"), 1); /* one is pending */
	ck_assert_int_eq(run("replay --config FOLDER --to archive --patient P0 --reason again --as-new"), 0);
	ck_assert_int_eq(run("journal actions --config FOLDER"), 0);
	ck_assert_uint_eq(lines(out_text), 4);
	HAS(out_text, "replay by uid ");
	HAS(out_text, "reason because");
	HAS(out_text, "as_new yes");
	LACKS(out_text, "P0"); /* no values */
	ck_assert_int_eq(run("journal actions --config FOLDER --kind replay --limit 1 --json"), 0);
	ck_assert_uint_eq(lines(out_text), 1);
	HAS(out_text, "\"reason\":\"again\"");
	HAS(out_text, "\"by\":[\"patient\"]");
	ck_assert_int_eq(run("journal actions --config FOLDER --kind reload"), 1);
	ck_assert_int_eq(run("journal actions --config FOLDER --until 2020-01-01T00:00:00Z"), 1);
	ck_assert_int_eq(run("journal actions --config FOLDER --since 1h"), 0);
	ck_assert_uint_eq(lines(out_text), 4);
}
END_TEST

/* What the journal does not keep is asked for. */
START_TEST(a_replay_by_values_is_resumed_with_them)
{
	char line[256];
	ck_assert_int_eq(run("replay --config FOLDER --to archive --patient P0 --reason again"), 0);
	const char *at_number = strstr(out_text, "recorded as ");
	ck_assert_ptr_nonnull(at_number);
	long long number = strtoll(at_number + strlen("recorded as "), NULL, 10);
	snprintf(line, sizeof line, "replay --config FOLDER --resume %lld", number);
	ck_assert_int_eq(run(line), 2);
	HAS(err_text, "chose messages by patient");
	snprintf(line, sizeof line, "replay --config FOLDER --resume %lld --patient P0", number);
	ck_assert_int_eq(run(line), 0);
	HAS(err_text, "nothing is left");
}
END_TEST

START_TEST(root_leaves_no_files_in_a_journal_of_others)
{
	struct stat st;
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(at("journal"), 65534, 65534), 0);
	ck_assert_int_eq(run("replay --config FOLDER --to archive --all --reason because"), 2);
	HAS(err_text, "belongs to uid 65534");
	ck_assert_int_ne(access(at("archive.hl7"), F_OK), 0);
	ck_assert_int_eq(stat(at("journal/replay.lock"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 65534);
}
END_TEST

START_TEST(replay_stops_where_it_cannot_go_on)
{
	ck_assert_int_eq(run("replay --config FOLDER --to away --all --reason x --tries 1"), 2);
	HAS(err_text, "lab/away: ");
	HAS(err_text, "tried 1 times; the replay stops before it");
	HAS(out_text, "0 sent to lab/away");
}
END_TEST

START_TEST(dry_run_sends_nothing)
{
	ck_assert_int_eq(run("replay --config FOLDER --to archive --all --dry-run"), 0);
	HAS(out_text, "3 messages would be sent to lab/archive");
	ck_assert_int_ne(access(at("archive.hl7"), F_OK), 0);
}
END_TEST

static const struct {
	const char *query;
	int exit_code;
	const char *says;
} validated[] = {
	{"journal=FOLDER/journal", 0, "4 messages: "},
	{"config=FOLDER", 0, "4 messages: "},
	{"journal=FOLDER/journal_verdict=rejected", 0, "1 message: "},
	{"journal=FOLDER/journal_status=dead", 0, "1 message: "},
	{"journal=FOLDER/journal_limit=2", 0, "2 messages: "},
	{"journal=FOLDER/journal_patient=nobody", 2, "no message of the journal fits"},
	{"journal=FOLDER/journal_channels=lab", 2, "unknown option '--channels'; did you mean '--channel'?"},
	{"journal=FOLDER/journal_lab", 2, "'lab' in the query of the journal is not NAME=VALUE"},
	{"_", 2, "the query of the journal is empty"},
	{"journal=FOLDER/journal_verdict=odd", 2, "odd"},
	{"journal=FOLDER/nothing", 2, "FOLDER"},
};

START_TEST(the_journal_is_validated)
{
	char line[256];
	snprintf(line, sizeof line, "validate --level none --from-journal %s", validated[_i].query);
	ck_assert_msg(run(line) == validated[_i].exit_code, "%s%s", out_text, err_text);
	HAS(validated[_i].exit_code == 2 ? err_text : out_text,
	    strcmp(validated[_i].says, "FOLDER") ? validated[_i].says : folder);
}
END_TEST

START_TEST(messages_of_the_journal_are_named_oldest_first)
{
	char first[64], last[64];
	run("validate --level syntax --format json --from-journal journal=FOLDER/journal");
	snprintf(first, sizeof first, "{\"file\":\"journal\",\"message\":%lld,", (long long)ids[0]);
	snprintf(last, sizeof last, "{\"file\":\"journal\",\"message\":%lld,", (long long)ids[3]);
	ck_assert_msg(strstr(out_text, first) == out_text, "%s", out_text);
	HAS(out_text, last);
}
END_TEST

START_TEST(a_journal_that_is_not_there)
{
	ck_assert_int_eq(run("journal stats --journal FOLDER/nothing"), 2);
	ck_assert_int_eq(run("journal"), 2);
	ck_assert_int_eq(run("journal serach"), 2);
	HAS(err_text, "did you mean 'search'?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_journal");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, search_finds_newest_first);
	tcase_add_loop_test(t, searches_narrow_down, 0, (int)(sizeof searches / sizeof searches[0]));
	tcase_add_test(t, nothing_found_is_told);
	tcase_add_test(t, pages_meet);
	tcase_add_test(t, show_tells_the_story);
	tcase_add_test(t, what_was_sent_is_proved);
	tcase_add_test(t, what_was_sent_otherwise_is_told);
	tcase_add_test(t, the_ledger_adds_up);
	tcase_add_test(t, replay_into_a_file);
	tcase_add_test(t, replay_delivers);
	tcase_add_loop_test(t, replay_asks_for_clear_orders, 0, (int)(sizeof refused / sizeof refused[0]));
	tcase_add_test(t, actions_are_listed);
	tcase_add_test(t, a_replay_by_values_is_resumed_with_them);
	tcase_add_test(t, root_leaves_no_files_in_a_journal_of_others);
	tcase_add_test(t, replay_stops_where_it_cannot_go_on);
	tcase_add_test(t, dry_run_sends_nothing);
	tcase_add_loop_test(t, the_journal_is_validated, 0, (int)(sizeof validated / sizeof validated[0]));
	tcase_add_test(t, messages_of_the_journal_are_named_oldest_first);
	tcase_add_test(t, a_journal_that_is_not_there);
	suite_add_tcase(s, t);
	return run_suite(s);
}
