/* SPDX-License-Identifier: Apache-2.0
 *
 * Which messages a channel takes, by their headers.
 */
#ifndef ENGINE_ACCEPT_H
#define ENGINE_ACCEPT_H

#include "conf/conf.h"

/* Does the channel take messages with this header: type, processing id, version, sender? 0, or why it does not, with
 * the place in diag: AFF_EMSGTYPE, AFF_EEVENT, AFF_EPROCESSING, AFF_EHL7VERSION, AFF_ESENDER. Thread-safe. */
int accept_header(const struct aff_msg *m, const struct conf_accept *accept, struct aff_diag *diag);

#endif
