/* SPDX-License-Identifier: Apache-2.0
 *
 * SIGINT and SIGTERM as a descriptor, for commands that run until they are stopped and then tell what they did.
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdbool.h>

/* Returns a descriptor that becomes readable when the process is asked to stop, or -1. */
int stop_open(void);
bool stop_asked(int fd);

#endif
