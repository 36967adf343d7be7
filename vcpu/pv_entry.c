/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a guest with paravirtual code gets from its programs into its kernel and back, where the fast
 * paths of arch/arm/fastpath.S do not take it: its own entries for exceptions, and the return.
 */
#include "arch/arm/mmu.h"
#include "domain/shadow_announce.h"
#include "vcpu/fault.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"

static const struct {
	enum pv_entry from_program, from_kernel;
	uint8_t offset[2]; /* PV_PC minus address of the instruction, in ARM and in Thumb state */
	bool known;
} entries[TRAP_KIND_COUNT] = {
	[TRAP_UNDEF] = { PV_ENTRY_UND_USR, PV_ENTRY_UND_SVC, { 4, 2 }, true },
	[TRAP_PABT] = { PV_ENTRY_PABT_USR, PV_ENTRY_PABT_SVC, { 0, 0 }, true },
	[TRAP_DABT] = { PV_ENTRY_DABT_USR, PV_ENTRY_DABT_SVC, { 0, 0 }, true },
	[TRAP_IRQ] = { PV_ENTRY_IRQ_USR, PV_ENTRY_IRQ_SVC, { 0, 0 }, true },
};

/** Completes the return to User mode that the guest is about to ask for. */
static void complete_return(struct vcpu *vcpu)
{
	const uint32_t usr_sp = *pv_word(vcpu, PV_USR_SP), usr_lr = *pv_word(vcpu, PV_USR_LR);
	const uint32_t psr = *pv_word(vcpu, PV_PSR), pc = *pv_word(vcpu, PV_PC);
	const uint32_t kernel_sp = *pv_word(vcpu, PV_SVC_SP);

	if (vcpu->pv.dacr_at & PV_DACR_AT_RETURN)
		pv_set_dacr(vcpu, vcpu->pv.return_dacr);
	vcpu_set_cpsr(vcpu, (psr & (PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q)) | PSR_MODE_USR);
	vcpu->bank_r13[BANK_SVC] = kernel_sp;
	vcpu->frame.r[13] = usr_sp;
	vcpu->frame.r[14] = usr_lr;
	vcpu->frame.pc = pc & ~3u;
	pv_settle(vcpu);
}

/** The SWI at return_site, when the fast path could not be taken. False if it is not that. */
bool pv_return(struct vcpu *vcpu)
{
	if (!vcpu_pv_open(vcpu) || vcpu->frame.pc != vcpu->pv.return_site ||
	    !vcpu->pv.return_site || vcpu_thumb(vcpu))
		return false;
	complete_return(vcpu);
	return true;
}

/**
 * The guest takes a data abort at pc: it is to find it at the place that a stub stands for. Returns what
 * it finds in PV_DFSR.
 */
static uint32_t settle_data_abort(struct vcpu *vcpu)
{
	const uint32_t store = data_abort_is_store(vcpu) ? PV_DFSR_STORE : 0;
	uint32_t site;

	if (pv_user_stub_site(vcpu, &site))
		vcpu->frame.pc = site;
	return vcpu->cp15.dfsr | store;
}

/** Copies what the guest's handler asks CP15 for; frame.pc is where the fault happened. */
void pv_show_fault(struct vcpu *vcpu, enum trap_kind kind)
{
	if (!vcpu->pv_page)
		return;
	if (kind == TRAP_DABT) {
		pv_set(vcpu, PV_DFSR, settle_data_abort(vcpu));
		pv_set(vcpu, PV_FAR, vcpu->cp15.far);
	} else if (kind == TRAP_PABT) {
		pv_set(vcpu, PV_IFSR, vcpu->cp15.ifsr);
	}
}

