/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/pv.h"

#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "arch/arm/user_access.h"
#include "domain/shadow_announce.h"
#include "vcpu/emulate.h"
#include "vcpu/fault.h"
#include "vcpu/guest_mem.h"
#include "vcpu/proxy.h"
#include "vmm/lib/bits.h"

_Static_assert(PV_PAGE == VMM_PV_PAGE, "the page is where the slot is");

#define PV_PAGE_SIZE 4096u
#define NO_CALL      0xffffffffu /* no value of ctl */
#define NO_RETURN    1u          /* no address of ARM code */

/**
 * Whether a guest's description of its paravirtual code can be used. All addresses in it are the
 * guest's: wrong ones lead nowhere but into the guest.
 */
bool pv_info_ok(const struct pv_info *info, uint32_t guest_memory)
{
	uint32_t entries = info->swi_entry | info->restart_from;

	/* The vCPU continues there, in ARM state: other addresses are UNPREDICTABLE (ARM ARM, A2.4.3). */
	for (unsigned i = 0; i < PV_ENTRY_COUNT; i++)
		entries |= info->entry[i];
	return info->magic == PV_INFO_MAGIC && info->version == PV_INFO_VERSION &&
	       info->code_size <= guest_memory &&
	       info->code_gpa <= guest_memory - info->code_size &&
	       info->code_va >= info->user_limit && info->range_count <= PV_RANGES_MAX &&
	       (pv_has_dacr_pair(info) || !info->dacr_at) && !(entries & 3u);
}

static volatile uint32_t *page_word(const struct vcpu *vcpu, unsigned field)
{
	return (volatile uint32_t *)(vcpu->pv_page + field);
}

/** For vcpu_reset(): the page as a guest finds it first. */
void pv_reset(struct vcpu *vcpu)
{
	vcpu->pv_settled = 0;
	vcpu->pv_settled_dacr = vcpu->mmu.dacr;
	vcpu->pv_pair_epoch = 0;
	vcpu->fast = (struct vcpu_fast){ .dacr_proxy = NO_DACR_PROXY,
					 .call_from = NO_CALL,
					 .return_lr = NO_RETURN };
	if (!vcpu->pv_page)
		return;
	vcpu->pv_read_only = false;
	vcpu->pv_shut = false;
	mmu_pv_page_set(true);
	mmu_set_dacr(shadow_dacr(vcpu_shadow(vcpu)));
	for (unsigned field = 0; field < PV_PAGE_SIZE; field += 4)
		pv_set(vcpu, field, 0);
	vcpu->pv_page[PV_CTL] = vcpu->ctl & (PSR_MODE_MASK | PSR_I);
	pv_set(vcpu, PV_LOG_END, PV_PAGE + PV_LOG);
	pv_set(vcpu, PV_SCTLR, vcpu->mmu.sctlr);
	pv_set(vcpu, PV_FPEXC, vcpu->has_vfp ? vfp_read_fpexc() : PV_FPEXC_EN);
}

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
	*page_word(vcpu, field) = value;
	page_leave(vcpu, entered);
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

/**
 * Closes the page for good. Stubs neither see nor change F: Linux has it set or clear without caring,
 * until somebody uses FIQs. From the first one on every stub traps and is exact.
 */
static void shut(struct vcpu *vcpu)
{
	const uint32_t masked = vcpu_masked(vcpu);

	vcpu->pv_shut = true;
	vcpu->ctl = vcpu_mode(vcpu) | masked;
	mmu_set_dacr(shadow_dacr(vcpu_shadow(vcpu)));
}

/** Decides which fast paths there are: from where a call, and from where a return. */
static void settle_fast(struct vcpu *vcpu, uint32_t call_from, uint32_t return_lr)
{
	const struct shadow *const sh = vcpu->shadow;
	const struct pv_info *const pv = &vcpu->pv;
	struct vcpu_fast *const fast = &vcpu->fast;

	fast->call_entry = pv->swi_entry;
	if (!pv_has_dacr_pair(pv)) {
		fast->call_path = trap_swi_paths[FAST_CALL];
		fast->return_path = trap_swi_paths[FAST_RETURN];
		fast->dacr_kernel = sh->dacr[1] | MMU_DACR_PV;
		fast->dacr_program = sh->dacr[0];
		fast->call_from = call_from;
		fast->return_lr = return_lr;
		return;
	}
	if (!pv_settle_dacr(vcpu) || !(pv->dacr_at & PV_DACR_AT_SWI))
		call_from = NO_CALL;
	if (call_from == NO_CALL || !(pv->dacr_at & PV_DACR_AT_RETURN))
		return_lr = NO_RETURN;
	fast->call_path = trap_swi_paths[FAST_CALL_DACR];
	fast->return_path = trap_swi_paths[FAST_RETURN_DACR];
	fast->dacr_kernel = fast->pair[0].kernel;
	fast->dacr_program = fast->pair[1].program;
	fast->call_from = call_from;
	fast->return_lr = return_lr;
}

