/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's accesses to programs' memory: arch/arm/lib/copy_from_user.S and its neighbours.
 *
 * The originals have their ldrt and strt turned into ldr and str where they stand, so that an abort
 * finds its entry in the kernel's exception table. Those are safe below TASK_SIZE, where the VMM
 * gives these functions the rights of User mode (pv_info.range); here is the check that they stay
 * there. What is not below TASK_SIZE fails as if it were not mapped: programs' vectors page, too,
 * as in kernels for later CPUs.
 */
#include "guest-patches/pv/pv.h"

/* Carry, if \size bytes from \start are below TASK_SIZE. */
	.macro CHECK start, size, temp
	rsbs	\temp, \start, #TASK_SIZE
	cmpcs	\temp, \size
	.endm

/* unsigned long arm_copy_from_user(void *to, const void *from, unsigned long n): what is left */
	FUNCTION pv_copy_from_user
	CHECK	r1, r2, r3
	mov	r3, #0
	bcs	hook_arm_copy_from_user + 4
	mov	r0, r2
	mov	pc, lr

/* unsigned long arm_copy_to_user(void *to, const void *from, unsigned long n): what is left */
	FUNCTION pv_copy_to_user
	CHECK	r0, r2, r3
	mov	r3, #0
	bcs	hook_arm_copy_to_user + 4
	mov	r0, r2
	mov	pc, lr

/* unsigned long arm_clear_user(void *addr, unsigned long n): what is left */
	FUNCTION pv_clear_user
	CHECK	r0, r1, r2
	pushcs	{r1, lr}
	bcs	hook_arm_clear_user + 4
	mov	r0, r1
	mov	pc, lr

/* __wsum csum_partial_copy_from_user(const void *from, void *to, int len): 0 is a failure */
	FUNCTION pv_csum_partial_copy_from_user
	CHECK	r0, r2, r3
	pushcs	{r1, r2, r4 - r8, lr}
	bcs	hook_csum_partial_copy_from_user + 4
	mov	r0, #0
	mov	pc, lr

/* The same with software PAN; the original starts with DACR to ip. */
	FUNCTION pv_csum_partial_copy_from_user_pan
	ldr	ip, =PV_PAGE + PV_DACR
	CHECK	r0, r2, r3
	ldr	ip, [ip]
	bcs	hook_csum_partial_copy_from_user + 4
	mov	r0, #0
	mov	pc, lr

/*
 * The accesses of __get_user_* and __put_user_*: r0 = address. Each is a stub of the kind `user`
 * (docs/guest-abi.md): the VMM knows it by its words, gives it the rights of User mode, and has it
 * abort at \hook, where the kernel's exception table knows about it.
 */
	.macro USER_ACCESS hook, bad, access:vararg
	FUNCTION pv_\hook
	cmp	r0, #TASK_SIZE
	\access
	blo	hook_\hook + 4
	b	\bad
	.endm

	USER_ACCESS get_user_1, __get_user_bad, ldrblo r2, [r0], #0
	USER_ACCESS get_user_2, __get_user_bad, ldrblo r2, [r0], #1
	USER_ACCESS get_user_2_second, __get_user_bad, ldrblo ip, [r0], #0
	USER_ACCESS get_user_4, __get_user_bad, ldrlo r2, [r0], #0
	USER_ACCESS get_user_8, __get_user_bad8, ldrlo r2, [r0], #4
	USER_ACCESS get_user_8_second, __get_user_bad8, ldrlo r3, [r0], #0
	USER_ACCESS put_user_1, __put_user_bad, strblo r2, [r0], #0
	USER_ACCESS put_user_2, __put_user_bad, strblo r2, [r0], #1
	USER_ACCESS put_user_2_second, __put_user_bad, strblo ip, [r0], #0
	USER_ACCESS put_user_4, __put_user_bad, strlo r2, [r0], #0
	USER_ACCESS put_user_8, __put_user_bad, strlo r2, [r0], #4
	USER_ACCESS put_user_8_second, __put_user_bad, strlo r3, [r0], #0
	.ltorg
