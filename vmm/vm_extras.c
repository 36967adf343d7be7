/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of a VM that the board does not have: virtio, and models at other places. */
#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "devemu/inert.h"
#include "devemu/pl031.h"
#include "devemu/pl031_regs.h"
#include "devemu/virtio_blk.h"
#include "devemu/virtio_console.h"
#include "devemu/virtio_net.h"
#include "devemu/virtio_rng.h"
#include "net/switch.h"
#include "vcpu/guest_abi.h"
#include "vmm/slots/boot_mark.h"
#include "vmm/console/console.h"
#include "vmm/entropy.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/copy.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/start/loader.h"
#include "vmm/remote/peers.h"
#include "vmm/service.h"
#include "vmm/timer.h"
#include "vmm/vm_devices.h"
#include "vmm/disk/vm_disk.h"
#include "vmm/vm_remake.h"

/* Proxies that are decoded between two preempt points: each takes up to 600 instructions. */
#define DECODED_AT_ONCE 2u

_Static_assert(PROXY_TABLE_MIN % DECODED_AT_ONCE == 0, "a table is a multiple of that");
_Static_assert(DMA_SLOTS <= WINDOW_VM_COUNT, "a window for each slot");
_Static_assert(VMS_MAX <= WINDOW_VMS_MAX, "and for each VM");

/**
 * Memory of the VM for its devices: its RAM and nothing else, page by page, past its caches. The page
 * of its vectors that the VMM may have a copy of is out of reach: the copy would not follow. RAM is
 * one range, the same for as long as there is a VM, so what is mapped stays right.
 */
static void *map(const struct dma *dma, gpa_t at, uint32_t *length, bool write, enum dma_slot slot)
{
	struct vm *const vm = (struct vm *)((const char *)dma - offsetof(struct vm, dma));
	const struct mem_region *const ram = &vm->mem.region[vm->mem.ram];
	const uint32_t in_page = at.raw & (DMA_PAGE - 1);
	struct dma_mapping *const m = &vm->dma.mapped[slot];
	hpa_t page;

	if (at.raw - ram->base >= ram->size || ram->kind != MEM_RAM)
		return 0;
	page = mem_region_hpa(ram, gpa(at.raw - in_page));
	if (write && vm->shadow.copied - page.raw < DMA_PAGE)
		return 0;
	if (*length > DMA_PAGE - in_page)
		*length = DMA_PAGE - in_page;
	*m = (struct dma_mapping){ .page = at.raw - in_page + 1u,
				   .host = page.raw,
				   .at = mmu_vm_window(vm->number, slot, page) };
	return m->at + in_page;
}

/** NULL, and a message, if the network does not take the device's port. */
static const void *network_make(struct vm *vm, struct device *dev, unsigned n)
{
	const struct virtio_config *const config = &vm->config->virtio[n];
	struct virtio_net_backend *const backend = heap_alloc(sizeof(*backend));
	struct port *const port = heap_alloc(sizeof(*port));
	enum status status;

	port->ops = &virtio_net_port_ops;
	port->name = vm->name;
	port->owner = dev;
	config_address(vm->config, vm->number, n, port->address);
	status = switch_attach(service_network(config->network), port);
	if (status != STATUS_OK) {
		log_error("hako: %s: virtio device %u: %s\n", vm->name, n,
			  status == STATUS_OVERLAP
				  ? "another device on its network has its address; give it a `mac`"
				  : "its network has no port left; at most 12 devices are on one");
		return 0;
	}
	backend->port = port;
	return backend;
}

static const void *backend_make(struct vm *vm, struct device *dev, unsigned n)
{
	const struct virtio_config *const config = &vm->config->virtio[n];
	struct virtio_blk_params *params;
	struct entropy_source *source;

	switch (config->type) {
	case VIRTIO_NETWORK:
		return network_make(vm, dev, n);
	case VIRTIO_BLOCK:
		params = heap_alloc(sizeof(*params));
		params->read_only = config->read_only;
		dev->params = params;
		return vm_disk(config->disk);
	case VIRTIO_ENTROPY:
		source = heap_alloc(sizeof(*source));
		entropy_source_init(source, vm->number * CONFIG_VIRTIO_MAX + n);
		return &source->backend;
	case VIRTIO_CONSOLE:
		return console_backend_virtio(vm, dev, n);
	}
	return 0;
}

/* Seconds since 1970 by the board's clock, 0 if it has none, and the host time at which it was read. */
static struct {
	bool is_read;
	uint32_t seconds;
	uint64_t at;
} board_clock;

/** Reads the board's clock before any VM runs: one that has it directly may set it, for itself alone. */
static void read_board_clock(void)
{
	if (board_clock.is_read)
		return;
	board_clock.is_read = true;
	board_clock.at = timer_now();
	for (unsigned i = 0; i < board.window_count; i++)
		if (strcmp(board.windows[i].name, "rtc") == 0)
			board_clock.seconds = *(const volatile uint32_t *)mmu_device_window(
				hpa(board.windows[i].base + PL031_DR), 4);
}

