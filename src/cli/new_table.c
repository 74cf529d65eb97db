/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent new table: a mapping table's file, with rows to be filled in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/new.h"
#include "cli/option.h"

#define TEXT_MAX (64u << 10)

struct table {
	const char *name, *folder, *from, *to, *description;
	bool csv, print;
};

static void put_yaml(struct aff_buf *out, const struct table *t)
{
	aff_buf_put_text(out, "# Every key is in afferent-mapping(5), and in: afferent check --keys\n");
	aff_buf_printf(out, "mapping: %s\n", t->name);
	aff_buf_put_text(out, "description: ");
	new_put_scalar(out, t->description ? t->description : "Whose codes these are");
	if (t->from) {
		aff_buf_put_text(out, "\nfrom: {system: ");
		new_put_scalar(out, t->from);
		aff_buf_put_text(out, "}             # OBX-3.3 of the codes that arrive\n");
	} else {
		aff_buf_put_text(out, "\n# from: {system: 99VENDOR}          # OBX-3.3 of the codes that arrive\n");
	}
	aff_buf_put_text(out, "to: {system: ");
	new_put_scalar(out, t->to);
	aff_buf_put_text(out, "}\n");
	if (t->csv) {
		aff_buf_printf(out, "rows: %s.csv\n", t->name);
		return;
	}
	aff_buf_put_text(out,
		"# A row: the code that arrives, and what it becomes. afferent unmapped --stub yaml prints the rows\n"
		"# that are missing.\nrows:\n"
		"  # \"HR\": {code: 147842, name: MDC_ECG_HEART_RATE, loinc: 8867-4, unit: \"/min\"}\n"
		"  \"EXAMPLE\": {code: \"\"}             # empty: known, and without a counterpart; take it away when\n"
		"                                    # there is another row\n");
}

int new_table_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent new table our-monitors --from 99OURS --to MDC",
	                                       "afferent new table --print pumps --csv", NULL};
	const struct usage usage = {
		.command = "new table", .arguments = "NAME", .examples = examples, .least = 1, .most = 1,
		.about = "Writes mappings/NAME.yaml, a mapping table with a row that shows how rows look; with --csv "
			 "the rows are in NAME.csv beside it, for those who edit in a spreadsheet. The files pass "
			 "afferent check, or nothing is written; one that is there is never written over.\n\n"
			 "A channel uses the table with: translate: OBX-3, with: NAME.",
		.exit0 = "the table is written",
	};
	struct table t = {.folder = ".", .to = "MDC"};
	const struct option options[] = {
		OPTION_TEXT('f', "from", &t.from, "SYSTEM", "coding system of the codes that arrive, OBX-3.3"),
		OPTION_TEXT('t', "to", &t.to, "SYSTEM", "coding system of what they become; otherwise MDC"),
		OPTION_FLAG(0, "csv", &t.csv, "the rows in a CSV file"),
		OPTION_TEXT('d', "description", &t.description, "TEXT", "whose codes these are"),
		OPTION_TEXT('C', "config", &t.folder, "FOLDER", "the configuration folder; otherwise the current one"),
		OPTION_FLAG('p', "print", &t.print, "print the files and write nothing"), OPTION_END};
	struct new_file files[2];
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	t.name = argv[0];
	if (new_check_name("table", t.name))
		return COMMAND_FAILED;
	aff_buf_init(&files[0].text, TEXT_MAX);
	aff_buf_init(&files[1].text, TEXT_MAX);
	snprintf(files[0].name, sizeof files[0].name, "mappings/%.200s.yaml", t.name);
	snprintf(files[1].name, sizeof files[1].name, "mappings/%.200s.csv", t.name);
	put_yaml(&files[0].text, &t);
	aff_buf_put_text(&files[1].text, "from,code,name,loinc,unit\nEXAMPLE,,,,\n");
	int rc = new_write(t.folder, files, t.csv ? 2 : 1, t.print);
	aff_buf_free(&files[0].text);
	aff_buf_free(&files[1].text);
	return rc;
}
