/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a configuration: the first byte chooses whether they are a channel, a table, a .csv, afferent.yaml or a
 * stored snapshot. Whatever loads packs and loads again to the same hash. The one target that needs more than
 * libafferent: reading configurations is the engine's business, and they come from people.
 */
#include "fuzz.h"

#include "conf/conf.h"

static const char *const texts[] = {"log: text\n", ("channel: c\nsource: {mllp: {listen: \"127.0.0.1:2575\"}}\n"
	"transform: [{translate: OBX-3, with: t}]\ndestinations: [{name: x, file: {to: x}}]\n"), "from,code\n1,2\n",
	"mapping: t\nrows: t.csv\n"};

static struct conf *load(const struct conf_files *files)
{
	struct aff_diag_list findings = {.cap = 50};
	struct conf *conf = NULL;
	must(!conf_load(&conf, files, &findings) == !findings.errors && !!conf == !findings.errors);
	aff_diag_list_free(&findings);
	return conf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char names[][16] = {"afferent.yaml", "channels/c.yaml", "mappings/t.csv", "mappings/t.yaml", ""};
	struct aff_view in = {(const char *)data, size};
	struct conf_file items[4];
	struct conf_files files = {.root = names[4], .items = items, .count = 4}, packed;
	struct conf *conf, *again = NULL;
	unsigned kind = fuzz_take(&in) % 5;
	for (unsigned i = 0; i < 4; i++)
		items[i] = (struct conf_file){names[i], i == kind ? in : aff_view_of(texts[i])};
	if (kind == 4 && conf_files_unpack(&files, in, NULL))
		return 0;
	if ((conf = load(&files)) != NULL) {
		must(!conf_files_unpack(&packed, aff_buf_view(&conf->packed), NULL) && (again = load(&packed)) != NULL);
		must(memcmp(conf->sha256, again->sha256, SHA256_SIZE) == 0);
		conf_files_free(&packed);
	}
	conf_unref(again);
	conf_unref(conf);
	if (kind == 4)
		conf_files_free(&files);
	return 0;
}
