/* SPDX-License-Identifier: Apache-2.0 */
/* How the counter of struct board is read: one of the AST2400 counts down. */
#ifndef BOARD_PALMETTO_COUNTER_H
#define BOARD_PALMETTO_COUNTER_H

#include <stdint.h>

static inline uint32_t board_counter(volatile const uint32_t *counter)
{
	return ~*counter;
}

#endif
