/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm_disk.h"

#include "arch/arm/mmu.h"
#include "devemu/ram_disk.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"

#define PAGE_SIZE 4096u

/** A RAM disk, which stays in the memory that the bundle came in: what is written lasts till a reset. */
struct bundle_disk {
	struct ram_disk ram; /* first: the same pointer */
	hpa_t start;
};

static const struct block_backend *disks[CONFIG_DISKS_MAX];

static void *map(const struct ram_disk *disk, uint32_t offset, uint32_t *length)
{
	const uint32_t at = ((const struct bundle_disk *)disk)->start.raw + offset;
	const uint32_t in_page = at & (PAGE_SIZE - 1);

	if (*length > PAGE_SIZE - in_page)
		*length = PAGE_SIZE - in_page;
	return (uint8_t *)mmu_disk_window(hpa(at - in_page)) + in_page;
}

static const struct block_backend *ram_disk_make(const struct disk_config *config,
						 const struct boot_info *info,
						 const struct bundle_part *part)
{
	struct bundle_disk *const disk = heap_alloc(sizeof(*disk));

	disk->start = hpa(info->bundle.raw + part->offset);
	ram_disk_init(&disk->ram, config->name, (uint32_t)config->size, map);
	return &disk->ram.block;
}

/** Makes all disks; a VM asks for them by their place in the description. */
enum status vm_disks_make(const struct system_config *config, const struct boot_info *info,
			  const struct bundle *bundle)
{
	for (unsigned n = 0; n < config->disk_count; n++) {
		const struct disk_config *const disk = &config->disk[n];

		if (disk->kind != DISK_RAM) {
			log_error("hako: disk '%s': this VMM has no driver for it\n", disk->name);
			return STATUS_BAD_CONFIG;
		}
		disks[n] = ram_disk_make(disk, info, &bundle->part[disk->part]);
	}
	return STATUS_OK;
}

const struct block_backend *vm_disk(unsigned n)
{
	CHECK(n < CONFIG_DISKS_MAX);
	return disks[n];
}
