/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual CP15, instruction by instruction as chapter 2 of the ARM926EJ-S TRM lists them. The
 * source is included, so that its table can be walked and its cache operations are seen: those of
 * arch/arm/cache.h are replaced by notes of what was asked for. What its registers do to the
 * guest's translation is in test_cp15_mmu.c.
 */
#include <stdint.h>

#include <string.h>

#define ARCH_ARM_CACHE_H
#define CACHE_LINE         32u
#define CACHE_SET_WAY_MASK 0xc000ffe0u

/** What was done to the caches since cache_forget(), in order, and the operand of the last. */
static struct {
	char done[200];
	uint32_t operand;
} cache;

static void cache_note(const char *name, uint32_t operand)
{
	if (cache.done[0])
		strcat(cache.done, " + ");
	strcat(cache.done, name);
	cache.operand = operand;
}

static void cache_forget(void)
{
	cache.done[0] = 0;
	cache.operand = 0;
}

static void cache_invalidate_i_all(uint32_t operand)
{
	cache_note("invalidate I", 0);
}
static void cache_invalidate_i_line(uint32_t va)
{
	cache_note("invalidate I line", va);
}
static void cache_invalidate_i_set_way(uint32_t at)
{
	cache_note("invalidate I set/way", at);
}
static void cache_invalidate_d_line(uint32_t va)
{
	cache_note("invalidate D line", va);
}
static void cache_clean_d_line(uint32_t va)
{
	cache_note("clean D line", va);
}
static void cache_clean_d_set_way(uint32_t at)
{
	cache_note("clean D set/way", at);
}
static void cache_drain_write_buffer(uint32_t operand)
{
	cache_note("drain", 0);
}
static void cache_clean_invalidate_d_line(uint32_t va)
{
	cache_note("clean, inv. D line", va);
}
static void cache_clean_invalidate_d_set_way(uint32_t at)
{
	cache_note("clean, inv. D set/way", at);
}
static void cache_clean_d_all(void)
{
	cache_note("clean D", 0);
}
static void cache_clean_invalidate_d_all(void)
{
	cache_note("clean, inv. D", 0);
}
static void cache_flush_all(void)
{
	cache_note("flush", 0);
}

#include "vcpu/cp15.c"

#include "tests/host/core_machine.h"

#define MCR(crn, crm, opc2) (0xee000f10u | (crn) << 16 | (crm) | (opc2) << 5)
#define MRC(crn, crm, opc2) (MCR(crn, crm, opc2) | 1u << 20)
#define RT(n)               ((uint32_t)(n) << 12)

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	cache_forget();
	return 0;
}

/** MRC to r1, executed. */
static uint32_t read_register(uint32_t word)
{
	machine.vcpu.frame.r[1] = 0xdeadbeef;
	assert_int_equal(machine_do(word | RT(1)), TRAP_NEXT);
	return machine.vcpu.frame.r[1];
}

/* ---- the table ------------------------------------------------------------------------------- */

static bool covers(uint8_t row, uint8_t other)
{
	return row == ANY || row == other;
}

static void no_row_hides_another(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(rows[i].read || rows[i].write);
		for (unsigned j = i + 1; j < ARRAY_SIZE(rows); j++)
			if (covers(rows[i].crn, rows[j].crn) &&
			    covers(rows[i].opc1, rows[j].opc1) &&
			    covers(rows[i].crm, rows[j].crm) && covers(rows[i].opc2, rows[j].opc2))
				fail_msg("row %u hides row %u", i, j);
	}
}

/** TRM, tables 2-3, 2-18, 2-22 and 2.3: what exists. Lockdown and c15 are checked further down. */
static bool exists(bool read, unsigned opc1, unsigned crn, unsigned crm, unsigned opc2)
{
	/* c7: 'w' for MCR, 'r' for MRC, by CRm and opc2. */
	static const char *const c7[16] = {
		[0] = "....w...",  [5] = "www.....",  [6] = "www.....",  [7] = "w.......",
		[10] = ".wwrw...", [13] = ".w......", [14] = ".wwr....",
	};

	if (crn == 15)
		return true;
	if (opc1 != 0)
		return false;
	switch (crn) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 6:
		return true;
	case 5:
	case 13:
		return opc2 < 2;
	case 7:
		return c7[crm] && c7[crm][opc2] == (read ? 'r' : 'w');
	case 8:
		return !read && crm >= 5 && crm <= 7 && opc2 < 2;
	case 9:
		return crm < 2 && opc2 < 2;
	case 10:
		return crm == 0 && opc2 == 0;
	default: /* c4, c11, c12, c14: UNPREDICTABLE or undefined */
		return false;
	}
}

