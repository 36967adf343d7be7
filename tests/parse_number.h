/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in the arguments of our QEMU plugins. */
#ifndef TESTS_PARSE_NUMBER_H
#define TESTS_PARSE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/**
 * Reads a number of 32 bits, written as in C, that @p end comes behind; *@p rest is what follows
 * that, unless @p rest is NULL.
 */
static inline bool parse_number(const char *text, char end, uint32_t *value, const char **rest)
{
	char *stop;
	const unsigned long number = strtoul(text, &stop, 0);

	if (stop == text || *stop != end || number > UINT32_MAX)
		return false;
	*value = (uint32_t)number;
	if (rest)
		*rest = stop + 1;
	return true;
}

#endif
