/* SPDX-License-Identifier: Apache-2.0
 *
 * Units: what an OBX-6 means, and exact conversion.
 */
#include <afferent/msg.h>
#include <afferent/unit.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_suite.h"
#include "terms/units.h"

static const struct aff_delims delims = {'|', '^', '~', '\\', '&', 0};

START_TEST(finds_units_by_all_their_names)
{
	const struct aff_unit *mmhg = aff_unit_by_mdc(aff_view_of("266016"));
	ck_assert_ptr_nonnull(mmhg);
	ck_assert_str_eq(mmhg->ucum, "mm[Hg]");
	ck_assert_str_eq(mmhg->symbol, "mmHg");
	ck_assert_ptr_eq(aff_unit_by_refid(aff_view_of("MDC_DIM_MMHG")), mmhg);
	ck_assert_ptr_eq(aff_unit_by_ucum(aff_view_of("mm[Hg]")), mmhg);
	ck_assert_ptr_eq(aff_unit_by_alias(aff_view_of("mm Hg")), mmhg);
	ck_assert_str_eq(aff_unit_by_refid(aff_view_of("MDC_DIM_SEC"))->ucum, "s");
	ck_assert_str_eq(aff_unit_by_alias(aff_view_of("\xb0"
						       "C"))
				 ->ucum,
			 "Cel");
	ck_assert_str_eq(aff_unit_by_alias(aff_view_of("\xc2\xb0"
						       "C"))
				 ->ucum,
			 "Cel");
	ck_assert_uint_eq(aff_unit_by_ucum(aff_view_of("/min"))->mdc, 264672);
	ck_assert_ptr_null(aff_unit_by_mdc(aff_view_of("266017")));
	ck_assert_ptr_null(aff_unit_by_alias(aff_view_of("furlong")));
	ck_assert_ptr_null(aff_unit_by_alias(aff_view_of("")));
}
END_TEST

struct cwe_case {
	const char *cwe, *ucum; /* NULL: not known */
};

static const struct cwe_case cwes[] = {
	{"266016^MDC_DIM_MMHG^MDC", "mm[Hg]"},
	{"266016^^MDC", "mm[Hg]"},
	{"^MDC_DIM_MMHG^MDC", "mm[Hg]"},
	{"264608^MDC_DIM_PER_SEC^MDC", "/s"},
	{"0^MDC_DIM_MMHG^MDC", "mm[Hg]"},
	{"3872^MDC_DIM_MMHG^MDC", "mm[Hg]"},
	{"3873^MDC_DIM_MMHG^MDC", NULL},
	{"266016^MDC_DIM_MMHG", "mm[Hg]"},
	{"mm[Hg]^mmHg^UCUM", "mm[Hg]"},
	{"mmHg^mmHg^UCUM", NULL},
	{"265266^MDC_DIM_MILLI_L_PER_HR^MDC^mL/h^mL/h^UCUM", "mL/h"},
	{"265266^MDC_DIM_MILLI_L_PER_HR^MDC^L/h^L/h^UCUM", NULL},
	{"264864^MDC_DIM_BEAT_PER_MIN^MDC^{beat}/min^{beat}/min^UCUM", "/min"},
	{"9999^unheard of^99ACME^mL/h^mL/h^UCUM", "mL/h"},
	{"266400^MDC_DIM_DEGC^MDC", NULL}, /* the number of another unit */
	{"mmHg", "mm[Hg]"},
	{" mmHg ", "mm[Hg]"},
	{"mm(hg)^mm(hg)^ISO+", "mm[Hg]"},
	{"0004-0aa0^bpm^MDIL", "/min"},
	{"m\\S\\2", "m2"},
	{"C", "Cel"},
	{"U/h", "[iU]/h"},
	{"U", NULL}, /* international units or the enzyme unit */
	{"", NULL},
	{"^^", NULL},
};

START_TEST(reads_obx_6)
{
	const struct aff_unit *u = aff_unit_of_cwe(aff_view_of(cwes[_i].cwe), &delims);
	if (cwes[_i].ucum) {
		ck_assert_msg(u != NULL, "%s", cwes[_i].cwe);
		ck_assert_str_eq(u->ucum, cwes[_i].ucum);
	} else
		ck_assert_msg(u == NULL, "%s", cwes[_i].cwe);
}
END_TEST

struct convert_case {
	const char *number, *from, *to, *result; /* NULL: an error */
	int error;
};

