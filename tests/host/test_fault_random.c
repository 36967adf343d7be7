/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aborts from beginning to end. A CPU of the test's own fetches and executes loads and stores
 * through the shadow page tables; each abort goes to vcpu/fault.c, until the instruction is done or
 * the guest has an exception. What must come out is what ref_mmu.h says of the guest's own tables:
 * allowed accesses happen, with the right values in the right place, and denied ones are reported
 * with exactly the fault status and address of the guest's MMU.
 *
 * The guest invalidates its TLB after each change of its tables, so nothing may be out of date.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/layout.h"
#include "arch/arm/sctlr.h"
#include "domain/vm_mem.h"
#include "vcpu/fault.h"
#include "vmm/lib/bits.h"

#include <string.h>

#define DIRS_AT   0x00010000u
#define DIRS      3u
#define COARSE_AT 0x00040000u
#define COARSES   6u
#define FINE_AT   0x00060000u
#define CODE      0x00270000u /* in a section of its own, that all can read */
#define CODE_VA   0x30070000u

static const uint16_t slots[] = { 0, 0xfff, 0x40, 0xc00, 0xffe, 1, 31, 0x41, 0xc01, 0xffb };
static uint32_t run_seed;
static unsigned by_hardware, by_emulation, denied, fetched, fetch_denied, stopped;

#define FAIL(...)                                                                    \
	do {                                                                         \
		print_error("seed %u, mode 0x%x, sctlr %08x, dacr %08x: ", run_seed, \
			    vcpu_mode(&machine.vcpu), machine.vcpu.mmu.sctlr,        \
			    machine.vcpu.mmu.dacr);                                  \
		print_error(__VA_ARGS__);                                            \
		fail();                                                              \
	} while (0)

/* ---- the guest's tables ---------------------------------------------------------------------- */

/** Pages that hold neither tables nor code. */
static uint32_t random_page(void)
{
	static const uint32_t special[] = { 0x0027f000, 0x00280000, 0x10102000, 0x10102000,
					    0x10103000, 0x10100000, 0xfffff000, 0x70000000 };

	if (rnd_below(3) == 0)
		return special[rnd_below(ARRAY_SIZE(special))];
	return (rnd_below(2) ? 0x00100000 : 0x08000000) + rnd_below(0x100) * 0x1000;
}

static uint32_t random_l1(void)
{
	static const uint32_t sections[] = { 0x001, 0x080, 0x081, 0x100, 0x101, 0x300 };
	const uint32_t domain = rnd_below(3) << 5;

	switch (rnd_below(8)) {
	case 0:
		return rnd_below(4) ? 0 : rnd() & ~3u;
	case 1:
		return sections[rnd_below(ARRAY_SIZE(sections))] << 20 | rnd_below(4) << 10 |
		       domain | rnd_below(4) << 2 | 0x12;
	case 2:
		return FINE_AT | domain | 0x13;
	default:
		return (rnd_below(40) ? COARSE_AT + rnd_below(COARSES) * 0x400 : 0x70000400) |
		       domain | 0x11;
	}
}

static uint32_t random_l2(void)
{
	static const uint8_t aps[] = { 0x00, 0x55, 0xaa, 0xff, 0xff, 0xff, 0x1b, 0xe4, 0x80 };
	const uint32_t ap = aps[rnd_below(ARRAY_SIZE(aps))], cb = rnd_below(4) << 2;
	const uint32_t page = random_page();

	switch (rnd_below(8)) {
	case 0:
		return 0;
	case 1:
		return page | rnd_below(4) << 10 | (ap & 3) << 4 | cb | 3;
	case 2:
		return (page & 0xffff0000u) | ap << 4 | cb | 1;
	default:
		return page | ap << 4 | cb | 2;
	}
}

static unsigned random_page_index(void)
{
	static const uint8_t some[] = { 0, 1, 2, 3, 0x0f, 0x10, 0x11, 0xfe, 0xff };

	return some[rnd_below(ARRAY_SIZE(some))];
}

