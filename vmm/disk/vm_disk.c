/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/disk/vm_disk.h"

#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "devemu/ram_disk.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/disk/vm_card.h"
#include "vmm/disk/vm_flash.h"

#define PAGE_SIZE 4096u

/**
 * A RAM disk has memory of its own behind that of the VMs: what is written lasts till the board's reset.
 */
struct memory_disk {
	struct ram_disk ram; /* first: the same pointer */
	hpa_t start;
};

static const struct block_backend *disks[CONFIG_DISKS_MAX];

static void *map(const struct ram_disk *disk, uint32_t offset, uint32_t *length)
{
	const uint32_t at = ((const struct memory_disk *)disk)->start.raw + offset;
	const uint32_t in_page = at & (PAGE_SIZE - 1);

	if (*length > PAGE_SIZE - in_page)
		*length = PAGE_SIZE - in_page;
	return (uint8_t *)mmu_disk_window(hpa(at - in_page)) + in_page;
}

static struct memory_disk *memory_disk_make(const struct disk_config *config, hpa_t start)
{
	struct memory_disk *const disk = heap_alloc(sizeof(*disk));

	disk->start = start;
	ram_disk_init(&disk->ram, config->name, (uint32_t)config->size, map);
	return disk;
}

/** What the bundle has for a RAM disk, and zeros behind that: the RAM may hold anything. */
static void fill(hpa_t start, uint32_t size, hpa_t from, uint32_t from_size)
{
	for (uint32_t at = 0; at < size; at += PAGE_SIZE) {
		const uint32_t left = at < from_size ? from_size - at : 0;
		const uint32_t length = left < PAGE_SIZE ? left : PAGE_SIZE;
		uint8_t *const page = mmu_disk_window(hpa(start.raw + at));

		if (length > 0)
			memcpy(page, mmu_bundle_window(hpa(from.raw + at), length), length);
		memset(page + length, 0, PAGE_SIZE - length);
	}
}

/** Puts a RAM disk at *@p next, which moves behind it. */
static const struct block_backend *ram_disk_make(const struct disk_config *config,
						 const struct boot_info *info,
						 const struct bundle_part *part, uint32_t *next)
{
	const uint32_t start = *next;

	fill(hpa(start), (uint32_t)config->size, hpa(info->bundle.raw + part->offset), part->size);
	*next += (uint32_t)config->size;
	return &memory_disk_make(config, hpa(start))->ram.block;
}

/** Where the VMs' memory ends, which begins at VM_RAM_OFFSET of the board's without gaps. */
static uint32_t behind_vms(const struct system_config *config)
{
	uint32_t at = board.ram.base.raw + VM_RAM_OFFSET;

	for (unsigned n = 0; n < config->vm_count; n++)
		at += config->vm[n].memory;
	return at;
}

/** What memory other boards use, of the first @p count of what is served. */
static uint32_t served_size(const struct system_config *config, unsigned count)
{
	uint32_t size = 0;

	for (unsigned n = 0; n < count; n++)
		if (config->serve[n].row == CONFIG_NONE)
			size += config->serve[n].size;
	return size;
}

/** Where the memory is that is the n-th of what is served: behind the VMs' and the flash's. */
hpa_t vm_disks_served(const struct system_config *config, unsigned n)
{
	return hpa(behind_vms(config) + vm_flash_buffer_size(config) + served_size(config, n));
}

/**
 * RAM behind that of the VMs, for RAM disks, the erase block of a flash that is written, and memory that
 * other boards use.
 */
uint32_t vm_disks_ram(const struct system_config *config)
{
	uint32_t size = vm_flash_buffer_size(config) + served_size(config, config->serve_count);

	for (unsigned n = 0; n < config->disk_count; n++)
		if (config->disk[n].kind == DISK_RAM)
			size += (uint32_t)config->disk[n].size;
	return size;
}

/** Makes all disks; a VM asks for them by their place in the description. */
enum status vm_disks_make(const struct system_config *config, const struct boot_info *info,
			  const struct bundle *bundle)
{
	uint32_t next = behind_vms(config);

	if (vm_disks_ram(config) > info->bundle.raw - next) {
		log_error("hako: the disks' %u KiB of RAM do not fit below the bundle\n",
			  (unsigned)(vm_disks_ram(config) / KIB));
		return STATUS_BAD_CONFIG;
	}
	vm_flash_start(config, hpa(next), info->record.medium == BOOT_MEDIUM_FLASH);
	next += vm_flash_buffer_size(config) + served_size(config, config->serve_count);

	for (unsigned n = 0; n < config->disk_count; n++) {
		const struct disk_config *const disk = &config->disk[n];

		switch (disk->kind) {
		case DISK_RAM:
			disks[n] = ram_disk_make(disk, info, &bundle->part[disk->part], &next);
			break;
		case DISK_FLASH:
			disks[n] = vm_flash_disk_make(disk);
			break;
		case DISK_SDCARD:
			disks[n] = vm_card_disk_make(disk);
			break;
		}
		if (!disks[n])
			return STATUS_BAD_CONFIG;
	}
	return STATUS_OK;
}

/** The disk at that place of the description, once vm_disks_make() has made them. */
const struct block_backend *vm_disk(unsigned n)
{
	CHECK(n < CONFIG_DISKS_MAX);
	return disks[n];
}
