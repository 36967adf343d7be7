/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores that have proxies. The handlers of their own for LDM and STM with ^ must do what
 * the general path does, whatever the address; LDRT and STRT must do what the MMU of ref_mmu.h says
 * about User mode. Random pages, views and operands.
 */
#include "vcpu/proxy_mem.c"

#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "domain/vm_mem.h"

#include <string.h>

#define DIR    0x00010000u
#define COARSE 0x00020000u /* domain 1 */
#define CLOSED 0x00020400u /* domain 2: software PAN closes it */
#define FINE   0x00021000u /* domain 1 */
#define DATA   0x00100000u
#define PAGES  16u

#define VA        0x40000000u
#define VA_CLOSED 0x40100000u
#define VA_FINE   0x40200000u

#define SMALL(gpa, ap) ((gpa) | (ap) << 4 | 0xe)

static uint8_t memory[2][PAGES * 0x1000];

static int start(void **state)
{
	/* Kernel pages and programs' pages side by side, quarters that differ, holes, a device. */
	static const uint32_t pages[] = {
		SMALL(DATA, 0xff),
		SMALL(DATA + 0x1000, 0xff),
		SMALL(DATA + 0x2000, 0x55),
		SMALL(DATA + 0x3000, 0xaa),
		SMALL(DATA + 0x4000, 0x1b),
		SMALL(DATA + 0x5000, 0xe4),
		0,
		SMALL(DATA + 0x6000, 0xff),
		SMALL(0x10102000, 0xff),
		SMALL(DATA + 0x7000, 0x00),
		SMALL(0x70000000, 0xff),
		SMALL(DATA + 0x8000, 0xff),
		SMALL(0x10103000, 0xff),
		SMALL(DATA + 0x9000, 0x55),
		SMALL(0x10102000, 0x55),
	};

	seed(7);
	machine_init();
	machine_map_usual();
	guest_set_word(DIR + (VA >> 20) * 4, COARSE | 1u << 5 | 0x11);
	guest_set_word(DIR + (VA_CLOSED >> 20) * 4, CLOSED | 2u << 5 | 0x11);
	guest_set_word(DIR + (VA_FINE >> 20) * 4, FINE | 1u << 5 | 0x13);
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		guest_set_word(COARSE + i * 4, pages[i]);
	for (unsigned i = 0; i < 4; i++)
		guest_set_word(CLOSED + i * 4, SMALL(DATA + 0xa000 + i * 0x1000, 0xff));
	for (unsigned i = 0; i < 12; i++)
		guest_set_word(FINE + i * 4,
			       (DATA + 0xe000 + (i & 7) * 0x400) | (i & 3) << 4 | 0xf);
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	for (unsigned i = 0; i < PAGES * 0x1000; i += 4)
		guest_set_word(DATA + i, rnd());
	return 0;
}

static uint32_t random_va(void)
{
	static const uint32_t near[] = { 0, 0, 4, 8, 0x3c, 0x40, 0x3c0, 0x3f8, 0x3fc };
	uint32_t va = near[rnd_below(ARRAY_SIZE(near))] + rnd_below(4) * 0x400;

	switch (rnd_below(6)) {
	case 0:
		return va + VA_CLOSED + rnd_below(5) * 0x1000;
	case 1:
		return va + VA_FINE + rnd_below(3) * 0x1000;
	case 2:
		return rnd_below(4) ? va + VA : rnd();
	default:
		return va + VA + rnd_below(16) * 0x1000;
	}
}

/** Lets the shadow know a page, as an earlier access of the guest would have. */
static void known(uint32_t va, bool write)
{
	struct vcpu *const vcpu = &machine.vcpu;
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, va, vcpu_privileged(vcpu), write, &t, &fault);
	if (region)
		shadow_fill(&machine.shadow, gva(va), &t, region,
			    write ? RIGHTS_WRITE : RIGHTS_READ);
}