static void edit_l2(uint32_t table, bool fine)
{
	const uint32_t value = random_l2();
	unsigned index = random_page_index(), count = 1;

	if (fine)
		index = index * 4 + rnd_below(4);
	if (value % 4 == 1)
		count = fine ? 64 : 16;
	if (value % 4 == 2 && fine)
		count = 4;
	index = index / count * count;
	for (unsigned n = 0; n < count; n++)
		guest_set_word(table + (index + n) * 4, value);
}

static void edit_tables(void)
{
	switch (rnd_below(4)) {
	case 0:
		guest_set_word(DIRS_AT + rnd_below(DIRS) * 0x4000 +
				       slots[rnd_below(ARRAY_SIZE(slots))] * 4,
			       random_l1());
		break;
	case 1:
		edit_l2(FINE_AT, true);
		break;
	default:
		edit_l2(COARSE_AT + rnd_below(COARSES) * 0x400, false);
		break;
	}
	machine_mcr(MCR_TLB_ALL, 0);
}

static void make_guest(void)
{
	machine_init();
	machine_map_usual();
	for (unsigned d = 0; d < DIRS; d++) {
		for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
			guest_set_word(DIRS_AT + d * 0x4000 + slots[i] * 4, random_l1());
		guest_set_word(DIRS_AT + d * 0x4000 + (CODE_VA >> 20) * 4,
			       (CODE & 0xfff00000) | 15u << 5 | 0xc1e);
		guest_set_word(DIRS_AT + d * 0x4000 + (VMM_BASE >> 20) * 4, 0x00100000 | 0xc1e);
	}
	for (unsigned i = 0; i < 400; i++) {
		edit_l2(COARSE_AT + rnd_below(COARSES) * 0x400, false);
		if (i % 4 == 0)
			edit_l2(FINE_AT, true);
	}
	for (uint32_t at = 0x00100000; at < 0x00200000; at += 4)
		guest_set_word(at, rnd());
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIRS_AT);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
}

static void change_view(void)
{
	static const uint32_t bits[] = { SCTLR_S, SCTLR_R, SCTLR_V, SCTLR_A, SCTLR_C, SCTLR_M };
	static const uint32_t pids[] = { 0, 0, 0x04000000, 0xc0000000 };
	uint32_t dacr = 0x40000000;

	switch (rnd_below(12)) {
	case 0:
		machine_mcr(MCR_SCTLR, machine.vcpu.mmu.sctlr ^ bits[rnd_below(ARRAY_SIZE(bits))]);
		if (rnd_below(4))
			machine_mcr(MCR_SCTLR, machine.vcpu.mmu.sctlr | SCTLR_M);
		break;
	case 1:
		machine_mcr(MCR_TTBR, DIRS_AT + rnd_below(DIRS) * 0x4000);
		break;
	case 2:
		machine_mcr(MCR_PID, pids[rnd_below(ARRAY_SIZE(pids))]);
		break;
	case 3:
	case 4:
		for (unsigned n = 0; n < 3; n++)
			dacr |= (rnd_below(3) ? 1 : rnd_below(4)) << 2 * n;
		machine_mcr(MCR_DACR, dacr);
		break;
	case 5:
		edit_tables();
		break;
	default:
		vcpu_set_cpsr(&machine.vcpu, (rnd() & 0xf80000c0u) | machine_modes[rnd_below(7)]);
		break;
	}
}

static uint32_t random_va(void)
{
	static uint32_t last;
	static const uint16_t near[] = { 0, 4, 8, 0x20, 0x3f0, 0x3f8, 0x3fc };

	if (rnd_below(200) == 0)
		return VMM_BASE + (rnd() & 0xffc);
	if (rnd_below(4) == 0) /* where the last trap was: nothing of it may be remembered */
		return (last & ~0x3ffu) | near[rnd_below(ARRAY_SIZE(near))];
	return last = (uint32_t)slots[rnd_below(ARRAY_SIZE(slots))] << 20 |
		      random_page_index() << 12 | rnd_below(4) << 10 |
		      near[rnd_below(ARRAY_SIZE(near))];
}

