/* SPDX-License-Identifier: Apache-2.0
 *
 * Two configurations, compared by what their files say: which channels, destinations and tables are new, gone or
 * changed, and what that means for a running engine. Comments and layout do not count. Files that cannot be read are
 * compared as far as they can be.
 */
#ifndef CONF_COMPARE_H
#define CONF_COMPARE_H

#include "conf/conf.h"

enum conf_change_kind { CONF_CHANGE_NEW, CONF_CHANGE_GONE, CONF_CHANGE_CHANGED, CONF_CHANGE_LAYOUT };

struct conf_change {
	enum conf_change_kind kind;
	const char *what;        /* "channel", "source", "destination", "settings", "table", "profile", ... */
	const char *name;        /* "icu-monitors/ehr", "mappings/philips.yaml" */
	const char *text;        /* one sentence */
};

/* Valid during the call. */
typedef void conf_change_fn(void *arg, const struct conf_change *change);

/* Both as conf_files_read or conf_files_unpack left them. Changes come in the order of the files; none: they mean the
 * same. 0, AFF_ENOMEM. */
int conf_compare(const struct conf_files *before, const struct conf_files *after, conf_change_fn *fn, void *arg);

/* "new", "gone", "changed", "layout". */
const char *conf_change_text(enum conf_change_kind kind);

/* Where the control socket and the journal of these files are, whatever mistakes they have: appended, with a NUL. */
void conf_control_socket(const struct conf_files *files, struct aff_buf *out);
void conf_journal_folder(const struct conf_files *files, struct aff_buf *out);

#endif