static void what_exists_is_decoded_and_nothing_else(void **state)
{
	for (uint32_t i = 0; i < 1u << 15; i++) {
		const unsigned opc1 = i & 7, opc2 = i >> 3 & 7, crn = i >> 6 & 15,
			       crm = i >> 10 & 15;
		const bool read = i >> 14;
		const uint32_t word = MCR(crn, crm, opc2) | opc1 << 21 | (uint32_t)read << 20;
		const bool expected = exists(read, opc1, crn, crm, opc2);

		for (unsigned rt = 0; rt < 16; rt++) {
			const struct proxy p = cp15_decode(word | RT(rt));
			const bool found = p.emulate != emulate_undefined;

			if (found != (expected && (read || rt != 15)))
				fail_msg("%s p15, %u, r%u, c%u, c%u, %u is %s",
					 read ? "mrc" : "mcr", opc1, rt, crn, crm, opc2,
					 found ? "accepted" : "undefined");
			assert_int_equal(p.arg, found ? rt : (word | RT(rt)));
		}
	}
}

static void undefined_encodings_are_injected(void **state)
{
	static const uint32_t words[] = {
		MRC(4, 0, 0),          MCR(4, 0, 0),  MRC(12, 0, 0),
		MRC(14, 0, 0),         MRC(7, 0, 4),  MCR(7, 14, 3),
		MRC(8, 7, 0),          MCR(7, 10, 3), MCR(1, 0, 0) | 1u << 21,
		MCR(2, 0, 0) | RT(15),
	};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(machine_do(words[i]), TRAP_INJECT);
}

/* ---- registers ------------------------------------------------------------------------------- */

