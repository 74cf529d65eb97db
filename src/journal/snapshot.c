/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/snapshot.h"

#include "journal/pack.h"

int snapshot_add(struct snapshot_list *l, const unsigned char sha[SHA256_SIZE], struct aff_view bytes)
{
	struct aff_buf body;
	aff_buf_init(&body, PACK_MAX_MESSAGE);
	int rc = pack_alone(bytes, &body);
	if (rc) {
		aff_buf_free(&body);
		return rc;
	}
	size_t at = 0;
	while (at < l->n && memcmp(l->item[at].sha, sha, SHA256_SIZE) != 0)
		at++;
	if (at == l->n)
		at = l->n < SNAPSHOT_KEPT ? l->n++ : (l->newest + 1) % SNAPSHOT_KEPT;
	aff_buf_free(&l->item[at].body);
	memcpy(l->item[at].sha, sha, SHA256_SIZE);
	l->item[at].body = body;
	l->newest = at;
	return 0;
}

struct aff_view snapshot_find(const struct snapshot_list *l, const unsigned char sha[SHA256_SIZE])
{
	for (size_t i = 0; i < l->n; i++) {
		if (memcmp(l->item[i].sha, sha, SHA256_SIZE) == 0)
			return aff_buf_view(&l->item[i].body);
	}
	return aff_view("", 0);
}

void snapshot_list_free(struct snapshot_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		aff_buf_free(&l->item[i].body);
	l->n = 0;
}
