/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/reload.h"

#include "arch/arm/layout.h"
#include "vmm/slots/boot_mark.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/in_steps.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/reload_plan.h"
#include "vmm/run.h"
#include "vmm/service.h"
#include "vmm/vm.h"
#include "vmm/disk/vm_disk.h"
#include "vmm/vm_remake.h"

/* As a VM has that says nothing: it takes turns with those, and waits for what comes before them. */
#define PRIORITY 10

/* What is taken of the heap: a room, and what is of each VM; and what was received. */
#define HEAP_RANGES (2u * VMS_MAX + 1u)
/* ... and of the RAM: that of each VM, and that of the RAM disks. */
#define RAM_RANGES (VMS_MAX + 1u)

static enum { IDLE, RECEIVING, CARRYING_OUT } state;
static struct reload_now now;
static struct reload_plan plan;
static const struct boot_info *boot;
static struct vm *thread; /* has no guest: it is never on */

static uint32_t received;                  /* bytes */
static bool is_wrong;                      /* VMs take more of the heap than they should */
static struct range heap;                  /* what VMs are made in */
static struct range gaps[HEAP_RANGES + 1]; /* ... and what is left of it */
static unsigned gap_count;
static struct range heap_taken[HEAP_RANGES];
static struct range ram_taken[RAM_RANGES];

/* As they are in the heap from the start: vmm/lib/first_fit.c is quicker then. */
static struct range *room_range(unsigned n)
{
	return &heap_taken[2 * n];
}

static struct range *heap_of(unsigned n)
{
	return &heap_taken[2 * n + 1];
}

#define BUFFER (&heap_taken[2u * VMS_MAX])
#define DISKS  (&ram_taken[VMS_MAX])

