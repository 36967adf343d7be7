/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/disk/vm_flash.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/config/config_window.h"
#include "vmm/disk/flash_disk.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/run.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#define PAGE_SIZE 4096u

/* What writing to the flash may use of the CPU, besides waiting for it: as the board's Ethernet. */
#define TICKS_PER_MS (CLOCK_HZ / 1000u)
#define BUDGET       (4u * TICKS_PER_MS)
#define PERIOD       (10u * TICKS_PER_MS)

_Static_assert(CONFIG_FLASH_BLOCK == FLASH_BLOCK_MAX, "disks that are written are of whole blocks");

static uint32_t base;   /* of the flash; 0: not looked for yet */
static uint32_t buffer; /* RAM for one erase block, if a disk is written */
static struct flash_info info;
static bool is_there;
static volatile uint32_t *enable_register;

/* Writes to the flash, if a disk is written. */
static struct vm *thread; /* has no guest: it is never on */
static bool is_woken;
static struct vm *waiter; /* for all to be written */

/* ---- how the flash is reached ----------------------------------------------------------------- */

static void *window(void *(*map)(hpa_t page), uint32_t at, uint32_t *length)
{
	const uint32_t in_page = at & (PAGE_SIZE - 1u);

	if (*length > PAGE_SIZE - in_page)
		*length = PAGE_SIZE - in_page;
	return (uint8_t *)map(hpa(at - in_page)) + in_page;
}

static void *map_flash(uint32_t offset, uint32_t *length)
{
	return window(mmu_flash_window, base + offset, length);
}

static void *map_buffer(uint32_t offset, uint32_t *length)
{
	return window(mmu_disk_window, buffer + offset, length);
}

static volatile uint32_t *word(uint32_t offset)
{
	uint32_t length = 4;

	return map_flash(offset, &length);
}

static uint32_t bus_read(uint32_t offset)
{
	return *word(offset);
}

static void bus_write(uint32_t offset, uint32_t value)
{
	*word(offset) = value;
}

/** Between times the board protects it; the register's other bits are the boot loader's. */
static void bus_enable(bool on)
{
	const uint32_t others = *enable_register & ~board.flash_enable.value;

	*enable_register = on ? others | board.flash_enable.value : others;
}

static const struct flash_bus bus = {
	.read = bus_read,
	.write = bus_write,
	.enable = bus_enable,
	.now = timer_now,
};

/* ---- the thread ------------------------------------------------------------------------------- */

static void wake(void)
{
	is_woken = true;
	run_set_ready(thread, true);
}

/** The thread's deadline: all the board knows of time is models'. */
static void time_is_up(struct device *dev)
{
	wake();
}

static void no_reset(struct device *dev)
{
}

static const struct device_ops deadline_ops = {
	.name = "flash",
	.reset = no_reset,
	.deadline = time_is_up,
};

static void thread_main(void)
{
	struct device *const deadline = &run_vm->device[0];
	const struct clock *const clock = &run_vm->clock;

	for (;;) {
		uint64_t until;

		is_woken = false;
		until = flash_disk_work();
		if (waiter && flash_disk_is_clean()) {
			run_set_ready(waiter, true);
			waiter = NULL;
		}
		if (is_woken)
			continue;
		clock->set_deadline(clock, deadline, until);
		run_set_ready(thread, false);
		run_others();
	}
}

static bool is_in_flash(const struct system_config *config, const struct virtio_config *device)
{
	return device->type == VIRTIO_BLOCK && config->disk[device->disk].kind == DISK_FLASH;
}

/** Of the VMs with a disk in the flash, the highest priority: it is the one that waits. */
static int find_priority(const struct system_config *config)
{
	return config_highest_priority(config, is_in_flash);
}

static void thread_make(const struct system_config *config)
{
	struct vm_room *const room = heap_alloc(sizeof(*room));

	thread = &room->vm;
	memcpy(thread->name, "flash", sizeof("flash"));
	thread->sched = (struct sched_entity){ .priority = find_priority(config),
					       .budget = BUDGET,
					       .period = PERIOD };
	timer_clock_init(&thread->clock);
	thread->device[0] = (struct device){ .ops = &deadline_ops, .clock = &thread->clock };
	thread->device_count = 1;
	timer_connect(thread);
	timer_add(thread);
	run_add(thread, thread_main);
}

