/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vectors, the way from the guest into the VMM and back.
 *
 * While a guest runs, sp_svc, sp_und, sp_abt, sp_irq and sp_fiq all point at the frame of its vCPU,
 * so a vector stores the guest's registers without a free register and without a stack. Below the
 * frame is the VM's own stack of the VMM: the same pointer, ready for C (arch/arm/thread.h). The VMM
 * runs with interrupts masked from trap to return: there is never a second frame.
 *
 * Proxies go from the vector to their handler and back without the trap core: the index in the
 * instruction selects a row of the guest's table of decoded instructions. System calls of guests
 * with paravirtual code have a path of their own (arch/arm/fastpath.S), and so have plain loads and
 * stores of devices (arch/arm/fast_mmio.S) and the stores that unmask interrupts
 * (arch/arm/fastpath_irq.S). Everything else takes the general path through
 * trap_from_guest().
 */
#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"
#include "vcpu/guest_abi.h"
#include "vcpu/pv_abi.h"

	.syntax unified
	.arm

/*
 * The vector page. It is mapped at address 0 or 0xffff0000 as well: only the loads may depend on
 * where it is, and they are relative to pc.
 */
	.section .text.vectors, "ax"
	.balign	4096
	.global	vmm_vectors
vmm_vectors:
	ldr	pc, vector_reset
	ldr	pc, vector_undef
	ldr	pc, vector_swi
	ldr	pc, vector_pabt
	ldr	pc, vector_dabt
	ldr	pc, vector_reserved
	ldr	pc, vector_irq
	ldr	pc, vector_fiq
vector_reset:	 .word	trap_reset
vector_undef:	 .word	trap_undef
vector_swi:	 .word	trap_swi
vector_pabt:	 .word	trap_pabt
vector_dabt:	 .word	trap_dabt
vector_reserved: .word	trap_reset
vector_irq:	 .word	trap_irq
vector_fiq:	 .word	trap_fiq

	.section .text.traps, "ax"