/* ---- what the guest's own MMU says ----------------------------------------------------------- */

struct expected {
	unsigned status; /* 0 or the fault status */
	uint32_t physical;
	enum machine_bus bus;
	uint8_t *host;
};

static struct expected expect(uint32_t va, bool write, bool fetch)
{
	const struct ref_mmu guest = machine_guest_mmu();
	const uint32_t mva = ref_mva(&guest, va);
	struct expected e = { 0 };
	struct ref_entry entry;
	struct ref_meaning m;

	e.status = ref_walk(&guest, mva, &entry);
	if (!e.status)
		e.status = ref_check(&guest, &entry, mva, vcpu_privileged(&machine.vcpu), write);
	if (e.status)
		return e;
	m = ref_meaning(&entry, mva);
	e.physical = m.physical;
	e.bus = machine_bus_at(m.physical, write, &e.host);
	/* Nothing at the address, or no memory to execute from: an external abort. */
	if (e.bus == BUS_NOTHING || (fetch && e.bus == BUS_DEVICE))
		e.status = m.domain * 16 + (m.is_page ? 0xa : 0x8);
	return e;
}

static bool in_vmm(uint32_t va)
{
	return va >= VMM_BASE && va < VMM_END;
}

/* ---- instruction fetches --------------------------------------------------------------------- */

static void random_fetch(void)
{
	const uint32_t pc = random_va();
	const struct expected e = expect(pc, false, true);
	enum trap_outcome outcome;
	uint32_t at;

	machine.vcpu.frame.pc = pc;
	machine.vcpu.cp15.ifsr = 0xeeee;
	outcome = machine_fetch();
	if (e.status) {
		if (outcome != TRAP_INJECT || machine.vcpu.cp15.ifsr != e.status)
			FAIL("fetch at 0x%08x: outcome %u with 0x%x, expected 0x%x\n", pc, outcome,
			     machine.vcpu.cp15.ifsr, e.status);
		fetch_denied++;
		return;
	}
	assert_int_equal(outcome, in_vmm(pc) ? TRAP_STOP : TRAP_NEXT);
	assert_int_equal(machine.vcpu.cp15.ifsr, 0xeeee);
	if (in_vmm(pc))
		return;
	assert_int_equal(machine_access(pc, false, &at), 0);
	if (machine_host(at) != e.host)
		FAIL("fetch at 0x%08x: from 0x%08x\n", pc, at);
	fetched++;
}

/* ---- loads and stores ------------------------------------------------------------------------ */

/** A load or store with its effects, as the test has made it. */
struct insn {
	uint32_t word;
	bool thumb, load, swap, sign;
	unsigned size, count; /* of one transfer; transfers */
	uint32_t va;
	uint8_t reg[16]; /* where transfers go to or come from */
	bool writeback;
	unsigned base;
	uint32_t base_before, base_after;
};

/** Single transfers: base r1, data r2 (and r3); SWP stores r4. Offset 0. */
static const struct {
	uint32_t word;
	uint8_t size, count;
	bool load, sign, swap, is_half_form;
} arm_forms[] = {
	{ 0xe5912000, 4, 1, true, false, false, false },  /* ldr r2, [r1] */
	{ 0xe5812000, 4, 1, false, false, false, false }, /* str r2, [r1] */
	{ 0xe5d12000, 1, 1, true, false, false, false },  /* ldrb r2, [r1] */
	{ 0xe5c12000, 1, 1, false, false, false, false }, /* strb r2, [r1] */
	{ 0xe1d120b0, 2, 1, true, false, false, true },   /* ldrh r2, [r1] */
	{ 0xe1c120b0, 2, 1, false, false, false, true },  /* strh r2, [r1] */
	{ 0xe1d120d0, 1, 1, true, true, false, true },    /* ldrsb r2, [r1] */
	{ 0xe1d120f0, 2, 1, true, true, false, true },    /* ldrsh r2, [r1] */
	{ 0xe1c120d0, 4, 2, true, false, false, true },   /* ldrd r2, [r1] */
	{ 0xe1c120f0, 4, 2, false, false, false, true },  /* strd r2, [r1] */
	{ 0xe1012094, 4, 1, true, false, true, false },   /* swp r2, r4, [r1] */
	{ 0xe1412094, 1, 1, true, false, true, false },   /* swpb r2, r4, [r1] */
};

