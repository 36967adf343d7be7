/* SPDX-License-Identifier: Apache-2.0 */
/* The load/store executor over a fake machine: what it does, and that faults change nothing. */
#include "tests/host/fake_machine.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct fake_machine m;

static int fresh_machine(void **state)
{
	fake_machine_init(&m);
	return 0;
}

static enum mem_exec_result arm(uint32_t word)
{
	struct mem_insn insn;

	if (!arm_decode_mem(word, &insn))
		fail_msg("%08x: refused by the decoder", word);
	return mem_exec(&insn, &fake_ops, &m, false);
}

static enum mem_exec_result thumb(uint16_t half)
{
	struct mem_insn insn;

	if (!thumb_decode_mem(half, &insn))
		fail_msg("%04x: refused by the decoder", half);
	return mem_exec(&insn, &fake_ops, &m, false);
}

/** Runs @p word, which must fault without changing anything or transferring a word. */
static void expect_clean_fault(uint32_t word, uint32_t fault_address)
{
	const struct fake_state before = m.state;

	m.loads = m.stores = m.faults = 0;
	assert_int_equal(MEM_EXEC_FAULT, word >> 16 ? arm(word) : thumb((uint16_t)word));
	if (m.faults != 1 || m.fault_address != fault_address)
		fail_msg("%08x: %u faults, the last at %08x instead of %08x", word, m.faults,
			 m.fault_address, fault_address);
	assert_int_equal(0, m.loads + m.stores);
	assert_memory_equal(&before, &m.state, sizeof(before));
}

static void words_bytes_and_halfwords(void **state)
{
	m.state.r[1] = 0x100;
	fake_set_word(&m, 0x100, 0x80c1f2a3);

	assert_int_equal(MEM_EXEC_NEXT, arm(0xe5910000)); /* ldr r0, [r1] */
	assert_int_equal(0x80c1f2a3, m.state.r[0]);
	arm(0xe5d10003); /* ldrb r0, [r1, #3] */
	assert_int_equal(0x80, m.state.r[0]);
	arm(0xe1d100d3); /* ldrsb r0, [r1, #3] */
	assert_int_equal(0xffffff80, m.state.r[0]);
	arm(0xe1d100b2); /* ldrh r0, [r1, #2] */
	assert_int_equal(0x80c1, m.state.r[0]);
	arm(0xe1d100f2); /* ldrsh r0, [r1, #2] */
	assert_int_equal(0xffff80c1, m.state.r[0]);

	m.state.r[2] = 0x11223344;
	arm(0xe5c12001); /* strb r2, [r1, #1] */
	assert_int_equal(0x80c144a3, fake_word(&m, 0x100));
	arm(0xe1c120b2); /* strh r2, [r1, #2] */
	assert_int_equal(0x334444a3, fake_word(&m, 0x100));
	arm(0xe5812000); /* str r2, [r1] */
	assert_int_equal(0x11223344, fake_word(&m, 0x100));
	assert_int_equal(0x100, m.state.r[1]);
}

static void base_registers_are_written_back(void **state)
{
	m.state.r[1] = 0x100;
	arm(0xe4910004); /* ldr r0, [r1], #4 */
	assert_int_equal(0x104, m.state.r[1]);
	assert_int_equal(fake_word(&m, 0x100), m.state.r[0]);
	arm(0xe5310008); /* ldr r0, [r1, #-8]! */
	assert_int_equal(0xfc, m.state.r[1]);
	assert_int_equal(fake_word(&m, 0xfc), m.state.r[0]);
	arm(0xe4810004); /* str r0, [r1], #4 */
	assert_int_equal(0x100, m.state.r[1]);
}

/* UNPREDICTABLE: the loaded value stays, the old base is stored, pc as a base is not written. */
static void overlapping_registers_have_one_meaning(void **state)
{
	m.state.r[1] = 0x100;
	arm(0xe4911004); /* ldr r1, [r1], #4 */
	assert_int_equal(fake_word(&m, 0x100), m.state.r[1]);
	m.state.r[1] = 0x100;
	arm(0xe5a11004); /* str r1, [r1, #4]! */
	assert_int_equal(0x100, fake_word(&m, 0x104));
	assert_int_equal(0x104, m.state.r[1]);

	m.state.r[15] = 0x200;
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe49f0004)); /* ldr r0, [pc], #4 */
	assert_false(m.state.branched);
	assert_int_equal(0x200, m.state.r[15]);
}

