/* SPDX-License-Identifier: Apache-2.0
 *
 * The manual pages list exactly the keys of the grammar table, with its words. What a page lacks is printed, ready to
 * be put in.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/keys.h"
#include "sys/file.h"
#include "run_suite.h"

#define PAGE_MAX  (1u << 20)
#define WIDTH 78

static const struct {
	const char *page;
	enum section_id first, last;
} pages[] = {
	{"man/afferent.yaml.5", SECTION_ENGINE, SECTION_ENCRYPT},
	{"man/afferent-channel.5", SECTION_CHANNEL, SECTION_RETRY},
	{"man/afferent-mapping.5", SECTION_TABLE, SECTION_ROW},
	{"man/afferent-profile.5", SECTION_PROFILE, SECTION_RULE},
};
#define PAGES (sizeof pages / sizeof pages[0])

/* Text with a line for each sentence, and no long lines. */
static void put_text(struct aff_buf *out, struct aff_view text)
{
	size_t column = 0;
	while (text.n) {
		const char *blank = memchr(text.p, ' ', text.n);
		size_t n = blank ? (size_t)(blank - text.p) : text.n;
		bool sentence = column && out->p[out->n - 1] == '.';
		if (column)
			aff_buf_put_char(out, sentence || column + 1 + n > WIDTH ? '\n' : ' ');
		column = column && !sentence && column + 1 + n <= WIDTH ? column + 1 + n : n;
		aff_buf_put(out, text.p, n);
		text = aff_view(text.p + n + (blank != NULL), text.n - n - (blank != NULL));
	}
	aff_buf_put_char(out, '\n');
}

static void put_section(struct aff_buf *out, enum section_id section)
{
	struct aff_buf text;
	aff_buf_init(&text, 4096);
	aff_buf_put_text(out, ".Bl -tag -width Ds\n");
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = &conf_keys[i];
		if (key->section != section || key->kind == KIND_LATER)
			continue;
		aff_buf_clear(&text);
		aff_buf_printf(&text, "%s ", key->text);
		key_describe(key, &text);
		aff_buf_printf(out, ".It Ic %s\n", key->name);
		put_text(out, aff_buf_view(&text));
	}
	aff_buf_put_text(out, ".El\n");
	aff_buf_free(&text);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

START_TEST(every_section_stands_in_its_page)
{
	struct aff_buf page;
	unsigned missing = 0;
	size_t keys = 0;
	aff_buf_init(&page, PAGE_MAX);
	ck_assert_int_eq(file_read(pages[_i].page, &page, NULL), 0);
	aff_buf_put_char(&page, '\0');
	for (unsigned s = pages[_i].first; s <= pages[_i].last; s++) {
		struct aff_buf section;
		aff_buf_init(&section, PAGE_MAX);
		put_section(&section, (enum section_id)s);
		aff_buf_put_char(&section, '\0');
		keys += count(section.p, ".It Ic ");
		if (!strstr(page.p, section.p)) {
			fprintf(stderr, "%s lacks (%s):\n%s", pages[_i].page,
				        section_title((enum section_id)s), section.p);
			missing++;
		}
		aff_buf_free(&section);
	}
	ck_assert_uint_eq(missing, 0);
	/* and no key that is none any more */
	ck_assert_uint_eq(count(page.p, ".It Ic "), keys);
	aff_buf_free(&page);
}
END_TEST

START_TEST(the_pages_cover_the_table)
{
	ck_assert_int_eq(pages[0].first, 0);
	for (size_t i = 1; i < PAGES; i++)
		ck_assert_int_eq(pages[i].first, (int)pages[i - 1].last + 1);
	ck_assert_int_eq((int)pages[PAGES - 1].last + 1, SECTION_COUNT);
}
END_TEST

START_TEST(words_and_ranges)
{
	static const struct {
		enum key_id key;
		const char *text;
	} expected[] = {
		{KEY_ENGINE_log, "One of text, json; default text."},
		{KEY_ENGINE_io_threads, "A number, 0..64; default 0."},
		{KEY_SAMPLE_keep, "One of last, first, mean, median, min-max; default last."},
		{KEY_SAMPLE_by, "A list of patient, device, code."},
		{KEY_SOURCE_MLLP_plaintext, "The word accept-phi-in-clear."},
		{KEY_SYSLOG_to, "An address; required."},
		{KEY_RETRY_give_up, "A duration or never, 1s..365d; default never."},
	};
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		struct aff_buf text;
		aff_buf_init(&text, 256);
		key_describe(&conf_keys[expected[i].key], &text);
		aff_buf_put_char(&text, '\0');
		ck_assert_str_eq(text.p, expected[i].text);
		aff_buf_free(&text);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf man");
	TCase *tc = tcase_create("man");
	tcase_add_loop_test(tc, every_section_stands_in_its_page, 0, (int)PAGES);
	tcase_add_test(tc, the_pages_cover_the_table);
	tcase_add_test(tc, words_and_ranges);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
