/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare-metal program that forgets cache and TLB operations on purpose, one of each kind, and
 * keeps to the rules where it looks as if it did not. QEMU shows nothing of it; the model has to.
 * The functions sin_* are what test_model.py expects, in this order; innocent_* must not be there.
 */
	.syntax unified
	.arch	armv5te
	.arm

#define TABLE	       0x100000
#define SECTION	       0xc12	/* all rights, domain 0; neither cached nor buffered */
#define SECTION_CACHED 0xc1e	/* write-back */

/* Virtual addresses. */
#define DATA	       0x00200000 /* cached */
#define DATA_UNCACHED  0x80200000 /* the same memory */
#define DATA_ALIAS     0x80300000 /* the same memory, cached */
#define TABLE_CACHED   0x80100000 /* the table, cached: nobody should */
#define MOVING	       0x80400000 /* DATA first, then other memory */
#define OTHER	       0x00300000
#define LATE	       0x80500000 /* DATA, from a descriptor written late */

	.macro	FUNCTION name
	.type	\name, %function
\name:
	.endm
	.macro	END name
	.size	\name, . - \name
	.endm

	/* The word at r0 in a dirty line: r1 is new. */
	.macro	DIRTY
	ldr	r2, [r0]
	str	r1, [r0]
	.endm

	/* A function in a dirty line at r0: bx lr. */
	.macro	DIRTY_CODE
	ldr	r1, =0xe12fff1e
	DIRTY
	.endm

	.macro	CALL register
	mov	lr, pc
	bx	\register
	.endm

	.section .text
	.global	sins_start
FUNCTION sins_start
	ldr	sp, =stack_top
	bl	caches_on
	mov	r1, #1
	bl	sin_stale_load
	bl	sin_stale_fetch
	bl	sin_stale_walk
	bl	sin_stale_tlb
	bl	sin_lost_bytes
	bl	sin_overwritten
	bl	innocent_condition
	bl	innocent_maintenance
	bl	innocent_user
	bl	innocent_widths
	bl	innocent_thumb
	bl	sin_under_another_address
	/* Semihosting: SYS_EXIT, ADP_Stopped_ApplicationExit. */
	mov	r0, #0x18
	ldr	r1, =0x20026
	svc	0x123456
1:	b	1b
END sins_start

/* A dirty line is read around the cache. */
FUNCTION sin_stale_load
	ldr	r0, =DATA
	DIRTY
	ldr	r0, =DATA_UNCACHED
	ldr	r2, [r0]
	bx	lr
END sin_stale_load

/* Code in a dirty line is run: its fetch finds what memory had. */
FUNCTION sin_stale_fetch
	mov	r4, lr
	ldr	r0, =DATA + 0x100
	DIRTY_CODE
	CALL	r0
	mov	r1, #1
	bx	r4
END sin_stale_fetch

