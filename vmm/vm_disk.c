/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm_disk.h"

#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "devemu/ram_disk.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"

#define PAGE_SIZE 4096u

/** A RAM disk, in memory of its own behind that of the VMs: what is written lasts till the board's reset. */
struct placed_disk {
	struct ram_disk ram; /* first: the same pointer */
	hpa_t start;
};

static const struct block_backend *disks[CONFIG_DISKS_MAX];

static void *map(const struct ram_disk *disk, uint32_t offset, uint32_t *length)
{
	const uint32_t at = ((const struct placed_disk *)disk)->start.raw + offset;
	const uint32_t in_page = at & (PAGE_SIZE - 1);

	if (*length > PAGE_SIZE - in_page)
		*length = PAGE_SIZE - in_page;
	return (uint8_t *)mmu_disk_window(hpa(at - in_page)) + in_page;
}

/** What the bundle has for it, and zeros behind that: the RAM may hold anything. */
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

static const struct block_backend *ram_disk_make(const struct disk_config *config, hpa_t start,
						 hpa_t bundle, const struct bundle_part *part)
{
	struct placed_disk *const disk = heap_alloc(sizeof(*disk));

	disk->start = start;
	fill(start, (uint32_t)config->size, hpa(bundle.raw + part->offset), part->size);
	ram_disk_init(&disk->ram, config->name, (uint32_t)config->size, map);
	return &disk->ram.block;
}

/** Where the VMs' memory ends, which begins at VM_RAM_HPA without gaps. */
static uint32_t behind_vms(const struct system_config *config)
{
	uint32_t at = VM_RAM_HPA;

	for (unsigned n = 0; n < config->vm_count; n++)
		at += config->vm[n].memory;
	return at;
}

/** Makes all disks; a VM asks for them by their place in the description. */
enum status vm_disks_make(const struct system_config *config, const struct boot_info *info,
			  const struct bundle *bundle)
{
	uint32_t at = behind_vms(config);

	for (unsigned n = 0; n < config->disk_count; n++) {
		const struct disk_config *const disk = &config->disk[n];

		if (disk->kind != DISK_RAM) {
			log_error("hako: disk '%s': this VMM has no driver for it\n", disk->name);
			return STATUS_BAD_CONFIG;
		}
		if (disk->size > info->bundle.raw - at) {
			log_error("hako: disk '%s': its %u KiB do not fit below the bundle\n",
				  disk->name, (unsigned)(disk->size / KIB));
			return STATUS_NO_MEMORY;
		}
		disks[n] = ram_disk_make(disk, hpa(at), info->bundle, &bundle->part[disk->part]);
		at += (uint32_t)disk->size;
	}
	return STATUS_OK;
}

const struct block_backend *vm_disk(unsigned n)
{
	CHECK(n < CONFIG_DISKS_MAX);
	return disks[n];
}
