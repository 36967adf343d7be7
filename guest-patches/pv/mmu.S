/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables and the TLB: arch/arm/mm/proc-arm926.S, proc-macros.S and tlb-v4wbi.S. All of them
 * are called from C only, by the AAPCS: r0 to r3 and ip are theirs.
 */
#include "guest-patches/pv/pv.h"

/*
 * void cpu_arm926_set_pte_ext(pte_t *ptep, pte_t pte, unsigned ext). The VMM reads descriptors as
 * the kernel wrote them, through the cache: nothing is cleaned. What was not valid is in no shadow;
 * what was, and changes, is announced.
 *
 * The log is one for all contexts, so an interrupt or a preemption must not come between reading
 * its end and moving it: masked by the I bit alone, whatever else is set.
 */
	FUNCTION pv_set_pte_ext
	str	r1, [r0], #PTE_TABLE
	eor	r3, r1, #0x43			/* PRESENT, YOUNG, DIRTY */
	bic	r2, r1, #0xff0			/* SVC: all, User: none */
	bic	r2, r2, #1			/* PRESENT and YOUNG become a small page */
	tst	r3, #0x100			/* USER: read only */
	orrne	r2, r2, #0xaa0
	tst	r3, #0xc0			/* not RDONLY, DIRTY: writable */
	orreq	r2, r2, #0x550
	tst	r3, #3				/* not PRESENT or not YOUNG */
	ldr	r1, [r0]
	movne	r2, #0
	str	r2, [r0]
	cmp	r1, #0
	cmpne	r1, r2
	moveq	pc, lr
	ldr	r3, =PV_MASKED + PV_I_ONLY
	ldrb	r1, [r3, #FROM_MASKED - PV_I_ONLY + PV_CTL]
	strb	r3, [r3, #FROM_MASKED - PV_I_ONLY + PV_CTL]
	ldr	r2, [r3, #FROM_MASKED - PV_I_ONLY + PV_LOG_END]
	str	r0, [r2], #4
	str	r2, [r3, #FROM_MASKED - PV_I_ONLY + PV_LOG_END]
	lsls	r2, r2, #20			/* the end of the page? */
	HYPERCALL PV_HC_LOG_FULL, eq
	strb	r1, [r3, #FROM_MASKED - PV_I_ONLY + PV_CTL]
	mov	pc, lr

/* void cpu_arm926_switch_mm(unsigned long ttb, struct mm_struct *mm) */
	FUNCTION pv_switch_mm
	HYPERCALL PV_HC_SWITCH_MM
	mov	pc, lr

/* void cpu_arm926_dcache_clean_area(void *table, size_t size): Linux has page tables there. */
	FUNCTION pv_dcache_clean_area
	HYPERCALL PV_HC_TABLE_CLEAN
	mov	pc, lr

/*
 * void v4wbi_flush_user_tlb_range(unsigned long start, unsigned long end, struct vm_area_struct *)
 * behind the test whether the address space is the current one, and
 * void v4wbi_flush_kern_tlb_range(unsigned long start, unsigned long end).
 */
	FUNCTION pv_flush_tlb_range
	HYPERCALL PV_HC_FLUSH_RANGE
	mov	pc, lr
	.ltorg
