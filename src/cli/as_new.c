/* SPDX-License-Identifier: Apache-2.0
 *
 * 95 bits of a SHA-256 as letters and digits that no two look alike of.
 */
#include "cli/as_new.h"

#include <afferent/edit.h>

#include <inttypes.h>
#include <stdio.h>

#include "base/digest.h"

void as_new_id(char out[AS_NEW_SIZE], int64_t action_us, int64_t message)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char sha[SHA256_SIZE];
	char text[64];
	snprintf(text, sizeof text, "as new %" PRId64 " %" PRId64, action_us, message);
	sha256(sha, aff_view_of(text));
	out[0] = 'R';
	for (size_t i = 1; i < AS_NEW_SIZE - 1; i++)
		out[i] = digits[sha[i] % 32];
	out[AS_NEW_SIZE - 1] = '\0';
}

int as_new_run(struct pipeline *p, const struct conf_channel *channel, const struct conf_dest *dest,
	       struct aff_view message, const char *id, struct pipeline_result *result)
{
	int rc = pipeline_transform(p, channel, dest, message, result);
	if (rc || result->verdict != PIPELINE_SEND)
		return rc;
	rc = id ? aff_edit_set(pipeline_edit(p), 0, 10, 0, 0, 0, aff_view_of(id)) : 0;
	return rc ? rc : pipeline_render(p, dest, result);
}
