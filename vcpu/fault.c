/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two aborts. The physical fault status decides first: only translation, domain and permission
 * faults can be the shadow's doing. Then the guest's own tables are asked, and only if they allow
 * the access something is filled or emulated.
 */
#include "vcpu/fault.h"

#include "arch/arm/cp15.h"
#include "arch/arm/user_access.h"
#include "domain/shadow_announce.h"
#include "domain/vm_mem.h"
#include "vcpu/device_page.h"
#include "vcpu/emulate.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

/**
 * Whether the abort may come from a missing or weaker shadow entry: a translation, domain or
 * permission fault (TRM, table 3-9). Odd are these and alignment faults, which are 1 and 3.
 */
static bool is_shadow_fault(uint32_t fsr)
{
	return (fsr & 1u) && (fsr & 0xcu);
}

/** Alignment faults have two encodings, 0b00x1 (TRM, table 3-9). */
static bool is_alignment(uint32_t fsr)
{
	return (fsr & 0xdu) == FSR_ALIGNMENT;
}

static bool is_external(uint32_t fsr)
{
	switch (fsr & FSR_STATUS_MASK) {
	case FSR_EXTERNAL_LINE_SECT:
	case FSR_EXTERNAL_LINE_PAGE:
	case FSR_EXTERNAL_SECTION:
	case FSR_EXTERNAL_PAGE:
		return true;
	default:
		return false;
	}
}

/**
 * Whether the ARM instruction that aborted writes memory. ARMv5 has no such bit in the fault status
 * (ARM ARM, B3.6.1); for loads and stores it is the L bit, but for LDRD, STRD and SWP.
 */
static bool is_store(uint32_t word)
{
	if (bits(word, 27, 25) == 0 && (word & 0x90u) == 0x90u) {
		if (bit(word, 20))
			return false;
		return (word & 0xf0u) != 0xd0u; /* all but LDRD: STRH, STRD, SWP */
	}
	return !bit(word, 20);
}

static bool thumb_is_store(uint32_t half)
{
	switch (half >> 12) {
	case 0x5: /* register offset: STR, STRH, STRB come first, then the loads */
		return bits(half, 11, 9) < 3;
	case 0xb: /* PUSH */
	case 0x6: /* immediate offset, LDMIA and STMIA: bit 11 is L */
	case 0x7:
	case 0x8:
	case 0x9:
	case 0xc:
		return !bit(half, 11);
	default:
		return false;
	}
}

/** Whether the instruction at pc, which has aborted, writes memory; a proxy has the L bit of its original. */
bool data_abort_is_store(const struct vcpu *vcpu)
{
	uint32_t word;

	if (vcpu_thumb(vcpu))
		return guest_fetch_half(vcpu->frame.pc, &word) && thumb_is_store(word);
	return is_store(user_fetch(vcpu->frame.pc)); /* no store if it cannot be read */
}

static enum trap_outcome guest_data_abort(struct vcpu *vcpu, uint32_t fsr, uint32_t far)
{
	vcpu->cp15.dfsr = fsr;
	vcpu->cp15.far = far;
	return TRAP_INJECT;
}

