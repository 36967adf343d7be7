// SPDX-License-Identifier: Apache-2.0
#include "net/remote/hosted/counting.h"

#include <string.h>

static void reset(struct counting *device)
{
	device->count = device->digest = device->gaps = device->sequence = device->level = 0;
	device->fifo_first = device->fifo_length = 0;
}

/** The digest after one more access: FNV-1a over words, which no two accesses commute in. */
uint32_t counting_digest(uint32_t digest, uint32_t offset, unsigned width, bool is_write,
			 uint32_t value)
{
	digest = (digest ^ (offset << 8 | width << 4 | is_write)) * 16777619u + 1u;
	return (digest ^ value) * 16777619u;
}

static uint32_t fifo_get(struct counting *device)
{
	uint32_t value;

	if (!device->fifo_length)
		return 0;
	value = device->fifo[device->fifo_first];
	device->fifo_first = (device->fifo_first + 1u) % COUNTING_FIFO_WORDS;
	device->fifo_length--;
	return value;
}

static void fifo_put(struct counting *device, uint32_t value)
{
	if (device->fifo_length < COUNTING_FIFO_WORDS)
		device->fifo[(device->fifo_first + device->fifo_length++) % COUNTING_FIFO_WORDS] =
			value;
}

static enum remote_result counting_read(const struct server_window *window, uint32_t offset,
					unsigned width, uint32_t *value)
{
	struct counting *const device = window->owner;
	enum remote_result result = REMOTE_OK;

	device->count++;
	*value = 0;
	switch (offset) {
	case COUNTING_COUNT:
		*value = device->count;
		break;
	case COUNTING_DIGEST:
		*value = device->digest;
		break;
	case COUNTING_GAPS:
		*value = device->gaps;
		break;
	case COUNTING_SEQUENCE:
		*value = device->sequence;
		break;
	case COUNTING_FIFO:
		*value = fifo_get(device);
		break;
	case COUNTING_LEVEL:
		*value = device->level;
		break;
	case COUNTING_ERROR:
		result = REMOTE_BUS_ERROR;
		break;
	default:
		break;
	}
	device->digest = counting_digest(device->digest, offset, width, false, *value);
	return result;
}

static void write_sequence(struct counting *device, unsigned width, uint32_t value)
{
	const uint32_t mask = width == 4 ? UINT32_MAX : (1u << width * 8u) - 1u;

	if (((value ^ (device->sequence + 1u)) & mask) != 0)
		device->gaps++;
	device->sequence = (device->sequence & ~mask) | (value & mask);
}

static enum remote_result counting_write(const struct server_window *window, uint32_t offset,
					 unsigned width, uint32_t value)
{
	struct counting *const device = window->owner;
	enum remote_result result = REMOTE_OK;

	device->count++;
	device->digest = counting_digest(device->digest, offset, width, true, value);
	switch (offset) {
	case COUNTING_SEQUENCE:
		write_sequence(device, width, value);
		break;
	case COUNTING_FIFO:
		fifo_put(device, value);
		break;
	case COUNTING_LEVEL:
		device->level = value & 1u;
		if (device->level && !device->is_masked && device->interrupt) {
			device->is_masked = true;
			device->interrupt(device);
		}
		break;
	case COUNTING_ERROR:
		result = REMOTE_BUS_ERROR;
		break;
	case COUNTING_RESET:
		reset(device);
		break;
	default:
		break;
	}
	return result;
}

static uint32_t counting_lines(const struct server_window *window)
{
	const struct counting *const device = window->owner;

	return device->level;
}

static void counting_unmask(const struct server_window *window, uint32_t lines)
{
	struct counting *const device = window->owner;

	if (!lines)
		return;
	device->is_masked = device->level != 0;
	if (device->level && device->interrupt)
		device->interrupt(device);
}

/** Makes the device, and the window that serves it. */
void counting_init(struct counting *device, void (*interrupt)(struct counting *device))
{
	static const struct remote_target target = { .read = counting_read,
						     .write = counting_write,
						     .lines = counting_lines,
						     .unmask = counting_unmask };
	static const uint8_t all_widths = REMOTE_WIDTH_1 | REMOTE_WIDTH_2 | REMOTE_WIDTH_4;
	static const struct server_range ranges[] = {
		{ COUNTING_COUNT, 12, REMOTE_WIDTH_4, REMOTE_READ },
		{ COUNTING_SEQUENCE, 4, all_widths, REMOTE_READ | REMOTE_WRITE },
		{ COUNTING_FIFO, 12, REMOTE_WIDTH_4, REMOTE_READ | REMOTE_WRITE },
		{ COUNTING_RESET, 4, REMOTE_WIDTH_4, REMOTE_WRITE },
	};

	*device = (struct counting){
		.interrupt = interrupt,
		.window = { .name = COUNTING_NAME,
			    .target = &target,
			    .owner = device,
			    .capabilities = { .size = COUNTING_SIZE,
					      .widths = all_widths,
					      .flags = REMOTE_READ | REMOTE_WRITE,
					      .irq_count = 1 },
			    .range = ranges,
			    .range_count = sizeof(ranges) / sizeof(ranges[0]) },
	};
}

/* ---- memory ------------------------------------------------------------------------------------ */

static enum remote_result memory_read_block(const struct server_window *window, uint32_t offset,
					    void *to, uint32_t length)
{
	const struct hosted_memory *const memory = window->owner;

	memcpy(to, (const uint8_t *)memory->word + offset, length);
	return REMOTE_OK;
}

static enum remote_result memory_write_block(const struct server_window *window, uint32_t offset,
					     const void *from, uint32_t length)
{
	struct hosted_memory *const memory = window->owner;

	memcpy((uint8_t *)memory->word + offset, from, length);
	return REMOTE_OK;
}

static enum remote_result memory_read(const struct server_window *window, uint32_t offset,
				      unsigned width, uint32_t *value)
{
	uint8_t bytes[4] = { 0 };

	(void)memory_read_block(window, offset, bytes, width);
	*value = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		 (uint32_t)bytes[3] << 24;
	return REMOTE_OK;
}

static enum remote_result memory_write(const struct server_window *window, uint32_t offset,
				       unsigned width, uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				   (uint8_t)(value >> 24) };

	return memory_write_block(window, offset, bytes, width);
}

void hosted_memory_init(struct hosted_memory *memory)
{
	static const struct remote_target target = { .read = memory_read,
						     .write = memory_write,
						     .read_block = memory_read_block,
						     .write_block = memory_write_block };
	static const uint8_t all_widths = REMOTE_WIDTH_1 | REMOTE_WIDTH_2 | REMOTE_WIDTH_4;
	static const struct server_range ranges[] = {
		{ 0, MEMORY_BYTES, all_widths, REMOTE_READ | REMOTE_WRITE },
	};

	memset(memory->word, 0, sizeof(memory->word));
	memory->window = (struct server_window){
		.name = MEMORY_NAME,
		.target = &target,
		.owner = memory,
		.capabilities = { .size = MEMORY_BYTES,
				  .widths = all_widths,
				  .flags = REMOTE_READ | REMOTE_WRITE | REMOTE_MEMORY },
		.range = ranges,
		.range_count = 1,
	};
}
