/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/cp15.h"

#include "arch/arm/cache.h"
#include "arch/arm/cp15.h"
#include "arch/arm/layout.h"
#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "vcpu/device_page.h"
#include "vcpu/emulate.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"

/* What the ARM926EJ-S says of itself (TRM, 2.3.1): r0p5. */
#define MIDR 0x41069265u

/** The result of an MRC; r15 as the destination means the flags (ARM ARM, A4.1.38). */
static enum trap_outcome result(struct vcpu *vcpu, uint32_t rt, uint32_t value)
{
	if (rt == 15)
		vcpu->frame.cpsr = (vcpu->frame.cpsr & 0x0fffffffu) | (value & 0xf0000000u);
	else
		vcpu->frame.r[rt] = value;
	return TRAP_NEXT;
}

/* Handlers get the number of the ARM register as their argument. */

static enum trap_outcome read_midr(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, MIDR);
}

static enum trap_outcome read_ctr(struct vcpu *vcpu, uint32_t rt)
{
	/* The caches are the real ones: a guest's loops over sets and ways must fit them. */
	return result(vcpu, rt, cp15_read_ctr());
}

static enum trap_outcome read_zero(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, 0);
}

static enum trap_outcome ignore_write(struct vcpu *vcpu, uint32_t rt)
{
	return TRAP_NEXT;
}

static enum trap_outcome read_sctlr(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->mmu.sctlr);
}

/**
 * The control register. Reserved bits read back as they were written: the TRM leaves that open, and
 * Linux compares what it reads with what it wrote at each system call. A change of MMU or caches
 * changes how every address is translated or cached: the real caches are emptied first, since lines
 * from before would be found under addresses that mean something else afterwards (TRM, 2.3.2 and
 * 4.2.1).
 */
static __attribute__((cold)) enum trap_outcome write_sctlr(struct vcpu *vcpu, uint32_t rt)
{
	const uint32_t value = vcpu->frame.r[rt];
	const uint32_t changed = value ^ vcpu->mmu.sctlr;

	if (value & SCTLR_B)
		return vcpu_stop(vcpu, "the guest switched to big endian, which is not supported",
				 value);
	if (changed & (SCTLR_M | SCTLR_C | SCTLR_I))
		cache_flush_all();
	vcpu->mmu.sctlr = value;
	pv_set(vcpu, PV_SCTLR, value);
	mmu_set_guest_control(value);
	/* The entries made so far carry the old meaning of AP = 00 and of the C bit. */
	if (changed & (SCTLR_S | SCTLR_R | SCTLR_C))
		shadow_flush_all(vcpu_shadow(vcpu));
	if (changed & SCTLR_V)
		shadow_set_vectors(vcpu_shadow(vcpu), !(value & SCTLR_V));
	if (changed & SCTLR_M)
		shadow_switch(vcpu_shadow(vcpu));
	device_pages_compare(vcpu);
	pv_settle(vcpu);
	return TRAP_NEXT;
}

static enum trap_outcome read_ttbr(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->mmu.ttbr);
}

/**
 * The shadow, for a TLB operation of the guest: from it on what a guest with paravirtual code has noted
 * of its page tables counts.
 */
static inline struct shadow *shadow_for_tlb(struct vcpu *vcpu)
{
	if (!vcpu->pv_page)
		return vcpu->shadow;
	pv_take_log(vcpu);
	return vcpu_shadow(vcpu);
}

static enum trap_outcome tlb_invalidate_all(struct vcpu *vcpu, uint32_t rt)
{
	shadow_revalidate(shadow_for_tlb(vcpu));
	device_pages_compare(vcpu);
	return TRAP_NEXT;
}

/**
 * The translation table base. Linux invalidates the TLB with the next instruction: returning to a
 * context has done that already, so it is skipped - nothing can have changed in between.
 */
static enum trap_outcome write_ttbr(struct vcpu *vcpu, uint32_t rt)
{
	struct shadow *const sh = shadow_for_tlb(vcpu);
	uint32_t next;

	vcpu->mmu.ttbr = vcpu->frame.r[rt] & GUEST_TTBR_BASE;
	if (!(vcpu->mmu.sctlr & SCTLR_M))
		return TRAP_NEXT;
	shadow_switch(sh);
	device_pages_compare(vcpu);
	pv_settle(vcpu); /* the fast paths: the vectors' slot is another */
	if (!vcpu_thumb(vcpu) && guest_fetch(vcpu->frame.pc + 4, &next) &&
	    emulate_lookup(vcpu, next).emulate == tlb_invalidate_all)
		vcpu->frame.pc += 4;
	return TRAP_NEXT;
}

static enum trap_outcome read_dacr(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->mmu.dacr);
}

