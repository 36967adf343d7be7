/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot loaders that leave caches and TLB as no loader should, and as some do: for the mutation run,
 * which gives the image by its path, LOADER, MACHINE_ID, DIRTY_LINE and TARGET, where the image is
 * copied to and entered.
 */
#define LOADER_DIRTY    1 /* MMU and caches are on, part of the image is in the cache only */
#define LOADER_CARELESS 2 /* they were on: dirty lines and TLB entries are still there */
#define LOADER_LOCKED   3 /* as 2, and eight TLB entries are locked */
#define LOADER_REUSED   4 /* the instruction cache holds what was at the image's place before */
#define LOADER_ACROSS   5 /* nothing wrong; TARGET is where the image has to step aside */
#define LOADER_BUFFERED 6 /* as 1, but the only dirty line is DIRTY_LINE, which is code */

#define HAS_CACHES_ON (LOADER <= LOADER_LOCKED || LOADER == LOADER_BUFFERED)
#define LEAVES_ON     (LOADER == LOADER_DIRTY || LOADER == LOADER_BUFFERED)

#define TABLE     0x00f00000
#define JUNK      0x01000000 /* not used by guest or VMM */
#define RAM_MIB   128
#define VMM_PLACE 0x07f00000 /* where the VMM's image will be, and its addresses */
#define VMM_VA    0xffc00000
#define POOL_VA   0xffa00000
#define TOP_VA    0xffff0000 /* its vectors */

#define SCTLR_I     0x1000
#define SCTLR_M_C_I 0x1005
#define SECTION     0xc12 /* AP 3, domain 0 */
#define SECTION_WB  0xc1e

/* orr or bic of bits of the control register; r0 and r1 are lost. */
	.macro	CONTROL operation, bits
	mrc	p15, 0, r0, c1, c0, 0
	ldr	r1, =\bits
	\operation	r0, r0, r1
	mcr	p15, 0, r0, c1, c0, 0
	nop
	nop
	.endm

	.syntax unified
	.arch armv5te
	.arm
	.text
	.global _start
_start:
	msr	cpsr_c, #0xd3
	ldr	sp, =TABLE
	mov	r0, #0
	mcr	p15, 0, r0, c7, c7, 0
	mcr	p15, 0, r0, c8, c7, 0

#if LOADER == LOADER_REUSED
	/* A loader of its own ran here, with the instruction cache on. */
	ldr	r4, =TARGET
	ldr	r0, =0xe12fff1e			/* bx lr */
	mov	r1, #0x2000
1:	subs	r1, r1, #4
	str	r0, [r4, r1]
	bne	1b
	CONTROL	orr, SCTLR_I
	mov	r5, #0x2000
2:	subs	r5, r5, #32
	add	r0, r4, r5
	blx	r0
	cmp	r5, #0
	bne	2b
	CONTROL	bic, SCTLR_I
#endif
#if !LEAVES_ON
	bl	copy
#endif
#if HAS_CACHES_ON
	bl	make_table
	ldr	r0, =TABLE
	mcr	p15, 0, r0, c2, c0, 0
	mov	r0, #1
	mcr	p15, 0, r0, c3, c0, 0
	CONTROL	orr, SCTLR_M_C_I
#endif
#if LEAVES_ON
	bl	copy
#if LOADER == LOADER_DIRTY
	/* The code that looks at the control register first has to be there. */
	ldr	r0, =TARGET
	add	r1, r0, #0x1000
3:	mcr	p15, 0, r0, c7, c10, 1
	add	r0, r0, #32
	cmp	r0, r1
	blo	3b
#else
3:	mrc	p15, 0, pc, c7, c10, 3
	bne	3b
	ldr	r0, =TARGET + DIRTY_LINE
	ldr	r1, [r0]
	mvn	r2, #0
	str	r2, [r0]
	mcr	p15, 0, r0, c7, c10, 1		/* memory has other code, the line the right one */
	str	r1, [r0]
#endif
	mov	r0, #0
	mcr	p15, 0, r0, c7, c10, 4
	mcr	p15, 0, r0, c7, c5, 0
#endif
#if LOADER == LOADER_LOCKED
	mov	r0, #1				/* preserve, victim 0, which counts up */
	mcr	p15, 0, r0, c10, c0, 0
	ldr	r0, =VMM_VA
	ldr	r1, [r0]
	ldr	r0, =POOL_VA
	ldr	r1, [r0]
	mov	r0, #0				/* the guest's, which the VMM does not replace later: */
	ldr	r1, [r0]
	ldr	r0, =0x03000000			/* five that nobody uses come behind it */
	mov	r2, #5
4:	ldr	r1, [r0]
	add	r0, r0, #0x100000
	subs	r2, r2, #1
	bne	4b
	mov	r0, #0
	mcr	p15, 0, r0, c10, c0, 0
#endif
#if LOADER == LOADER_CARELESS || LOADER == LOADER_LOCKED
	ldr	r0, =VMM_VA
	bl	make_dirty
	ldr	r0, =POOL_VA
	bl	make_dirty
	ldr	r0, =VMM_PLACE
	bl	make_dirty
	ldr	r0, =TOP_VA
	ldr	r1, [r0]
	CONTROL	bic, SCTLR_M_C_I
#endif
	mov	r0, #0
	ldr	r1, =MACHINE_ID
	mov	r2, #0
	ldr	pc, =TARGET

/* Backwards: the image's start is in the cache last. A line is read so that it gets dirty there. */
copy:
	ldr	r0, =TARGET
	ldr	r1, =image
	ldr	r2, =image_end
	sub	r2, r2, r1
	add	r2, r2, #31
	bic	r2, r2, #31
4:	subs	r2, r2, #32
	ldr	r3, [r0, r2]
	add	r4, r1, r2
	add	r3, r0, r2
	ldmia	r4, {r5 - r12}
	stmia	r3, {r5 - r12}
	bne	4b
	bx	lr

make_dirty:
	add	r1, r0, #0xc00
5:	ldr	r2, [r0]
	str	r1, [r0], #32
	cmp	r0, r1
	blo	5b
	bx	lr

/* RAM is itself, cached; the VMM's addresses are the junk, cached; the rest is itself. */
make_table:
	ldr	r0, =TABLE
	mov	r1, #0
6:	ldr	r2, =SECTION
	cmp	r1, #RAM_MIB
	orrlo	r2, r2, #0xc
	orr	r2, r2, r1, lsl #20
	str	r2, [r0, r1, lsl #2]
	add	r1, r1, #1
	cmp	r1, #4096
	blo	6b
	ldr	r2, =JUNK + SECTION_WB
	ldr	r1, =POOL_VA >> 20
	add	r0, r0, r1, lsl #2
	str	r2, [r0]
	add	r2, r2, #0x200000
	str	r2, [r0, #(VMM_VA - POOL_VA) >> 18]
	str	r2, [r0, #(TOP_VA >> 20 << 2) - (POOL_VA >> 20 << 2)]
	bx	lr
	.ltorg

	.section .image, "a"
	.balign	32
image:
	.incbin	IMAGE
	.balign	32
image_end:
