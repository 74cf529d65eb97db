/* SPDX-License-Identifier: Apache-2.0
 *
 * Configurations that load: the shipped channels, what the keys become, packing, and inputs that must be refused
 * quickly.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "sys/file.h"
#include "run_suite.h"

static char *folder;

static void make_folder(void)
{
	char template[] = "/tmp/afferent-conf-XXXXXX";
	folder = strdup(mkdtemp(template));
}

static void remove_folder(void)
{
	static const char *const names[] = {"channels/a.yaml", "channels/b.yml", "channels/b.yaml",
	                                    "channels/.hidden.yaml",
	                                    "channels/notes.txt", "mappings/t.yaml", "mappings/t.csv", "afferent.yaml",
	                                    "channels", "mappings", ""};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		remove(path);
	}
	free(folder);
}

static const char *path_of(const char *name)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	mkdir(path_of("channels"), 0700);
	mkdir(path_of("mappings"), 0700);
	ck_assert_int_eq(file_replace(path_of(name), aff_view_of(text), NULL), 0);
}

/* Loads what was read; prints what was found when it is not what the caller wants. */
static int load(struct conf **conf, const struct conf_files *files, size_t findings_wanted)
{
	struct aff_diag_list findings;
	char line[1024];
	aff_diag_list_init(&findings, 50);
	int rc = conf_load(conf, files, &findings);
	for (size_t i = 0; i < findings.count && findings.count != findings_wanted; i++)
		fprintf(stderr, "%s\n", aff_diag_format(&findings.items[i], line, sizeof line));
	ck_assert_uint_eq(findings.count, findings_wanted);
	aff_diag_list_free(&findings);
	return rc;
}

static struct conf *load_path(const char *path, size_t findings_wanted)
{
	struct conf_files files;
	struct aff_diag diag = {0};
	struct conf *conf = NULL;
	ck_assert_msg(conf_files_read(&files, path, &diag) == 0, "%s", diag.text);
	ck_assert_int_eq(load(&conf, &files, findings_wanted), 0);
	conf_files_free(&files);
	return conf;
}

/* Loads one channel's text. */
static struct conf *load_text(const char *channel, const char *engine)
{
	char root[] = "/etc/afferent", a[] = "afferent.yaml", c[] = "channels/c.yaml";
	struct conf_file items[] = {{a, aff_view_of(engine)}, {c, aff_view_of(channel)}};
	struct conf_files files = {.root = root, .items = items, .count = 2};
	struct conf *conf = NULL;
	ck_assert_int_eq(load(&conf, &files, 0), 0);
	return conf;
}

#define SOURCE "channel: c\nsource: {mllp: {listen: \"127.0.0.1:2575\"}}\n"
#define FILE_DEST "destinations: [{name: x, file: {to: x.hl7}}]\n"

START_TEST(shipped_channels_have_no_findings)
{
	static const char *const paths[] = {"channels/icu-monitors.yaml", "channels/infusion-pumps.yaml",
	                                    "channels/pass-through.yaml"};
	struct conf *conf = load_path(paths[_i], 0);
	ck_assert_uint_eq(conf->nchannels, 1);
	ck_assert_uint_eq(conf->channels[0].source.address.port, 2575 + (unsigned)_i);
	ck_assert_str_eq(conf->channels[0].file, paths[_i]);
	conf_unref(conf);
}
END_TEST