static void the_carry_enters_rrx(void **state)
{
	struct mem_insn insn;

	assert_true(arm_decode_mem(0xe7910062, &insn)); /* ldr r0, [r1, r2, rrx] */
	m.state.r[1] = 0x80000100;
	m.state.r[2] = 8;
	assert_int_equal(MEM_EXEC_NEXT, mem_exec(&insn, &fake_ops, &m, true));
	assert_int_equal(fake_word(&m, 0x104), m.state.r[0]);
}

/* ARM ARM, LDR: "the loaded value is rotated"; STR, LDM, STM: "the low bits are ignored". */
static void unaligned_words_rotate_on_loads_only(void **state)
{
	fake_set_word(&m, 0x100, 0x44332211);
	m.state.r[1] = 0x101;
	arm(0xe5910000); /* ldr r0, [r1] */
	assert_int_equal(0x11443322, m.state.r[0]);
	arm(0xe5910001); /* ldr r0, [r1, #1] */
	assert_int_equal(0x22114433, m.state.r[0]);
	arm(0xe5910002); /* ldr r0, [r1, #2] */
	assert_int_equal(0x33221144, m.state.r[0]);

	m.state.r[2] = 0xaabbccdd;
	arm(0xe5812002); /* str r2, [r1, #2] */
	assert_int_equal(0xaabbccdd, fake_word(&m, 0x100));

	fake_set_word(&m, 0x100, 1);
	fake_set_word(&m, 0x104, 2);
	m.state.r[1] = 0x103;
	arm(0xe8b1000c); /* ldmia r1!, {r2, r3} */
	assert_int_equal(1, m.state.r[2]);
	assert_int_equal(2, m.state.r[3]);
	assert_int_equal(0x10b, m.state.r[1]);
}

/* UNPREDICTABLE in ARMv5: the aligned halfword, the word pair at the word. */
static void unaligned_halfwords_and_doubles_are_aligned(void **state)
{
	fake_set_word(&m, 0x100, 0x44338291);
	m.state.r[1] = 0x101;
	arm(0xe1d100b0); /* ldrh r0, [r1] */
	assert_int_equal(0x8291, m.state.r[0]);
	arm(0xe1d100f0); /* ldrsh r0, [r1] */
	assert_int_equal(0xffff8291, m.state.r[0]);
	m.state.r[1] = 0x106;
	arm(0xe1c120d0); /* ldrd r2, [r1] */
	assert_int_equal(fake_word(&m, 0x104), m.state.r[2]);
	assert_int_equal(fake_word(&m, 0x108), m.state.r[3]);
}

static void alignment_faults_come_before_all_others(void **state)
{
	static const uint32_t words[] = {
		0xe5910000, /* ldr r0, [r1] */
		0xe5810000, /* str r0, [r1] */
		0xe1d100b0, /* ldrh r0, [r1] */
		0xe1c120d0, /* ldrd r2, [r1] */
		0xe891000c, /* ldmia r1, {r2, r3} */
		0xe8a1000c, /* stmia r1!, {r2, r3} */
		0xe1010092, /* swp r0, r2, [r1] */
		0xed910a00, /* vldr s0, [r1] */
		0x6808,     /* ldr r0, [r1] */
		0x8008,     /* strh r0, [r1] */
	};

	m.check_alignment = true;
	fake_set_rights(&m, 0x401, 0);
	m.state.r[1] = 0x401;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		m.alignment_fault = false;
		expect_clean_fault(words[i], 0x401);
		assert_true(m.alignment_fault);
	}
	/* LDRD and STRD want 8; bytes nothing. */
	m.state.r[1] = 0x104;
	expect_clean_fault(0xe1c120d0, 0x104);
	m.state.r[1] = 0x103;
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe5d10000)); /* ldrb r0, [r1] */
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe1410092)); /* swpb r0, r2, [r1] */
}

