/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arm/mmu.h"

#include "arch/arm/boot_mmu.h"
#include "arch/arm/cache.h"
#include "arch/arm/cp15.h"
#include "arch/arm/layout.h"
#include "arch/arm/mmu_desc.h"
#include "arch/arm/sctlr.h"
#include "vmm/start/boot_info.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"

#define PAGE_SIZE          4096u
#define WINDOW_BUNDLE_SIZE (WINDOW_BUNDLE_COUNT * PAGE_SIZE)

/* Where mmu_shared_vectors() is while the guest has a part of it; the guest's KiB. */
#define SHARED_KIB 0xffff0c00u

/* The TLB lockdown register (TRM, 2.3.11). */
#define TLB_LOCKABLE        8u
#define TLB_LOCKDOWN_VICTIM 26
#define TLB_LOCKDOWN_P      1u

extern const char vmm_vectors[];

/* The second-level table of the windows, 1 KiB aligned (TRM, 3.2.4): in a window of its own. */
static volatile uint32_t *const window_l2 =
	(uint32_t *)(VMM_WINDOWS + WINDOW_L2 * PAGE_SIZE + (VMM_POOL_WINDOW_L2 & 0xfffu));

static uint32_t image_hpa;
static uint32_t vmm_l1_hpa;
static uint32_t pool_hpa;      /* what VMM_POOL leads to */
static uint32_t bundle_mapped; /* HPA of the first page in the bundle's windows; ~0: none */
static unsigned device_pages;  /* windows in use */
static uint32_t guest_pages[WINDOW_GUEST_COUNT]; /* HPA of the page in each window, or 1 for none */

void mmu_set_ttbr(hpa_t table)
{
	cp15_write_ttbr(table.raw);
}

void mmu_set_dacr(uint32_t dacr)
{
	cp15_write_dacr(dacr);
}

void mmu_tlb_invalidate_all(void)
{
	cp15_tlb_invalidate_all(0);
}

/**
 * The TLB holds a small page as four entries if its quarters differ in permission, and one
 * operation takes one of them (TRM, 3.2.12): all four go. Bits 9:0 of the operand should be zero.
 */
void mmu_tlb_invalidate(uint32_t va)
{
	const uint32_t page = va & ~(PAGE_SIZE - 1);

	cp15_tlb_invalidate_page(page);
	cp15_tlb_invalidate_page(page + 0x400);
	cp15_tlb_invalidate_page(page + 0x800);
	cp15_tlb_invalidate_page(page + 0xc00);
}

/** Writes the VMM's own entries into a first-level table of the pool. */
void mmu_copy_vmm_slots(uint32_t *l1)
{
	for (unsigned slot = VMM_BASE >> 20; slot < VMM_END >> 20; slot++)
		l1[slot] = vmm_l1_table[slot];
}

/** The physical address of something in the pool of the VM that runs. */
hpa_t mmu_pool_hpa(const void *in_pool)
{
	return hpa(pool_hpa + ((uint32_t)(uintptr_t)in_pool - VMM_POOL));
}

/**
 * Lets guest code write the page at VMM_PV_PAGE, or only read it. It is cached, and known by this one
 * address only, so VMM and guest see the same.
 */
void mmu_pv_page_set(bool writable)
{
	volatile uint32_t *const l2 = (uint32_t *)(VMM_POOL + VMM_POOL_PV_L2);

	l2[(VMM_PV_PAGE >> 12) & 0xffu] = desc_small(
		pool_hpa + VMM_POOL_PV_PAGE, writable ? AP_USER_RW : AP_USER_RO, DESC_C | DESC_B);
	/* One permission for all quarters: one entry of the TLB (TRM, 3.2.12). */
	cp15_tlb_invalidate_page(VMM_PV_PAGE);
}

/** A small page with the VMM's vectors, for privileged modes only. */
uint32_t mmu_vector_page_desc(void)
{
	const uint32_t at = image_hpa + ((uint32_t)(uintptr_t)vmm_vectors - VMM_IMAGE);

	return desc_small(at, AP_PRIV, DESC_C | DESC_B);
}