/* ---- the disks -------------------------------------------------------------------------------- */

/** RAM that is needed behind the VMs' and RAM disks'. */
uint32_t vm_flash_buffer_size(const struct system_config *config)
{
	for (unsigned n = 0; n < config->disk_count; n++)
		if (config->disk[n].kind == DISK_FLASH && config->disk[n].writable)
			return FLASH_BLOCK_MAX;
	return 0;
}

/** Looks for the flash, if there are disks in it, or the boot record; @p ram is of the size above. */
void vm_flash_start(const struct system_config *config, hpa_t ram, bool has_record)
{
	static const struct flash_memory memory = {
		.flash = map_flash,
		.buffer = map_buffer,
		.wake = wake,
		.now = timer_now,
	};
	bool is_used = has_record;

	for (unsigned n = 0; n < config->disk_count; n++)
		is_used |= config->disk[n].kind == DISK_FLASH;
	if (!is_used)
		return;
	base = board.windows[config_find_row("flash")].base;
	buffer = ram.raw;
	enable_register = mmu_device_window(board.flash_enable.address, 4);
	is_there = flash_find(&bus, &info);
	if (!is_there)
		return;
	flash_disks_start(&memory, &info);
	if (vm_flash_buffer_size(config) || has_record) {
		thread_make(config);
		if (!info.wrong)
			log_info("hako: flash of %u MiB, erase blocks of %u KiB\n",
				 (unsigned)(info.size / MIB), (unsigned)(info.block / KIB));
	}
}

/** Why the VMM cannot program the flash itself, up to @p end; or NULL. */
const char *vm_flash_wrong(uint32_t end)
{
	if (!is_there)
		return "no flash answers";
	if (info.wrong)
		return info.wrong;
	return end > info.size ? "the flash ends before it" : NULL;
}

/** Some of what is in it, when it can be read: before there are VMs, or when it has been programmed. */
void vm_flash_copy(uint32_t offset, void *to, uint32_t size)
{
	for (uint32_t done = 0, length; done < size; done += length) {
		const void *from;

		length = size - done;
		from = map_flash(offset + done, &length);
		memcpy((uint8_t *)to + done, from, length);
	}
}

/** Another description is in force, with the same disks. */
void vm_flash_configured(const struct system_config *config)
{
	if (thread)
		thread->sched.priority = find_priority(config);
}

/** Makes a disk that is a range of the flash; NULL, and a message, if it cannot be one. */
const struct block_backend *vm_flash_disk_make(const struct disk_config *config)
{
	struct flash_disk *disk;
	const char *wrong = NULL;

	if (!is_there) {
		log_error("hako: disk '%s': no flash answers at 0x%08x\n", config->name,
			  (unsigned)base);
		return NULL;
	}
	if (config->writable && info.wrong)
		wrong = info.wrong;
	else if (config->writable && info.block > FLASH_BLOCK_MAX)
		wrong = "its erase blocks are too large";
	else if (!info.wrong && config->offset + config->size > info.size)
		wrong = "ends beyond the end of the flash";
	if (wrong) {
		log_error("hako: disk '%s': flash: %s\n", config->name, wrong);
		return NULL;
	}
	disk = heap_alloc(sizeof(*disk));
	flash_disk_init(disk, config->name, (uint32_t)config->offset, (uint32_t)config->size,
			config->writable);
	return &disk->block;
}

/**
 * Whether all that was written is in the flash. Otherwise it goes there now, and @p waits, which must not
 * be ready, is made ready when that has been done or has failed.
 */
bool vm_flash_settle(struct vm *waits)
{
	if (!thread || flash_disk_settle())
		return true;
	waiter = waits;
	return false;
}

/** Whether @p by will be made ready, whatever its thread waits for by then. */
bool vm_flash_is_awaited(const struct vm *by)
{
	return waiter == by;
}