static void unaligned_accesses_fault_with_their_address(void **state)
{
	fake_set_rights(&m, 0x400, 0);
	m.state.r[1] = 0x403;
	expect_clean_fault(0xe4910004, 0x403); /* ldr r0, [r1], #4 */
	expect_clean_fault(0xe8b1000c, 0x403); /* ldmia r1!, {r2, r3} */
}

static void user_rights_are_passed_on(void **state)
{
	m.state.r[1] = 0x100;
	arm(0xe4b10004); /* ldrt r0, [r1], #4 */
	assert_int_equal(MEM_USER, m.last_flags);
	arm(0xe4e10004); /* strbt r0, [r1], #4 */
	assert_int_equal(MEM_USER | MEM_STORE, m.last_flags);
	assert_int_equal(0x108, m.state.r[1]);

	fake_set_rights(&m, 0x100, FAKE_READ | FAKE_WRITE);
	m.state.r[1] = 0x100;
	expect_clean_fault(0xe4b10004, 0x100);
	expect_clean_fault(0xe4a10004, 0x100);            /* strt r0, [r1], #4 */
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe4910004)); /* ldr r0, [r1], #4 */
	assert_int_equal(0, m.last_flags);
}

static void loads_of_pc_branch(void **state)
{
	m.state.r[1] = 0x100;
	fake_set_word(&m, 0x100, 0xc0008001);
	assert_int_equal(MEM_EXEC_BRANCHED, arm(0xe591f000)); /* ldr pc, [r1] */
	assert_true(m.state.branched);
	assert_int_equal(0xc0008001, m.state.r[15]);

	m.state.branched = false;
	m.state.r[13] = 0xfc;
	assert_int_equal(MEM_EXEC_BRANCHED, thumb(0xbd10)); /* pop {r4, pc} */
	assert_true(m.state.branched);
	assert_int_equal(0xc0008001, m.state.r[15]);
	assert_int_equal(fake_word(&m, 0xfc), m.state.r[4]);
	assert_int_equal(0x104, m.state.r[13]);
}

static void stores_of_pc_add_what_the_core_adds(void **state)
{
	m.state.r[1] = 0x100;
	m.state.r[15] = 0x8008;
	arm(0xe581f000); /* str pc, [r1] */
	assert_int_equal(0x800c, fake_word(&m, 0x100));
	arm(0xe8818001); /* stmia r1, {r0, pc} */
	assert_int_equal(m.state.r[0], fake_word(&m, 0x100));
	assert_int_equal(0x800c, fake_word(&m, 0x104));
}

/* r2, r3 and r4 at 0x100 in each of the four modes; base and writeback as in ARM ARM, A5.4. */
static void multiples_in_all_modes(void **state)
{
	static const struct {
		uint32_t p_u;
		uint32_t base;
		uint32_t new_base;
	} modes[] = {
		{ 0x00800000, 0x100, 0x10c }, /* IA */
		{ 0x01800000, 0x0fc, 0x108 }, /* IB */
		{ 0x00000000, 0x108, 0x0fc }, /* DA */
		{ 0x01000000, 0x10c, 0x100 }, /* DB */
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		fake_machine_init(&m);
		m.state.r[1] = modes[i].base;
		assert_int_equal(MEM_EXEC_NEXT, arm(0xe821001c | modes[i].p_u)); /* stm r1! */
		assert_int_equal(modes[i].new_base, m.state.r[1]);
		for (uint32_t n = 0; n < 3; n++)
			assert_int_equal(0x10000002 + n, fake_word(&m, 0x100 + 4 * n));

		m.state.r[1] = modes[i].base;
		/* ldm r1, {r7-r9} */
		assert_int_equal(MEM_EXEC_NEXT, arm(0xe8110380 | modes[i].p_u));
		assert_int_equal(modes[i].base, m.state.r[1]);
		for (uint32_t n = 0; n < 3; n++)
			assert_int_equal(0x10000002 + n, m.state.r[7 + n]);
		assert_int_equal(3, m.loads);
		assert_int_equal(3, m.stores);
	}
}