/** The same in Thumb state; those with a register offset add r3. */
static const struct {
	uint16_t half;
	uint8_t size, base;
	bool load, sign, adds_r3;
} thumb_forms[] = {
	{ 0x680a, 4, 1, true, false, false },   /* ldr r2, [r1] */
	{ 0x600a, 4, 1, false, false, false },  /* str r2, [r1] */
	{ 0x780a, 1, 1, true, false, false },   /* ldrb r2, [r1] */
	{ 0x700a, 1, 1, false, false, false },  /* strb r2, [r1] */
	{ 0x880a, 2, 1, true, false, false },   /* ldrh r2, [r1] */
	{ 0x800a, 2, 1, false, false, false },  /* strh r2, [r1] */
	{ 0x50ca, 4, 1, false, false, true },   /* str r2, [r1, r3] */
	{ 0x52ca, 2, 1, false, false, true },   /* strh r2, [r1, r3] */
	{ 0x54ca, 1, 1, false, false, true },   /* strb r2, [r1, r3] */
	{ 0x56ca, 1, 1, true, true, true },     /* ldrsb r2, [r1, r3] */
	{ 0x58ca, 4, 1, true, false, true },    /* ldr r2, [r1, r3] */
	{ 0x5aca, 2, 1, true, false, true },    /* ldrh r2, [r1, r3] */
	{ 0x5cca, 1, 1, true, false, true },    /* ldrb r2, [r1, r3] */
	{ 0x5eca, 2, 1, true, true, true },     /* ldrsh r2, [r1, r3] */
	{ 0x9a00, 4, 13, true, false, false },  /* ldr r2, [sp] */
	{ 0x9200, 4, 13, false, false, false }, /* str r2, [sp] */
};

static void make_single(struct insn *insn)
{
	const unsigned i = rnd_below(ARRAY_SIZE(arm_forms));
	const uint32_t offset = rnd_below(200) & ~3u;

	*insn = (struct insn){ .word = arm_forms[i].word,
			       .load = arm_forms[i].load,
			       .swap = arm_forms[i].swap,
			       .sign = arm_forms[i].sign,
			       .size = arm_forms[i].size,
			       .count = arm_forms[i].count,
			       .va = random_va(),
			       .reg = { 2, 3 },
			       .base = 1 };
	if (insn->count == 2)
		insn->va &= ~7u;
	else if (rnd_below(4) == 0)
		insn->va += insn->size == 2 ? 2 : rnd_below(4);
	insn->base_before = insn->base_after = insn->va;
	if (insn->swap || rnd_below(2))
		return;
	insn->writeback = true;
	insn->word |= arm_forms[i].is_half_form ? offset / 16 << 8 | offset % 16 : offset;
	if (rnd_below(2)) { /* [r1, #offset]! */
		insn->word |= 1u << 21;
		insn->base_before -= offset;
	} else { /* [r1], #-offset */
		insn->word &= ~(3u << 23);
		insn->base_after -= offset;
	}
}

