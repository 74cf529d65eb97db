/* SPDX-License-Identifier: Apache-2.0
 *
 * What tells a resend from a new message: which bytes make the key, that nothing is taken for a resend in doubt, that
 * what was not stored is forgotten, and that memory is given back.
 */
#include <stdio.h>
#include <string.h>

#include "engine/resends.h"
#include "run_suite.h"

#define HOUR 3600000000

static struct resends *resends;

static void setup(void)
{
	resends = resends_new();
	ck_assert_ptr_nonnull(resends);
}

static void teardown(void)
{
	resends_free(resends);
}

static struct resend_key key_from(const char *channel, const char *peer, const char *raw)
{
	struct resend_key k;
	resend_key(&k, aff_view_of(channel), aff_view_of(peer), aff_view_of(raw));
	return k;
}

static struct resend_key key_of(const char *raw)
{
	return key_from("ward", "10.0.0.1:4711", raw);
}

/* The n-th message of many. */
static struct resend_key numbered(unsigned n)
{
	char raw[120];
	snprintf(raw, sizeof raw, "MSH|^~\\&|M|W|E|H|20260110081500||ORU^R01|N%u|P|2.6\rOBX|1|NM|1||%u\r", n, n);
	return key_of(raw);
}

static bool same_id(const char *a, const char *b)
{
	return key_of(a).id == key_of(b).id;
}

#define HEAD "MSH|^~\\&|M|W|E|H|20260110081500||ORU^R01|C1|P|2.6"

START_TEST(keys)
{
	struct resend_key k = key_of(HEAD "\rOBX|1\r");
	ck_assert(k.usable && k.timed);
	/* the peer's port is no part of it, its address and the channel are */
	ck_assert_uint_eq(key_from("ward", "10.0.0.1:1", HEAD).id, key_of(HEAD).id);
	ck_assert_uint_ne(key_from("ward", "10.0.0.2:4711", HEAD).id, key_of(HEAD).id);
	ck_assert_uint_ne(key_from("other", "10.0.0.1:4711", HEAD).id, key_of(HEAD).id);
	ck_assert_uint_eq(key_from("ward", "[::1]:1", HEAD).id, key_from("ward", "[::1]:2", HEAD).id);
	/* nor are the bytes behind MSH; application, facility and control id are */
	ck_assert(same_id(HEAD, HEAD "\rOBX|1\r"));
	ck_assert(!same_id(HEAD, "MSH|^~\\&|N|W|E|H|20260110081500||ORU^R01|C1|P|2.6"));
	ck_assert(!same_id(HEAD, "MSH|^~\\&|M|V|E|H|20260110081500||ORU^R01|C1|P|2.6"));
	ck_assert(!same_id(HEAD, "MSH|^~\\&|M|W|E|H|20260110081500||ORU^R01|C2|P|2.6"));
	ck_assert(!same_id(HEAD, "MSH|^~\\&|MW||E|H|20260110081500||ORU^R01|C1|P|2.6"));
	/* any separator, a byte order mark, a message that ends after MSH-10 */
	ck_assert(same_id(HEAD, "MSH#^~\\&#M#W#E#H#20260110081500##ORU^R01#C1"));
	ck_assert(key_of("\xef\xbb\xbf" HEAD).usable);
	/* the digest is of all bytes */
	struct resend_key other = key_of(HEAD "\rOBX|2\r");
	ck_assert_int_ne(memcmp(k.digest, other.digest, RESEND_DIGEST), 0);
}
END_TEST

