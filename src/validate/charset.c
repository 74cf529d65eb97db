/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that are not of the message's character set, and declarations that say something else than the bytes (HL7 v2
 * sections 2.14.9.18 and 2.14.9.20).
 */
#include <afferent/charset.h>

#include "base/utf8.h"
#include "validate/check.h"

enum { MSH_CHARSET = 18, FIELD_MAX = 64 << 20 };

static const struct place msh18 = {.segment = 0, .field = MSH_CHARSET};

static void check_notices(struct check *c, struct aff_charset *set)
{
	unsigned notices = aff_charset_notices(set);
	c->charset_told = (notices & AFF_CHARSET_UNKNOWN) != 0;
	if (c->charset_told)
		check_report(c, RULE_CHARSET_NAME, msh18, "MSH-18 names no character set of HL7 table 0211");
	else if (notices & AFF_CHARSET_UNDECLARED)
		check_report(c, RULE_CHARSET_UNDECLARED, msh18,
		             "there are bytes above 0x7F, and MSH-18 declares no set for them; they are read as %s",
		             aff_charset_name(set));
	if (notices & AFF_CHARSET_MISLABELED)
		check_report(c, RULE_CHARSET_WRONG, msh18, "the text is UTF-8, MSH-18 declares another character set");
}

/* An unreadable letter in the code changes what a reading is. Elsewhere it spoils a text, and a reading that is refused
 * for a degree sign is a reading lost: many devices write one without declaring a set. */
static enum aff_severity severity_of(const struct check *c, unsigned segment, unsigned field)
{
	struct aff_view code = aff_msg_get(c->m, segment, field, 1, 1, 0);
	bool names_reading = field == 3 && aff_msg_is(c->m, segment, "OBX") && ascii_length(code.p, code.n) < code.n;
	return names_reading ? AFF_SEVERITY_ERROR : AFF_SEVERITY_WARNING;
}

/* In a message that was converted, what could not be read stands in the text already. */
static bool is_damaged(struct check *c, struct aff_charset *set, struct aff_view text, struct aff_buf *scratch)
{
	if (aff_charset_damage(set))
		return memmem(text.p, text.n, UTF8_REPLACEMENT, sizeof UTF8_REPLACEMENT - 1) != NULL;
	aff_buf_clear(scratch);
	return aff_charset_field(set, scratch, text, &c->delims) > 0;
}

static void check_field(struct check *c, struct aff_charset *set, unsigned segment, unsigned field,
                        struct aff_buf *scratch)
{
	struct aff_view text = aff_msg_field(c->m, segment, field);
	if (ascii_length(text.p, text.n) < text.n && is_damaged(c, set, text, scratch))
		check_report_as(c, RULE_CHARSET, severity_of(c, segment, field),
		                (struct place){.segment = segment, .field = field}, NULL,
		                "there are bytes that are not of the character set %s", aff_charset_name(set));
}

static void check_text(struct check *c, struct aff_charset *set)
{
	struct aff_buf scratch;
	aff_buf_init(&scratch, FIELD_MAX);
	check_notices(c, set);
	for (unsigned s = 0; s < aff_msg_segments(c->m); s++) {
		struct aff_view segment = aff_msg_segment(c->m, s);
		if (ascii_length(segment.p, segment.n) == segment.n)
			continue;
		for (unsigned f = 1; f <= aff_msg_fields(c->m, s); f++)
			check_field(c, set, s, f, &scratch);
	}
	aff_buf_free(&scratch);
}

void check_charset(struct check *c)
{
	struct aff_charset *set = aff_charset_of(c->m), *own = NULL;
	struct aff_view bytes = aff_msg_bytes(c->m);
	if (!set && ascii_length(bytes.p, bytes.n) == bytes.n && !aff_msg_field(c->m, 0, MSH_CHARSET).n)
		return;
	if (!set && aff_charset_new(&own)) {
		c->failed = AFF_ENOMEM;
		return;
	}
	if (own && aff_charset_begin(own, c->m, NULL, NULL))
		check_report(c, RULE_CHARSET_NAME, msh18, "HL7 v2 messages cannot be in the set that MSH-18 declares");
	else
		check_text(c, set ? set : own);
	aff_charset_free(own);
}