static enum trap_outcome write_dacr(struct vcpu *vcpu, uint32_t rt)
{
	if (vcpu->frame.r[rt] != vcpu->mmu.dacr)
		pv_set_dacr(vcpu, vcpu->frame.r[rt]);
	return TRAP_NEXT;
}

static enum trap_outcome read_dfsr(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->cp15.dfsr);
}

static enum trap_outcome write_dfsr(struct vcpu *vcpu, uint32_t rt)
{
	vcpu->cp15.dfsr = vcpu->frame.r[rt];
	pv_set(vcpu, PV_DFSR, vcpu->cp15.dfsr);
	return TRAP_NEXT;
}

static enum trap_outcome read_ifsr(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->cp15.ifsr);
}

static enum trap_outcome write_ifsr(struct vcpu *vcpu, uint32_t rt)
{
	vcpu->cp15.ifsr = vcpu->frame.r[rt];
	pv_set(vcpu, PV_IFSR, vcpu->cp15.ifsr);
	return TRAP_NEXT;
}

static enum trap_outcome read_far(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->cp15.far);
}

static enum trap_outcome write_far(struct vcpu *vcpu, uint32_t rt)
{
	vcpu->cp15.far = vcpu->frame.r[rt];
	pv_set(vcpu, PV_FAR, vcpu->cp15.far);
	return TRAP_NEXT;
}

static enum trap_outcome wait_for_interrupt(struct vcpu *vcpu, uint32_t rt)
{
	/* Wakes up for a masked interrupt too, so masking does not matter (TRM, 2.3.8). */
	return vcpu->interrupt ? TRAP_NEXT : TRAP_WAIT;
}

/**
 * The line of the guest that an operation by modified virtual address names; false if there is
 * none: not at the VMM's addresses, and nothing that the FCSE renames is cached (shadow_fill.c).
 */
static bool line_address(const struct vcpu *vcpu, uint32_t rt, uint32_t *line)
{
	*line = vcpu->frame.r[rt] & ~(CACHE_LINE - 1); /* the rest should be zero */
	return *line - VMM_BASE >= VMM_END - VMM_BASE && !guest_fcse_renames(&vcpu->mmu, *line);
}

/** The operand of an operation by set and way: what should be zero is (TRM, 2.3.8). */
static uint32_t set_and_way(const struct vcpu *vcpu, uint32_t rt)
{
	return vcpu->frame.r[rt] & CACHE_SET_WAY_MASK;
}

/*
 * The VMM reads instructions through the data cache, and leaves lines there that the guest does not
 * know of: they go when the guest says that its code has changed.
 */
static enum trap_outcome invalidate_i_all(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_invalidate_d_all();
	cache_invalidate_i_all(0);
	return TRAP_NEXT;
}

static enum trap_outcome invalidate_i_line(struct vcpu *vcpu, uint32_t rt)
{
	uint32_t line;

	if (line_address(vcpu, rt, &line)) {
		cache_clean_invalidate_d_line(line);
		cache_invalidate_i_line(line);
	}
	return TRAP_NEXT;
}

static enum trap_outcome invalidate_i_set_way(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_invalidate_d_all();
	cache_invalidate_i_set_way(set_and_way(vcpu, rt));
	return TRAP_NEXT;
}

/*
 * The data cache also holds dirty lines of the VMM, and of other address spaces of the guest that
 * it has a right to lose but no VMM may lose for it: whatever discards without writing back is
 * turned into clean and invalidate. Only the line operation of the guest's own address is exact.
 */
static enum trap_outcome clean_invalidate_d_all(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_invalidate_d_all();
	return TRAP_NEXT;
}

static enum trap_outcome clean_invalidate_both(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_invalidate_d_all();
	cache_invalidate_i_all(0);
	return TRAP_NEXT;
}

static enum trap_outcome invalidate_d_line(struct vcpu *vcpu, uint32_t rt)
{
	uint32_t line;

	if (line_address(vcpu, rt, &line))
		cache_invalidate_d_line(line);
	return TRAP_NEXT;
}

/** How Linux tells of a first-level descriptor (set_pmd, clean_pmd_entry). */
static __attribute__((noinline)) enum trap_outcome table_line_cleaned(struct vcpu *vcpu,
								      uint32_t line)
{
	shadow_tables_written(vcpu_shadow(vcpu), line, CACHE_LINE);
	return TRAP_NEXT;
}

static enum trap_outcome clean_d_line(struct vcpu *vcpu, uint32_t rt)
{
	uint32_t line;

	if (!line_address(vcpu, rt, &line))
		return TRAP_NEXT;
	cache_clean_d_line(line);
	return vcpu->pv.announces ? table_line_cleaned(vcpu, line) : TRAP_NEXT;
}

