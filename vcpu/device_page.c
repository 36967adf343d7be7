/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/device_page.h"

#include "arch/arm/sctlr.h"
#include "arch/arm/user_access.h"
#include "devemu/mmio.h"
#include "domain/shadow.h"
#include "domain/vm_mem.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"

/* Loads and stores of one register, with an offset and no writeback (ARM ARM, A5.2 and A5.3). */
#define IMMEDIATE_MASK  0x0f600000u
#define WORD_IMMEDIATE  0x05000000u
#define BYTE_IMMEDIATE  0x05400000u
#define REGISTER_MASK   0x0f200010u
#define REGISTER_OFFSET 0x07000000u
#define HALF_IMM_MASK   0x0f6000f0u
#define HALF_IMMEDIATE  0x014000b0u
#define HALF_REG_MASK   0x0f600ff0u
#define HALF_REGISTER   0x010000b0u

/** Whether the guest's table still has @p word at the guest physical address @p at. */
static bool has_word(struct vcpu *vcpu, uint32_t at, uint32_t word)
{
	uint32_t present;

	return shadow_read_guest(vcpu_shadow(vcpu), gpa(at), &present) && present == word;
}

static uint32_t l1_address(const struct vcpu *vcpu, uint32_t mva)
{
	return (vcpu->mmu.ttbr & GUEST_TTBR_BASE) | (mva >> 20) << 2;
}

/** Where the second-level descriptor was, for a translation with one. */
static uint32_t l2_address(const struct guest_translation *t, uint32_t mva)
{
	if ((t->l1 & L1_TYPE_MASK) == L1_COARSE)
		return (t->l1 & L1_COARSE_BASE) | ((mva >> 12) & 0xffu) << 2;
	return (t->l1 & L1_FINE_BASE) | ((mva >> 10) & 0x3ffu) << 2;
}

/** Whether guest_walk() would find the same as it did: what it looks at has not changed. */
static __attribute__((noinline)) bool revalidate(struct vcpu *vcpu, struct device_page *page,
						 uint32_t va)
{
	const uint32_t mva = guest_mva(&vcpu->mmu, va);

	if (vcpu->mmu.sctlr != page->sctlr || (mva ^ page->mva) & ~(DEVICE_PAGE_SIZE - 1u))
		return false;
	if (page->l1 && !has_word(vcpu, l1_address(vcpu, mva), page->l1))
		return false;
	if (page->l2 && !has_word(vcpu, page->l2_at, page->l2))
		return false;
	page->epoch = vcpu->device_epoch;
	return true;
}

/**
 * The bits of the domain access control register that have to be set for the access rights that an
 * entry stands for: client, or manager if the page itself does not give them all.
 */
static uint32_t needed_dacr(const struct vcpu *vcpu, const struct guest_translation *t)
{
	const bool s = vcpu->mmu.sctlr & SCTLR_S, r = vcpu->mmu.sctlr & SCTLR_R;
	const uint32_t domain = 2u * t->domain;

	if (t->flat)
		return 0;
	if (rights_privileged(t->ap, s, r) == RIGHTS_WRITE)
		return DOMAIN_CLIENT << domain;
	return vcpu->mmu.dacr & DOMAIN_MANAGER << domain;
}

/** The functions for the registers in the KiB at @p offset that can be called in Abort mode, or NULL. */
static const struct device_ops *ops_for(struct device *device, uint32_t offset)
{
	const struct device_ops *const ops = device->ops;

	if (!ops->may_abort)
		return ops;
	return ops->near ? ops->near(device, offset & ~(DEVICE_PAGE_SIZE - 1u)) : NULL;
}

/**
 * Remembers a page of a device that the guest has just been allowed to access; not for programs, nor
 * for addresses at which the kernel of a paravirtual guest may have the rights of one, nor of a device
 * whose accesses may be aborted: arch/arm/fast_mmio.S could not be told.
 */
void device_page_remember(struct vcpu *vcpu, uint32_t va, const struct guest_translation *t,
			  const struct mem_region *region)
{
	const bool writable = guest_rights(&vcpu->mmu, t, true) >= RIGHTS_WRITE;
	const struct device_ops *ops;
	const uint32_t mva = guest_mva(&vcpu->mmu, va);

	if (!vcpu_privileged(vcpu) || va < vcpu->pv.user_limit)
		return;
	ops = ops_for(region->device, t->gpa.raw - region->base);
	if (!ops)
		return;
	*device_page_at(vcpu, va) = (struct device_page){
		.key = device_page_key(va),
		.epoch = vcpu->device_epoch,
		.dacr = needed_dacr(vcpu, t),
		.offset = t->gpa.raw - region->base - va,
		.device = region->device,
		.read = ops->read,
		.write = writable ? ops->write : NULL,
		.sctlr = vcpu->mmu.sctlr,
		.mva = mva,
		.l1 = t->l1,
		.l2 = t->l2,
		.l2_at = l2_address(t, mva),
	};
}

static bool is_translation(uint32_t fsr)
{
	return (fsr & 0xdu) == FSR_TRANSLATION_SECTION; /* or _PAGE */
}

/** Transfers a register to or from the device; false, and nothing done, if that is not allowed. */
static inline bool transfer(struct vcpu *vcpu, const struct device_page *page, uint32_t va,
			    uint32_t word, unsigned size)
{
	const uint32_t clear = ~word;
	uint32_t *const reg = &vcpu->frame.r[bits(word, 15, 12)];

	/* No condition, r15, or an address that is not aligned: the general way. */
	if (!(clear & 0xf0000000u) || !(clear & 0x0000f000u) || va & (size - 1u))
		return false;
	if (bit(word, 20))
		*reg = mmio_read(page->device, va + page->offset, size);
	else if (page->write)
		mmio_write(page->device, va + page->offset, *reg, size);
	else
		return false;
	return true;
}

/**
 * Carries out the instruction @p word, which has aborted at @p va in a page that is known and may be
 * used, if it is a plain load or store; false, and nothing done, if not.
 */
bool device_page_transfer(struct vcpu *vcpu, const struct device_page *page, uint32_t va,
			  uint32_t word)
{
	unsigned size;

	if ((word & REGISTER_MASK) == REGISTER_OFFSET)
		size = bit(word, 22) ? 1 : 4;
	else if ((word & IMMEDIATE_MASK) == WORD_IMMEDIATE)
		size = 4;
	else if ((word & IMMEDIATE_MASK) == BYTE_IMMEDIATE)
		size = 1;
	else if ((word & HALF_REG_MASK) == HALF_REGISTER ||
		 (word & HALF_IMM_MASK) == HALF_IMMEDIATE)
		size = 2;
	else
		return false;
	return transfer(vcpu, page, va, word, size);
}

/**
 * As device_page_transfer(), for the instruction at pc, with fault status @p fsr, and a page that is
 * known; asks for everything else.
 *
 * The hardware has computed the address: a single transfer aborts with its own in the fault address
 * register. What the instruction is, memory says.
 */
bool device_page_access(struct vcpu *vcpu, uint32_t fsr, uint32_t va)
{
	struct device_page *const page = device_page_at(vcpu, va);

	if (!is_translation(fsr) || !vcpu_privileged(vcpu) || vcpu_thumb(vcpu))
		return false;
	if (page->epoch != vcpu->device_epoch && !revalidate(vcpu, page, va))
		return false;
	if (page->dacr & ~vcpu->mmu.dacr)
		return false;

	return device_page_transfer(vcpu, page, va, user_fetch(vcpu->frame.pc));
}
