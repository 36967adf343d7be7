/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences whose cycles are known from the manuals, for the validation of the ARM926 model: a
 * bare-metal program with MMU, caches and write buffer on. tests/host/test_model_cycles.py has what
 * each must take; tests/bench/trapcost.S is laid out alike.
 *
 * On the UART (UART_BASE is the board's), in the order of the regions: BENCH name iterations 1
 */
#include "tests/bench/markers.h"

	.syntax unified
	.arch armv5te
	.arm

#define ROUNDS 125
#define SITES  8	/* of the sequence in the loop */

#define TABLES	  0x100000	/* level 1 */
#define RING	  0x200000	/* memory that loads and stores walk over */
#define RAM_MIB	  112
#define LINE	  32
#define CACHE	  0x4000
#define FAR_MIB	  96		/* sections that a walk touches: more than the TLB holds */

#define SECTION		0xc12	/* all rights, domain 0; neither cached nor buffered */
#define SECTION_CACHED	0xc1e
#define CONTROL_ON	0x1005	/* I, C, M */

	.section .text
	.global cycles_start
cycles_start:
	msr	cpsr_c, #0xd3
	ldr	sp, =stack_top
	bl	caches_on

/*
 * MEASURE(NAME, SEQUENCE): a thousand times, once to warm up and once measured. r0, r1, r5 and r10
 * are free, r6 and r9 are addresses in lines that are in the cache.
 */
#define MEASURE(name, ...) \
	measure name ; .rept SITES ; __VA_ARGS__ ; .endr ; region_end

/* WALK(NAME, COUNT, SEQUENCE): r0 goes over the ring. */
#define WALK(name, count, ...) \
	walk name, count ; .rept SITES ; __VA_ARGS__ ; .endr ; region_end

	.macro	begin name, count, rounds
	region_name \name, \count
	mov	r7, #2
	b	93f
	.ltorg
	.balign	1024			/* within a page: QEMU cuts blocks at its end */
93:	ldr	r8, =\rounds
	ldr	r6, =scratch
	ldr	r0, [r6]
	add	r9, r6, #32
	ldr	r0, [r9]
	mov	r5, #4
	ldr	r0, =RING
	region_begin
	.endm

	.macro	measure name
	begin	\name, 1000, ROUNDS
	.endm

	.macro	walk name, count
	begin	\name, \count, (\count / SITES)
	.endm

	.macro	ring first, stride, count
	ldr	r0, =\first
	ldr	r1, =\stride
	ldr	r2, =\count
	bl	make_ring
	.endm

	MEASURE(nop, mov r5, r5)
	MEASURE(mul, mul r0, r5, r5)
	MEASURE(mul_use, mul r0, r5, r5; add r0, r0, r5)
	MEASURE(mla_mla, mla r0, r5, r5, r0; mla r0, r5, r5, r0)
	MEASURE(muls, muls r0, r5, r5)
	MEASURE(umull_use, umull r0, r10, r5, r5; add r0, r10, r5)
	MEASURE(smlabb_use, smlabb r0, r5, r5, r5; add r0, r0, r5)
	MEASURE(qadd_use, qadd r0, r5, r5; add r0, r0, r5)
	MEASURE(clz_use, clz r0, r5; add r0, r0, r5)
	MEASURE(shift_by_register, mov r0, r5, lsl r5)
	MEASURE(ldr, ldr r0, [r6])
	MEASURE(ldr_use, ldr r0, [r6]; add r0, r0, r5)
	MEASURE(ldr_str, ldr r0, [r6]; str r0, [r9])
	MEASURE(ldr_scaled, ldr r0, [r6, r5, lsl #2])
	MEASURE(ldrb_use, ldrb r0, [r6]; add r0, r0, r5)
	MEASURE(ldrb_one_between, ldrb r0, [r6]; mov r10, r5; add r0, r0, r5)
	MEASURE(ldrd_use, ldrd r0, r1, [r6]; add r0, r1, r5)
	MEASURE(ldm_8, ldmia r6, {r0-r4, r10-r12})
	MEASURE(ldm_use_last, ldmia r6, {r0-r3}; add r0, r3, r5)
	MEASURE(ldm_1, ldmia r6, {r0})
	MEASURE(stm_8, stmia r9, {r0-r4, r10-r12})
	MEASURE(swp_use, swp r0, r5, [r6]; add r0, r0, r5)
	MEASURE(mrs, mrs r0, cpsr)
	MEASURE(msr_control, msr cpsr_c, #0xd3)
	MEASURE(msr_flags, msr cpsr_f, r5)
	MEASURE(branch, b 97f; nop; 97:)
	MEASURE(branch_not_taken, cmp r5, #4; bne 97f; 97:)
	MEASURE(call_return, bl return_bx)
	MEASURE(call_return_mov, bl return_mov)
	MEASURE(call_return_ldr, bl return_ldr)
	MEASURE(call_return_ldm, bl return_ldm)
	MEASURE(swi, swi 0)
	MEASURE(undefined, .inst 0xe7f000f0)

	/* Linux's delay loop (arch/arm/lib/delay-loop.S), which its BogoMIPS count: SITES rounds. */
	MEASURE(bogomips, mov r5, #4; 97: subs r5, r5, #1; bhi 97b)

	/* lmbench's lat_mem_rd: a load depends on the one before; stride of a line. */
	ring	RING, LINE, CACHE / 2 / LINE
	WALK(load_hit, 4096, ldr r0, [r0])
	ring	RING, LINE, 4 * CACHE / LINE
	WALK(load_miss, 4096, ldr r0, [r0])
	/* The same, and every line is dirty in one half when it is replaced, or in both. */
	WALK(load_miss_dirty, 4096, ldr r1, [r0]; str r1, [r0, #4]; mov r0, r1)
	WALK(load_miss_dirty_both, 4096, ldr r1, [r0]; str r1, [r0, #4]; str r1, [r0, #16]; mov r0, r1)
	/* Lines that are not in the cache when they are written: the write buffer's speed. */
	ring	RING, LINE, 4 * CACHE / LINE
	WALK(store_miss, 4096, str r5, [r0, #4]; add r0, r0, #LINE)
	ldr	r0, =RING
	bl	clean_all
	WALK(store_miss_stm8, 4096, stmia r0!, {r1-r6, r9-r10})
	/* Another section each time, more than the TLB has entries. */
	ring	RING, 0x100000 + LINE, FAR_MIB
	WALK(tlb_miss, 960, ldr r0, [r0])

	bl	measure_clean_all

	finish

return_bx:
	bx	lr
return_mov:
	mov	pc, lr
return_ldr:
	str	lr, [sp, #-4]!
	ldr	pc, [sp], #4
return_ldm:
	stmdb	sp!, {r4, lr}
	ldmia	sp!, {r4, pc}

/* A whole data cache of lines that are dirty in one half: test and clean until none is left. */
measure_clean_all:
	mov	r4, lr
	adr	r0, 1f
	bl	print
	ldr	r0, =RING
	ldr	r1, =CACHE / LINE
2:	ldr	r2, [r0]		/* no allocation on a write */
	str	r2, [r0], #LINE
	subs	r1, r1, #1
	bne	2b
	.inst	MARK_BEGIN
3:	mrc	p15, 0, r15, c7, c10, 3
	bne	3b
	.inst	MARK_END
	/* All lines are clean now. */
	.inst	MARK_BEGIN
4:	mrc	p15, 0, r15, c7, c10, 3
	bne	4b
	.inst	MARK_END
	bx	r4
1:	.asciz	"BENCH clean_all_dirty 1 1\nBENCH clean_all_clean 1 1\n"
	.align	2
	.ltorg

/* make_ring(r0: first, r1: stride, r2: elements): each holds the address of the next; clean. */
make_ring:
	mov	r3, r0
1:	subs	r2, r2, #1
	moveq	r12, r0
	addne	r12, r3, r1
	str	r12, [r3]
	mov	r3, r12
	bne	1b
	/* falls through */

clean_all:
1:	mrc	p15, 0, r15, c7, c14, 3
	bne	1b
	mov	r0, #0
	mcr	p15, 0, r0, c7, c10, 4
	bx	lr

/* Sections one to one, RAM cached; exception vectors that return at once. */
caches_on:
	ldr	r0, =TABLES
	mov	r1, #0
1:	mov	r2, r1, lsl #20
	orr	r2, r2, #(SECTION & 0xff)
	orr	r2, r2, #(SECTION & 0xff00)
	cmp	r1, #RAM_MIB
	orrlo	r2, r2, #(SECTION_CACHED & ~SECTION)
	str	r2, [r0, r1, lsl #2]
	add	r1, r1, #1
	cmp	r1, #4096
	bne	1b
	ldr	r1, =0xe1b0f00e		/* movs pc, lr */
	mov	r2, #0
	str	r1, [r2, #4]
	str	r1, [r2, #8]
	mcr	p15, 0, r0, c2, c0, 0
	mov	r1, #1
	mcr	p15, 0, r1, c3, c0, 0
	mcr	p15, 0, r2, c7, c7, 0	/* both caches */
	mcr	p15, 0, r2, c7, c10, 4
	mcr	p15, 0, r2, c8, c7, 0
	mrc	p15, 0, r1, c1, c0, 0
	bic	r1, r1, #0x2000		/* vectors at 0 */
	ldr	r2, =CONTROL_ON
	orr	r1, r1, r2
	mcr	p15, 0, r1, c1, c0, 0
	bx	lr
	.ltorg

	PRINT_CODE
	.ltorg

	.bss
	.align	5
scratch:
	.space	128
	.space	512
stack_top:
