/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers, HL7 v2 section 2.9. What a message failed with decides the code through the error table; the mode decides
 * between the application codes (AA, AE, AR) and the accept codes (CA, CE, CR).
 */
#include <afferent/ack.h>

#include <stdio.h>

#include <afferent/build.h>

#include "base/number.h"

static const char *const code_texts[] = {"", "AA", "AE", "AR", "CA", "CE", "CR"};

#define CODES (sizeof code_texts / sizeof code_texts[0])

/* HL7 table 0357. */
static const struct {
	int code;
	const char *text;
} conditions[] = {
	{0, "Message accepted"},
	{100, "Segment sequence error"},
	{101, "Required field missing"},
	{102, "Data type error"},
	{103, "Table value not found"},
	{104, "Value too long"},
	{200, "Unsupported message type"},
	{201, "Unsupported event code"},
	{202, "Unsupported processing id"},
	{203, "Unsupported version id"},
	{204, "Unknown key identifier"},
	{205, "Duplicate key identifier"},
	{206, "Application record locked"},
	{207, "Application internal error"},
};

const char *aff_ack_code_text(enum aff_ack_code code)
{
	return (size_t)code < CODES ? code_texts[code] : "";
}

const char *aff_ack_condition_text(int condition)
{
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
		if (conditions[i].code == condition)
			return conditions[i].text;
	}
	return "";
}

/* Whether MSH-15 or MSH-16 asks for an answer to this outcome, HL7 table 0155. A value that is not in the table asks
 * for one: a sender that waits in vain is worse off than one that gets an answer too many. */
static bool is_wanted(struct aff_view asked, bool ok)
{
	if (!asked.n || aff_is_null(asked) || aff_view_is(asked, "NE"))
		return false;
	if (aff_view_is(asked, "ER"))
		return !ok;
	return ok || !aff_view_is(asked, "SU");
}

static const enum aff_ack_code application[] = {AFF_AA, AFF_AE, AFF_AR}, accept[] = {AFF_CA, AFF_CE, AFF_CR};

enum aff_ack_code aff_ack_choose_accept(const struct aff_msg *m, enum aff_ack_mode mode, int error)
{
	enum aff_answer answer = aff_error_answer(error);
	if (mode == AFF_ACK_NEVER || mode == AFF_ACK_ORIGINAL || !aff_msg_is(m, 0, "MSH"))
		return AFF_ACK_NONE;
	struct aff_view asked = aff_msg_get(m, 0, 15, 1, 1, 0);
	if (mode == AFF_ACK_ENHANCED && !asked.n)
		return accept[answer];
	return is_wanted(asked, answer == AFF_ANSWER_ACCEPT) ? accept[answer] : AFF_ACK_NONE;
}

enum aff_ack_code aff_ack_choose_application(const struct aff_msg *m, enum aff_ack_mode mode, int error)
{
	enum aff_answer answer = aff_error_answer(error);
	if (mode == AFF_ACK_NEVER || !aff_msg_is(m, 0, "MSH"))
		return AFF_ACK_NONE;
	struct aff_view for_accept = aff_msg_get(m, 0, 15, 1, 1, 0), asked = aff_msg_get(m, 0, 16, 1, 1, 0);
	bool original = mode == AFF_ACK_ORIGINAL || (mode == AFF_ACK_AUTO && !for_accept.n && !asked.n);
	return original || is_wanted(asked, answer == AFF_ANSWER_ACCEPT) ? application[answer] : AFF_ACK_NONE;
}

enum aff_ack_code aff_ack_choose(const struct aff_msg *m, enum aff_ack_mode mode, int error)
{
	enum aff_answer answer = aff_error_answer(error);
	bool ok = answer == AFF_ANSWER_ACCEPT;
	if (mode == AFF_ACK_NEVER || !aff_msg_is(m, 0, "MSH"))
		return AFF_ACK_NONE;
	struct aff_view for_accept = aff_msg_get(m, 0, 15, 1, 1, 0), for_application = aff_msg_get(m, 0, 16, 1, 1, 0);
	if (mode == AFF_ACK_ORIGINAL)
		return application[answer];
	if (mode == AFF_ACK_ENHANCED)
		return !for_accept.n || is_wanted(for_accept, ok) ? accept[answer] : AFF_ACK_NONE;
	if (is_wanted(for_accept, ok))
		return accept[answer];
	if ((!for_accept.n && !for_application.n) || is_wanted(for_application, ok))
		return application[answer];
	return AFF_ACK_NONE;
}

