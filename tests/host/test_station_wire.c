/* SPDX-License-Identifier: Apache-2.0 */
/* The way of the protocol's frames between the chip and the protocol, with a chip that never runs dry. */
#include "vmm/remote/station_wire.h"

#include "net/stack/stack.h"
#include "vmm/idle.h"
#include "vmm/irq.h"
#include "vmm/lib/check.h"
#include "vmm/remote/station.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FLOOD  1000u
#define LENGTH 60u

bool idle_now;
const struct idle_work *idle_work;

static struct port station = { .address = { 2, 0, 0, 0, 0, 1 } };
static struct uplink uplink;
static struct vm thread;
static struct device deadline;
static unsigned left, received, runs, most_in_a_row, in_a_row;
static unsigned interrupts, requests;
static bool is_for_others, one_comes_late;
static enum station_taken next_taken;

void panic(const char *format, ...)
{
	fail_msg("panic: %s", format);
	abort();
}

bool irq_dispatch(void)
{
	if (!interrupts)
		return false;
	interrupts--;
	return true;
}

uint64_t timer_now(void)
{
	return 1;
}

void switch_drop(struct port *from, enum port_drop why)
{
}

uint32_t stack_put_type(uint8_t *bytes, uint32_t length, bool snap)
{
	return FRAME_HEADER;
}

uint32_t stack_find_payload(const uint8_t *bytes, uint32_t *length)
{
	if (is_for_others)
		return 0;
	*length -= FRAME_HEADER;
	return FRAME_HEADER;
}

static void one_is_gone(void)
{
	assert_true(left > 0);
	left--;
	if (++in_a_row > most_in_a_row)
		most_in_a_row = in_a_row;
}

static uint32_t chip_look(uint32_t *words)
{
	memset(words, 0, 4 * NIC_LOOK);
	memcpy((uint8_t *)words + 2, station.address, MAC_LENGTH);
	if (!left && one_comes_late) {
		one_comes_late = false;
		left = 1;
		return 0;
	}
	return left ? LENGTH : 0;
}

static void chip_read(uint32_t *words, uint32_t at, uint32_t count)
{
	memset(words, 0, 4 * count);
}

static uint32_t chip_receive(uint8_t *frame)
{
	if (!left)
		return 0;
	one_is_gone();
	return LENGTH;
}

static void chip_take_frames(bool on)
{
}

static unsigned chip_serve(void)
{
	return left ? NIC_RECEIVED : 0;
}

static const struct nic_driver chip = { .serve = chip_serve,
					.receive = chip_receive,
					.look = chip_look,
					.read = chip_read,
					.drop = one_is_gone,
					.take_frames = chip_take_frames };

static void request(struct uplink *asking)
{
	requests++;
}

static void set_deadline(const struct clock *clock, struct device *dev, uint64_t at)
{
}

static bool protocol_receive(struct mac from, const uint8_t *payload, uint32_t length)
{
	received++;
	return true;
}

static enum station_taken protocol_take(struct mac from, const uint8_t *payload, uint32_t length)
{
	received += next_taken != STATION_LEFT;
	return next_taken;
}

static enum station_taken protocol_go_on(void)
{
	return next_taken;
}

static uint64_t protocol_run(uint64_t now)
{
	runs++;
	in_a_row = 0;
	return UINT64_MAX;
}

static uint64_t protocol_next(void)
{
	return UINT64_MAX;
}

static const struct station_protocol protocol = { .receive = protocol_receive,
						  .take = protocol_take,
						  .go_on = protocol_go_on,
						  .run = protocol_run,
						  .next = protocol_next };

static void take_all(void)
{
	while (uplink.nic->receive((uint8_t *)uplink.bytes))
		;
	uplink.nic->take_frames(true);
}

static int start(void **state)
{
	station.mac = mac_at(station.address);
	uplink.nic = &chip;
	uplink.request = request;
	thread.clock.set_deadline = set_deadline;
	station_wire_init(&station, &uplink, false);
	station_wire_connect(&thread, &deadline);
	station_set_protocol(&protocol);
	return 0;
}

