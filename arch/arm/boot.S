/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the boot loader to vmm_main(). The image is an ARM zImage: it may stand anywhere in RAM,
 * with r1 = machine id and r2 = ATAGs, device tree or nothing useful, MMU and data cache off.
 * Everything up to boot_mapped is position independent.
 *
 * Registers that keep their meaning: r4 = machine id, r5 = r2 of the loader, r6 = where the image
 * was loaded, r8 = struct boot_state. "TRM" is the ARM926EJ-S Technical Reference Manual.
 */
#include "arch/arm/layout.h"
#include "arch/arm/psr.h"
#include "arch/arm/sctlr.h"
#include "board/boot_boards.h"
#include "vmm/start/boot_early.h"
#include "vmm/start/image_header.h"

/* At address 0: eight times BOOT_VECTOR, eight times boot_exception, the machine id. */
#define BOOT_VECTOR       0xe59ff018 /* ldr pc, [pc, #0x18]: the word 0x20 further on */
#define BOOT_VECTORS_SIZE 0x44

#define BOOT_DACR 0x40000001 /* domains 15 and 0 are clients: permissions are checked */

	.arm
	.section .text.boot, "ax"

	.globl	_start
_start:
	.rept	8
	mov	r0, r0
	.endr
	b	boot_entry
	.org	IMAGE_AT_ZIMAGE_MAGIC
	.word	ZIMAGE_MAGIC
	.word	0
	.word	__image_size
	.word	ZIMAGE_LITTLE_ENDIAN

	.org	IMAGE_AT_FEATURES
	.word	__image_features
	.org	IMAGE_AT_MAGIC
	.word	IMAGE_MAGIC
	.word	IMAGE_VERSION
	.word	BOARD_MACHINE_ID
	.word	__image_size
	.word	__image_stack_end
	.word	__image_total_size
	.word	0
	.word	0
	.org	IMAGE_HEADER_SIZE

boot_entry:
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	mov	r4, r1
	mov	r5, r2
	adr	r6, _start

	/*
	 * A data cache that is on may hold what the loader wrote, this image for one: write it to
	 * memory while the lines are still valid. One that is off holds nothing of value, but
	 * perhaps lines from before, which must not be written. (Test and clean: TRM, 2.3.8)
	 */
	mrc	p15, 0, r0, c1, c0, 0
	tst	r0, #SCTLR_C
	beq	2f
1:	mrc	p15, 0, pc, c7, c14, 3
	bne	1b
2:
	/* MMU, data cache and alignment faults off, little-endian, vectors at 0 for now. */
	bic	r0, r0, #(SCTLR_M | SCTLR_A | SCTLR_C | SCTLR_B)
	bic	r0, r0, #(SCTLR_S | SCTLR_R)
	bic	r0, r0, #SCTLR_V
	bic	r0, r0, #SCTLR_L4
	/* With the MMU off the instruction cache may be on (TRM, 4.2): checksums are long loops. */
	orr	r0, r0, #SCTLR_I
	mov	r1, #0
	mcr	p15, 0, r1, c7, c10, 4		/* drain the write buffer: the cleaned lines */
	/* Before the first line is allocated: what the caches held, and what locked their ways. */
	mov	r2, #0xff00
	orr	r2, r2, #0xf0			/* no way of a cache is locked (TRM, 2.3.11) */
	mcr	p15, 0, r2, c9, c0, 0
	mcr	p15, 0, r2, c9, c0, 1
	mcr	p15, 0, r1, c7, c7, 0		/* both caches: forget whatever they held */
	mcr	p15, 0, r0, c1, c0, 0

	/*
	 * A damaged image, or r2 that points to nothing, ends in an exception: say so. The vectors
	 * go where neither image nor parameters are (of r2 = 0, 0 - 1 is out of their way). Where flash is
	 * at 0, nothing comes of it: exceptions go to that one's own (board/palmetto/stub.S).
	 */
	sub	r0, r5, #1
	cmp	r0, #(BOOT_VECTORS_SIZE - 1)
	cmphs	r6, #BOOT_VECTORS_SIZE
	blo	4f
	ldr	r2, =BOOT_VECTOR
	adr	r3, boot_exception
	mov	r0, #0