/**
 * The page whose first KiB is the VMM's vectors, and whose last KiB is for the guest. It is made once,
 * by its uncached address, and from then on known by 0xffff0000 only.
 */
hpa_t mmu_shared_vectors(void)
{
	return hpa(pool_hpa + VMM_POOL_VECTORS);
}

/**
 * Writes @p count words of that KiB from word @p first on; the page is at 0xffff0000. The guest
 * executes them: they go to memory, and what the caches hold is forgotten (TRM, 4.4).
 */
void mmu_set_shared_vectors(unsigned first, unsigned count, const volatile uint32_t *words)
{
	volatile uint32_t *const to = (uint32_t *)SHARED_KIB + first;

	for (unsigned i = 0; i < count; i++)
		to[i] = words[i];
	cache_forget_code_range(align_down((uint32_t)to, CACHE_LINE),
				align_up((uint32_t)(to + count), CACHE_LINE));
	cache_drain_write_buffer(0);
}

void mmu_set_high_vectors(bool high)
{
	const uint32_t sctlr = cp15_read_sctlr();

	cp15_write_sctlr(high ? sctlr | SCTLR_V : sctlr & ~(uint32_t)SCTLR_V);
}

/**
 * Takes over the bits of the guest's control register that the hardware has to apply itself:
 * alignment faults, loads to pc without a change to Thumb state, and the instruction cache, which
 * holds lines of the guest's code and must not while the guest counts on it being off. MMU and data
 * cache stay on; what the guest's bits mean for its pages is in the shadow tables.
 */
void mmu_set_guest_control(uint32_t guest_sctlr)
{
	const uint32_t taken = SCTLR_A | SCTLR_I | SCTLR_L4;

	cp15_write_sctlr((cp15_read_sctlr() & ~taken) | (guest_sctlr & taken));
}

/** Maps one page of the window slot. */
static void *map_window(unsigned index, uint32_t page, uint32_t cb)
{
	const uint32_t va = VMM_WINDOWS + index * PAGE_SIZE;

	window_l2[index] = desc_small(page, AP_PRIV, cb); /* uncached: the walker sees it */
	/* One permission for all quarters: one entry of the TLB (TRM, 3.2.12). */
	cp15_tlb_invalidate_page(va);
	return (void *)(uintptr_t)va;
}

/**
 * A page of guest memory, uncached, at an address of the VMM. Valid until the next call. Pages are
 * kept in a direct-mapped set of windows, so that a walk of tables seen before maps nothing.
 */
void *mmu_guest_window(hpa_t page)
{
	const unsigned index = (page.raw / PAGE_SIZE) % WINDOW_GUEST_COUNT;

	if (guest_pages[index] == page.raw)
		return (void *)(uintptr_t)(VMM_WINDOWS + (WINDOW_GUEST + index) * PAGE_SIZE);
	guest_pages[index] = page.raw;
	return map_window(WINDOW_GUEST + index, page.raw, 0);
}

/**
 * A page of the memory of VM @p vm, uncached, for what the VMM copies on behalf of its devices: the
 * slots are enum dma_slot. Valid until the next call with the same two.
 */
void *mmu_vm_window(unsigned vm, unsigned slot, hpa_t page)
{
	CHECK(vm < WINDOW_VMS_MAX && slot < WINDOW_VM_COUNT);
	return map_window(WINDOW_VMS + vm * WINDOW_VM_COUNT + slot, page.raw, 0);
}

/** The page that window @p index shows is noted in @p mapped: 0, none, at first. */
static void *keep_window(unsigned index, hpa_t page, uint32_t *mapped)
{
	if (*mapped == page.raw + 1u)
		return (void *)(uintptr_t)(VMM_WINDOWS + index * PAGE_SIZE);
	*mapped = page.raw + 1u;
	return map_window(index, page.raw, 0);
}