static enum trap_outcome clean_invalidate_d_line(struct vcpu *vcpu, uint32_t rt)
{
	uint32_t line;

	if (line_address(vcpu, rt, &line))
		cache_clean_invalidate_d_line(line);
	return TRAP_NEXT;
}

static enum trap_outcome clean_d_set_way(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_d_set_way(set_and_way(vcpu, rt));
	return TRAP_NEXT;
}

static enum trap_outcome clean_invalidate_d_set_way(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_invalidate_d_set_way(set_and_way(vcpu, rt));
	return TRAP_NEXT;
}

static enum trap_outcome drain_write_buffer(struct vcpu *vcpu, uint32_t rt)
{
	cache_drain_write_buffer(0);
	return TRAP_NEXT;
}

/** Cleans all at once and says so: Z set ends the guest's loop (TRM, 2.3.8). */
static enum trap_outcome test_and_clean(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_d_all();
	return result(vcpu, rt, PSR_Z);
}

static enum trap_outcome test_clean_invalidate(struct vcpu *vcpu, uint32_t rt)
{
	cache_clean_invalidate_d_all();
	return result(vcpu, rt, PSR_Z);
}

/**
 * One entry. There is no difference between the two TLBs here, and Linux always has both operations,
 * one behind the other on the same register: the second is skipped with the first.
 */
static enum trap_outcome tlb_invalidate_page(struct vcpu *vcpu, uint32_t rt)
{
	struct proxy next;
	uint32_t word;

	shadow_revalidate_page(shadow_for_tlb(vcpu), vcpu->frame.r[rt]);
	device_pages_compare(vcpu);
	if (!vcpu_thumb(vcpu) && guest_fetch(vcpu->frame.pc + 4, &word) && word >> 28 == 14) {
		next = emulate_lookup(vcpu, word);
		if (next.emulate == tlb_invalidate_page && next.arg == rt)
			vcpu->frame.pc += 4;
	}
	return TRAP_NEXT;
}

/*
 * Lockdown registers keep their values but lock nothing: a guest must not take cache ways or TLB
 * entries from the VMM. Locking is a matter of speed only, with one rule kept: what is locked may
 * also be evicted by the operations that evict it on the real core.
 */
static enum trap_outcome read_lockdown_d(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->cp15.cache_lockdown[0]);
}

static enum trap_outcome write_lockdown_d(struct vcpu *vcpu, uint32_t rt)
{
	vcpu->cp15.cache_lockdown[0] = vcpu->frame.r[rt];
	return TRAP_NEXT;
}

static enum trap_outcome read_lockdown_i(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->cp15.cache_lockdown[1]);
}

static enum trap_outcome write_lockdown_i(struct vcpu *vcpu, uint32_t rt)
{
	vcpu->cp15.cache_lockdown[1] = vcpu->frame.r[rt];
	return TRAP_NEXT;
}

static enum trap_outcome read_tlb_lockdown(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->cp15.tlb_lockdown);
}

static enum trap_outcome write_tlb_lockdown(struct vcpu *vcpu, uint32_t rt)
{
	vcpu->cp15.tlb_lockdown = vcpu->frame.r[rt];
	return TRAP_NEXT;
}

static enum trap_outcome read_pid(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->mmu.pid);
}

/** The FCSE PID renames the low 32 MiB: an address space of its own in the shadow tables. */
static enum trap_outcome write_pid(struct vcpu *vcpu, uint32_t rt)
{
	const uint32_t value = vcpu->frame.r[rt] & GUEST_PID_MASK;

	if (value == vcpu->mmu.pid)
		return TRAP_NEXT;
	/* The lines of the old process are in the caches under the addresses of the new one. */
	cache_flush_all();
	vcpu->mmu.pid = value;
	shadow_switch(vcpu_shadow(vcpu));
	device_pages_compare(vcpu);
	pv_settle(vcpu);
	return TRAP_NEXT;
}

static enum trap_outcome read_context_id(struct vcpu *vcpu, uint32_t rt)
{
	return result(vcpu, rt, vcpu->cp15.context_id);
}

static enum trap_outcome write_context_id(struct vcpu *vcpu, uint32_t rt)
{
	vcpu->cp15.context_id = vcpu->frame.r[rt];
	return TRAP_NEXT;
}

#define ANY 0xff

/** One register or operation. */
struct cp15_row {
	uint8_t crn, opc1, crm, opc2;
	emulate_fn read;
	emulate_fn write;
};