START_TEST(the_icu_channel_says_what_it_means)
{
	struct conf *conf = load_path("channels/icu-monitors.yaml", 0);
	const struct conf_channel *c = conf_channel(conf, aff_view_of("icu-monitors"));
	const struct conf_dest *ehr = conf_dest(conf, aff_view_of("icu-monitors/ehr"));
	const struct conf_dest *fhir = conf_dest(conf, aff_view_of("icu-monitors/fhir"));
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_nonnull(ehr);
	ck_assert_ptr_nonnull(fhir);
	ck_assert_uint_eq(aff_rules_steps(c->transform), 7);
	ck_assert_uint_eq(c->accept.nmessages, 2);
	ck_assert_str_eq(c->accept.messages[1], "ORU^R40");
	ck_assert_int_eq(c->source.idle_ms, 300000);
	ck_assert_int_eq(ehr->kind, CONF_DEST_MLLP);
	ck_assert_uint_eq(ehr->to.port, 6661);
	ck_assert_ptr_nonnull(ehr->when);
	ck_assert_int_eq(ehr->sample.every_ms, 60000);
	ck_assert_uint_eq(ehr->sample.by, SAMPLE_BY_PATIENT | SAMPLE_BY_DEVICE | SAMPLE_BY_CODE);
	ck_assert_int_eq(ehr->sample.keep, SAMPLE_LAST);
	ck_assert_int_eq(fhir->kind, CONF_DEST_FHIR);
	ck_assert_str_eq(fhir->url, "http://127.0.0.1:8080/fhir");
	ck_assert_uint_eq(fhir->lanes, 8);
	ck_assert_int_eq(fhir->order, CONF_ORDER_PATIENT);
	ck_assert_int_eq(fhir->retry.give_up_ms, 0);
	ck_assert_ptr_null(fhir->fhir.zone_minutes);
	ck_assert_ptr_null(conf_dest(conf, aff_view_of("icu-monitors/nobody")));
	conf_unref(conf);
}
END_TEST

START_TEST(the_shipped_folder_loads_as_a_whole)
{
	struct conf_files files;
	struct conf_file items[64];
	struct conf *conf = NULL;
	char name[] = "afferent.yaml";
	struct aff_buf engine;
	aff_buf_init(&engine, 1 << 16);
	ck_assert_int_eq(file_read("examples/afferent.yaml", &engine, NULL), 0);
	ck_assert_int_eq(conf_files_read(&files, ".", NULL), 0);
	items[0] = (struct conf_file){name, aff_buf_view(&engine)};
	ck_assert_uint_lt(files.count, 63);
	memcpy(items + 1, files.items, files.count * sizeof *items);
	struct conf_files all = {.root = files.root, .items = items, .count = files.count + 1};
	ck_assert_int_eq(load(&conf, &all, 0), 0);
	ck_assert_uint_eq(conf->nchannels, 3);
	ck_assert_uint_ge(conf->ntables, 2);
	ck_assert_uint_eq(conf->engine.file_rows, 1000000);
	conf_unref(conf);
	conf_files_free(&files);
	aff_buf_free(&engine);
}
END_TEST

START_TEST(defaults)
{
	struct conf *conf = load_text(SOURCE FILE_DEST, "log: text\n");
	const struct conf_engine *e = &conf->engine;
	const struct conf_channel *c = &conf->channels[0];
	const struct conf_dest *d = &c->dests[0];
	ck_assert_str_eq(e->journal, "/etc/afferent/journal");
	ck_assert_str_eq(e->control, "/etc/afferent/afferent.sock");
	ck_assert_uint_eq(e->io_threads, 0);
	ck_assert_uint_eq(e->memory, 256u << 20);
	ck_assert_uint_eq(e->file_bytes, 512000000);
	ck_assert_int_eq(e->drain_ms, 10000);
	ck_assert(!e->log_json);
	ck_assert_int_eq(c->source.answer, AFF_ACK_AUTO);
	ck_assert_uint_eq(c->source.max_frame, 1u << 20);
	ck_assert_uint_eq(c->source.max_connections, 1024);
	ck_assert_int_eq(c->source.frame_ms, 10000);
	ck_assert_uint_eq(c->source.lenient, 0);
	ck_assert_uint_eq(c->accept.nmessages, 0);
	ck_assert_int_eq(c->accept.checks.level, AFF_CHECK_TABLES);
	ck_assert(!c->accept.keep_others);
	ck_assert_ptr_null(c->transform);
	ck_assert_str_eq(d->full_name, "c/x");
	ck_assert_str_eq(d->path, "/etc/afferent/x.hl7");
	ck_assert_int_eq(d->order, CONF_ORDER_CONNECTION);
	ck_assert_uint_eq(d->lanes, 1);
	ck_assert_int_eq(d->timeout_ms, 30000);
	ck_assert_uint_eq(d->tries, 3);
	ck_assert_int_eq(d->retry.first_ms, 1000);
	ck_assert_int_eq(d->retry.most_ms, 60000);
	ck_assert_int_eq(d->retry.give_up_ms, 0);
	ck_assert_int_eq(d->sample.every_ms, 0);
	conf_unref(conf);
}
END_TEST