/** What is left is where the next one is made; what is shown as free is the largest piece. */
static void heap_follow(void)
{
	struct range gap;

	gap_count = find_gaps(heap_taken, HEAP_RANGES, heap, gaps);
	gap = largest_gap(gaps, gap_count);
	heap_init((void *)(uintptr_t)gap.at, gap.size, false);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/** Room for @p size bytes, which is the caller's up to one of the next two. NULL, or why not. */
const char *reload_begin(uint32_t size, uint8_t **bytes)
{
	unsigned n = 0;

	if (is_wrong)
		return "not with this image: vm_heap_size() is wrong; restart the board instead";
	if (state != IDLE)
		return "another one is at work";
	if (size < RELOAD_MIN || size > RELOAD_MAX)
		return "that size is not possible";
	while (n < gap_count && gaps[n].size < size + HEAP_ALIGN)
		n++;
	if (n == gap_count)
		return "there is no room for it in the VMM's heap";
	*BUFFER = (struct range){ align_up(gaps[n].at, HEAP_ALIGN), size };
	*bytes = (uint8_t *)(uintptr_t)BUFFER->at;
	received = size;
	state = RECEIVING;
	return NULL;
}

static void end(void)
{
	*BUFFER = (struct range){ 0, 0 };
	state = IDLE;
}

void reload_abandon(void)
{
	end();
}

/** What has been received is to be in force; the log says soon whether it is. */
void reload_carry_out(void)
{
	state = CARRYING_OUT;
	run_set_ready(thread, true);
}

/* ---- checking -------------------------------------------------------------------------------- */

/** Where each VM that changes will be: in RAM and in the heap. */
static struct {
	struct range ram[RAM_RANGES], heap[HEAP_RANGES];
} next;

static bool place(unsigned n)
{
	const struct vm_config *const vm = &plan.config.vm[n];
	const uint32_t start = board.ram.base.raw + VM_RAM_OFFSET;
	const struct range within = { start, boot->bundle.raw - start };
	struct range *const to = &next.heap[heap_of(n) - heap_taken];
	struct range left[RAM_RANGES + 1];
	uint32_t size, at;

	if (!vm_remake_size(&plan, boot, n, &size))
		return false;
	preempt_point();
	if (!first_fit(next.ram, RAM_RANGES, within, vm->memory, &at)) {
		at = find_gaps(next.ram, RAM_RANGES, within, left);
		return reload_plan_refuse(
			&plan, "%s: no %u MiB in one piece are left; the largest has %u", vm->name,
			(unsigned)(vm->memory / MIB), (unsigned)(largest_gap(left, at).size / MIB));
	}
	next.ram[n] = (struct range){ at, vm->memory };
	preempt_point();
	if (!first_fit(next.heap, HEAP_RANGES, heap, size, &at))
		return reload_plan_refuse(&plan, "%s: its tables need %u KiB of the VMM's heap",
					  vm->name, (unsigned)(size / KIB));
	*to = (struct range){ at, size };
	return true;
}

static bool place_all(void)
{
	memcpy(next.ram, ram_taken, sizeof(next.ram));
	memcpy(next.heap, heap_taken, sizeof(next.heap));
	for (unsigned n = 0; n < plan.config.vm_count; n++)
		if (bit(plan.changed, n)) {
			next.ram[n].size = 0;
			next.heap[heap_of(n) - heap_taken].size = 0;
		}
	for (unsigned n = 0; n < plan.config.vm_count; n++) {
		preempt_point();
		if (bit(plan.changed, n) && !place(n))
			return false;
	}
	preempt_point();
	return true;
}

/** VMs that change are off, and nobody is about to give one a frame. */
static bool all_parked(void)
{
	for (unsigned n = 0; n < plan.config.vm_count; n++) {
		const struct vm *const vm = vm_get(n);

		if (!bit(plan.changed, n))
			continue;
		if (!vm_is_parked(vm))
			return reload_plan_refuse(
				&plan, "%s would change, and is not off; `stop %s` first", vm->name,
				vm->name);
		if (vm_network_busy(vm))
			return reload_plan_refuse(&plan, "a frame is on its way to %s; try again",
						  vm->name);
	}
	return true;
}

/* ---- carrying out ---------------------------------------------------------------------------- */

/** If that is so, it stays so. No preempt point in here: all of them, or none. */
static bool cut_off_all(void)
{
	if (!all_parked())
		return false;
	for (unsigned n = 0; n < plan.config.vm_count; n++)
		if (bit(plan.changed, n))
			vm_cut_off(vm_get(n));
	return true;
}

/** The new description is in force. Others run in between: of what they look at, all stays the same. */
static void commit(void)
{
	for (unsigned n = 0; n < plan.config.vm_count; n++)
		if (bit(plan.changed, n))
			vm_take_apart(vm_get(n));
	copy_in_steps(now.bundle, &plan.bundle, sizeof(plan.bundle));
	copy_in_steps(now.config, &plan.config, sizeof(plan.config));
	memcpy(now.image, plan.image, sizeof(now.image));
	memcpy(now.ramdisk, plan.ramdisk, sizeof(now.ramdisk));
	memcpy(ram_taken, next.ram, sizeof(ram_taken));
	memcpy(heap_taken, next.heap, sizeof(heap_taken));
	service_configured(now.config);
}

/** One VM after the other; others run in between. */
static void remake_all(void)
{
	for (unsigned n = 0; n < now.config->vm_count; n++) {
		struct vm *const vm = vm_get(n);
		uint32_t used;

		if (!bit(plan.changed, n))
			continue;
		used = vm_remake(vm, now.config, hpa(ram_taken[n].at), &plan.tree[n], *heap_of(n));
		if (used > 0)
			heap_of(n)->size = used;
		else
			log_error("hako: reload: %s cannot be made; it stays off\n", vm->name);
		heap_follow();
	}
}

/** The boot record's device stays the VMM's. */
static bool record_is_safe(void)
{
	const char *const wrong = boot_mark_conflict(&plan.config);

	return !wrong || reload_plan_refuse(&plan, "%s", wrong);
}

static void carry_out(void)
{
	const uint8_t *const bytes = (const uint8_t *)(uintptr_t)BUFFER->at;
	unsigned changed;

	if (!reload_plan_make(&plan, &now, bytes, received) || !record_is_safe() || !all_parked() ||
	    !place_all() || !cut_off_all()) {
		log_write_own(LOG_WARN, "hako: reload: refused: %s\n", plan.wrong);
		return;
	}
	commit();
	remake_all();
	changed = (unsigned)__builtin_popcount(plan.changed);
	log_write_own(LOG_INFO, "hako: reload: done: %u VMs made anew, %u left as they are\n",
		      changed, now.config->vm_count - changed);
}

static void thread_main(void)
{
	for (;;) {
		if (state == CARRYING_OUT) {
			preempt_point();
			carry_out();
			end();
		}
		run_set_ready(thread, false);
		run_others();
	}
}

/* ---- the start ------------------------------------------------------------------------------- */

/** Before there is a VM: the thread has the VMM's own first-level table. */
void reload_init(struct system_config *config, const struct boot_info *info, struct bundle *bundle)
{
	struct vm_room *const room = heap_alloc(sizeof(*room));

	boot = info;
	reload_now_init(&now, bundle, config);
	thread = &room->vm;
	memcpy(thread->name, "reload", sizeof("reload"));
	thread->sched.priority = PRIORITY;
	run_add(thread, thread_main);
}

/** All VMs have been made: where they are is where others can be later. */
void reload_vms_made(void)
{
	const uint32_t heap_end = VMM_IMAGE + VMM_IMAGE_SIZE,
		       tail = heap_end - (uint32_t)heap_free();
	uint32_t at = board.ram.base.raw + VM_RAM_OFFSET;

	now.trees = boot->pool.raw + VMM_POOL_DTB - boot->bundle.raw;
	now.tree_step = VMM_POOL_SIZE;
	now.tree_max = VMM_POOL_DTB_SIZE;
	heap = (struct range){ tail, heap_end - tail }; /* without a VM */
	for (unsigned n = 0; n < now.config->vm_count; n++) {
		const uint32_t room = (uint32_t)(uintptr_t)vm_room(vm_get(n));
		const uint32_t first = align_up(room + sizeof(struct vm_room), HEAP_ALIGN);
		const struct vm *const behind = vm_get(n + 1);
		unsigned devices;
		const uint32_t end = behind ? (uint32_t)(uintptr_t)((const char *)behind -
								    offsetof(struct vm_room, vm))
					    : tail;

		if (n == 0)
			heap = (struct range){ room, heap_end - room };
		*room_range(n) = (struct range){ room, first - room };
		*heap_of(n) = (struct range){ first, end - first };
		is_wrong |= end - first > vm_heap_size(now.config, now.bundle, n, &devices);
		ram_taken[n] = (struct range){ at, now.config->vm[n].memory };
		at += now.config->vm[n].memory;
	}
	*DISKS = (struct range){ at, vm_disks_ram(now.config) };
	heap_follow();
}
