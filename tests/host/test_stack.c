/* SPDX-License-Identifier: Apache-2.0 */
/* The station's stack: lwIP behind net/stack, with frames that are made here, byte by byte. */
#include "tests/host/stack_fixture.h"

#include <string.h>

#include "devemu/clock.h"
#include "net/frame.h"

static int setup(void **state)
{
	stack_fixture_start();
	return 0;
}

static struct stack_counters count(void)
{
	struct stack_counters now;

	stack_counters(&now);
	return now;
}

static void it_says_that_it_is_there(void **state)
{
	assert_int_equal(1, stack_sent_first);
	assert_memory_equal("\xff\xff\xff\xff\xff\xff", stack_sent[0], 6);
	assert_int_equal(0x0806, get_be16(stack_sent[0] + 12));
	assert_memory_equal(stack_station_ip, stack_sent[0] + 28, 4);
}

static void its_address_can_be_asked_for(void **state)
{
	stack_come_arp(1, true);
	assert_int_equal(1, stack_sent_count);
	assert_memory_equal(stack_host_mac, stack_sent[0], 6);
	assert_int_equal(2, get_be16(stack_sent[0] + 20));
	assert_memory_equal(stack_station_mac, stack_sent[0] + 22, 6);
}

static void a_ping_is_answered_when_the_hosts_address_is_known(void **state)
{
	const struct stack_counters before = count();

	stack_come_echo(100, 0);
	assert_int_equal(1, stack_sent_count); /* a question: where is it? */
	assert_int_equal(0x0806, get_be16(stack_sent[0] + 12));
	stack_come_arp(2, false);
	assert_int_equal(2, stack_sent_count); /* what waited for that */
	assert_int_equal(14 + 20 + 8 + 100, stack_sent_length[1]);
	stack_come_echo(1472, 0);
	assert_int_equal(3, stack_sent_count);
	assert_int_equal(0, stack_sent[2][34]);
	assert_int_equal(0, inet_checksum(stack_sent[2] + 14, 20, 0));
	assert_int_equal(0, inet_checksum(stack_sent[2] + 34, 1480, 0));
	stack_come_echo(1472, 1); /* a wrong checksum */
	assert_int_equal(3, stack_sent_count);
	assert_int_equal(before.icmp + 1, count().icmp);
}

static void what_was_learned_is_forgotten_without_anybody_waking_for_it(void **state)
{
	stack_come_arp(1, true);
	stack_come_echo(10, 0);
	assert_int_equal(2, stack_sent_count);
	assert_int_equal(0x0800, get_be16(stack_sent[1] + 12));
	assert_true(stack_run(stack_now) == CLOCK_NEVER);
	stack_now += 400ull * CLOCK_HZ;
	assert_true(stack_run(stack_now) == CLOCK_NEVER);
	stack_come_echo(10, 0);
	assert_int_equal(3, stack_sent_count);
	assert_int_equal(0x0806, get_be16(stack_sent[2] + 12));
}

static void an_address_is_asked_for_a_few_times_only(void **state)
{
	unsigned rounds = 0;

	stack_come_echo(10, 0);
	for (uint64_t until; (until = stack_run(stack_now)) != CLOCK_NEVER; rounds++) {
		assert_true(until > stack_now && until <= stack_now + CLOCK_HZ);
		stack_now = until;
		assert_true(rounds < 20);
	}
	assert_in_range(stack_sent_count, 2, 6);
}

/** Of a frame of the other protocol from the host; returns where its payload begins. */
static uint32_t put_header(uint8_t *frame, uint32_t length, bool snap)
{
	memcpy(frame, stack_station_mac, 6);
	memcpy(frame + 6, stack_host_mac, 6);
	return stack_put_type(frame, length, snap);
}

static void frames_of_the_other_protocol_are_handed_over(void **state)
{
	static const uint8_t payload[] = "twelve bytes";
	uint8_t frame[128] = { 0 };
	const uint32_t plain = put_header(frame, 12, false);
	const unsigned others = count().other;

	assert_int_equal(14, plain);
	memcpy(frame + plain, payload, 12);
	stack_come(frame, 60, true);
	assert_int_equal(1, stack_received_count);
	assert_int_equal(46, stack_received_length); /* with the padding */
	assert_memory_equal(payload, stack_received, 12);

	const uint32_t snap = put_header(frame, 12, true);

	assert_int_equal(22, snap);
	memcpy(frame + snap, payload, 12);
	stack_come(frame, 60, true);
	assert_int_equal(2, stack_received_count);
	assert_int_equal(12, stack_received_length);
	assert_memory_equal(payload, stack_received, 12);
	/* A length that the frame does not have, or too short for the header; another protocol's. */
	put_be16(frame + 12, 47);
	stack_come(frame, 60, true);
	put_be16(frame + 12, 7);
	stack_come(frame, 60, true);
	put_be16(frame + 12, 20);
	frame[20] ^= 1;
	stack_come(frame, 60, true);
	assert_int_equal(2, stack_received_count);
	assert_int_equal(others + 3, count().other);
	assert_int_equal(0, stack_sent_count);
}

static void a_vm_cannot_speak_the_other_protocol(void **state)
{
	uint8_t frame[64] = { 0 };
	const unsigned before = count().posed;

	put_header(frame, 12, false);
	stack_come(frame, 60, false);
	put_header(frame, 12, true);
	stack_come(frame, 60, false);
	assert_int_equal(0, stack_received_count);
	assert_int_equal(before + 2, count().posed);
}

static void a_short_frame_has_zeros_behind_it(void **state)
{
	static const uint8_t zeros[46];
	uint8_t frame[16] = { 0 };

	put_header(frame, 0, false);
	stack_come(frame, 14, true);
	assert_int_equal(1, stack_received_count);
	assert_int_equal(46, stack_received_length);
	assert_memory_equal(zeros, stack_received, 46);
	put_be16(frame + 12, 0x0800);
	stack_come(frame, 14, true);
	assert_int_equal(0, stack_sent_count);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		IT(it_says_that_it_is_there),
		IT(its_address_can_be_asked_for),
		IT(a_ping_is_answered_when_the_hosts_address_is_known),
		IT(what_was_learned_is_forgotten_without_anybody_waking_for_it),
		IT(an_address_is_asked_for_a_few_times_only),
		IT(frames_of_the_other_protocol_are_handed_over),
		IT(a_vm_cannot_speak_the_other_protocol),
		IT(a_short_frame_has_zeros_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
