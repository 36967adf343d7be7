/* SPDX-License-Identifier: Apache-2.0 */
/* Copying what is long: frames and blocks, whatever their alignment. And clearing RAM. */
#ifndef VMM_LIB_COPY_H
#define VMM_LIB_COPY_H

#include "vmm/lib/string.h"

#ifdef __arm__
void copy_bytes(void *to, const void *from, size_t length);
void clear_bytes(void *to, size_t length);
#else
static inline void copy_bytes(void *to, const void *from, size_t length)
{
	memcpy(to, from, length);
}

static inline void clear_bytes(void *to, size_t length)
{
	memset(to, 0, length);
}
#endif

#endif