/** A privileged mode, domains, what is known; registers. */
static void random_view(uint32_t va)
{
	static const uint8_t access[] = { 1, 1, 1, 0, 3 };
	struct vcpu *const vcpu = &machine.vcpu;

	vcpu_set_cpsr(vcpu, (rnd() & 0xf80000c0u) | machine_modes[1 + rnd_below(6)]);
	if (rnd_below(8) == 0)
		machine_mcr(MCR_DACR,
			    0x55555541u | access[rnd_below(5)] << 2 | access[rnd_below(5)] << 4);
	if (rnd_below(40) == 0)
		machine_mcr(MCR_SCTLR, vcpu->mmu.sctlr ^ (rnd_below(2) ? SCTLR_R : SCTLR_S));
	if (rnd_below(30) == 0)
		machine_mcr(MCR_TLB_ALL, 0);
	if (rnd_below(20) == 0)
		shadow_flush_all(&machine.shadow);
	for (unsigned n = 0; n < 15; n++)
		vcpu->frame.r[n] = rnd();
	for (unsigned n = 0; n < BANK_COUNT; n++) {
		if (vcpu_bank(vcpu) != n) {
			vcpu->bank_r13[n] = rnd();
			vcpu->bank_r14[n] = rnd();
		}
		vcpu->spsr[n] = (rnd() & 0xf80000e0u) | machine_modes[rnd_below(7)];
	}
	for (unsigned n = 0; n < 5; n++)
		vcpu->bank_high[0][n] = rnd(), vcpu->bank_high[1][n] = rnd();
	vcpu->frame.pc = 0xc0008000;
	vcpu->cp15.dfsr = vcpu->cp15.far = 0xeeeeeeee;
	vcpu->interrupt = rnd_below(4) ? 0 : rnd() & (PSR_I | PSR_F);
	if (rnd_below(3)) {
		known(va, rnd_below(2));
		known(va + 0x40, rnd_below(2));
		known(va - 0x40, rnd_below(2));
	}
}

static void copy_memory(unsigned to)
{
	memcpy(memory[to], machine_host(HPA_RAM + DATA), sizeof(memory[0]));
}

static void set_view(const struct vcpu *vcpu)
{
	machine.vcpu = *vcpu;
	shadow_set_privileged(&machine.shadow, vcpu_privileged(vcpu));
}

/** Executes a word by its own handler and by the general path; true if the former was enough. */
static bool both_ways(uint32_t word, emulate_fn handler)
{
	const struct vcpu before = machine.vcpu;
	const uint32_t device_word = machine.device_word;
	const unsigned reads = machine.device_reads, writes = machine.device_writes;
	enum trap_outcome fast, general;
	struct vcpu after;
	unsigned fast_reads, fast_writes;
	bool same;

	assert_ptr_equal(proxy_decode(word).emulate, handler);
	copy_memory(0);
	fast = handler(&machine.vcpu, word);
	copy_memory(1);
	after = machine.vcpu;
	fast_reads = machine.device_reads - reads;
	fast_writes = machine.device_writes - writes;

	set_view(&before);
	memcpy(machine_host(HPA_RAM + DATA), memory[0], sizeof(memory[0]));
	machine.device_word = device_word;
	general = emulate_mem_checked(&machine.vcpu, word);

	copy_memory(0);
	same = memcmp(memory[0], memory[1], sizeof(memory[0])) == 0 &&
	       memcmp(&after.frame, &machine.vcpu.frame, sizeof(after.frame)) == 0 &&
	       memcmp(after.bank_r13, machine.vcpu.bank_r13, sizeof(after.bank_r13)) == 0 &&
	       memcmp(after.bank_r14, machine.vcpu.bank_r14, sizeof(after.bank_r14)) == 0 &&
	       memcmp(after.bank_high, machine.vcpu.bank_high, sizeof(after.bank_high)) == 0 &&
	       memcmp(after.spsr, machine.vcpu.spsr, sizeof(after.spsr)) == 0 &&
	       memcmp(&after.cp15, &machine.vcpu.cp15, sizeof(after.cp15)) == 0 &&
	       after.ctl == machine.vcpu.ctl && after.proxy_match == machine.vcpu.proxy_match &&
	       fast_reads == machine.device_reads - reads - fast_reads &&
	       fast_writes == machine.device_writes - writes - fast_writes;
	if (!same)
		fail_msg(
			"0x%08x in mode 0x%x with the base at 0x%08x: the handler's result differs",
			word, vcpu_mode(&before), before.frame.r[word >> 16 & 15]);

	/* The general path asks for more than is needed, at most. */
	if (fast == general)
		return false;
	if (fast == TRAP_NEXT)
		assert_int_equal(general, TRAP_NEXT_POLL);
	else
		assert_int_equal(fast, TRAP_MOVED);
	if (fast == TRAP_MOVED) {
		assert_int_equal(general, TRAP_RESUME);
		assert_false(vcpu_interrupt_due(&after));
	}
	return true;
}

