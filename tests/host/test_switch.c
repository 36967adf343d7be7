/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "devemu/clock.h"
#include "net/switch.h"
#include "tests/xorshift.h"
#include "vmm/lib/preempt.h"

#define PORTS 5u

/* Ports 0 to 2 are fixed, at addresses 02:00:00:00:00:01 and on; 3 and 4 are open. */
static struct vswitch sw;
static struct port ports[PORTS];
static struct {
	enum port_result answer;
	unsigned deliveries, resumes;
	bool is_ready_meanwhile; /* it had room, which is not enough */
	uint8_t last[FRAME_HEADER];
} fake[PORTS];
static uint64_t now;
static uint32_t seed;

static unsigned preempt_points;

void preempt_hook(void)
{
	preempt_points++;
}

static uint64_t get_now(void)
{
	return now;
}

static enum port_result fake_deliver(struct port *port, struct frame *frame)
{
	const unsigned n = (unsigned)(port - ports);

	if (fake[n].is_ready_meanwhile)
		switch_port_ready(port);
	if (fake[n].answer == PORT_TAKEN) {
		fake[n].deliveries++;
		memcpy(fake[n].last, frame->head, FRAME_HEADER);
	}
	return fake[n].answer;
}

static void fake_resume(struct port *port)
{
	fake[port - ports].resumes++;
}

static const struct port_ops fake_ops = { fake_deliver, fake_resume };

static uint32_t random_below(uint32_t limit)
{
	return xorshift32(&seed) % limit;
}

static void station(uint8_t *mac, unsigned n)
{
	memset(mac, 0, MAC_LENGTH);
	mac[0] = 2;
	mac[4] = (uint8_t)(n >> 8);
	mac[5] = (uint8_t)n;
}

static int setup(void **state)
{
	memset(ports, 0, sizeof(ports));
	memset(fake, 0, sizeof(fake));
	now = 1;
	seed = 1;
	switch_init(&sw, "lan0", get_now);
	for (unsigned n = 0; n < PORTS; n++) {
		ports[n].ops = &fake_ops;
		ports[n].open = n >= 3;
		if (!ports[n].open)
			station(ports[n].address, n + 1);
		assert_int_equal(switch_attach(&sw, &ports[n]), STATUS_OK);
	}
	return 0;
}

#define BROADCAST 0xffffu
#define MULTICAST 0xfffeu

static bool send(unsigned from, unsigned source, unsigned destination, bool may_wait)
{
	uint32_t words[15] = { 0 };
	uint8_t *const bytes = (uint8_t *)words;
	struct frame frame = { .length = 60, .head = bytes, .head_length = 60 };

	station(bytes, destination);
	if (destination == BROADCAST)
		memset(bytes, 0xff, MAC_LENGTH);
	if (destination == MULTICAST)
		bytes[0] = 1;
	station(bytes + 6, source);
	if (source == MULTICAST)
		bytes[6] = 3;
	frame_restart(&frame);
	return switch_send(&ports[from], &frame, may_wait);
}

static void expect_deliveries(unsigned a, unsigned b, unsigned c, unsigned d, unsigned e)
{
	const unsigned expected[PORTS] = { a, b, c, d, e };

	for (unsigned n = 0; n < PORTS; n++) {
		assert_int_equal(fake[n].deliveries, expected[n]);
		fake[n].deliveries = 0;
	}
}

static void a_fixed_address_is_found_and_nobody_else_hears_of_it(void **state)
{
	assert_true(send(0, 1, 2, true));
	expect_deliveries(0, 1, 0, 0, 0);
	assert_int_equal(ports[0].counters.in, 1);
	assert_int_equal(ports[0].counters.in_bytes, 60);
	assert_int_equal(ports[0].counters.delivered, 1);
	assert_int_equal(ports[1].counters.out, 1);
	assert_int_equal(ports[1].counters.out_bytes, 60);
}

static void broadcast_and_multicast_go_to_all_others(void **state)
{
	preempt_points = 0;
	assert_true(send(0, 1, BROADCAST, true));
	expect_deliveries(0, 1, 1, 1, 1);
	assert_int_equal(preempt_points, 3); /* between its receivers */
	assert_true(send(3, 77, MULTICAST, true));
	expect_deliveries(1, 1, 1, 0, 1);
	assert_int_equal(ports[0].counters.copies, 3);
	assert_int_equal(ports[3].counters.copies, 3);
}