3:	str	r3, [r0, #0x20]
	str	r2, [r0], #4
	cmp	r0, #0x20
	blo	3b
	str	r4, [r0, #0x20]			/* with the MMU off, stores are in memory at once */
4:
	mcr	p15, 0, r1, c13, c0, 0		/* FCSE: addresses below 32 MiB are themselves */

	/* The boot stack is behind the image, in a gap of the file; the ABI aligns it to 8. */
	ldr	r0, [r6, #IMAGE_AT_STACK_END]
	add	r8, r6, r0
	sub	r8, r8, #BOOT_STATE_SIZE
	bic	r8, r8, #7
	mov	sp, r8

	mov	r0, r8
	mov	r1, r6
	mov	r2, r4
	mov	r3, r5
	bl	boot_check

boot_move:
	mov	r0, r8
	bl	boot_move_image
	/*
	 * With the MMU off the copy was written past cache and write buffer (TRM, table 4-3). The
	 * instruction cache holds lines of where the copy is now, if the way there took two steps.
	 */
	mov	r1, #0
	mcr	p15, 0, r1, c7, c5, 0
	add	r8, r8, r0
	bic	sp, r8, #7			/* images need not be moved by a multiple of 8 */
	cmp	r0, #0
	add	pc, pc, r0			/* to the same place of the copy: pc is two ahead */
	mov	r0, r0
	bne	boot_move

	mov	r0, r8
	bl	boot_move_bundle

	/*
	 * Until now everything was written past the cache. The instructions cached so far have
	 * physical addresses, where the guest's will be: loader_load() empties the caches.
	 */
	ldr	r0, [r8, #BOOT_STATE_L1]
	mov	r1, #0
	mcr	p15, 0, r1, c8, c7, 0		/* TLB: none of the loader's mappings survives, */
	ldr	r2, =VMM_BASE			/* and here nothing that it locked either: */
	ldr	r3, =VMM_END
	bl	boot_unlock_tlb
	ldr	r2, [r8, #BOOT_STATE_IMAGE]
	add	r3, r2, #VMM_IMAGE_SIZE
	bl	boot_unlock_tlb
	mcr	p15, 0, r0, c2, c0, 0
	ldr	r0, =BOOT_DACR			/* 15: VMM; 0: this code's section (boot_mmu.c) */
	mcr	p15, 0, r0, c3, c0, 0

	/* Where things will be. */
	ldr	r2, =boot_mapped
	ldr	r0, [r8, #BOOT_STATE_IMAGE]
	sub	r8, r8, r0
	add	r8, r8, #VMM_IMAGE

	/* The bits that read as one are kept as read; S, R, A and B were cleared above. */
	mrc	p15, 0, r0, c1, c0, 0
	orr	r0, r0, #(SCTLR_M | SCTLR_C)
	orr	r0, r0, #SCTLR_I
	mcr	p15, 0, r0, c1, c0, 0
	/* Already fetched with the MMU off, or fetched through the section that maps to itself. */
	mrc	p15, 0, r0, c1, c0, 0
	mov	r0, r0
	mov	pc, r2

boot_mapped:
	ldr	sp, =vmm_stack_top
	mov	r0, r8				/* info is the first member of struct boot_state */
	bl	vmm_main
	/* vmm_main() does not return. */

/*
 * Removes the TLB entries of addresses from r2 up to r3, in steps of the smallest page. Locked
 * entries survive an invalidation of the whole TLB, but not of their own address (TRM, 2.3.9). The
 * others are replaced when the tables are in use: mmu_lock_tlb().
 */
boot_unlock_tlb:
	mcr	p15, 0, r2, c8, c7, 1
	add	r2, r2, #0x400
	cmp	r2, r3
	blo	boot_unlock_tlb
	bx	lr

/*
 * Any exception before the image has moved. The banked lr says where, more or less; the boot stack
 * is used from its start again, since nothing is going to return.
 */
boot_exception:
	mrs	r2, cpsr
	and	r2, r2, #PSR_MODE_MASK
	mov	r3, lr
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)
	adr	r0, _start
	ldr	r1, [r0, #IMAGE_AT_STACK_END]
	add	sp, r0, r1
	bic	sp, sp, #7
	mov	r1, #0
	ldr	r1, [r1, #(BOOT_VECTORS_SIZE - 4)]
	bl	boot_report_exception		/* may be Thumb code: bl becomes blx */

	.globl	boot_stop
boot_stop:
	mov	r0, #0
1:	mcr	p15, 0, r0, c7, c0, 4		/* wait for interrupt, with interrupts masked */
	b	1b

	.ltorg

	.section .boot_stack, "aw", %nobits
	.balign	8
	.space	BOOT_STACK_SIZE

	.section .bss.vmm_stack, "aw", %nobits
	.balign	8
	.globl	vmm_stack
vmm_stack:
	.space	8192
	.globl	vmm_stack_top
vmm_stack_top:
