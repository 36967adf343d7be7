/* SPDX-License-Identifier: Apache-2.0 */
/* Single steps of hostile_attack.c. */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	CODE	attack_load, ldr r0, [r1]
	CODE	attack_store, str r0, [r1]

	.global	attack_branch
attack_branch:
	bx	r0

	.global	attack_swi_on_stack
attack_swi_on_stack:
	mov	sp, r0
	swi	0x61
	bx	lr