/** The models that a description adds to those of the board. */
static enum status add_models(struct vm *vm, const struct system_config *config)
{
	for (unsigned i = 0; i < vm->config->window_count; i++) {
		const struct window_config *const window = &vm->config->window[i];
		const struct remote_window_config *const remote =
			window->remote == CONFIG_NONE ? NULL : &config->remote[window->remote];
		struct device *dev;

		if (window->is_memory) {
			if (!remote_memory_make(vm, window, remote))
				return STATUS_BAD_CONFIG;
			continue;
		}
		dev = vm_device_add(vm, window->model->ops, window->base, window->size);
		if (!dev)
			return STATUS_BAD_CONFIG;
		dev->params = window->model->params;
		if (window->model->ops == &pl031_ops)
			dev->backend = &vm->rtc;
		if (remote)
			remote_window_make(vm, dev, window, remote);
		if (window->interrupt != CONFIG_NONE)
			vm_device_connect(vm, dev, window->interrupt);
		preempt_point();
	}
	return STATUS_OK;
}

/** What the VMM needs itself: zeros are there, so that the guest's drivers find nothing. */
static enum status add_inert(struct vm *vm)
{
	for (unsigned row = 0; row < board.window_count; row++)
		if (vm->config->row[row] == ROW_INERT &&
		    !vm_device_add(vm, &inert_ops, board.windows[row].base,
				   board.windows[row].size))
			return STATUS_BAD_CONFIG;
	return STATUS_OK;
}

/** The virtio devices that the VM's description lists, each in a window of a page. */
static enum status add_virtio(struct vm *vm)
{
	static const struct device_ops *const ops[] = { [VIRTIO_NETWORK] = &virtio_net_ops,
							[VIRTIO_BLOCK] = &virtio_blk_ops,
							[VIRTIO_CONSOLE] = &virtio_console_ops,
							[VIRTIO_ENTROPY] = &virtio_rng_ops };

	vm->dma.map = map;
	vm->dma.barred = &vm->shadow.copied;
	for (unsigned n = 0; n < vm->config->virtio_count; n++) {
		struct device *const dev =
			vm_device_add(vm, ops[vm->config->virtio[n].type],
				      VM_VIRTIO_BASE + n * VM_VIRTIO_SIZE, VM_VIRTIO_SIZE);

		if (!dev)
			return STATUS_BAD_CONFIG;
		dev->dma = &vm->dma;
		dev->backend = backend_make(vm, dev, n);
		if (!dev->backend)
			return STATUS_BAD_CONFIG;
		vm_device_connect(vm, dev, board.virtio_input[n]);
		preempt_point();
	}
	return STATUS_OK;
}

/** Makes all devices that the VM's description adds to those of the board. */
enum status vm_extras_make(struct vm *vm, const struct system_config *config)
{
	enum status status;

	preempt_point();
	vm_note_memory(vm, config);
	preempt_point();
	read_board_clock();
	status = add_inert(vm);
	if (status == STATUS_OK)
		status = add_models(vm, config);
	return status == STATUS_OK ? add_virtio(vm) : status;
}

/**
 * Zeros for the VM's first start. Its RAM may hold what is not for it: the bundle as it was loaded,
 * with guests and disks of other VMs, and what those had there before the board's reset.
 */
void vm_extras_clear(struct vm *vm)
{
	const struct mem_region *const ram = &vm->mem.region[vm->mem.ram];

	/* What is another board's window lies behind it. */
	for (uint32_t at = 0; at < vm->config->memory; at += DMA_PAGE / 2) {
		uint8_t *const page = mmu_guest_window(hpa(ram->hpa.raw + (at & ~(DMA_PAGE - 1))));

		clear_bytes(page + at % DMA_PAGE, DMA_PAGE / 2);
		preempt_point();
	}
}

/** Seconds since 1970, if the board's clock knows them. */
uint32_t vm_extras_board_seconds(void)
{
	read_board_clock();
	return board_clock.seconds + (uint32_t)((timer_now() - board_clock.at) / CLOCK_HZ);
}

/** The VM starts: its time is 0 now. */
void vm_extras_start(struct vm *vm)
{
	boot_mark_vm_started(vm->number); /* takes its time, on a card */
	vm->rtc.seconds_at_start = vm_extras_board_seconds();
}

/**
 * Decodes the proxies of a VM into its table; returns how many there are. Others run in between, if it is
 * made anew while they do: the VM is off, and does not know of the table yet.
 */
unsigned vm_extras_decode(struct vm *vm, struct proxy *table)
{
	unsigned used = 0;

	for (unsigned at = 0; at < vm->vcpu.proxy_count; at += DECODED_AT_ONCE) {
		used += loader_decode(vm->bundle, vm->boot, vm->number, table, at,
				      at + DECODED_AT_ONCE);
		preempt_point();
	}
	return used;
}
