/* SPDX-License-Identifier: Apache-2.0
 *
 * PCRE2 without UTF and without JIT: messages come in many character sets, and their bytes are matched as they are. The
 * limits make sure that no message can hold up a channel through a pattern that backtracks without end.
 */
#include "rules/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 10000, HEAP_LIMIT_KIB = 4096, PATTERN_MAX = 4096 };

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
};

static pcre2_match_context *make_limits(void)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	if (limits) {
		pcre2_set_match_limit(limits, MATCH_LIMIT);
		pcre2_set_depth_limit(limits, DEPTH_LIMIT);
		pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
	}
	return limits;
}

static int compile(struct regex *r, struct aff_view pattern, bool ignore_case, size_t *offset, char *why,
                   size_t why_size)
{
	int error = 0;
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!context)
		return AFF_ENOMEM;
	pcre2_set_max_pattern_length(context, PATTERN_MAX);
	r->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options | (ignore_case ? PCRE2_CASELESS : 0), &error,
	                        offset, context);
	pcre2_compile_context_free(context);
	if (r->code)
		return 0;
	if (error == PCRE2_ERROR_HEAP_FAILED)
		return AFF_ENOMEM;
	pcre2_get_error_message(error, (PCRE2_UCHAR *)why, why_size);
	return AFF_ESYNTAX;
}

int regex_compile(struct regex **out, struct aff_view pattern, bool ignore_case, size_t *offset, char *why,
                  size_t why_size)
{
	struct regex *r = calloc(1, sizeof *r);
	if (!r)
		return AFF_ENOMEM;
	r->limits = make_limits();
	int rc = r->limits ? compile(r, pattern, ignore_case, offset, why, why_size) : AFF_ENOMEM;
	if (rc) {
		regex_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void regex_free(struct regex *r)
{
	if (r) {
		pcre2_match_context_free(r->limits);
		pcre2_code_free(r->code);
		free(r);
	}
}

int regex_test(const struct regex *r, struct aff_view text)
{
	pcre2_match_data *found = pcre2_match_data_create(1, NULL);
	if (!found)
		return AFF_ENOMEM;
	int rc = pcre2_match(r->code, (PCRE2_SPTR)text.p, text.n, 0, 0, found, r->limits);
	pcre2_match_data_free(found);
	if (rc >= 0)
		return 1;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc == PCRE2_ERROR_NOMEMORY ? AFF_ENOMEM : AFF_ELIMIT;
}
