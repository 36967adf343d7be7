/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a VM that is another board's window: what was written is there before the register that
 * follows, and a VM waits for that only while there is something to wait for. Two boards on a wire; the
 * station's thread runs whenever the VM's sleeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/arm/mmu.h"
#include "devemu/remote.h"
#include "domain/shadow_track.h"
#include "tests/host/remote_fixture.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/remote/peers.h"
#include "vmm/remote/remote_command.h"
#include "vmm/remote/remote_memory.h"
#include "vmm/remote/station.h"
#include "vmm/run.h"
#include "vmm/vm.h"
#include "vmm/vm_devices.h"

#include <stdlib.h>
#include <string.h>

#define RAM     0x00100000u /* GPA */
#define RAM_HPA 0x08000000u
#define PICTURE (RAM + 7 * TRACKED_PAGE)
#define SECOND  1000000u /* of the wire's time */

static uint8_t ram[8 * TRACKED_PAGE];
static uint8_t heap[4096] __attribute__((aligned(HEAP_ALIGN)));
static struct vm vm;
static struct device dev;
static const struct window_config place = { .base = PICTURE,
					    .size = TRACKED_PAGE,
					    .is_memory = true };
static const struct remote_window_config config = { .name = "picture" };
static bool is_ready;
static unsigned sleeps;

/* ---- what is around it ------------------------------------------------------------------------- */

void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

void *mmu_guest_window(hpa_t at)
{
	assert_in_range(at.raw, RAM_HPA, RAM_HPA + sizeof(ram) - TRACKED_PAGE);
	return ram + (at.raw - RAM_HPA);
}

bool shadow_track_open(struct shadow *sh, struct mem_tracker *tracker, uint32_t va,
		       const struct guest_translation *t)
{
	tracker->open[0] |= 1;
	return true;
}

void shadow_track_close(struct shadow *sh, struct mem_tracker *tracker,
			void (*was_open)(struct mem_tracker *tracker, unsigned page))
{
	if (tracker->open[0])
		was_open(tracker, 0);
	tracker->open[0] = 0;
}

struct device *vm_device_add_memory(struct vm *v, const struct device_ops *ops,
				    struct mem_region *region)
{
	dev = (struct device){ .ops = ops, .clock = &v->clock, .deadline_at = CLOCK_NEVER };
	return &dev;
}

struct peer *peers_get(unsigned n)
{
	return &boards[n];
}

void station_wake(void)
{
}

void run_set_ready(struct vm *v, bool ready)
{
	is_ready |= ready;
}

static uint64_t clock_now(const struct clock *clock)
{
	return now;
}

static void set_deadline(const struct clock *clock, struct device *device_of, uint64_t when)
{
	device_of->deadline_at = when;
}

/** The station's thread runs until the VM's is ready. For ever is ten minutes here. */
void remote_access_sleep(struct vm *v)
{
	const uint64_t end = now + 600 * SECOND;

	sleeps++;
	for (is_ready = false; !is_ready; run(1000)) {
		assert_true(now < end);
		remote_memory_run(0, now);
	}
}

/* ---- a guest ----------------------------------------------------------------------------------- */

static void guest_writes(uint32_t offset, uint32_t value)
{
	const struct remote_memory_backend *const backend = dev.backend;

	vm.vcpu.found.va = vm.vcpu.found.t.gpa.raw = PICTURE + offset;
	backend->write(backend, offset, 4, value);
}

static bool is_up(void)
{
	return boards[0].session.is_up;
}

static uint8_t served[DEVICE_SIZE]; /* what board 1 has */

static enum remote_result write_block(const struct server_window *w, uint32_t offset,
				      const void *from, uint32_t length)
{
	memcpy(served + offset, from, length);
	return REMOTE_OK;
}

static const struct server_window *windows[1];
static struct server_window picture;
static struct remote_target target;

