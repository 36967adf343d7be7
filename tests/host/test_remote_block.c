/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest's loads and stores to a window of another board become, from the data abort to the
 * protocol: LDM and STM are one transfer in each page, every register is transferred once, and a byte is
 * where it belongs. Random instructions; the other board is 4 KiB of memory that counts.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "devemu/remote.h"
#include "net/remote/peer.h"
#include "vcpu/fault.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/remote/remote_card.h"
#include "vmm/remote/remote_command.h"
#include "vmm/remote/remote_memory.h"
#include "vmm/remote/remote_uart.h"
#include "vmm/run.h"
#include "vmm/remote/station.h"
#include "vmm/timer.h"
#include "vmm/trap.h"
#include "vmm/vm.h"

#include <string.h>

#define DIR       0x00010000u
#define COARSE    0x00040000u
#define CODE      0x00270000u
#define CODE_VA   0x30070000u
#define DEVICE    0x10102000u /* GPA, one page, in machine_map_usual() */
#define WINDOW_VA 0x12300000u
#define WORDS     0x400u

static struct remote_window window;
static struct remote_window_config config;
static struct remote_queue queue;
static struct peer peer;
static struct remote_command commands[REMOTE_COMMANDS];
static struct vm vm; /* its vCPU is the machine's */
static jmp_buf guest_goes_on;

static uint32_t there[WORDS]; /* the other board's device */
static unsigned touched[WORDS];
static unsigned transfers;
static bool station_preempts;
static bool is_late;      /* what was begun before the VM was reset, is answered now */
static uint32_t fails_at; /* offset of an access that is a bus error */

static void one_access(const struct remote_command *command, uint32_t offset, uint32_t *value)
{
	uint8_t *const at = (uint8_t *)there + offset;

	assert_in_range(offset, 0, sizeof(there) - command->size);
	touched[offset / 4]++;
	if (command->is_write)
		memcpy(at, value, command->size);
	else
		memcpy(value, at, command->size);
}

bool remote_command_begin(struct remote_window *w, const struct remote_command *command,
			  uint64_t now)
{
	const unsigned count = command->words ? command->words : 1;

	transfers++;
	if (!command->is_posted) {
		assert_int_not_equal(w->progress, REMOTE_DONE);
		w->progress = REMOTE_DONE;
	}
	w->result = REMOTE_OK;
	if (fails_at - command->offset < 4u * count) {
		w->result = REMOTE_BUS_ERROR;
		return true;
	}
	w->op.value = command->value;
	for (unsigned n = 0; n < command->words; n++)
		one_access(command, command->offset + 4 * n, &w->block.value[n]);
	if (!command->words)
		one_access(command, command->offset, &w->op.value);
	return true;
}

/* ---- what is around it ------------------------------------------------------------------------- */

struct trap_frame *trap_resume(struct vcpu *vcpu)
{
	return &vcpu->frame;
}

struct trap_frame *trap_finish(struct vcpu *vcpu, enum trap_outcome outcome, enum trap_kind kind)
{
	machine.vcpu.cp15 = vcpu->cp15;
	assert_int_equal(outcome, TRAP_INJECT);
	assert_int_equal(kind, TRAP_DABT);
	return &vcpu->frame;
}

void guest_enter(struct trap_frame *frame)
{
	longjmp(guest_goes_on, 1);
}

struct remote_queue *remote_queue_of(const struct remote_window *w)
{
	return &queue;
}

void remote_queue_news(const struct remote_window *w)
{
}

void remote_memory_flush(struct vm *v, unsigned peer_number)
{
}

bool station_may_enter(void)
{
	return true;
}

void station_wake(void)
{
}

void station_wake_at(uint64_t when)
{
}

uint64_t timer_now(void)
{
	return 0;
}

uint64_t peer_deadline(const struct peer *p)
{
	return REMOTE_NEVER;
}

bool peer_has_work(const struct peer *p)
{
	return false;
}

void device_guest_error(struct device *dev, uint32_t offset)
{
	fail();
}

/* Nothing is asked of the VM meanwhile. And there is no card, nor a UART. */

void vm_act_on_request(struct vm *v)
{
	fail();
}

void run_set_ready(struct vm *v, bool ready)
{
	assert_false(ready);
}

static void station_run(void)
{
	for (; queue.count; queue.count--)
		(void)remote_command_begin(&window, &commands[queue.first++ % REMOTE_COMMANDS], 0);
}

