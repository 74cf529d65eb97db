/* SPDX-License-Identifier: Apache-2.0
 *
 * What both faces of the test receiver share: the decision, the counts, the file.
 */
#include "cli/ehr.h"

enum ehr_answer ehr_receive(struct ehr *e)
{
	const struct ehr_rules *r = &e->rules;
	e->received++;
	if (r->refuse_every == 0)
		return (enum ehr_answer)r->answer;
	if (e->received % r->refuse_every)
		return EHR_ACCEPT;
	return r->answer == EHR_ACCEPT ? EHR_ERROR : (enum ehr_answer)r->answer;
}

static void save(struct ehr *e, struct aff_view bytes)
{
	char last = bytes.n ? bytes.p[bytes.n - 1] : '\n';
	fwrite(bytes.p, 1, bytes.n, e->save);
	if (last != '\r' && last != '\n')
		putc(bytes.p[0] == 'M' ? '\r' : '\n', e->save);
	putc('\n', e->save);
	if (ferror(e->save))
		e->save_failed = true;
}

void ehr_accept(struct ehr *e, struct aff_view id, struct aff_view bytes)
{
	e->accepted++;
	if (idset_add(&e->ids, id) == 0)
		e->repeated++;
	else
		e->distinct++;
	if (e->save)
		save(e, bytes);
}