static void an_unknown_address_is_looked_for_behind_the_open_ports_only(void **state)
{
	assert_true(send(0, 1, 99, true));
	expect_deliveries(0, 0, 0, 1, 1);
	assert_true(send(3, 77, 99, true));
	expect_deliveries(0, 0, 0, 0, 1);
}

static void a_station_is_learned_and_moves(void **state)
{
	assert_true(send(3, 77, 1, true));
	expect_deliveries(1, 0, 0, 0, 0);
	assert_true(send(0, 1, 77, true));
	expect_deliveries(0, 0, 0, 1, 0);
	assert_true(send(4, 77, BROADCAST, true));
	expect_deliveries(1, 1, 1, 1, 0);
	assert_true(send(0, 1, 77, true));
	expect_deliveries(0, 0, 0, 0, 1);
}

static void a_station_that_is_silent_is_forgotten_after_its_time(void **state)
{
	assert_true(send(3, 77, 1, true));
	expect_deliveries(1, 0, 0, 0, 0);
	now += (uint64_t)SWITCH_AGE_SECONDS * CLOCK_HZ - 1;
	assert_true(send(0, 1, 77, true));
	expect_deliveries(0, 0, 0, 1, 0);
	now += 1;
	assert_true(send(0, 1, 77, true));
	expect_deliveries(0, 0, 0, 1, 1);
	assert_true(send(3, 77, 1, true));
	assert_true(send(0, 1, 77, true));
	expect_deliveries(1, 0, 0, 1, 0);
}

static void a_port_can_be_forgotten(void **state)
{
	assert_true(send(3, 77, 1, true));
	assert_true(send(4, 78, 1, true));
	expect_deliveries(2, 0, 0, 0, 0);
	switch_forget(&sw, &ports[3]);
	assert_true(send(0, 1, 77, true));
	expect_deliveries(0, 0, 0, 1, 1);
	assert_true(send(0, 1, 78, true));
	expect_deliveries(0, 0, 0, 0, 1);
}

static void a_full_table_forgets_what_is_oldest(void **state)
{
	for (unsigned n = 0; n < 1000; n++) {
		now++;
		assert_true(send(3, 1000 + n, 1, true));
	}
	expect_deliveries(1000, 0, 0, 0, 0);

	/* The last one is known, and of the last few most. */
	unsigned known = 0;

	for (unsigned n = 984; n < 1000; n++) {
		assert_true(send(0, 1, 1000 + n, true));
		known += fake[4].deliveries == 0;
		fake[4].deliveries = 0;
	}
	assert_true(known >= 12);
	fake[3].deliveries = 0;
	assert_true(send(0, 1, 1999, true));
	expect_deliveries(0, 0, 0, 1, 0);
}

static void nobody_sends_from_an_address_that_is_not_his(void **state)
{
	assert_true(send(0, 2, 3, true));         /* another VM's */
	assert_true(send(0, 50, 3, true));        /* a made-up one */
	assert_true(send(0, MULTICAST, 3, true)); /* a group's */
	assert_true(send(3, 1, 2, true));         /* a VM's, from outside */
	assert_true(send(3, MULTICAST, 2, true));
	expect_deliveries(0, 0, 0, 0, 0);
	assert_int_equal(ports[0].counters.dropped[PORT_DROP_SPOOFED], 3);
	assert_int_equal(ports[3].counters.dropped[PORT_DROP_SPOOFED], 2);
}

static void what_stays_behind_a_port_does_not_come_back(void **state)
{
	assert_true(send(3, 77, 78, true));
	assert_true(send(3, 78, 77, true));
	assert_int_equal(ports[3].counters.dropped[PORT_DROP_LOCAL], 1);
	expect_deliveries(0, 0, 0, 0, 1);
	assert_true(send(0, 1, 1, true));
	assert_int_equal(ports[0].counters.dropped[PORT_DROP_LOCAL], 1);
}

static void a_frame_that_is_too_short_is_none(void **state)
{
	uint32_t words[4] = { 0 };
	struct frame frame = { .length = 13, .head = (uint8_t *)words, .head_length = 13 };

	assert_true(switch_send(&ports[0], &frame, true));
	assert_int_equal(ports[0].counters.dropped[PORT_DROP_MALFORMED], 1);
	assert_int_equal(ports[0].counters.in, 1);
}