/** A page of a RAM disk, uncached. Valid until the next call. */
void *mmu_disk_window(hpa_t page)
{
	static uint32_t mapped;

	return keep_window(WINDOW_DISK, page, &mapped);
}

/** The same of the flash: in order, and as wide as it was written (TRM, 4.5: neither C nor B). */
void *mmu_flash_window(hpa_t page)
{
	static uint32_t mapped;

	return keep_window(WINDOW_FLASH, page, &mapped);
}

/** Registers of the board's own devices, mapped for good. */
volatile uint32_t *mmu_device_window(hpa_t base, uint32_t size)
{
	const uint32_t first = align_down(base.raw, PAGE_SIZE);
	const uint32_t end = align_up(base.raw + size, PAGE_SIZE);
	const unsigned start = WINDOW_DEVICE + device_pages;

	for (uint32_t page = first; page != end; page += PAGE_SIZE) {
		CHECK(device_pages < WINDOW_DEVICE_COUNT);
		map_window(WINDOW_DEVICE + device_pages++, page, 0);
	}
	return (volatile uint32_t *)(uintptr_t)(VMM_WINDOWS + start * PAGE_SIZE +
						(base.raw & (PAGE_SIZE - 1)));
}

/**
 * @p size bytes of the bundle, uncached, until the next call. At most WINDOW_BUNDLE_COUNT pages,
 * counted from the page @p from is in.
 */
__attribute__((cold)) const void *mmu_bundle_window(hpa_t from, uint32_t size)
{
	const uint32_t first = align_down(from.raw, PAGE_SIZE);

	CHECK(from.raw + size - first <= WINDOW_BUNDLE_SIZE);
	/* Read in order, page by page: all windows are mapped for as many calls. */
	if (from.raw - bundle_mapped > WINDOW_BUNDLE_SIZE ||
	    from.raw - bundle_mapped + size > WINDOW_BUNDLE_SIZE) {
		for (unsigned i = 0; i < WINDOW_BUNDLE_COUNT; i++)
			map_window(WINDOW_BUNDLE + i, first + i * PAGE_SIZE, 0);
		bundle_mapped = first;
	}
	return (const void *)(uintptr_t)(VMM_WINDOWS + WINDOW_BUNDLE * PAGE_SIZE +
					 (from.raw - bundle_mapped));
}

/**
 * Fills the lockdown part of the TLB with the VMM's own sections, which every trap uses, and
 * thereby replaces what a loader may have locked there: an entry that survives invalidations would
 * translate a guest's addresses (TRM, 2.3.11). Each load walks the tables, and its entry goes where
 * the victim field says; an older entry for the same address is removed first.
 */
static void mmu_lock_tlb(void)
{
	static const uint32_t sections[] = { VMM_IMAGE, VMM_POOL };

	for (uint32_t victim = 0; victim < TLB_LOCKABLE; victim++) {
		const uint32_t va = sections[victim % ARRAY_SIZE(sections)];

		cp15_write_tlb_lockdown(victim << TLB_LOCKDOWN_VICTIM | TLB_LOCKDOWN_P);
		cp15_tlb_invalidate_page(va);
		(void)*(const volatile uint32_t *)(uintptr_t)va;
	}
	cp15_write_tlb_lockdown(0);
}

/** An entry of the one table that is in cached memory: the walker reads memory (TRM, 3.2). */
static void set_vmm_slot(unsigned slot, uint32_t desc)
{
	vmm_l1_table[slot] = desc;
	cache_clean_d_line((uint32_t)(uintptr_t)&vmm_l1_table[slot]);
	cache_drain_write_buffer(0);
}

/**
 * VMM_POOL leads to another pool now: its entry in the lockdown part of the TLB would survive every
 * invalidation but that of its own address (TRM, 2.3.9), so it is made anew, as in mmu_lock_tlb().
 */
