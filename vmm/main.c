/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/console/console.h"
#include "vmm/irq.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/run.h"
#include "vmm/service.h"
#include "vmm/stop.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#define VMM_VERSION "0.1"

extern char __bss_end[];

void vmm_main(const struct boot_info *info);

static struct bundle bundle;
static struct system_config config;

/** The early boot has checked the bundle; a difference now means that memory fails. */
static void read_bundle(const struct boot_info *info)
{
	unsigned part;
	const void *const bytes = mmu_bundle_window(info->bundle, BUNDLE_TABLE_MAX);
	const enum bundle_error error =
		bundle_parse(bytes, BUNDLE_TABLE_MAX, info->bundle_size, &bundle, &part);

	if (error != BUNDLE_OK)
		panic("bundle: %s (part %u) after it was found good; does the RAM work?\n",
		      bundle_error_text(error), part);
}

/** Makes the VMs of the bundle. */
static bool make_vms(const struct boot_info *info)
{
	for (unsigned n = 0; n < config.vm_count; n++) {
		struct vm_room *const room = heap_alloc(sizeof(*room));

		if (vm_create(&room->vm, n, &config, info, &bundle) != STATUS_OK)
			return false;
	}
	return true;
}

/**
 * Those that start with the board are ready. Not before all is made: to do that has preempt points,
 * at which one that is ready would run, on a stack that is not a VM's.
 */
static void start_vms(void)
{
	for (unsigned n = 0; n < config.vm_count; n++)
		if (config.vm[n].autostart)
			vm_ask(vm_get(n), VM_START);
}

/** All of start-up. The order matters down to the line; each step uses the one before. */
void vmm_main(const struct boot_info *info)
{
	mmu_init(info);
	console_init();
	log_set_sink(console_write);
	log_info("hako: %s on %s, %u MiB of RAM\n", VMM_VERSION, board.name,
		 (unsigned)(info->ram_size / MIB));
	stop_remember_image();

	heap_init(__bss_end, (size_t)(VMM_IMAGE + VMM_IMAGE_SIZE - (uint32_t)(uintptr_t)__bss_end),
		  false);
	irq_init();
	timer_init();
	log_set_clock(timer_now, CLOCK_HZ);
	read_bundle(info);

	run_init();
	if (config_read(&bundle, info, &config) != STATUS_OK ||
	    service_make(&config, info, &bundle) != STATUS_OK || !make_vms(info) ||
	    service_start() != STATUS_OK)
		stop_board(1); /* the reason has been logged */
	start_vms();
	irq_begin();
	run_begin();
}
