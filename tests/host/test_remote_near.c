/* SPDX-License-Identifier: Apache-2.0 */
/* The short way to a card controller's FIFO: loads and stores in a row are one trap, with all that each does. */
#include "vmm/remote/remote_near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "arch/arm/user_access.h"
#include "vmm/remote/remote_card.h"
#include "vmm/remote/remote_command.h"
#include "vmm/vm.h"

#define CODE 0xc0100f00u
#define LR   8u /* what the core adds for a data abort */

/* With rd in bits 12 to 15. */
#define LDR_R0   0xe5900000u /* ldr rd, [r0] */
#define LDR_R0_4 0xe5900004u
#define STR_R0   0xe5800000u
#define RD(n)    ((uint32_t)(n) << 12)

static struct vm vm;
static struct remote_card card;
static struct remote_window window;
static struct device device;
static uint32_t code[0x100 / 4 + 8];
static unsigned news;
static uint32_t fifo[32];
static unsigned fifo_count;
static bool has_job;

uint32_t user_fetch(uint32_t va)
{
	assert_in_range(va, CODE, CODE + sizeof(code) - 4);
	return code[(va - CODE) / 4];
}

void remote_queue_news(const struct remote_window *w)
{
	news++;
}

/* The front end. */

uint32_t pl181_front_read(struct pl181_front *front, uint32_t offset)
{
	return offset;
}

void pl181_front_write(struct pl181_front *front, uint32_t offset, uint32_t value)
{
	fifo[0] = value;
}

uint32_t pl181_front_read_fifo(struct pl181_front *front)
{
	front->count--;
	return fifo[fifo_count++];
}

void pl181_front_write_fifo(struct pl181_front *front, uint32_t value)
{
	fifo[fifo_count++] = value;
	has_job = fifo_count == 6;
	if (has_job)
		front->gathered = PL181_DATA_MAX;
}

bool pl181_front_has_job(const struct pl181_front *front)
{
	return has_job;
}

static struct trap_frame *const frame = &vm.vcpu.frame;

static int start(void **state)
{
	memset(&vm, 0, sizeof(vm));
	memset(&card, 0, sizeof(card));
	memset(code, 0, sizeof(code));
	window = (struct remote_window){ .card = &card, .vm = &vm };
	device.backend = &window.backend;
	card.is_known = true;
	for (unsigned n = 0; n < 32; n++)
		fifo[n] = 0x100 + n;
	for (unsigned n = 0; n < 15; n++)
		frame->r[n] = 0xee00 + n;
	fifo_count = news = 0;
	has_job = false;
	card.front.count = 32;
	card.front.is_sending = true;
	card.front.to_take = 4096;
	frame->exc_lr = CODE + LR;
	return 0;
}

static const struct device_ops *near(void)
{
	return remote_near(&window.backend, 0);
}

static void expect(unsigned insns, unsigned words)
{
	assert_int_equal(frame->exc_lr, CODE + 4 * (insns - 1) + LR);
	assert_int_equal(fifo_count, words);
}

/* The first one's register is fast_mmio.S's to set. */
static void loads_in_a_row_are_one_trap(void **state)
{
	code[0] = LDR_R0 | RD(3);
	code[1] = LDR_R0 | RD(4);
	code[2] = LDR_R0 | RD(12);
	code[3] = LDR_R0 | RD(14);
	code[4] = 0xe2522004u; /* subs r2, r2, #4 */
	assert_int_equal(near()->read(&device, PL181_FIFO, 4), 0x100);
	expect(4, 4);
	assert_int_equal(frame->r[3], 0xee03);
	assert_int_equal(frame->r[4], 0x101);
	assert_int_equal(frame->r[12], 0x102);
	assert_int_equal(frame->r[14], 0x103);
	assert_int_equal(frame->r[5], 0xee05);
}

