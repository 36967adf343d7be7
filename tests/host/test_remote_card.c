/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card with `on-timeout = "wait"`, and an agent on the other board that loses count of its reports: the guest
 * waits as long as a frame can take, not for as long as there is a session.
 */
#include "net/remote/frame.h"
#include "net/remote/pl181.h"
#include "tests/host/remote_agent_fixture.h"
#include "vmm/remote/remote_card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SLICE 1000u

/* ---- board 1: an agent without a controller ----------------------------------------------------- */

static struct {
	unsigned openings;
	uint32_t serial;
	uint32_t ahead;  /* by so much the next number is wrong */
	bool is_slow;    /* a command's end comes in an event, later */
	uint32_t number; /* of that command's job */
	unsigned commands;
} agent;

static uint32_t make_report(uint8_t *to, uint32_t number, uint32_t status, bool is_busy)
{
	memset(to, 0, PL181_REPORT_DATA);
	frame_put(to + PL181_REPORT_STATUS, status);
	frame_put(to + PL181_REPORT_BUSY, is_busy);
	frame_put(to + PL181_REPORT_SERIAL, agent.serial + agent.ahead);
	frame_put(to + PL181_REPORT_NUMBER, number);
	agent.serial += 1 + agent.ahead;
	agent.ahead = 0;
	return PL181_REPORT_DATA;
}

static enum remote_result agent_call(const struct server_window *w, const uint8_t *in,
				     uint32_t in_length, uint8_t *out, uint32_t *length)
{
	const bool is_command = frame_get(in + PL181_JOB_WHAT) & PL181_SEND;
	const uint32_t number = frame_get(in + PL181_JOB_NUMBER);
	const bool is_slow = is_command && agent.is_slow;

	agent.commands += is_command;
	agent.number = number;
	*length =
		make_report(out, number, is_command && !is_slow ? PL181_CMD_RESP_END : 0, is_slow);
	return REMOTE_OK;
}

static bool agent_work(const struct server_window *w, struct peer *peer, uint64_t at)
{
	return false;
}

static void agent_used(const struct server_window *w, bool in_use)
{
	agent.openings += in_use;
	agent.serial = 0;
}

static enum remote_result chip_read(uint32_t offset, uint32_t *value)
{
	*value = 0;
	return REMOTE_OK;
}

static enum remote_result chip_write(uint32_t offset, uint32_t value)
{
	return REMOTE_OK;
}

/* ---- board 0 ------------------------------------------------------------------------------------ */

static struct remote_card card;
static struct device dev;

static void card_changed(void)
{
	remote_card_changed(&card);
}

static void card_event(const uint8_t *data, uint32_t length)
{
	pl181_front_event(&card.front, data, length);
}

static const struct agent_device device_kind = {
	.name = "card",
	.agent = REMOTE_AGENT_PL181,
	.irq_count = 2,
	.most_accesses = 0,
	.read = chip_read,
	.write = chip_write,
	.call = agent_call,
	.work = agent_work,
	.used = agent_used,
	.changed = card_changed,
	.event = card_event,
};

static int set_up(void **state)
{
	static const struct vm_wire none[CONFIG_LINES_MAX];

	wire_set_up(state);
	memset(&agent, 0, sizeof(agent));
	memset(&card, 0, sizeof(card));
	agent_set_up(&device_kind);
	remote_card_init(&card, &dev, &agent_client, none);
	card.front.is_patient = true;
	agent_connect();
	return 0;
}

/** Time goes by, and the station's thread does what there is to do. */
static void pass(uint64_t ticks)
{
	for (const uint64_t end = now + ticks; now < end; run(SLICE))
		(void)remote_card_run(&card, true, now);
}

static uint32_t ended(void)
{
	return pl181_front_read(&card.front, PL181_STATUS) & PL181_CMD_ENDS;
}

static void command(void)
{
	pl181_front_write(&card.front, PL181_CLEAR, PL181_LATCHED);
	pl181_front_write(&card.front, PL181_COMMAND,
			  13 | PL181_COMMAND_REPLY | PL181_COMMAND_ENABLE);
	(void)remote_card_run(&card, true, now);
}

