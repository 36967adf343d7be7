/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/pv.h"

#include "arch/arm/mmu.h"
#include "vcpu/guest_mem.h"
#include "vcpu/proxy.h"
#include "vmm/lib/bits.h"

#define NO_CALL   0xffffffffu /* no value of ctl */
#define NO_RETURN 1u          /* no address of ARM code */

/**
 * Whether a guest's description of its paravirtual code can be used. All addresses in it are the
 * guest's: wrong ones lead nowhere but into the guest.
 */
__attribute__((cold)) bool pv_info_ok(const struct pv_info *info, uint32_t guest_memory)
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

/** For vcpu_reset(). */
void pv_reset(struct vcpu *vcpu)
{
	vcpu->pv_settled = 0;
	vcpu->pv_settled_dacr = vcpu->mmu.dacr;
	vcpu->pv_pair_epoch = 0;
	vcpu->retry.expected = false;
	vcpu->unclean = 0;
	vcpu->fast = (struct vcpu_fast){ .dacr_proxy = NO_DACR_PROXY,
					 .call_from = NO_CALL,
					 .return_lr = NO_RETURN };
	if (vcpu->pv_page)
		pv_page_reset(vcpu);
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

/** The code that completes a return. */
static uint32_t return_path(const struct vcpu *vcpu)
{
	if (vcpu->retry.expected)
		return trap_swi_paths[FAST_RETURN_RETRY];
	return trap_swi_paths[pv_has_dacr_pair(&vcpu->pv) ? FAST_RETURN_DACR : FAST_RETURN];
}

/** An access of a program will be tried again, or has been: the next return takes care of it. */
void pv_expect_retry(struct vcpu *vcpu, bool expected)
{
	vcpu->retry.expected = expected;
	vcpu->fast.return_path = return_path(vcpu);
}

/** Decides which fast paths there are: from where a call, and from where a return, if there is one of calls. */
static void settle_fast(struct vcpu *vcpu, uint32_t call_from, uint32_t return_lr)
{
	const struct shadow *const sh = vcpu->shadow;
	const struct pv_info *const pv = &vcpu->pv;
	struct vcpu_fast *const fast = &vcpu->fast;

	if (pv_has_dacr_pair(pv)) {
		if (!pv_settle_dacr(vcpu) || !(pv->dacr_at & PV_DACR_AT_SWI))
			call_from = NO_CALL;
		if (call_from == NO_CALL || !(pv->dacr_at & PV_DACR_AT_RETURN))
			return_lr = NO_RETURN;
	}
	fast->call_from = call_from;
	fast->return_lr = return_lr;
	if (call_from == NO_CALL)
		return; /* nobody looks at the rest */
	fast->call_entry = pv->swi_entry;
	fast->return_path = return_path(vcpu);
	if (pv_has_dacr_pair(pv)) {
		fast->call_path = trap_swi_paths[FAST_CALL_DACR];
		fast->dacr_kernel = fast->pair[0].kernel;
		fast->dacr_program = fast->pair[1].program;
	} else {
		fast->call_path = trap_swi_paths[FAST_CALL];
		fast->dacr_kernel = sh->dacr[1] | MMU_DACR_PV;
		fast->dacr_program = sh->dacr[0];
	}
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
	/*
	 * All that matters. Between a kernel with its page open and its programs nothing does, if no
	 * interrupt waits: calls and returns are on both sides of the same words.
	 */
	if (vcpu_pv_open(vcpu) && !vcpu->interrupt)
		state = PSR_MODE_USR;
	else
		state = (vcpu_privileged(vcpu) ? vcpu_mode(vcpu) : vcpu->ctl) | vcpu->interrupt
											<< 8;
	if (state == vcpu->pv_settled && vcpu->pv_settled_epoch == sh->view_epoch &&
	    vcpu->pv_settled_dacr == vcpu->mmu.dacr)
		return;
	vcpu->pv_settled = state;
	vcpu->pv_settled_epoch = sh->view_epoch;
	vcpu->pv_settled_dacr = vcpu->mmu.dacr;
	settle(vcpu);
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
bool pv_user_stub_site(const struct vcpu *vcpu, uint32_t *site)
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

	return vcpu->pv_page && pv_user_stub_site(vcpu, &site);
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
