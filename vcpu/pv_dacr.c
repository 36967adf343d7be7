/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DACR of a kernel that closes its programs' memory (Linux' software PAN). It goes to and fro
 * between two values, at each system call and around each access to that memory. What they mean for
 * the real DACR is made in advance; arch/arm/fastpath_dacr.S changes from one to the other, and
 * pv_set_dacr() is the counterpart in C.
 */
#include "arch/arm/mmu.h"
#include "vcpu/proxy.h"
#include "vcpu/guest_abi.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

/* Of each domain in DACR the bit that says open: client 0b01, manager 0b11 (ARM ARM, B3.5.2). */
#define DACR_OPEN 0x55555555u

#define MCR_DACR 0xee030f10u /* mcr p15, 0, r0, c3, c0, 0 */
#define MCR_LAST 14u

_Static_assert(PV_DACR_PROXY == (0xee000f00u | PV_DACR_INDEX << 12), "one is the other's index");
_Static_assert(PV_DACR_INDEX >= PV_HC_COUNT, "indexes of hypercalls");
_Static_assert(PV_DACR_INDEX + MCR_LAST < PROXY_TABLE_MIN, "in every table");

/** Puts the writes of DACR to their places in the proxy table, if the guest has two values of it. */
void pv_dacr_proxies(struct proxy *table, const struct pv_info *info)
{
	if (!pv_has_dacr_pair(info))
		return;
	for (uint32_t rt = 0; rt <= MCR_LAST; rt++) {
		table[PV_DACR_INDEX + rt] = proxy_decode(MCR_DACR | rt << 12);
		preempt_point();
	}
}

static void make_image(const struct shadow *sh, struct vcpu_dacr *value, uint32_t guest)
{
	uint32_t image[2];

	shadow_dacr_image(sh, guest, image);
	*value = (struct vcpu_dacr){ .guest = guest,
				     .kernel = image[1] | MMU_DACR_PV,
				     .program = image[0] };
}

/** The one of the two values that @p value is; NULL if it is neither, or they are not in use now. */
static const struct vcpu_dacr *find_value(const struct vcpu *vcpu, uint32_t value)
{
	const struct vcpu_fast *const fast = &vcpu->fast;

	if (fast->dacr_proxy != PV_DACR_PROXY || vcpu->pv_pair_epoch != vcpu->shadow->domain_epoch)
		return 0;
	if (fast->pair[0].guest == value)
		return &fast->pair[0];
	return fast->pair[1].guest == value ? &fast->pair[1] : 0;
}

/**
 * Whether nothing but the real DACR has to change if the guest's becomes one of its two values. For
 * pv_settle(), of a guest that has them.
 */
bool pv_settle_dacr(struct vcpu *vcpu)
{
	const struct shadow *const sh = vcpu->shadow;
	const struct pv_info *const pv = &vcpu->pv;

	vcpu->fast.dacr_proxy = NO_DACR_PROXY;
	if (sh->transient_count > 0 || !shadow_gate_same(sh, pv->call_dacr) ||
	    !shadow_gate_same(sh, pv->return_dacr))
		return false;
	if (vcpu->pv_pair_epoch != sh->domain_epoch) {
		make_image(sh, &vcpu->fast.pair[0], pv->call_dacr);
		make_image(sh, &vcpu->fast.pair[1], pv->return_dacr);
		vcpu->pv_pair_epoch = sh->domain_epoch;
	}
	/* A program's proxies are undefined; the kernel that it calls finds this. */
	if (vcpu_pv_open(vcpu) || !vcpu_privileged(vcpu))
		vcpu->fast.dacr_proxy = PV_DACR_PROXY;
	return true;
}

/** Makes the shadow agree with a DACR that a fast path has written. */
void pv_follow_dacr(struct vcpu *vcpu)
{
	const struct vcpu_dacr *const now = find_value(vcpu, vcpu->mmu.dacr);

	if (!now)
		return;
	vcpu->shadow->dacr[0] = now->program;
	vcpu->shadow->dacr[1] = now->kernel & ~MMU_DACR_PV;
	vcpu->pv_settled_dacr = vcpu->mmu.dacr;
}

/**
 * Whether nothing depends on a change of the guest's DACR in the bits @p changed, in a kernel that has
 * not named two values: client and manager are both open, and a manager's further rights are transient
 * entries. Kernels without software PAN have such changes at each exception from kernel code.
 */
static bool nothing_follows(const struct vcpu *vcpu, uint32_t changed)
{
	return !(changed & DACR_OPEN) && vcpu->shadow->transient_count == 0 &&
	       !pv_has_dacr_pair(&vcpu->pv) && vcpu_pv_open(vcpu) && pv_is_settled(vcpu);
}

/** Writes the guest's DACR. */
void pv_set_dacr(struct vcpu *vcpu, uint32_t value)
{
	const uint32_t changed = value ^ vcpu->mmu.dacr;
	struct shadow *sh;

	if (!changed)
		return;
	if (nothing_follows(vcpu, changed)) {
		vcpu->mmu.dacr = vcpu->pv_settled_dacr = value;
		*pv_word(vcpu, PV_DACR) = value;
		return;
	}
	sh = vcpu_shadow(vcpu);
	vcpu->mmu.dacr = value;
	pv_set(vcpu, PV_DACR, value);
	if (vcpu_pv_open(vcpu) && pv_is_settled(vcpu) && find_value(vcpu, value)) {
		mmu_set_dacr(shadow_dacr(vcpu_shadow(vcpu)));
		return;
	}
	if ((changed & DACR_OPEN) || sh->transient_count > 0)
		shadow_domains_changed(sh);
	pv_settle(vcpu);
}
