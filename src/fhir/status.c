/* SPDX-License-Identifier: Apache-2.0
 *
 * OBX-8 and OBX-11: status, why a value is missing, how far it is to be trusted, how it is to be read. The
 * meaning of the device states is that of the HL7 Point-of-Care Device guide.
 */
#include "fhir/fhir_internal.h"

#include <strings.h>

#include "terms/flag.h"

#define TERMINOLOGY "http://terminology.hl7.org/CodeSystem/"

static const struct state {
	const char *flag, *absent;
	enum trust trust;
	const char *interpretation;
} states[] = {
	{"INV", "error", TRUST_NONE, NULL},
	{"QUES", NULL, TRUST_LITTLE, "questionable"},
	{"NAV", "temp-unknown", TRUST_USUAL, NULL},
	{"CAL", NULL, TRUST_LITTLE, "calibration-ongoing"},
	{"TEST", NULL, TRUST_USUAL, NULL},
	{"DEMO", NULL, TRUST_USUAL, NULL},
	{"VAL", NULL, TRUST_HIGH, "validated-data"},
	{"EARLY", NULL, TRUST_USUAL, "early-indication"},
	{"BUSY", "temp-unknown", TRUST_USUAL, "msmt-ongoing"},
	{"ALACT", NULL, TRUST_USUAL, "in-alarm"},
	{"ALINH", NULL, TRUST_USUAL, "alarm-inhibited"},
	{"NI", "unknown", TRUST_USUAL, NULL},
	{"OFF", "not-performed", TRUST_USUAL, NULL},
	{"NA", "not-applicable", TRUST_USUAL, NULL},
	{"MSK", "masked", TRUST_USUAL, NULL},
	{"OTH", "unknown", TRUST_USUAL, NULL},
	{"NAN", "not-a-number", TRUST_USUAL, NULL},
	{"PINF", "positive-infinity", TRUST_USUAL, NULL},
	{"NINF", "negative-infinity", TRUST_USUAL, NULL},
};

/* HL7 table 0078 as far as v3-ObservationInterpretation has the same code. */
static const char *const abnormal[] = {
	"N",  "L",  "LL", "H",   "HH",  "A",   "AA",  "<",  ">",   "U",     "D",     "B",   "W",
	"S",  "R",  "I",  "E",   "EX",  "HU",  "LU",  "IE", "IND", "DET",   "ND",    "NEG", "POS",
	"NR", "RR", "WR", "UNE", "EXP", "CAR", "NCL", "NS", "SDD", "SYN-R", "SYN-S",
};

static const struct state *state_of(struct aff_view flag)
{
	for (size_t i = 0; flag.n > 1 && i < sizeof states / sizeof states[0]; i++)
		if (strlen(states[i].flag) == flag.n && strncasecmp(flag.p, states[i].flag, flag.n) == 0)
			return &states[i];
	return NULL;
}

