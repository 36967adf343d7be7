/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory taken once, at start-up, and never given back: what is left of the VMM's image slot. There
 * is no allocation inside a trap, so there is no allocation failure there either. The one who does
 * give back what a VM had is vmm/reload.c: it begins the heap anew, in a gap.
 */
#ifndef VMM_LIB_HEAP_H
#define VMM_LIB_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#define HEAP_ALIGN 32u /* a cache line: each block begins with one */

void heap_init(void *start, size_t size, bool clear);
void *heap_alloc(size_t size);
size_t heap_free(void);

#endif
