/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads Bundle.entry[].response.status out of JSON without a tree: one pass, a depth and how much of that path the open
 * containers match. Values inside outcome or resource lie deeper or beside the path and are never looked at.
 */
#include "engine/out/fhir_answer.h"

#include "engine/out/http_client.h"

/* The path as containers: { "entry": [ { "response": { "status": */
enum { IN_BUNDLE = 1, IN_ENTRIES, IN_ENTRY, IN_RESPONSE };

struct scan {
	const char *p, *end;
	unsigned depth, matched; /* matched of the depth open containers lie on the path */
	struct aff_view key;     /* the last one in the innermost container on the path */
};

static bool opens_next(const struct scan *s, char bracket)
{
	switch (s->matched) {
	case 0:
		return bracket == '{';
	case IN_BUNDLE:
		return bracket == '[' && aff_view_is(s->key, "entry");
	case IN_ENTRIES:
		return bracket == '{';
	case IN_ENTRY:
		return bracket == '{' && aff_view_is(s->key, "response");
	default:
		return false;
	}
}

static void open_container(struct scan *s)
{
	if (s->matched == s->depth && opens_next(s, *s->p))
		s->matched++;
	s->depth++;
	s->key = aff_view("", 0);
}

static void close_container(struct scan *s)
{
	if (s->matched == s->depth)
		s->matched--;
	s->depth--;
}

/* At an opening quote: the string between the quotes; leaves s at the closing one (or the end). */
static struct aff_view read_string(struct scan *s)
{
	const char *start = ++s->p;
	while (s->p < s->end && *s->p != '"')
		s->p += *s->p == '\\' && s->end - s->p > 1 ? 2 : 1;
	return aff_view(start, (size_t)(s->p - start));
}

static bool followed_by_colon(const struct scan *s)
{
	const char *p = s->p < s->end ? s->p + 1 : s->end;
	while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p < s->end && *p == ':';
}

/* "422 Unprocessable Entity" */
static long status_of(struct aff_view text)
{
	long status = 0;
	for (size_t i = 0; i < 3; i++) {
		if (i >= text.n || text.p[i] < '0' || text.p[i] > '9')
			return 0;
		status = status * 10 + (text.p[i] - '0');
	}
	return status;
}

static bool is_worse(long status, long than)
{
	static const int weight[] = {[OUTPUT_DELIVERED] = 0, [OUTPUT_TRANSIENT] = 1, [OUTPUT_PERMANENT] = 2};
	return weight[http_status_result(status)] > weight[http_status_result(than)];
}

long fhir_answer_entries(struct aff_view body)
{
	struct scan s = {.p = body.p, .end = body.p + body.n, .key = {"", 0}};
	long worst = 200;
	for (; s.p < s.end; s.p++) {
		if (*s.p == '{' || *s.p == '[') {
			open_container(&s);
		} else if (*s.p == '}' || *s.p == ']') {
			if (s.depth == 0)
				break;
			close_container(&s);
		} else if (*s.p == '"') {
			struct aff_view text = read_string(&s);
			if (s.matched != s.depth)
				continue;
			bool is_status = s.matched == IN_RESPONSE && aff_view_is(s.key, "status");
			if (followed_by_colon(&s))
				s.key = text;
			else if (is_status && is_worse(status_of(text), worst))
				worst = status_of(text);
		}
	}
	return worst;
}
