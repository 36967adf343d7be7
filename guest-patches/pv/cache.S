/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caches, by range: arch/arm/mm/proc-arm926.S and copypage-v4wb.c. The functions are called by
 * the AAPCS.
 */
#include "guest-patches/pv/pv.h"

#define VM_EXEC 4

/* Lines of one page, and the stores that reach them: clean, invalidate, drain. */
#define PAGE_WRITTEN (PV_CACHE_CLEAN | PV_CACHE_INVALIDATE | PV_CACHE_DRAIN)

/* The same of a page that is for a program, who does not have it yet: as a rule update_mmu_cache() follows. */
#define PAGE_NEW (PAGE_WRITTEN | PV_CACHE_LATER)

/*
 * void arm926_flush_user_cache_range(unsigned long start, unsigned long end, unsigned vm_flags)
 * behind the test whether the range is so long that the whole cache goes.
 */
	FUNCTION pv_flush_user_cache_range
	tst	r2, #VM_EXEC
	mov	r2, #PV_CACHE_CLEAN | PV_CACHE_INVALIDATE
	orrne	r2, r2, #PV_CACHE_CODE | PV_CACHE_DRAIN
	HYPERCALL PV_HC_CACHE
	mov	pc, lr

/* int arm926_coherent_user_range(start, end), and _kern_: what was stored there can be executed. */
	FUNCTION pv_coherent_range
	mov	r2, #PV_CACHE_CLEAN | PV_CACHE_CODE | PV_CACHE_DRAIN
	HYPERCALL PV_HC_CACHE
	mov	r0, #0
	mov	pc, lr

/*
 * __flush_whole_cache, r2 = flags: the end of arm926_flush_kern_cache_all and _user_cache_all, and
 * of arm926_flush_user_cache_range for a range longer than the cache.
 */
	FUNCTION pv_flush_whole_cache
	tst	r2, #VM_EXEC
	mov	r0, #0
	mvn	r1, #31				/* longer than the cache: as a whole */
	mov	r2, #PV_CACHE_CLEAN | PV_CACHE_INVALIDATE
	orrne	r2, r2, #PV_CACHE_CODE_ALL | PV_CACHE_DRAIN
	HYPERCALL PV_HC_CACHE
	mov	pc, lr

/*
 * void arm926_flush_kern_dcache_area(void *addr, size_t size). The page may be in the instruction
 * cache at a program's address: all of that goes.
 */
	FUNCTION pv_flush_kern_dcache_area
	add	r1, r0, r1
	mov	r2, #PAGE_WRITTEN | PV_CACHE_CODE_ALL
	HYPERCALL PV_HC_CACHE
	mov	pc, lr

/* void arm926_dma_clean_range(start, end) */
	FUNCTION pv_dma_clean_range
	mov	r2, #PV_CACHE_CLEAN | PV_CACHE_DRAIN
	HYPERCALL PV_HC_CACHE
	mov	pc, lr

/*
 * void arm926_dma_flush_range(start, end) and arm926_dma_inv_range(start, end). The latter runs
 * before the device writes: lines that are cleaned on the way out do no harm.
 */
	FUNCTION pv_dma_flush_range
	mov	r2, #PV_CACHE_CLEAN | PV_CACHE_INVALIDATE | PV_CACHE_DRAIN
	HYPERCALL PV_HC_CACHE
	mov	pc, lr

/*
 * The loop of v4wb_copy_user_highpage: r1 = to, r2 = from, r0 = PAGE_SIZE / 64. The original
 * invalidates each line of the destination, so that the stores go to memory; here they may hit, and
 * the page leaves the cache once, at the end. Leaves r0 = 0, r1 and r2 behind the pages; clobbers
 * r3, r4, ip, lr and flags, as the original.
 */
	FUNCTION pv_copy_page
	push	{r1, r5 - r8}
1:	.rept	4
	ldmia	r2!, {r3 - r8, ip, lr}
	stmia	r1!, {r3 - r8, ip, lr}
	.endr
	subs	r0, r0, #2
	bne	1b
	pop	{r0, r5 - r8}
	mov	r3, r2
	mov	r2, #PAGE_NEW
	HYPERCALL PV_HC_CACHE
	mov	r2, r3
	mov	r0, #0
	b	hook_copy_page + 4 * 14

/*
 * The same of v4wb_clear_user_highpage: r0 = the page. Leaves r0 behind it, and 0 in r1, r2, r3, ip
 * and lr, as the original.
 */
	FUNCTION pv_clear_page
	push	{r0, r4 - r7}
	mov	r1, #PAGE_SIZE / 128
	mov	r2, #0
	mov	r3, #0
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	r7, #0
	mov	ip, #0
	mov	lr, #0
1:	.rept	4
	stmia	r0!, {r2 - r7, ip, lr}
	.endr
	subs	r1, r1, #1
	bne	1b
	mov	r1, r0
	pop	{r0, r4 - r7}
	mov	r2, #PAGE_NEW
	HYPERCALL PV_HC_CACHE
	mov	r0, r1
	mov	r1, #0
	mov	r2, #0
	b	hook_clear_page + 4 * 14
	.ltorg