static void make_thumb_single(struct insn *insn)
{
	const unsigned i = rnd_below(ARRAY_SIZE(thumb_forms));

	*insn = (struct insn){ .word = thumb_forms[i].half,
			       .thumb = true,
			       .load = thumb_forms[i].load,
			       .sign = thumb_forms[i].sign,
			       .size = thumb_forms[i].size,
			       .count = 1,
			       .va = random_va(),
			       .reg = { 2 },
			       .base = thumb_forms[i].base };
	if (rnd_below(4) == 0)
		insn->va += insn->size == 2 ? 2 : rnd_below(4);
	machine.vcpu.frame.r[3] = rnd_below(0x1000);
	insn->base_before = insn->va - (thumb_forms[i].adds_r3 ? machine.vcpu.frame.r[3] : 0);
	insn->base_after = insn->base_before;
}

static void make_multiple(struct insn *insn)
{
	const bool up = rnd_below(2), before = rnd_below(2);
	uint32_t list, bytes;

	*insn = (struct insn){
		.load = rnd_below(2), .size = 4, .va = random_va() & ~3u, .base = 1
	};
	insn->thumb = rnd_below(3) == 0;
	list = insn->thumb ? rnd() & 0xfc : rnd() & 0x7ffc;
	list |= 4;
	for (unsigned n = 0; n < 15; n++)
		if (list >> n & 1)
			insn->reg[insn->count++] = (uint8_t)n;
	bytes = 4 * insn->count;
	insn->base_before = insn->va;
	insn->writeback = insn->thumb || rnd_below(2);
	if (!insn->thumb) {
		insn->word = 0xe8010000u | (uint32_t)before << 24 | (uint32_t)up << 23 |
			     (uint32_t)insn->writeback << 21 | (uint32_t)insn->load << 20 | list;
		if (up)
			insn->base_before = before ? insn->va - 4 : insn->va;
		else
			insn->base_before = before ? insn->va + bytes : insn->va + bytes - 4;
		insn->base_after = insn->base_before + (up ? bytes : -bytes);
	} else if (rnd_below(2)) { /* ldmia r1!, stmia r1! */
		insn->word = (insn->load ? 0xc900 : 0xc100) | list;
		insn->base_after = insn->va + bytes;
	} else { /* push, pop */
		insn->word = (insn->load ? 0xbc00 : 0xb400) | list;
		insn->base = 13;
		insn->base_before = insn->load ? insn->va : insn->va + bytes;
		insn->base_after = insn->load ? insn->va + bytes : insn->va;
	}
	if (!insn->writeback)
		insn->base_after = insn->base_before;
}

static uint32_t transfer_va(const struct insn *insn, unsigned n)
{
	return n == 0 ? insn->va : insn->va + 4 * n;
}

/** The first of the guest's own faults, if any. */
static unsigned expected_fault(const struct insn *insn, uint32_t *far)
{
	const struct ref_mmu guest = machine_guest_mmu();

	*far = ref_mva(&guest, insn->va);
	if ((guest.control & SCTLR_A) && insn->va % insn->size)
		return 1;
	for (unsigned n = 0; n < insn->count; n++) {
		/* The MMU has its say on both halves of a SWP before there is any on the bus. */
		const unsigned status =
			expect(transfer_va(insn, n), !insn->load || insn->swap, false).status;

		*far = ref_mva(&guest, transfer_va(insn, n));
		if (status)
			return status;
	}
	return 0;
}

/** Whether the hardware executes it; else the status and address of its abort are set. */
static bool hardware_executes(const struct insn *insn)
{
	uint32_t at;

	if ((machine.hw_control & SCTLR_A) && insn->va % insn->size) {
		machine.dfsr = 1;
		machine.far = insn->va;
		return false;
	}
	for (unsigned n = 0; n < insn->count; n++) {
		machine.far = transfer_va(insn, n);
		machine.dfsr = machine_access(machine.far, !insn->load, &at);
		if (!machine.dfsr && insn->swap)
			machine.dfsr = machine_access(machine.far, true, &at);
		if (machine.dfsr)
			return false;
		if (machine_host(at) != expect(machine.far, !insn->load || insn->swap, false).host)
			FAIL("0x%08x: leads to 0x%08x\n", machine.far, at);
	}
	return true;
}

