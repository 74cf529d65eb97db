/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking into a journal by content and in all forms: six messages of channel lab, one of them in ISO 8859-1, one with
 * escapes, one that is no HL7. They are received a second apart from each other.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/chart.h"
#include "cli/command.h"
#include "cli_folder.h"
#include "journal/journal.h"
#include "run_suite.h"

#define FIRST_US INT64_C(1795163400000000) /* 2026-11-20T08:30:00Z */

static char out_text[65536], err_text[65536];
static int64_t ids[16];
static unsigned n_ids;

static const char *const messages[] = {
	"MSH|^~\\&|MON|ICU|||20261120||ORU^R01|C0|P|2.6\rPID|||P0||DOE^JANE\r"
	"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC||80||||||R\r",
	"MSH|^~\\&|MON|ICU|||20261120||ORU^R01|C1|P|2.6||||||8859/1\rPID|||P1||M\xdcLLER^J\xd6RG\r"
	"OBX|1|NM|HR^Heart rate^L^147842^MDC_ECG_HEART_RATE^MDC||81||||||R\r",
	"MSH|^~\\&|MON|ICU|||20261120||ORU^R01|C2|P|2.6\rOBX|1|ST|A\\T\\B^x\\S\\y^L||5\\R\\6||||||R\r",
	"MSH|^~\\&|MON|ICU|||20261120||ORU^R01|C3|P|2.6\rOBX|1|NM|1478420||147842||||||R\r",
	"this is no HL7, 147842\rsecond line",
	"MSH|^~\\&|MON|ICU|||20261120||ADT^A01|\"5\",6|P|2.6\rPID|||P5\r",
};
#define MESSAGES 6

static void add_message(struct journal *j, struct journal_packer *p, unsigned n)
{
	static const char *const control[] = {"C0", "C1", "C2", "C3", "", "\"5\",6"};
	struct aff_view raw = aff_view_of(messages[n % MESSAGES]);
	struct aff_buf body;
	struct journal_message m = {
		.received_us = FIRST_US + n * INT64_C(1000000), .error = n == 4 ? AFF_ENOMSH : 0,
		.channel = aff_view_of("lab"), .peer = aff_view_of("127.0.0.1:50000"),
		.type = aff_view_of(n == 5 ? "ADT^A01" : n == 4 ? "" : "ORU^R01"),
		.control_id = aff_view_of(control[n % MESSAGES]),
		.verdict = n == 4 ? JOURNAL_REJECTED : JOURNAL_ACCEPTED, .length = (uint32_t)raw.n,
	};
	aff_buf_init(&body, 1 << 20);
	ck_assert_int_eq(journal_pack(p, aff_view_of("lab"), raw, &body, &m.dictionary), 0);
	m.body = aff_buf_view(&body);
	ck_assert_int_eq(journal_add_message(j, &m, NULL), 0);
	ids[n_ids++] = m.id;
	aff_buf_free(&body);
}

static void add_messages(unsigned n)
{
	struct journal *j;
	struct journal_packer *p;
	struct journal_options options = {.folder = at("journal")};
	ck_assert_int_eq(journal_open(&j, &options, NULL), 0);
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	ck_assert_int_eq(journal_begin(j, NULL), 0);
	ck_assert_int_eq(journal_set_cursor(j, aff_view_of("lab/archive"), 0, NULL), 0);
	while (n_ids < n)
		add_message(j, p, n_ids);
	struct journal_outcome o = {
		.message = ids[0], .destination = aff_view_of("lab/archive"), .kind = JOURNAL_DELIVERED,
		.at_us = ids[0] + 5000, .tries = 2, .detail = aff_view_of("written"),
	};
	if (n == MESSAGES)
		ck_assert_int_eq(journal_add_outcome(j, &o, NULL), 0);
	ck_assert_int_eq(journal_commit(j, NULL), 0);
	journal_packer_free(p);
	journal_close(j);
}