static void identification_is_read_only(void **state)
{
	const struct {
		uint32_t mrc, value;
	} ids[] = {
		{ MRC(0, 0, 0), 0x41069265 },      /* ARM926EJ-S r0p5 */
		{ MRC(0, 0, 1), cp15_read_ctr() }, /* the real caches are used */
		{ MRC(0, 0, 2), 0 },               /* no TCM */
		{ MRC(0, 0, 3), 0x41069265 },
		{ MRC(0, 0, 7), 0x41069265 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_int_equal(read_register(ids[i].mrc), ids[i].value);
		assert_int_equal(machine_mcr(ids[i].mrc & ~(1u << 20), 0xffffffff), TRAP_NEXT);
		assert_int_equal(read_register(ids[i].mrc), ids[i].value);
	}
}

static void registers_read_back(void **state)
{
	static const struct {
		const char *name;
		uint32_t mcr, reset, mask;
	} registers[] = {
		{ "control", MCR(1, 0, 0), 0x00050078, 0xffffff7f }, /* big endian is refused */
		{ "translation table base", MCR(2, 0, 0), 0, 0xffffc000 },
		{ "domain access control", MCR(3, 0, 0), 0, 0xffffffff },
		{ "data fault status", MCR(5, 0, 0), 0, 0xffffffff },
		{ "instruction fault status", MCR(5, 0, 1), 0, 0xffffffff },
		{ "fault address", MCR(6, 0, 0), 0, 0xffffffff },
		{ "data lockdown", MCR(9, 0, 0), 0xfff0, 0xffffffff },
		{ "instruction lockdown", MCR(9, 0, 1), 0xfff0, 0xffffffff },
		{ "TLB lockdown", MCR(10, 0, 0), 0, 0xffffffff },
		{ "FCSE PID", MCR(13, 0, 0), 0, 0xfe000000 },
		{ "context ID", MCR(13, 0, 1), 0, 0xffffffff },
		{ "data TCM region", MCR(9, 1, 0), 0, 0 },
		{ "instruction TCM region", MCR(9, 1, 1), 0, 0 },
		{ "test", MCR(15, 1, 0), 0, 0 },
	};
	/* No M bit: there are no tables. */
	static const uint32_t values[] = { 0xfffffff8u, 0x5a5a5a58u, 0xa5a5a5a0u, 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
		start(NULL);
		assert_int_equal(read_register(registers[i].mcr | 1u << 20), registers[i].reset);
		for (unsigned v = 0; v < ARRAY_SIZE(values); v++) {
			const uint32_t value = i == 0 ? values[v] & registers[i].mask : values[v];

			/* From r9, so that no other register is taken for it. */
			machine.vcpu.frame.r[9] = value;
			if (machine_do(registers[i].mcr | RT(9)) != TRAP_NEXT ||
			    read_register(registers[i].mcr | 1u << 20) !=
				    (value & registers[i].mask))
				fail_msg("%s: %08x is read back as %08x", registers[i].name, value,
					 machine.vcpu.frame.r[1]);
		}
		/* A write to one has not changed another. */
		for (unsigned j = 0; j < ARRAY_SIZE(registers); j++)
			if (j != i)
				assert_int_equal(read_register(registers[j].mcr | 1u << 20),
						 registers[j].reset);
	}
}

static void a_read_to_r15_sets_the_flags(void **state)
{
	machine_mcr(MCR(6, 0, 0), 0x5fffffff);
	machine.vcpu.frame.cpsr = 0xa8000010;
	machine.vcpu.frame.pc = 0x8000;
	assert_int_equal(machine_do(MRC(6, 0, 0) | RT(15)), TRAP_NEXT);
	assert_int_equal(machine.vcpu.frame.cpsr, 0x58000010);
	assert_int_equal(machine.vcpu.frame.pc, 0x8000);
}

/* ---- control --------------------------------------------------------------------------------- */

static void big_endian_stops_the_vm(void **state)
{
	assert_int_equal(machine_mcr(MCR_SCTLR, 0x50078 | SCTLR_B), TRAP_STOP);
	assert_non_null(strstr(machine.vcpu.stop_reason, "big endian"));
	assert_int_equal(read_register(MRC(1, 0, 0)), 0x50078);
}

static void the_vmms_vectors_leave_the_guests_place(void **state)
{
	assert_true(machine.hw_vectors_high);
	machine_mcr(MCR_SCTLR, 0x50078 | SCTLR_V);
	assert_false(machine.hw_vectors_high);
	machine_mcr(MCR_SCTLR, 0x50078);
	assert_true(machine.hw_vectors_high);
}

static void alignment_checks_reach_the_hardware(void **state)
{
	machine_mcr(MCR_SCTLR, 0x50078 | SCTLR_A);
	assert_int_equal(machine.hw_control & SCTLR_A, SCTLR_A);
	machine_mcr(MCR_SCTLR, 0x50078 | SCTLR_I);
	assert_int_equal(machine.hw_control & (SCTLR_A | SCTLR_I), SCTLR_I);
}

static void caches_are_emptied_when_addresses_change_their_meaning(void **state)
{
	static const uint32_t flips[] = { SCTLR_M, SCTLR_C, SCTLR_I };

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(flips); i++) {
		cache_forget();
		machine_mcr(MCR_SCTLR, machine.vcpu.mmu.sctlr ^ flips[i / 2]);
		assert_string_equal(cache.done, "flush");
	}
	cache_forget();
	machine_mcr(MCR_SCTLR, machine.vcpu.mmu.sctlr ^ SCTLR_RR);
	assert_string_equal(cache.done, "");
	machine_mcr(MCR_PID, 0x04000000);
	assert_string_equal(cache.done, "flush");
	cache_forget();
	machine_mcr(MCR_PID, 0x05ffffff); /* the same process */
	assert_string_equal(cache.done, "");
}

/* ---- caches, write buffer, waiting ----------------------------------------------------------- */

