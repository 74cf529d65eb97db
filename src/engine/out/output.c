/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of outputs.
 */
#include "engine/out/output.h"

typedef int make_fn(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg);

static const struct {
	const char *text;
	make_fn *make;
} kinds[] = {
	[CONF_DEST_MLLP] = {"mllp", output_mllp_new},
	[CONF_DEST_FHIR] = {"fhir", output_fhir_new},
	[CONF_DEST_HTTP] = {"http", output_http_new},
	[CONF_DEST_FILE] = {"file", output_file_new},
	[CONF_DEST_CHANNEL] = {"channel", NULL},
	[CONF_DEST_DIRECTORY] = {"directory", output_directory_new},
};

int output_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	make_fn *make = kinds[dest->kind].make;
	return make ? make(out, dest, done, arg) : AFF_EARGUMENT;
}

const char *output_kind_text(enum conf_dest_kind kind)
{
	return kinds[kind].text;
}