static void the_last_port_has_nobody_to_send_to(void **state)
{
	static struct port alone;

	memset(&alone, 0, sizeof(alone));
	alone.ops = &fake_ops;
	station(alone.address, 1);
	switch_init(&sw, "lan1", get_now);
	assert_int_equal(switch_attach(&sw, &alone), STATUS_OK);
	uint32_t words[15] = { 0xffffffff, 0x0002ffff, 0x01000000 };
	struct frame frame = { .length = 60, .head = (uint8_t *)words, .head_length = 60 };

	assert_true(switch_send(&alone, &frame, true));
	assert_int_equal(alone.counters.dropped[PORT_DROP_NOBODY], 1);
}

static void a_full_receiver_holds_the_sender_until_it_has_room(void **state)
{
	fake[1].answer = PORT_LATER;
	assert_false(send(0, 1, 2, true));
	assert_false(send(2, 3, 2, true));
	assert_int_equal(ports[0].counters.held, 1);
	assert_int_equal(ports[0].counters.in, 0);

	fake[1].answer = PORT_TAKEN;
	switch_port_ready(&ports[1]);
	assert_int_equal(fake[0].resumes, 1);
	assert_int_equal(fake[2].resumes, 1);
	assert_int_equal(fake[1].resumes + fake[3].resumes + fake[4].resumes, 0);
	assert_true(send(0, 1, 2, true));
	expect_deliveries(0, 1, 0, 0, 0);
	switch_port_ready(&ports[1]);
	assert_int_equal(fake[0].resumes, 1);
}

static void who_has_waited_in_vain_drops_and_then_nobody_waits(void **state)
{
	fake[1].answer = PORT_LATER;
	assert_false(send(0, 1, 2, true));
	assert_true(send(0, 1, 2, false));
	assert_int_equal(ports[0].counters.dropped[PORT_DROP_FULL], 1);
	assert_true(send(2, 3, 2, true));
	assert_int_equal(ports[2].counters.dropped[PORT_DROP_FULL], 1);
	switch_port_ready(&ports[1]);
	assert_false(send(2, 3, 2, true));
}

static void who_did_not_wait_in_vain_stops_nobody_from_waiting(void **state)
{
	fake[1].answer = PORT_LATER;
	assert_true(send(2, 3, 2, false));
	assert_false(send(0, 1, 2, true));
	fake[1].answer = PORT_TAKEN;
	assert_true(send(0, 1, 2, true));
	fake[1].answer = PORT_LATER;
	assert_true(send(0, 1, 2, false));
	assert_false(send(0, 1, 2, true));
}

/** The dropped frames of a port. */
static unsigned dropped(unsigned n)
{
	unsigned sum = 0;

	for (unsigned why = 0; why < PORT_DROP_COUNT; why++)
		sum += ports[n].counters.dropped[why];
	return sum;
}

/* A frame takes several buffers, with preempt points: a receiver that gives some is no dead one. */
static void a_receiver_that_had_room_meanwhile_is_waited_for(void **state)
{
	fake[1].answer = PORT_LATER;
	assert_false(send(0, 1, 2, true));
	fake[1].is_ready_meanwhile = true;
	assert_true(send(0, 1, 2, false)); /* it has waited long enough */
	assert_int_equal(1, ports[0].counters.dropped[PORT_DROP_FULL]);
	fake[1].is_ready_meanwhile = false;
	assert_false(send(2, 3, 2, true));
	assert_false(send(0, 1, 2, true));
	/* But one that has none for as long as that, is not. */
	assert_true(send(0, 1, 2, false));
	assert_true(send(2, 3, 2, true));
}

static void who_gives_up_stops_nobody_from_waiting(void **state)
{
	uint32_t words[15] = { 0 };
	const struct frame frame = { .length = 60,
				     .head = (const uint8_t *)words,
				     .head_length = 60 };

	fake[1].answer = PORT_LATER;
	assert_false(send(0, 1, 2, true));
	assert_false(send(2, 3, 2, true));
	switch_give_up(&ports[0], &frame);
	assert_int_equal(1, ports[0].counters.in);
	assert_int_equal(1, ports[0].counters.dropped[PORT_DROP_FULL]);
	/* The other one waits, and a third one may. */
	assert_false(send(2, 3, 2, true));
	assert_false(send(3, 9, 2, true));
	switch_port_ready(&ports[1]);
	assert_int_equal(0, fake[0].resumes);
	assert_int_equal(1, fake[2].resumes);
	assert_int_equal(1, fake[3].resumes);
}

