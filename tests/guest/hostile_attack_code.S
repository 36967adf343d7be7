/* SPDX-License-Identifier: Apache-2.0 */
/* Single steps of hostile_attack.c. */
	.syntax unified
	.arch armv5te
	.text
	.arm

	.global	attack_load
attack_load:
	ldr	r0, [r1]
	bx	lr

	.global	attack_store
attack_store:
	str	r0, [r1]
	bx	lr

	.global	attack_branch
attack_branch:
	bx	r0

	.global	attack_swi_on_stack
attack_swi_on_stack:
	mov	sp, r0
	swi	0x61
	bx	lr