/** Runs one kind of LDM or STM at many addresses; all four ways to count. */
static void block(uint32_t word, emulate_fn handler, uint32_t (*list)(void))
{
	unsigned enough = 0;
	const unsigned runs = 30000;

	for (unsigned i = 0; i < runs; i++) {
		const uint32_t registers = list();
		const unsigned rn = rnd_below(15);
		uint32_t va = random_va();

		if (rnd_below(50))
			va &= ~3u;
		random_view(va);
		machine.vcpu.frame.r[rn] = va;
		enough += both_ways(word | rnd_below(4) << 23 | rn << 16 | registers, handler);
	}
	assert_in_range(enough, runs / 20, runs * 9 / 10);
}

static uint32_t list_user(void)
{
	return 0x7fffu & (0x7fffu << rnd_below(13));
}

static uint32_t list_sp_lr(void)
{
	return 0x6000;
}

static uint32_t list_return(void)
{
	return 0x8000u | (rnd_below(3) ? rnd() & 0x7fffu : 0x7fffu & (0x7fffu << rnd_below(16)));
}

static void ldm_of_a_programs_registers(void **state)
{
	block(0xe8500000, ldm_user_to_lr, list_user);
}

static void stm_of_a_programs_sp_and_lr(void **state)
{
	block(0xe8400000, stm_user_sp_lr, list_sp_lr);
}

static void ldm_as_a_return(void **state)
{
	block(0xe8500000, ldm_exception_return, list_return);
}

/* The general path by itself: the registers that are meant, in every mode. */
static void the_user_bank_in_every_mode(void **state)
{
	for (unsigned i = 0; i < MACHINE_MODES; i++) {
		uint32_t expected[15];

		vcpu_set_cpsr(&machine.vcpu, 0xd0 | PSR_MODE_SYS);
		for (unsigned n = 0; n < 15; n++)
			expected[n] = machine.vcpu.frame.r[n] = i << 8 | n;
		machine.vcpu.frame.r[0] = expected[0] = VA;
		vcpu_set_mode_bits(&machine.vcpu, machine_modes[i]);
		if (machine_modes[i] == PSR_MODE_USR)
			continue; /* has no proxies */
		for (unsigned n = machine_modes[i] == PSR_MODE_FIQ ? 8 : 13; n < 15; n++)
			if (machine_modes[i] != PSR_MODE_SYS)
				machine.vcpu.frame.r[n] = 0xbad;
		machine_do(0xe8c07fff); /* stmia r0, {r0-lr}^ */
		for (unsigned n = 0; n < 15; n++) {
			assert_int_equal(guest_word(DATA + n * 4), expected[n]);
			guest_set_word(DATA + n * 4, 0x1000 + n);
		}
		machine_do(0xe8d07fff); /* ldmia r0, {r0-lr}^ */
		for (unsigned n = 0; n < 15; n++)
			assert_int_equal(vcpu_user_reg(&machine.vcpu, n), 0x1000 + n);
		if (machine_modes[i] != PSR_MODE_SYS)
			assert_int_equal(machine.vcpu.frame.r[13], 0xbad);
	}
}

