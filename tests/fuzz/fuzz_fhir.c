/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes that parse give well-formed JSON, or an error and nothing else.
 */
#include <afferent/fhir.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_DEPTH = 64 };

/* Skips a string; 0 when it is not one. */
static size_t string(const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if ((unsigned char)p[i] < 0x20)
			return 0;
		if (p[i] == '"')
			return i + 1;
		if (p[i] == '\\' && (++i == n || !strchr("\"\\/bfnrtu", p[i])))
			return 0;
	}
	return 0;
}

static size_t number(const char *p, size_t n)
{
	size_t i = 0, digits;
	i += i < n && p[i] == '-';
	for (digits = i; i < n && p[i] >= '0' && p[i] <= '9'; i++)
		;
	if (i == digits || (i - digits > 1 && p[digits] == '0'))
		return 0;
	if (i < n && p[i] == '.') {
		for (digits = ++i; i < n && p[i] >= '0' && p[i] <= '9'; i++)
			;
		if (i == digits)
			return 0;
	}
	return i;
}

/* A walk without recursion: a stack of brackets, and what may stand next. */
static int is_json(const char *p, size_t n)
{
	char open[MOST_DEPTH];
	size_t depth = 0, i = 0;
	enum { VALUE, NAME, AFTER } next = VALUE;
	do {
		char c = i < n ? p[i] : 0;
		size_t skip = 1;
		if (next == AFTER) {
			if (c == ',')
				next = open[depth - 1] == '{' ? NAME : VALUE;
			else if (c == (open[depth - 1] == '{' ? '}' : ']'))
				depth--;
			else
				return 0;
		} else if (next == NAME) {
			skip = c == '"' ? string(p + i, n - i) : 0;
			if (!skip || i + skip >= n || p[i + skip] != ':')
				return 0;
			skip++;
			next = VALUE;
		} else if (c == '{' || c == '[') {
			if (depth == MOST_DEPTH)
				return 0;
			open[depth++] = c;
			next = c == '{' ? NAME : VALUE;
		} else {
			skip = c == '"' ? string(p + i, n - i) : number(p + i, n - i);
			next = AFTER;
		}
		if (!skip)
			return 0;
		i += skip;
	} while (depth);
	return i == n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct aff_msg *m;
	static struct aff_fhir *f;
	static struct aff_buf out, pretty;
	struct aff_fhir_options options = {.bundle = AFF_FHIR_TRANSACTION};
	if (!m) {
		if (aff_msg_new(&m, NULL) || aff_fhir_new(&f))
			abort();
		aff_buf_init(&out, 64 << 20);
		aff_buf_init(&pretty, 256 << 20);
	}
	if (aff_msg_parse(m, (const char *)data, size, AFF_LENIENT_ALL, NULL))
		return 0;
	aff_buf_clear(&out);
	aff_buf_clear(&pretty);
	if (aff_fhir_render(f, &out, m, &options, NULL, NULL)) {
		if (out.n && !out.error)
			abort();
		return 0;
	}
	if (!is_json(out.p, out.n))
		abort();
	options.pretty = 1;
	options.bundle = AFF_FHIR_COLLECTION;
	if (aff_fhir_render(f, &pretty, m, &options, NULL, NULL))
		abort();
	return 0;
}