static const struct convert_case conversions[] = {
	{"98.6", "[degF]", "Cel", "37.0", 0},
	{"100", "[degF]", "Cel", "38", 0},
	{"32.0", "[degF]", "Cel", "0.0", 0},
	{"31.99", "[degF]", "Cel", "-0.01", 0},
	{"-40", "[degF]", "Cel", "-40", 0},
	{"37.0", "Cel", "[degF]", "98.6", 0},
	{"310.15", "K", "Cel", "37.00", 0},
	{"16.0", "kPa", "mm[Hg]", "120", 0},
	{"16.00", "kPa", "mm[Hg]", "120.0", 0},
	{"120", "mm[Hg]", "kPa", "16.0", 0},
	{"5", "mm[Hg]", "cm[H2O]", "7", 0},
	{"3250", "g", "kg", "3.250", 0},
	{"0.45", "L", "mL", "450", 0},
	{"150", "[lb_av]", "kg", "68.0", 0},
	{"70", "[in_i]", "cm", "178", 0},
	{"0.5", "cm", "mm", "5", 0},
	{".5", "g", "mg", "500", 0},
	{"+5.", "g", "mg", "5000", 0},
	{"5", "mg", "ug", "5000", 0},
	{"-0.0", "[in_i]", "cm", "0.0", 0},
	{" 72 ", "/min", "/min", "72", 0},
	{"072", "/min", "/min", "072", 0},
	{"100.13", "[degF]", "Cel", "37.85", 0},
	/* Exactly on the half, which no binary fraction of 5/9 is. */
	{"32.9", "[degF]", "Cel", "0.5", 0},
	{"0.1666", "g", "mg", "166.6", 0},
	{"12345678901234567890", "mL", "L", "12345678901234567.890", 0},
	{"7", "Cel", "mm[Hg]", NULL, AFF_EARGUMENT},
	{"7", "[pH]", "1", NULL, AFF_EARGUMENT},
	{"hot", "[degF]", "Cel", NULL, AFF_EDATATYPE},
	{"", "[degF]", "Cel", NULL, AFF_EDATATYPE},
	{"1e3", "[degF]", "Cel", NULL, AFF_EDATATYPE},
	{"1234567890123456789012345678901", "g", "mg", NULL, AFF_ELIMIT},
	{"0.0000000000000000000000000000001", "g", "mg", NULL, AFF_ELIMIT},
};

START_TEST(converts_exactly)
{
	const struct convert_case *c = &conversions[_i];
	const struct aff_unit *from = aff_unit_by_ucum(aff_view_of(c->from)),
			      *to = aff_unit_by_ucum(aff_view_of(c->to));
	struct aff_buf out;
	ck_assert(from && to);
	aff_buf_init(&out, 256);
	ck_assert_int_eq(aff_unit_convert(&out, aff_view_of(c->number), from, to), c->error);
	ck_assert_msg(aff_view_is(aff_buf_view(&out), c->result ? c->result : ""), "%s %s -> %.*s %s", c->number,
		      c->from, (int)out.n, out.n ? out.p : "", c->to);
	aff_buf_free(&out);
}
END_TEST

/* Out of a unit and back gives the number that was written, for every pair of units of one quantity. */
START_TEST(round_trips)
{
	static const char *const codes[] = {"Pa",     "kPa", "mm[Hg]", "cm[H2O]", "mbar", "[psi]",   "Cel",
					    "[degF]", "K",   "kg",     "[lb_av]", "g",    "[oz_av]", "cm",
					    "[in_i]", "m",   "/min",   "/h",      "/s"};
	const size_t n = sizeof codes / sizeof codes[0];
	struct aff_buf there, back;
	aff_buf_init(&there, 256);
	aff_buf_init(&back, 256);
	for (size_t i = 0; i < n * n; i++) {
		const struct aff_unit *a = aff_unit_by_ucum(aff_view_of(codes[i / n]));
		const struct aff_unit *b = aff_unit_by_ucum(aff_view_of(codes[i % n]));
		if (strcmp(a->quantity, b->quantity) != 0)
			continue;
		/* Three more digits than are compared: rounding on the way may move the last of them. */
		char number[32];
		snprintf(number, sizeof number, "36.625%s", "0000");
		aff_buf_clear(&there);
		aff_buf_clear(&back);
		ck_assert_int_eq(aff_unit_convert(&there, aff_view_of(number), a, b), 0);
		ck_assert_int_eq(aff_unit_convert(&back, aff_buf_view(&there), b, a), 0);
		aff_buf_put_char(&back, '\0');
		ck_assert_msg(strtod(back.p, NULL) > 36.62499 && strtod(back.p, NULL) < 36.62501, "%s -> %s: %s",
			      a->ucum, b->ucum, back.p);
	}
	aff_buf_free(&there);
	aff_buf_free(&back);
}
END_TEST

static const struct {
	const char *number, *factor, *product; /* NULL: not a number, or too long */
} products[] = {
	{"375", "0.1", "37.5"},   {"370", "0.1", "37.0"},   {"5", "100", "500"},     {"1.5", "10", "15"},
	{"1.55", "10", "15.5"},   {"-3", "0.5", "-1.5"},    {"-0", "0.1", "0.0"},    {"0.10", "0.10", "0.010"},
	{"7", "1.25", "8.75"},    {"+7", "1", "7"},         {".5", "2", "1.0"},      {"0.004", "1000", "4"},
	{"x", "1", NULL},         {"1e3", "1", NULL},       {"", "1", NULL},
	{"123456789012345678901234567890", "12345678901234567890", NULL},
};

START_TEST(products_are_exact)
{
	struct aff_buf out;
	aff_buf_init(&out, 1000);
	int rc = decimal_times(&out, aff_view_of(products[_i].number), aff_view_of(products[_i].factor));
	ck_assert_int_eq(rc == 0, products[_i].product != NULL);
	aff_buf_put_char(&out, '\0');
	if (rc == 0)
		ck_assert_str_eq(out.p, products[_i].product);
	aff_buf_free(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("terms/unit");
	TCase *c = tcase_create("unit");
	tcase_add_test(c, finds_units_by_all_their_names);
	tcase_add_loop_test(c, reads_obx_6, 0, sizeof cwes / sizeof cwes[0]);
	tcase_add_loop_test(c, converts_exactly, 0, sizeof conversions / sizeof conversions[0]);
	tcase_add_test(c, round_trips);
	tcase_add_loop_test(c, products_are_exact, 0, sizeof products / sizeof products[0]);
	suite_add_tcase(s, c);
	return run_suite(s);
}