/* ---- LDRT, STRT ------------------------------------------------------------------------------ */

/** What one access with User rights gives, by ref_mmu.h: a fault status, or *at and *bus. */
static unsigned ref_user_access(uint32_t va, bool write, uint32_t *physical, enum machine_bus *bus,
				uint8_t **host)
{
	const struct ref_mmu guest = machine_guest_mmu();
	const uint32_t mva = ref_mva(&guest, va);
	struct ref_entry entry;
	unsigned status = ref_walk(&guest, mva, &entry);
	struct ref_meaning m;

	if (!status)
		status = ref_check(&guest, &entry, mva, false, write);
	if (status)
		return status;
	m = ref_meaning(&entry, mva);
	*physical = m.physical;
	*bus = machine_bus_at(m.physical & ~3u, write, host);
	return *bus == BUS_NOTHING ? m.domain * 16 + (m.is_page ? 0xa : 0x8) : 0;
}

static unsigned done_directly, done, faulted;

static void ldrt_strt_once(void)
{
	const bool load = rnd_below(2), byte = rnd_below(2), up = rnd_below(2), reg = !rnd_below(6);
	const unsigned rt = rnd_below(14), rn = rnd_below(10) ? rnd_below(15) : rt;
	const unsigned rm = (rn + 1) % 14;
	const uint32_t offset = rnd_below(0x1000);
	const uint32_t va = random_va() + (rnd_below(4) ? 0 : rnd_below(4));
	const bool unaligned = !byte && va % 4;
	struct vcpu *const vcpu = &machine.vcpu;
	uint32_t word = 0xe4200000u | (uint32_t)load << 20 | (uint32_t)byte << 22 |
			(uint32_t)up << 23 | rn << 16 | rt << 12;
	uint32_t physical = 0, device_word, base, expected = 0, stored;
	enum machine_bus bus = BUS_NOTHING;
	enum trap_outcome outcome;
	struct vcpu before;
	uint8_t *host = NULL;
	unsigned status, shift;

	random_view(va);
	if (rnd_below(50) == 0)
		machine_mcr(MCR_SCTLR, vcpu->mmu.sctlr ^ SCTLR_A);
	vcpu->frame.r[rm] = rnd_below(0x1000);
	vcpu->frame.r[rn] = va;
	word |= reg ? 1u << 25 | rm : offset;
	base = reg ? vcpu->frame.r[rm] : offset;
	base = up ? va + base : va - base;
	stored = byte ? vcpu->frame.r[rt] & 0xff : vcpu->frame.r[rt];
	if (unaligned && (vcpu->mmu.sctlr & SCTLR_A))
		status = 1;
	else
		status = ref_user_access(va, !load, &physical, &bus, &host);
	device_word = machine.device_word;
	shift = va % 4 * 8;
	if (!status && bus == BUS_DEVICE)
		expected = device_word + (physical & 0xffc);
	else if (!status)
		memcpy(&expected, host, 4);
	if (!byte && shift)
		expected = expected >> shift | expected << (32 - shift);
	if (byte)
		expected = expected >> shift & 0xff;

	before = *vcpu;
	outcome = machine_do(word);

	if (status) {
		if (vcpu_mode(vcpu) != PSR_MODE_ABT || vcpu->cp15.dfsr != status ||
		    vcpu->cp15.far != ref_mva(&(struct ref_mmu){ .pid = vcpu->mmu.pid }, va))
			fail_msg("0x%08x at 0x%08x: status 0x%x at 0x%08x, expected 0x%x", word, va,
				 vcpu->cp15.dfsr, vcpu->cp15.far, status);
		assert_int_equal(outcome, TRAP_RESUME);
		assert_int_equal(vcpu->frame.pc, 0xffff0010);
		assert_int_equal(vcpu->frame.r[14], before.frame.pc + 8);
		assert_int_equal(vcpu_spsr(vcpu), vcpu_cpsr(&before));
		vcpu_set_cpsr(vcpu, vcpu_spsr(vcpu));
		if (vcpu_mode(vcpu) == PSR_MODE_ABT) /* its own lr is that of the abort */
			before.frame.r[14] = vcpu->frame.r[14];
		assert_memory_equal(vcpu->frame.r, before.frame.r, sizeof(before.frame.r));
		faulted++;
		return;
	}
	if (outcome != TRAP_NEXT && outcome != TRAP_NEXT_POLL)
		fail_msg("0x%08x at 0x%08x: outcome %u, status 0x%x", word, va, outcome,
			 vcpu->cp15.dfsr);
	done++;
	done_directly += outcome == TRAP_NEXT;
	before.frame.r[rn] = base;
	if (load)
		before.frame.r[rt] = expected; /* after the base, if they are the same */
	if (memcmp(vcpu->frame.r, before.frame.r, sizeof(before.frame.r)) != 0)
		fail_msg("0x%08x at 0x%08x: r%u is 0x%08x, expected 0x%08x; base 0x%08x", word, va,
			 rt, vcpu->frame.r[rt], expected, vcpu->frame.r[rn]);
	assert_int_equal(vcpu->frame.pc, before.frame.pc);
	if (load)
		return;
	if (bus == BUS_DEVICE)
		assert_int_equal(machine.device_word,
				 (byte ? stored << shift : stored) - (physical & 0xffc));
	else if (byte)
		assert_int_equal(host[va % 4], stored);
	else
		assert_memory_equal(host, &stored, 4);
}

