/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing messages by their content: a code of OBX-3, or text anywhere. Each message that fits otherwise is unpacked
 * and read; the journal's index of codes leaves few of them.
 */
#ifndef CLI_CONTENT_H
#define CLI_CONTENT_H

#include <afferent/charset.h>

#include "journal/journal.h"

struct content {
	const char *code, *grep, *charset; /* the options as given; NULL = not given */
	struct aff_msg *msg;
	struct aff_charset *set;
	struct regex *regex;               /* of --grep /.../; NULL: the text as it stands */
	struct aff_buf utf8;
	uint64_t removed;            /* messages that have no body to look into any more */
};

/* Rows of an option table. */
#define CONTENT_OPTIONS(c) \
	OPTION_TEXT('k', "code", &(c)->code, "CODE", "an OBX-3 has this code or name: 147842, MDC_ECG_HEART_RATE"), \
	OPTION_TEXT('g', "grep", &(c)->grep, "TEXT", "a segment holds this text, or fits this pattern: /OBX.*1478/i"), \
	OPTION_TEXT(0, "charset", &(c)->charset, "NAME", "for --code and --grep: counts instead of MSH-18")

/* true when content is asked for at all. */
bool content_is_wanted(const struct content *c);
/* Makes ready what the options ask for; mistakes are told on standard error: COMMAND_FAILED. Free in any case. */
int content_build(struct content *c);
void content_free(struct content *c);
/* A journal_test_fn for struct content. A message that cannot be parsed has no codes, and its lines are searched as
 * they came. AFF_ELIMIT when a pattern is too costly for a message, AFF_ENOMEM. */
int content_test(void *content, const struct journal_row *row);

#endif
