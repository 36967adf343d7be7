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

#define PAGE   0x400u
#define MEMORY 0xc2000000u
static uint32_t memory[2 * PAGE / 4];
static bool is_away, is_code_away;
static uint32_t psr; /* that the guest goes on with; 0: as it was */

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

void pl181_front_take(struct pl181_front *front, unsigned count)
{
	assert_in_range(count, 1, front->count);
	front->first += count;
	front->count -= count;
	fifo_count += count;
}

void pl181_front_put(struct pl181_front *front, const uint32_t *words, unsigned count)
{
	assert_in_range(fifo_count + count, 1, sizeof(fifo) / 4);
	memcpy(fifo + fifo_count, words, 4 * count);
	fifo_count += count;
	front->gathered += 4 * count;
	has_job = !pl181_front_has_room(front, PL181_FIFO_WORDS / 2u);
}

/* Memory of the guest, of two pages, of which the second one may be away; and its code. */

static uint32_t *memory_at(uint32_t va, unsigned count)
{
	if (va < MEMORY || va >= MEMORY + (is_away ? PAGE : 2 * PAGE))
		return NULL;
	assert_int_equal(va % 4, 0);
	assert_in_range(count, 1, 8);
	assert_in_range(va % PAGE + 4 * count, 4, PAGE);
	return &memory[(va - MEMORY) / 4];
}

/** The guest's code is read at once, as far as it is in the page of the first instruction. */
static bool load_code(uint32_t pc, uint32_t va, uint32_t *words, unsigned count)
{
	assert_in_range(count, 1, 16);
	assert_in_range(pc, va, va + 4 * count - 4);
	assert_int_equal(va / PAGE, pc / PAGE);
	assert_int_equal((va + 4 * count - 4) / PAGE, pc / PAGE);
	for (unsigned n = 0; n < count; n++, va += 4)
		words[n] = va < CODE ? 0xffffffffu : user_fetch(va);
	return !is_code_away;
}

bool near_load_words(struct trap_frame *of, uint32_t va, uint32_t *words, unsigned count)
{
	const bool is_code = va >> 16 == CODE >> 16;
	const uint32_t *const from = is_code ? NULL : memory_at(va, count);

	if (is_code)
		return load_code(of->exc_lr - LR, va, words, count);
	of->exc_lr = 0xdead; /* an abort leaves nothing of it */
	if (from)
		memcpy(words, from, 4 * count);
	return from;
}

bool near_store_words(struct trap_frame *of, uint32_t va, const uint32_t *words, unsigned count)
{
	uint32_t *const to = memory_at(va, count);

	of->exc_lr = 0xdead;
	if (to)
		memcpy(to, words, 4 * count);
	return to;
}