START_TEST(each_ihe_transaction_can_be_asked_for_by_its_name)
{
	char text[256];
	snprintf(text, sizeof text,
	         "channel: c\nsource: {mllp: {listen: \"[::1]:2575\"}}\naccept: {check: %s}\n"
	         "destinations: [{name: f, file: {to: a.hl7}}]\n",
	         aff_ihe_name((enum aff_ihe)_i));
	struct conf *conf = load_text(text, "journal: j\n");
	ck_assert_int_eq(conf->channels[0].accept.checks.ihe, _i);
	ck_assert_int_eq(conf->channels[0].accept.checks.level, AFF_CHECK_TABLES);
	ck_assert_int_eq(aff_ihe_find(aff_ihe_name((enum aff_ihe)_i)), _i);
	conf_unref(conf);
}
END_TEST

START_TEST(every_key_arrives)
{
	struct conf *conf = load_text(
	    "channel: c\n"
	    "source:\n"
	    "  mllp: {listen: \"[0:0::1]:2575\", max_frame: 2MiB, max_connections: 7, idle: 1h, frame_time: 5s,\n"
	    "         lenient: [two-msh, end], charset: {assume: iso-8859-15, utf8: declared}}\n"
	    "  ack: enhanced\n"
	    "accept: {check: ihe-pcd-01, otherwise: keep}\n"
	    "destinations:\n"
	    "  - name: f\n"
	    "    fhir: {to: \"https://fhir.example/r4/\", bundle: collection, zone: \"-03:30\",\n"
	    "           base: \"urn:oid:1.2/\", r_status: final}\n"
	    "    order: none\n"
	    "    lanes: 3\n"
	    "    timeout: 2s\n"
	    "    tries: 9\n"
	    "    retry: {first: 20ms, most: 2m, give_up: 7d}\n"
	    "    sample: {every: 5s, by: [code], keep: first}\n"
	    "    when: exists PID-3\n",
	    "journal: /var/lib/afferent\nio_threads: 3\nlog: json\ndrain: 1m\nlog_file: {rows: 2000, size: 4MB}\n");
	const struct conf_source *s = &conf->channels[0].source;
	const struct conf_dest *d = &conf->channels[0].dests[0];
	ck_assert_str_eq(conf->engine.journal, "/var/lib/afferent");
	ck_assert_uint_eq(conf->engine.io_threads, 3);
	ck_assert(conf->engine.log_json);
	ck_assert_uint_eq(conf->engine.file_rows, 2000);
	ck_assert_uint_eq(conf->engine.file_bytes, 4000000);
	ck_assert_str_eq(s->address.host, "::1");
	ck_assert_uint_eq(s->lenient, AFF_LENIENT_TWOMSH);
	ck_assert(s->lenient_end);
	ck_assert_str_eq(s->charset.assume, "8859/15");
	ck_assert_ptr_null(s->charset.override);
	ck_assert(s->charset.as_declared);
	ck_assert_int_eq(s->answer, AFF_ACK_ENHANCED);
	ck_assert_uint_eq(s->max_frame, 2u << 20);
	ck_assert_int_eq(conf->channels[0].accept.checks.ihe, AFF_IHE_PCD_01);
	ck_assert(conf->channels[0].accept.keep_others);
	ck_assert_str_eq(d->url, "https://fhir.example/r4");
	ck_assert_int_eq(d->fhir.bundle, AFF_FHIR_COLLECTION);
	ck_assert_str_eq(d->fhir.base, "urn:oid:1.2");
	ck_assert_str_eq(d->fhir.r_status, "final");
	ck_assert_ptr_nonnull(d->fhir.zone_minutes);
	ck_assert_int_eq(*d->fhir.zone_minutes, -210);
	ck_assert_int_eq(d->order, CONF_ORDER_NONE);
	ck_assert_int_eq(d->retry.give_up_ms, INT64_C(7) * 86400000);
	ck_assert_uint_eq(d->tries, 9);
	ck_assert_uint_eq(d->sample.by, SAMPLE_BY_CODE);
	ck_assert_int_eq(d->sample.keep, SAMPLE_FIRST);
	ck_assert_uint_eq(d->when_line, 17);
	conf_unref(conf);
}
END_TEST

