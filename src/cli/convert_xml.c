/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages as v2.xml and out of it.
 */
#include "cli/convert_xml.h"

#include "cli/command.h"
#include "sys/file.h"

#define DOCUMENT_MAX (16u << 20)

int convert_to_xml(struct aff_buf *out, struct aff_msg *m, struct aff_groups *groups, struct aff_view bytes,
                   unsigned lenient, struct aff_diag *diag)
{
	int rc = aff_msg_parse(m, bytes.p, bytes.n, lenient, diag);
	if (!rc && aff_groups_match(groups, m, NULL))
		rc = aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	aff_buf_clear(out);
	return rc ? rc : aff_v2xml_write(out, m, groups, diag);
}

int convert_each_xml(char **files, int nfiles, input_fn *fn,
                     int (*fail)(void *arg, const struct input_message *m, const char *why), void *arg)
{
	struct aff_buf document, message;
	int rc = 0, worst = 0;
	aff_buf_init(&document, DOCUMENT_MAX);
	aff_buf_init(&message, INPUT_MESSAGE_MAX);
	for (int i = 0; i < nfiles && !rc; i++) {
		bool is_stdin = strcmp(files[i], "-") == 0;
		struct input_message m = {.file = is_stdin ? "standard input" : files[i], .number = 1};
		struct aff_diag diag;
		char line[640];
		m.where = m.file;
		aff_buf_clear(&document);
		aff_buf_clear(&message);
		if (file_read(is_stdin ? "/dev/stdin" : files[i], &document, &diag)) {
			worst = command_error("%s", aff_diag_format(&diag, line, sizeof line));
			continue;
		}
		if (aff_v2xml_read(&message, aff_buf_view(&document), &diag)) {
			rc = fail(arg, &m, aff_diag_format(&diag, line, sizeof line));
			continue;
		}
		m.bytes = aff_buf_view(&message);
		rc = fn(arg, &m);
	}
	aff_buf_free(&document);
	aff_buf_free(&message);
	return rc ? rc : worst;
}