static void multiples_with_the_base_in_the_list(void **state)
{
	/* Loaded: the loaded value stays (with writeback UNPREDICTABLE, so chosen). */
	m.state.r[1] = 0x100;
	arm(0xe8b10006); /* ldmia r1!, {r1, r2} */
	assert_int_equal(fake_word(&m, 0x100), m.state.r[1]);
	m.state.r[1] = 0x100;
	thumb(0xc906); /* ldmia r1, {r1, r2} */
	assert_int_equal(fake_word(&m, 0x100), m.state.r[1]);
	assert_int_equal(fake_word(&m, 0x104), m.state.r[2]);

	/* Stored: the old value (architected if it is the lowest register, otherwise chosen). */
	m.state.r[1] = 0x100;
	arm(0xe8a10006); /* stmia r1!, {r1, r2} */
	assert_int_equal(0x100, fake_word(&m, 0x100));
	assert_int_equal(0x108, m.state.r[1]);
	arm(0xe9210003); /* stmdb r1!, {r0, r1} */
	assert_int_equal(0x108, fake_word(&m, 0x104));
	assert_int_equal(0x100, m.state.r[1]);
}

static void an_empty_list_does_nothing(void **state)
{
	struct fake_state before;

	m.state.r[1] = 0x100;
	before = m.state;
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe8b10000)); /* ldmia r1!, {} */
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe8610000)); /* stmda r1!, {}^ */
	assert_int_equal(MEM_EXEC_NEXT, thumb(0xb400));   /* push {} */
	assert_memory_equal(&before, &m.state, sizeof(before));
	assert_int_equal(0, m.loads + m.stores + m.faults);
}

static void user_bank_transfers(void **state)
{
	m.state.r[1] = 0x100;
	m.state.r[15] = 0x8008;
	arm(0xe8c1e001); /* stmia r1, {r0, r13, r14, r15}^ */
	assert_int_equal(0x20000000, fake_word(&m, 0x100));
	assert_int_equal(0x2000000d, fake_word(&m, 0x104));
	assert_int_equal(0x2000000e, fake_word(&m, 0x108));
	assert_int_equal(0x800c, fake_word(&m, 0x10c));

	fake_set_word(&m, 0x100, 77);
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe8d12000)); /* ldmia r1, {r13}^ */
	assert_int_equal(77, m.state.user[13]);
	assert_int_equal(0x1000000d, m.state.r[13]);
}

static void exception_return_is_one_step_at_the_end(void **state)
{
	m.state.r[13] = 0x100;
	fake_set_word(&m, 0x100, 1);
	fake_set_word(&m, 0x104, 14);
	fake_set_word(&m, 0x108, 0xc0001234);
	assert_int_equal(MEM_EXEC_BRANCHED, arm(0xe8fdc001)); /* ldmia sp!, {r0, lr, pc}^ */
	assert_true(m.state.spsr_restored);
	assert_false(m.state.branched);
	assert_int_equal(0xc0001234, m.state.r[15]);
	assert_int_equal(1, m.state.r[0]);
	assert_int_equal(14, m.state.r[14]);
	assert_int_equal(0x10c, m.state.r[13]);
	assert_int_equal(0x20000000, m.state.user[0]);
}

/*
 * The page ends after each word of a transfer in turn: the fault names the second page and comes
 * before the first transfer; then the first page is the one that is missing.
 */