/** A data abort that is not of a device's page known before. */
static __attribute__((noinline)) enum trap_outcome data_abort(struct vcpu *vcpu, uint32_t fsr,
							      uint32_t va)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;
	bool store;

	if (!is_shadow_fault(fsr)) {
		/* Alignment and external aborts: the hardware has seen the guest's own access. */
		if (is_alignment(fsr) && pv_is_user_stub(vcpu))
			return pv_user_stub_unaligned(vcpu);
		if (is_alignment(fsr))
			return guest_data_abort(vcpu, FSR_ALIGNMENT, guest_mva(&vcpu->mmu, va));
		if (is_external(fsr))
			return guest_data_abort(
				vcpu, guest_fault_domain(vcpu, va) | (fsr & FSR_STATUS_MASK),
				guest_mva(&vcpu->mmu, va));
		return vcpu_stop(vcpu, "the table walk of a guest access aborted; fault status",
				 fsr);
	}

	if (pv_is_page(vcpu, va) && vcpu_privileged(vcpu))
		return pv_page_trap(vcpu);

	store = data_abort_is_store(vcpu);
	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, va, vcpu_privileged(vcpu) && !pv_user_rights(vcpu, va),
				 store, &t, &fault);
	if (!region)
		return guest_data_abort(vcpu, fault.fsr, fault.far);

	switch (shadow_fill(vcpu_shadow(vcpu), gva(va), &t, region,
			    store ? RIGHTS_WRITE : RIGHTS_READ)) {
	case SHADOW_FILLED:
		return TRAP_RESUME;
	case SHADOW_EMULATE:
		if (region->kind == MEM_EMULATED)
			device_page_remember(vcpu, va, &t, region);
		return emulate_mem_at_pc(vcpu);
	case SHADOW_VECTOR_PAGE:
		return emulate_mem_at_pc(vcpu);
	case SHADOW_PRESENT:
		/*
		 * The entry allows what the instruction was taken for. A load or store of several
		 * words may have been stopped by another page, or the entry was weaker when the TLB
		 * read it: emulation checks each word, and the next access finds the entry.
		 */
		mmu_tlb_invalidate(va);
		return emulate_mem_at_pc(vcpu);
	default:
		return vcpu_stop(vcpu, "the guest mapped and used an address of the VMM", va);
	}
}

/**
 * A data abort at an address that a guest which announces has for its programs: what it does most is
 * a walk of one step, and the rest goes the long way.
 */
static enum trap_outcome program_data_abort(struct vcpu *vcpu, uint32_t fsr, uint32_t va)
{
	unsigned status;
	bool store;

	if (!is_shadow_fault(fsr))
		return data_abort(vcpu, fsr, va);
	store = data_abort_is_store(vcpu);
	pv_clean_late(vcpu);
	status = shadow_fill_page(vcpu_shadow(vcpu), va, store ? RIGHTS_WRITE : RIGHTS_READ,
				  vcpu->mmu.dacr);
	if (status == SHADOW_PAGE_FILLED)
		return TRAP_MOVED;
	if (status == SHADOW_PAGE_OTHER)
		return data_abort(vcpu, fsr, va);
	guest_data_abort(vcpu, status, va);
	return pv_inject_program_abort(vcpu, TRAP_DABT, store) ? TRAP_MOVED : TRAP_INJECT;
}

enum trap_outcome data_abort_trap(struct vcpu *vcpu)
{
	const uint32_t fsr = cp15_read_dfsr();
	const uint32_t va = cp15_read_far();

	if (shadow_in_space(vcpu->shadow, va))
		return program_data_abort(vcpu, fsr, va);
	if (device_page_known(vcpu, va) && device_page_access(vcpu, fsr, va))
		return TRAP_NEXT;
	return data_abort(vcpu, fsr, va);
}

/** BKPT is the one prefetch abort without a fault of the MMU (ARM ARM, A4.1.7). */
static bool is_breakpoint(const struct vcpu *vcpu)
{
	uint32_t word;

	if (vcpu_thumb(vcpu))
		return guest_fetch_half(vcpu->frame.pc, &word) && (word & 0xff00u) == 0xbe00u;
	return guest_fetch(vcpu->frame.pc, &word) && (word & 0xfff000f0u) == 0xe1200070u;
}

/**
 * The guest takes a prefetch abort. If what it cannot fetch is the vector of just that, it would
 * take one after the other for ever, on the real core as well: the VM is stopped with a report
 * instead. (The vectors of interrupts are in the same page.)
 */
static enum trap_outcome guest_prefetch_abort(struct vcpu *vcpu, uint32_t ifsr)
{
	const uint32_t mask = PSR_MODE_MASK | PSR_I;

