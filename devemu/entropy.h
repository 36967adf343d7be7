/* SPDX-License-Identifier: Apache-2.0 */
/* Where a model takes random bytes from. */
#ifndef DEVEMU_ENTROPY_H
#define DEVEMU_ENTROPY_H

#include <stdint.h>

struct entropy_backend {
	/** Fills @p to; at most 32 bytes at a time. May contain preempt points. */
	void (*fill)(void *source, void *to, uint32_t length);
	void *source;
};

#define ENTROPY_PIECE 32u

#endif
