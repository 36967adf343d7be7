/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest for the tests of the early boot: says whether its data and bss arrived as they should,
 * and powers off. test_boot.py defines UART and appends the words at `pattern`.
 */
#define POWER_OFF_REGISTER 0xf0000000
#define POWER_OFF_VALUE    0x504f4646
#define PATTERN_STEP       0x9e3779b9
#define BSS_SIZE           0x5000

	.arm
	.text
	.global _start
_start:
	mrs	r0, cpsr			/* a proxy, so that there is one */
	ldr	r0, =pattern
	ldr	r1, =pattern_end
	ldr	r2, =PATTERN_STEP
	mov	r3, #0
1:	ldr	r4, [r0], #4
	cmp	r4, r3
	bne	bad_data
	add	r3, r3, r2
	cmp	r0, r1
	blo	1b

	ldr	r0, =bss
	ldr	r1, =bss + BSS_SIZE
2:	ldr	r4, [r0], #4
	cmp	r4, #0
	bne	bad_bss
	cmp	r0, r1
	blo	2b
	ldr	r0, =good_text
	b	print
bad_data:
	ldr	r0, =bad_data_text
	b	print
bad_bss:
	ldr	r0, =bad_bss_text

print:
	ldr	r1, =UART
3:	ldrb	r2, [r0], #1
	cmp	r2, #0
	strne	r2, [r1]
	bne	3b
	ldr	r0, =POWER_OFF_VALUE
	ldr	r1, =POWER_OFF_REGISTER
	str	r0, [r1]
	b	.
	.ltorg

	.section .rodata, "a"
good_text:
	.asciz	"guest: data and bss are right\n"
bad_data_text:
	.asciz	"guest: DATA IS WRONG\n"
bad_bss_text:
	.asciz	"guest: BSS IS NOT ZERO\n"

	.data
	.balign	4
pattern:
	.incbin	"pattern.bin"
pattern_end:

	.bss
	.balign	4
bss:
	.space	BSS_SIZE