static void ldrt_and_strt_have_the_rights_of_user_mode(void **state)
{
	done = done_directly = faulted = 0;
	for (unsigned i = 0; i < 60000; i++)
		ldrt_strt_once();
	assert_true(done > 15000);
	assert_true(done_directly > 8000);
	assert_true(faulted > 15000);
}

/* What the alignment handler of Linux would do: byte by byte, up to the first that is denied. */
static void unaligned_words_of_linux(void **state)
{
	unsigned complete = 0, partial = 0;
	struct vcpu *const vcpu = &machine.vcpu;

	vcpu->completes_unaligned = true;
	for (unsigned i = 0; i < 20000; i++) {
		const bool load = rnd_below(2), up = rnd_below(2);
		const uint32_t va = (random_va() & ~3u) + 1 + rnd_below(3),
			       offset = rnd_below(0x1000);
		uint32_t physical, expected = 0, far = va, stored, dacr;
		enum machine_bus bus[4];
		uint8_t *host[4];
		struct vcpu before;
		unsigned status = 0, n;
		bool memory_only = true;

		random_view(va);
		machine_mcr(MCR_SCTLR, vcpu->mmu.sctlr | SCTLR_A);
		vcpu->frame.r[1] = va;
		stored = vcpu->frame.r[2];
		/* Linux's fixup runs with manager domains made client. */
		dacr = vcpu->mmu.dacr;
		vcpu->mmu.dacr = dacr & 0x55555555u;
		for (n = 0; n < 4 && !status; n++) {
			far = va + n;
			status = ref_user_access(far, !load, &physical, &bus[n], &host[n]);
			if (status)
				break;
			memory_only &= bus[n] == BUS_MEMORY;
			if (bus[n] == BUS_MEMORY)
				expected |= (uint32_t)host[n][far % 4] << 8 * n;
		}
		vcpu->mmu.dacr = dacr;
		if (!memory_only)
			continue;
		before = *vcpu;
		/* ldrt or strt r2, [r1], #offset */
		machine_do(0xe4212000u | (uint32_t)load << 20 | (uint32_t)up << 23 | offset);
		for (unsigned m = 0; m < n && !load; m++)
			assert_int_equal(host[m][(va + m) % 4], stored >> 8 * m & 0xff);
		if (status) {
			assert_int_equal(vcpu_mode(vcpu), PSR_MODE_ABT);
			assert_int_equal(vcpu->cp15.dfsr, status);
			assert_int_equal(vcpu->cp15.far, far);
			assert_memory_equal(vcpu->frame.r, before.frame.r, 8 * 4);
			partial += n > 0;
			continue;
		}
		assert_int_equal(vcpu_cpsr(vcpu), vcpu_cpsr(&before));
		assert_int_equal(vcpu->frame.r[1], up ? va + offset : va - offset);
		assert_int_equal(vcpu->frame.r[2], load ? expected : stored);
		complete++;
	}
	assert_true(complete > 2000);
	assert_true(partial > 50);
}

