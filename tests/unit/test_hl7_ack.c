/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: choosing, building and reading them.
 */
#include "hl7_test.h"

#include <afferent/ack.h>

/* Its bytes stay until the next one is made. */
static struct aff_msg *asking(const char *msh15, const char *msh16)
{
	static char text[128];
	snprintf(text, sizeof text, "MSH|^~\\&|A||B||||ORU^R01|1|P|2.6|||%s|%s", msh15, msh16);
	return parsed(text);
}

static enum aff_ack_code choose(const char *msh15, const char *msh16, enum aff_ack_mode mode, int error)
{
	struct aff_msg *m = asking(msh15, msh16);
	enum aff_ack_code code = aff_ack_choose(m, mode, error);
	aff_msg_free(m);
	return code;
}

START_TEST(chooses_in_two_steps)
{
	static const struct {
		const char *msh15, *msh16;
		enum aff_ack_mode mode;
		enum aff_ack_code accept, refuse; /* at once */
		enum aff_ack_code good, bad;      /* when it is known what became of it */
	} table[] = {
		{"", "", AFF_ACK_AUTO, AFF_ACK_NONE, AFF_ACK_NONE, AFF_AA, AFF_AE},
		{"AL", "AL", AFF_ACK_AUTO, AFF_CA, AFF_CE, AFF_AA, AFF_AE},
		{"AL", "NE", AFF_ACK_AUTO, AFF_CA, AFF_CE, AFF_ACK_NONE, AFF_ACK_NONE},
		{"AL", "", AFF_ACK_AUTO, AFF_CA, AFF_CE, AFF_ACK_NONE, AFF_ACK_NONE},
		{"NE", "AL", AFF_ACK_AUTO, AFF_ACK_NONE, AFF_ACK_NONE, AFF_AA, AFF_AE},
		{"ER", "SU", AFF_ACK_AUTO, AFF_ACK_NONE, AFF_CE, AFF_AA, AFF_ACK_NONE},
		{"SU", "ER", AFF_ACK_AUTO, AFF_CA, AFF_ACK_NONE, AFF_ACK_NONE, AFF_AE},
		{"AL", "AL", AFF_ACK_ORIGINAL, AFF_ACK_NONE, AFF_ACK_NONE, AFF_AA, AFF_AE},
		{"", "", AFF_ACK_ENHANCED, AFF_CA, AFF_CE, AFF_ACK_NONE, AFF_ACK_NONE},
		{"", "AL", AFF_ACK_ENHANCED, AFF_CA, AFF_CE, AFF_AA, AFF_AE},
		{"AL", "AL", AFF_ACK_NEVER, AFF_ACK_NONE, AFF_ACK_NONE, AFF_ACK_NONE, AFF_ACK_NONE},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct aff_msg *m = asking(table[i].msh15, table[i].msh16);
		enum aff_ack_mode mode = table[i].mode;
		ck_assert_int_eq(aff_ack_choose_accept(m, mode, 0), table[i].accept);
		ck_assert_int_eq(aff_ack_choose_accept(m, mode, AFF_EREQUIRED), table[i].refuse);
		ck_assert_int_eq(aff_ack_choose_application(m, mode, 0), table[i].good);
		ck_assert_int_eq(aff_ack_choose_application(m, mode, AFF_EUNDELIVERED), table[i].bad);
		aff_msg_free(m);
	}
}
END_TEST