void near_set_psr(const struct trap_frame *of)
{
	psr = of->cpsr;
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
		card.front.queue[n] = 0x100 + n;
	for (unsigned n = 0; n < 15; n++)
		frame->r[n] = 0xee00 + n;
	fifo_count = news = 0;
	memset(memory, 0, sizeof(memory));
	is_away = is_code_away = false;
	psr = 0;
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

/* The first one's register is fast_mmio.S's to set; it is set before, as a loop may store it. */
static void loads_in_a_row_are_one_trap(void **state)
{
	code[0] = LDR_R0 | RD(3);
	code[1] = LDR_R0 | RD(4);
	code[2] = LDR_R0 | RD(12);
	code[3] = LDR_R0 | RD(14);
	code[4] = 0xe2422004u; /* sub r2, r2, #4 */
	assert_int_equal(near()->read(&device, PL181_FIFO, 4), 0x100);
	expect(4, 4);
	assert_int_equal(frame->r[3], 0x100);
	assert_int_equal(frame->r[4], 0x101);
	assert_int_equal(frame->r[12], 0x102);
	assert_int_equal(frame->r[14], 0x103);
	assert_int_equal(frame->r[5], 0xee05);
}

static void a_run_ends_where_something_else_begins(void **state)
{
	static const uint32_t others[] = {
		LDR_R0_4 | RD(4),               /* another register of the device */
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
	for (unsigned n = 0; n < 24; n++)
		code[n] = LDR_R0 | RD(n % 12 + 1);
	(void)near()->read(&device, PL181_FIFO, 4);
	expect(8, 8);
}

/* A register may be loaded twice: the last value counts, also of the first one's. */
static void the_last_load_counts(void **state)
{
	code[0] = LDR_R0 | RD(3);
	code[1] = LDR_R0 | RD(4);
	code[2] = LDR_R0 | RD(3);
	assert_int_equal(near()->read(&device, PL181_FIFO, 4), 0x102);
	expect(3, 3);
	assert_int_equal(frame->r[3], 0x102);
}

/* As Linux copies from a FIFO. */
static void begin_loading(uint32_t to, uint32_t left)
{
	code[4] = LDR_R0 | RD(3);
	code[5] = LDR_R0 | RD(4);
	code[6] = LDR_R0 | RD(12);
	code[7] = LDR_R0 | RD(14);
	code[8] = 0xe2522004u;  /* subs r2, r2, #4 */
	code[9] = 0xe8a15018u;  /* stmia r1!, {r3, r4, r12, r14} */
	code[10] = 0x5afffff8u; /* bpl to the first one */
	code[11] = 0xe8bd4010u;
	frame->r[1] = to;
	frame->r[2] = left;
	frame->cpsr = 0x30000010u;
	frame->exc_lr = CODE + 16 + LR;
}

static void a_loop_of_loads_is_one_trap(void **state)
{
	begin_loading(MEMORY + 8, 4);
	frame->exc_lr = CODE + 24 + LR; /* its first two are in registers */
	assert_int_equal(near()->read(&device, PL181_FIFO, 4), 0x104);
	assert_int_equal(memory[2], 0xee03);
	assert_int_equal(memory[3], 0xee04);
	for (unsigned n = 0; n < 6; n++)
		assert_int_equal(memory[4 + n], 0x100 + n);
	assert_int_equal(fifo_count, 6);
	assert_int_equal(frame->r[1], MEMORY + 8 + 32);
	assert_int_equal(frame->r[2], 0xfffffffcu);
	assert_int_equal(psr, 0x80000010u);
	/* The way back is not taken: it is the guest's next instruction. */
	assert_int_equal(frame->exc_lr, CODE + 36 + LR);
}

/* It has just been executed, and somebody has taken its rights away. */
static void code_that_cannot_be_read_at_once_is_read_by_the_word(void **state)
{
	is_code_away = true;
	begin_loading(MEMORY + 8, 4);
	frame->exc_lr = CODE + 24 + LR;
	assert_int_equal(near()->read(&device, PL181_FIFO, 4), 0x104);
	assert_int_equal(fifo_count, 6);
	assert_int_equal(frame->exc_lr, CODE + 36 + LR);
	(void)start(state);
	is_code_away = true;
	code[0] = LDR_R0 | RD(3);
	frame->cpsr = 0x50000010u;
	(void)near()->read(&device, PL181_FIFO, 4);
	assert_int_equal(psr, 0x50000010u); /* the abort has taken the flags */
}

static void a_loop_is_bounded(void **state)
{
	begin_loading(MEMORY, 1000);
	assert_int_equal(near()->read(&device, PL181_FIFO, 4), 0x104);
	assert_int_equal(fifo_count, 8);
	assert_int_equal(memory[3], 0x103);
	assert_int_equal(memory[4], 0); /* they are in the registers still */
	assert_int_equal(frame->r[14], 0x107);
	assert_int_equal(frame->exc_lr, CODE + 28 + LR);
}

/* Others wait meanwhile: what is in a loop beside the FIFO's words is bounded, too, with its registers. */
static void a_loop_that_does_much_else_is_cut_short(void **state)
{
	code[0] = LDR_R0 | RD(3);
	code[1] = 0xe8a153f8u; /* stmia r1!, {r3-r9, r12, r14}: nine */
	code[2] = LDR_R0 | RD(3);
	frame->r[1] = MEMORY;
	(void)near()->read(&device, PL181_FIFO, 4);
	expect(1, 1);

	(void)start(state);
	code[0] = LDR_R0 | RD(3);
	code[1] = 0xe8a111f8u; /* stmia r1!, {r3-r8, r12}: seven */
	code[2] = LDR_R0 | RD(3);
	code[3] = 0xe8a111e8u; /* six */
	code[4] = LDR_R0 | RD(3);
	frame->r[1] = MEMORY;
	(void)near()->read(&device, PL181_FIFO, 4);
	expect(3, 2);
	assert_int_equal(frame->r[1], MEMORY + 28);

	(void)start(state);
	for (unsigned n = 1; n < 16; n++)
		code[n] = 0xe2522001u; /* subs r2, r2, #1 */
	code[0] = code[16] = LDR_R0 | RD(3);
	frame->r[2] = 100;
	(void)near()->read(&device, PL181_FIFO, 4);
	expect(15, 1);
	assert_int_equal(frame->r[2], 86);
}

static void a_loop_ends_where_the_guest_would_be_aborted(void **state)
{
	static const uint32_t ends[] = { MEMORY + PAGE - 16, MEMORY + PAGE - 8 };

	for (unsigned n = 0; n < 2; n++) {
		(void)start(state);
		is_away = true;
		begin_loading(ends[n], 8);
		frame->exc_lr = CODE + 24 + LR;
		(void)near()->read(&device, PL181_FIFO, 4);
		/* In front of the second store, or of the first, which is in two pages. */
		assert_int_equal(fifo_count, n ? 2 : 6);
		assert_int_equal(frame->r[1], n ? MEMORY + PAGE - 8 : MEMORY + PAGE);
		assert_int_equal(frame->r[2], n ? 4 : 0);
		assert_int_equal(frame->exc_lr, CODE + 32 + LR);
		assert_int_equal(psr & 0xf0000000u, n ? 0x20000000u : 0x60000000u);
	}
}

static void a_loop_of_stores_is_one_trap(void **state)
{
	code[4] = 0xe8b15018u; /* ldmia r1!, {r3, r4, r12, r14} */
	code[5] = 0xe2522004u;
	code[6] = STR_R0 | RD(3);
	code[7] = STR_R0 | RD(4);
	code[8] = STR_R0 | RD(12);
	code[9] = STR_R0 | RD(14);
	code[10] = 0x5afffff8u;
	code[11] = 0xe8bd4010u;
	for (unsigned n = 0; n < 12; n++)
		memory[n] = 0x200 + n;
	frame->r[1] = MEMORY + 4;
	frame->r[2] = 4;
	frame->exc_lr = CODE + 32 + LR;
	near()->write(&device, PL181_FIFO, frame->r[12], 4);
	assert_int_equal(fifo_count, 8);
	assert_int_equal(fifo[0], 0xee0c);
	assert_int_equal(fifo[1], 0xee0e);
	for (unsigned n = 0; n < 6; n++)
		assert_int_equal(fifo[2 + n], 0x201 + n);
	assert_int_equal(frame->r[1], MEMORY + 36);
	assert_int_equal(frame->exc_lr, CODE + 28 + LR);
	assert_int_equal(psr & 0xf0000000u, 0x80000000u);
}

static void what_is_no_copy_ends_the_loop(void **state)
{
	static const uint32_t others[] = {
		0xe2500004u,      /* subs r0: the base */
		0xe2422004u,      /* without flags */
		0xe8a05018u,      /* to the base */
		0xe8a11018u | 2u, /* with the base of the transfer in its list */
		0xe8a19018u,      /* with the pc */
		0xe8e15018u,      /* of other modes' registers */
		0xe8a11ffcu,      /* more registers than eight */
		0xe8b15019u,      /* loads the base */
		0x4afffff8u,      /* another condition */
		0x5affff00u,      /* out of the page */
		0x5b000000u,      /* with a link */
	};

	for (unsigned n = 0; n < sizeof(others) / sizeof(others[0]); n++) {
		(void)start(state);
		code[0] = LDR_R0 | RD(3);
		code[1] = others[n];
		frame->r[1] = MEMORY;
		(void)near()->read(&device, PL181_FIFO, 4);
		expect(1, 1);
		assert_int_equal(memory[0], 0);
	}
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
	card.front.gathered = PL181_DATA_MAX - 4 * (5 + PL181_FIFO_WORDS / 2u);
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
		NEAR_TEST(the_last_load_counts),
		NEAR_TEST(a_loop_of_loads_is_one_trap),
		NEAR_TEST(a_loop_is_bounded),
		NEAR_TEST(a_loop_that_does_much_else_is_cut_short),
		NEAR_TEST(code_that_cannot_be_read_at_once_is_read_by_the_word),
		NEAR_TEST(a_loop_ends_where_the_guest_would_be_aborted),
		NEAR_TEST(a_loop_of_stores_is_one_trap),
		NEAR_TEST(what_is_no_copy_ends_the_loop),
		NEAR_TEST(a_run_stays_in_its_page),
		NEAR_TEST(stores_in_a_row_are_one_trap),
		NEAR_TEST(stores_stop_where_the_other_board_is_to_be_told),
		NEAR_TEST(other_registers_are_alone),
		NEAR_TEST(nothing_is_near_before_the_agent_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
