/* SPDX-License-Identifier: Apache-2.0 */
/* The page that VMM and guest kernel share (vcpu/pv_abi.h): when it is open, and accesses to it. */
#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "arch/arm/user_access.h"
#include "domain/shadow_announce.h"
#include "vcpu/emulate.h"
#include "vcpu/guest_mem.h"
#include "vcpu/proxy.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

_Static_assert(PV_PAGE == VMM_PV_PAGE, "the page is where the slot is");

#define PV_PAGE_SIZE 4096u
/* Between two preempt points: 64 words, some 20 instructions each. */
#define PV_CLEAR_AT_ONCE 128u

/** The real DACR, with the domain of the page as the mode has it and, if @p also_open, open. */
static __attribute__((noinline)) void page_dacr(struct vcpu *vcpu, bool also_open)
{
	mmu_set_dacr(shadow_dacr(vcpu_shadow(vcpu)) | (also_open ? MMU_DACR_PV : 0));
}

/**
 * The page, which there is, for an access of the VMM's: also in a mode that has it closed. What
 * page_leave() wants to know is returned: whether to close it again.
 */
static inline bool page_enter(struct vcpu *vcpu)
{
	if (vcpu_pv_open(vcpu))
		return false;
	page_dacr(vcpu, true);
	return true;
}

static inline void page_leave(struct vcpu *vcpu, bool entered)
{
	if (entered)
		page_dacr(vcpu, false);
}

/** Writes a word of the page, if there is one, also while it is closed. */
void pv_set(struct vcpu *vcpu, unsigned field, uint32_t value)
{
	bool entered;

	if (!vcpu->pv_page)
		return;
	entered = page_enter(vcpu);
	*pv_word(vcpu, field) = value;
	page_leave(vcpu, entered);
}

/** The page as a guest finds it first, and open. */
void pv_page_reset(struct vcpu *vcpu)
{
	vcpu->pv_read_only = false;
	vcpu->pv_shut = false;
	mmu_pv_page_set(true);
	mmu_set_dacr(shadow_dacr(vcpu_shadow(vcpu)));
	for (unsigned field = 0; field < PV_PAGE_SIZE; field += 4) {
		if (field % PV_CLEAR_AT_ONCE == 0)
			preempt_point();
		pv_set(vcpu, field, 0);
	}
	vcpu->pv_page[PV_CTL] = vcpu->ctl & (PSR_MODE_MASK | PSR_I);
	pv_set(vcpu, PV_LOG_END, PV_PAGE + PV_LOG);
	pv_set(vcpu, PV_SCTLR, vcpu->mmu.sctlr);
	pv_set(vcpu, PV_FPEXC, vcpu->has_vfp ? vfp_read_fpexc() : PV_FPEXC_EN);
}

/**
 * Opens the page in Supervisor mode, where its PV_CTL is the truth about I, and closes it elsewhere.
 * For vcpu_set_mode_bits(), after ctl has changed.
 */
void pv_follow_mode(struct vcpu *vcpu)
{
	const bool open = vcpu_pv_open(vcpu);

	if (open != vcpu->shadow->pv_open) {
		vcpu->shadow->pv_open = open;
		mmu_set_dacr(shadow_dacr(vcpu->shadow));
	}
	if (open)
		vcpu->pv_page[PV_CTL] = vcpu->ctl & (PSR_MODE_MASK | PSR_I);
}

/** Takes what the guest has logged, from PV_LOG to PV_LOG_END, whatever it holds. */
void pv_take_log(struct vcpu *vcpu)
{
	uint32_t count;
	bool entered;

	if (!vcpu->pv_page)
		return;
	entered = page_enter(vcpu);
	count = (*pv_word(vcpu, PV_LOG_END) - (PV_PAGE + PV_LOG)) / 4;
	if (count > (PV_PAGE_SIZE - PV_LOG) / 4)
		count = (PV_PAGE_SIZE - PV_LOG) / 4; /* the guest has broken it: all there can be */
	if (count > 0) {
		/* The last that is done to the page: the shadow may close it when it has read the log. */
		*pv_word(vcpu, PV_LOG_END) = PV_PAGE + PV_LOG;
		shadow_ptes_changed(vcpu_shadow(vcpu), pv_word(vcpu, PV_LOG), count);
	}
	page_leave(vcpu, entered);
}

bool pv_is_page(const struct vcpu *vcpu, uint32_t va)
{
	return vcpu->pv_page && (va & ~(PV_PAGE_SIZE - 1)) == PV_PAGE;
}

/** Whether the guest has stored to PV_CTL what only a proxy may: another mode. */
bool pv_ctl_broken(const struct vcpu *vcpu)
{
	return vcpu_pv_open(vcpu) && (vcpu->pv_page[PV_CTL] & PSR_MODE_MASK) != PSR_MODE_SVC;
}

/** A load or store of guest kernel code in the page, emulated. */
void pv_access(struct vcpu *vcpu, uint32_t va, unsigned size, bool write, uint32_t *value)
{
	volatile uint8_t *const at = vcpu->pv_page + (va & (PV_PAGE_SIZE - 1));
	const bool entered = page_enter(vcpu);

	for (unsigned i = 0; i < size; i++) {
		if (write)
			at[i] = (uint8_t)(*value >> (8 * i));
		else
			*value = (i ? *value : 0) | (uint32_t)at[i] << (8 * i);
	}
	page_leave(vcpu, entered);
}

static enum trap_outcome ctl_access(struct vcpu *vcpu, uint32_t word)
{
	uint32_t *const rd = &vcpu->frame.r[bits(word, 15, 12)];

	if (bit(word, 20)) {
		*rd = vcpu_cpsr(vcpu) & 0xffu;
		return TRAP_NEXT;
	}
	if (*rd & PV_I_ONLY)
		proxy_set_control(vcpu, (vcpu_cpsr(vcpu) & ~(uint32_t)PSR_I) | (*rd & PSR_I));
	else
		proxy_set_control(vcpu, *rd);
	return TRAP_NEXT_POLL;
}

/**
 * A load or store in the page that the hardware refused, from a privileged mode: because the page is
 * closed in this mode, or a store while an interrupt waits. LDRB and STRB of PV_CTL, as stubs have
 * them, mean `mrs cpsr` and `msr cpsr_c`.
 */
enum trap_outcome pv_page_trap(struct vcpu *vcpu)
{
	uint32_t word, offset;

	if (vcpu_thumb(vcpu))
		return emulate_mem_at_pc(vcpu);
	if (!guest_fetch(vcpu->frame.pc, &word))
		return TRAP_RESUME;
	offset = bit(word, 23) ? word & 0xfffu : -(word & 0xfffu);
	/* Immediate offset, byte, no write-back; neither base nor register is r15. */
	if ((word & 0x0f600000u) == 0x05400000u && bits(word, 19, 16) != 15 &&
	    bits(word, 15, 12) != 15 &&
	    vcpu->frame.r[bits(word, 19, 16)] + offset == PV_PAGE + PV_CTL)
		return ctl_access(vcpu, word);
	return emulate_mem_at_pc(vcpu);
}