START_TEST(chooses_by_mode)
{
	static const struct {
		const char *msh15, *msh16;
		enum aff_ack_code ok, content, refused;
	} table[] = {
		{"", "", AFF_AA, AFF_AE, AFF_AR},
		{"AL", "NE", AFF_CA, AFF_CE, AFF_CR},
		{"AL", "AL", AFF_CA, AFF_CE, AFF_CR},
		{"NE", "AL", AFF_AA, AFF_AE, AFF_AR},
		{"NE", "NE", AFF_ACK_NONE, AFF_ACK_NONE, AFF_ACK_NONE},
		{"NE", "", AFF_ACK_NONE, AFF_ACK_NONE, AFF_ACK_NONE},
		{"", "NE", AFF_ACK_NONE, AFF_ACK_NONE, AFF_ACK_NONE},
		{"", "AL", AFF_AA, AFF_AE, AFF_AR},
		{"ER", "NE", AFF_ACK_NONE, AFF_CE, AFF_CR},
		{"SU", "NE", AFF_CA, AFF_ACK_NONE, AFF_ACK_NONE},
		{"ER", "AL", AFF_AA, AFF_CE, AFF_CR},
		{"NE", "ER", AFF_ACK_NONE, AFF_AE, AFF_AR},
		{"NE", "SU", AFF_AA, AFF_ACK_NONE, AFF_ACK_NONE},
		{"??", "NE", AFF_CA, AFF_CE, AFF_CR},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *a = table[i].msh15, *b = table[i].msh16;
		ck_assert_msg(choose(a, b, AFF_ACK_AUTO, 0) == table[i].ok, "%s/%s accepted", a, b);
		/* What is answered at once is the first thing that is answered in two steps. */
		struct aff_msg *m = asking(a, b);
		enum aff_ack_code first = aff_ack_choose_accept(m, AFF_ACK_AUTO, 0);
		if (first == AFF_ACK_NONE)
			first = aff_ack_choose_application(m, AFF_ACK_AUTO, 0);
		ck_assert_msg(first == table[i].ok, "%s/%s in two steps", a, b);
		aff_msg_free(m);
		ck_assert_msg(choose(a, b, AFF_ACK_AUTO, AFF_EREQUIRED) == table[i].content, "%s/%s content", a, b);
		ck_assert_msg(choose(a, b, AFF_ACK_AUTO, AFF_EMSGTYPE) == table[i].refused, "%s/%s refused", a, b);
		ck_assert_int_eq(choose(a, b, AFF_ACK_NEVER, 0), AFF_ACK_NONE);
		ck_assert_int_eq(choose(a, b, AFF_ACK_ORIGINAL, AFF_EMSGTYPE), AFF_AR);
	}
	ck_assert_int_eq(choose("", "", AFF_ACK_ENHANCED, 0), AFF_CA);
	ck_assert_int_eq(choose("", "AL", AFF_ACK_ENHANCED, AFF_EREQUIRED), AFF_CE);
	ck_assert_int_eq(choose("NE", "AL", AFF_ACK_ENHANCED, 0), AFF_ACK_NONE);
	ck_assert_int_eq(choose("ER", "", AFF_ACK_ENHANCED, AFF_EMSGTYPE), AFF_CR);
}
END_TEST

START_TEST(no_answer_without_an_msh)
{
	struct aff_msg *m;
	struct aff_buf b;
	struct aff_ack ack = {AFF_AR, {"1", 1}, {"2025", 4}, NULL, NULL};
	aff_buf_init(&b, 1000);
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, "PID|1", 5, 0, NULL), AFF_ENOMSH);
	ck_assert_int_eq(aff_ack_choose(m, AFF_ACK_ORIGINAL, AFF_ENOMSH), AFF_ACK_NONE);
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), AFF_ENOMSH);
	ck_assert_int_eq(aff_msg_parse(m, "MSH|^~\\&|A|||||||", 17, 0, NULL), 0);
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), AFF_EREQUIRED);
	ck_assert_int_eq(aff_msg_parse(m, "MSH|^~\\&||||||||7", 17, 0, NULL), 0);
	ack.code = AFF_ACK_NONE;
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), AFF_EARGUMENT);
	ck_assert_uint_eq(b.n, 0);
	ack.code = AFF_AA;
	b.max = 20;
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), AFF_ELIMIT);
	aff_buf_free(&b);
	aff_msg_free(m);
}
END_TEST

static void expect_answer(const char *message, enum aff_ack_code code, const struct aff_diag *diag, const char *answer)
{
	struct aff_msg *m = parsed(message);
	struct aff_buf b;
	struct aff_ack ack = {code, aff_view_of("A7"), aff_view_of("20250101"), diag, NULL};
	aff_buf_init(&b, 4096);
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), 0);
	ck_view(aff_buf_view(&b), answer);
	aff_buf_free(&b);
	aff_msg_free(m);
}

#define HEAD "MSH|^~\\&|DEV^1^EUI-64|ICU|EHR|HOSP^2|20240101||ORU^R01^ORU_R01|{x-\\F\\1}|P^T|"

START_TEST(accepts)
{
	struct aff_diag warning = {.code = AFF_EUNMAPPED, .text = "not shown"};
	expect_answer(HEAD "2.6", AFF_CA, &warning,
	              "MSH|^~\\&|EHR|HOSP^2|DEV^1^EUI-64|ICU|20250101||ACK^R01^ACK|A7|P^T|2.6\rMSA|CA|{x-\\F\\1}\r");
	expect_answer(HEAD "2.6^DEU||||||8859/1", AFF_AA, NULL,
	              "MSH|^~\\&|EHR|HOSP^2|DEV^1^EUI-64|ICU|20250101||ACK^R01^ACK|A7|P^T|2.6^DEU||||||8859/1\r"
	              "MSA|AA|{x-\\F\\1}\r");
	expect_answer("MSH$%~\\&#$A$$$$$$ADT%A01$9", AFF_AA, NULL,
	              "MSH$%~\\&#$$$A$$20250101$$ACK%A01%ACK$A7\rMSA$AA$9\r");
	expect_answer("MSH|^|||||||ACK|9|P|2.3", AFF_AA, NULL, "MSH|^|||||20250101||ACK|A7|P|2.3\rMSA|AA|9\r");
}
END_TEST