/** The word of the emulated device, or of the one whose writes are: two pages behind it. */
static uint32_t device_offset(uint32_t physical)
{
	return (physical - (physical < 0x10103000 ? 0x10102000 : 0x10103000)) & ~3u;
}

/** What a load makes of what is on the bus (ARM ARM, A4.1.23 to A4.1.31). */
static uint32_t expected_load(const struct insn *insn, const struct expected *e)
{
	const unsigned lane = e->physical % 4 * 8;
	uint32_t word, value = 0;

	if (e->bus == BUS_DEVICE)
		word = machine.device_word + device_offset(e->physical);
	else
		memcpy(&word, e->host - e->physical % 4, 4);
	if (insn->size == 4)
		return lane ? word >> lane | word << (32 - lane) : word;
	value = word >> lane & (insn->size == 1 ? 0xff : 0xffff);
	if (insn->sign && value >> (insn->size * 8 - 1))
		value |= 0xffffffffu << insn->size * 8;
	return value;
}

static uint32_t stored_part(const struct insn *insn, uint32_t value)
{
	return insn->size == 4 ? value : insn->size == 2 ? value & 0xffff : value & 0xff;
}

/** Compares what has been emulated with what should have been. */
static void check_emulated(const struct insn *insn, const struct vcpu *before,
			   const uint32_t *loaded, uint32_t device_word)
{
	uint32_t r[15];

	memcpy(r, before->frame.r, sizeof(r));
	if (insn->writeback)
		r[insn->base] = insn->base_after;
	for (unsigned n = 0; n < insn->count; n++) {
		const bool stores = !insn->load || insn->swap;
		const struct expected e = expect(transfer_va(insn, n), stores, false);
		const uint32_t value =
			stored_part(insn, before->frame.r[insn->swap ? 4 : insn->reg[n]]);

		if (insn->load)
			r[insn->reg[n]] = loaded[n];
		if (!stores)
			continue;
		if (e.bus == BUS_DEVICE) {
			device_word = insn->size == 4 ? value : value << e.physical % 4 * 8;
			device_word -= device_offset(e.physical);
		} else if (memcmp(e.host - (insn->size == 4 ? e.physical % 4 : 0), &value,
				  insn->size) != 0) {
			FAIL("%08x at 0x%08x: did not store 0x%08x\n", insn->word, insn->va, value);
		}
	}
	if (memcmp(r, machine.vcpu.frame.r, sizeof(r)) != 0)
		FAIL("%08x at 0x%08x: r2 is 0x%08x, expected 0x%08x; r1 is 0x%08x\n", insn->word,
		     insn->va, machine.vcpu.frame.r[2], r[2], machine.vcpu.frame.r[1]);
	assert_int_equal(machine.device_word, device_word);
	assert_int_equal(machine.vcpu.frame.pc, before->frame.pc);
}

static void check_denied(const struct insn *insn, const struct vcpu *before,
			 enum trap_outcome outcome, unsigned status, uint32_t far)
{
	struct vcpu *const vcpu = &machine.vcpu;

	if (vcpu->cp15.dfsr != status || vcpu->cp15.far != far)
		FAIL("%08x at 0x%08x: status 0x%x at 0x%08x, expected 0x%x at 0x%08x\n", insn->word,
		     insn->va, vcpu->cp15.dfsr, vcpu->cp15.far, status, far);
	if (outcome == TRAP_INJECT) {
		vcpu_inject_trap(vcpu, TRAP_DABT);
	} else {
		assert_int_equal(outcome, TRAP_RESUME);
	}
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_ABT);
	assert_int_equal(vcpu->frame.pc, vcpu_vector(vcpu, TRAP_DABT));
	assert_int_equal(vcpu->frame.r[14], before->frame.pc + 8);
	assert_int_equal(vcpu_spsr(vcpu), vcpu_cpsr(before));
	assert_memory_equal(vcpu->frame.r, before->frame.r, 8 * 4);
	denied++;
}