/* Whether the version has the ERR segment of 2.5; text that is no version is taken for a new one. */
static bool has_new_err(struct aff_view version)
{
	static const char *const old[] = {"2.0", "2.1", "2.2", "2.3", "2.4"};
	for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
		if (version.n >= 3 && memcmp(version.p, old[i], 3) == 0 && (version.n == 3 || version.p[3] == '.'))
			return false;
	}
	return true;
}

static void put_number(struct aff_build *b, unsigned number)
{
	char text[16] = "";
	if (number)
		snprintf(text, sizeof text, "%u", number);
	aff_build_component(b, aff_view_of(text));
}

/* The place as the first components of the next field, HL7 data types ERL and ELD; deeper parts only for ERL. */
static void put_location(struct aff_build *b, const struct aff_location *at, bool deep)
{
	aff_build_component(b, aff_view_of(at->segment));
	put_number(b, at->segment[0] && !at->occurrence ? 1 : at->occurrence);
	put_number(b, at->field);
	if (deep) {
		put_number(b, at->component && !at->repetition ? 1 : at->repetition);
		put_number(b, at->component);
		put_number(b, at->subcomponent);
	}
}

static struct aff_view user_message(const struct aff_diag *diag, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", diag->text, diag->hint[0] ? "; " : "", diag->hint);
	return aff_view_of(buf);
}

static void put_err(struct aff_build *b, const struct aff_diag *diag)
{
	static const char *const severities[] = {"E", "W", "I"};
	char message[sizeof diag->text + sizeof diag->hint + 2];
	int condition = aff_error_condition(diag->code);
	aff_build_segment(b, "ERR");
	aff_build_skip(b, 1);
	put_location(b, &diag->at, true);
	aff_build_field_end(b);
	put_number(b, (unsigned)condition);
	aff_build_component(b, aff_view_of(aff_ack_condition_text(condition)));
	aff_build_component(b, aff_view_of("HL70357"));
	aff_build_field_end(b);
	aff_build_field(b, aff_view_of(severities[diag->severity]));
	aff_build_skip(b, 2);
	aff_build_field(b, aff_view_of(diag->text));
	aff_build_field(b, user_message(diag, message, sizeof message));
}

/* HL7 data type ELD. */
static void put_old_err(struct aff_build *b, const struct aff_diag *diag)
{
	put_location(b, &diag->at, false);
	put_number(b, (unsigned)aff_error_condition(diag->code));
}

static bool is_same(const struct aff_diag *a, const struct aff_diag *b)
{
	return a->code == b->code && memcmp(&a->at, &b->at, sizeof a->at) == 0;
}

/* The next error of ack->more after *i that is not the one of ack->diag; NULL at the end. */
static const struct aff_diag *next_error(const struct aff_ack *ack, size_t *i)
{
	while (ack->more && *i < ack->more->count) {
		const struct aff_diag *d = &ack->more->items[(*i)++];
		if (d->severity == AFF_SEVERITY_ERROR && !is_same(d, ack->diag))
			return d;
	}
	return NULL;
}

static void put_errors(struct aff_build *b, const struct aff_ack *ack, bool new_err)
{
	size_t i = 0;
	const struct aff_diag *d = ack->diag;
	/* ERR-1 repeats for each, if the message can repeat anything. */
	unsigned most = new_err || b->delims.repetition ? AFF_ACK_ERRORS : 1;
	if (!new_err)
		aff_build_segment(b, "ERR");
	for (unsigned told = 0; d && told < most; told++) {
		if (new_err) {
			put_err(b, d);
		} else {
			if (told)
				aff_build_repetition(b);
			put_old_err(b, d);
		}
		d = next_error(ack, &i);
	}
}

