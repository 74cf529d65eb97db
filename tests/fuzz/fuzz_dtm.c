/* SPDX-License-Identifier: Apache-2.0
 *
 * A date and time that can be read says in its parts what was written, and its instant survives being written and read.
 * So does any instant: the first eight bytes are taken for one.
 */
#include <afferent/dtm.h>

#include "fuzz.h"

/* The parts written as the text was: the same digits, but for the leap second, which is the second before. */
static void check_digits(const struct aff_dtm *t, struct aff_view text)
{
	static const size_t length[] = {0, 4, 6, 8, 10, 12, 14, 15};
	char again[64], was[64] = {0};
	size_t n = length[t->precision] + (size_t)t->fraction_digits;
	snprintf(again, sizeof again, "%04d%02d%02d%02d%02d%02d.%04d", t->year, t->month, t->day, t->hour, t->minute,
	         t->second, t->fraction);
	must(n <= text.n && n < sizeof was);
	memcpy(was, text.p, n);
	if (n >= 14 && memcmp(was + 12, "60", 2) == 0)
		memcpy(was + 12, "59", 2);
	must(memcmp(again, was, n) == 0 && text.n == n + (t->has_zone ? 5 : 0));
}

static void check_instant(int64_t micros)
{
	char text[AFF_DTM_SIZE];
	struct aff_dtm t;
	aff_dtm_now_text(text, micros);
	must(!aff_dtm_parse(&t, aff_view_of(text)) && t.precision == AFF_DTM_FRACTION && t.has_zone);
	int64_t lost = micros - aff_dtm_micros(&t, 0);
	must((lost >= 0 && lost < 1000) || t.year == 1 || t.year == 9999);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aff_dtm t;
	static struct aff_buf fhir;
	int64_t micros = 0;
	memcpy(&micros, data, size < sizeof micros ? size : sizeof micros);
	check_instant(micros);
	if (aff_dtm_parse(&t, aff_view((const char *)data, size)))
		return 0;
	check_digits(&t, aff_view((const char *)data, size));
	check_instant(aff_dtm_micros(&t, 0));
	aff_dtm_put_fhir(fuzz_buffer(&fhir), &t, NULL);
	must(!fhir.error && fhir.n >= 4 && memcmp(fhir.p, data, 4) == 0);
	return 0;
}
