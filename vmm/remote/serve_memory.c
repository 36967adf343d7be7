/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/serve_memory.h"

#include "arch/arm/mmu.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"

#define PAGE_SIZE 4096u

/** The memory from @p offset on, uncached as it is for whoever else reads it, up to the end of its page. */
static uint8_t *map(const struct server_window *window, uint32_t offset, uint32_t *length)
{
	const uint32_t at = ((const struct served_memory *)window)->at.raw + offset;
	const uint32_t in_page = at % PAGE_SIZE;

	if (*length > PAGE_SIZE - in_page)
		*length = PAGE_SIZE - in_page;
	return (uint8_t *)mmu_guest_window(hpa(at - in_page)) + in_page;
}

static enum remote_result read_block(const struct server_window *window, uint32_t offset, void *to,
				     uint32_t length)
{
	uint8_t *at = to;

	while (length > 0) {
		uint32_t piece = length;
		const uint8_t *const from = map(window, offset, &piece);

		copy_bytes(at, from, piece);
		at += piece;
		offset += piece;
		length -= piece;
	}
	return REMOTE_OK;
}

static enum remote_result write_block(const struct server_window *window, uint32_t offset,
				      const void *from, uint32_t length)
{
	const uint8_t *at = from;

	while (length > 0) {
		uint32_t piece = length;
		uint8_t *const to = map(window, offset, &piece);

		copy_bytes(to, at, piece);
		at += piece;
		offset += piece;
		length -= piece;
	}
	return REMOTE_OK;
}

static enum remote_result read_one(const struct server_window *window, uint32_t offset,
				   unsigned width, uint32_t *value)
{
	*value = 0;
	return read_block(window, offset, value, width);
}

static enum remote_result write_one(const struct server_window *window, uint32_t offset,
				    unsigned width, uint32_t value)
{
	return write_block(window, offset, &value, width);
}

static const struct remote_target target = {
	.read = read_one,
	.write = write_one,
	.read_block = read_block,
	.write_block = write_block,
};

/** Clears memory from @p at on, and makes it a window. */
struct served_memory *serve_memory_make(const struct remote_serve_config *config, hpa_t at)
{
	struct served_memory *const memory = heap_alloc(sizeof(*memory));

	for (uint32_t done = 0; done < config->size; done += PAGE_SIZE)
		memset(mmu_guest_window(hpa(at.raw + done)), 0, PAGE_SIZE);
	memory->at = at;
	memory->range = (struct server_range){ .size = config->size,
					       .widths = config->widths,
					       .flags = REMOTE_READ | REMOTE_WRITE };
	memory->window = (struct server_window){
		.name = config->name,
		.target = &target,
		.owner = memory,
		.capabilities = { .size = config->size,
				  .widths = config->widths,
				  .flags = REMOTE_READ | REMOTE_WRITE | REMOTE_MEMORY },
		.range = &memory->range,
		.range_count = 1,
	};
	log_info("hako: serves %s: %u KiB of memory, 0x%08x for its user\n", config->name,
		 (unsigned)(config->size / KIB), (unsigned)config->start);
	return memory;
}
