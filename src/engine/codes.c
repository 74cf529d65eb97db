/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/codes.h"

#include <stdlib.h>

#include <afferent/parts.h>

#define TEXT_MAX (64u << 20)

static int of_repetition(struct aff_view repetition, const struct aff_delims *d, struct aff_charset *set,
                         struct aff_buf *scratch, journal_code_fn *fn, void *arg)
{
	struct aff_parts components = aff_parts(repetition, d->component);
	struct aff_view part;
	int rc = 0;
	for (unsigned n = 1; !rc && n <= 5 && aff_parts_next(&components, &part); n++) {
		if (n == 3 || part.n == 0)
			continue;
		part = aff_charset_text(set, scratch, part, d, NULL);
		rc = scratch->error ? scratch->error : fn(arg, part);
	}
	return rc;
}

int codes_each(const struct aff_msg *m, struct aff_charset *set, struct aff_buf *scratch, journal_code_fn *fn,
               void *arg)
{
	struct aff_delims d = aff_msg_delims(m);
	int rc = 0;
	for (unsigned s = aff_msg_find(m, "OBX", 0); !rc && s != AFF_NONE; s = aff_msg_find(m, "OBX", s + 1)) {
		struct aff_parts repetitions = aff_parts(aff_msg_field(m, s, 3), d.repetition);
		struct aff_view repetition;
		while (!rc && aff_parts_next(&repetitions, &repetition))
			rc = of_repetition(repetition, &d, set, scratch, fn, arg);
	}
	return rc;
}

struct coder {
	struct aff_msg *msg;
	struct aff_charset *set;
	struct aff_buf scratch;
};

static int codes_of_raw(void *state, struct aff_view raw, journal_code_fn *fn, void *arg)
{
	struct coder *c = state;
	if (aff_charset_parse(c->set, c->msg, raw.p, raw.n, AFF_LENIENT_ALL, NULL, NULL))
		return 0;
	return codes_each(c->msg, c->set, &c->scratch, fn, arg);
}

int codes_coder_new(struct journal_coder *out)
{
	struct coder *c = calloc(1, sizeof *c);
	*out = (struct journal_coder){.codes = codes_of_raw, .state = c};
	if (!c)
		return AFF_ENOMEM;
	aff_buf_init(&c->scratch, TEXT_MAX);
	return aff_msg_new(&c->msg, NULL) || aff_charset_new(&c->set) ? AFF_ENOMEM : 0;
}

void codes_coder_free(struct journal_coder *out)
{
	struct coder *c = out->state;
	if (!c)
		return;
	aff_msg_free(c->msg);
	aff_charset_free(c->set);
	aff_buf_free(&c->scratch);
	free(c);
	*out = (struct journal_coder){0};
}