static void faults_at_every_position_change_nothing(void **state)
{
	static const struct {
		uint32_t word;
		unsigned words;
		bool descending;
	} insns[] = {
		{ 0xe8b1fffd, 15, false }, /* ldmia r1!, {all but r1} */
		{ 0xe8a1fffd, 15, false }, /* stmia r1!, {all but r1} */
		{ 0xe931fffd, 15, true },  /* ldmdb r1!, {all but r1} */
		{ 0xe921fffd, 15, true },  /* stmdb r1!, {all but r1} */
		{ 0xe8f1fffd, 15, false }, /* ldmia r1!, {all but r1}^ */
		{ 0xe8c17fff, 15, false }, /* stmia r1, {r0-r14}^ */
		{ 0xe0c120d8, 2, false },  /* ldrd r2, [r1], #8 */
		{ 0xe0c120f8, 2, false },  /* strd r2, [r1], #8 */
		{ 0xecb10a20, 32, false }, /* vldmia r1!, {s0-s31} */
		{ 0xeca10b20, 32, false }, /* vstmia r1!, {d0-d15} */
		{ 0xc9fd, 7, false },      /* ldmia r1!, {r0, r2-r7} */
		{ 0xc1fd, 7, false },      /* stmia r1!, {r0, r2-r7} */
	};
	static const uint32_t boundaries[] = { 0x400, 0x1000 - 0x400, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		for (size_t b = 0; b < ARRAY_SIZE(boundaries); b++) {
			const uint32_t end = boundaries[b];
			const uint32_t length = insns[i].words * 4;

			for (uint32_t before = 4; before < length; before += 4) {
				const uint32_t first = end - before;

				fake_machine_init(&m);
				m.state.r[1] = insns[i].descending ? first + length : first;
				fake_set_rights(&m, end, 0);
				expect_clean_fault(insns[i].word, end);
				fake_set_rights(&m, end - 4, 0);
				expect_clean_fault(insns[i].word, first);
				fake_set_rights(&m, end, FAKE_ALL);
				expect_clean_fault(insns[i].word, first);

				/* With both pages there, each word is transferred once. */
				fake_set_rights(&m, end - 4, FAKE_ALL);
				assert_int_not_equal(MEM_EXEC_FAULT,
						     insns[i].word >> 16
							     ? arm(insns[i].word)
							     : thumb((uint16_t)insns[i].word));
				assert_int_equal(insns[i].words, m.loads + m.stores);
			}
		}
	}
}

static void single_accesses_fault_cleanly(void **state)
{
	static const uint32_t loads[] = {
		0xe4910004, 0xe4d10001, 0xe0d100b2, 0xe0d100d2, 0xe0d100f2, /* ldr b h sb sh r0 */
		0xe491f004, 0x6808,     0x7808,     0x8808,                 /* ldr pc; thumb */
	};
	static const uint32_t stores[] = {
		0xe4810004, 0xe4c10001, 0xe0c100b2, 0x6008, 0x7008, 0x8008, /* str b h r0; thumb */
		0xe1010092, 0xe1410092, /* swp, swpb: the load is not done either */
	};

	m.state.r[1] = 0x100;
	fake_set_rights(&m, 0x100, FAKE_READ);
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++)
		expect_clean_fault(stores[i], 0x100);
	fake_set_rights(&m, 0x100, FAKE_WRITE);
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++)
		expect_clean_fault(loads[i], 0x100);
}

static void a_bus_error_in_the_middle_leaves_the_registers(void **state)
{
	for (unsigned at = 1; at <= 4; at++) {
		struct fake_state before;

		fake_machine_init(&m);
		m.state.r[1] = 0x100;
		m.bus_error_at = at;
		before = m.state;
		assert_int_equal(MEM_EXEC_FAULT, arm(0xe8b1803c)); /* ldmia r1!, {r2-r5, pc} */
		assert_memory_equal(&before, &m.state, sizeof(before));
		assert_int_equal(at - 1, m.loads);
		assert_int_equal(0x100 + 4 * (at - 1), m.fault_address);
	}
	fake_machine_init(&m);
	m.state.r[1] = 0x100;
	m.bus_error_at = 3;
	assert_int_equal(MEM_EXEC_FAULT, arm(0xe8a1003c)); /* stmia r1!, {r2-r5} */
	assert_int_equal(2, m.stores);
	assert_int_equal(0x100, m.state.r[1]);
	assert_int_equal(0x10000003, fake_word(&m, 0x104));
}

static void swaps(void **state)
{
	m.state.r[1] = 0x100;
	fake_set_word(&m, 0x100, 0x44332211);
	assert_int_equal(MEM_EXEC_NEXT, arm(0xe1010092)); /* swp r0, r2, [r1] */
	assert_int_equal(0x44332211, m.state.r[0]);
	assert_int_equal(0x10000002, fake_word(&m, 0x100));
	assert_int_equal(1, m.loads);
	assert_int_equal(1, m.stores);

	m.state.r[1] = 0x102; /* rotated as by LDR, stored as by STR */
	fake_set_word(&m, 0x100, 0x44332211);
	arm(0xe1010090); /* swp r0, r0, [r1] */
	assert_int_equal(0x22114433, m.state.r[0]);
	assert_int_equal(0x44332211, fake_word(&m, 0x100));

	m.state.r[2] = 0xabcdef99;
	arm(0xe1412092); /* swpb r2, r2, [r1] */
	assert_int_equal(0x33, m.state.r[2]);
	assert_int_equal(0x44992211, fake_word(&m, 0x100));
}

