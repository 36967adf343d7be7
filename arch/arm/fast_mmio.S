/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load or store of one register by the guest's kernel, to a page of a device that it has used
 * before: from the data abort to the function of the device model and back, without the trap core.
 * A word at an immediate offset needs no more C than that function; device_page_transfer() does the
 * other forms. The counterpart in C is device_page_access(), to which everything else leads.
 *
 * trap_dabt has saved the guest's registers and found the fault address in a row of
 * vcpu->device_pages: Abort mode, ARM state, sp = frame, r1 = row, r2 = fault address. What is not as
 * it mostly is leaves for trap_device_general, with nothing done.
 *
 * Models run in Abort mode, on the VM's stack: none of them touches what may abort and be fixed up, but
 * by near_load_words() and near_store_words().
 */
#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"

	.syntax unified
	.arm

#define FSR_KIND        0x0d		/* without the bit that tells section from page */
#define FSR_TRANSLATION 0x05

/* The instruction, without condition, U, rn, rd and offset (ARM ARM, A5.2). */
#define INSN_MASK 0x0f700000
#define INSN_LDR  0x05100000
#define INSN_STR  0x05000000

	.section .text.traps, "ax"

	.global	trap_device
	.type	trap_device, %function
trap_device:
	mrc	p15, 0, r3, c5, c0, 0		/* the data fault status */
	ldmib	r1, {r0, r5 - r9}		/* device, epoch, dacr, offset, read, write */
	ldr	r11, [sp, #VCPU_DEVICE_EPOCH]
	ldr	r12, [sp, #VCPU_DACR]
	and	r3, r3, #FSR_KIND
	teq	r3, #FSR_TRANSLATION
	teqeq	r5, r11
	bicseq	r12, r6, r12
	tsteq	r2, #3
	bne	trap_device_general
	ldr	r11, [sp, #VCPU_CTL]
	ldr	r3, [sp, #TF_EXC_LR]
	tst	r11, #0x0f			/* virtual User mode: 0x10 */
	beq	trap_device_general
	sub	r3, r3, #8
trap_device_fetch:
	ldrt	r12, [r3]
	and	r11, r12, #0x0000f000		/* rd */
	and	r3, r12, #INSN_MASK
	cmp	r11, #0x0000f000		/* r15 */
	cmplo	r12, #0xf0000000		/* no condition: no such instruction */
	bhs	trap_device_other
	teq	r3, #INSN_LDR
	bne	trap_device_store

	add	r1, r2, r7
	mov	r2, #4
	blx	r8
	str	r0, [sp, r11, lsr #10]

/* Nothing may have happened that the trap core has to look at. */
trap_device_done:
	ldr	r2, [sp, #VCPU_ATTENTION]
	ldr	lr, [sp, #TF_EXC_LR]
	cmp	r2, #0
	bne	trap_device_finish
	ldmia	sp, {r0 - r14}^
	nop				/* before ARMv6: no banked register right after ^ */
	subs	pc, lr, #4		/* the next instruction; spsr is still the guest's */

trap_device_store:
	teq	r3, #INSN_STR
	bne	trap_device_other
	cmp	r9, #0			/* the page is read-only */
	beq	trap_device_other
	add	r1, r2, r7
	ldr	r2, [sp, r11, lsr #10]
	mov	r3, #4
	blx	r9
	b	trap_device_done

/* r12 = the instruction */
trap_device_other:
	mov	r3, r12
	mov	r0, sp
	bl	device_page_transfer
	cmp	r0, #0
	bne	trap_device_done
	b	trap_device_general

/* Behind what has been completed: the trap core looks at interrupts, and what else there is. lr = exc_lr. */
	.global	trap_device_finish
trap_device_finish:
	sub	lr, lr, #4
	str	lr, [sp, #TF_PC]
	mov	r0, sp
	mov	r1, #OUTCOME_MOVED
	mov	r2, #KIND_DABT
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	bl	trap_finish
	b	guest_enter

/* The instruction at r3 cannot be read any more. The abort has left its own address in exc_lr. */
	.global	trap_device_unreadable
trap_device_unreadable:
	add	r3, r3, #8
	str	r3, [sp, #TF_EXC_LR]
	b	trap_device_general

	.section .fixup_table, "a"
	.word	trap_device_fetch, trap_device_unreadable