/** The station's turn: what the VM waits for. */
void run_others(void)
{
	if (is_late) {
		memset(window.block.value, 0x5a, sizeof(window.block.value));
		window.progress = REMOTE_FREE;
		is_late = false;
		return;
	}
	assert_in_range(queue.count, 1, station_preempts ? REMOTE_COMMANDS : 1);
	assert_int_equal(window.progress, REMOTE_ASKED);
	station_run();
}

/** Its turn may be earlier: at any preempt point. */
void preempt_hook(void)
{
	if (station_preempts && rnd_below(4) == 0)
		station_run();
}

uint32_t remote_card_read(struct remote_card *card, uint32_t offset, unsigned size)
{
	fail();
	return 0;
}

void remote_card_write(struct remote_card *card, uint32_t offset, uint32_t value, unsigned size)
{
	fail();
}

uint32_t remote_uart_read(struct remote_uart *uart, uint32_t offset, unsigned size)
{
	fail();
	return 0;
}

void remote_uart_write(struct remote_uart *uart, uint32_t offset, uint32_t value, unsigned size)
{
	fail();
}

bool pl181_front_has_job(const struct pl181_front *front)
{
	return false;
}

bool pl011_front_has_job(const struct pl011_front *front)
{
	return false;
}

/* ---- a guest ----------------------------------------------------------------------------------- */

static uint32_t window_read(const struct remote_backend *backend, uint32_t offset, unsigned size)
{
	vm.vcpu = machine.vcpu;
	return remote_access_read(backend, offset, size);
}

static void window_write(const struct remote_backend *backend, uint32_t offset, unsigned size,
			 uint32_t value)
{
	vm.vcpu = machine.vcpu;
	remote_access_write(backend, offset, size, value);
}

static int start(void **state)
{
	seed(11);
	machine_init();
	machine_map_usual();
	guest_set_word(DIR + (CODE_VA >> 20) * 4, (CODE & 0xfff00000) | 15u << 5 | 0xc1e);
	guest_set_word(DIR + (WINDOW_VA >> 20) * 4, COARSE | 1u << 5 | 0x11);
	guest_set_word(COARSE, DEVICE | 0x55 << 4 | 2);
	guest_set_word(COARSE + 4, 0x00101000 | 0x55 << 4 | 2); /* RAM behind it, */
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	machine.vcpu.frame.pc = CODE_VA;
	window =
		(struct remote_window){ .vm = &vm,
					.dev = &machine.device,
					.config = &config,
					.base = DEVICE,
					.client = { .peer = &peer, .is_open = true },
					.backend = { .read = window_read, .write = window_write } };
	queue = (struct remote_queue){ .command = commands };
	machine.device.ops = &remote_ops;
	machine.device.backend = &window.backend;
	for (unsigned n = 0; n < WORDS; n++)
		there[n] = rnd();
	fails_at = UINT32_MAX;
	station_preempts = false;
	return 0;
}

/** Executes an instruction whose access aborts at @p far; false: the guest has a data abort. */
static bool execute(uint32_t word, uint32_t far)
{
	struct vcpu *const vcpu = &machine.vcpu;

	memset(touched, 0, sizeof(touched));
	transfers = 0;
	guest_set_word(CODE, word);
	vcpu_set_cpsr(vcpu, 0xd3);
	vcpu->frame.pc = CODE_VA;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	machine.dfsr = 0x5;
	machine.far = far;
	if (setjmp(guest_goes_on))
		return false;
	assert_int_equal(data_abort_trap(vcpu), TRAP_NEXT_POLL);
	return true;
}

#define LDM 0xe8100000u
#define STM 0xe8000000u
#define P   0x01000000u
#define U   0x00800000u
#define RN  14u /* the base; the list is of r0 to r12 */

static unsigned count_of(uint32_t list)
{
	return (unsigned)__builtin_popcount(list);
}

/** An LDM or STM of r0 to r12 from @p offset on; returns in how many transfers it was done. */
static unsigned multiple(uint32_t insn, uint32_t list, uint32_t offset)
{
	struct vcpu *const vcpu = &machine.vcpu;
	const unsigned count = count_of(list);
	uint32_t expected[16], first = WINDOW_VA + offset;
	unsigned n = 0;

	first -= (insn & P) / P == (insn & U) / U ? 4 : 0;
	vcpu->frame.r[RN] = insn & U ? first : first + 4 * count;
	for (unsigned reg = 0; reg < 13; reg++) {
		vcpu->frame.r[reg] = rnd();
		if (!(list & 1u << reg))
			continue;
		expected[n] = insn & 0x00100000 ? there[offset / 4 + n] : vcpu->frame.r[reg];
		n++;
	}
	assert_true(execute(insn | RN << 16 | list, WINDOW_VA + offset));
	n = 0;
	for (unsigned reg = 0; reg < 13; reg++)
		if (list & 1u << reg) {
			assert_int_equal(vcpu->frame.r[reg], expected[n]);
			assert_int_equal(there[offset / 4 + n], expected[n]);
			n++;
		}
	for (unsigned i = 0; i < WORDS; i++)
		assert_int_equal(touched[i], i - offset / 4 < count);
	assert_int_equal(window.block.left, 0);
	return transfers;
}

