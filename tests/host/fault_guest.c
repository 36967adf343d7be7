/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/fault_guest.h"

#include "arch/arm/layout.h"
#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "tests/host/guest_tables.h"
#include "vcpu/guest_mem.h"
#include "vmm/lib/bits.h"

#define DIRS_AT   0x00010000u
#define DIRS      3u
#define COARSE_AT 0x00040000u
#define COARSES   6u
#define FINE_AT   0x00060000u
#define LIMIT     0xbf000000u /* of the addresses of programs, in a guest that announces */
#define LINEAR    0xd0000000u /* ... and where the MiB with its tables is for its kernel */

static const uint16_t slots[] = { 0, 0xfff, 0x40, 0xc00, 0xffe, 1, 31, 0x41, 0xc01, 0xffb };
static bool announcing;

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

static uint32_t some_l2(void)
{
	static const uint8_t aps[] = { 0x00, 0x55, 0xaa, 0xff, 0xff, 0xff, 0x1b, 0xe4, 0x80 };
	const uint32_t ap = aps[rnd_below(ARRAY_SIZE(aps))], cb = rnd_below(4) << 2;
	const uint32_t page = random_page();

	if (announcing && rnd_below(3) == 0) /* a page of a Linux program */
		return 0x00100000u | rnd_below(0x100) << 12 | (rnd_below(2) ? 0xffe : 0xaae);
	return random_l2(page, ap, cb);
}

static unsigned random_page_index(void)
{
	static const uint8_t some[] = { 0, 1, 2, 3, 0x0f, 0x10, 0x11, 0xfe, 0xff };

	return some[rnd_below(ARRAY_SIZE(some))];
}

static void edit_l2(uint32_t table, bool fine)
{
	const uint32_t value = some_l2();
	const unsigned count = l2_copies(value, fine);
	unsigned index = random_page_index();

	if (fine)
		index = index * 4 + rnd_below(4);
	index = index / count * count;
	for (unsigned n = 0; n < count; n++) {
		const uint32_t va = table + (index + n) * 4 + LINEAR;

		guest_set_word(va - LINEAR, value);
		if (announcing)
			shadow_ptes_changed(&machine.shadow, &va, 1);
	}
}

static void edit_l1(void)
{
	const unsigned slot = slots[rnd_below(ARRAY_SIZE(slots))], dir = rnd_below(DIRS);
	const uint32_t value = random_l1();

	for (unsigned d = 0; d < DIRS; d++) {
		const uint32_t at = DIRS_AT + d * 0x4000 + slot * 4;

		/* The kernel's slots are the same in all. */
		if (d != dir && !(announcing && slot >= LIMIT >> 20))
			continue;
		guest_set_word(at, value);
		if (announcing)
			shadow_tables_written(&machine.shadow, at + LINEAR, 4);
	}
}

static void edit_tables(void)
{
	switch (rnd_below(4)) {
	case 0:
		edit_l1();
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

/** The kernel of a guest that announces has touched its linear mapping. */
static void touch_linear(void)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	guest_found_nothing(&machine.vcpu);
	region = guest_translate(&machine.vcpu, LINEAR, true, false, &t, &fault);
	if (region)
		shadow_fill(&machine.shadow, gva(LINEAR), &t, region, RIGHTS_READ);
}

void fault_guest_make(bool announces)
{
	machine_init();
	machine_map_usual();
	announcing = announces;
	shadow_set_pv(&machine.shadow, &(struct shadow_pv){ .announces = announces,
							    .linear_offset = LINEAR,
							    .user_limit = LIMIT,
							    .ram = machine.mem.region[0] });
	for (unsigned d = 0; d < DIRS; d++) {
		for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
			guest_set_word(DIRS_AT + d * 0x4000 + slots[i] * 4,
				       d > 0 && announces && slots[i] >= LIMIT >> 20
					       ? guest_word(DIRS_AT + slots[i] * 4)
					       : random_l1());
		guest_set_word(DIRS_AT + d * 0x4000 + (LINEAR >> 20) * 4, 15u << 5 | 0x41e);
		guest_set_word(DIRS_AT + d * 0x4000 + (FAULT_CODE_VA >> 20) * 4,
			       (FAULT_CODE & 0xfff00000) | 15u << 5 | 0xc1e);
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

void fault_guest_change(void)
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
	if (announcing && vcpu_privileged(&machine.vcpu))
		touch_linear();
}

uint32_t fault_guest_va(void)
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

struct fault_expected fault_guest_expect(uint32_t va, bool write, bool fetch)
{
	const struct ref_mmu guest = machine_guest_mmu();
	const uint32_t mva = ref_mva(&guest, va);
	struct fault_expected e = { 0 };
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

bool fault_in_vmm(uint32_t va)
{
	return va >= VMM_BASE && va < VMM_END;
}
