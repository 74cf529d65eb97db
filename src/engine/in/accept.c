/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of a message against what its channel accepts.
 */
#include "engine/in/accept.h"

#include <stdio.h>

static int refuse(struct aff_diag *diag, int rc, unsigned field, const char *key)
{
	aff_diag_set(diag, rc, "%s", aff_error_text(rc));
	aff_diag_at(diag, "MSH", 1, field);
	aff_diag_hint(diag, "see accept.%s of the channel", key);
	return rc;
}

/* "ORU^R01" matches "ORU^R01", "ORU^*" and "*". */
static bool type_matches(const char *pattern, struct aff_view code, struct aff_view event)
{
	if (strcmp(pattern, "*") == 0)
		return true;
	const char *caret = strchr(pattern, '^');
	size_t n = caret ? (size_t)(caret - pattern) : strlen(pattern);
	if (!aff_view_equal(code, aff_view(pattern, n)))
		return false;
	return !caret || strcmp(caret + 1, "*") == 0 || aff_view_is(event, caret + 1);
}

/* Is the type accepted by the channel? 0, AFF_EMSGTYPE or AFF_EEVENT. */
static int accept_type(const struct aff_msg *m, const struct conf_accept *accept, struct aff_diag *diag)
{
	struct aff_view code = aff_msg_get(m, 0, 9, 1, 1, 0), event = aff_msg_get(m, 0, 9, 1, 2, 0);
	int rc = AFF_EMSGTYPE;
	if (accept->nmessages == 0)
		return 0;
	for (size_t i = 0; i < accept->nmessages; i++) {
		if (type_matches(accept->messages[i], code, event))
			return 0;
		char any[20];
		snprintf(any, sizeof any, "%.*s^*", (int)strcspn(accept->messages[i], "^"), accept->messages[i]);
		if (type_matches(any, code, event))
			rc = AFF_EEVENT;
	}
	return refuse(diag, rc, 9, "messages");
}

/* Is the processing id accepted? Training and debugging data look like readings and must not reach a live chart
 * unnoticed. What is none of the three is for the checks to judge. */
static int accept_processing(const struct aff_msg *m, const struct conf_accept *accept, struct aff_diag *diag)
{
	struct aff_view id = aff_msg_get(m, 0, 11, 1, 1, 0);
	unsigned bit = 0;
	if (id.n == 1)
		bit = id.p[0] == 'P' ? CONF_PRODUCTION
		    : id.p[0] == 'T' ? CONF_TRAINING
		    : id.p[0] == 'D' ? CONF_DEBUGGING
				     : 0;
	if (!bit || (accept->processing & bit))
		return 0;
	return refuse(diag, AFF_EPROCESSING, 11, "processing");
}

static int accept_version(const struct aff_msg *m, const struct conf_accept *accept, struct aff_diag *diag)
{
	if (!accept->versions || conf_takes_version(accept, aff_msg_get(m, 0, 12, 1, 1, 0)))
		return 0;
	return refuse(diag, AFF_EHL7VERSION, 12, "versions");
}

/* A * stands for any text. Goes back to the last one only, so the time is at most pattern times text. */
static bool text_matches(struct aff_view pattern, struct aff_view text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;
	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.n && pattern.p[p] == text.p[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* Each component that the pattern has against that of the field, in the order of the standard: the pattern's ^ stands
 * for whatever separates the message's components. */
static bool field_matches(const struct aff_msg *m, unsigned field, struct aff_view pattern)
{
	for (unsigned component = 1;; component++) {
		const char *end = memchr(pattern.p, '^', pattern.n);
		size_t n = end ? (size_t)(end - pattern.p) : pattern.n;
		if (!text_matches(aff_view(pattern.p, n), aff_msg_get(m, 0, field, 1, component, 0)))
			return false;
		if (!end)
			return true;
		pattern = aff_view(end + 1, pattern.n - n - 1);
	}
}

static int accept_sender(const struct aff_msg *m, const struct conf_accept *accept, struct aff_diag *diag)
{
	unsigned field = 3; /* the first one that nothing fits */
	for (size_t i = 0; i < accept->nsenders; i++) {
		const char *bar = strchr(accept->senders[i], '|');
		struct aff_view application = aff_view_of(accept->senders[i]);
		if (bar)
			application.n = (size_t)(bar - application.p);
		if (!field_matches(m, 3, application))
			continue;
		if (!bar || field_matches(m, 4, aff_view_of(bar + 1)))
			return 0;
		field = 4;
	}
	return accept->nsenders ? refuse(diag, AFF_ESENDER, field, "senders") : 0;
}

int accept_header(const struct aff_msg *m, const struct conf_accept *accept, struct aff_diag *diag)
{
	int rc = accept_type(m, accept, diag);
	if (!rc)
		rc = accept_processing(m, accept, diag);
	if (!rc)
		rc = accept_version(m, accept, diag);
	return rc ? rc : accept_sender(m, accept, diag);
}