static void setup(void)
{
	snprintf(folder, sizeof folder, "/tmp/afferent-look-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("TZ", "UTC", 1);
	n_ids = 0;
	add_messages(MESSAGES);
}

static void teardown(void)
{
	remove_all(at("journal"));
	remove_all(at("files"));
	remove_all(folder);
}

static size_t read_text(const char *name, char *to, size_t size)
{
	FILE *f = fopen(at(name), "rb");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(to, 1, size - 1, f);
	to[n] = '\0';
	fclose(f);
	return n;
}

/* Runs "afferent journal <line> --journal ..."; "_" in a word is a blank, FOLDER the folder. */
static int run(const char *line)
{
	char words[20][128], copy[512], name[] = "afferent", journal[] = "journal", option[] = "--journal";
	char *argv[26] = {name, journal}, *state = NULL;
	int argc = 2;
	snprintf(copy, sizeof copy, "%s", line);
	for (char *w = strtok_r(copy, " ", &state); w && argc < 22; w = strtok_r(NULL, " ", &state)) {
		char *here = strstr(w, "FOLDER"), *blank = strchr(w, '_'), *word = words[argc - 2];
		if (blank && w[0] != '-' && !strstr(w, "MDC"))
			*blank = ' ';
		snprintf(word, sizeof words[0], "%.*s%s%s", here ? (int)(here - w) : 0, w, here ? folder : "",
		         here ? here + 6 : w);
		argv[argc++] = word;
	}
	char where[128];
	snprintf(where, sizeof where, "%s", at("journal"));
	argv[argc++] = option;
	argv[argc++] = where;
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

#define HAS(text, part) ck_assert_msg(strstr(text, part), "no '%s' in: %s", part, text)
#define LACKS(text, part) ck_assert_msg(!strstr(text, part), "'%s' in: %s", part, text)

/* ---- by content ---- */

static const struct {
	const char *options, *found; /* the numbers of the messages */
} contents[] = {
	{"--code 147842", "01"}, {"--code MDC_ECG_HEART_RATE", "01"}, {"--code HR", "1"}, {"--code 1478420", "3"},
	{"--code Heart_rate", "1"}, {"--code MDC", ""}, {"--code A&B", "2"}, {"--code x^y", "2"}, {"--code 80", ""},
	{"--grep 147842", "0134"}, {"--grep DOE^JANE", "0"}, {"--grep M\xc3\x9cLLER", "1"}, {"--grep doe", ""},
	{"--grep /doe/i", "0"}, {"--grep /doe/", ""}, {"--grep /^OBX.*147842/", "013"}, {"--grep /^second/", "4"},
	{"--grep A&B", "2"}, {"--grep 5~6", "2"}, {"--grep \\R\\", "2"}, {"--grep /J(AN|\xc3\x96R)/", "01"},
	{"--code 147842 --grep DOE", "0"}, {"--code 147842 --grep 1478420", ""}, {"--error NOMSH", "4"},
	{"--error nomsh --grep HL7", "4"}, {"--error REQUIRED", ""}, {"--grep MSH --limit 2", "35"},
	{"--grep /J\xd6RG/", ""}, {"--code 147842 --status delivered", "0"}, {"--grep / --limit 9", "1"},
	{"--code 147842 --control-id C1", "1"}, {"--code 147842 --type ADT^A01", ""},
};

START_TEST(messages_are_found_by_their_content)
{
	char line[256], expected[16] = "", got[16] = "";
	size_t n = 0;
	snprintf(line, sizeof line, "search --json --oldest-first %s", contents[_i].options);
	if (strstr(line, "--limit 2"))
		memmove(strstr(line, "--oldest-first"), "              ", 14);
	int rc = run(line);
	ck_assert_msg(rc == (*contents[_i].found ? 0 : 1), "%s: %d %s", line, rc, err_text);
	for (unsigned i = 0; i < MESSAGES; i++) {
		char id[40];
		snprintf(id, sizeof id, "{\"id\":%lld,", (long long)ids[i]);
		if (strstr(out_text, id))
			got[n++] = (char)('0' + i);
	}
	snprintf(expected, sizeof expected, "%s", contents[_i].found);
	ck_assert_msg(strcmp(got, expected) == 0, "%s: %s", line, got);
}
END_TEST

static const struct {
	const char *line, *says;
} mistakes[] = {
	{"search --grep /(/", "--grep: missing closing parenthesis, at character 2"},
	{"search --grep=", "--grep is empty"}, {"search --code=", "--code is empty"},
	{"search --error REQUIRE", "there is no error 'REQUIRE'; did you mean 'REQUIRED'?"},
	{"search --json --csv", "do not go together"}, {"search --hl7 --output-folder x", "do not go together"},
	{"search --follow --status dead", "what becomes of a message comes later"},
	{"search --follow --until 1h", "leave out --until"}, {"search --follow --before 5", "leave out --before"},
	{"search --after 5", "--after goes with --oldest-first"},
	{"search --oldest-first --before 5", "the next page is --after"},
	{"search --grep /((a+)+)+X/ --charset nonsense", "--charset nonsense"},
	{"search --output-folder FOLDER/out", "FOLDER"},
};

START_TEST(what_cannot_be_is_refused)
{
	ck_assert_int_eq(run(mistakes[_i].line), COMMAND_FAILED);
	HAS(err_text, strcmp(mistakes[_i].says, "FOLDER") ? mistakes[_i].says : folder);
}
END_TEST

/* ---- forms ---- */

START_TEST(comma_separated_values)
{
	char first[200], last[200];
	ck_assert_int_eq(run("search --csv --oldest-first"), 0);
	HAS(out_text, "id,received,channel,peer,type,control_id,patient,device,verdict,error,length,outcomes\r\n");
	snprintf(first, sizeof first, "outcomes\r\n%lld,2026-11-20T08:30:00.000000Z,lab,127.0.0.1:50000,ORU^R01,C0,,,"
	         "accepted,,%zu,\"archive delivered\"\r\n", (long long)ids[0], strlen(messages[0]));
	HAS(out_text, first);
	snprintf(last, sizeof last, ",ADT^A01,\"\"\"5\"\",6\",,,accepted,,%zu,\"archive pending\"\r\n",
	         strlen(messages[5]));
	HAS(out_text, last);
	HAS(out_text, ",rejected,NOMSH,");
}
END_TEST

START_TEST(messages_one_after_the_other)
{
	char expected[4096] = "";
	size_t n = 0;
	for (unsigned i = 0; i < MESSAGES; i++)
		n += (size_t)snprintf(expected + n, sizeof expected - n, "%s%s", messages[i], i == 4 ? "\r" : "");
	ck_assert_int_eq(run("search --hl7 --oldest-first"), 0);
	ck_assert_str_eq(out_text, expected);
}
END_TEST

START_TEST(each_message_into_a_file)
{
	char name[64], text[1024];
	ck_assert_int_eq(run("search --output-folder FOLDER/files --grep MSH"), 0);
	ck_assert_str_eq(out_text, "");
	snprintf(name, sizeof name, "files/%lld.hl7", (long long)ids[1]);
	read_text(name, text, sizeof text);
	ck_assert_str_eq(text, messages[1]);
	struct stat st;
	ck_assert_int_eq(stat(at(name), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	snprintf(name, sizeof name, "files/%lld.hl7", (long long)ids[4]);
	ck_assert_int_ne(access(at(name), F_OK), 0);
	/* What is there already is not overwritten. */
	ck_assert_int_eq(run("search --output-folder FOLDER/files"), 2);
	HAS(err_text, "File exists");
}
END_TEST

START_TEST(pages_the_oldest_first)
{
	char line[128];
	ck_assert_int_eq(run("search --oldest-first --limit 2"), 0);
	ck_assert(strstr(out_text, "  C0  ") < strstr(out_text, "  C1  "));
	snprintf(line, sizeof line, "--after %lld goes on", (long long)ids[1]);
	HAS(err_text, line);
	snprintf(line, sizeof line, "search --oldest-first --after %lld", (long long)ids[1]);
	ck_assert_int_eq(run(line), 0);
	HAS(out_text, "  C2  ");
	LACKS(out_text, "  C1  ");
}
END_TEST

/* ---- following ---- */

START_TEST(new_messages_are_followed)
{
	pid_t writer = fork();
	ck_assert_int_ge(writer, 0);
	if (writer == 0) {
		add_messages(MESSAGES + 2);
		_exit(0);
	}
	ck_assert_int_eq(run("search --follow --since 2026-11-20 --limit 7 --grep MSH"), 0);
	int status;
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	HAS(out_text, "  C0  ");
	const char *sixth = strstr(out_text, "ADT^A01");
	ck_assert_ptr_nonnull(sixth);
	HAS(sixth, "  C0  "); /* the new ones are the first two again */
	HAS(sixth, "  C1  ");
	LACKS(err_text, "there may be more");
}
END_TEST

START_TEST(following_ends_when_it_is_asked_to)
{
	int from_child[2], status;
	char text[8192];
	size_t n = 0;
	ck_assert_int_eq(pipe(from_child), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		char where[128], *argv[] = {(char[]){"afferent"}, (char[]){"journal"}, (char[]){"search"},
		                            (char[]){"-f"}, (char[]){"--since"}, (char[]){"2026-11-20"},
		                            (char[]){"-J"}, where, NULL};
		snprintf(where, sizeof where, "%s", at("journal"));
		dup2(from_child[1], STDOUT_FILENO);
		close(from_child[0]);
		_exit(command_dispatch(&command_all, 8, argv));
	}
	close(from_child[1]);
	do {
		ssize_t got = read(from_child[0], text + n, sizeof text - n - 1);
		ck_assert_int_gt(got, 0);
		n += (size_t)got;
		text[n] = '\0';
	} while (!strstr(text, "ADT^A01"));
	ck_assert_int_eq(kill(child, SIGINT), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), COMMAND_OK);
	close(from_child[0]);
}
END_TEST

/* ---- rates ---- */

START_TEST(rates_are_counted_by_channel_and_time)
{
	char expected[200], *column;
	unsigned long long bytes = 0, sum = 0;
	for (unsigned i = 0; i < MESSAGES; i++)
		bytes += strlen(messages[i]);
	ck_assert_int_eq(run("stats --json --since 2026-11-20T08:29:59Z"), 0);
	snprintf(expected, sizeof expected, "{\"channel\":\"lab\",\"messages\":%d,\"bytes\":%llu,", MESSAGES, bytes);
	HAS(out_text, expected);
	column = strstr(out_text, "\"messages_per_interval\":[");
	ck_assert_ptr_nonnull(column);
	column += strlen("\"messages_per_interval\":[");
	unsigned columns = 0;
	do {
		sum += strtoull(column, &column, 10);
		columns++;
	} while (*column++ == ',');
	ck_assert_uint_eq(columns, 48);
	ck_assert_uint_eq(sum, MESSAGES);
	/* Five of them came at this time or later. */
	ck_assert_int_eq(run("stats --json --since 2026-11-20T08:30:01Z"), 0);
	HAS(out_text, "\"channels\":[{\"channel\":\"lab\",\"messages\":5,");
	ck_assert_int_eq(run("stats --since 2026-11-20T08:29:59Z"), 0);
	HAS(out_text, "channel  messages  bytes each");
	HAS(out_text, "at most 6\n");
	ck_assert_int_eq(run("stats --since 2999-01-01"), 2);
	HAS(err_text, "--since is no time of the past");
}
END_TEST

static void draw(const uint64_t *numbers, size_t n, unsigned rows, bool blocks)
{
	FILE *f = fopen(at("chart"), "wb");
	ck_assert_ptr_nonnull(f);
	chart_print(f, numbers, n, rows, 1, blocks);
	fclose(f);
	read_text("chart", out_text, sizeof out_text);
}

START_TEST(charts)
{
	static const uint64_t some[] = {0, 1, 8, 16, 0, 9, 0}, none[] = {0, 0}, huge[] = {UINT64_MAX, 1};
	draw(some, 7, 2, true);
	ck_assert_str_eq(out_text, "    \u2588 \u2581\n  \u2581\u2588\u2588 \u2588\n");
	draw(some, 7, 2, false);
	ck_assert_str_eq(out_text, "    # .\n  .## #\n");
	draw(none, 2, 1, true);
	ck_assert_str_eq(out_text, "\n");
	draw(huge, 2, 1, false);
	ck_assert_str_eq(out_text, " #.\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_journal_look");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, messages_are_found_by_their_content, 0, (int)(sizeof contents / sizeof contents[0]));
	tcase_add_loop_test(t, what_cannot_be_is_refused, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
	tcase_add_test(t, comma_separated_values);
	tcase_add_test(t, messages_one_after_the_other);
	tcase_add_test(t, each_message_into_a_file);
	tcase_add_test(t, pages_the_oldest_first);
	tcase_add_test(t, new_messages_are_followed);
	tcase_add_test(t, following_ends_when_it_is_asked_to);
	tcase_add_test(t, rates_are_counted_by_channel_and_time);
	tcase_add_test(t, charts);
	suite_add_tcase(s, t);
	return run_suite(s);
}