START_TEST(refuses)
{
	struct aff_diag diag;
	aff_diag_set(&diag, AFF_EREQUIRED, "OBX-3 is empty & needed");
	aff_diag_at(&diag, "OBX", 2, 3);
	aff_diag_hint(&diag, "fill it");
	expect_answer(HEAD "2.6", AFF_CE, &diag,
	              "MSH|^~\\&|EHR|HOSP^2|DEV^1^EUI-64|ICU|20250101||ACK^R01^ACK|A7|P^T|2.6\rMSA|CE|{x-\\F\\1}\r"
	              "ERR||OBX^2^3|101^Required field missing^HL70357|E|||OBX-3 is empty \\T\\ needed|"
	              "OBX-3 is empty \\T\\ needed; fill it\r");
	expect_answer(HEAD "2.3.1", AFF_AE, &diag,
	              "MSH|^~\\&|EHR|HOSP^2|DEV^1^EUI-64|ICU|20250101||ACK^R01^ACK|A7|P^T|2.3.1\r"
	              "MSA|AE|{x-\\F\\1}|OBX-3 is empty \\T\\ needed; fill it\rERR|OBX^2^3^101\r");
	diag.at.component = 2;
	diag.at.subcomponent = 1;
	diag.at.occurrence = 0;
	diag.severity = AFF_SEVERITY_WARNING;
	diag.hint[0] = '\0';
	expect_answer("MSH|^~\\&||||||||9||2.5", AFF_AE, &diag,
	              "MSH|^~\\&|||||20250101||ACK|A7||2.5\rMSA|AE|9\r"
	              "ERR||OBX^1^3^1^2^1|101^Required field missing^HL70357|W|||OBX-3 is empty \\T\\ needed|"
	              "OBX-3 is empty \\T\\ needed\r");
	aff_diag_set(&diag, AFF_EFULL, "no room");
	expect_answer("MSH|^~\\&||||||||9", AFF_AR, &diag,
	              "MSH|^~\\&|||||20250101||ACK|A7\rMSA|AR|9\r"
	              "ERR|||207^Application internal error^HL70357|E|||no room|no room\r");
	expect_answer("MSH|^~\\&||||||||9||2.4", AFF_AR, &diag,
	              "MSH|^~\\&|||||20250101||ACK|A7||2.4\rMSA|AR|9|no room\rERR|^^^207\r");
}
END_TEST

static void add_error(struct aff_diag_list *l, enum aff_severity severity, unsigned occurrence, const char *text)
{
	struct aff_diag d;
	aff_diag_set(&d, AFF_EREQUIRED, "%s", text);
	aff_diag_at(&d, "OBX", occurrence, 3);
	d.severity = severity;
	ck_assert_int_eq(aff_diag_list_add(l, &d), 0);
}

static void expect_answer_to_all(const char *message, const struct aff_diag_list *l, const char *answer)
{
	struct aff_msg *m = parsed(message);
	struct aff_buf b;
	struct aff_ack ack = {AFF_AE, aff_view_of("A7"), aff_view_of("2025"), &l->items[0], l};
	aff_buf_init(&b, 16384);
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), 0);
	struct aff_view built = aff_buf_view(&b);
	size_t n = strlen(answer);
	ck_assert_uint_ge(built.n, n);
	ck_view(aff_view(built.p + built.n - n, n), answer);
	aff_buf_free(&b);
	aff_msg_free(m);
}

START_TEST(tells_all_errors_but_no_warnings)
{
	struct aff_diag_list l;
	aff_diag_list_init(&l, 100);
	add_error(&l, AFF_SEVERITY_ERROR, 1, "one");
	add_error(&l, AFF_SEVERITY_WARNING, 2, "not told");
	add_error(&l, AFF_SEVERITY_ERROR, 3, "three");
	expect_answer_to_all("MSH|^~\\&||||||||9||2.6", &l,
	                     "\rMSA|AE|9\rERR||OBX^1^3|101^Required field missing^HL70357|E|||one|one\r"
	                     "ERR||OBX^3^3|101^Required field missing^HL70357|E|||three|three\r");
	expect_answer_to_all("MSH|^~\\&||||||||9||2.3", &l, "\rMSA|AE|9|one\rERR|OBX^1^3^101~OBX^3^3^101\r");
	/* Nothing can repeat: the first is told. */
	expect_answer_to_all("MSH|^||||||||9||2.3", &l, "\rMSA|AE|9|one\rERR|OBX^1^3^101\r");
	aff_diag_list_free(&l);
}
END_TEST