static void relock_pool(hpa_t pool)
{
	pool_hpa = pool.raw;
	cp15_write_tlb_lockdown((TLB_LOCKABLE - 1u) << TLB_LOCKDOWN_VICTIM | TLB_LOCKDOWN_P);
	cp15_tlb_invalidate_page(VMM_POOL);
	(void)*(const volatile uint32_t *)(uintptr_t)VMM_POOL;
	cp15_write_tlb_lockdown(0);
}

/** Fills the page whose first KiB is the VMM's vectors, by its uncached address. */
static void make_shared_vectors(void)
{
	volatile uint32_t *const shared = (uint32_t *)(VMM_POOL + VMM_POOL_VECTORS);

	for (unsigned i = 0; i < MMU_VECTORS_SIZE / 4; i++)
		shared[i] = ((const uint32_t *)vmm_vectors)[i];
}

/**
 * Before a VM is made: the VMM's own first-level table, and with it the copies of its slots that
 * are made from now on, lead to @p pool, which is all zeros.
 */
__attribute__((cold)) void mmu_use_pool(hpa_t pool)
{
	set_vmm_slot(VMM_POOL >> 20, desc_section(pool.raw, AP_PRIV, MMU_DOMAIN_VMM, 0));
	set_vmm_slot(VMM_PV_PAGE >> 20, desc_coarse(pool.raw + VMM_POOL_PV_L2, MMU_DOMAIN_PV));
	cp15_write_ttbr(vmm_l1_hpa);
	cp15_tlb_invalidate_all(0);
	relock_pool(pool);
	make_shared_vectors();
}

/** Notes what the MMU is set to, for mmu_load(). */
void mmu_save(struct mmu_state *state)
{
	*state = (struct mmu_state){ .ttbr = cp15_read_ttbr(),
				     .dacr = cp15_read_dacr(),
				     .sctlr = cp15_read_sctlr(),
				     .pool = hpa(pool_hpa) };
}

/**
 * Another VM's address space. Caches and TLB know addresses, not whose they are, and both VMs use
 * the same ones (TRM, 3.2 and 4.1): nothing of the one may be left for the other.
 */
void mmu_load(const struct mmu_state *state)
{
	cache_flush_all();
	cp15_write_ttbr(state->ttbr);
	cp15_write_dacr(state->dacr);
	cp15_write_sctlr(state->sctlr);
	cp15_tlb_invalidate_all(0);
	relock_pool(state->pool);
}

/** The VMM's own first-level table has the vectors, too: for its start-up, and for vmm/service.c. */
static void map_vectors(void)
{
	volatile uint32_t *const l2 =
		(uint32_t *)(VMM_WINDOWS + WINDOW_L2 * PAGE_SIZE + (VMM_POOL_VECTOR_L2 & 0xfffu));

	l2[0xf0] = mmu_vector_page_desc();
	set_vmm_slot(0xfff, desc_coarse(pool_hpa + VMM_POOL_VECTOR_L2, MMU_DOMAIN_VECTORS));
	cp15_write_dacr(MMU_DACR_FIXED);
	cp15_tlb_invalidate_all(0);
}

/**
 * Takes over from the early boot. The VMM has no process of its own: the FCSE PID stays 0 for good,
 * so that addresses are what they are, and the guest's PID is a matter of the shadow tables.
 */
__attribute__((cold)) void mmu_init(const struct boot_info *info)
{
	image_hpa = info->image.raw;
	vmm_l1_hpa = info->l1.raw;
	pool_hpa = info->pool.raw;
	bundle_mapped = ~0u;
	for (unsigned i = 0; i < WINDOW_GUEST_COUNT; i++)
		guest_pages[i] = 1;
	cp15_write_pid(0);
	mmu_lock_tlb();
	map_vectors();
	/* S and R off: AP = 00 grants nothing. High vectors; no table has them at 0 yet. */
	cp15_write_sctlr((cp15_read_sctlr() & ~(uint32_t)(SCTLR_S | SCTLR_R | SCTLR_RR)) | SCTLR_V);
}
