/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for addresses, from text files: a line `ADDRESS SIZE NAME` per symbol, numbers in
 * hexadecimal. scripts/hako_model writes them; ranges must not overlap.
 */
#ifndef TESTS_ARM926_MODEL_SYMBOLS_H
#define TESTS_ARM926_MODEL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint32_t address, size;
	char *name;
};

struct symbols {
	struct symbol *list;
	size_t count, capacity;
};

bool symbols_read(struct symbols *symbols, const char *path, char *error, size_t error_size);
const struct symbol *symbols_find(const struct symbols *symbols, uint32_t address);
void symbols_print(const struct symbols *symbols, uint32_t address, char *text, size_t size);
void symbols_free(struct symbols *symbols);

#endif
