/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/service.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "net/uplink.h"
#include "vmm/slots/boot_mark.h"
#include "vmm/console/console.h"
#include "vmm/entropy.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/remote/peers.h"
#include "vmm/reload.h"
#include "vmm/run.h"
#include "vmm/remote/station.h"
#include "vmm/timer.h"
#include "vmm/vm.h"
#include "vmm/disk/vm_disk.h"
#include "vmm/disk/vm_flash.h"

#define NIC_ROW  "ethernet"
#define NIC_SIZE 4096u

/* What the board's Ethernet may use of the CPU, whatever comes over the wire: docs/network.md. */
#define TICKS_PER_MS  (CLOCK_HZ / 1000u)
#define UPLINK_BUDGET (4u * TICKS_PER_MS)
#define UPLINK_PERIOD (10u * TICKS_PER_MS)

static struct vswitch *networks[CONFIG_NETWORKS_MAX];

/* The board's Ethernet, if a network has it. */
static struct uplink *uplink;
static unsigned nic_irq;
static bool wanted;
static struct vm *thread; /* has no guest: it is never on */

/** Called from the board's interrupt: frames wait to be sent on. */
static void request(struct uplink *asking)
{
	wanted = true;
	run_set_ready(thread, true);
}

static void thread_main(void)
{
	for (;;) {
		wanted = false;
		uplink_run(uplink);
		if (!wanted) {
			run_set_ready(thread, false);
			run_others();
		}
	}
}

static bool has_uplink(const struct system_config *config, const struct virtio_config *device)
{
	return device->type == VIRTIO_NETWORK && config->network[device->network].uplink;
}

/** Whether a VM waits for what comes over the wire: windows of other boards. */
static bool uses_boards(const struct vm_config *vm)
{
	for (unsigned n = 0; n < vm->window_count; n++)
		if (vm->window[n].remote != CONFIG_NONE)
			return true;
	return false;
}

/**
 * Of the VMs on the network with the uplink, and those that use other boards, the highest priority: it has
 * the most to lose. What is served to other boards is as urgent as a VM that says nothing.
 */
static int find_priority(const struct system_config *config)
{
	int priority = config_highest_priority(config, has_uplink);

	if (config->serve_count && priority < CONFIG_PRIORITY)
		priority = CONFIG_PRIORITY;
	for (unsigned i = 0; i < config->vm_count; i++)
		if (uses_boards(&config->vm[i]) && config->vm[i].priority > priority)
			priority = config->vm[i].priority;
	return station_priority(config, priority);
}

static enum status uplink_make(const struct system_config *config, struct vswitch *network)
{
	struct vm_room *const room = heap_alloc(sizeof(*room));

	uplink = heap_alloc(sizeof(*uplink));
	uplink_init(uplink, "uplink", board_nic, request);
	for (unsigned n = 0; n < board.irq_count; n++)
		if (strcmp(board.irqs[n].window, NIC_ROW) == 0)
			nic_irq = board.irqs[n].irq;
	thread = &room->vm;
	memcpy(thread->name, "hako", sizeof("hako"));
	thread->needs_no_space = true; /* what it gives to VMs goes past their caches */
	thread->sched = (struct sched_entity){ .priority = find_priority(config),
					       .budget = UPLINK_BUDGET,
					       .period = UPLINK_PERIOD,
					       .takes_rest = true };
	run_add(thread, thread_main);

	const enum status status = switch_attach(network, &uplink->port);

	return status == STATUS_OK ? station_make(config, network, uplink, thread->sched.priority)
				   : status;
}

/**
 * Makes disks and networks; VMs refer to them by their place in the description. Called before there
 * is a VM, as the thread has the VMM's own first-level table.
 */
enum status service_make(struct system_config *config, const struct boot_info *info,
			 struct bundle *bundle)
{
	reload_init(config, info, bundle);
	console_make_rooms(config->vm_count);
	console_set_options((uint8_t)config->escape, config->prefix);
	for (unsigned n = 0; n < config->network_count; n++) {
		networks[n] = heap_alloc(sizeof(*networks[n]));
		switch_init(networks[n], config->network[n].name, timer_now);
		if (config->network[n].uplink) {
			const enum status status = uplink_make(config, networks[n]);

			if (status != STATUS_OK)
				return status;
		}
	}
	/* There is room in RAM for what the disks and other boards get, or neither is made. */
	if (boot_mark_claim(config, info, bundle) != STATUS_OK ||
	    vm_disks_make(config, info, bundle) != STATUS_OK)
		return STATUS_BAD_CONFIG;
	boot_mark_find(config);
	return peers_make(config, info, bundle);
}

/** Starts the board's Ethernet, when all ports are known; all consoles are, too. */
enum status service_start(void)
{
	reload_vms_made();
	console_start();
	if (!uplink)
		return STATUS_OK;
	for (unsigned i = 0; i < board.window_count; i++) {
		const struct board_window *const row = &board.windows[i];

		if (strcmp(row->name, NIC_ROW) != 0)
			continue;
		if (uplink_start(uplink, mmu_device_window(hpa(row->base), NIC_SIZE)) != STATUS_OK)
			break;
		board.irqchip_driver->unmask(nic_irq);
		log_info(
			"hako: network %s: the board's Ethernet is %02x:%02x:%02x:%02x:%02x:%02x\n",
			uplink->port.on->name, uplink->address[0], uplink->address[1],
			uplink->address[2], uplink->address[3], uplink->address[4],
			uplink->address[5]);
		station_start();
		peers_start();
		return STATUS_OK;
	}
	log_error(
		"hako: the board's Ethernet does not answer; leave `uplink` out of the description\n");
	return STATUS_NOT_FOUND;
}

/** Another description is in force, with the same networks and disks. */
void service_configured(const struct system_config *config)
{
	console_set_options((uint8_t)config->escape, config->prefix);
	if (thread) {
		thread->sched.priority = find_priority(config);
		station_configured(thread->sched.priority);
	}
	vm_flash_configured(config);
	run_order();
}

/** Network @p n of the description. */
struct vswitch *service_network(unsigned n)
{
	CHECK(n < CONFIG_NETWORKS_MAX && networks[n]);
	return networks[n];
}

/**
 * Serves the board's Ethernet if that is what interrupts, and the VMM's. The moment of any interrupt but
 * the timer's is one that nobody in here has chosen.
 */
bool service_interrupt(unsigned irq)
{
	entropy_add((uint32_t)timer_now());
	if (!uplink)
		return false;
	if (irq != nic_irq)
		return peers_interrupt(irq);
	uplink_interrupt(uplink);
	return true;
}

/** Before the board ends: false if @p waits, which is not ready, is to wait until disks are written. */
bool service_settle(struct vm *waits)
{
	return vm_flash_settle(waits);
}

/** Whether @p by, which is off, will be made ready when disks are written. */
bool service_is_awaited(const struct vm *by)
{
	return vm_flash_is_awaited(by);
}