static void doubles(void **state)
{
	m.state.r[1] = 0x100;
	arm(0xe0c120f8); /* strd r2, [r1], #8 */
	assert_int_equal(0x10000002, fake_word(&m, 0x100));
	assert_int_equal(0x10000003, fake_word(&m, 0x104));
	assert_int_equal(0x108, m.state.r[1]);
	arm(0xe16160d8); /* ldrd r6, [r1, #-8]! */
	assert_int_equal(0x10000002, m.state.r[6]);
	assert_int_equal(0x10000003, m.state.r[7]);
	assert_int_equal(0x100, m.state.r[1]);
}

static void vfp_transfers(void **state)
{
	struct mem_insn insn;

	m.state.r[1] = 0x100;
	arm(0xed812b00); /* vstr d2, [r1] */
	assert_int_equal(0x30000004, fake_word(&m, 0x100));
	assert_int_equal(0x30000005, fake_word(&m, 0x104));
	arm(0xecf10a02); /* vldmia r1!, {s1, s2} */
	assert_int_equal(0x30000004, m.state.vfp[1]);
	assert_int_equal(0x30000005, m.state.vfp[2]);
	assert_int_equal(0x108, m.state.r[1]);
	arm(0xed21eb05); /* fstmdbx r1!, {d14, d15}: 4 words, the base moves by 5 */
	assert_int_equal(0xf4, m.state.r[1]);
	assert_int_equal(0x3000001c, fake_word(&m, 0xf4));
	assert_int_equal(0x3000001f, fake_word(&m, 0x100));
	assert_int_equal(0x30000005, fake_word(&m, 0x104));

	assert_true(arm_decode_mem(0xed910a00, &insn)); /* vldr s0, [r1] */
	assert_int_equal(MEM_EXEC_UNDEFINED, mem_exec(&insn, &fake_ops_without_vfp, &m, false));
}

static unsigned loads_before, most_loads;

/* A preempt point. */
void preempt_hook(void)
{
	const unsigned loads = m.loads - loads_before;

	most_loads = loads > most_loads ? loads : most_loads;
	loads_before = m.loads;
}

/* An access may walk the guest's tables: many in a row would keep others waiting. */
static void multiples_let_others_in(void **state)
{
	loads_before = most_loads = 0;
	m.state.r[1] = 0x100;
	assert_int_equal(MEM_EXEC_NEXT, arm(0xecb10a20)); /* vldmia r1!, {s0-s31} */
	assert_int_equal(m.loads, 32);
	preempt_hook();
	assert_in_range(most_loads, 1, 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh_machine)
	const struct CMUnitTest tests[] = {
		TEST(words_bytes_and_halfwords),
		TEST(base_registers_are_written_back),
		TEST(overlapping_registers_have_one_meaning),
		TEST(the_carry_enters_rrx),
		TEST(unaligned_words_rotate_on_loads_only),
		TEST(unaligned_halfwords_and_doubles_are_aligned),
		TEST(alignment_faults_come_before_all_others),
		TEST(unaligned_accesses_fault_with_their_address),
		TEST(user_rights_are_passed_on),
		TEST(loads_of_pc_branch),
		TEST(stores_of_pc_add_what_the_core_adds),
		TEST(multiples_in_all_modes),
		TEST(multiples_with_the_base_in_the_list),
		TEST(an_empty_list_does_nothing),
		TEST(user_bank_transfers),
		TEST(exception_return_is_one_step_at_the_end),
		TEST(faults_at_every_position_change_nothing),
		TEST(single_accesses_fault_cleanly),
		TEST(a_bus_error_in_the_middle_leaves_the_registers),
		TEST(swaps),
		TEST(doubles),
		TEST(vfp_transfers),
		TEST(multiples_let_others_in),
	};

	return cmocka_run_group_tests_name("mem_exec", tests, NULL, NULL);
}