static void execute(const struct insn *insn, uint32_t pc)
{
	struct vcpu *const vcpu = &machine.vcpu;
	const uint32_t device_word = machine.device_word;
	uint32_t loaded[16], far;
	const unsigned status = expected_fault(insn, &far);
	struct vcpu before;

	vcpu->frame.pc = pc;
	vcpu->cp15.dfsr = vcpu->cp15.far = 0xeeeeeeee;
	before = *vcpu;
	for (unsigned n = 0; n < insn->count && !status && insn->load; n++) {
		const struct expected e = expect(transfer_va(insn, n), false, false);

		loaded[n] = expected_load(insn, &e);
	}
	for (unsigned tries = 0; tries < 8; tries++) {
		enum trap_outcome outcome;

		assert_int_equal(machine_fetch(), TRAP_NEXT);
		if (hardware_executes(insn)) {
			if (status)
				FAIL("%08x at 0x%08x: executed, expected status 0x%x\n", insn->word,
				     insn->va, status);
			by_hardware++;
			return;
		}
		outcome = data_abort_trap(vcpu);
		if (outcome == TRAP_RESUME && vcpu->cp15.dfsr == 0xeeeeeeee) {
			assert_memory_equal(&vcpu->frame, &before.frame, sizeof(before.frame));
			continue;
		}
		if (outcome == TRAP_STOP && in_vmm(insn->va)) {
			stopped++;
			return;
		}
		if (status) {
			check_denied(insn, &before, outcome, status, far);
			return;
		}
		if (outcome != TRAP_NEXT_POLL)
			FAIL("%08x at 0x%08x: outcome %u, status 0x%x at 0x%08x\n", insn->word,
			     insn->va, outcome, vcpu->cp15.dfsr, vcpu->cp15.far);
		check_emulated(insn, &before, loaded, device_word);
		by_emulation++;
		return;
	}
	FAIL("%08x at 0x%08x: no end\n", insn->word, insn->va);
}

static void random_access(void)
{
	const bool on = machine.vcpu.mmu.sctlr & SCTLR_M;
	uint32_t pc = on ? CODE_VA : CODE;
	struct insn insn;

	if (!on && machine.vcpu.mmu.pid) /* the code is not there */
		return;
	for (unsigned n = 0; n < 15; n++)
		machine.vcpu.frame.r[n] = rnd();
	switch (rnd_below(4)) {
	case 0:
		make_multiple(&insn);
		break;
	case 1:
		make_thumb_single(&insn);
		break;
	default:
		make_single(&insn);
		break;
	}
	machine.vcpu.frame.r[insn.base] = insn.base_before;
	machine.vcpu.frame.cpsr &= ~(uint32_t)PSR_T;
	if (insn.thumb) {
		machine.vcpu.frame.cpsr |= PSR_T;
		pc += rnd_below(2) * 2;
		insn.word <<= pc % 4 * 8;
	}
	guest_set_word(CODE, insn.word);
	execute(&insn, pc);
}

static void random_accesses(void **state)
{
	for (run_seed = 1; run_seed <= 12; run_seed++) {
		seed(run_seed);
		make_guest();
		for (unsigned step = 0; step < 12000; step++) {
			switch (rnd_below(8)) {
			case 0:
				change_view();
				break;
			case 1:
			case 2:
				machine.vcpu.frame.cpsr &= ~(uint32_t)PSR_T;
				random_fetch();
				break;
			default:
				random_access();
				break;
			}
		}
	}
	assert_true(by_hardware > 10000);
	assert_true(by_emulation > 5000);
	assert_true(denied > 10000);
	assert_true(fetched > 3000);
	assert_true(fetch_denied > 3000);
	assert_true(stopped > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_accesses),
	};

	return cmocka_run_group_tests_name("aborts, random", tests, NULL, NULL);
}