START_TEST(a_table_from_rows_and_from_csv_is_the_same)
{
	char channel[] = "channels/c.yaml", inline_name[] = "mappings/a.yaml", yaml[] = "mappings/b.yaml", csv[] =
	    "mappings/b.csv";
	char root[] = "", engine[] = "afferent.yaml";
	struct conf_file items[] = {
	    {engine, aff_view_of("log: text\n")},
	    {channel,
	     aff_view_of(SOURCE "transform:\n  - {translate: OBX-3, with: a}\n"
	                        "  - {translate: OBX-3, with: b}\n" FILE_DEST)},
	    {inline_name, aff_view_of("mapping: a\nfrom: {system: X}\nto: {system: MDC}\nrows:\n"
	                              "  \"1\": {code: 147842, name: \"a, \\\"b\\\"\", loinc: 8867-4,\n"
	                              "        unit: /min, from_name: n}\n"
	                              "  \"2\": {code: }\n")},
	    {csv, aff_view_of("\xef\xbb\xbf" "from,extra,from_name,code,name,loinc,unit\r\n"
	                      "1,e,n,147842,\"a, \"\"b\"\"\",8867-4,/min\r\n\r\n2,,,,,,")},
	    {yaml, aff_view_of("mapping: b\nfrom: {system: X}\nto: {system: MDC}\nrows: b.csv\n")},
	};
	struct conf_files files = {.root = root, .items = items, .count = 5};
	struct conf *conf = NULL;
	/* Both names differ from the nomenclature's: two warnings. */
	ck_assert_int_eq(load(&conf, &files, 2), 0);
	ck_assert_uint_eq(conf->ntables, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct aff_table *t = conf->tables[i];
		const struct aff_table_row *row = aff_table_find(t, aff_view_of("1"));
		ck_assert_uint_eq(aff_table_rows(t), 2);
		ck_assert(aff_view_is(aff_table_from_system(t), "X"));
		ck_assert_ptr_nonnull(row);
		ck_assert(aff_view_is(row->code, "147842"));
		ck_assert(aff_view_is(row->name, "a, \"b\""));
		ck_assert(aff_view_is(row->from_name, "n"));
		ck_assert(aff_view_is(row->loinc, "8867-4"));
		ck_assert(aff_view_is(row->unit, "/min"));
		ck_assert_uint_eq(aff_table_find(t, aff_view_of("2"))->code.n, 0);
	}
	conf_unref(conf);
}
END_TEST

/* Everything a row can say, from both kinds of file. */
START_TEST(all_of_a_row_is_read_from_both)
{
	char channel[] = "channels/c.yaml", a[] = "mappings/a.yaml", b[] = "mappings/b.yaml", csv[] = "mappings/b.csv";
	char root[] = "", engine[] = "afferent.yaml";
	struct conf_file items[] = {
	    {engine, aff_view_of("log: text\n")},
	    {channel, aff_view_of(SOURCE "transform:\n  - {translate: OBX-3, with: a}\n"
	                                 "  - {translate: OBX-3, with: b, direction: back}\n" FILE_DEST)},
	    {a, aff_view_of("mapping: a\nbidirectional: true\ndefault: {code: 9}\nrows:\n  T:\n"
	                    "    - {code: 7, from_unit: F, from_system: S, within: W, from_name: N, scale: 0.1,\n"
	                    "       plausible: [~, 45], sentinels: [-1, \"no value\"], category: vital-signs,\n"
	                    "       source: manual, preferred: true, unit: Cel}\n"
	                    "    - {code: 8, plausible: [1, 2]}\n")},
	    {csv, aff_view_of("from,code,from_unit,from_system,within,from_name,scale,plausible,sentinels,category,"
	                      "source,preferred,unit\n"
	                      "T,7,F,S,W,N,0.1,|45,-1|no value,vital-signs,manual,true,Cel\n"
	                      "T,8,,,,,,1 2,,,,,\n")},
	    {b, aff_view_of("mapping: b\nbidirectional: true\ndefault: {code: 9}\nrows: b.csv\n")},
	};
	struct conf_files files = {.root = root, .items = items, .count = 5};
	struct conf *conf = NULL;
	ck_assert_int_eq(load(&conf, &files, 0), 0);
	ck_assert_uint_eq(conf->ntables, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct aff_table *t = conf->tables[i];
		const struct aff_table_row *r = aff_table_find(t, aff_view_of("T"));
		ck_assert_uint_eq(aff_table_rows(t), 3);
		ck_assert(aff_view_is(r->code, "7") && aff_view_is(r->from_unit, "F") && aff_view_is(r->within, "W"));
		ck_assert(aff_view_is(r->from_system, "S") && aff_view_is(r->from_name, "N"));
		ck_assert(aff_view_is(r->scale, "0.1") && !r->low.n && aff_view_is(r->high, "45"));
		ck_assert(aff_view_is(r->sentinels, "-1\nno value") && aff_view_is(r->category, "vital-signs"));
		ck_assert(aff_view_is(r->source, "manual") && r->preferred && r->unit_known && r->from_unit_known);
		r = aff_table_back(t, aff_view_of("8"));
		ck_assert_ptr_nonnull(r);
		ck_assert(aff_view_is(r->low, "1") && aff_view_is(r->high, "2") && !r->sentinels.n && !r->preferred);
		ck_assert(aff_view_is(aff_table_find(t, aff_view_of("*"))->code, "9"));
	}
	conf_unref(conf);
}
END_TEST

