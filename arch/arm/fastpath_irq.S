/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interrupt of a guest with paravirtual code, delivered: the store to PV_CTL that unmasks while one
 * waits, from its data abort on, and the way into the guest's own entry. Their counterparts in C are
 * pv_page_trap(), and vcpu_inject_interrupt() with pv_settle() behind it. What is not as it mostly is
 * leaves for those, with nothing done.
 */
#include "arch/arm/layout.h"
#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"
#include "domain/shadow_offsets.h"
#include "vcpu/pv_abi.h"

	.syntax unified
	.arm

#define FSR_STATUS     0x0f
#define FSR_PERMISSION 0x0f	/* of a page */

/* strb rd, [rn, #offset], without condition, U, rn, rd and offset (ARM ARM, A5.2) */
#define INSN_MASK 0x0f700000
#define INSN_STRB 0x05400000

#define DACR_PV (1 << 24)	/* MMU_DACR_PV */

/* States as pv_settle() has them; the first one is also that of the kernel with its page open. */
#define SETTLED_USR     PSR_MODE_USR
#define SETTLED_WAITING (PSR_MODE_SVC | PSR_I << 8)

	.section .text.traps, "ax"

/*
 * From trap_dabt: the fault address is that of PV_CTL. Abort mode, ARM state, the guest's registers in
 * the frame at sp. If it is the store of a stub, what it unmasks is looked at in the trap core, as
 * behind any instruction, and mostly delivered by fast_interrupt() below.
 */
	.global	trap_doorbell
	.type	trap_doorbell, %function
