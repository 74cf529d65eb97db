/* SPDX-License-Identifier: Apache-2.0
 *
 * From options to a query of the journal.
 */
#include "cli/query.h"

#include <strings.h>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/when.h"
#include "sys/clock.h"

const char *const query_statuses[] = {
	"any", [JOURNAL_DELIVERED] = "delivered", [JOURNAL_FILTERED] = "filtered", [JOURNAL_MERGED] = "merged",
	[JOURNAL_DEAD] = "dead", [JOURNAL_PENDING] = "pending", [JOURNAL_DISCARDED] = "discarded", NULL
};
const char *const query_verdicts[] = {
	"any", [JOURNAL_ACCEPTED] = "accepted", [JOURNAL_KEPT] = "kept", [JOURNAL_REJECTED] = "rejected",
	[JOURNAL_DUPLICATE] = "duplicate", [QUERY_ID_REUSE] = "id-reuse", NULL
};

static struct aff_view view_or_empty(const char *text)
{
	return aff_view_of(text ? text : "");
}

/* The journal knows ORU^R01; MSH-9 has the message structure behind it. */
static struct aff_view type_of(const char *text)
{
	const char *event = text ? strchr(text, '^') : NULL, *structure = event ? strchr(event + 1, '^') : NULL;
	return structure ? aff_view(text, (size_t)(structure - text)) : view_or_empty(text);
}

static int read_time(const char *text, int64_t *us)
{
	struct aff_diag diag;
	if (text && when_parse(text, clock_wall_us(), us, &diag))
		return command_error_diag(&diag);
	return 0;
}

#define LAST_ERROR (-200) /* beyond the last one of errors.def */

static int find_error(const char *text, int *code)
{
	struct nearest nearest = {.word = aff_view_of(text)};
	for (*code = -1; *code > LAST_ERROR; --*code) {
		const char *name = aff_error_name(*code);
		if (strcasecmp(name, text) == 0 && strcmp(name, "UNKNOWN") != 0)
			return 0;
		nearest_offer(&nearest, name);
	}
	return command_error("there is no error '%s'%s%s%s", text, nearest.best ? "; did you mean '" : "",
	                     nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
}

int query_build(const struct query *q, struct journal_query *out)
{
	memset(out, 0, sizeof *out);
	out->channel = view_or_empty(q->channel);
	out->type = type_of(q->type);
	out->control_id = view_or_empty(q->control_id);
	out->patient = view_or_empty(q->patient);
	out->device = view_or_empty(q->device);
	out->peer = view_or_empty(q->peer);
	out->destination = view_or_empty(q->destination);
	out->verdict = q->verdict == QUERY_ID_REUSE ? JOURNAL_ACCEPTED : (enum journal_verdict)q->verdict;
	out->error = q->verdict == QUERY_ID_REUSE ? AFF_EIDREUSE : 0;
	out->status = q->status;
	out->limit = q->limit;
	if (q->error && out->error)
		return command_error("--error does not go with --verdict %s", query_verdicts[q->verdict]);
	if (q->error && find_error(q->error, &out->error))
		return COMMAND_FAILED;
	if (q->destination && !q->status)
		return command_error("--destination needs --status");
	if (q->destination && !strchr(q->destination, '/'))
		return command_error("--destination is written channel/destination, like icu-monitors/ehr, not '%s'",
		                     q->destination);
	if (read_time(q->since, &out->from_us) || read_time(q->until, &out->to_us))
		return COMMAND_FAILED;
	if (out->to_us && out->from_us >= out->to_us)
		return command_error("--since is not before --until");
	return 0;
}
