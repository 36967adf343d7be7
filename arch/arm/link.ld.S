/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMM's image, linked for VMM_IMAGE. It starts somewhere else: what runs before the MMU is on
 * (boot.S and the objects marked in objects.mk) is position independent.
 */
#include "arch/arm/layout.h"

OUTPUT_ARCH(arm)
ENTRY(_start)

SECTIONS
{
	. = VMM_IMAGE;
	__image_start = .;

	.text : {
		KEEP(*(.text.boot))
		*(.text .text.*)
		. = ALIGN(4);
	}

	.rodata : {
		*(.rodata .rodata.*)
		. = ALIGN(4);
		__fixup_start = .;
		KEEP(*(.fixup_table))
		__fixup_end = .;
	}

	.data : {
		__data_start = .;
		*(.data .data.*)
		/* Ends the image as shipped, so that objcopy's file has exactly this size. */
		. = ALIGN(4);
		LONG(0)
		__image_end = .;
	}

	/*
	 * Neither is shipped. The boot stack is apart: in use from the first instructions on, while
	 * the place of .bss is still occupied by the bundle (docs/memory-map.md).
	 */
	.boot_stack (NOLOAD) : ALIGN(8) {
		__bss_start = .;
		KEEP(*(.boot_stack))
		. = ALIGN(8);
		__boot_stack_end = .;
	}

	.bss (NOLOAD) : {
		*(.bss .bss.* COMMON)
		. = ALIGN(8);
		__bss_end = .;
	}

	/DISCARD/ : {
		*(.ARM.exidx* .ARM.extab* .note* .comment)
	}
}

/* For the header in boot.S. */
__image_size = __image_end - __image_start;
__image_stack_end = __boot_stack_end - __image_start;
__image_total_size = __bss_end - __image_start;

ASSERT(__image_size <= __image_limit, "the VMM's image is larger than IMAGE_LIMIT in the Makefile")
ASSERT(__image_total_size <= VMM_IMAGE_SIZE, "the VMM does not fit into VMM_IMAGE_SIZE")