static jmp_buf guest_goes_on;

static uint32_t abort_read(struct device *dev, uint32_t offset, unsigned size)
{
	longjmp(guest_goes_on, 1);
}

static void abort_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	longjmp(guest_goes_on, 1);
}

/* A device of another board: the guest goes on elsewhere, with a data abort or from its start. */
static void a_device_that_does_not_come_back_to_an_unaligned_word(void **state)
{
	static const struct device_ops aborting = { .read = abort_read, .write = abort_write };
	static const uint32_t words[] = { 0xe4b12000u, 0xe4a12000u }; /* ldrt, strt r2, [r1] */
	struct vcpu *const vcpu = &machine.vcpu;

	machine.device.ops = &aborting;
	vcpu->completes_unaligned = true;
	machine_mcr(MCR_SCTLR, vcpu->mmu.sctlr | SCTLR_A);
	for (volatile unsigned n = 0; n < 2; n++) {
		machine_mcr(MCR_DACR, 0x5555555f);
		vcpu->frame.r[1] = VA + 0x8001;
		if (setjmp(guest_goes_on) == 0) {
			machine_do(words[n]);
			fail_msg("came back");
		}
		assert_int_equal(vcpu->mmu.dacr, 0x5555555f);
	}
}

/* Where the kernel itself could store: its own page, and a program's with PAN closed. */
static void what_only_the_kernel_may_touch(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	known(VA + 0x2000, true);
	vcpu->frame.r[1] = VA + 0x2000;
	assert_int_equal(machine_do(0xe4a10004), TRAP_RESUME); /* strt r0, [r1], #4 */
	assert_int_equal(vcpu->cp15.dfsr, 0x1f);
	assert_int_equal(vcpu->cp15.far, VA + 0x2000);
	assert_int_equal(vcpu->frame.r[1], VA + 0x2000);

	machine_mcr(MCR_DACR, 0x55555545);
	vcpu->frame.r[1] = VA_CLOSED;
	assert_int_equal(machine_do(0xe4b10004), TRAP_RESUME); /* ldrt r0, [r1], #4 */
	assert_int_equal(vcpu->cp15.dfsr, 0x2b);

	/* The VMM's own memory, which the guest's tables do not lead to. */
	vcpu->frame.r[1] = 0xffc00000;
	assert_int_equal(machine_do(0xe4b10004), TRAP_RESUME);
	assert_int_equal(vcpu->cp15.dfsr, 0x05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ldm_of_a_programs_registers, start),
		cmocka_unit_test_setup(stm_of_a_programs_sp_and_lr, start),
		cmocka_unit_test_setup(ldm_as_a_return, start),
		cmocka_unit_test_setup(the_user_bank_in_every_mode, start),
		cmocka_unit_test_setup(ldrt_and_strt_have_the_rights_of_user_mode, start),
		cmocka_unit_test_setup(unaligned_words_of_linux, start),
		cmocka_unit_test_setup(a_device_that_does_not_come_back_to_an_unaligned_word,
				       start),
		cmocka_unit_test_setup(what_only_the_kernel_may_touch, start),
	};

	return cmocka_run_group_tests_name("proxies of loads and stores", tests, NULL, NULL);
}
