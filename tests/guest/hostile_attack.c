/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways out of the box that leave the guest no way back, one per program: hostile_attack_N is this
 * with attack N. Afterwards the guest goes on, if the CPU it thinks it has would have, or its VM
 * is stopped with a report. The test is what the VMM says then. Not for the bare board: QEMU
 * itself ends there when code runs outside of RAM.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/hostile.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#include "arch/arm/layout.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB          0x00100000u

/* Guest physical addresses of a 96 MiB VM where there is nothing, or nothing good. */
#define GPA_NOTHING 0x50000000u
#define GPA_END     0x06000000u

/* In hostile_attack_code.S */
extern label attack_load, attack_store, attack_swi_on_stack, attack_branch;

/* A store that may abort; the attack goes on. */
static void poke(uint32_t at, uint32_t value)
{
	run_code(SVC, attack_store, value, at);
}

static void jump_to(uint32_t target)
{
	run_code(SVC, attack_branch, target, 0);
	tap_printf("# back, with exception %u\n", (unsigned)seen.kind);
}

static void jump_to_nothing(void)
{
	jump_to(GPA_NOTHING);
}

static void jump_to_a_device(void)
{
	jump_to(BOARD_TIMER);
}

static void jump_to_the_vmm(void)
{
	jump_to(VMM_IMAGE);
}

static void jump_behind_the_end_of_ram(void)
{
	jump_to(GPA_END);
}

/*
 * The vectors themselves are of no use to a guest that does this; a real CPU would abort for
 * ever.
 */
static void use_table(uint32_t ttbr)
{
	mmu_tables_init();
	dacr_write(0xffffffff);
	ttbr_write(ttbr);
	mmu_on(0);
	tap_printf("# a translation by table 0x%x\n", (unsigned)ttbr);
}

static void table_in_a_device(void)
{
	use_table(BOARD_UART & ~0x3fffu);
}

static void table_in_nothing(void)
{
	use_table(GPA_NOTHING);
}

static void table_at_the_last_address(void)
{
	use_table(0xffffffff);
}

static void table_over_the_end_of_ram(void)
{
	use_table(GPA_END - 0x2000);
}