/** From User mode to Supervisor mode, masked, with the page open; false if it is shut. */
static bool enter_from_program(struct vcpu *vcpu, uint32_t cpsr)
{
	const struct shadow *const sh = vcpu->shadow;
	const uint32_t sp = vcpu->frame.r[13], lr = vcpu->frame.r[14];

	if (!vcpu->pv_shut && !(vcpu->interrupt & PSR_F) && shadow_views_alike(sh)) {
		/* As vcpu_set_mode_bits(), where all that differs is known; the page stays open. */
		vcpu->bank_r13[BANK_USR] = sp;
		vcpu->bank_r14[BANK_USR] = lr;
		vcpu->frame.r[13] = vcpu->bank_r13[BANK_SVC];
		vcpu->frame.r[14] = vcpu->bank_r14[BANK_SVC];
		vcpu->ctl = (vcpu->ctl & PSR_F) | PSR_I | PSR_MODE_SVC;
		mmu_set_dacr(shadow_dacr(vcpu_shadow(vcpu)));
	} else {
		vcpu_set_mode_bits(vcpu, vcpu_masked(vcpu) | PSR_I | PSR_MODE_SVC);
		if (!vcpu_pv_open(vcpu)) {
			vcpu_set_cpsr(vcpu, cpsr);
			return false;
		}
	}
	*pv_word(vcpu, PV_USR_SP) = sp;
	*pv_word(vcpu, PV_USR_LR) = lr;
	return true;
}

/** Notes what a program could not access: its kernel is told, and then it will do so again. */
static inline void note_retry(struct vcpu *vcpu, uint32_t va, bool store)
{
	vcpu->retry.va = va;
	vcpu->retry.store = store;
	vcpu->retry.pc = vcpu->frame.pc;
	vcpu->retry.ttbr = vcpu->mmu.ttbr;
	pv_expect_retry(vcpu, true);
}

/**
 * As vcpu_inject_trap(), of a program's abort that cp15 has the status of, where all that differs is
 * known: where the program's system call would take its fast path. False, and nothing is done,
 * if it would not, or the guest has no entry of its own.
 */
bool pv_inject_program_abort(struct vcpu *vcpu, enum trap_kind kind, bool store)
{
	const struct vcpu_fast *const fast = &vcpu->fast;
	const enum pv_entry number = entries[kind].from_program;
	const uint32_t entry = vcpu->pv.entry[number];
	uint32_t va = vcpu->frame.pc;

	if (vcpu->ctl != fast->call_from || !entry)
		return false;
	if (pv_has_dacr_pair(&vcpu->pv) && !(vcpu->pv.dacr_at & BIT(number)))
		return false;
	mmu_set_dacr(fast->dacr_kernel); /* the page is open */
	if (pv_has_dacr_pair(&vcpu->pv)) {
		vcpu->mmu.dacr = fast->pair[0].guest;
		*pv_word(vcpu, PV_DACR) = vcpu->mmu.dacr;
	}
	if (kind == TRAP_DABT) {
		va = vcpu->cp15.far;
		*pv_word(vcpu, PV_DFSR) = vcpu->cp15.dfsr | (store ? PV_DFSR_STORE : 0);
		*pv_word(vcpu, PV_FAR) = va;
	} else {
		*pv_word(vcpu, PV_IFSR) = vcpu->cp15.ifsr;
	}
	*pv_word(vcpu, PV_USR_SP) = vcpu->bank_r13[BANK_USR] = vcpu->frame.r[13];
	*pv_word(vcpu, PV_USR_LR) = vcpu->bank_r14[BANK_USR] = vcpu->frame.r[14];
	*pv_word(vcpu, PV_PSR) =
		(vcpu->frame.cpsr & ~(uint32_t)(PSR_MODE_MASK | PSR_I | PSR_F)) | PSR_MODE_USR;
	*pv_word(vcpu, PV_PC) = vcpu->frame.pc;
	note_retry(vcpu, va, store);
	vcpu->frame.r[13] = vcpu->bank_r13[BANK_SVC];
	vcpu->frame.r[14] = vcpu->bank_r14[BANK_SVC];
	vcpu->ctl = PSR_I | PSR_MODE_SVC;
	vcpu->pv_page[PV_CTL] = PSR_I | PSR_MODE_SVC;
	vcpu->frame.cpsr &= ~(uint32_t)(PSR_T | PSR_J);
	vcpu->frame.pc = entry;
	return true;
}

