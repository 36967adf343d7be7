/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
	const uint32_t a = ((const struct symbol *)left)->address;
	const uint32_t b = ((const struct symbol *)right)->address;

	return a < b ? -1 : a > b;
}

static struct symbol *add(struct symbols *symbols)
{
	if (symbols->count == symbols->capacity) {
		const size_t capacity = symbols->capacity ? 2 * symbols->capacity : 1024;
		struct symbol *const list =
			realloc(symbols->list, capacity * sizeof(*symbols->list));

		if (!list)
			return NULL;
		symbols->list = list;
		symbols->capacity = capacity;
	}
	return &symbols->list[symbols->count++];
}

/** Adds the symbols of a file. On failure says why; what was read so far stays. */
bool symbols_read(struct symbols *symbols, const char *path, char *error, size_t error_size)
{
	FILE *const file = fopen(path, "r");
	char line[512], name[400];
	unsigned number = 0;

	if (!file) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		struct symbol *symbol;
		uint32_t address, size;

		number++;
		if (sscanf(line, "%" SCNx32 " %" SCNx32 " %399s", &address, &size, name) != 3) {
			snprintf(error, error_size, "%s:%u: not ADDRESS SIZE NAME", path, number);
			fclose(file);
			return false;
		}
		symbol = add(symbols);
		if (!symbol || !(symbol->name = strdup(name))) {
			snprintf(error, error_size, "%s: no memory", path);
			fclose(file);
			return false;
		}
		symbol->address = address;
		symbol->size = size;
	}
	fclose(file);
	qsort(symbols->list, symbols->count, sizeof(*symbols->list), compare);
	return true;
}

/** The symbol @p address lies in, or NULL. */
const struct symbol *symbols_find(const struct symbols *symbols, uint32_t address)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - symbols->list[low - 1].address >= symbols->list[low - 1].size)
		return NULL;
	return &symbols->list[low - 1];
}

/** `0xc0008010 name+0x10`, or the address alone. */
void symbols_print(const struct symbols *symbols, uint32_t address, char *text, size_t size)
{
	const struct symbol *const symbol = symbols_find(symbols, address);

	if (symbol)
		snprintf(text, size, "0x%08" PRIx32 " %s+0x%" PRIx32, address, symbol->name,
			 address - symbol->address);
	else
		snprintf(text, size, "0x%08" PRIx32, address);
}

void symbols_free(struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->count; i++)
		free(symbols->list[i].name);
	free(symbols->list);
	*symbols = (struct symbols){ 0 };
}
