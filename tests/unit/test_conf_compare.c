/* SPDX-License-Identifier: Apache-2.0
 *
 * What is another in two configurations: told once, with its meaning, and nothing else.
 */
#include <check.h>
#include <stdio.h>

#include "conf/compare.h"
#include "run_suite.h"

#define CHANNEL \
	"channel: icu\nsource:\n  mllp: {listen: 127.0.0.1:2575, idle: 5m}\n" \
	"accept: {check: none}\ntransform:\n  - units: ucum\ndestinations:\n" \
	"  - name: ehr\n    mllp: {to: \"127.0.0.1:6661\"}\n    lanes: 2\n" \
	"  - name: fhir\n    fhir: {to: \"http://127.0.0.1:8080/fhir\"}\n"

static char told[4096];

static void take(void *arg, const struct conf_change *change)
{
	size_t n = strlen(told);
	(void)arg;
	snprintf(told + n, sizeof told - n, "%s%s %s %s: %s", n ? "\n" : "", change->what, change->name,
		 conf_change_text(change->kind), change->text);
}

struct given {
	const char *name, *bytes;
};

/* NULL ends the files. */
static const char *compare(const struct given *before, const struct given *after)
{
	struct conf_files files[2] = {{.root = (char[]){"a"}}, {.root = (char[]){"b"}}};
	struct conf_file items[2][4];
	const struct given *given[2] = {before, after};
	for (int side = 0; side < 2; side++) {
		files[side].items = items[side];
		for (const struct given *g = given[side]; g->name; g++)
			items[side][files[side].count++] =
				(struct conf_file){(char *)(uintptr_t)g->name, aff_view_of(g->bytes)};
	}
	told[0] = '\0';
	ck_assert_int_eq(conf_compare(&files[0], &files[1], take, NULL), 0);
	return told;
}

static const char *channels(const char *before, const char *after)
{
	return compare((const struct given[]){{"channels/icu.yaml", before}, {NULL, NULL}},
		       (const struct given[]){{"channels/icu.yaml", after}, {NULL, NULL}});
}

/* CHANNEL with `from` replaced. */
static const char *with(const char *from, const char *to)
{
	static char text[2048];
	const char *at = strstr(CHANNEL, from);
	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - CHANNEL), CHANNEL, to, at + strlen(from));
	return text;
}

static const struct {
	const char *from, *to, *told;
} changes[] = {
	{"units: ucum", "units: ucum", ""},
	{"units: ucum", "units:   ucum   # so", "file channels/icu.yaml layout: channels/icu.yaml: comments or layout "
						"changed, its meaning did not"},
	{"{listen: 127.0.0.1:2575, idle: 5m}", "{idle: 5m, listen: 127.0.0.1:2575}",
	 "file channels/icu.yaml layout: channels/icu.yaml: comments or layout changed, its meaning did not"},
	{"check: none", "check: structure",
	 "channel icu changed: channel icu: accept changed; it counts from the next message on"},
	{"accept: {check: none}\ntransform:\n  - units: ucum\n", "description: new\n",
	 "channel icu changed: channel icu: accept, transform, description changed; it counts from the next message "
	 "on"},
	{":2575", ":2576", "source icu changed: channel icu: listens on 127.0.0.1:2576 instead of 127.0.0.1:2575; "
			   "connections to the old address are closed"},
	{"idle: 5m", "idle: 6m, batch: split", "source icu changed: channel icu: source changed: idle, batch"},
	{":6661", ":6662",
	 "destination icu/ehr changed: icu/ehr: goes to 127.0.0.1:6662 instead of 127.0.0.1:6661; what waits for it "
	 "goes there, too"},
	{"lanes: 2", "lanes: 4", "destination icu/ehr changed: icu/ehr: lanes changed; it goes on where it is"},
	{"name: ehr", "name: chart",
	 "destination icu/chart new: icu/chart is new: it gets what comes from now on, or goes on where it stopped if "
	 "it was there before\n"
	 "destination icu/ehr gone: icu/ehr is gone: what waits for it stays in the journal, and is sent if it comes "
	 "back"},
	{"channel: icu", "channel: ccu",
	 "channel icu gone: channel icu is gone: nothing is taken for it any more; what waits for its destinations "
	 "stays in the journal, and is sent if it comes back\n"
	 "channel ccu new: channel ccu is new: listens on 127.0.0.1:2575"},
	{"units: ucum", "units: [", NULL},
};