static void who_knows_the_port_sends_to_it_whatever_the_address_says(void **state)
{
	uint32_t words[15] = { 0 };
	struct frame frame = { .length = 60, .head = (const uint8_t *)words, .head_length = 60 };

	station((uint8_t *)words, 2); /* the address of a fixed port */
	station((uint8_t *)words + 6, 1);
	frame_restart(&frame);
	assert_true(switch_send_to(&ports[0], &ports[3], &frame, true));
	expect_deliveries(0, 0, 0, 1, 0);
	fake[3].answer = PORT_LATER;
	assert_false(switch_send_to(&ports[0], &ports[3], &frame, true));
	switch_port_ready(&ports[3]);
	assert_int_equal(1, fake[0].resumes);
	fake[3].answer = PORT_DOWN;
	assert_true(switch_send_to(&ports[0], &ports[3], &frame, true));
	assert_int_equal(2, ports[0].counters.in);
	assert_int_equal(1, ports[0].counters.delivered);
	assert_int_equal(1, dropped(0));
	assert_false(switch_is_busy(&sw));
}

static void a_flood_waits_for_nobody(void **state)
{
	fake[1].answer = PORT_LATER;
	fake[2].answer = PORT_DOWN;
	assert_true(send(0, 1, BROADCAST, true));
	expect_deliveries(0, 0, 0, 1, 1);
	assert_int_equal(ports[0].counters.dropped[PORT_DROP_FULL], 1);
	assert_int_equal(ports[0].counters.dropped[PORT_DROP_DOWN], 1);
	assert_int_equal(ports[0].counters.delivered, 2);
}

static void where_an_unknown_address_can_be_in_one_place_only_the_sender_waits(void **state)
{
	fake[4].answer = PORT_LATER;
	assert_false(send(3, 77, 99, true));
	assert_int_equal(ports[3].counters.held, 1);
	switch_port_ready(&ports[4]);
	assert_int_equal(fake[3].resumes, 1);
}

static void ports_that_cannot_be_are_refused(void **state)
{
	static struct port more[SWITCH_PORTS_MAX];
	unsigned added = 0;

	memset(more, 0, sizeof(more));
	assert_int_equal(switch_attach(&sw, &more[0]), STATUS_BAD_CONFIG); /* no address */
	more[0].address[0] = 3;
	assert_int_equal(switch_attach(&sw, &more[0]), STATUS_BAD_CONFIG); /* a group's */
	station(more[0].address, 1);
	assert_int_equal(switch_attach(&sw, &more[0]), STATUS_OVERLAP);
	for (unsigned n = 0; n < SWITCH_PORTS_MAX; n++) {
		station(more[n].address, 10 + n);
		added += switch_attach(&sw, &more[n]) == STATUS_OK;
	}
	assert_int_equal(added, SWITCH_PORTS_MAX - PORTS);
	assert_int_equal(switch_attach(&sw, &more[0]), STATUS_NO_MEMORY);
}

/** Random traffic: whatever goes in is delivered, or dropped for one reason, or still held. */
static void every_frame_is_accounted_for(void **state)
{
	unsigned finished = 0;
	uint32_t delivered = 0, out = 0, deliveries = 0;

	for (unsigned step = 0; step < 200000; step++) {
		const unsigned from = random_below(PORTS);
		const unsigned kind = random_below(12);
		unsigned destination = 1 + random_below(20);
		unsigned source = ports[from].open ? 20 + random_below(10) : from + 1;

		now += random_below(64) << 20;
		for (unsigned n = 0; n < PORTS; n++) {
			if (random_below(16) == 0)
				fake[n].answer = (enum port_result)random_below(3);
			if (random_below(32) == 0)
				switch_port_ready(&ports[n]);
		}
		if (kind == 0)
			destination = BROADCAST;
		else if (kind == 1)
			destination = MULTICAST;
		else if (kind == 2)
			source = random_below(8);
		finished += send(from, source, destination, random_below(2));
	}
	for (unsigned n = 0; n < PORTS; n++) {
		const struct port_counters *const c = &ports[n].counters;
		uint32_t dropped = 0;

		for (unsigned why = 0; why < PORT_DROP_COUNT; why++)
			dropped += c->dropped[why];
		assert_int_equal(c->in + c->copies, c->delivered + dropped);
		assert_int_equal(c->in_bytes, (uint64_t)c->in * 60);
		finished -= c->in;
		delivered += c->delivered;
		out += c->out;
		deliveries += fake[n].deliveries;
		assert_true(c->held > 0);
		assert_true(c->dropped[PORT_DROP_FULL] && c->dropped[PORT_DROP_DOWN] &&
			    c->dropped[PORT_DROP_SPOOFED] && c->dropped[PORT_DROP_LOCAL]);
	}
	assert_int_equal(finished, 0);
	assert_int_equal(delivered, out);
	assert_int_equal(delivered, deliveries);
}