/* MSH-9: ACK^<trigger>^ACK, in raw text, since the trigger comes from the message. */
static void put_type(struct aff_build *b, const struct aff_msg *m)
{
	char text[64], c = b->delims.component;
	struct aff_buf type = {.p = text, .allocated = sizeof text, .max = sizeof text};
	struct aff_view trigger = aff_msg_get(m, 0, 9, 1, 2, 0);
	aff_buf_put_text(&type, "ACK");
	if (c && trigger.n && trigger.n < 32) {
		aff_buf_put_char(&type, c);
		aff_buf_put_view(&type, trigger);
		aff_buf_put_char(&type, c);
		aff_buf_put_text(&type, "ACK");
	}
	aff_build_raw(b, aff_buf_view(&type));
}

static void put_msh(struct aff_build *b, const struct aff_msg *m, const struct aff_ack *ack)
{
	static const unsigned swapped[] = {5, 6, 3, 4};
	for (size_t i = 0; i < sizeof swapped / sizeof swapped[0]; i++)
		aff_build_raw(b, aff_msg_field(m, 0, swapped[i]));
	aff_build_field(b, ack->time);
	aff_build_skip(b, 1);
	put_type(b, m);
	aff_build_field(b, ack->control_id);
	aff_build_raw(b, aff_msg_field(m, 0, 11));
	aff_build_raw(b, aff_msg_field(m, 0, 12));
	aff_build_skip(b, 5);
	aff_build_raw(b, aff_msg_field(m, 0, 18));
}

int aff_ack_build(struct aff_buf *out, const struct aff_msg *m, const struct aff_ack *ack)
{
	if (!aff_msg_is(m, 0, "MSH"))
		return AFF_ENOMSH;
	if (aff_ack_code_text(ack->code)[0] == '\0')
		return AFF_EARGUMENT;
	struct aff_view id = aff_msg_field(m, 0, 10);
	if (!id.n)
		return AFF_EREQUIRED;
	struct aff_build b;
	struct aff_delims delims = aff_msg_delims(m);
	char message[sizeof ack->diag->text + sizeof ack->diag->hint + 2];
	bool fault = ack->diag && ack->code != AFF_AA && ack->code != AFF_CA;
	bool new_err = has_new_err(aff_msg_get(m, 0, 12, 1, 1, 0));
	aff_build_begin(&b, out, &delims);
	put_msh(&b, m, ack);
	aff_build_segment(&b, "MSA");
	aff_build_field(&b, aff_view_of(aff_ack_code_text(ack->code)));
	aff_build_raw(&b, id);
	if (fault && !new_err)
		aff_build_field(&b, user_message(ack->diag, message, sizeof message));
	if (fault)
		put_errors(&b, ack, new_err);
	aff_build_end(&b);
	return out->error;
}

static struct aff_view first_of(struct aff_view a, struct aff_view b)
{
	return a.n ? a : b;
}

void aff_ack_read(const struct aff_msg *answer, struct aff_ack_result *out)
{
	unsigned msa = aff_msg_find(answer, "MSA", 0), err = aff_msg_find(answer, "ERR", 0);
	*out = (struct aff_ack_result){AFF_ACK_NONE, aff_msg_field(answer, msa, 2), aff_msg_field(answer, msa, 3), 0};
	struct aff_view code = aff_msg_get(answer, msa, 1, 1, 1, 0);
	for (size_t i = 1; i < CODES; i++) {
		if (aff_view_is(code, code_texts[i]))
			out->code = (enum aff_ack_code)i;
	}
	out->text = first_of(out->text, first_of(aff_msg_field(answer, err, 8), aff_msg_field(answer, err, 7)));
	struct aff_view old = aff_msg_get(answer, err, 1, 1, 4, 1);
	struct aff_view condition = first_of(aff_msg_get(answer, err, 3, 1, 1, 0), old);
	uint64_t number;
	if (number_u64(condition, 999, &number) == 0)
		out->condition = (int)number;
}
