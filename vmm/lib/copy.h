/* SPDX-License-Identifier: Apache-2.0 */
/* Copying what is long: frames and blocks, whatever their alignment. */
#ifndef VMM_LIB_COPY_H
#define VMM_LIB_COPY_H

#include "vmm/lib/string.h"

#ifdef __arm__
void copy_bytes(void *to, const void *from, size_t length);
#else
static inline void copy_bytes(void *to, const void *from, size_t length)
{
	memcpy(to, from, length);
}
#endif

#endif