/**
 * The guest's kernel returns to a program, by the fast path, after an abort that it was given: if it
 * returns from that very abort, the entry that the program misses is made of what the guest's tables
 * say now, without another trap. What they do not allow will abort, and so will what does not go in
 * short. Returns whether the fast path may be taken: nothing has changed that it depends on.
 *
 * Called by arch/arm/fastpath.S, in virtual Supervisor mode with the page open.
 */
bool pv_retry(struct vcpu *vcpu)
{
	const struct pv_info *const pv = &vcpu->pv;
	const struct vcpu_retry *const retry = &vcpu->retry;

	pv_expect_retry(vcpu, false);
	pv_clean_late(vcpu);
	if (retry->pc == *pv_word(vcpu, PV_PC) && retry->ttbr == vcpu->mmu.ttbr)
		shadow_fill_page(
			vcpu_shadow(vcpu), retry->va, retry->store ? RIGHTS_WRITE : RIGHTS_READ,
			pv->dacr_at & PV_DACR_AT_RETURN ? pv->return_dacr : vcpu->mmu.dacr);
	return !vcpu->attention && pv_is_settled(vcpu);
}

/**
 * Enters the guest's own entry for an exception from User mode, or from Supervisor mode with the page
 * open: in Supervisor mode, masked, with what the guest needs in the page. False if it has none.
 *
 * frame.pc is as for vcpu_inject_trap().
 */
bool pv_inject(struct vcpu *vcpu, enum trap_kind kind)
{
	const bool from_kernel = vcpu_pv_open(vcpu);
	uint32_t entry, cpsr, dfsr = 0;

	if (!vcpu->pv_page || !entries[kind].known ||
	    (!from_kernel && vcpu_mode(vcpu) != PSR_MODE_USR))
		return false;
	if (from_kernel && kind == TRAP_IRQ && vcpu->pv.restart_from &&
	    vcpu->frame.pc - vcpu->pv.restart_from <=
		    vcpu->pv.return_site - vcpu->pv.restart_from) {
		/* The way back to User mode is one step: not begun, or done. */
		if (pv_return(vcpu))
			return pv_inject(vcpu, kind);
		vcpu->frame.pc = vcpu->pv.restart_from;
	}
	entry = vcpu->pv.entry[from_kernel ? entries[kind].from_kernel
					   : entries[kind].from_program];
	if (!entry)
		return false;
	if (kind == TRAP_DABT)
		dfsr = settle_data_abort(vcpu);
	cpsr = vcpu_cpsr(vcpu);
	if (!from_kernel && !enter_from_program(vcpu, cpsr))
		return false;
	if (!from_kernel && (vcpu->pv.dacr_at & BIT(entries[kind].from_program)))
		pv_set_dacr(vcpu, vcpu->pv.call_dacr);
	*pv_word(vcpu, PV_PSR) = cpsr;
	*pv_word(vcpu, PV_PC) = vcpu->frame.pc + entries[kind].offset[vcpu_thumb(vcpu)];
	vcpu->pv_page[PV_CTL] = PSR_I | PSR_MODE_SVC;
	if (kind == TRAP_DABT) {
		*pv_word(vcpu, PV_DFSR) = dfsr;
		*pv_word(vcpu, PV_FAR) = vcpu->cp15.far;
		if (!from_kernel)
			note_retry(vcpu, vcpu->cp15.far, dfsr & PV_DFSR_STORE);
	} else if (kind == TRAP_PABT) {
		*pv_word(vcpu, PV_IFSR) = vcpu->cp15.ifsr;
		if (!from_kernel)
			note_retry(vcpu, vcpu->frame.pc, false);
	}
	vcpu->frame.cpsr &= ~(uint32_t)(PSR_T | PSR_J);
	vcpu->frame.pc = entry;
	return true;
}