START_TEST(packed_and_unpacked_is_the_same)
{
	struct conf_files files, again;
	struct aff_buf packed;
	struct conf *conf = load_path("channels/icu-monitors.yaml", 0), *copy = NULL;
	aff_buf_init(&packed, 1 << 26);
	ck_assert_int_eq(conf_files_unpack(&files, aff_buf_view(&conf->packed), NULL), 0);
	ck_assert_str_eq(files.root, "");
	conf_files_pack(&files, &packed);
	ck_assert(aff_view_equal(aff_buf_view(&packed), aff_buf_view(&conf->packed)));
	struct aff_diag_list findings;
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_load(&copy, &files, &findings), 0);
	aff_diag_list_free(&findings);
	ck_assert_mem_eq(copy->sha256, conf->sha256, SHA256_SIZE);
	ck_assert_uint_eq(copy->ntables, conf->ntables);
	ck_assert_uint_eq(aff_rules_steps(copy->channels[0].transform), aff_rules_steps(conf->channels[0].transform));
	ck_assert_str_eq(copy->engine.journal, "journal");
	/* A stored snapshot that was cut off or changed is told from a whole one, or at least read within its bounds.
	 * */
	for (size_t n = 0; n < packed.n; n += packed.n / 97 + 1) {
		struct aff_diag diag = {0};
		int rc = conf_files_unpack(&again, aff_view(packed.p, n), &diag);
		ck_assert(rc == 0 || rc == AFF_ECORRUPT);
		conf_files_free(&again);
	}
	conf_files_free(&files);
	aff_buf_free(&packed);
	conf_unref(copy);
	conf_unref(conf);
}
END_TEST

START_TEST(a_change_of_one_byte_changes_the_hash)
{
	struct conf *a = load_text(SOURCE FILE_DEST, "log: text\n"), *b = load_text(SOURCE FILE_DEST, "log: text \n");
	ck_assert_mem_ne(a->sha256, b->sha256, SHA256_SIZE);
	ck_assert_ptr_eq(conf_ref(a), a);
	conf_unref(a);
	ck_assert_str_eq(a->channels[0].name, "c");
	conf_unref(a);
	conf_unref(b);
	conf_unref(NULL);
}
END_TEST

/* ---- folders ---- */

static int read_folder(struct aff_diag *diag)
{
	struct conf_files files;
	int rc = conf_files_read(&files, folder, diag);
	if (!rc)
		conf_files_free(&files);
	return rc;
}

