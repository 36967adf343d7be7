/* SPDX-License-Identifier: Apache-2.0 */
/* How the counter of struct board is read, which is so often that it is a matter of instructions. */
#ifndef BOARD_VERSATILEPB_COUNTER_H
#define BOARD_VERSATILEPB_COUNTER_H

#include <stdint.h>

static inline uint32_t board_counter(volatile const uint32_t *counter)
{
	return *counter;
}

#endif