trap_doorbell:
	mrc	p15, 0, r3, c5, c0, 0	/* the data fault status */
	ldr	r4, [sp, #VCPU_CTL]
	ldr	r5, [sp, #VCPU_INTERRUPT]
	ldr	r6, [sp, #VCPU_ATTENTION]
	ldrb	r7, [sp, #VCPU_PV_SHUT]
	and	r3, r3, #FSR_STATUS
	and	r8, r4, #PSR_MODE_MASK
	orr	r6, r6, r7
	teq	r3, #FSR_PERMISSION
	teqeq	r8, #PSR_MODE_SVC
	teqeq	r5, #PSR_I
	teqeq	r6, #0
	ldr	r3, [sp, #TF_EXC_LR]
	bne	trap_device_general
	sub	r3, r3, #8
trap_doorbell_fetch:
	ldrt	r12, [r3]
	and	r5, r12, #0x0000f000	/* rd */
	and	r6, r12, #0x000f0000	/* rn */
	and	r7, r12, #INSN_MASK
	cmp	r5, #0x0000f000		/* r15 */
	cmplo	r6, #0x000f0000
	cmplo	r12, #0xf0000000	/* no condition: no such instruction */
	bhs	trap_device_general
	ldr	r8, [sp, r6, lsr #14]
	mov	r9, r12, lsl #20
	tst	r12, #1 << 23		/* U */
	addne	r8, r8, r9, lsr #20
	subeq	r8, r8, r9, lsr #20
	teq	r7, #INSN_STRB
	teqeq	r8, r2			/* it is the one that has aborted */
	bne	trap_device_general
	ldr	r8, [sp, r5, lsr #10]
	eor	r4, r4, r8
	tst	r8, #PV_I_ONLY
	movne	r4, #0
	tst	r4, #PSR_MODE_MASK | PSR_F	/* another mode or F: more than a stub's */
	bne	trap_device_general
	and	r8, r8, #PSR_I
	orr	r8, r8, #PSR_MODE_SVC
	strb	r8, [r2]
	ldr	lr, [sp, #TF_EXC_LR]
	b	trap_device_finish

	.section .fixup_table, "a"
	.word	trap_doorbell_fetch, trap_device_unreadable
	.section .text.traps, "ax"

/*
 * bool fast_interrupt(struct vcpu *vcpu): for the trap core, when an interrupt is due. From a program
 * or from the kernel with its page open into the guest's entry: Supervisor mode, masked, with what was
 * interrupted in the page; and what pv_settle() makes of that. False if nothing has been done.
 */
	.global	fast_interrupt
	.type	fast_interrupt, %function
fast_interrupt:
	stmdb	sp!, {r4 - r10, lr}
	add	r1, r0, #VCPU_SETTLED
	ldmia	r1, {r2, r3, r4, r5}	/* state, epoch, DACR that are settled; shadow */
	ldr	r6, [r0, #VCPU_INTERRUPT]
	ldr	r7, [r0, #VCPU_DACR]
	ldr	r8, [r5, #SHADOW_VIEW_EPOCH]
	ldrb	r9, [r0, #VCPU_PV_SHUT]
	ldr	r10, =SETTLED_WAITING
	teq	r2, #SETTLED_USR
	teqne	r2, r10
	teqeq	r3, r8
	teqeq	r4, r7
	teqeq	r6, #PSR_I		/* no FIQ */
	teqeq	r9, #0
	bne	fast_interrupt_general
	ldr	r2, [r0, #VCPU_CTL]
	ldr	r12, =PV_PAGE
	and	r3, r2, #PSR_MODE_MASK
	teq	r3, #PSR_MODE_USR
	beq	fast_interrupt_of_program

	/* Neither in another mode, nor amid a return to a program (pv_inject()). */
	ldr	r4, [r0, #PV_INFO_RETURN_SITE]
	ldr	r6, [r0, #PV_INFO_RESTART_FROM]
	ldr	r9, [r0, #PV_INFO_IRQ_SVC]
	sub	r4, r4, r6
	ldr	r8, [r0, #TF_PC]
	sub	r6, r8, r6
	teq	r3, #PSR_MODE_SVC
	bne	fast_interrupt_general
	cmp	r6, r4
	bls	fast_interrupt_general
	cmp	r9, #0
	beq	fast_interrupt_general

	/* r2: control bits of CPSR, I is clear in them; r9: entry; r10: settled now. */
fast_interrupt_enter:
	ldr	r3, [r0, #TF_CPSR]
	ldr	r8, [r0, #TF_PC]
	and	r2, r2, #PSR_MODE_MASK | PSR_F
	bic	r4, r3, #PSR_MODE_MASK | PSR_F | PSR_I
	orr	r2, r4, r2
	bic	r3, r3, #PSR_T
	bic	r3, r3, #PSR_J
	str	r3, [r0, #TF_CPSR]
	str	r9, [r0, #TF_PC]
	add	r4, r12, #PV_PSR
	stmia	r4, {r2, r8}		/* PV_PSR, PV_PC */
	mov	r4, #PSR_MODE_SVC | PSR_I
	strb	r4, [r12, #PV_CTL]

	mvn	r6, #0
	mov	r7, #1
	str	r10, [r0, #VCPU_SETTLED]
	str	r6, [r0, #FAST_CALL_FROM]
	str	r7, [r0, #FAST_RETURN_LR]
	strb	r7, [r5, #SHADOW_PRIVILEGED]	/* these two as vcpu_shadow() has them */
	strb	r7, [r5, #SHADOW_PV_OPEN]
	ldrb	r6, [r0, #VCPU_PV_READ_ONLY]
	teq	r6, #0
	strbeq	r7, [r0, #VCPU_PV_READ_ONLY]
	moveq	r0, #0
	bleq	mmu_pv_page_set
	mov	r0, #1
	ldmia	sp!, {r4 - r10, pc}

fast_interrupt_of_program:
	add	r4, r5, #SHADOW_IMAGES
	ldmia	r4, {r3, r4, r6, r7}	/* real DACR of both levels, domain epoch, transient entries */
	ldr	r8, [r5, #SHADOW_GATE_OPEN]
	ldr	r9, [r0, #PV_INFO_IRQ_USR]
	eor	r8, r8, r8, lsr #8	/* shadow_views_alike(): three bytes */
	movs	r8, r8, lsl #16
	teqeq	r7, #0
	bne	fast_interrupt_general
	cmp	r9, #0
	beq	fast_interrupt_general
	ldr	r7, [r0, #PV_INFO_DACR_AT]
	orr	r4, r4, #DACR_PV
	tst	r7, #PV_DACR_AT_IRQ_USR
	beq	1f

	/* pv_set_dacr() */
	ldr	r7, [r0, #FAST_DACR_PROXY]
	ldr	r8, [r0, #VCPU_PV_PAIR_EPOCH]
	ldr	r3, =PV_DACR_PROXY
	teq	r8, r6
	teqeq	r7, r3
	bne	fast_interrupt_general
	add	r3, r0, #FAST_PAIR_CALL
	ldmia	r3, {r3, r4, r6}	/* guest, kernel, program */
	mcr	p15, 0, r4, c3, c0, 0	/* the page is open */
	bic	r7, r4, #DACR_PV
	str	r6, [r5, #SHADOW_IMAGES]
	str	r7, [r5, #SHADOW_IMAGES + 4]
	str	r3, [r0, #VCPU_DACR]
	str	r3, [r0, #VCPU_SETTLED + 8]
	str	r3, [r12, #PV_DACR]
	b	2f
1:	mcr	p15, 0, r4, c3, c0, 0	/* the same */
2:
	ldr	r3, [r0, #TF_SP]
	ldr	r4, [r0, #TF_LR]
	ldr	r6, [r0, #VCPU_R13_SVC]
	ldr	r7, [r0, #VCPU_R14_SVC]
	str	r3, [r0, #VCPU_R13_USR]
	str	r4, [r0, #VCPU_R14_USR]
	str	r6, [r0, #TF_SP]
	str	r7, [r0, #TF_LR]
	add	r6, r12, #PV_USR_SP
	stmia	r6, {r3, r4}
	and	r3, r2, #PSR_F
	orr	r3, r3, #PSR_MODE_SVC | PSR_I
	str	r3, [r0, #VCPU_CTL]
	b	fast_interrupt_enter

fast_interrupt_general:
	mov	r0, #0
	ldmia	sp!, {r4 - r10, pc}
