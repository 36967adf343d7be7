/* SPDX-License-Identifier: Apache-2.0 */
/* A server whose reports have numbers that they should not have: the guest's card times out, and works again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/remote/frame.h"
#include "net/remote/pl181_front.h"

#define PATIENCE 1000u

static struct pl181_front front;
static struct client_window window;
static struct client_op *asked[PL181_JOBS]; /* the operation of each job, by its number */
static uint64_t now;

enum remote_result client_call(struct client_window *w, struct client_op *op, const void *in,
			       uint32_t length, void *out, uint32_t room, uint64_t at)
{
	const uint32_t number = frame_get((const uint8_t *)in + PL181_JOB_NUMBER);

	op->is_pending = true;
	op->to = out;
	asked[number % PL181_JOBS] = op;
	return REMOTE_OK;
}

void client_cancel(struct client_op *op)
{
	op->is_pending = false;
}

static void show_lines(struct pl181_front *f, uint32_t levels)
{
}

static void report(uint8_t *to, uint32_t serial, uint32_t number, uint32_t status)
{
	memset(to, 0, PL181_REPORT_DATA);
	frame_put(to + PL181_REPORT_STATUS, status);
	frame_put(to + PL181_REPORT_SERIAL, serial);
	frame_put(to + PL181_REPORT_NUMBER, number);
}

static void answer(uint32_t number, uint32_t serial, uint32_t status)
{
	struct client_op *const op = asked[number % PL181_JOBS];

	assert_non_null(op);
	asked[number % PL181_JOBS] = NULL;
	report(op->to, serial, number, status);
	op->length = PL181_REPORT_DATA;
	op->is_pending = false;
	op->done(op, REMOTE_OK);
	pl181_front_run(&front, now);
}

static void event(uint32_t number, uint32_t serial, uint32_t status)
{
	uint8_t data[PL181_REPORT_DATA] __attribute__((aligned(4)));

	report(data, serial, number, status);
	pl181_front_event(&front, data, sizeof(data));
	pl181_front_run(&front, now);
}

/** The guest sends a command; returns the job's number. */
static uint32_t command(void)
{
	const uint32_t number = front.next;

	pl181_front_write(&front, PL181_CLEAR, PL181_LATCHED);
	pl181_front_write(&front, PL181_COMMAND, 13 | PL181_COMMAND_REPLY | PL181_COMMAND_ENABLE);
	pl181_front_run(&front, now);
	return number;
}

static uint32_t ended(void)
{
	return pl181_front_read(&front, PL181_STATUS) & PL181_CMD_ENDS;
}

/** A command that is answered as it should be, a few times. */
static void expect_to_work(uint32_t serial)
{
	for (unsigned n = 0; n < 2 * PL181_JOBS; n++) {
		const uint32_t number = command();

		assert_int_equal(front.next, number + 1);
		answer(number, serial + n, PL181_CMD_RESP_END);
		assert_int_equal(ended(), PL181_CMD_RESP_END);
	}
}

static int start(void **state)
{
	memset(&front, 0, sizeof(front));
	memset(asked, 0, sizeof(asked));
	window = (struct client_window){ .is_open = true };
	front.lines = show_lines;
	front.patience = PATIENCE;
	now = 1;
	pl181_front_init(&front, &window);
	pl181_front_changed(&front);
	pl181_front_run(&front, now);
	answer(0, 0, 0);
	expect_to_work(1);
	return 0;
}

#define NEXT (1u + 2u * PL181_JOBS) /* serial number of the next report */

static void a_number_that_cannot_be_is_no_answer(void **state)
{
	static const uint32_t wrong[] = { NEXT + 100, NEXT - 1, 0, 0x80000000u, 0xffffffffu };

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)start(state);
		answer(command(), wrong[i], PL181_CMD_RESP_END);
		assert_int_equal(ended(), PL181_CMD_TIMEOUT);
		expect_to_work(NEXT);
	}
}

/* One that could be, if there were others before: they are waited for as long as the guest waits. */
static void a_number_too_high_costs_the_guest_its_patience(void **state)
{
	for (uint32_t ahead = 1; ahead <= 2 * PL181_JOBS; ahead++) {
		uint64_t until;

		(void)start(state);
		answer(command(), NEXT + ahead, PL181_CMD_RESP_END);
		assert_int_equal(ended(), 0);
		until = pl181_front_run(&front, now);
		assert_int_equal(until, now + PATIENCE);
		now = until;
		pl181_front_run(&front, now);
		assert_int_equal(ended(), PL181_CMD_TIMEOUT);
		/* Nothing is left of it; what the server says next has the number behind. */
		for (unsigned n = 0; n < PL181_JOBS; n++)
			if (asked[n])
				answer(front.next - 1, NEXT + ++ahead, 0);
		expect_to_work(NEXT + ahead + 1);
	}
}

static void numbers_that_come_twice(void **state)
{
	uint32_t number = command();

	event(number, NEXT + 1, 0);
	answer(number, NEXT, PL181_CMD_RESP_END);
	event(number, NEXT + 1, 0); /* again: it was told */
	event(number, NEXT, 0);
	number = command();
	event(number, NEXT + 2, 0);
	answer(number, NEXT + 2, PL181_CMD_RESP_END);
	for (unsigned n = 0; n < PL181_JOBS; n++)
		assert_false(front.call[n].is_early || front.call[n].is_answered);
	expect_to_work(NEXT + 3);
}

#define WRONG_TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRONG_TEST(a_number_that_cannot_be_is_no_answer),
		WRONG_TEST(a_number_too_high_costs_the_guest_its_patience),
		WRONG_TEST(numbers_that_come_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