START_TEST(doubt)
{
	static const char *const none[] = {
		"", "MSH", "MSH|", "MSH|^~\\&|M|W|E|H|20260110081500||ORU^R01", "OBX|1|2|3|4|5|6|7|8|9|10",
		"MSH|^~\\&|M|W|E|H|20260110081500||ORU^R01||P|2.6", "\rMSH|^~\\&|M|W|E|H|2026||ORU^R01|C1",
		"MSH|^~\\&|M|W|E|H|20260110081500||ORU^R01\r|C1"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ck_assert_msg(!key_of(none[i]).usable, "%s", none[i]);
	ck_assert(!key_of("MSH|^~\\&|M|W|E|H|202601100815||ORU^R01|C1").timed);
	ck_assert(!key_of("MSH|^~\\&|M|W|E|H|||ORU^R01|C1").timed);
	ck_assert(key_of("MSH|^~\\&|M|W|E|H|20260110081500.123+0100||ORU^R01|C1").timed);
	/* the same bytes without a time to the second are another reading, for all one knows */
	struct resend_key k = key_of("MSH|^~\\&|M|W|E|H|202601100815||ORU^R01|C1");
	resends_add(resends, &k, 1);
	ck_assert_int_eq(resends_find(resends, &k, 0), RESEND_ID_REUSE);
}
END_TEST

START_TEST(finds)
{
	struct resend_key a = key_of(HEAD "\rOBX|1\r"), b = key_of(HEAD "\rOBX|2\r");
	struct resend_key elsewhere = key_from("ward", "10.0.0.2:4711", HEAD "\rOBX|1\r");
	ck_assert_int_eq(resends_find(resends, &a, 0), RESEND_NEW);
	resends_add(resends, &a, 10 * HOUR);
	ck_assert_int_eq(resends_find(resends, &a, 9 * HOUR), RESEND_SAME);
	ck_assert_int_eq(resends_find(resends, &b, 9 * HOUR), RESEND_ID_REUSE);
	ck_assert_int_eq(resends_find(resends, &elsewhere, 9 * HOUR), RESEND_NEW);
	/* only in the window; within it, the newest counts */
	ck_assert_int_eq(resends_find(resends, &a, 10 * HOUR), RESEND_SAME);
	ck_assert_int_eq(resends_find(resends, &a, 10 * HOUR + 1), RESEND_NEW);
	resends_add(resends, &a, 40 * HOUR);
	ck_assert_int_eq(resends_find(resends, &a, 30 * HOUR), RESEND_SAME);
	ck_assert_int_eq(resends_find(resends, &b, 30 * HOUR), RESEND_ID_REUSE);
	ck_assert_uint_eq(resends_count(resends), 2);
}
END_TEST

/* What a full disk took back is forgotten, what was there before is not: also over the border of a part. */
START_TEST(undoes)
{
	struct resend_key old = key_of(HEAD "\rOBX|1\r"), reused = key_of(HEAD "\rOBX|2\r");
	resends_add(resends, &old, 10 * HOUR);
	for (unsigned i = 1; i < RESENDS_A_PART - 100; i++) {
		struct resend_key k = numbered(i);
		resends_add(resends, &k, 10 * HOUR);
	}
	resends_keep(resends);
	ck_assert_uint_eq(resends_count(resends), RESENDS_A_PART - 100);
	resends_add(resends, &old, 20 * HOUR);
	resends_add(resends, &reused, 20 * HOUR);
	for (unsigned i = 100000; i < 100300; i++) {
		struct resend_key k = numbered(i);
		resends_add(resends, &k, 20 * HOUR);
	}
	resends_undo(resends);
	ck_assert_uint_eq(resends_count(resends), RESENDS_A_PART - 100);
	for (unsigned i = 1; i < RESENDS_A_PART - 100; i++) {
		struct resend_key k = numbered(i);
		ck_assert_int_eq(resends_find(resends, &k, 0), RESEND_SAME);
	}
	for (unsigned i = 100000; i < 100300; i++) {
		struct resend_key k = numbered(i);
		ck_assert_int_eq(resends_find(resends, &k, 0), RESEND_NEW);
	}
	ck_assert_int_eq(resends_find(resends, &old, 10 * HOUR), RESEND_SAME);
	ck_assert_int_eq(resends_find(resends, &old, 11 * HOUR), RESEND_NEW);
	ck_assert_int_eq(resends_find(resends, &reused, 10 * HOUR), RESEND_ID_REUSE);
	resends_undo(resends); /* nothing is left to undo */
	ck_assert_uint_eq(resends_count(resends), RESENDS_A_PART - 100);
}
END_TEST

START_TEST(gives_back)
{
	for (unsigned i = 0; i < 3 * RESENDS_A_PART; i++) {
		struct resend_key k = numbered(i);
		resends_add(resends, &k, i);
	}
	resends_keep(resends);
	struct resend_key first = numbered(0), second = numbered(RESENDS_A_PART);
	struct resend_key last = numbered(3 * RESENDS_A_PART - 1);
	resends_trim(resends, 2 * RESENDS_A_PART + 1, 0); /* so many are still there, at least */
	ck_assert_int_eq(resends_find(resends, &first, 0), RESEND_SAME);
	resends_trim(resends, 2 * RESENDS_A_PART, 0);
	ck_assert_int_eq(resends_find(resends, &first, 0), RESEND_NEW);
	ck_assert_int_eq(resends_find(resends, &second, 0), RESEND_SAME);
	ck_assert_uint_eq(resends_count(resends), 2 * RESENDS_A_PART);
	resends_trim(resends, 1u << 30, 2 * RESENDS_A_PART - 1); /* one of the part is still in the window */
	ck_assert_int_eq(resends_find(resends, &second, 0), RESEND_SAME);
	resends_trim(resends, 1u << 30, 2 * RESENDS_A_PART);
	ck_assert_int_eq(resends_find(resends, &second, 0), RESEND_NEW);
	ck_assert_int_eq(resends_find(resends, &last, 0), RESEND_SAME);
	resends_trim(resends, 1u << 30, HOUR);
	ck_assert_uint_eq(resends_count(resends), 0);
	resends_add(resends, &first, HOUR);
	ck_assert_int_eq(resends_find(resends, &first, 0), RESEND_SAME);
}
END_TEST

/* Older messages come in from the journal, newest first, while new ones are added. */
START_TEST(takes_parts)
{
	struct resends_part *p = resends_part_new();
	struct resend_key a = key_of(HEAD "\rOBX|1\r"), b = numbered(1);
	ck_assert_ptr_nonnull(p);
	resends_add(resends, &b, 50 * HOUR);
	resends_part_add(p, &a, 30 * HOUR);
	resends_part_add(p, &a, 10 * HOUR);
	ck_assert(!resends_part_is_full(p));
	resends_take_part(resends, p);
	resends_keep(resends);
	ck_assert_int_eq(resends_find(resends, &a, 20 * HOUR), RESEND_SAME);
	ck_assert_uint_eq(resends_count(resends), 3);
	resends_trim(resends, 1000, 40 * HOUR); /* it is the oldest */
	ck_assert_int_eq(resends_find(resends, &a, 0), RESEND_NEW);
	ck_assert_int_eq(resends_find(resends, &b, 0), RESEND_SAME);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine: resends");
	TCase *c = tcase_create("resends");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, keys);
	tcase_add_test(c, doubt);
	tcase_add_test(c, finds);
	tcase_add_test(c, undoes);
	tcase_add_test(c, gives_back);
	tcase_add_test(c, takes_parts);
	suite_add_tcase(s, c);
	return run_suite(s);
}