START_TEST(tells_ten_errors_at_most)
{
	struct aff_diag_list l;
	struct aff_msg *m = parsed("MSH|^~\\&||||||||9||2.6");
	struct aff_buf b;
	unsigned told = 0;
	aff_diag_list_init(&l, 100);
	for (unsigned i = 1; i <= 20; i++)
		add_error(&l, AFF_SEVERITY_ERROR, i, "empty");
	struct aff_ack ack = {AFF_AE, aff_view_of("A7"), aff_view_of("2025"), &l.items[0], &l};
	aff_buf_init(&b, 16384);
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), 0);
	ck_assert_int_eq(aff_msg_parse(m, b.p, b.n, 0, NULL), 0);
	for (unsigned i = 0; (i = aff_msg_find(m, "ERR", i)) != AFF_NONE; i++)
		told++;
	ck_assert_uint_eq(told, AFF_ACK_ERRORS);
	aff_buf_free(&b);
	aff_diag_list_free(&l);
	aff_msg_free(m);
}
END_TEST

START_TEST(answers_a_message_with_bad_delimiters)
{
	struct aff_msg *m;
	struct aff_buf b;
	struct aff_diag diag;
	const char text[] = "MSH|^~\\&#!?|A||B||||ORU^R01|44|P|2.6\rPID|1";
	aff_buf_init(&b, 4096);
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, text, sizeof text - 1, 0, &diag), AFF_EDELIMITER);
	struct aff_ack ack = {aff_ack_choose(m, AFF_ACK_AUTO, AFF_EDELIMITER), {"7", 1}, {"2025", 4}, &diag, NULL};
	ck_assert_int_eq(ack.code, AFF_AR);
	ck_assert_int_eq(aff_ack_build(&b, m, &ack), 0);
	ck_assert_int_eq(aff_msg_parse(m, b.p, b.n, 0, NULL), 0);
	struct aff_ack_result result;
	aff_ack_read(m, &result);
	ck_assert_int_eq(result.code, AFF_AR);
	ck_view(result.control_id, "44");
	ck_assert_int_eq(result.condition, 102);
	aff_msg_free(m);
	aff_buf_free(&b);
}
END_TEST

START_TEST(reads)
{
	static const struct {
		const char *text;
		enum aff_ack_code code;
		const char *id, *said;
		int condition;
	} table[] = {
		{"MSH|^~\\&\rMSA|AA|1", AFF_AA, "1", "", 0},
		{"MSH|^~\\&\rMSA|CR|1^x|why\rERR||PID^1|203^v|E|||7|8", AFF_CR, "1^x", "why", 203},
		{"MSH|^~\\&\rMSA|AE|1\rERR||PID^1|101|E|||7|8", AFF_AE, "1", "8", 101},
		{"MSH|^~\\&\rMSA|AE|1\rERR||PID^1|x|E|||7", AFF_AE, "1", "7", 0},
		{"MSH|^~\\&\rMSA|AR|1|t\rERR|PID^1^3^101&x", AFF_AR, "1", "t", 101},
		{"MSH|^~\\&\rMSA|ZZ|1", AFF_ACK_NONE, "1", "", 0},
		{"MSH|^~\\&\rMSA||1", AFF_ACK_NONE, "1", "", 0},
		{"MSH|^~\\&\rPID|1", AFF_ACK_NONE, "", "", 0},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct aff_msg *m = parsed(table[i].text);
		struct aff_ack_result result;
		aff_ack_read(m, &result);
		ck_assert_int_eq(result.code, table[i].code);
		ck_view(result.control_id, table[i].id);
		ck_view(result.text, table[i].said);
		ck_assert_int_eq(result.condition, table[i].condition);
		aff_msg_free(m);
	}
	ck_assert_str_eq(aff_ack_code_text(AFF_CR), "CR");
	ck_assert_str_eq(aff_ack_code_text(AFF_ACK_NONE), "");
	ck_assert_str_eq(aff_ack_code_text((enum aff_ack_code)(AFF_CR + 1)), "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {chooses_by_mode, chooses_in_two_steps, no_answer_without_an_msh, accepts, refuses,
	                              tells_all_errors_but_no_warnings, tells_ten_errors_at_most,
	                              answers_a_message_with_bad_delimiters, reads};
	return RUN_TESTS("hl7_ack", tests);
}