/* TRM, table 2-3 and 2.3. Rows are searched in order; a NULL is an undefined instruction. */
static const struct cp15_row rows[] = {
	/* clang-format off */
	/* CRn op1  CRm  op2 read                   write                         if not as named */
	{  0,   0,   0,   1, read_ctr,              ignore_write },
	{  0,   0,   0,   2, read_zero,             ignore_write },               /* TCM status */
	{  0,   0, ANY, ANY, read_midr,             ignore_write },
	{  1,   0, ANY, ANY, read_sctlr,            write_sctlr },
	{  2,   0, ANY, ANY, read_ttbr,             write_ttbr },
	{  3,   0, ANY, ANY, read_dacr,             write_dacr },
	{  5,   0, ANY,   0, read_dfsr,             write_dfsr },
	{  5,   0, ANY,   1, read_ifsr,             write_ifsr },
	{  6,   0, ANY, ANY, read_far,              write_far },
	{  7,   0,   0,   4, 0,                     wait_for_interrupt },
	{  7,   0,   5,   0, 0,                     invalidate_i_all },
	{  7,   0,   5,   1, 0,                     invalidate_i_line },
	{  7,   0,   5,   2, 0,                     invalidate_i_set_way },
	{  7,   0,   6,   0, 0,                     clean_invalidate_d_all },     /* invalidate */
	{  7,   0,   6,   1, 0,                     invalidate_d_line },
	{  7,   0,   6,   2, 0,                     clean_invalidate_d_set_way }, /* invalidate */
	{  7,   0,   7,   0, 0,                     clean_invalidate_both },      /* invalidate */
	{  7,   0,  10,   1, 0,                     clean_d_line },
	{  7,   0,  10,   2, 0,                     clean_d_set_way },
	{  7,   0,  10,   3, test_and_clean,        0 },
	{  7,   0,  10,   4, 0,                     drain_write_buffer },
	{  7,   0,  13,   1, 0,                     ignore_write },               /* prefetch I line */
	{  7,   0,  14,   1, 0,                     clean_invalidate_d_line },
	{  7,   0,  14,   2, 0,                     clean_invalidate_d_set_way },
	{  7,   0,  14,   3, test_clean_invalidate, 0 },
	{  8,   0,   5,   0, 0,                     tlb_invalidate_all },         /* I TLB */
	{  8,   0,   5,   1, 0,                     tlb_invalidate_page },        /* I TLB */
	{  8,   0,   6,   0, 0,                     tlb_invalidate_all },         /* D TLB */
	{  8,   0,   6,   1, 0,                     tlb_invalidate_page },        /* D TLB */
	{  8,   0,   7,   0, 0,                     tlb_invalidate_all },
	{  8,   0,   7,   1, 0,                     tlb_invalidate_page },
	{  9,   0,   0,   0, read_lockdown_d,       write_lockdown_d },
	{  9,   0,   0,   1, read_lockdown_i,       write_lockdown_i },
	{  9,   0,   1,   0, read_zero,             ignore_write },               /* D TCM region */
	{  9,   0,   1,   1, read_zero,             ignore_write },               /* I TCM region */
	{ 10,   0,   0,   0, read_tlb_lockdown,     write_tlb_lockdown },
	{ 13,   0, ANY,   0, read_pid,              write_pid },
	{ 13,   0, ANY,   1, read_context_id,       write_context_id },
	{ 15, ANY, ANY, ANY, read_zero,             ignore_write },               /* test */
	/* clang-format on */
};

static bool matches(uint8_t row, uint32_t field)
{
	return row == ANY || row == field;
}

/** Decodes an MRC or MCR of coprocessor 15; what the core does not have is undefined. */
struct proxy cp15_decode(uint32_t word)
{
	const bool is_read = bit(word, 20);
	const uint32_t rt = bits(word, 15, 12);

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct cp15_row *row = &rows[i];
		const emulate_fn emulate = is_read ? row->read : row->write;

		if (!matches(row->crn, bits(word, 19, 16)) ||
		    !matches(row->opc1, bits(word, 23, 21)) ||
		    !matches(row->crm, bits(word, 3, 0)) || !matches(row->opc2, bits(word, 7, 5)))
			continue;
		/* MCR from r15 is UNPREDICTABLE (ARM ARM, A4.1.32). */
		if (!emulate || (!is_read && rt == 15))
			break;
		return (struct proxy){ .emulate = emulate, .arg = rt };
	}
	return (struct proxy){ .emulate = emulate_undefined, .arg = word };
}

/** Power-on values (TRM, 2.3). */
void cp15_reset(struct vcpu *vcpu)
{
	memset(&vcpu->cp15, 0, sizeof(vcpu->cp15));
	vcpu->cp15.cache_lockdown[0] = 0x0000fff0u;
	vcpu->cp15.cache_lockdown[1] = 0x0000fff0u;
	vcpu->mmu = (struct guest_mmu){ .sctlr = SCTLR_RESET };
	device_pages_compare(vcpu);
	mmu_set_guest_control(SCTLR_RESET);
}