static uint32_t random_multiple(void)
{
	return (rnd_below(2) ? LDM : STM) | (rnd_below(2) ? P : 0) | (rnd_below(2) ? U : 0);
}

static void each_word_of_an_ldm_or_stm_is_transferred_once(void **state)
{
	for (unsigned i = 0; i < 20000; i++) {
		const uint32_t list = 1 + rnd_below(0x1fff);
		const unsigned count = count_of(list);
		const uint32_t offset = 4 * rnd_below(WORDS - count + 1);
		const uint32_t last = offset + 4 * count - 1;

		assert_int_equal(multiple(random_multiple(), list, offset),
				 1 + (offset / 1024 != last / 1024));
	}
}

/* From RAM into the window and out of it: the part that is there is one transfer. */
static void a_part_of_an_ldm_or_stm(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	for (unsigned i = 0; i < 8; i++)
		guest_set_word(0x00101000 + 4 * i, 0x100 + i);
	vcpu->frame.r[RN] = WINDOW_VA + 0xff0;
	assert_true(execute(LDM | U | RN << 16 | 0xff, WINDOW_VA + 0xff0));
	assert_int_equal(transfers, 1);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(vcpu->frame.r[i], i < 4 ? there[0x3fc + i] : 0x100 + i - 4);

	/* The page in front of the window, in another slot's place. */
	guest_set_word(COARSE, 0x00101000 | 0x55 << 4 | 2);
	guest_set_word(COARSE + 4, DEVICE | 0x55 << 4 | 2);
	machine_mcr(MCR_TLB_ALL, 0);
	for (unsigned i = 0; i < 4; i++)
		guest_set_word(0x00101ff0 + 4 * i, 0x200 + i);
	vcpu->frame.r[RN] = WINDOW_VA + 0xff0;
	assert_true(execute(LDM | U | RN << 16 | 0xff, WINDOW_VA + 0x1000));
	assert_int_equal(transfers, 1);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(vcpu->frame.r[i], i < 4 ? 0x200 + i : there[i - 4]);
	for (unsigned i = 0; i < 8; i++)
		vcpu->frame.r[i] = 0x300 + i;
	assert_true(execute(STM | U | RN << 16 | 0xff, WINDOW_VA + 0x1000));
	assert_int_equal(transfers, 1);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(i < 4 ? guest_word(0x00101ff0 + 4 * i) : there[i - 4], 0x300 + i);
}

/*
 * A block that was left in its middle is never gone on with, though the next access is to where its next
 * word would be: by another instruction, or by the same one.
 */
static void an_old_block_answers_nothing(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	for (unsigned i = 0; i < 2000; i++) {
		const uint32_t offset = 4 * rnd_below(WORDS - 16);
		const unsigned done = 1 + rnd_below(7);

		/* Its first words were transferred; nobody knows why the others were not. */
		window.block = (struct remote_block){ .va = WINDOW_VA + offset,
						      .next = offset + 4 * done,
						      .words = 8,
						      .left = (uint8_t)(8 - done) };
		memset(window.block.value, 0xee, sizeof(window.block.value));
		if (rnd_below(2)) {
			multiple(random_multiple(), 1 + rnd_below(0x1fff), offset + 4 * done);
			continue;
		}
		vcpu->frame.r[1] = WINDOW_VA + offset + 4 * done;
		vcpu->frame.r[2] = 0x1234;
		if (rnd_below(2)) {
			assert_true(execute(0xe5912000, vcpu->frame.r[1])); /* ldr r2, [r1] */
			assert_int_equal(vcpu->frame.r[2], there[offset / 4 + done]);
		} else {
			assert_true(execute(0xe5812000, vcpu->frame.r[1])); /* str r2, [r1] */
			assert_int_equal(there[offset / 4 + done], 0x1234);
		}
		assert_int_equal(transfers, 1);
	}
}

