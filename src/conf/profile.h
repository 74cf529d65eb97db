/* SPDX-License-Identifier: Apache-2.0
 *
 * Profiles in files, for those who have no configuration around them.
 */
#ifndef CONF_PROFILE_H
#define CONF_PROFILE_H

#include <afferent/profile.h>

/* Reads the file at path: the short form when its name ends in .yaml, XML otherwise. What is wrong is added to
 * findings, a file that cannot be read too. 0, AFF_ECONFIG, AFF_ENOMEM; free with aff_profile_free. */
int conf_profile_load(struct aff_profile **out, const char *path, struct aff_diag_list *findings);

#endif