START_TEST(a_profile_is_part_of_the_configuration)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct conf *conf, *changed;
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_files_read(&files, "tests/cases/conf/with-profiles", NULL), 0);
	ck_assert_int_eq(conf_load(&conf, &files, &findings), 0);
	ck_assert_uint_eq(findings.count, 0);
	ck_assert_uint_eq(conf->nprofiles, 2);
	const struct conf_channel *rules = conf_channel(conf, aff_view_of("rules"));
	ck_assert_int_eq(rules->accept.checks.level, AFF_CHECK_TABLES);
	ck_assert_uint_eq(rules->accept.checks.nprofiles, 1);
	ck_assert_str_eq(aff_profile_name(rules->accept.checks.profiles[0]), "icu-monitors");
	const struct conf_channel *xml = conf_channel(conf, aff_view_of("short"));
	ck_assert_str_eq(aff_profile_name(xml->accept.checks.profiles[0]), "short");
	for (size_t i = 0; i < files.count; i++) {
		if (strcmp(files.items[i].name, "profiles/short.xml") == 0)
			files.items[i].bytes.n--; /* the line end of the last line */
	}
	ck_assert_int_eq(conf_load(&changed, &files, &findings), 0);
	ck_assert(memcmp(conf->sha256, changed->sha256, SHA256_SIZE) != 0);
	conf_unref(changed);
	conf_unref(conf);
	conf_files_free(&files);
	aff_diag_list_free(&findings);
}
END_TEST

START_TEST(what_is_read_of_a_folder)
{
	struct conf_files files;
	write_file("channels/a.yaml", SOURCE FILE_DEST);
	write_file("channels/notes.txt", "not ours");
	write_file("channels/.hidden.yaml", "not ours");
	write_file("mappings/t.csv", "from,code\n");
	ck_assert_int_eq(conf_files_read(&files, folder, NULL), 0);
	ck_assert_uint_eq(files.count, 2);
	ck_assert_str_eq(files.items[0].name, "channels/a.yaml");
	ck_assert_str_eq(files.items[1].name, "mappings/t.csv");
	struct conf *conf = NULL;
	ck_assert_int_eq(load(&conf, &files, 1), 0); /* a note: there is no afferent.yaml */
	conf_unref(conf);
	conf_files_free(&files);
}
END_TEST

START_TEST(folders_that_hold_no_configuration)
{
	struct aff_diag diag = {0};
	ck_assert_int_eq(read_folder(&diag), AFF_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(diag.text, folder));
	struct conf_files files;
	ck_assert_int_eq(conf_files_read(&files, path_of("missing"), &diag), AFF_ENOTFOUND);
	ck_assert_int_eq(conf_files_read(&files, "/dev/null", &diag), AFF_EARGUMENT);
}
END_TEST

/* A file that cannot be read is an error among the others, and does not hide them. */
static void expect_problem(const char *file, const char *text)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	bool other = false, found = false;
	write_file("afferent.yaml", "lgo: text\n");
	ck_assert_int_eq(conf_files_read(&files, folder, NULL), 0);
	aff_diag_list_init(&findings, 50);
	ck_assert_int_eq(conf_load(&conf, &files, &findings), AFF_ECONFIG);
	for (size_t i = 0; i < findings.count; i++) {
		const struct aff_diag *d = &findings.items[i];
		found = found || (strstr(d->source, file) && strstr(d->text, text) && d->hint[0]);
		other = other || strstr(d->text, "lgo");
	}
	ck_assert(found && other);
	ck_assert_uint_eq(findings.errors, 2);
	aff_diag_list_free(&findings);
	conf_files_free(&files);
}

START_TEST(a_yml_file_is_not_silently_left_out)
{
	write_file("channels/b.yml", SOURCE FILE_DEST);
	expect_problem("channels/b.yml", "would not be read");
}
END_TEST

START_TEST(symbolic_links_are_refused)
{
	write_file("channels/a.yaml", SOURCE FILE_DEST);
	ck_assert_int_eq(symlink("a.yaml", path_of("channels/b.yaml")), 0);
	expect_problem("channels/b.yaml", "not a regular file");
}
END_TEST

START_TEST(findings_name_the_file_as_it_can_be_opened)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	write_file("channels/a.yaml", "chanel: a\n");
	write_file("afferent.yaml", "log: text\n");
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_files_read(&files, folder, NULL), 0);
	ck_assert_int_eq(conf_load(&conf, &files, &findings), AFF_ECONFIG);
	ck_assert_ptr_null(conf);
	ck_assert_uint_eq(findings.errors, 3);
	for (size_t i = 0; i < findings.count; i++)
		ck_assert_int_eq(access(findings.items[i].source, R_OK), 0);
	conf_files_free(&files);
	aff_diag_list_free(&findings);
}
END_TEST

