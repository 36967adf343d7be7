/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypercall that replaces a guest's switch_mm(): what the caches hold goes, the tables of one
 * address space leave the first level and those of the other come. Its counterpart in C is
 * hypercall(), with shadow_switch_space() in it. Everything unusual leaves for that, with
 * nothing done:
 * - what pv_settle() would have something to do with, or an interrupt that waits;
 * - page table entries in the guest's log;
 * - another context than that of all spaces, a page directory that is not known, the current one;
 * - spaces with different kinds of tables in the slot of the VMM's vectors;
 * - spaces with more tables than can be changed without a preempt point.
 */
#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"
#include "domain/shadow_offsets.h"
#include "vcpu/pv_abi.h"

	.syntax unified
	.arm

#define LOG_EMPTY  (PV_PAGE + PV_LOG)
#define TABLES_MAX 160		/* of both spaces: 6 instructions each */
#define NO_TABLE   0xff00	/* SHADOW_NONE is above it, all tables and spaces are below */

	.section .text.traps, "ax"

/* The address of the shadow table whose number is in @p rd: r12 + rd * TABLE_BYTES. */
	.macro	TABLE rd
	rsb	\rd, \rd, \rd, lsl #3
	add	\rd, r12, \rd, lsl #2
	.endm

/* enum trap_outcome fast_switch_mm(struct vcpu *vcpu, uint32_t number): the handler of its proxy. */
	.global	fast_switch_mm
	.type	fast_switch_mm, %function
fast_switch_mm:
	stmdb	sp!, {r4 - r10, lr}
	add	r2, r0, #VCPU_SETTLED
	ldmia	r2, {r2, r3, r4, r5}	/* state, epoch, DACR that are settled; shadow */
	ldr	r6, [r0, #VCPU_CTL]
	ldr	r7, [r0, #VCPU_INTERRUPT]
	ldrb	r8, [r0, #VCPU_PV_SHUT]
	ldr	r9, [r0, #VCPU_DACR]
	ldr	r10, [r5, #SHADOW_VIEW_EPOCH]
	and	r6, r6, #PSR_MODE_MASK
	orr	r7, r7, r8
	teq	r6, #PSR_MODE_SVC
	teqeq	r7, #0
	teqeq	r2, #PSR_MODE_USR	/* means Supervisor mode, too: pv_settle() */
	teqeq	r3, r10
	teqeq	r4, r9
	bne	fast_switch_general

	/* So the page is open. */
	ldr	r1, =LOG_EMPTY
	add	r2, r5, #SHADOW_CURRENT
	ldmia	r2, {r6, r7, r8, r9, r10}	/* current, common, spaces, space, clock */
	ldr	r2, [r1, #PV_LOG_END - PV_LOG]
	ldr	r3, [r0]		/* the guest's r0 */
	teq	r6, r7
	teqeq	r1, r2
	bne	fast_switch_general

	/* shadow_space_find(): r4 is the page directory, r3 will be its space. */
	mov	r4, r3, lsr #14
	eor	r2, r4, r4, lsr #8
	and	r2, r2, #SHADOW_SPACE_HASH - 1
	add	r2, r5, r2, lsl #1
	add	r2, r2, #SHADOW_SPACE_CHAINS
	ldrh	r2, [r2]
	mov	r4, r4, lsl #14
1:	cmp	r2, #NO_TABLE
	bhs	fast_switch_general
	add	r3, r8, r2, lsl #SPACE_LOG2
	ldr	r1, [r3]
	ldrh	r2, [r3, #SPACE_NEXT]
	teq	r1, r4
	bne	1b
	teq	r3, r9
	beq	fast_switch_general
	ldrh	r1, [r3, #SPACE_COUNT]
	ldrh	r2, [r9, #SPACE_COUNT]
	add	r1, r1, r2
	cmp	r1, #TABLES_MAX
	bhi	fast_switch_general

	/* gate_switch(): r1 will be the table that is to be in the slot of low vectors, or 0. */
	ldrb	r1, [r5, #SHADOW_VECTORS_HIGH]
	ldrh	r2, [r5, #SHADOW_GATE_TABLE]
	ldrh	r7, [r3, #SPACE_GATE_TABLE]
	ldr	r12, [r5, #SHADOW_TABLE_LIST]
	ldr	r6, [r6]		/* the first level */
	teq	r1, #1
	teqne	r2, r7
	moveq	r1, #0
	beq	fast_switch_decided
	cmp	r2, #NO_TABLE
	cmplo	r7, #NO_TABLE
	bhs	fast_switch_general
	mov	r1, r7
	TABLE	r1
	TABLE	r2
	ldrh	r8, [r1, #TABLE_DOMAIN]
	ldrh	r2, [r2, #TABLE_DOMAIN]
	teq	r2, r8
	bne	fast_switch_general

fast_switch_decided:
	mrc	p15, 0, r15, c7, c14, 3	/* until nothing is dirty (TRM, 2.3.8) */
	bne	fast_switch_decided
	mov	r2, #0
	mcr	p15, 0, r2, c7, c5, 0
	mcr	p15, 0, r2, c7, c10, 4

	cmp	r1, #0
	beq	1f
	strh	r7, [r5, #SHADOW_GATE_TABLE]
	ldrb	r7, [r5, #SHADOW_GATE_OPEN]
	ldrh	r8, [r1, #TABLE_SLOT]
	ldr	r1, [r1, #TABLE_LINK]
	cmp	r7, #0
	strne	r1, [r6, r8, lsl #2]
1:
	ldrh	r1, [r9, #SPACE_TABLES]
	b	2f
1:	TABLE	r1
	ldrh	r7, [r1, #TABLE_SLOT]
	ldrh	r1, [r1, #TABLE_SIBLING]
	str	r2, [r6, r7, lsl #2]
2:	cmp	r1, #NO_TABLE
	blo	1b

	ldrh	r1, [r3, #SPACE_TABLES]
	b	2f
1:	TABLE	r1
	ldrh	r7, [r1, #TABLE_SLOT]
	ldr	r8, [r1, #TABLE_LINK]
	ldrh	r1, [r1, #TABLE_SIBLING]
	str	r8, [r6, r7, lsl #2]
2:	cmp	r1, #NO_TABLE
	blo	1b

	mov	r1, #1
	add	r10, r10, #1
	str	r10, [r3, #SPACE_LAST_USED]
	add	r6, r5, #SHADOW_CURRENT + 12
	stmia	r6, {r3, r10}		/* space, clock */
	str	r4, [r0, #VCPU_TTBR]
	strb	r1, [r5, #SHADOW_PRIVILEGED]	/* these two as vcpu_shadow() has them */
	strb	r1, [r5, #SHADOW_PV_OPEN]
	strb	r2, [r5, #SHADOW_TLB_STALE]
	strb	r2, [r5, #SHADOW_TLB_STALE + 1]
	mcr	p15, 0, r2, c8, c7, 0
	mov	r0, #OUTCOME_NEXT
	ldmia	sp!, {r4 - r10, pc}

fast_switch_general:
	ldmia	sp!, {r4 - r10, lr}
	mov	r1, #PV_HC_SWITCH_MM
	b	hypercall
