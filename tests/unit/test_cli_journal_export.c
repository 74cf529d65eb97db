/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages from one journal into another, by a file: what is in it, what is told of it, and what is not believed.
 */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "cli/command.h"
#include "cli/export_write.h"
#include "sys/file.h"

#include "cli_folder.h"
#include "journal_fixture.h"

#define FIRST_US INT64_C(1736929800000000) /* 2025-01-15T08:30:00Z */
#define MESSAGES 6

static char out_text[65536], err_text[65536], file_text[65536];

static void write_text(const char *name, const char *text)
{
	ck_assert_int_eq(file_replace(at(name), aff_view_of(text), NULL), 0);
}

static void read_text(const char *name, char *to, size_t size)
{
	struct aff_buf b;
	aff_buf_init(&b, size - 1);
	ck_assert_int_eq(file_read(at(name), &b, NULL), 0);
	memcpy(to, b.p, b.n);
	to[b.n] = '\0';
	aff_buf_free(&b);
}

/* Message 4 has the bytes and the time of message 3: that is two messages. */
static void setup(void)
{
	struct journal_packer *p;
	fixture_setup();
	snprintf(folder, sizeof folder, "/tmp/afferent-folder-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("TZ", "UTC", 1);
	ck_assert_int_eq(mkdir(at("channels"), 0700), 0);
	write_text("afferent.yaml", "journal: journal\ncontrol: control.sock\n");
	write_text("channels/lab.yaml", "channel: lab\nsource:\n  mllp: {listen: \"127.0.0.1:2600\"}\n"
					"destinations:\n  - name: archive\n    file: {to: archive.hl7}\n");
	struct journal *j = fixture_open(0);
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	OK(journal_set_snapshot(j, fixture_sha, aff_view_of("x"), &diag));
	OK(journal_begin(j, &diag));
	OK(journal_set_cursor(j, aff_view_of("lab/archive"), 0, &diag));
	for (unsigned n = 0; n < MESSAGES; n++) {
		unsigned which = n == 4 ? 3 : n;
		int64_t id = fixture_add(j, p, "lab", which, FIRST_US + which * INT64_C(1000000));
		if (n == 0)
			fixture_outcome(j, id, "lab/archive", JOURNAL_DELIVERED);
	}
	OK(journal_commit(j, &diag));
	journal_packer_free(p);
	journal_close(j);
	struct journal_options other = {.folder = at("journal")};
	OK(journal_open(&j, &other, &diag));
	journal_close(j);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void teardown(void)
{
	ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	fixture_teardown();
}

/* Runs "afferent <line>", words separated by blanks: FROM is the one journal, SITE the other one's folder. */
static int run(const char *line)
{
	char words[40][128], copy[512], name[] = "afferent";
	char *argv[42] = {name}, *state = NULL;
	int argc = 1;
	snprintf(copy, sizeof copy, "%s", line);
	for (char *w = strtok_r(copy, " ", &state); w && argc < 41; w = strtok_r(NULL, " ", &state), argc++) {
		if (strcmp(w, "FROM") == 0)
			snprintf(words[argc - 1], sizeof words[0], "%s", fixture_folder);
		else if (strncmp(w, "SITE", 4) == 0)
			snprintf(words[argc - 1], sizeof words[0], "%s%s", folder, w + 4);
		else
			snprintf(words[argc - 1], sizeof words[0], "%s", w);
		argv[argc] = words[argc - 1];
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

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

#define RUN(code, line) ck_assert_msg(run(line) == (code), "%s: %.2000s%s", line, out_text, err_text)
#define HAS(text, part) ck_assert_msg(strstr(text, part) != NULL, "no '%s' in: %.3000s", part, text)
#define LACKS(text, part) ck_assert_msg(!strstr(text, part), "'%s' in: %.3000s", part, text)
#define EXPORT "journal export --config SITE --journal FROM --to SITE/moved --reason moved "
#define IMPORT "journal import --config SITE --reason moved SITE/moved "
#define STORED "journal search --config SITE --json"

static void export_all(void)
{
	RUN(0, EXPORT);
	read_text("moved", file_text, sizeof file_text);
}

START_TEST(base64_goes_both_ways)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		     {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"}};
	static const char *const wrong[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "====", "Z===",
					    "Zm9v=Zg=", "Zg==Zm9v", "Zm9-"};
	unsigned char bytes[16];
	size_t n;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_buf b;
		aff_buf_init(&b, 64);
		base64_put(&b, aff_view_of(cases[i].bytes));
		ck_assert(aff_view_is(aff_buf_view(&b), cases[i].text));
		ck_assert(base64_get(aff_buf_view(&b), bytes, strlen(cases[i].bytes), &n));
		ck_assert(aff_view_is(aff_view((const char *)bytes, n), cases[i].bytes));
		ck_assert(!strlen(cases[i].bytes) ||
			  !base64_get(aff_buf_view(&b), bytes, strlen(cases[i].bytes) - 1, &n));
		aff_buf_free(&b);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(!base64_get(aff_view_of(wrong[i]), bytes, sizeof bytes, &n), "%s", wrong[i]);
}
END_TEST

START_TEST(all_is_in_the_file)
{
	struct stat st;
	export_all();
	HAS(out_text, "exported   6 messages to ");
	ck_assert_int_eq(stat(at("moved"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_ne(stat(at("moved.unfinished"), &st), 0);
	ck_assert_uint_eq(count(file_text, "\n"), MESSAGES + 2);
	ck_assert_ptr_eq(strstr(file_text, "{\"afferent_export\":1,\"exported_at\":\"20"), file_text);
	HAS(file_text, "\"received\":\"2025-01-15T08:30:01.000000Z\",\"channel\":\"lab\",\"peer\":\"127.0.0.1:51234\","
		       "\"type\":\"ORU^R01\",\"control_id\":\"C1\",\"patient\":\"P1\",\"device\":\"D1\"");
	HAS(file_text, "\"raw\":\"TVNIfF5+XCZ8");
	HAS(file_text, "\"outcomes\":[{\"destination\":\"lab/archive\",\"status\":\"delivered\",");
	ck_assert_uint_eq(count(file_text, "\"outcomes\":[],\"pending\":[\"lab/archive\"]}\n"), MESSAGES - 1);
	HAS(file_text, "{\"end\":true,\"messages\":6,\"sha256\":\"");
	ck_assert(strstr(file_text, "\"C0\"") < strstr(file_text, "\"C1\""));
}
END_TEST

START_TEST(an_export_is_recorded_without_values)
{
	RUN(0, "journal export --config SITE --journal FROM --patient P2 --since 2025-01-01 --to SITE/moved --reason "
	       "asked --json");
	HAS(out_text, "{\"exported\":1,\"without_body\":0,\"bytes\":");
	RUN(0, "journal actions --journal FROM --json --kind export");
	HAS(out_text, "\"messages\":1,\"reason\":\"asked\",\"since\":\"2025-01-01\",\"by\":[\"patient\"]");
	LACKS(out_text, "P2");
}
END_TEST

START_TEST(standard_output_gets_the_same)
{
	export_all();
	RUN(0, "journal export --config SITE --journal FROM --to - --reason piped");
	const char *mine = strchr(file_text, '\n'), *piped = strchr(out_text, '\n');
	size_t n = (size_t)(strstr(file_text, "{\"end\"") - mine);
	ck_assert(strncmp(mine, piped, n) == 0);
	RUN(0, "journal actions --journal FROM --json --kind export");
	HAS(out_text, "\"messages\":6,\"reason\":\"piped\"");
}
END_TEST

static const struct {
	const char *line;
	int code;
	const char *says;
} refused[] = {
	{"journal export --config SITE --journal FROM --to SITE/moved", 2, "needs a reason"},
	{"journal export --config SITE --journal FROM --reason moved", 2, "--to FILE"},
	{"journal export --config SITE --journal FROM --reason moved --to - --json", 2, "--json does not go"},
	{"journal export --config SITE --journal FROM --reason moved --to SITE/channels", 2, "is there already"},
	{"journal export --config SITE --journal FROM --reason moved --to SITE/no/moved", 2, "cannot make"},
	{EXPORT "--channel other", 1, "no message fits"},
	{"journal export --config SITE --journal FROM --reason moved --to - --channel other", 1, "no message fits"},
	{"journal import --config SITE SITE/afferent.yaml", 2, "needs a reason"},
	{"journal import --config SITE --reason moved SITE/nothing", 2, "cannot open"},
	{"journal import --config SITE --reason moved SITE/afferent.yaml", 2, "was not written by"},
	{"journal import --config SITE --reason moved SITE/channels", 2, "is no file"},
};

START_TEST(what_is_not_done_leaves_nothing)
{
	struct stat st;
	RUN(refused[_i].code, refused[_i].line);
	HAS(err_text, refused[_i].says);
	ck_assert_str_eq(out_text, "");
	ck_assert_int_ne(stat(at("moved"), &st), 0);
	ck_assert_int_ne(stat(at("moved.unfinished"), &st), 0);
	run("journal actions --journal FROM --json --kind export");
	LACKS(out_text, "export");
}
END_TEST

START_TEST(what_cannot_be_recorded_is_not_exported)
{
	struct stat st;
	struct journal *j = fixture_open(0); /* by somebody who does not listen */
	RUN(2, EXPORT);
	ck_assert_int_ne(stat(at("moved"), &st), 0);
	RUN(2, "journal export --config SITE --journal FROM --to - --reason moved");
	ck_assert_str_eq(out_text, "");
	journal_close(j);
}
END_TEST

START_TEST(messages_move)
{
	static char before[65536];
	export_all();
	RUN(0, IMPORT);
	HAS(out_text, "imported   6 messages, kept");
	RUN(0, STORED);
	ck_assert_uint_eq(count(out_text, "\"verdict\":\"kept\""), MESSAGES);
	HAS(out_text, "\"received\":\"2025-01-15T08:30:01.000000Z\",\"channel\":\"lab\",\"peer\":\"127.0.0.1:51234\","
		      "\"type\":\"ORU^R01\",\"control_id\":\"C1\",\"patient\":\"P1\",\"device\":\"D1\"");
	LACKS(out_text, "pending\":[\"");
	RUN(0, STORED " --patient P2 --since 2025-01-15T08:30:02Z --until 2025-01-15T08:30:03Z");
	ck_assert_uint_eq(count(out_text, "\n"), 1);
	RUN(0, "journal search --journal FROM --hl7 --oldest-first");
	memcpy(before, out_text, sizeof before);
	RUN(0, "journal search --config SITE --hl7 --oldest-first");
	ck_assert_str_eq(before, out_text);
	RUN(0, "journal verify --config SITE");
	RUN(0, "journal actions --config SITE --json --kind import");
	HAS(out_text, "\"messages\":6,\"already_there\":0,\"without_body\":0,\"exported_at\":\"20");
	HAS(out_text, "\"reason\":\"moved\"");
}
END_TEST

START_TEST(a_second_import_adds_what_is_missing)
{
	RUN(0, EXPORT "--limit 4"); /* of the two that are alike one */
	RUN(0, IMPORT "--json");
	HAS(out_text, "{\"imported\":4,\"already_there\":0,\"without_body\":0,\"left\":0,");
	unlink(at("moved"));
	RUN(0, EXPORT "--limit 5");
	RUN(0, IMPORT "--json");
	HAS(out_text, "{\"imported\":1,\"already_there\":4,");
	unlink(at("moved"));
	RUN(0, EXPORT);
	RUN(0, IMPORT "--json");
	HAS(out_text, "{\"imported\":1,\"already_there\":5,");
	RUN(0, IMPORT "--json");
	HAS(out_text, "{\"imported\":0,\"already_there\":6,\"without_body\":0,\"left\":0,\"action\":0}");
	RUN(0, STORED);
	ck_assert_uint_eq(count(out_text, "\n"), MESSAGES);
	RUN(0, "journal import --config SITE --journal FROM --reason moved --json SITE/moved");
	HAS(out_text, "{\"imported\":0,\"already_there\":6,");
}
END_TEST

/* Replaces the first `from` behind `behind` by `to`; mend: the last line is made right again. */
static void change(const char *behind, const char *from, const char *to, bool mend)
{
	static char text[sizeof file_text];
	unsigned char sha[SHA256_SIZE];
	struct aff_buf b;
	read_text("moved", text, sizeof text);
	char *start = strstr(text, behind), *place = start ? strstr(start, from) : NULL;
	ck_assert_msg(place != NULL, "no '%s' behind '%s'", from, behind);
	aff_buf_init(&b, sizeof text);
	aff_buf_put(&b, text, (size_t)(place - text));
	aff_buf_put_view(&b, aff_view_of(to));
	aff_buf_put_view(&b, aff_view_of(place + strlen(from)));
	const char *end = memmem(b.p, b.n, "{\"end\"", 6);
	if (mend) {
		sha256(sha, aff_view(b.p, (size_t)(end - b.p)));
		end = strstr(end, "sha256") + 9;
		b.n = (size_t)(end - b.p);
		hex_put(&b, sha, sizeof sha);
		aff_buf_put_view(&b, aff_view_of("\"}\n"));
	}
	ck_assert_int_eq(b.error, 0);
	ck_assert_int_eq(file_replace(at("moved"), aff_buf_view(&b), NULL), 0);
	aff_buf_free(&b);
}

/* In the first message. */
static const struct {
	const char *behind, *from, *to;
	bool mend;
	const char *says;
} changes[] = {
	{"", "\"exported_at\"", "\"exported_to\"", true, "line 1: it does not tell when"},
	{"", "afferent_export\":1", "afferent_export\":2", true, "newer version"},
	{"\"C0\"", "\"raw\":\"TVNI", "\"raw\":\"TVNJ", false, "line 2: the message does not have this SHA-256"},
	{"\"C0\"", "\"raw\":\"TVNI", "\"raw\":\"TVNJ", true, "line 2: the message does not have this SHA-256"},
	{"\"C0\"", "\"raw\":\"TVNI", "\"raw\":\"TV I", true, "line 2: the message is not base64"},
	{"\"C0\"", "\"sha256\":\"", "\"sha256\":\"0", true, "line 2: it has no SHA-256"},
	{"\"C0\"", "\"sha256\":", "\"sha\":", true, "line 2: it has no SHA-256"},
	{"\"C0\"", "\"raw\":", "\"ram\":", true, "line 2: the message is not in it"},
	{"\"C0\"", "\"length\":", "\"length\":1", true, "line 2: the message does not have this length"},
	{"\"C0\"", "\"patient\":\"P0\"", "\"patient\":0", true, "line 2: channel, peer, type or an id"},
	{"", "\"channel\":\"lab\"", "\"channel\":\"\"", true, "line 2: channel, peer, type or an id"},
	{"\"C0\"", "\"patient\":\"P0\"", "\"patient\":\"P1\"", false, "line 8: the lines before it"},
	{"\"C0\"", "\"received_us\":1", "\"received_us\":-1", true, "line 2: it has no receive time"},
	{"\"C0\"", "\"received_us\":1", "\"received_us\":9", true, "later than now"},
	{"\"C0\"", "\"raw\":", "\"raw\":\"\",\"raw\":", true, "line 2: it is no JSON object"},
	{"{\"end\"", "\"messages\":6", "\"messages\":4", false, "line 8: it tells of another number"},
	{"{\"end\"", "\"}\n", "\"}\n{}\n", false, "line 9: something follows"},
	{"{\"end\"", "\"}\n", "\"}", false, "line 8: the line has no end"},
};

START_TEST(what_was_changed_is_not_imported)
{
	export_all();
	change(changes[_i].behind, changes[_i].from, changes[_i].to, changes[_i].mend);
	RUN(2, IMPORT);
	HAS(err_text, changes[_i].says);
	const char *behind_name = strstr(err_text, "/moved"); /* the folder's name is made up, and may hold it */
	ck_assert_ptr_nonnull(behind_name);
	LACKS(behind_name, "C0");
	RUN(1, STORED);
}
END_TEST

START_TEST(what_was_cut_is_not_imported)
{
	export_all();
	size_t whole = strlen(file_text), last = (size_t)(strstr(file_text, "{\"end\"") - file_text);
	const size_t cuts[] = {whole - 1, last + 7, last, last - 1, last / 2, 20};
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		ck_assert_int_eq(file_replace(at("moved"), aff_view(file_text, cuts[i]), NULL), 0);
		RUN(2, IMPORT);
	}
	ck_assert_int_eq(file_replace(at("moved"), aff_view(file_text, last), NULL), 0);
	RUN(2, IMPORT);
	HAS(err_text, "line 8: the file was cut");
	RUN(1, STORED);
}
END_TEST

static int export_first(void *writer, const struct journal_row *row)
{
	struct journal_row without = {.message = row->message, .body_removed_us = FIRST_US + 1};
	int rc = export_writer_row(writer, &without);
	return rc ? rc : 1;
}

START_TEST(a_message_without_a_body_is_told)
{
	struct journal_reader *r = fixture_reader();
	struct journal_query q = {.oldest_first = true};
	struct export_writer *w = calloc(1, sizeof *w);
	w->fates = fixture_reader();
	w->fd = open(at("moved"), O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(export_writer_begin(w), 0);
	OK(journal_search(r, &q, export_first, w, &diag));
	ck_assert_int_eq(export_writer_end(w), 0);
	ck_assert_uint_eq(w->removed, 1);
	close(w->fd);
	journal_reader_close(w->fates);
	journal_reader_close(r);
	export_writer_free(w);
	free(w);
	read_text("moved", file_text, sizeof file_text);
	HAS(file_text, "\"body_removed\":\"2025-01-15T08:30:00.000001Z\",\"outcomes\":[{");
	RUN(0, IMPORT "--json");
	HAS(out_text, "{\"imported\":0,\"already_there\":0,\"without_body\":1,");
	RUN(1, STORED);
}
END_TEST

START_TEST(the_engine_must_not_run)
{
	struct journal *j;
	export_all();
	const struct journal_options other = {.folder = at("journal")};
	OK(journal_open(&j, &other, &diag));
	RUN(2, IMPORT);
	journal_close(j);
	RUN(0, IMPORT);
}
END_TEST

#define LOOP(t, test, table) tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof(table)[0]))

int main(void)
{
	Suite *s = suite_create("cli_journal_export");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, base64_goes_both_ways);
	tcase_add_test(t, all_is_in_the_file);
	tcase_add_test(t, an_export_is_recorded_without_values);
	tcase_add_test(t, standard_output_gets_the_same);
	LOOP(t, what_is_not_done_leaves_nothing, refused);
	tcase_add_test(t, what_cannot_be_recorded_is_not_exported);
	tcase_add_test(t, messages_move);
	tcase_add_test(t, a_second_import_adds_what_is_missing);
	LOOP(t, what_was_changed_is_not_imported, changes);
	tcase_add_test(t, what_was_cut_is_not_imported);
	tcase_add_test(t, a_message_without_a_body_is_told);
	tcase_add_test(t, the_engine_must_not_run);
	suite_add_tcase(s, t);
	return run_suite(s);
}
