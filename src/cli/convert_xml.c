/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages as v2.xml and out of it.
 */
#include "cli/convert_xml.h"

#include <afferent/edit.h>

#include "cli/command.h"
#include "sys/file.h"

#define DOCUMENT_MAX (16u << 20)

/* m, which c has read, in UTF-8 into `utf8`, and MSH-18 says so. */
static int write_utf8(struct aff_buf *utf8, struct aff_charset *c, const struct aff_msg *m, struct aff_diag *diag)
{
	struct aff_edit *edit = NULL;
	struct aff_msg *labelled = NULL;
	struct aff_buf bytes;
	aff_buf_init(&bytes, INPUT_MESSAGE_MAX);
	int rc = aff_edit_new(&edit, INPUT_MESSAGE_MAX);
	if (!rc)
		rc = aff_msg_new(&labelled, NULL);
	if (!rc)
		rc = aff_edit_begin(edit, m);
	if (!rc)
		rc = aff_edit_set(edit, 0, 18, 0, 0, 0, aff_view_of("UNICODE UTF-8"));
	if (!rc)
		rc = aff_edit_set(edit, 0, 20, 0, 0, 0, aff_view_of(""));
	if (!rc) {
		aff_edit_write(edit, &bytes);
		rc = bytes.error ? bytes.error : aff_msg_parse(labelled, bytes.p, bytes.n, AFF_LENIENT_ALL, NULL);
	}
	if (!rc)
		rc = aff_charset_to_utf8(c, labelled, utf8);
	if (!rc)
		rc = utf8->error;
	if (rc) {
		aff_diag_set(diag, rc, "cannot write the message in UTF-8: %s", aff_error_text(rc));
		aff_diag_hint(diag, "--charset says which set it is in");
	}
	aff_msg_free(labelled);
	aff_edit_free(edit);
	aff_buf_free(&bytes);
	return rc;
}

static int write_xml(struct aff_buf *out, struct aff_msg *m, struct aff_groups *groups, struct aff_diag *diag)
{
	if (aff_groups_match(groups, m, NULL))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	return aff_v2xml_write(out, m, groups, diag);
}

int convert_to_xml(struct aff_buf *out, struct aff_msg *m, struct aff_groups *groups, struct aff_charset *c,
                   const char *charset, struct aff_view bytes, unsigned lenient, struct aff_diag *diag)
{
	const struct aff_charset_options options = {.override = charset};
	int rc = aff_charset_parse(c, m, bytes.p, bytes.n, lenient, &options, diag);
	aff_buf_clear(out);
	if (rc)
		return rc;
	if (aff_charset_is_plain(c))
		return write_xml(out, m, groups, diag);
	struct aff_buf utf8;
	aff_buf_init(&utf8, INPUT_MESSAGE_MAX);
	rc = write_utf8(&utf8, c, m, diag);
	if (!rc)
		rc = aff_msg_parse(m, utf8.p, utf8.n, lenient, diag);
	if (!rc)
		rc = write_xml(out, m, groups, diag);
	aff_buf_free(&utf8);
	return rc;
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
