/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/write_buffer.h"

#include <string.h>

#define NOT_CONTINUED 0xffffffffu

static void copy_masked(uint8_t *to, const uint8_t *from, uint32_t mask)
{
	for (unsigned i = 0; mask; i += 4, mask >>= 4) {
		if ((mask & 0xf) == 0xf) {
			memcpy(to + i, from + i, 4);
			continue;
		}
		for (unsigned byte = i; byte < i + 4; byte++)
			if (mask >> (byte - i) & 1)
				to[byte] = from[byte];
	}
}

/** The entry that is @p age younger than the oldest. */
static struct write_entry *entry_at(const struct write_buffer *buffer, unsigned age)
{
	return (struct write_entry *)&buffer->entries[(buffer->first + age) % WRITE_BUFFER_RING];
}

/** The oldest entry leaves for memory. */
static void retire(struct write_buffer *buffer)
{
	const struct write_entry *entry = entry_at(buffer, 0);

	copy_masked(buffer->memory + entry->line, entry->data, entry->mask);
	if (!entry->is_write_back) {
		buffer->stores--;
		buffer->words -= entry->words;
	}
	buffer->first++;
	buffer->count--;
}

void write_buffer_drain(struct write_buffer *buffer)
{
	while (buffer->count)
		retire(buffer);
}

/**
 * A store of up to 8 bytes within a line. It needs an address of its own unless it continues the
 * last.
 */
void write_buffer_store(struct write_buffer *buffer, uint32_t off, unsigned size, const void *data)
{
	const unsigned words = size > 4 ? 2 : 1;
	struct write_entry *entry = NULL;

	while (buffer->words + words > WRITE_BUFFER_WORDS)
		retire(buffer);
	if (buffer->count) {
		entry = entry_at(buffer, buffer->count - 1);
		if (entry->next != off || entry->line != (off & ~(MODEL_LINE - 1)))
			entry = NULL;
	}
	if (!entry) {
		while (buffer->stores == WRITE_BUFFER_ADDRESSES)
			retire(buffer);
		entry = entry_at(buffer, buffer->count++);
		buffer->stores++;
		entry->line = off & ~(MODEL_LINE - 1);
		entry->mask = entry->words = 0;
		entry->is_write_back = false;
	}
	memcpy(entry->data + off % MODEL_LINE, data, size);
	entry->mask |= line_mask(off, size);
	entry->next = off + size;
	entry->words += words;
	buffer->words += words;
}

/** The bytes @p mask of a dirty line: there is room for one line, so the one before has to go. */
void write_buffer_write_back(struct write_buffer *buffer, uint32_t line, uint32_t mask,
			     const uint8_t *data)
{
	struct write_entry *entry;

	for (unsigned age = buffer->count; age-- > 0;) {
		if (entry_at(buffer, age)->is_write_back) {
			for (unsigned i = 0; i <= age; i++)
				retire(buffer);
			break;
		}
	}
	entry = entry_at(buffer, buffer->count++);
	entry->line = line;
	entry->mask = mask;
	entry->next = NOT_CONTINUED;
	entry->is_write_back = true;
	memcpy(entry->data, data, MODEL_LINE);
}

/** Is anything of the line at offset @p line in the buffers? */
bool write_buffer_has(const struct write_buffer *buffer, uint32_t line)
{
	for (unsigned i = 0; i < buffer->count; i++)
		if (entry_at(buffer, i)->line == line)
			return true;
	return false;
}

/** Put what the buffers hold of a line over @p data. */
void write_buffer_overlay(const struct write_buffer *buffer, uint32_t line, uint8_t *data)
{
	for (unsigned i = 0; i < buffer->count; i++) {
		const struct write_entry *entry = entry_at(buffer, i);

		if (entry->line == line)
			copy_masked(data, entry->data, entry->mask);
	}
}

/** What the buffers hold of a line becomes @p data: after a finding. */
void write_buffer_set(struct write_buffer *buffer, uint32_t line, const uint8_t *data)
{
	for (unsigned i = 0; i < buffer->count; i++)
		if (entry_at(buffer, i)->line == line)
			memcpy(entry_at(buffer, i)->data, data, MODEL_LINE);
}
