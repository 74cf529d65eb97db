/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads an HL7 v2 message from standard input; prints whom it is about and what was measured.
 *
 *	cc read_message.c $(pkg-config --cflags --libs afferent) -o read_message
 *	./read_message <monitor.hl7
 */
#include <stdio.h>

#include <afferent/escape.h>
#include <afferent/msg.h>
#include <afferent/path.h>

#define MESSAGE_MAX (1u << 20)

static char bytes[MESSAGE_MAX];

/* A value, with its escape sequences resolved. */
static void print_value(const struct aff_msg *m, struct aff_view value)
{
	struct aff_delims delims = aff_msg_delims(m);
	struct aff_buf plain;
	aff_buf_init(&plain, MESSAGE_MAX);
	aff_unescape(&plain, value, &delims);
	fwrite(plain.p, 1, plain.n, stdout);
	aff_buf_free(&plain);
}

static void print_path(const struct aff_msg *m, const char *name, const char *where)
{
	struct aff_path path;
	if (aff_path_parse(&path, aff_view_of(where), NULL))
		return;
	printf("%-11s", name);
	print_value(m, aff_path_get(m, &path));
	putchar('\n');
}

/* Name, value and unit of every OBX that has a value. */
static void print_observations(const struct aff_msg *m)
{
	for (unsigned s = aff_msg_find(m, "OBX", 0); s != AFF_NONE; s = aff_msg_find(m, "OBX", s + 1)) {
		if (aff_msg_field(m, s, 5).n == 0)
			continue;
		print_value(m, aff_msg_get(m, s, 3, 1, 2, 0));
		fputs(" = ", stdout);
		print_value(m, aff_msg_get(m, s, 5, 1, 0, 0));
		putchar(' ');
		print_value(m, aff_msg_get(m, s, 6, 1, 2, 0));
		putchar('\n');
	}
}

int main(void)
{
	struct aff_msg *m = NULL;
	struct aff_diag diag;
	char line[512];
	size_t n = fread(bytes, 1, sizeof bytes, stdin);
	int failed = aff_msg_new(&m, NULL);
	if (failed) {
		fprintf(stderr, "%s\n", aff_error_text(failed));
	} else if ((failed = aff_msg_parse(m, bytes, n, 0, &diag)) != 0) {
		fprintf(stderr, "%s\n", aff_diag_format(&diag, line, sizeof line));
	} else {
		print_path(m, "type", "MSH-9");
		print_path(m, "control id", "MSH-10");
		print_path(m, "patient", "PID-3.1");
		print_path(m, "bed", "PV1-3.3");
		print_observations(m);
	}
	aff_msg_free(m);
	return failed ? 1 : 0;
}