/* A descriptor in a dirty line is walked. */
FUNCTION sin_stale_walk
	ldr	r0, =TABLE_CACHED + (LATE >> 18)
	ldr	r1, =DATA + SECTION
	DIRTY
	ldr	r0, =LATE
	ldr	r2, [r0, #0x800]
	mov	r1, #1
	bx	lr
END sin_stale_walk

/* An address gets other memory, and the TLB is not told. */
FUNCTION sin_stale_tlb
	ldr	r0, =MOVING
	ldr	r2, [r0, #0x800]
	ldr	r3, =TABLE + (MOVING >> 18)
	ldr	r2, =OTHER + SECTION
	str	r2, [r3]
	ldr	r2, [r0, #0x800]
	mcr	p15, 0, r0, c8, c7, 1
	bx	lr
END sin_stale_tlb

/* A dirty line is thrown away. */
FUNCTION sin_lost_bytes
	ldr	r0, =DATA + 0x200
	DIRTY
	mcr	p15, 0, r0, c7, c6, 1
	ldr	r2, [r0]
	bx	lr
END sin_lost_bytes

/* A dirty line is written back over what is newer. */
FUNCTION sin_overwritten
	ldr	r0, =DATA + 0x300
	DIRTY
	ldr	r3, =DATA_UNCACHED + 0x300
	mov	r2, #2
	str	r2, [r3]
	mcr	p15, 0, r0, c7, c10, 1
	mcr	p15, 0, r0, c7, c10, 4
	ldr	r2, [r3]
	bx	lr
END sin_overwritten

/* The line is not thrown away: the condition fails. */
FUNCTION innocent_condition
	ldr	r0, =DATA + 0x400
	DIRTY
	cmp	r0, r0
	mcrne	p15, 0, r0, c7, c6, 1
	ldr	r2, [r0]
	bx	lr
END innocent_condition

/* All that the sins left out. */
FUNCTION innocent_maintenance
	mov	r4, lr
	ldr	r0, =DATA + 0x500
	DIRTY_CODE
	mcr	p15, 0, r0, c7, c14, 1
	mcr	p15, 0, r0, c7, c10, 4
	mcr	p15, 0, r0, c7, c5, 1
	CALL	r0
	ldr	r0, =DATA_UNCACHED + 0x500
	ldr	r2, [r0]
	mov	r1, #1
	bx	r4
END innocent_maintenance

/* In User mode the operation traps, and the line stays: the handler goes on behind it. */
FUNCTION innocent_user
	ldr	r0, =DATA + 0x600
	mov	r4, lr
	msr	cpsr_c, #0xd0
	DIRTY
	mcr	p15, 0, r0, c7, c6, 1
	ldr	r2, [r0]
	svc	0
back_from_user:				/* in Supervisor mode */
	bx	r4
END innocent_user

/* Every width of a store reaches the line, so that a load of every width finds it there. */
FUNCTION innocent_widths
	ldr	r0, =DATA + 0x800
	DIRTY
	mov	r2, #0x22
	mov	r3, #0x33
	strb	r2, [r0, #1]
	strh	r3, [r0, #2]
	strd	r2, r3, [r0, #8]
	add	r5, r0, #16
	stmia	r5, {r0 - r3, r5, r6}	/* into the next line */
	add	r6, r0, #4
	swp	r7, r2, [r6]
	swpb	r7, r3, [r5]
	strt	r3, [r0], #0
	ldr	r2, [r0]
	ldrb	r2, [r0, #1]
	ldrsh	r2, [r0, #2]
	ldr	r2, [r0, #4]
	ldrd	r2, r3, [r0, #8]
	ldmia	r5, {r2, r3}
	ldmia	r5, {r0 - r3, r5, r6}
	mov	r1, #1
	bx	lr
END innocent_widths

/* The same in Thumb state, with a BL, which is two instructions, across the end of a line. */
FUNCTION innocent_thumb
	mov	r4, lr
	ldr	r0, =DATA + 0x900
	DIRTY
	ldr	r2, =thumb_part + 1
	CALL	r2
	mov	r1, #1
	bx	r4

	.thumb
	.balign	32
thumb_part:
	push	{r4, lr}
	strh	r1, [r0, #2]
	movs	r3, #2
	ldrsh	r2, [r0, r3]
	.rept	11
	nop
	.endr
	bl	thumb_inner
	pop	{r4}
	pop	{r2}
	bx	r2
thumb_inner:
	stmia	r0!, {r1, r2}
	subs	r0, #8
	ldmia	r0!, {r1, r2}
	bx	lr
	.arm
	.balign	4
END innocent_thumb

/*
 * One piece of code under two addresses, where QEMU has one translation of it. The sin is done by
 * the second, in System mode.
 */
FUNCTION sin_under_another_address
	mov	r4, lr
	adr	r2, load_r0
	ldmia	r2, {r5, r6}
	ldr	r0, =DATA_UNCACHED + 0x700
	stmia	r0, {r5, r6}
	mov	r2, #0
	mcr	p15, 0, r2, c7, c5, 0
	ldr	r5, =DATA + 0x700
	ldr	r0, =DATA + 0x740
	CALL	r5
	DIRTY
	ldr	r5, =DATA_ALIAS + 0x700
	ldr	r0, =DATA_UNCACHED + 0x740
	msr	cpsr_c, #0xdf
	CALL	r5
	msr	cpsr_c, #0xd3
	bx	r4
load_r0:
	ldr	r2, [r0]
	bx	lr
END sin_under_another_address

/* What is mapped: virtual MiB, physical MiB, attributes. */
	.macro	MAP va, pa, attributes
	.word	(\va >> 20), \pa + \attributes
	.endm
sections:
	MAP	0, 0, SECTION_CACHED
	MAP	TABLE, TABLE, SECTION
	MAP	DATA, DATA, SECTION_CACHED
	MAP	OTHER, OTHER, SECTION_CACHED
	MAP	TABLE_CACHED, TABLE, SECTION_CACHED
	MAP	DATA_UNCACHED, DATA, SECTION
	MAP	DATA_ALIAS, DATA, SECTION_CACHED
	MAP	MOVING, DATA, SECTION
	.word	0, 0

FUNCTION caches_on
	mov	r0, #0
	ldr	r1, =0xe1b0f00e		/* undefined instruction: movs pc, lr */
	str	r1, [r0, #4]
	ldr	r1, =0xe51ff004		/* SWI: ldr pc, [pc, #-4] */
	str	r1, [r0, #8]
	ldr	r1, =back_from_user
	str	r1, [r0, #12]
	ldr	r1, =TABLE
	adr	r2, sections
1:	ldmia	r2!, {r3, r4}
	cmp	r4, #0
	strne	r4, [r1, r3, lsl #2]
	bne	1b
	mcr	p15, 0, r1, c2, c0, 0
	mov	r1, #1
	mcr	p15, 0, r1, c3, c0, 0
	mcr	p15, 0, r0, c7, c7, 0
	mcr	p15, 0, r0, c7, c10, 4
	mcr	p15, 0, r0, c8, c7, 0
	mrc	p15, 0, r1, c1, c0, 0
	orr	r1, r1, #0x1000		/* I */
	orr	r1, r1, #0x5		/* C, M */
	mcr	p15, 0, r1, c1, c0, 0
	bx	lr
END caches_on

	.ltorg
	.bss
	.space	256
stack_top:
