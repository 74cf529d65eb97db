/* SPDX-License-Identifier: Apache-2.0
 *
 * What HASH and MASK do to a text.
 */
#ifndef RULES_HIDE_H
#define RULES_HIDE_H

struct hide;
void hide_free(struct hide *h);

#endif