/* The next repetition of OBX-8, its first component. */
static bool next_flag(const struct aff_fhir *f, struct aff_view *rest, struct aff_view *flag)
{
	if (!rest->n)
		return false;
	const char *end = f->d.repetition ? memchr(rest->p, f->d.repetition, rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	*flag = trimmed(component(f, aff_view(rest->p, n), 1));
	*rest = aff_view(rest->p + n + (end != NULL), rest->n - n - (end != NULL));
	return true;
}

void flags_read(struct flags *out, const struct aff_fhir *f, struct aff_view obx8)
{
	struct aff_view flag;
	*out = (struct flags){.test = f->test, .trust = TRUST_USUAL};
	while (next_flag(f, &obx8, &flag)) {
		const struct state *s = state_of(flag);
		if (!s)
			continue;
		if (s->absent && !out->absent)
			out->absent = s->absent;
		out->trust = trust_least(out->trust, s->trust);
		out->test |= flag_of(flag) == FLAG_TEST;
		out->unreliable |= flag_of(flag) == FLAG_NO_VALUE;
		out->validated |= flag.n == 3 && memcmp(flag.p, "VAL", 3) == 0;
	}
}

const char *status_code(const struct aff_fhir *f, const struct row *r, const struct flags *flags)
{
	struct aff_view code = trimmed(obx(f, r, 11));
	const char *entered = f->options->r_status ? f->options->r_status : "preliminary";
	if (flags->validated)
		entered = "final";
	switch (code.n == 1 ? code.p[0] : 0) {
	case 'F':
	case 'U':
	case 'V':
	case 'B':
		return "final";
	case 'N':
		/* Not asked for, and a value all the same. */
		return value_is_there(f, r) ? "unknown" : "final";
	case 'P':
	case 'S':
		return "preliminary";
	case 'C':
		return "corrected";
	case 'A':
		return "amended";
	case 'D':
	case 'W':
		return "entered-in-error";
	case 'I':
		return "registered";
	case 'R':
		return entered;
	case 'X':
		/* On a row with a value some senders write X for R; without one the absent reason tells more
		 * than "cancelled". */
		return value_is_there(f, r) ? entered : "final";
	default:
		return flags->validated ? "final" : "unknown";
	}
}

enum trust trust_least(enum trust a, enum trust b)
{
	/* Nothing said is no doubt, but no praise either. */
	if (a == TRUST_USUAL || b == TRUST_USUAL)
		return a == TRUST_USUAL ? b : a;
	return a < b ? a : b;
}

void put_security(struct aff_fhir *f, const struct flags *flags)
{
	static const char *const codes[] = {
		[TRUST_NONE] = "UNRELIABLE", [TRUST_LITTLE] = "UNCERTREL", [TRUST_HIGH] = "HRELIABLE"};
	if (!flags->test && flags->trust == TRUST_USUAL)
		return;
	PUT(f, ",\"meta\":{\"security\":[");
	if (flags->test)
		PUT(f, "{\"system\":\"" TERMINOLOGY "v3-ActReason\",\"code\":\"HTEST\"}");
	if (flags->trust != TRUST_USUAL) {
		if (flags->test)
			PUT(f, ",");
		PUT(f, "{\"system\":\"" TERMINOLOGY "v3-ObservationValue\",\"code\":\"");
		put_text(f, codes[flags->trust]);
		PUT(f, "\"}");
	}
	PUT(f, "]}");
}

static bool put_flag(struct aff_fhir *f, struct aff_view flag, bool first)
{
	const struct state *s = state_of(flag);
	const char *code = s ? s->interpretation : NULL;
	if (s && !code)
		return false;
	if (first)
		PUT(f, ",\"interpretation\":[");
	else
		PUT(f, ",");
	for (size_t i = 0; !s && i < sizeof abnormal / sizeof abnormal[0]; i++)
		if (aff_view_is(flag, abnormal[i]))
			code = abnormal[i];
	if (code) {
		PUT(f, "{\"coding\":[{\"system\":\"" TERMINOLOGY);
		if (s)
			PUT(f, "measurement-status");
		else
			PUT(f, "v3-ObservationInterpretation");
		PUT(f, "\",\"code\":\"");
		put_text(f, code);
		PUT(f, "\"}]}");
	} else {
		PUT(f, "{\"text\":");
		put_string(f, text_plain(f, flag));
		PUT(f, "}");
	}
	return true;
}

void put_interpretation(struct aff_fhir *f, struct aff_view obx8)
{
	struct aff_view flag;
	bool first = true;
	while (next_flag(f, &obx8, &flag))
		if (flag.n && text_plain(f, flag).n && !aff_is_null(flag) && put_flag(f, flag, first))
			first = false;
	if (!first)
		PUT(f, "]");
}

void put_absent(struct aff_fhir *f, const char *code, struct aff_view text)
{
	f->result.absent++;
	PUT(f, ",\"dataAbsentReason\":{\"coding\":[{\"system\":\"" TERMINOLOGY "data-absent-reason\",\"code\":\"");
	put_text(f, code);
	PUT(f, "\"}]");
	put_member(f, "text", text);
	PUT(f, "}");
}
