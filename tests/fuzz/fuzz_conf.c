/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a configuration: the first byte chooses whether they are a channel, a table, a .csv, afferent.yaml or a
 * stored snapshot. Whatever loads must pack and load again to the same hash.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct conf *conf)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct conf *again = NULL;
	aff_diag_list_init(&findings, 10);
	if (conf_files_unpack(&files, aff_buf_view(&conf->packed), NULL))
		abort();
	if (conf_load(&again, &files, &findings) || memcmp(again->sha256, conf->sha256, SHA256_SIZE) != 0)
		abort();
	conf_unref(again);
	conf_files_free(&files);
	aff_diag_list_free(&findings);
}

static void load(const struct conf_files *files)
{
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	aff_diag_list_init(&findings, 50);
	int rc = conf_load(&conf, files, &findings);
	if ((rc == 0) != (conf != NULL) || (rc == 0) != (findings.errors == 0))
		abort();
	if (conf)
		check_again(conf);
	conf_unref(conf);
	aff_diag_list_free(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char root[] = "", engine[] = "afferent.yaml", channel[] = "channels/c.yaml", table[] = "mappings/t.yaml",
	     csv[] = "mappings/t.csv";
	struct conf_file items[] = {
		{engine, aff_view_of("log: text\n")},
		{channel, aff_view_of("channel: c\nsource: {mllp: {listen: \"127.0.0.1:2575\"}}\n"
		                      "transform: [{translate: OBX-3, with: t}]\n"
		                      "destinations: [{name: x, file: {to: x}}]\n")},
		{csv, aff_view_of("from,code\n1,2\n")},
		{table, aff_view_of("mapping: t\nrows: t.csv\n")},
	};
	struct conf_files files = {.root = root, .items = items, .count = 4}, stored;
	if (!size)
		return 0;
	struct aff_view bytes = aff_view((const char *)data + 1, size - 1);
	if (data[0] % 5 < 4) {
		items[data[0] % 5].bytes = bytes;
		load(&files);
	} else if (!conf_files_unpack(&stored, bytes, NULL)) {
		load(&stored);
		conf_files_free(&stored);
	}
	return 0;
}
