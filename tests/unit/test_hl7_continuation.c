/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages in fragments: what they say about each other, and joining them.
 */
#include "hl7_test.h"

#include <afferent/continuation.h>

#define MSH(id, pointer) "MSH|^~\\&|MON|ICU|||2026||ORU^R01|" id "|P|2.6||" pointer "\r"
#define MOST 4

static struct aff_continuation said(const char *text)
{
	struct aff_msg *m = parsed(text);
	struct aff_continuation c;
	aff_continuation_read(m, &c);
	aff_msg_free(m);
	return c;
}

START_TEST(what_a_message_says)
{
	struct aff_continuation c = said(MSH("1", "") "OBX|1\r");
	ck_view(c.continues, "");
	ck_view(c.continued, "");
	ck_assert(!c.open_segment && !c.interactive && !c.addenda);
	c = said(MSH("1", "P-1") "ADD|x\rOBX|1\rADD|y\rADD\rDSC|P-2|F\r");
	ck_view(c.continues, "P-1");
	ck_view(c.continued, "P-2");
	ck_assert(c.open_segment && !c.interactive);
	ck_assert_uint_eq(c.addenda, 3);
	ck_assert(said(MSH("1", "") "OBX|1\rADD\r").open_segment);
	ck_assert(!said(MSH("1", "") "OBX|1\rADD|\rDSC|P").open_segment);
	ck_assert(said(MSH("1", "") "DSC|P|I").interactive);
}
END_TEST

static int joined(struct aff_buf *out, const char *const *texts, struct aff_diag *diag)
{
	struct aff_msg *m[MOST];
	const struct aff_msg *fragments[MOST];
	size_t n = 0;
	for (; n < MOST && texts[n]; n++)
		fragments[n] = m[n] = parsed(texts[n]);
	int rc = aff_continuation_join(out, fragments, n, diag);
	while (n)
		aff_msg_free(m[--n]);
	return rc;
}

START_TEST(joins)
{
	static const struct {
		const char *texts[MOST], *whole;
	} table[] = {
		{{MSH("1", "") "OBX|1|TX|a\rZZZ|1"}, MSH("1", "") "OBX|1|TX|a\rZZZ|1\r"},
		{{MSH("1", "") "OBX|1|TX|a^b\rADD|c\\T\rADD|\\|next\rOBX|2\r"},
		 MSH("1", "") "OBX|1|TX|a^bc\\T\\|next\rOBX|2\r"},
		{{MSH("1", "") "OBX|1|TX|a\rADD||b\r"}, MSH("1", "") "OBX|1|TX|a|b\r"},
		{{MSH("1", "") "OBX|1\rDSC|P1|F\r", MSH("2", "P1") "OBX|2\rDSC|P2\r", MSH("3", "P2") "OBX|3\rDSC|\r"},
		 MSH("1", "") "OBX|1\rOBX|2\rOBX|3\r"},
		{{MSH("1", "") "OBX|1|TX|ab\rADD\rDSC|P1\r", MSH("2", "P1") "ADD|cd|e\rADD\rDSC|P2\r",
	          MSH("3", "P2") "ADD|f\rOBX|2\r"},
		 MSH("1", "") "OBX|1|TX|abcd|ef\rOBX|2\r"},
		{{"MSH|^~\\&|A\r\nOBX|1\r\nDSC|P\r\n", "MSH|^~\\&|A|||||||||||P\r\nOBX|2\r\n"},
		 "MSH|^~\\&|A\r\nOBX|1\r\nOBX|2\r\n"},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct aff_buf out;
		struct aff_diag diag = {0};
		aff_buf_init(&out, 1000);
		int rc = joined(&out, table[i].texts, &diag);
		ck_assert_msg(rc == 0, "%zu: %s", i, diag.text);
		ck_view(aff_buf_view(&out), table[i].whole);
		aff_buf_free(&out);
	}
}
END_TEST

START_TEST(refuses)
{
	static const struct {
		const char *texts[MOST];
		int error;
	} table[] = {
		{{NULL}, AFF_EARGUMENT},
		{{MSH("1", "P1") "OBX|1\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rDSC|P1\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\r", MSH("2", "P1") "OBX|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\r", MSH("2", "") "OBX|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rDSC|P1\r", MSH("2", "P2") "OBX|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rDSC|P1\rOBX|2\r", MSH("2", "P1") "OBX|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rDSC|P1|I\r", MSH("2", "P1") "OBX|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rADD\rDSC|P1\r", MSH("2", "P1") "OBX|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rDSC|P1\r", MSH("2", "P1") "ADD|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rADD\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "OBX|1\rADD\rOBX|2\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "ADD|1\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "PID|1\rADD|1\r"}, AFF_ESEQUENCE},
		{{MSH("1", "") "DSC|P1\r", "MSH|^~\\#|MON|ICU|||2026||ORU^R01|2|P|2.6||P1\rOBX|2\r"}, AFF_EDELIMITER},
		{{MSH("1", "") "DSC|P1\r", "MSH|^~\\&|MON|ICU|||2026||ORU^R01|2|P|2.6||P1\nOBX|2\n"}, AFF_ETERMINATOR},
		{{MSH("1", "") "DSC|P1\r", "MSH|^~\\&|MON|ER|||2026||ORU^R01|2|P|2.6||P1\rOBX|2\r"}, AFF_EREFUSED},
		{{MSH("1", "") "OBX|1|TX|0123456789012345678901234567890123456789\r"}, AFF_ELIMIT},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct aff_buf out;
		struct aff_diag diag = {0};
		aff_buf_init(&out, 80);
		aff_buf_put_text(&out, "before");
		int rc = joined(&out, table[i].texts, &diag);
		ck_assert_msg(rc == table[i].error, "%zu: %s %s", i, aff_error_name(rc), diag.text);
		ck_assert_int_eq(diag.code, rc);
		ck_view(aff_buf_view(&out), "before");
		aff_buf_free(&out);
	}
}
END_TEST

START_TEST(refuses_what_was_not_parsed)
{
	struct aff_msg *m;
	struct aff_buf out;
	aff_buf_init(&out, 100);
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	const struct aff_msg *fragments[] = {m};
	ck_assert_int_eq(aff_continuation_join(&out, fragments, 1, NULL), AFF_EARGUMENT);
	ck_assert_int_ne(aff_msg_parse(m, "MSH|^~\\&\robx|1", 14, 0, NULL), 0);
	ck_assert_int_eq(aff_continuation_join(&out, fragments, 1, NULL), AFF_EARGUMENT);
	ck_assert_uint_eq(out.n, 0);
	aff_msg_free(m);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {what_a_message_says, joins, refuses, refuses_what_was_not_parsed};
	return RUN_TESTS("hl7_continuation", tests);
}