static void cache_operations(void **state)
{
	static const struct {
		uint32_t word;
		const char *done;
		bool operand;
	} operations[] = {
		/* What would throw away data of the VMM writes it back as well. */
		{ MCR(7, 5, 0), "clean, inv. D + invalidate I", false },
		{ MCR(7, 5, 1), "clean, inv. D line + invalidate I line", true },
		{ MCR(7, 5, 2), "clean, inv. D + invalidate I set/way", true },
		{ MCR(7, 6, 0), "clean, inv. D", false },
		{ MCR(7, 6, 1), "invalidate D line", true },
		{ MCR(7, 6, 2), "clean, inv. D set/way", true },
		{ MCR(7, 7, 0), "clean, inv. D + invalidate I", false },
		{ MCR(7, 10, 1), "clean D line", true },
		{ MCR(7, 10, 2), "clean D set/way", true },
		{ MCR(7, 10, 4), "drain", false },
		{ MCR(7, 14, 1), "clean, inv. D line", true },
		{ MCR(7, 14, 2), "clean, inv. D set/way", true },
		{ MRC(7, 10, 3) | RT(15), "clean D", false },
		{ MRC(7, 14, 3) | RT(15), "clean, inv. D", false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		cache_forget();
		assert_int_equal(machine_mcr(operations[i].word, 0x80005660), TRAP_NEXT);
		assert_string_equal(cache.done, operations[i].done);
		assert_int_equal(cache.operand, operations[i].operand ? 0x80005660 : 0);
	}
	cache_forget();
	assert_int_equal(machine_mcr(MCR(7, 13, 1), 0x12345678), TRAP_NEXT); /* prefetch: a hint */
	assert_string_equal(cache.done, "");
}

/** At the VMM's addresses the guest has no lines. */
static void lines_of_the_vmm_are_left_alone(void **state)
{
	static const struct {
		uint32_t va;
		const char *done;
	} lines[] = {
		{ VMM_BASE - 32, "invalidate D line" },
		{ VMM_BASE, "" },
		{ VMM_END - 32, "" },
		{ VMM_END, "invalidate D line" },
		{ VMM_END - 1, "" },
		{ VMM_BASE - 1, "invalidate D line" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
		cache_forget();
		machine_mcr(MCR(7, 6, 1), lines[i].va);
		assert_string_equal(cache.done, lines[i].done);
	}
}

/* What the FCSE renames has two names under the VMM, and is not cached under either. */
static void lines_under_a_process_id(void **state)
{
	static const uint32_t lines[] = { MCR(7, 5, 1), MCR(7, 6, 1), MCR(7, 10, 1),
					  MCR(7, 14, 1) };

	machine_mcr(MCR_PID, 0x0a000000);
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
		cache_forget();
		machine_mcr(lines[i], 0x0b234560);
		machine_mcr(lines[i], 0x01234560);
		assert_string_equal(cache.done, "");
		machine_mcr(lines[i], 0x0c234560);
		assert_int_equal(cache.operand, 0x0c234560);
	}
	machine_mcr(MCR(7, 10, 2), 0x8a00003f); /* set and way are no address */
	assert_int_equal(cache.operand, 0x80000020);
}

static void test_and_clean_ends_the_loop(void **state)
{
	static const uint32_t words[] = { MRC(7, 10, 3), MRC(7, 14, 3) };

	for (unsigned i = 0; i < 2; i++) {
		machine.vcpu.frame.cpsr = PSR_MODE_USR;
		machine_do(words[i] | RT(15));
		assert_int_equal(machine.vcpu.frame.cpsr, PSR_MODE_USR | PSR_Z);
		assert_int_equal(read_register(words[i]) & PSR_Z, PSR_Z);
	}
}

static void waiting_for_an_interrupt(void **state)
{
	static const uint8_t interrupts[] = { 0, PSR_I, PSR_F, PSR_I | PSR_F };

	for (unsigned masked = 0; masked < 4; masked++) {
		vcpu_set_mode_bits(&machine.vcpu, masked << 6 | PSR_MODE_SVC);
		for (unsigned i = 0; i < ARRAY_SIZE(interrupts); i++) {
			machine.vcpu.interrupt = interrupts[i];
			assert_int_equal(machine_mcr(MCR(7, 0, 4), 0),
					 interrupts[i] ? TRAP_NEXT : TRAP_WAIT);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_row_hides_another, start),
		cmocka_unit_test_setup(what_exists_is_decoded_and_nothing_else, start),
		cmocka_unit_test_setup(undefined_encodings_are_injected, start),
		cmocka_unit_test_setup(identification_is_read_only, start),
		cmocka_unit_test_setup(registers_read_back, start),
		cmocka_unit_test_setup(a_read_to_r15_sets_the_flags, start),
		cmocka_unit_test_setup(big_endian_stops_the_vm, start),
		cmocka_unit_test_setup(the_vmms_vectors_leave_the_guests_place, start),
		cmocka_unit_test_setup(alignment_checks_reach_the_hardware, start),
		cmocka_unit_test_setup(caches_are_emptied_when_addresses_change_their_meaning,
				       start),
		cmocka_unit_test_setup(cache_operations, start),
		cmocka_unit_test_setup(lines_of_the_vmm_are_left_alone, start),
		cmocka_unit_test_setup(lines_under_a_process_id, start),
		cmocka_unit_test_setup(test_and_clean_ends_the_loop, start),
		cmocka_unit_test_setup(waiting_for_an_interrupt, start),
	};

	return cmocka_run_group_tests_name("virtual CP15", tests, NULL, NULL);
}
