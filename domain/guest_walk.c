/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/guest_walk.h"

#include "arch/arm/sctlr.h"
#include "vmm/lib/bits.h"

/** Fills @p out from a level 2 descriptor; @p mva selects page and subpage. */
static unsigned walk_level2(uint32_t l2, bool fine, uint32_t mva, struct guest_translation *out)
{
	out->l2 = l2;
	out->cb = l2 & (DESC_C | DESC_B);

	switch (l2 & L2_TYPE_MASK) {
	case L2_LARGE:
		out->shift = 16;
		out->gpa = gpa((l2 & L2_LARGE_BASE) | (mva & 0xffffu));
		out->ap = (uint8_t)((l2 >> (4 + 2 * ((mva >> 14) & 3u))) & 3u);
		return 0;
	case L2_SMALL:
		out->shift = 12;
		out->gpa = gpa((l2 & L2_SMALL_BASE) | (mva & 0xfffu));
		out->ap = (uint8_t)((l2 >> (4 + 2 * ((mva >> 10) & 3u))) & 3u);
		return 0;
	case L2_TINY:
		/* In a coarse table ARMv5 reserves the encoding: a fault, like an empty entry. */
		if (!fine)
			return FSR_TRANSLATION_PAGE;
		out->shift = 10;
		out->gpa = gpa((l2 & L2_TINY_BASE) | (mva & 0x3ffu));
		out->ap = (uint8_t)((l2 >> 4) & 3u);
		return 0;
	default:
		return FSR_TRANSLATION_PAGE;
	}
}

/**
 * Translates @p va through the guest's tables (ARM ARM, B3.3; TRM, 3.2).
 *
 * Returns 0, or the fault status a data or prefetch abort would report: a translation fault, or an
 * external abort on the walk. Domain and access permission are not looked at; *out is valid then,
 * and out->domain also after a page translation fault.
 */
unsigned guest_walk(const struct guest_mmu *mmu, gva_t va, guest_read_word read, void *ctx,
		    struct guest_translation *out)
{
	const uint32_t mva = guest_mva(mmu, va.raw);
	uint32_t l1, l2;

	*out = (struct guest_translation){ .gpa = gpa(mva), .shift = 20, .ap = AP_USER_RW };
	if (!(mmu->sctlr & SCTLR_M)) {
		/*
		 * With the MMU off all data accesses are uncached and unbuffered, and addresses are
		 * physical (TRM, 3.5.2). The FCSE stays in effect: it precedes the MMU.
		 */
		out->flat = true;
		return 0;
	}

	if (!read(ctx, gpa((mmu->ttbr & GUEST_TTBR_BASE) | (mva >> 20) << 2), &l1))
		return FSR_EXTERNAL_WALK_L1;
	out->l1 = l1;
	out->domain = (uint8_t)desc_domain(l1);

	switch (l1 & L1_TYPE_MASK) {
	case L1_SECTION:
		out->gpa = gpa((l1 & L1_SECTION_BASE) | (mva & 0xfffffu));
		out->ap = (uint8_t)((l1 >> 10) & 3u);
		out->cb = l1 & (DESC_C | DESC_B);
		return 0;
	case L1_COARSE:
		out->is_page = true;
		if (!read(ctx, gpa((l1 & L1_COARSE_BASE) | ((mva >> 12) & 0xffu) << 2), &l2))
			return FSR_EXTERNAL_WALK_L2;
		return walk_level2(l2, false, mva, out);
	case L1_FINE:
		out->is_page = true;
		if (!read(ctx, gpa((l1 & L1_FINE_BASE) | ((mva >> 10) & 0x3ffu) << 2), &l2))
			return FSR_EXTERNAL_WALK_L2;
		return walk_level2(l2, true, mva, out);
	default:
		return FSR_TRANSLATION_SECTION;
	}
}

/** What the guest may do with a translated page: domain and access permission (ARM ARM, B3.5). */
enum rights guest_rights(const struct guest_mmu *mmu, const struct guest_translation *t,
			 bool privileged)
{
	const bool s = mmu->sctlr & SCTLR_S;
	const bool r = mmu->sctlr & SCTLR_R;

	if (t->flat)
		return RIGHTS_WRITE;

	switch ((mmu->dacr >> (2 * t->domain)) & 3u) {
	case DOMAIN_MANAGER:
		return RIGHTS_WRITE;
	case DOMAIN_CLIENT:
		return privileged ? rights_privileged(t->ap, s, r) : rights_user(t->ap, s, r);
	default:
		/* No access; the reserved value behaves as no access (TRM, table 3-11). */
		return RIGHTS_NONE;
	}
}

/** Returns 0 if the access is allowed, else the fault status: a domain or a permission fault. */
unsigned guest_permission(const struct guest_mmu *mmu, const struct guest_translation *t,
			  bool privileged, bool write)
{
	const unsigned access = (mmu->dacr >> (2 * t->domain)) & 3u;

	if (guest_rights(mmu, t, privileged) >= (write ? RIGHTS_WRITE : RIGHTS_READ))
		return 0;
	if (access == DOMAIN_CLIENT)
		return t->is_page ? FSR_PERMISSION_PAGE : FSR_PERMISSION_SECTION;
	return t->is_page ? FSR_DOMAIN_PAGE : FSR_DOMAIN_SECTION;
}