static void settle(struct vcpu *vcpu)
{
	struct shadow *const sh = vcpu_shadow(vcpu);
	bool read_only, quick;

	if ((vcpu->interrupt & PSR_F) && !vcpu->pv_shut)
		shut(vcpu);
	read_only = sh->pv_open && vcpu->interrupt;
	if (read_only != vcpu->pv_read_only) {
		vcpu->pv_read_only = read_only;
		mmu_pv_page_set(!read_only);
	}
	quick = !vcpu->interrupt && !vcpu->pv_shut && shadow_views_alike(sh);
	/*
	 * In User mode it is for the kernel that a call leads to: a program's SWI there is a call. So
	 * where calls have no fast path returns have none: the page is closed then.
	 */
	quick = quick && vcpu->pv.swi_entry;
	settle_fast(vcpu, quick ? PSR_MODE_USR : NO_CALL,
		    quick && vcpu->pv.return_site && (sh->pv_open || vcpu->ctl == PSR_MODE_USR)
			    ? vcpu->pv.return_site + 4
			    : NO_RETURN);
}

/**
 * Makes what depends on the state of the vCPU agree with it, before the guest continues: whether a
 * store to the page traps because an interrupt waits for it, and whether the fast paths, which look
 * at nothing else, may be taken.
 */
void pv_settle(struct vcpu *vcpu)
{
	struct shadow *const sh = vcpu->shadow;
	uint32_t state;

	if (!vcpu->pv_page)
		return;
	if (vcpu->mmu.dacr != vcpu->pv_settled_dacr)
		pv_follow_dacr(vcpu);
	/* All that matters, and a bit that no state has: a change of the view comes without others. */
	state = (vcpu_privileged(vcpu) ? vcpu_mode(vcpu) : vcpu->ctl) | vcpu->interrupt << 8;
	if (state == vcpu->pv_settled && vcpu->pv_settled_epoch == sh->view_epoch &&
	    vcpu->pv_settled_dacr == vcpu->mmu.dacr)
		return;
	vcpu->pv_settled = state;
	vcpu->pv_settled_epoch = sh->view_epoch;
	vcpu->pv_settled_dacr = vcpu->mmu.dacr;
	settle(vcpu);
}

/** Takes what the guest has logged, from PV_LOG to PV_LOG_END, whatever it holds. */
void pv_take_log(struct vcpu *vcpu)
{
	uint32_t count;
	bool entered;

	if (!vcpu->pv_page)
		return;
	entered = page_enter(vcpu);
	count = (*page_word(vcpu, PV_LOG_END) - (PV_PAGE + PV_LOG)) / 4;
	if (count > (PV_PAGE_SIZE - PV_LOG) / 4)
		count = (PV_PAGE_SIZE - PV_LOG) / 4; /* the guest has broken it: all there can be */
	if (count > 0) {
		/* The last that is done to the page: the shadow may close it when it has read the log. */
		*page_word(vcpu, PV_LOG_END) = PV_PAGE + PV_LOG;
		shadow_ptes_changed(vcpu_shadow(vcpu), page_word(vcpu, PV_LOG), count);
	}
	page_leave(vcpu, entered);
}

bool pv_is_page(const struct vcpu *vcpu, uint32_t va)
{
	return vcpu->pv_page && (va & ~(PV_PAGE_SIZE - 1)) == PV_PAGE;
}

/**
 * Whether the instruction at pc accesses @p va with the rights of User mode, although it is a plain load
 * or store: code that copies to and from programs.
 */