/** One that waits for a port in the middle is resumed; who waits for the last one, still waits. */
static void a_port_is_taken_off(void **state)
{
	fake[1].answer = PORT_LATER;
	fake[2].answer = PORT_LATER;
	assert_true(send(3, 77, 1, true));
	assert_false(send(0, 1, 2, true));  /* waits for 1 */
	assert_false(send(4, 78, 2, true)); /* the same; 4 is the last port */
	assert_false(send(4, 78, 3, true)); /* ... and for 2 */
	assert_false(send(3, 77, 3, true));
	assert_false(switch_is_busy(&sw));
	switch_detach(&ports[1]);
	assert_int_equal(fake[0].resumes, 1);
	assert_int_equal(fake[4].resumes, 1);
	assert_int_equal(sw.port_count, PORTS - 1);
	assert_ptr_equal(sw.port[1], &ports[4]);
	assert_int_equal(ports[4].number, 1);
	assert_int_equal(ports[2].waiters, 1u << 1 | 1u << 3);
	/* Nobody is there any more; the others are. */
	fake[2].answer = PORT_TAKEN;
	expect_deliveries(1, 0, 0, 0, 0);
	switch_port_ready(&ports[2]);
	assert_int_equal(fake[4].resumes, 2);
	assert_int_equal(fake[3].resumes, 1);
	assert_true(send(0, 1, BROADCAST, true));
	expect_deliveries(0, 0, 1, 1, 1);
	/* What was learned behind a port is gone with it; and its address is free. */
	switch_detach(&ports[3]);
	assert_true(send(0, 1, 77, true));
	expect_deliveries(0, 0, 0, 0, 1);
	assert_int_equal(switch_attach(&sw, &ports[1]), STATUS_OK);
	fake[1].answer = PORT_TAKEN;
	assert_true(send(0, 1, 2, true));
	expect_deliveries(0, 1, 0, 0, 0);
	while (sw.port_count > 0)
		switch_detach(sw.port[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_fixed_address_is_found_and_nobody_else_hears_of_it, setup),
		cmocka_unit_test_setup(broadcast_and_multicast_go_to_all_others, setup),
		cmocka_unit_test_setup(an_unknown_address_is_looked_for_behind_the_open_ports_only,
				       setup),
		cmocka_unit_test_setup(a_station_is_learned_and_moves, setup),
		cmocka_unit_test_setup(a_station_that_is_silent_is_forgotten_after_its_time, setup),
		cmocka_unit_test_setup(a_port_can_be_forgotten, setup),
		cmocka_unit_test_setup(a_full_table_forgets_what_is_oldest, setup),
		cmocka_unit_test_setup(nobody_sends_from_an_address_that_is_not_his, setup),
		cmocka_unit_test_setup(what_stays_behind_a_port_does_not_come_back, setup),
		cmocka_unit_test_setup(a_frame_that_is_too_short_is_none, setup),
		cmocka_unit_test_setup(the_last_port_has_nobody_to_send_to, setup),
		cmocka_unit_test_setup(a_full_receiver_holds_the_sender_until_it_has_room, setup),
		cmocka_unit_test_setup(who_has_waited_in_vain_drops_and_then_nobody_waits, setup),
		cmocka_unit_test_setup(who_did_not_wait_in_vain_stops_nobody_from_waiting, setup),
		cmocka_unit_test_setup(a_receiver_that_had_room_meanwhile_is_waited_for, setup),
		cmocka_unit_test_setup(who_gives_up_stops_nobody_from_waiting, setup),
		cmocka_unit_test_setup(who_knows_the_port_sends_to_it_whatever_the_address_says,
				       setup),
		cmocka_unit_test_setup(a_flood_waits_for_nobody, setup),
		cmocka_unit_test_setup(
			where_an_unknown_address_can_be_in_one_place_only_the_sender_waits, setup),
		cmocka_unit_test_setup(ports_that_cannot_be_are_refused, setup),
		cmocka_unit_test_setup(every_frame_is_accounted_for, setup),
		cmocka_unit_test_setup(a_port_is_taken_off, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