	vcpu->cp15.ifsr = ifsr;
	if (vcpu->frame.pc == vcpu_vector(vcpu, TRAP_PABT) &&
	    (vcpu->ctl & mask) == (PSR_MODE_ABT | PSR_I))
		return vcpu_stop(vcpu,
				 "the guest cannot fetch its prefetch abort vector; fault status",
				 ifsr);
	return TRAP_INJECT;
}

/**
 * Executes what kernels have in their vectors, a B or an LDR to pc, where guest and VMM share the page
 * of the vectors. TRAP_INJECT, and nothing has been done, if it is something else.
 */
static enum trap_outcome guest_vector(struct vcpu *vcpu, uint32_t va)
{
	struct guest_fault fault;
	uint32_t word;

	if (!vcpu->shadow->vectors_shared || vcpu_thumb(vcpu) ||
	    !guest_access(vcpu, va, 4, vcpu_privileged(vcpu), false, &word, &fault))
		return TRAP_INJECT;
	if ((word & 0xff000000u) == 0xea000000u) {
		vcpu->frame.pc = va + 8 + (uint32_t)((int32_t)(word << 8) >> 6);
		return TRAP_RESUME;
	}
	if ((word & 0xff7ff000u) == 0xe51ff000u) /* ldr pc, [pc, #offset] */
		return emulate_mem_checked(vcpu, word);
	return TRAP_INJECT;
}

static __attribute__((noinline)) enum trap_outcome prefetch_abort(struct vcpu *vcpu, uint32_t va)
{
	const uint32_t ifsr = cp15_read_ifsr();
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;
	enum trap_outcome outcome;

	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, va, vcpu_privileged(vcpu), false, &t, &fault);
	if (!region)
		return guest_prefetch_abort(vcpu, fault.fsr);
	if (region->kind == MEM_EMULATED) /* no device model executes code */
		return guest_prefetch_abort(vcpu, guest_external_abort(&t));

	/* A program's first instruction has come a long way already, and may get tables of its own. */
	preempt_point();
	switch (shadow_fill_code(vcpu_shadow(vcpu), gva(va), &t, region)) {
	case SHADOW_FILLED:
		return TRAP_RESUME;
	case SHADOW_VECTOR_PAGE:
		outcome = guest_vector(vcpu, va);
		if (outcome != TRAP_INJECT)
			return outcome;
		/* The guest runs code where the VMM's vectors are: they move out of the way. */
		shadow_set_vectors(vcpu_shadow(vcpu), va < 0x1000u);
		return TRAP_RESUME;
	case SHADOW_PRESENT:
		if (is_breakpoint(vcpu))
			return guest_prefetch_abort(vcpu, FSR_BREAKPOINT);
		if (is_external(ifsr))
			return guest_prefetch_abort(vcpu, (uint32_t)t.domain << 4 |
								  (ifsr & FSR_STATUS_MASK));
		/* The TLB held an older entry: it is gone with the next walk. */
		mmu_tlb_invalidate(va);
		return TRAP_RESUME;
	case SHADOW_EMULATE:
		return vcpu_stop(vcpu, "the guest executes code it cannot be given", va);
	default:
		return vcpu_stop(vcpu, "the guest mapped and executes an address of the VMM", va);
	}
}

enum trap_outcome prefetch_abort_trap(struct vcpu *vcpu)
{
	const uint32_t va = vcpu->frame.pc;
	unsigned status;

	pv_clean_late(vcpu);
	status = shadow_fill_page(vcpu_shadow(vcpu), va, RIGHTS_READ, vcpu->mmu.dacr);
	if (status == SHADOW_PAGE_FILLED)
		return TRAP_MOVED;
	if (status == SHADOW_PAGE_OTHER)
		return prefetch_abort(vcpu, va);
	vcpu->cp15.ifsr = status;
	if (pv_inject_program_abort(vcpu, TRAP_PABT, false))
		return TRAP_MOVED;
	return guest_prefetch_abort(vcpu, status);
}
