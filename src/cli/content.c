/* SPDX-License-Identifier: Apache-2.0
 *
 * See content.h. Text is looked for in each segment as `afferent show` prints it (UTF-8, delimiters and escapes in
 * their place), and in each value that has escapes as it reads without them: DOE^JANE is found, and so is A&B in
 * A\T\B.
 */
#include "cli/content.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/message.h"
#include "engine/codes.h"
#include "rules/regex.h"

#define TEXT_MAX (64u << 20)

bool content_is_wanted(const struct content *c)
{
	return c->code || c->grep;
}

/* "/pattern/" or "/pattern/i". false: the text stands for itself. */
static bool is_pattern(struct aff_view text, struct aff_view *pattern, bool *ignore_case)
{
	*ignore_case = text.n > 2 && text.p[text.n - 1] == 'i' && text.p[text.n - 2] == '/';
	size_t end = text.n - (*ignore_case ? 1 : 0);
	if (end < 3 || text.p[0] != '/' || text.p[end - 1] != '/')
		return false;
	*pattern = aff_view(text.p + 1, end - 2);
	return true;
}

static int build_grep(struct content *c)
{
	struct aff_view pattern;
	bool ignore_case;
	size_t at = 0;
	char why[160] = "out of memory";
	if (!*c->grep)
		return command_error("--grep is empty");
	if (!is_pattern(aff_view_of(c->grep), &pattern, &ignore_case))
		return 0;
	if (regex_compile(&c->regex, pattern, ignore_case, &at, why, sizeof why))
		return command_error("--grep: %s, at character %zu of the pattern", why, at + 1);
	return 0;
}

int content_build(struct content *c)
{
	aff_buf_init(&c->utf8, TEXT_MAX);
	if (message_check_charset(c->charset) || (c->grep && build_grep(c)))
		return COMMAND_FAILED;
	if (c->code && !*c->code)
		return command_error("--code is empty");
	if (aff_msg_new(&c->msg, NULL) || aff_charset_new(&c->set))
		return command_error("out of memory");
	return 0;
}

void content_free(struct content *c)
{
	regex_free(c->regex);
	aff_msg_free(c->msg);
	aff_charset_free(c->set);
	aff_buf_free(&c->utf8);
}

/* ---- codes ---- */

static int is_code(void *content, struct aff_view code)
{
	const struct content *c = content;
	return aff_view_is(code, c->code);
}

static int has_code(struct content *c)
{
	return codes_each(c->msg, c->set, &c->utf8, is_code, c);
}

/* ---- text ---- */

static int fits(const struct content *c, struct aff_view text)
{
	if (c->regex)
		return regex_test(c->regex, text);
	return text.n && memmem(text.p, text.n, c->grep, strlen(c->grep)) != NULL;
}

struct leaves {
	struct content *content;
	struct aff_delims d;
	int found;
};

static void test_leaf(void *arg, const struct message_leaf *leaf)
{
	struct leaves *l = arg;
	struct content *c = l->content;
	if (l->found || !l->d.escape || !memchr(leaf->raw.p, l->d.escape, leaf->raw.n))
		return;
	aff_buf_clear(&c->utf8);
	aff_charset_decode(c->set, &c->utf8, leaf->raw, &l->d);
	l->found = c->utf8.error ? c->utf8.error : fits(c, aff_buf_view(&c->utf8));
}

static int has_text(struct content *c)
{
	struct leaves l = {.content = c, .d = aff_msg_delims(c->msg)};
	bool plain = aff_charset_is_plain(c->set);
	int rc = 0;
	for (unsigned s = 0; !rc && s < aff_msg_segments(c->msg); s++) {
		struct aff_view segment = aff_msg_segment(c->msg, s);
		if (!plain) {
			aff_buf_clear(&c->utf8);
			aff_charset_field(c->set, &c->utf8, segment, &l.d);
			segment = aff_buf_view(&c->utf8);
		}
		rc = c->utf8.error ? c->utf8.error : fits(c, segment);
	}
	if (rc)
		return rc;
	struct aff_view bytes = aff_msg_bytes(c->msg);
	if (l.d.escape && memchr(bytes.p, l.d.escape, bytes.n))
		message_walk(c->msg, test_leaf, &l);
	return l.found;
}

static int has_raw_text(const struct content *c, struct aff_view raw)
{
	struct message_split lines = message_split(raw, '\r');
	struct aff_view line;
	int rc = 0;
	while (!rc && message_next(&lines, &line))
		rc = fits(c, line);
	return rc;
}

int content_test(void *content, const struct journal_row *row)
{
	struct content *c = content;
	if (row->body_removed_us) {
		c->removed++;
		return 0;
	}
	const struct aff_charset_options options = {.override = c->charset};
	if (aff_charset_parse(c->set, c->msg, row->raw.p, row->raw.n, AFF_LENIENT_ALL, &options, NULL))
		return c->code ? 0 : has_raw_text(c, row->raw);
	int rc = c->code ? has_code(c) : 1;
	return rc > 0 && c->grep ? has_text(c) : rc;
}