static void expect_to_work(void)
{
	for (unsigned n = 0; n < 10; n++) {
		command();
		pass(20000);
		assert_int_equal(ended(), PL181_CMD_RESP_END);
	}
}

#define LOST (board_config[0].timing.lost)

static void a_number_too_high_does_not_hold_a_card(void **state)
{
	for (uint32_t ahead = 1; ahead <= 2 * PL181_JOBS; ahead++) {
		const unsigned openings = agent.openings, sessions = boards[0].counters.sessions;

		expect_to_work();
		agent.ahead = ahead;
		command();
		pass(LOST - 10 * SLICE);
		assert_int_equal(ended(), 0);
		assert_int_equal(agent.openings, openings);
		pass(30 * SLICE);
		assert_int_equal(ended(), PL181_CMD_TIMEOUT);
		assert_int_equal(agent.openings, openings + 1);
		assert_int_equal(boards[0].counters.sessions, sessions);
	}
	expect_to_work();
}

/* Its number can be, and the slot of the right one is taken. */
static void nor_does_an_event(void **state)
{
	uint8_t data[PL181_REPORT_DATA] __attribute__((aligned(4)));

	agent.is_slow = true;
	command();
	pass(20000);
	assert_int_equal(ended(), 0);
	agent.ahead = 2;
	(void)make_report(data, agent.number, 0, false);
	assert_true(server_event(&boards[1], board_config[1].windows[1], data, sizeof(data), now));
	pass(LOST - 50 * SLICE);
	assert_int_equal(ended(), 0);
	pass(70 * SLICE);
	assert_int_equal(ended(), PL181_CMD_TIMEOUT);
	assert_int_equal(agent.openings, 2);
	agent.is_slow = false;
	expect_to_work();
}

/* That is what "wait" is for. */
static void a_card_that_takes_its_time_is_waited_for(void **state)
{
	uint8_t data[PL181_REPORT_DATA] __attribute__((aligned(4)));

	agent.is_slow = true;
	command();
	pass(10 * LOST);
	assert_int_equal(ended(), 0);
	(void)make_report(data, agent.number, PL181_CMD_RESP_END, false);
	assert_true(server_event(&boards[1], board_config[1].windows[1], data, sizeof(data), now));
	pass(20000);
	assert_int_equal(ended(), PL181_CMD_RESP_END);
	assert_int_equal(agent.openings, 1);
}

/* Reports that overtake each other are none that are missing. */
static void frames_that_are_lost_are_waited_for(void **state)
{
	uint8_t data[PL181_REPORT_DATA] __attribute__((aligned(4)));

	wire_faults = (struct wire_faults){ 20, 20, 20, 20 };
	for (unsigned n = 0; n < 200; n++) {
		const unsigned before = agent.commands;

		agent.is_slow = n % 2;
		command();
		while (agent.commands == before)
			pass(SLICE);
		if (agent.is_slow) {
			(void)make_report(data, agent.number, PL181_CMD_RESP_END, false);
			while (!server_event(&boards[1], board_config[1].windows[1], data,
					     sizeof(data), now))
				pass(SLICE);
		}
		for (unsigned k = 0; !ended(); k++) {
			assert_in_range(k, 0, 3000);
			pass(SLICE);
		}
		assert_int_equal(ended(), PL181_CMD_RESP_END);
	}
	assert_int_equal(agent.openings, 1);
	assert_int_equal(agent.commands, 200);
}

/* Something else of the guest's is under way in the window: that is answered first. */
static void a_window_that_is_in_use_is_not_closed(void **state)
{
	agent.ahead = 1;
	command();
	for (const uint64_t end = now + 2 * LOST; now < end; run(SLICE))
		(void)remote_card_run(&card, false, now);
	assert_int_equal(agent.openings, 1);
	pass(20 * SLICE);
	assert_int_equal(agent.openings, 2);
	assert_int_equal(ended(), PL181_CMD_TIMEOUT);
}

#define CARD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(a_number_too_high_does_not_hold_a_card),
		CARD_TEST(nor_does_an_event),
		CARD_TEST(a_card_that_takes_its_time_is_waited_for),
		CARD_TEST(frames_that_are_lost_are_waited_for),
		CARD_TEST(a_window_that_is_in_use_is_not_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
