/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/guest_mem.h"

#include "arch/arm/cache.h"
#include "arch/arm/mmu.h"
#include "arch/arm/sctlr.h"
#include "arch/arm/user_access.h"
#include "devemu/mmio.h"
#include "domain/shadow.h"
#include "domain/vm_mem.h"
#include "vcpu/pv.h"

/** Reads the instruction at @p pc through the guest's address; false if that aborts. */
bool guest_fetch(uint32_t pc, uint32_t *word)
{
	return user_load32(pc & ~3u, word);
}

/** The same for a Thumb instruction. */
bool guest_fetch_half(uint32_t pc, uint32_t *half)
{
	uint32_t word;

	if (!user_load32(pc & ~3u, &word))
		return false;
	*half = (pc & 2u) ? word >> 16 : word & 0xffffu;
	return true;
}

/**
 * The page of guest RAM at @p page, uncached, until the next call; NULL if no RAM is there. This is
 * how guest page tables are read: as the table walker does, past the data cache.
 */
const volatile uint32_t *guest_ram_page(void *mem, gpa_t page)
{
	const struct mem_region *region = vm_mem_find(mem, page);

	if (!region || region->kind != MEM_RAM)
		return 0;
	return mmu_guest_window(mem_region_hpa(region, page));
}

static bool read_word(void *shadow, gpa_t from, uint32_t *word)
{
	return shadow_read_guest(shadow, from, word);
}

/** The fault status of an access that nothing answers. */
uint32_t guest_external_abort(const struct guest_translation *t)
{
	return (uint32_t)t->domain << 4 | (t->is_page ? FSR_EXTERNAL_PAGE : FSR_EXTERNAL_SECTION);
}

/** Whether the translation found last in this trap answers the question, and is allowed. */
static bool found_before(const struct vcpu *vcpu, uint32_t va, bool privileged, bool write)
{
	const struct guest_found *found = &vcpu->found;

	return found->region && ((found->va ^ va) & ~0x3ffu) == 0 &&
	       found->privileged == privileged && found->write >= write;
}

/** What guest_translate() finds at PV_PAGE. */
static const struct mem_region pv_region = { .kind = MEM_EMULATED };

/**
 * Translates @p va for an access of the given kind, as the guest's MMU would, and finds what is
 * there. Returns NULL and fills @p fault where the guest takes an abort: translation, domain,
 * permission, or external when nothing is at the address.
 */
const struct mem_region *guest_translate(struct vcpu *vcpu, uint32_t va, bool privileged,
					 bool write, struct guest_translation *t,
					 struct guest_fault *fault)
{
	struct vm_mem *const mem = vcpu->mem;
	const struct mem_region *region;
	unsigned status;

	if (found_before(vcpu, va, privileged, write)) {
		*t = vcpu->found.t;
		t->gpa.raw += va - vcpu->found.va;
		return vcpu->found.region;
	}
	if (pv_is_page(vcpu, va) && privileged) {
		*t = (struct guest_translation){ .gpa = gpa(va) };
		return &pv_region;
	}
	pv_clean_late(vcpu);
	fault->far = guest_mva(&vcpu->mmu, va);
	status = guest_walk(&vcpu->mmu, gva(va), read_word, vcpu_shadow(vcpu), t);
	if (status != 0 && privileged && pv_code_translation(vcpu, va, t))
		status = 0;
	if (status == 0)
		status = guest_permission(&vcpu->mmu, t, privileged, write);
	if (status != 0) {
		fault->fsr = (uint32_t)t->domain << 4 | status;
		return 0;
	}
	region = vm_mem_find(mem, t->gpa);
	if (!region)
		fault->fsr = guest_external_abort(t);
	vcpu->found = (struct guest_found){
		.region = region, .t = *t, .va = va, .privileged = privileged, .write = write
	};
	return region;
}

/** Forgets the translation found last: for the start of a trap. */
void guest_found_nothing(struct vcpu *vcpu)
{
	vcpu->found.region = 0;
}

/** Fills the shadow for an access with the rights of User mode, if the guest allows it one. */
bool guest_fill_user(struct vcpu *vcpu, uint32_t va, bool write)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, va, false, write, &t, &fault);
	return region && region->kind == MEM_RAM &&
	       shadow_fill(vcpu_shadow(vcpu), gva(va), &t, region,
			   write ? RIGHTS_WRITE : RIGHTS_READ) == SHADOW_FILLED;
}

static bool load(const volatile void *from, unsigned size, uint32_t *value)
{
	switch (size) {
	case 1:
		return bus_load8(from, value);
	case 2:
		return bus_load16(from, value);
	default:
		return bus_load32(from, value);
	}
}

static bool store(volatile void *to, unsigned size, uint32_t value)
{
	switch (size) {
	case 1:
		return bus_store8(to, value);
	case 2:
		return bus_store16(to, value);
	default:
		return bus_store32(to, value);
	}
}

/**
 * Performs an access on memory or on a device that is mapped into the VM; false if the bus answers
 * with an error.
 */
static bool access_mapped(uint32_t va, hpa_t at, unsigned size, bool write, uint32_t *value)
{
	uint8_t *const window = mmu_guest_window(hpa(at.raw & ~0xfffu));
	volatile uint8_t *const byte = window + (at.raw & 0xfffu);

	/*
	 * The window is uncached, the guest's own view may not be: what its line at this address
	 * holds goes to memory first, and is fetched again afterwards (TRM, 4.2.2).
	 */
	cache_clean_invalidate_d_line(va & ~(CACHE_LINE - 1));
	cache_drain_write_buffer(0);
	return write ? store(byte, size, *value) : load(byte, size, value);
}

/**
 * The domain that the guest's own tables give @p va, in the place it has in a fault status: the
 * hardware reports one of the VMM's.
 */
uint32_t guest_fault_domain(struct vcpu *vcpu, uint32_t va)
{
	struct guest_translation t;

	(void)guest_walk(&vcpu->mmu, gva(va), read_word, vcpu_shadow(vcpu), &t);
	return (uint32_t)t.domain << 4;
}

/**
 * One access of @p size bytes at @p va, which is aligned to it, with the rights given. False with
 * @p fault filled where the guest takes a data abort.
 */
bool guest_access(struct vcpu *vcpu, uint32_t va, unsigned size, bool privileged, bool write,
		  uint32_t *value, struct guest_fault *fault)
{
	struct guest_translation t;
	const struct mem_region *region = guest_translate(vcpu, va, privileged, write, &t, fault);

	if (!region)
		return false;
	if (region == &pv_region) {
		pv_access(vcpu, va, size, write, value);
		return true;
	}
	if (region->kind == MEM_EMULATED || (region->kind == MEM_READ_DIRECT && write)) {
		if (write)
			mmio_write(region->device, t.gpa.raw - region->base, *value, size);
		else
			*value = mmio_read(region->device, t.gpa.raw - region->base, size);
		return true;
	}
	if (access_mapped(va, mem_region_hpa(region, t.gpa), size, write, value)) {
		if (write)
			shadow_memory_written(vcpu->shadow, mem_region_hpa(region, t.gpa));
		return true;
	}
	fault->fsr = guest_external_abort(&t);
	fault->far = guest_mva(&vcpu->mmu, va);
	return false;
}