/*
 * On entry: sp = frame of the running vCPU, lr and spsr as the CPU left them. Saves the guest's
 * registers; a trap taken from the VMM itself leaves them alone.
 */
	.macro TRAP_SAVE from_vmm
	str	lr, [sp, #TF_EXC_LR]
	mrs	lr, spsr
	TRAP_SAVE_REST \from_vmm
	.endm

	.macro TRAP_SAVE_REST from_vmm
	tst	lr, #0x0f		/* User mode is 0x10, all others are not */
	bne	\from_vmm
	str	lr, [sp, #TF_CPSR]
	stmia	sp, {r0 - r14}^
	nop				/* before ARMv6: no banked register right after ^ */
	.endm

	.macro TRAP_GENERAL name, kind
	.global	trap_\name
trap_\name:
	TRAP_SAVE trap_from_vmm_\name
	mov	r0, sp
	mov	r1, #\kind
	b	trap_to_c
	.endm

/*
 * SWI. Entered from a program, or as the return of a guest's kernel, it may be one that
 * arch/arm/fastpath.S completes; a guest without paravirtual code has neither. The VMM has a SWI of its
 * own, the debugger's call in board_exit(): if nobody answers it continues behind it.
 */
trap_swi:
	stmia	sp, {r0 - r3}
	mrs	r0, spsr
	ldr	r1, [sp, #VCPU_CTL]
	ldr	r2, [sp, #FAST_CALL_FROM]
	tst	r0, #PSR_T | 0x0f	/* User mode, ARM state: not the VMM's own */
	bne	trap_swi_general
	teq	r1, r2
	ldreq	pc, [sp, #FAST_CALL_PATH]
	ldr	r2, [sp, #FAST_RETURN_LR]
	teq	r2, lr
	ldreq	pc, [sp, #FAST_RETURN_PATH]
trap_swi_general:
	tst	r0, #0x0f
	bne	trap_swi_from_vmm
	str	lr, [sp, #TF_EXC_LR]
	str	r0, [sp, #TF_CPSR]
	mov	r0, sp
	add	r1, sp, #16
	stmia	r1, {r4 - r14}^		/* sp is banked: not read by the next instruction */
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	.global	trap_swi_saved
trap_swi_saved:
	bl	trap_software_interrupt
	b	guest_enter
trap_swi_from_vmm:
	ldmia	sp, {r0 - r3}
	movs	pc, lr

	.section .rodata
	.balign	4
	.global	trap_swi_paths		/* in the order of enum trap_swi_path */
trap_swi_paths:
	.word	fast_call, fast_call_dacr, fast_return, fast_return_dacr, fast_return_retry

	.section .text.traps, "ax"

	TRAP_GENERAL pabt, KIND_PABT

/*
 * Data abort. In ARM state, the row of vcpu->device_pages is looked at that the fault address may be
 * in (vcpu/device_page.h). Most of the other aborts are of programs, whose addresses are in none.
 */
trap_dabt:
	str	lr, [sp, #TF_EXC_LR]
	mrs	lr, spsr
	tst	lr, #PSR_T | 0x0f
	bne	trap_dabt_other
	str	lr, [sp, #TF_CPSR]
	stmia	sp, {r0 - r14}^
	mrc	p15, 0, r2, c6, c0, 0	/* the fault address */
	eor	r3, r2, r2, lsr #7
	and	r3, r3, #(DEVICE_PAGES - 1) << 12
	add	r1, sp, r3, lsr #(12 - DEVICE_PAGE_ROW_LOG2)
	ldr	r4, [r1, #VCPU_DEVICE_PAGES]!
	teq	r4, r2, lsr #10
	beq	trap_device
	ldr	r3, =PV_PAGE + PV_CTL	/* an interrupt waits */
	teq	r2, r3
	beq	trap_doorbell

/* Everything else about data aborts. Called with the guest's registers saved, and sp = frame. */
	.global	trap_device_general
trap_device_general:
	mov	r0, sp
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	bl	trap_data_abort
	b	guest_enter

/* Of the VMM itself, or of Thumb code. */
trap_dabt_other:
	TRAP_SAVE_REST trap_from_vmm_dabt
	b	trap_device_general

	TRAP_GENERAL irq, KIND_IRQ
	TRAP_GENERAL fiq, KIND_FIQ

/*
 * Undefined instruction. In ARM state the instruction is read through the guest's own address, with
 * the rights of User mode; if that aborts, the fix-up takes the general path.
 *
 * The handler is called in Undefined mode, on the VM's stack: emulate(vcpu, arg). Writes of DACR by a guest with two values of it are done in arch/arm/fastpath_dacr.S.
 */
trap_undef:
	str	lr, [sp, #TF_EXC_LR]
	mrs	lr, spsr
	tst	lr, #PSR_T | 0x0f
	bne	trap_undef_other
	str	lr, [sp, #TF_CPSR]
	stmia	sp, {r0 - r14}^
	nop				/* as in TRAP_SAVE */
	ldr	r2, [sp, #TF_EXC_LR]
	sub	r2, r2, #4
trap_undef_fetch:
	ldrt	r3, [r2]
	add	r4, sp, #VCPU_PROXY
	ldmia	r4, {r5, r6, r7, r8, r9}	/* proxy_mask, proxy_match, proxies, ctl, dacr_proxy */
	bic	r0, r3, #0xf000
	teq	r0, r9
	beq	trap_write_dacr
	.global	trap_undef_proxy
trap_undef_proxy:
	str	r2, [sp, #TF_PC]
	cmp	r3, #0xf0000000		/* no condition: CDP2, which is no proxy */
	bhs	trap_undef_general
	tst	r8, #0x0f		/* virtual User mode: 0x10. There a proxy is undefined. */
	beq	trap_undef_general
	and	r5, r5, r3
	teq	r5, r6
	bne	trap_undef_general
	mov	r3, r3, lsl #(32 - PROXY_INDEX_LOW - PROXY_INDEX_BITS)
	mov	r3, r3, lsr #(32 - PROXY_INDEX_BITS)
	add	r7, r7, r3, lsl #3
	ldmia	r7, {r1, r2}		/* arg, emulate */
	mov	r0, sp
	blx	r2
	ldr	r1, [sp, #VCPU_ATTENTION]
	orr	r2, r0, r1, lsl #1	/* something happened at a preempt point */
	cmp	r2, #OUTCOME_MOVED
	bhi	trap_proxy_slow
	ldr	lr, [sp, #TF_PC]
	ldr	r1, [sp, #TF_CPSR]
	addlo	lr, lr, #4		/* OUTCOME_NEXT; with OUTCOME_MOVED pc is right */
	msr	spsr_cxsf, r1
	ldmia	sp, {r0 - r14}^
	nop
	movs	pc, lr

/* Thumb state, or the VMM itself. */
trap_undef_other:
	TRAP_SAVE_REST trap_from_vmm_undef
trap_undef_general:
	mov	r0, sp
	mov	r1, #KIND_UNDEF
	b	trap_to_c

/* The instruction cannot be read any more. The abort has left its own address in exc_lr. */
trap_undef_unreadable:
	add	r2, r2, #4
	str	r2, [sp, #TF_EXC_LR]
	b	trap_undef_general

	.section .fixup_table, "a"
	.word	trap_undef_fetch, trap_undef_unreadable
	.section .text.traps, "ax"

/* A proxy with another outcome: the trap core decides. */
trap_proxy_slow:
	mov	r1, r0
	mov	r0, sp
	mov	r2, #KIND_UNDEF
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	bl	trap_finish
	b	guest_enter

trap_to_c:
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	bl	trap_from_guest
	/* r0 = frame of the vCPU to run; falls through */

/* noreturn void guest_enter(struct trap_frame *frame), in SVC mode. */
	.global	guest_enter
	.type	guest_enter, %function
guest_enter:
	ldr	r1, [r0, #TF_CPSR]
	ldr	lr, [r0, #TF_PC]
	msr	spsr_cxsf, r1
	mov	sp, r0
	ldmia	sp, {r0 - r14}^
	nop
	movs	pc, lr

/*
 * Traps from the VMM itself. A data abort or undefined instruction at an address in the fix-up
 * table continues at its fix-up: that is how memory of the guest is touched. Anything else is a bug.
 */
	.macro TRAP_FIXUP name, kind, offset
trap_from_vmm_\name:
	ldr	lr, =trap_save
	stmia	lr, {r0 - r3}
	ldr	r0, [sp, #TF_EXC_LR]
	ldr	r1, =__fixup_start
	ldr	r2, =__fixup_end
	sub	r0, r0, #\offset
1:	cmp	r1, r2
	movhs	r1, #\kind
	bhs	trap_from_vmm_fatal
	ldr	r3, [r1], #8
	teq	r3, r0
	bne	1b
	ldr	r0, [r1, #-4]
	str	r0, [sp, #TF_EXC_LR]
	ldmia	lr, {r0 - r3}
	ldr	lr, [sp, #TF_EXC_LR]
	movs	pc, lr
	.endm

	TRAP_FIXUP dabt, KIND_DABT, 8
	TRAP_FIXUP undef, KIND_UNDEF, 4

	.macro TRAP_FATAL name, kind
trap_from_vmm_\name:
	ldr	r0, [sp, #TF_EXC_LR]
	mov	r1, #\kind
	b	trap_from_vmm_fatal
	.endm

	TRAP_FATAL pabt, KIND_PABT
	TRAP_FATAL irq, KIND_IRQ
	TRAP_FATAL fiq, KIND_FIQ

trap_reset:
	mov	r0, #0
	mov	r1, #0
/* r0 = where, r1 = kind of trap */
trap_from_vmm_fatal:
	mrs	r2, spsr
	mov	r3, sp
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	ldr	sp, =vmm_stack_top
	b	trap_from_vmm

	.section .bss
	.balign	4
trap_save:
	.space	16