static int start(void **state)
{
	target = *other_window.target;
	target.write_block = write_block;
	picture = other_window;
	picture.name = "picture";
	picture.target = &target;
	windows[0] = &picture;
	memset(served, 0, sizeof(served));
	memset(ram, 0, sizeof(ram));
	memset(heap, 0, sizeof(heap));
	heap_init(heap, sizeof(heap), true);
	wire_set_up(state);
	board_config[1].windows = windows;
	board_config[1].window_count = 1;
	peer_init(&boards[0], &board_config[0]);
	peer_init(&boards[1], &board_config[1]);
	vm = (struct vm){ .clock = { clock_now, set_deadline } };
	vm.mem.region[0] = (struct mem_region){
		.base = RAM, .size = sizeof(ram), .kind = MEM_RAM, .hpa = hpa(RAM_HPA)
	};
	assert_true(remote_memory_make(&vm, &place, &config));
	remote_memory_run(0, now); /* attached, before there is a session */
	peer_start(&boards[0], now);
	peer_start(&boards[1], now);
	sleeps = 0;
	return 0;
}

static int end(void **state)
{
	remote_memory_detach(&vm);
	return wire_tear_down(state);
}

static void what_was_written_is_there_before_what_follows(void **state)
{
	run(5 * SECOND);
	for (uint32_t n = 0; n < 20; n++) {
		const uint32_t offset = n * 204u, value = n * 0x01010101u;

		guest_writes(offset, value);
		remote_memory_flush(&vm, 0);
		assert_memory_equal(served + offset, &value, 4);
		assert_int_equal(sleeps, n + 1);
	}
	remote_memory_flush(&vm, 0);
	assert_int_equal(sleeps, 20);
}

static void without_a_session_nobody_waits(void **state)
{
	wire_cut = true;
	guest_writes(0, 1);
	remote_memory_flush(&vm, 0);
	assert_int_equal(sleeps, 0);
}

static void a_session_may_end_meanwhile(void **state)
{
	run(5 * SECOND);
	guest_writes(0, 1);
	wire_cut = true;
	remote_memory_flush(&vm, 0);
	guest_writes(0, 2);
	remote_memory_flush(&vm, 0);
	assert_in_range(sleeps, 1, 2);
	assert_false(is_up());
}

/* The window was not open, so it is not told that it is not any more. */
static void a_session_may_end_before_the_window_is_open(void **state)
{
	guest_writes(0, 1);
	assert_true(run_until(is_up, 20 * SECOND));
	wire_cut = true;
	remote_memory_flush(&vm, 0);
	assert_int_equal(sleeps, 1);
	assert_false(is_up());
	/* The next one gets it. */
	wire_cut = false;
	assert_true(run_until(is_up, 20 * SECOND));
	remote_memory_flush(&vm, 0);
	assert_int_equal(served[0], 1);
}

static void a_window_that_is_refused_is_not_waited_for(void **state)
{
	picture.name = "another";
	guest_writes(0, 1);
	assert_true(run_until(is_up, 20 * SECOND));
	remote_memory_flush(&vm, 0);
	assert_in_range(sleeps, 0, 1);
	assert_true(is_up());
	assert_false(remote_memory_waits(&vm, 0));
}

/* Whatever the other board says instead of opening it. */
static void nor_one_that_is_no_window(void **state)
{
	picture.capabilities.irq_count = REMOTE_IRQS_MAX + 1;
	guest_writes(0, 1);
	assert_true(run_until(is_up, 20 * SECOND));
	remote_memory_flush(&vm, 0);
	assert_in_range(sleeps, 0, 1);
	assert_true(is_up());
	assert_false(remote_memory_waits(&vm, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_there_before_what_follows,
						start, end),
		cmocka_unit_test_setup_teardown(without_a_session_nobody_waits, start, end),
		cmocka_unit_test_setup_teardown(a_session_may_end_meanwhile, start, end),
		cmocka_unit_test_setup_teardown(a_session_may_end_before_the_window_is_open, start,
						end),
		cmocka_unit_test_setup_teardown(a_window_that_is_refused_is_not_waited_for, start,
						end),
		cmocka_unit_test_setup_teardown(nor_one_that_is_no_window, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