static void bytes_and_halfwords_are_where_they_belong(void **state)
{
	static const struct {
		uint32_t word; /* of r2 at r1 */
		unsigned size;
		bool is_store, is_proxy;
	} insns[] = {
		{ 0xe5d12000, 1, false, false },                                  /* ldrb */
		{ 0xe5c12000, 1, true, false },  { 0xe1d120b0, 2, false, false }, /* ldrh */
		{ 0xe1c120b0, 2, true, false },  { 0xe4f12000, 1, false, true },  /* ldrbt */
		{ 0xe4e12000, 1, true, true },
	};
	struct vcpu *const vcpu = &machine.vcpu;

	guest_set_word(COARSE, DEVICE | 0xff << 4 | 2);
	for (unsigned i = 0; i < 4000; i++) {
		const unsigned n = rnd_below(ARRAY_SIZE(insns)), size = insns[n].size;
		const uint32_t offset = rnd_below(sizeof(there) - 1) & ~(size - 1);
		uint32_t expected = 0, stored;

		memset(touched, 0, sizeof(touched));
		vcpu->frame.r[1] = WINDOW_VA + offset;
		vcpu->frame.r[2] = stored = rnd();
		memcpy(&expected, (uint8_t *)there + offset, size);
		if (insns[n].is_proxy) {
			vcpu_set_cpsr(vcpu, 0xd3);
			machine_do(insns[n].word);
		} else {
			assert_true(execute(insns[n].word, vcpu->frame.r[1]));
		}
		if (insns[n].is_store)
			assert_memory_equal((uint8_t *)there + offset, &stored, size);
		else
			assert_int_equal(vcpu->frame.r[2], expected);
		for (unsigned word = 0; word < WORDS; word++)
			assert_int_equal(touched[word], word == offset / 4);
	}
}

/* A bus error at the far end: the guest's data abort, at the address of its access, with nothing changed. */
static void a_bus_error_is_the_guests_data_abort(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;
	static const uint32_t words[] = { 0xe5912000, 0xe5812000, LDM | U | 0x1003c,
					  STM | U | 0x1003c };

	fails_at = 0x104;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		vcpu->frame.r[1] = WINDOW_VA + (i < 2 ? 0x104 : 0x100);
		vcpu->frame.r[2] = 0x1234;
		assert_false(execute(words[i], vcpu->frame.r[1]));
		assert_int_equal(vcpu->cp15.dfsr, 0x1a); /* external abort, page, domain 1 */
		assert_int_equal(vcpu->cp15.far, vcpu->frame.r[1]);
		assert_int_equal(vcpu->frame.r[2], 0x1234);
		assert_int_equal(window.block.left, 0);
	}
}

/* Posted writes fill the queue up to a preempt point, at which all is done that is in it. */
static void the_station_may_run_before_the_guest_waits(void **state)
{
	static const struct remote_window_config posted = { .posted = true };
	struct vcpu *const vcpu = &machine.vcpu;

	window.config = &posted;
	station_preempts = true;
	for (unsigned i = 0; i < 2000; i++) {
		const uint32_t offset = 4 * rnd_below(WORDS);

		vcpu->frame.r[1] = WINDOW_VA + offset;
		vcpu->frame.r[2] = rnd();
		for (unsigned writes = rnd_below(8); writes; writes--)
			assert_true(execute(0xe5812000, vcpu->frame.r[1])); /* str r2, [r1] */
		assert_true(execute(0xe5912000, vcpu->frame.r[1]));         /* ldr r2, [r1] */
		assert_int_equal(vcpu->frame.r[2], there[offset / 4]);
	}
}

/* An LDM was under way when the VM was reset: its answer comes when there are an STM's words already. */
static void an_answer_of_before_the_reset_is_not_what_is_written(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	window.progress = REMOTE_BEGUN;
	window.is_void = is_late = true;
	vcpu->frame.r[1] = WINDOW_VA;
	for (unsigned n = 2; n < 6; n++)
		vcpu->frame.r[n] = n;
	assert_true(execute(0xe881003c, WINDOW_VA)); /* stmia r1, {r2-r5} */
	assert_false(is_late);
	for (unsigned n = 0; n < 4; n++)
		assert_int_equal(there[n], n + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_word_of_an_ldm_or_stm_is_transferred_once, start),
		cmocka_unit_test_setup(a_part_of_an_ldm_or_stm, start),
		cmocka_unit_test_setup(an_old_block_answers_nothing, start),
		cmocka_unit_test_setup(bytes_and_halfwords_are_where_they_belong, start),
		cmocka_unit_test_setup(the_station_may_run_before_the_guest_waits, start),
		cmocka_unit_test_setup(a_bus_error_is_the_guests_data_abort, start),
		cmocka_unit_test_setup(an_answer_of_before_the_reset_is_not_what_is_written, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
