/* SPDX-License-Identifier: Apache-2.0 */
/* The board's end waits for the flash: who that is, while it is written, and what it must not be meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/config/config_window.h"
#include "vmm/disk/flash_disk.h"
#include "vmm/disk/vm_flash.h"
#include "vmm/lib/heap.h"
#include "vmm/run.h"
#include "vmm/service.h"
#include "vmm/timer.h"
#include "vmm/vm_remake.h"

#include <stdlib.h>

static const struct board_window flash_row;
const struct board board = { .windows = &flash_row };
struct vm *run_vm;

static struct vm *flash_thread;
static void (*flash_main)(void);
static struct vm vms[2];
static bool is_clean, is_wanted_back;
static jmp_buf sleeps;

/* ---- what is around it ------------------------------------------------------------------------- */

bool flash_find(const struct flash_bus *bus, struct flash_info *info)
{
	*info = (struct flash_info){ .size = 1 };
	return true;
}

void flash_disks_start(const struct flash_memory *memory, const struct flash_info *info)
{
}

uint64_t flash_disk_work(void)
{
	is_clean |= is_wanted_back;
	return CLOCK_NEVER;
}

bool flash_disk_is_clean(void)
{
	return is_clean;
}

bool flash_disk_settle(void)
{
	is_wanted_back = true;
	return is_clean;
}

unsigned config_find_row(const char *name)
{
	return 0;
}

int config_highest_priority(const struct system_config *config,
			    bool (*has)(const struct system_config *config,
					const struct virtio_config *device))
{
	return 0;
}

volatile uint32_t *mmu_device_window(hpa_t base, uint32_t size)
{
	return NULL;
}

void *mmu_flash_window(hpa_t page)
{
	return NULL;
}

void *mmu_disk_window(hpa_t page)
{
	return NULL;
}

void log_write(int level, const char *format, ...)
{
}

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

static void set_deadline(const struct clock *clock, struct device *dev, uint64_t when)
{
}

void timer_clock_init(struct clock *clock)
{
	clock->set_deadline = set_deadline;
}

void timer_connect(struct vm *vm)
{
}

void timer_add(struct vm *vm)
{
}

uint64_t timer_now(void)
{
	return 0;
}

void run_add(struct vm *vm, void (*entry)(void))
{
	flash_thread = vm;
	flash_main = entry;
}

void run_set_ready(struct vm *vm, bool ready)
{
	vm->sched.ready = ready;
}

void run_others(void)
{
	longjmp(sleeps, 1);
}

bool service_is_awaited(const struct vm *by)
{
	return vm_flash_is_awaited(by);
}

/* ---- the tests --------------------------------------------------------------------------------- */

static void flash_runs(void)
{
	run_vm = flash_thread;
	if (setjmp(sleeps) == 0)
		flash_main();
}

static int start(void **state)
{
	static const struct system_config config;

	vm_flash_start(&config, hpa(0), true);
	is_clean = is_wanted_back = false;
	return 0;
}

static int end(void **state)
{
	free(vm_room(flash_thread));
	return 0;
}

/* It is off, and asleep; but it would be woken in the middle of being made anew. */
static void who_waits_for_the_flash_is_not_made_anew(void **state)
{
	assert_true(vm_is_parked(&vms[0]));
	assert_false(vm_flash_settle(&vms[0]));
	assert_false(vm_is_parked(&vms[0]));
	assert_true(vm_is_parked(&vms[1]));
	flash_runs();
	assert_true(vms[0].sched.ready);
	assert_false(vms[1].sched.ready);
	assert_true(vm_flash_settle(&vms[0]));
	vms[0].sched.ready = false;
	assert_true(vm_is_parked(&vms[0]));
}

/* A second one may end while the first one waits, if the monitor has started it. */
static void the_last_one_is_who_waits(void **state)
{
	assert_false(vm_flash_settle(&vms[0]));
	assert_false(vm_flash_settle(&vms[1]));
	assert_true(vm_is_parked(&vms[0]));
	assert_false(vm_is_parked(&vms[1]));
	flash_runs();
	assert_false(vms[0].sched.ready);
	assert_true(vms[1].sched.ready);
	vms[1].sched.ready = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_waits_for_the_flash_is_not_made_anew, start,
						end),
		cmocka_unit_test_setup_teardown(the_last_one_is_who_waits, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