/** Whoever fills the wire keeps nobody from sending, nor from finding out that a session is over. */
static void a_flood_does_not_keep_the_protocol_from_its_turn(void **state)
{
	is_for_others = false;
	left = FLOOD;
	received = most_in_a_row = in_a_row = 0;
	station_wake();
	take_all();
	assert_int_equal(received, FLOOD);
	assert_in_range(most_in_a_row, 1, 16);
}

/** Nobody else could make anything of it, and it would have to be sent again. */
static void a_frame_that_comes_behind_the_look_is_the_protocols_all_the_same(void **state)
{
	is_for_others = false;
	one_comes_late = true;
	left = received = 0;
	take_all();
	assert_int_equal(received, 0);
	assert_int_equal(left, 1); /* it interrupts now */
	take_all();
	assert_int_equal(received, 1);
}

static void frames_of_others_do_not_either(void **state)
{
	is_for_others = true;
	left = FLOOD;
	runs = 0;
	take_all();
	assert_int_equal(runs, 0);
	/* Once, and not only when the flood is over. */
	left = FLOOD;
	station_wake();
	in_a_row = 0;
	take_all();
	assert_int_equal(runs, 1);
	assert_in_range(in_a_row, FLOOD - 16, FLOOD);
}

/** One frame interrupts; returns whether that was all. */
static bool interrupt(bool is_asleep, enum station_taken taken)
{
	left = 1;
	received = requests = 0;
	is_for_others = false;
	idle_now = is_asleep;
	next_taken = taken;
	return !(uplink.nic->serve() & NIC_RECEIVED);
}

static void a_short_frame_is_dealt_with_instead_of_the_sleep(void **state)
{
	assert_false(interrupt(false, STATION_DONE)); /* somebody runs */
	assert_int_equal(left, 1);
	assert_true(interrupt(true, STATION_DONE));
	assert_int_equal(left, 0);
	assert_int_equal(received, 1);
	assert_int_equal(requests, 0);
	assert_false(interrupt(true, STATION_LEFT));
	assert_int_equal(left, 1);
	is_for_others = true;
	assert_true(uplink.nic->serve() & NIC_RECEIVED);
	assert_false(idle_work->work());
}

static void the_rest_is_done_in_steps_behind_interrupts(void **state)
{
	assert_true(interrupt(true, STATION_BEGUN));
	left = 1; /* the next one has to wait: the first one is still needed */
	assert_true(uplink.nic->serve() & NIC_RECEIVED);
	interrupts = 1;
	next_taken = STATION_DONE;
	assert_true(idle_work->work()); /* the interrupt */
	assert_true(uplink.nic->serve() & NIC_RECEIVED);
	assert_true(idle_work->work()); /* the step */
	assert_false(idle_work->work());
	idle_work->end();
	assert_int_equal(requests, 0);
	assert_false(uplink.nic->serve() & NIC_RECEIVED);
}

static void what_is_left_when_somebody_runs_is_the_threads(void **state)
{
	assert_true(interrupt(true, STATION_BEGUN));
	idle_work->end();
	assert_int_equal(requests, 1);
	assert_false(idle_work->work());
	left = 1;
	assert_true(uplink.nic->serve() & NIC_RECEIVED); /* its run() comes first */
	runs = 0;
	take_all();
	assert_int_equal(runs, 1);
	assert_true(interrupt(true, STATION_WAITS));
	assert_int_equal(requests, 1);
	take_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_does_not_keep_the_protocol_from_its_turn),
		cmocka_unit_test(a_frame_that_comes_behind_the_look_is_the_protocols_all_the_same),
		cmocka_unit_test(frames_of_others_do_not_either),
		cmocka_unit_test(a_short_frame_is_dealt_with_instead_of_the_sleep),
		cmocka_unit_test(the_rest_is_done_in_steps_behind_interrupts),
		cmocka_unit_test(what_is_left_when_somebody_runs_is_the_threads),
	};

	return cmocka_run_group_tests_name("station_wire", tests, start, NULL);
}
