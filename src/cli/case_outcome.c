/* SPDX-License-Identifier: Apache-2.0
 *
 * See case_outcome.h. The number of a rule's line changes whenever a line is put before it; what the line says does
 * not. So it is quoted, and its number may be written instead.
 */
#include "cli/case_outcome.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/vector.h"
#include "cli/config.h"

#define OUTCOME_BYTES_MAX (512u << 20)

/* ---- taking ---- */

/* The answer without its frame. */
static struct aff_view unframed(struct aff_view answer)
{
	return answer.n > 3 ? aff_view(answer.p + 1, answer.n - 3) : aff_view("", 0);
}

static void taken(void *arg, size_t i, const struct ingest_decision *d)
{
	struct case_outcomes *o = arg;
	struct case_taken *t = &o->taken[i];
	struct aff_view answer = unframed(d->answer);
	struct aff_ack_result ack = {.code = AFF_ACK_NONE};
	struct aff_msg *m = NULL;
	if (aff_msg_new(&m, NULL)) {
		o->bytes.error = AFF_ENOMEM;
		return;
	}
	(void)aff_msg_parse(m, answer.p, answer.n, AFF_LENIENT_ALL, NULL);
	if (answer.n)
		aff_ack_read(m, &ack);
	aff_msg_free(m);
	t->verdict = d->row.verdict;
	t->positive = ack.code == AFF_AA || ack.code == AFF_CA || !answer.n;
	const char *none = d->awaits ? "" : " unanswered";
	int n = snprintf(t->words, sizeof t->words, "%s%s%s", journal_verdict_text(t->verdict), answer.n ? " " : none,
			 answer.n ? aff_ack_code_text(ack.code) : "");
	if (d->awaits)
		n += snprintf(t->words + n, sizeof t->words - (size_t)n, " awaits %.120s",
			      strrchr(o->channel->channel->source.delivered_to, '/') + 1);
	if (t->verdict == JOURNAL_REJECTED)
		snprintf(t->words + n, sizeof t->words - (size_t)n, " %d", aff_error_condition(d->row.error));
	t->at = o->bytes.n;
	t->n = answer.n;
	aff_buf_put_view(&o->bytes, answer);
}

/* ---- what became of it ---- */

/* Where a comment begins in a line of YAML. */
static size_t comment_at(struct aff_view line)
{
	char quote = 0;
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		if (quote && c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\'') && (!i || strchr(" {[:,", line.p[i - 1])))
			quote = c;
		else if (!quote && c == '#' && i && (line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return i;
	}
	return line.n;
}

/* What the line of a rule says, without its dash and comment. */
static struct aff_view quote(struct aff_view text, unsigned number)
{
	struct aff_view line = config_line(text, number);
	line = aff_view_trim(aff_view(line.p, comment_at(line)));
	if (line.n > 2 && line.p[0] == '-' && line.p[1] == ' ')
		line = aff_view_trim(aff_view(line.p + 2, line.n - 2));
	return line;
}

/* "filtered when: PV1-3.1 = ICU" where the line begins with the rule's name, "merged into 3 (sample: ...)" where the
 * reason says the kind. */
static void put_words(const struct case_outcomes *o, struct case_outcome *x, const char *detail)
{
	const char *kind = x->kind == JOURNAL_DELIVERED ? "sent" : journal_outcome_text(x->kind);
	size_t n = strlen(kind);
	unsigned line = 0;
	int skip = 0;
	snprintf(x->numbered, sizeof x->numbered, "%s%s%.200s", kind, detail[0] ? " " : "", detail);
	memcpy(x->words, x->numbered, sizeof x->words);
	if (sscanf(detail, "line %u: %n", &line, &skip) < 1 || !skip)
		return;
	const char *reason = detail + skip, *space = " ";
	if (strncmp(reason, kind, n) == 0 && reason[n] == ' ')
		kind = space = "";
	struct aff_view said = quote(o->channel->text, line);
	int length = (int)(said.n < 200 ? said.n : 200);
	n = strlen(reason);
	if (said.n > n && memcmp(said.p, reason, n) == 0 && said.p[n] == ':')
		snprintf(x->words, sizeof x->words, "%s%s%.*s", kind, space, length, said.p);
	else
		snprintf(x->words, sizeof x->words, "%s%s%.200s (%.*s)", kind, space, reason, length, said.p);
}

/* What is sent although a step failed must not look like what is sent. */
static void put_skipped(const struct case_outcomes *o, struct case_outcome *x, const struct pipeline_result *r)
{
	struct aff_view said = quote(o->channel->text, r->skipped_line);
	snprintf(x->numbered, sizeof x->numbered, "skipped line %u, and sent: %.120s", r->skipped_line, r->skipped_why);
	snprintf(x->words, sizeof x->words, "skipped a step, and sent: %.120s (%.*s)", r->skipped_why,
		 (int)(said.n < 200 ? said.n : 200), said.p);
}

static void put_piece(struct case_outcomes *o, struct case_outcome *x, struct aff_view bytes)
{
	if (vector_room(&o->pieces, &o->pieces_capacity, o->npieces, sizeof *o->pieces)) {
		o->bytes.error = AFF_ENOMEM;
		return;
	}
	o->pieces[o->npieces++] = (struct case_piece){o->bytes.n, bytes.n};
	x->count++;
	aff_buf_put_view(&o->bytes, bytes);
}

static void outcome(void *arg, size_t message, const struct conf_dest *dest, enum journal_outcome_kind kind,
		    const struct pipeline_result *r)
{
	struct case_outcomes *o = arg;
	size_t k = (size_t)(dest - o->channel->channel->dests);
	struct case_outcome *x = &o->outcomes[message * o->dests + k];
	bool sent = kind == JOURNAL_DELIVERED;
	x->kind = kind;
	x->first = o->npieces;
	if (sent && r->skipped)
		put_skipped(o, x, r);
	else
		put_words(o, x, sent ? "" : r->detail);
	if (sent && !r->nparts)
		put_piece(o, x, r->bytes);
	for (unsigned i = 0; sent && i < r->nparts; i++)
		put_piece(o, x, r->parts[i].bytes);
}

int case_outcomes_make(struct case_outcomes *o, const struct case_channel *channel, const struct case_files *files)
{
	memset(o, 0, sizeof *o);
	o->channel = channel;
	o->messages = files->count;
	o->dests = channel->channel->ndests;
	aff_buf_init(&o->bytes, OUTCOME_BYTES_MAX);
	o->taken = calloc(o->messages, sizeof *o->taken);
	o->outcomes = calloc(o->messages * (o->dests ? o->dests : 1), sizeof *o->outcomes);
	if (!o->taken || !o->outcomes)
		return AFF_ENOMEM;
	const struct rehearsal r = {.conf = channel->conf, .channel = channel->channel, .messages = files->messages,
	                            .count = files->count, .taken = taken, .outcome = outcome, .arg = o};
	int rc = rehearsal_run(&r);
	return rc ? rc : o->bytes.error;
}

void case_outcomes_free(struct case_outcomes *o)
{
	free(o->taken);
	free(o->outcomes);
	free(o->pieces);
	aff_buf_free(&o->bytes);
}

const struct case_outcome *case_outcome(const struct case_outcomes *o, size_t message, size_t dest)
{
	return &o->outcomes[message * o->dests + dest];
}

bool case_words_begin(const char *words, struct aff_view with)
{
	size_t n = strlen(words);
	if (with.n > n || memcmp(words, with.p, with.n) != 0)
		return false;
	char next = words[with.n];
	return next == '\0' || next == ' ' || next == ':';
}