/* ---- bombs ---- */

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Loads a channel made of `piece` repeated; it must be refused in well under a second, with few words. */
static void refuse_quickly(const char *before, const char *piece, size_t times, const char *after)
{
	struct aff_buf text;
	char root[] = "", name[] = "channels/bomb.yaml";
	struct conf *conf = NULL;
	struct aff_diag_list findings;
	aff_buf_init(&text, 64u << 20);
	aff_buf_put_text(&text, before);
	for (size_t i = 0; i < times; i++)
		aff_buf_put_text(&text, piece);
	aff_buf_put_text(&text, after);
	ck_assert_int_eq(text.error, 0);
	struct conf_file item = {name, aff_buf_view(&text)};
	struct conf_files files = {.root = root, .items = &item, .count = 1};
	aff_diag_list_init(&findings, 20);
	double start = seconds();
	ck_assert_int_eq(conf_load(&conf, &files, &findings), AFF_ECONFIG);
	ck_assert_double_lt(seconds() - start, 5); /* seconds even under a sanitizer on a busy machine */
	ck_assert_uint_le(findings.count, 20);
	aff_diag_list_free(&findings);
	aff_buf_free(&text);
}

START_TEST(bombs_are_refused_quickly)
{
	refuse_quickly("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n", "c: [*b,*b,*b,*b]\n", 10000, "");
	refuse_quickly("a: ", "[", 1000000, "");
	refuse_quickly("a: ", "{b: ", 1000000, "");
	refuse_quickly("a: \"", "0123456789", 1000000, "\"\n");
	refuse_quickly("a: |\n", "  0123456789\n", 900000, "");
	refuse_quickly("a: ", "x ", 5000000, "\n");
	refuse_quickly("a: [", "x,", 3000000, "]\n");
	refuse_quickly("", "- ", 1000000, "\n");
	refuse_quickly("", "? ", 1000000, "\n");
	refuse_quickly("", "key: value\n", 100000, "");
	refuse_quickly("", "#", 20000000, "\n");
}
END_TEST

static Suite *conf_suite(void)
{
	Suite *s = suite_create("conf load");
	TCase *load_case = tcase_create("load"), *folder_case = tcase_create("folders"), *bomb_case =
	    tcase_create("bombs");
	tcase_add_loop_test(load_case, shipped_channels_have_no_findings, 0, 3);
	tcase_add_test(load_case, the_icu_channel_says_what_it_means);
	tcase_add_test(load_case, the_shipped_folder_loads_as_a_whole);
	tcase_add_test(load_case, defaults);
	tcase_add_loop_test(load_case, each_ihe_transaction_can_be_asked_for_by_its_name, AFF_IHE_AUTO, AFF_IHE_COUNT);
	tcase_add_test(load_case, every_key_arrives);
	tcase_add_test(load_case, a_table_from_rows_and_from_csv_is_the_same);
	tcase_add_test(load_case, all_of_a_row_is_read_from_both);
	tcase_add_test(load_case, packed_and_unpacked_is_the_same);
	tcase_add_test(load_case, a_change_of_one_byte_changes_the_hash);
	tcase_add_checked_fixture(folder_case, make_folder, remove_folder);
	tcase_add_test(folder_case, a_profile_is_part_of_the_configuration);
	tcase_add_test(folder_case, what_is_read_of_a_folder);
	tcase_add_test(folder_case, folders_that_hold_no_configuration);
	tcase_add_test(folder_case, a_yml_file_is_not_silently_left_out);
	tcase_add_test(folder_case, symbolic_links_are_refused);
	tcase_add_test(folder_case, findings_name_the_file_as_it_can_be_opened);
	tcase_add_test(bomb_case, bombs_are_refused_quickly);
	tcase_set_timeout(bomb_case, 60);
	suite_add_tcase(s, load_case);
	suite_add_tcase(s, folder_case);
	suite_add_tcase(s, bomb_case);
	return s;
}

int main(void)
{
	return run_suite(conf_suite());
}