static void a_run_ends_where_something_else_begins(void **state)
{
	static const uint32_t others[] = {
		LDR_R0_4 | RD(4),               /* another register of the device */
		LDR_R0 | RD(3),                 /* what has been loaded already */
		LDR_R0 | RD(0),                 /* the base */
		LDR_R0 | RD(15),                /* pc */
		STR_R0 | RD(4),                 /* a store */
		(LDR_R0 | RD(4)) ^ 0x40000000u, /* a condition */
		(LDR_R0 | RD(4)) ^ 0x10000u,    /* another base */
		0xffffffffu,
	};

	for (unsigned n = 0; n < sizeof(others) / sizeof(others[0]); n++) {
		(void)start(state);
		code[0] = LDR_R0 | RD(3);
		code[1] = others[n];
		assert_int_equal(near()->read(&device, PL181_FIFO, 4), 0x100);
		expect(1, 1);
	}
}

static void a_load_of_its_base_is_alone(void **state)
{
	code[0] = LDR_R0 | RD(0);
	code[1] = LDR_R0 | RD(3);
	(void)near()->read(&device, PL181_FIFO, 4);
	expect(1, 1);
}

static void no_more_is_loaded_than_there_is(void **state)
{
	for (unsigned n = 0; n < 12; n++)
		code[n] = LDR_R0 | RD(n + 1);
	card.front.count = 3;
	(void)near()->read(&device, PL181_FIFO, 4);
	expect(3, 3);
}

static void a_run_is_bounded(void **state)
{
	for (unsigned n = 0; n < 12; n++)
		code[n] = LDR_R0 | RD(n + 1);
	(void)near()->read(&device, PL181_FIFO, 4);
	expect(8, 8);
}

/* What is behind the smallest page may not be there. */
static void a_run_stays_in_its_page(void **state)
{
	frame->exc_lr = CODE + 0xf8 + LR;
	code[0xf8 / 4] = LDR_R0 | RD(3);
	code[0xfc / 4] = LDR_R0 | RD(4);
	code[0x100 / 4] = LDR_R0 | RD(5);
	(void)near()->read(&device, PL181_FIFO, 4);
	assert_int_equal(frame->exc_lr, CODE + 0xfc + LR);
	assert_int_equal(fifo_count, 2);
}

static void stores_in_a_row_are_one_trap(void **state)
{
	code[0] = STR_R0 | RD(3);
	code[1] = STR_R0 | RD(4);
	code[2] = STR_R0 | RD(4);
	code[3] = STR_R0 | RD(0);
	code[4] = STR_R0 | RD(15);
	near()->write(&device, PL181_FIFO, frame->r[3], 4);
	expect(4, 4);
	assert_int_equal(fifo[0], 0xee03);
	assert_int_equal(fifo[1], 0xee04);
	assert_int_equal(fifo[2], 0xee04);
	assert_int_equal(fifo[3], 0xee00);
	assert_int_equal(news, 0);
}

static void stores_stop_where_the_other_board_is_to_be_told(void **state)
{
	for (unsigned n = 0; n < 8; n++)
		code[n] = STR_R0 | RD(3);
	near()->write(&device, PL181_FIFO, 1, 4);
	expect(6, 6);
	assert_int_equal(news, 1);
}

static void other_registers_are_alone(void **state)
{
	code[0] = LDR_R0 | RD(3);
	code[1] = LDR_R0 | RD(4);
	assert_int_equal(near()->read(&device, PL181_STATUS, 4), PL181_STATUS);
	expect(1, 0);
	near()->write(&device, PL181_CLEAR, 7, 4);
	expect(1, 0);
	assert_int_equal(fifo[0], 7);
}

static void nothing_is_near_before_the_agent_is_known(void **state)
{
	assert_null(remote_near(&window.backend, PL181_FRONT_END));
	card.is_known = false;
	assert_null(near());
	window.card = NULL;
	assert_null(near());
}

#define NEAR_TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NEAR_TEST(loads_in_a_row_are_one_trap),
		NEAR_TEST(a_run_ends_where_something_else_begins),
		NEAR_TEST(a_load_of_its_base_is_alone),
		NEAR_TEST(no_more_is_loaded_than_there_is),
		NEAR_TEST(a_run_is_bounded),
		NEAR_TEST(a_run_stays_in_its_page),
		NEAR_TEST(stores_in_a_row_are_one_trap),
		NEAR_TEST(stores_stop_where_the_other_board_is_to_be_told),
		NEAR_TEST(other_registers_are_alone),
		NEAR_TEST(nothing_is_near_before_the_agent_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