START_TEST(what_changed)
{
	const char *found = channels(CHANNEL, with(changes[_i].from, changes[_i].to));
	if (changes[_i].told) /* a file that cannot be read is compared as far as it can be */
		ck_assert_str_eq(found, changes[_i].told);
	else
		ck_assert_ptr_nonnull(strstr(found, "changed"));
}
END_TEST

START_TEST(whole_files)
{
	static const struct given none[] = {{NULL, NULL}};
	static const struct given one[] = {{"channels/icu.yaml", CHANNEL}, {NULL, NULL}};
	static const struct given table[] = {{"channels/icu.yaml", CHANNEL}, {"mappings/a.csv", "from,code\n1,2\n"},
					     {NULL, NULL}};
	static const struct given other[] = {{"channels/icu.yaml", CHANNEL}, {"mappings/a.csv", "from,code\n1,3\n"},
					     {NULL, NULL}};
	ck_assert_str_eq(compare(none, one), "channel icu new: channel icu is new: listens on 127.0.0.1:2575");
	ck_assert_ptr_nonnull(strstr(compare(one, none), "channel icu gone: channel icu is gone"));
	ck_assert_str_eq(compare(one, table), "file mappings/a.csv new: mappings/a.csv is new");
	ck_assert_str_eq(compare(table, one), "file mappings/a.csv gone: mappings/a.csv is gone");
	ck_assert_str_eq(compare(table, other),
			 "file mappings/a.csv changed: mappings/a.csv changed: the channels that use it follow it from "
			 "the next message on");
	ck_assert_str_eq(compare(table, table), "");
}
END_TEST

START_TEST(settings)
{
	static const struct given a[] = {{"afferent.yaml", "journal: j\ndrain: 10s\n"}, {NULL, NULL}};
	static const struct given b[] = {{"afferent.yaml", "journal: j\ndrain: 20s\n"}, {NULL, NULL}};
	static const struct given c[] = {{"afferent.yaml", "journal: k\n"}, {NULL, NULL}};
	ck_assert_str_eq(compare(a, b), "settings afferent.yaml changed: afferent.yaml: drain changed");
	ck_assert_ptr_nonnull(strstr(compare(a, c), "afferent.yaml: journal, drain changed; journal, "));
	ck_assert_ptr_nonnull(strstr(told, "at the next start"));
}
END_TEST

START_TEST(control_socket)
{
	static const struct {
		const char *text, *socket;
	} cases[] = {
		{"journal: j\n", "site/afferent.sock"},
		{"control: x.sock\n", "site/x.sock"},
		{"control: /run/x.sock\n", "/run/x.sock"},
		{"control: x.sock\njurnal: [1, {2: 3}]\n", "site/x.sock"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf_file item = {(char[]){"afferent.yaml"}, aff_view_of(cases[i].text)};
		struct conf_files files = {.root = (char[]){"site"}, .items = &item, .count = 1};
		struct aff_buf out;
		aff_buf_init(&out, 1000);
		conf_control_socket(&files, &out);
		ck_assert_str_eq(out.p, cases[i].socket);
		aff_buf_free(&out);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf compare");
	TCase *t = tcase_create("compare");
	tcase_add_loop_test(t, what_changed, 0, sizeof changes / sizeof changes[0]);
	tcase_add_test(t, whole_files);
	tcase_add_test(t, settings);
	tcase_add_test(t, control_socket);
	suite_add_tcase(s, t);
	return run_suite(s);
}
