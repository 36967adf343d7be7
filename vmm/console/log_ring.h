/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of a text, such as the VMM's log: the oldest are overwritten. Pure. */
#ifndef VMM_CONSOLE_LOG_RING_H
#define VMM_CONSOLE_LOG_RING_H

#include "vmm/lib/ring.h"

#include <stddef.h>

void log_ring_write(struct ring *ring, const char *text, size_t length);
bool log_ring_line(const struct ring *ring, uint32_t *position, char *line, size_t size);

#endif
