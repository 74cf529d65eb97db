/* SPDX-License-Identifier: Apache-2.0
 *
 * What every connection is set to, whichever side opened it.
 */
#ifndef NET_TUNE_H
#define NET_TUNE_H

/* Answers at once (TCP_NODELAY); a peer that vanished is noticed after half a minute, sending or idle. Best effort: a
 * connection without these still works. */
void net_tune(int fd);

/* Lets the process open as many descriptors as it may: the soft limit that a shell hands on, often 1,024, is for
 * programs that use select. Returns the limit. */
unsigned long net_raise_descriptors(void);

#endif