/* Level 1 entries for the VMM's own slots, to RAM of the guest. */
static void map_the_vmm(void)
{
	mmu_tables_init();
	for (uint32_t va = VMM_BASE; va < VMM_END; va += MIB)
		mmu_set(&l1_table[0][va >> 20], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
	mmu_on(0);
	tap_printf("# mapped\n");
}

static void map_and_load_the_vmm(void)
{
	map_the_vmm();
	run_code(PSR_MODE_USR, attack_load, 0, VMM_IMAGE);
}

static void map_and_store_to_the_vmm(void)
{
	map_the_vmm();
	run_code(SVC, attack_store, 0xdeadbeef, VMM_POOL);
}

static void map_and_jump_to_the_vmm(void)
{
	map_the_vmm();
	jump_to(VMM_WINDOWS);
}

static void map_the_vmm_as_stack(void)
{
	map_the_vmm();
	run_code(SVC, attack_swi_on_stack, VMM_IMAGE + 0x8000, 0);
}

static void stack_in_a_device(void)
{
	run_code(SVC, attack_swi_on_stack, BOARD_TIMER + 0x40, 0);
	tap_printf("# back\n");
}

static void stack_in_nothing(void)
{
	run_code(SVC, attack_swi_on_stack, GPA_NOTHING, 0);
	tap_printf("# back\n");
}

static void vectors_that_are_not_mapped(void)
{
	mmu_tables_init();
	mmu_map_high_vectors();
	mmu_set(&l2_table[L2_TABLES - 1][0xf0], 0);
	mmu_on(SCTLR_V);
	run_code(PSR_MODE_USR, attack_load, 0, 0x80000000);
}

static void high_vectors_without_mmu(void)
{
	sctlr_write(sctlr_read() | SCTLR_V);
	run_code(PSR_MODE_USR, attack_branch, GPA_NOTHING, 0);
}

static void all_domains_closed(void)
{
	mmu_tables_init();
	mmu_on(0);
	dacr_write(0);
}

static void fcse_pid_without_mapping(void)
{
	mmu_tables_init();
	mmu_on(0);
	fcse_pid_write(0x7f << 25);
}

static void big_endian(void)
{
	sctlr_write(sctlr_read() | SCTLR_B);
	sctlr_write(sctlr_read() & ~(uint32_t)SCTLR_B);
}

/*
 * Descriptors of all kinds to everywhere; the program's own slots and the VMM's stay as they
 * are.
 */
static void random_tables(void)
{
	mmu_tables_init();
	for (unsigned i = 0; i < COARSE_ENTRIES; i++)
		l2_table[0][i] = next_random();
	for (uint32_t i = 8; i < L1_ENTRIES; i++)
		if (!l1_table[0][i] && (i < VMM_BASE >> 20 || i >= VMM_END >> 20))
			mmu_set(&l1_table[0][i], next_random() & 1
							 ? next_random()
							 : desc_coarse(addr(l2_table[0]), 0));
	dacr_write(next_random() | 3);
	mmu_on(0);
	for (unsigned i = 0; i < 20000; i++) {
		const uint32_t va = next_random() & ~3u;

		if (va < 8 * MIB || (va >= VMM_BASE && va < VMM_END) ||
		    (va - BOARD_DEVICE_BASE) < BOARD_DEVICE_SIZE)
			continue;
		run_code(i & 1 ? PSR_MODE_USR : SVC,
			 next_random() & 1 ? attack_load : attack_branch, va, va);
	}
	tap_printf("# back\n");
}

/* Everything to itself: 4096 entries that make the table its own level 2 table, page by page. */
static void tables_of_tables(void)
{
	mmu_tables_init();
	for (uint32_t i = 8; i < L1_ENTRIES; i++)
		if (!l1_table[0][i] && (i < VMM_BASE >> 20 || i >= VMM_END >> 20))
			mmu_set(&l1_table[0][i],
				desc_coarse(addr(l1_table[0]) + (i * 0x400 & 0x3c00), 0));
	mmu_on(0);
	for (uint32_t va = 8 * MIB; va < VMM_BASE; va += 0x3f1000)
		run_code(PSR_MODE_USR, attack_load, 0, va);
	tap_printf("# back\n");
}

/* Level 2 tables where there is no memory, sections to where there is none. */
static void tables_and_sections_to_nothing(void)
{
	static const uint32_t targets[] = { GPA_NOTHING, GPA_END,    0x07f00000, 0x10000000,
					    0x8000000,   0xc0000000, 0xf0000000, 0xfff00000,
					    VMM_POOL,    VMM_IMAGE };

	mmu_tables_init();
	for (unsigned i = 0; i < COUNT(targets); i++) {
		mmu_set(&l1_table[0][0x400 + 3 * i], desc_section(targets[i], AP_USER_RW, 0, 0));
		mmu_set(&l1_table[0][0x401 + 3 * i], desc_coarse(targets[i], 0));
		mmu_set(&l1_table[0][0x402 + 3 * i], desc_fine(targets[i], 0));
	}
	mmu_on(0);
	for (uint32_t i = 0; i < 3 * COUNT(targets); i++) {
		if (targets[i / 3] == 0xf0000000 && i % 3 == 0) /* the power register */
			continue;
		run_code(PSR_MODE_USR, attack_load, 0, 0x40000000 + i * MIB + 0x100);
		run_code(SVC, attack_store, 0xa5a5a5a5, 0x40000000 + i * MIB + 0x200);
		run_code(PSR_MODE_USR, attack_branch, 0x40000000 + i * MIB + 0x300, 0);
	}
	tap_printf("# back\n");
}

/* A bus master is told to copy over the top of the board's RAM, where the VMM is. */
static void bus_master(void)
{
	for (unsigned channel = 0; channel < 8; channel++) {
		const uint32_t base = 0x10130100 + 0x20 * channel; /* PL080 of the Versatile/PB */

		poke(0x10130030, 1);
		poke(base + 0x00, GUEST_SCRATCH);
		poke(base + 0x04, 0x07f00000 + channel * 0x20000);
		poke(base + 0x08, 0);
		poke(base + 0x0c, 0x0c480fff); /* words, both addresses count up */
		poke(base + 0x10, 0x0000c001);
	}
	for (volatile unsigned i = 0; i < 100000; i++)
		;
	tap_printf("# back\n");
}

/* The core module's own interrupt registers, which QEMU's Integrator/CP does not survive. */
static void core_module_interrupts(void)
{
	static const uint32_t registers[] = { 0x10000048, 0x10000050, 0x10000068, 0x10000014 };

	for (unsigned i = 0; i < COUNT(registers); i++)
		poke(registers[i], i == 3 ? 0xa05f : 0xffffffff);
	tap_printf("# back\n");
}

static void frame_buffer_over_the_vmm(void)
{
	static const uint32_t bases[] = { 0xc0000000, 0x10120000 };

	for (unsigned i = 0; i < COUNT(bases); i++) {
		poke(bases[i] + 0x10, 0x07f00000);
		poke(bases[i] + 0x14, 0x07f00000);
		poke(bases[i] + 0x18, 0x0000082d);
		poke(bases[i] + 0x1c, 0x0000082d);
	}
	tap_printf("# back\n");
}

static const struct attack attacks[] = {
	ATTACK(jump_to_nothing),
	ATTACK(jump_to_a_device),
	ATTACK(jump_to_the_vmm),
	ATTACK(jump_behind_the_end_of_ram),
	ATTACK(table_in_a_device),
	ATTACK(table_in_nothing),
	ATTACK(table_at_the_last_address),
	ATTACK(table_over_the_end_of_ram),
	ATTACK(map_and_load_the_vmm),
	ATTACK(map_and_store_to_the_vmm),
	ATTACK(map_and_jump_to_the_vmm),
	ATTACK(map_the_vmm_as_stack),
	ATTACK(stack_in_a_device),
	ATTACK(stack_in_nothing),
	ATTACK(vectors_that_are_not_mapped),
	ATTACK(high_vectors_without_mmu),
	ATTACK(all_domains_closed),
	ATTACK(fcse_pid_without_mapping),
	ATTACK(big_endian),
	ATTACK(random_tables),
	ATTACK(tables_of_tables),
	ATTACK(tables_and_sections_to_nothing),
	ATTACK(bus_master),
	ATTACK(core_module_interrupts),
	ATTACK(frame_buffer_over_the_vmm),
};

GUEST_TEST(the_attack_is_over)
{
	hostile_attack(attacks, COUNT(attacks));
}