bool pv_user_rights(const struct vcpu *vcpu, uint32_t va)
{
	const struct pv_info *const pv = &vcpu->pv;

	if (va >= pv->user_limit)
		return false;
	if (vcpu->frame.pc - pv->code_va < pv->code_size)
		return true;
	for (unsigned i = 0; i < pv->range_count; i++)
		if (vcpu->frame.pc - pv->range[i][0] < pv->range[i][1] - pv->range[i][0])
			return true;
	return false;
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

/**
 * The translation of the paravirtual code while the guest's own tables do not have it yet: as the
 * section that its kernel starts in, at the place in its linear mapping. False if @p va is not in it.
 */
bool pv_code_translation(struct vcpu *vcpu, uint32_t va, struct guest_translation *t)
{
	const struct pv_info *const pv = &vcpu->pv;
	const uint32_t kernel = pv->linear_offset >> 20;
	uint32_t l1;

	if (!vcpu->pv_page || va - pv->code_va >= pv->code_size ||
	    !shadow_guest_l1(vcpu->shadow, kernel, &l1) || (l1 & L1_TYPE_MASK) != L1_SECTION)
		return false;
	l1 = ((va - pv->linear_offset) & L1_SECTION_BASE) | (l1 & ~L1_SECTION_BASE);
	*t = (struct guest_translation){
		.gpa = gpa(va - pv->linear_offset),
		.l1 = l1,
		.domain = (uint8_t)desc_domain(l1),
		.shift = 20,
		.ap = (l1 >> 10) & 3u,
		.cb = l1 & (DESC_C | DESC_B),
	};
	return true;
}

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
	const uint32_t usr_sp = *page_word(vcpu, PV_USR_SP), usr_lr = *page_word(vcpu, PV_USR_LR);
	const uint32_t psr = *page_word(vcpu, PV_PSR), pc = *page_word(vcpu, PV_PC);
	const uint32_t kernel_sp = *page_word(vcpu, PV_SVC_SP);

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

/** Where the B at @p addr goes (ARM ARM, A4.1.5). */
static uint32_t branch_target(uint32_t addr, uint32_t word)
{
	return addr + 8 + (uint32_t)((int32_t)(word << 8) >> 6);
}

/**
 * Whether the access at pc is that of a stub of the kind `user` (docs/guest-abi.md), and the place in
 * the kernel that it stands for: the access is the stub's second word, a branch behind that place its
 * third, and the place a branch to the first.
 */
static bool user_stub_site(const struct vcpu *vcpu, uint32_t *site)
{
	const uint32_t pc = vcpu->frame.pc;
	uint32_t word;

	if (pc - vcpu->pv.code_va >= vcpu->pv.code_size || vcpu_thumb(vcpu) ||
	    !guest_fetch(pc + 4, &word) || (word & 0x0f000000u) != 0x0a000000u)
		return false;
	*site = branch_target(pc + 4, word) - 4;
	return *site - vcpu->pv.code_va >= vcpu->pv.code_size && guest_fetch(*site, &word) &&
	       (word & 0x0f000000u) == 0x0a000000u && branch_target(*site, word) == pc - 4;
}

bool pv_is_user_stub(const struct vcpu *vcpu)
{
	uint32_t site;

	return vcpu->pv_page && user_stub_site(vcpu, &site);
}

/** An access of such a stub that is not aligned: the LDRT, STRT that it stands for. */
enum trap_outcome pv_user_stub_unaligned(struct vcpu *vcpu)
{
	struct proxy proxy;
	uint32_t word;

	if (!guest_fetch(vcpu->frame.pc, &word))
		return TRAP_RESUME;
	proxy = proxy_decode(word | 1u << 21); /* W: with the rights of User mode */
	return proxy.emulate(vcpu, proxy.arg);
}

/**
 * The guest takes a data abort at pc: it is to find it at the place that a stub stands for. Returns what
 * it finds in PV_DFSR.
 */
static uint32_t settle_data_abort(struct vcpu *vcpu)
{
	const uint32_t store = data_abort_is_store(vcpu) ? PV_DFSR_STORE : 0;
	uint32_t site;

	if (user_stub_site(vcpu, &site))
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
	*page_word(vcpu, PV_USR_SP) = sp;
	*page_word(vcpu, PV_USR_LR) = lr;
	return true;
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
	*page_word(vcpu, PV_PSR) = cpsr;
	*page_word(vcpu, PV_PC) = vcpu->frame.pc + entries[kind].offset[vcpu_thumb(vcpu)];
	vcpu->pv_page[PV_CTL] = PSR_I | PSR_MODE_SVC;
	if (kind == TRAP_DABT) {
		*page_word(vcpu, PV_DFSR) = dfsr;
		*page_word(vcpu, PV_FAR) = vcpu->cp15.far;
	} else if (kind == TRAP_PABT) {
		*page_word(vcpu, PV_IFSR) = vcpu->cp15.ifsr;
	}
	vcpu->frame.cpsr &= ~(uint32_t)(PSR_T | PSR_J);
	vcpu->frame.pc = entry;
	return true;
}
