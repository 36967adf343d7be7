/* SPDX-License-Identifier: Apache-2.0 */
/* What is wanted of a VM by its guest and by the monitor: neither is lost, nor undone by the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/vm_request.h"

static unsigned waiting;

static int setup(void **state)
{
	waiting = VM_NOTHING;
	return 0;
}

static void ask(enum vm_request what)
{
	waiting = vm_request_add(waiting, what);
}

/** As the VM's thread does. */
static enum vm_request next(void)
{
	const enum vm_request what = vm_request_first(waiting);

	if (what != VM_PAUSE)
		waiting = vm_request_after(waiting, what);
	return what;
}

static void each_is_carried_out_once(void **state)
{
	static const enum vm_request all[] = { VM_START, VM_RESET, VM_POWER_OFF, VM_STOP };

	for (unsigned i = 0; i < 4; i++) {
		ask(all[i]);
		assert_int_equal(next(), all[i]);
		assert_int_equal(next(), VM_NOTHING);
	}
}

static void a_pause_does_not_make_a_power_off_forgotten(void **state)
{
	ask(VM_POWER_OFF);
	ask(VM_PAUSE);
	assert_int_equal(next(), VM_POWER_OFF);
	assert_int_equal(next(), VM_NOTHING); /* there is nothing left to pause */
}

static void nor_a_reset(void **state)
{
	ask(VM_RESET);
	ask(VM_PAUSE);
	assert_int_equal(next(), VM_PAUSE);
	ask(VM_RESUME);
	assert_int_equal(next(), VM_RESET);
	assert_int_equal(next(), VM_NOTHING);
}

/** A watchdog whose time runs on in a pause. */
static void a_guest_does_not_end_its_pause(void **state)
{
	ask(VM_PAUSE);
	assert_int_equal(next(), VM_PAUSE);
	ask(VM_RESET);
	assert_int_equal(next(), VM_PAUSE);
	ask(VM_RESUME);
	assert_int_equal(next(), VM_RESET);
}

static void the_monitor_ends_a_pause(void **state)
{
	ask(VM_PAUSE);
	ask(VM_RESET_NOW);
	assert_int_equal(next(), VM_RESET);
	assert_int_equal(next(), VM_NOTHING);
	ask(VM_PAUSE);
	ask(VM_STOP);
	assert_int_equal(next(), VM_STOP);
	assert_int_equal(next(), VM_NOTHING);
	ask(VM_PAUSE);
	ask(VM_RESUME);
	assert_int_equal(next(), VM_NOTHING);
}

static void a_guest_does_not_undo_a_stop(void **state)
{
	ask(VM_STOP);
	ask(VM_RESET);
	ask(VM_POWER_OFF);
	assert_int_equal(next(), VM_STOP);
	assert_int_equal(next(), VM_NOTHING);
}

static void a_guest_that_is_reset_and_off_is_off(void **state)
{
	ask(VM_RESET);
	ask(VM_POWER_OFF);
	assert_int_equal(next(), VM_POWER_OFF);
	assert_int_equal(next(), VM_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_is_carried_out_once, setup),
		cmocka_unit_test_setup(a_pause_does_not_make_a_power_off_forgotten, setup),
		cmocka_unit_test_setup(nor_a_reset, setup),
		cmocka_unit_test_setup(a_guest_does_not_end_its_pause, setup),
		cmocka_unit_test_setup(the_monitor_ends_a_pause, setup),
		cmocka_unit_test_setup(a_guest_does_not_undo_a_stop, setup),
		cmocka_unit_test_setup(a_guest_that_is_reset_and_off_is_off, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
