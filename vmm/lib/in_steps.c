/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/lib/in_steps.h"

#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

/* Bytes; they may be uncached. */
#define STEP 1024u

static size_t step(size_t left)
{
	return left < STEP ? left : STEP;
}

void copy_in_steps(void *to, const void *from, size_t size)
{
	for (size_t at = 0; at < size; at += STEP) {
		memcpy((char *)to + at, (const char *)from + at, step(size - at));
		preempt_point();
	}
}

void clear_in_steps(void *to, size_t size)
{
	for (size_t at = 0; at < size; at += STEP) {
		memset((char *)to + at, 0, step(size - at));
		preempt_point();
	}
}
