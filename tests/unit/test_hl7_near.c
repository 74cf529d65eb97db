/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding delimiters eight bytes at a time gives what looking at each byte gives.
 */
#include "hl7/near.h"

#include "hl7_test.h"

static const char *find_plainly(const char *p, const char *end, char c)
{
	for (; p < end; p++)
		if (*p == c)
			return p;
	return NULL;
}

static const char *skip_plainly(const char *p, const char *end, char c, unsigned *n)
{
	const char *next;
	for (; *n && (next = find_plainly(p, end, c)) != NULL; --*n)
		p = next + 1;
	return *n ? end : p;
}

/* Bytes beside the delimiter's value, with and without the highest bit, at each place of texts of each length. */
START_TEST(delimiters_are_found)
{
	static const char bytes[] = {'|', '{', '}', (char)0xfc, 'a', (char)0x80, '\0', '|' ^ 1};
	unsigned seed = 7;
	for (size_t length = 0; length < 200; length++) {
		char text[200];
		for (size_t i = 0; i < length; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = (seed >> 16) % 5 ? 'x' : bytes[(seed >> 20) % sizeof bytes];
		}
		char *exact = exact_copy(text, length);
		const char *end = exact + length;
		for (size_t from = 0; from <= length; from++) {
			ck_assert_ptr_eq(near_find(exact + from, end, '|'), find_plainly(exact + from, end, '|'));
			for (unsigned n = 0; n < 12; n++) {
				unsigned a = n, b = n;
				const char *p = near_skip(exact + from, end, '|', &a);
				ck_assert_ptr_eq(p, skip_plainly(exact + from, end, '|', &b));
				ck_assert_uint_eq(a, b);
			}
		}
		free(exact);
	}
}
END_TEST

START_TEST(each_place_of_a_word_is_told_once)
{
	for (unsigned set = 0; set < 256; set++) {
		char word[8];
		unsigned seen = 0;
		for (unsigned i = 0; i < 8; i++)
			word[i] = set >> i & 1 ? '^' : (char)('^' + 0x80);
		for (uint64_t mask = near_mask(word, '^'); mask; mask = near_rest(mask))
			seen |= 1u << near_first(mask);
		ck_assert_uint_eq(seen, set);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {delimiters_are_found, each_place_of_a_word_is_told_once};
	return RUN_TESTS("hl7_near", tests);
}
